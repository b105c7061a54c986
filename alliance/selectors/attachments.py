"""Files of a row as a viewer may know them, and who has opened them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from alliance.kinds import KINDS, Kind
from alliance.models import Attachment, CityCare, Organisation, Viewing
from alliance.selectors.rights import viewer_of

SHOWN = 100


def row_of(user: Any, kind: str, public_id: UUID) -> Any:
    """The row that files or messages hang on, if the viewer sees it, else None."""
    known = KINDS.get(kind)
    if known is None or not (known.has_files or known.has_thread or known.asked):
        return None
    return known.model.objects.visible_to(user).filter(public_id=public_id).first()


def holder_of(kind: Kind, row: Any, user: Any) -> int | None:
    """In whose name this person hangs files on the row: the first of its holders for which the person writes, else
    the bureau that looks after the city of a demand, firm or site."""
    viewer = viewer_of(user)
    hands = viewer.editing | viewer.bureaus
    own = next((key for key in kind.holders(row) if key in hands), None)
    if own is not None or not kind.has_files or kind.owner(row) is None or not viewer.bureaus:
        return own
    cities = [key for key in kind.cities(row) if key in viewer.care]
    caring = CityCare.objects.filter(city__in=cities, bureau__in=viewer.bureaus) if cities else None
    found = caring.order_by("id").first() if caring is not None else None
    return found.bureau_id if found is not None else None


def is_bureaus(kind: Kind, row: Any, holder: int) -> bool:
    """Whether the file is a bureau's on the row of an organisation that it looks after."""
    return kind.owner(row) is not None and holder not in kind.holders(row)


def whose_row(kind: Kind, row: Any) -> Organisation:
    """Of a kind that has owners."""
    return Organisation.objects.get(pk=kind.owner(row) or 0)


def attachment_of(user: Any, public_id: UUID) -> Attachment | None:
    """A file that the viewer may open, and the row it hangs on is there for the viewer too."""
    rows = Attachment.objects.visible_to(user).select_related("owner")
    found = rows.filter(public_id=public_id).first()
    if found is None or row_of(user, found.kind, found.object_id) is None:
        return None
    return found


def files_of(user: Any, kind: Kind, row: Any) -> list[Any]:
    """Newest first. `mine`: the viewer withdraws and restores it; `openings`: who has opened it, for its side only."""
    rows = list(
        Attachment.objects.visible_to(user)
        .filter(kind=kind.name, object_id=row.public_id)
        .select_related("owner", "uploaded_by")
        .order_by("-id")[:SHOWN]
    )
    if not rows:
        return []
    keys = [found.pk for found in rows]
    kept = set(Attachment.objects.kept_by(user).filter(pk__in=keys).values_list("pk", flat=True))
    viewer = viewer_of(user)
    own, hands = viewer.firms | viewer.bureaus, viewer.editing | viewer.bureaus
    asked = [found.public_id for found in rows if found.pk in kept or found.owner_id in own]
    openings = _openings(asked)
    for found in rows:
        found.mine = found.owner_id in hands
        found.ours = found.public_id in asked
        found.openings = openings[found.public_id]
    return rows


def attach_documents(user: Any, kind: str, rows: Iterable[Any]) -> None:
    """`documents` of each row: the files on it that the viewer opens; one query for all of them."""
    found: dict[UUID, list[Attachment]] = defaultdict(list)
    several = list(rows)
    files = Attachment.objects.visible_to(user).filter(
        kind=kind, object_id__in=[row.public_id for row in several], withdrawn_at=None
    )
    for file in files.order_by("id"):
        found[file.object_id].append(file)
    for row in several:
        row.documents = found[row.public_id]


def own_documents(user: Any, rows: Iterable[Any]) -> None:
    """`documents` of each own request: always what this person has shown, which it does not open again."""
    several = list(rows)
    keys = [row.public_id for row in several]
    files = Attachment.objects.filter(kind="join request", uploaded_by=user, object_id__in=keys)
    for row in several:
        row.documents = [file for file in files if file.object_id == row.public_id]


def file_count(user: Any, kind: Kind, row: Any) -> int:
    rows = Attachment.objects.visible_to(user).filter(kind=kind.name, object_id=row.public_id)
    return int(rows.filter(withdrawn_at=None).count())


def _openings(files: list[UUID]) -> dict[UUID, list[Viewing]]:
    found: dict[UUID, list[Viewing]] = defaultdict(list)
    if files:
        rows = Viewing.objects.filter(kind="attachment", object_id__in=files)
        for seen in rows.select_related("person", "organisation").order_by("-at", "-id")[:500]:
            found[seen.object_id].append(seen)
    return found

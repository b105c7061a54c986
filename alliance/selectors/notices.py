"""A person's notices, in words: found when they are read, out of what the reader may see at that moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from alliance.models import Notice
from alliance.models.base import GuardedQuerySet


@dataclass(frozen=True)
class Said:
    """What a notice says: about what, what happened to it, and the page where it is dealt with."""

    title: str
    words: str
    address: str
    symbol: str = "info-circle"
    tone: str = "accc"


Reader = Callable[[Any, Sequence[Any]], dict[int, Said]]
#: kind of the row that a notice is about → words for several notices of that kind, by the notice's key.
#: Apps above this one register theirs. A notice that is missing in the answer is not for the reader any more.
WORDS: dict[str, Reader] = {}
MOST_COUNTED = 99


def notice_list(user: Any) -> GuardedQuerySet:
    return Notice.objects.visible_to(user)


def newest_notice(user: Any) -> UUID | None:
    """What a page that is read now goes up to."""
    found: UUID | None = notice_list(user).order_by("-id").values_list("public_id", flat=True).first()
    return found


def attach_words(user: Any, rows: Sequence[Any]) -> None:
    """`said` of each row: None where the reader may not see the row any more (or nobody can tell it)."""
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        row.said = None
        by_kind[row.kind].append(row)
    for kind, several in by_kind.items():
        reader = WORDS.get(kind)
        if reader is not None:
            found = reader(user, several)
            for row in several:
                row.said = found.get(row.pk)


def rows_told(rows: Any, notices: Iterable[Any]) -> dict[str, Any]:
    """The rows (of a guarded queryset) that these notices are about, by public id; what is no such id has no row."""
    ids = set()
    for notice in notices:
        try:
            ids.add(UUID(notice.object_id))
        except ValueError:
            continue
    return {str(row.public_id): row for row in rows.filter(public_id__in=ids)}


def unread_count(user: Any) -> int:
    """How many are unread, up to one more than is ever shown: an index holds just these."""
    rows = notice_list(user).filter(read_at=None).order_by()
    return int(rows[: MOST_COUNTED + 1].count())


def unread_news(user: Any, count: int, *, groups: Sequence[str] = ()) -> list[Any]:
    """The newest unread ones that can be told, with their words."""
    rows = notice_list(user).filter(read_at=None)
    if groups:
        rows = rows.filter(group__in=groups)
    found = list(rows.order_by("-id")[: 2 * count])
    attach_words(user, found)
    return [row for row in found if row.said is not None][:count]

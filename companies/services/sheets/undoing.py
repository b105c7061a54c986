"""What saving a sheet changed is put back as it was; rows that somebody has changed since stay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError
from django.db.models.functions import Now
from django.utils import timezone

from alliance.changes import record
from alliance.models import Message
from companies.models import Capability, SheetImport, SpecEvidence
from companies.services.sheets.comparing import stored_states
from companies.services.sheets.storing import BATCH, Tell, overwrite
from companies.services.sheets.telling import leaving, published_of, tell_each, tell_gone


def put_back(sheet: SheetImport, tell: Tell) -> dict[str, int]:
    """In the caller's transaction. restored, removed, and skipped: changed since. `tell` hears which part is done, from
    0 to 1."""
    before = sheet.cells.before
    versions = {int(pk): version for pk, version in before["versions"].items()}
    rows = Capability.objects.select_for_update(no_key=True).filter(pk__in=versions).order_by("pk")
    now = dict(rows.values_list("pk", "version"))
    later = {pk for pk, version in versions.items() if now.get(pk) != version}
    back = {int(pk): _dated(old) for pk, old in before["changed"].items() if int(pk) not in later}
    was, was_published = stored_states(back), published_of(back)
    tell(0.1)
    overwrite(back, lambda part: tell(0.1 + 0.4 * part))
    made = [pk for pk in before["made"] if pk not in later]
    gone = 0
    for at in range(0, len(made), BATCH):
        gone += _remove(made[at : at + BATCH])
        tell(0.5 + 0.4 * gone / len(made))
    counts = {"restored": len(back), "removed": gone, "skipped": len(later)}
    record("imported", "capabilities", str(sheet.organisation.public_id), after=counts)
    told = {pk: ({name: was[pk][name] for name in old}, old) for pk, old in back.items()}
    tell_each("undone", [], told, was_published)
    return counts


def _dated(old: dict[str, Any]) -> dict[str, Any]:
    """Dates come back from JSON as text."""
    for name in ("available_from", "valid_until"):
        if old.get(name):
            old[name] = date.fromisoformat(old[name])
    if "certificates" in old:
        old["certificates"] = [
            (code, known, date.fromisoformat(day) if day else None)
            for code, known, day in old["certificates"]
        ]
    return old


def _remove(keys: list[int]) -> int:
    """Rows that nothing refers to go; the others are put into the archive, those too of which a bureau has verified a
    value or asked something meanwhile. Many at once: halved until those that something refers to stand alone."""
    kept, before = _spoken_of(keys), leaving(keys)
    _put_away(kept)
    gone = len(kept) + _delete([key for key in keys if key not in kept])
    tell_gone("undone", before)
    return gone


def _spoken_of(keys: list[int]) -> set[int]:
    """Nothing in the database holds on to these: what was verified would go with the row, a question lose its place."""
    rows = dict(Capability.objects.filter(pk__in=keys).values_list("public_id", "pk"))
    asked = Message.objects.filter(kind="capability", object_id__in=list(rows))
    verified = SpecEvidence.objects.filter(capability__in=keys).values_list("capability_id", flat=True)
    return {rows[key] for key in asked.values_list("object_id", flat=True)} | set(verified)


def _put_away(keys: Collection[int]) -> None:
    Capability.objects.filter(pk__in=keys).update(
        published=False, archived_at=timezone.now(), version=F("version") + 1, updated_at=Now()
    )


def _delete(keys: list[int]) -> int:
    if not keys:
        return 0
    try:
        with transaction.atomic():
            Capability.objects.filter(pk__in=keys).delete()
    except ProtectedError:
        if len(keys) > 1:
            middle = len(keys) // 2
            return _delete(keys[:middle]) + _delete(keys[middle:])
        _put_away(keys)
    return len(keys)

"""Tellers of this app: a sheet that a worker has finished, values that a bureau has verified."""

from __future__ import annotations

from alliance.choices import NoticeGroup
from alliance.models import Change
from alliance.services.notices.telling import News, everybody, members_of, those_who_see, told_to
from companies.models import Capability, SheetImport


def sheet(change: Change) -> list[News]:
    """Checked or saved by a worker: who uploaded it may have gone to other things. A page that does it at once says so
    itself."""
    if change.verb not in ("checked", "imported") or change.actor_id is not None:
        return []
    row = SheetImport.objects.select_related("person").filter(public_id=change.object_id).first()
    if row is None:
        return []  # a demand's bill of materials is a sheet too: its page checks and saves it at once
    rows = SheetImport.objects.filter(pk=row.pk)
    told = {name: (change.after or {}).get(name, 0) for name in ("new", "changed", "errors")}
    key = f"sheet {change.verb}"
    return told_to(those_who_see([row.person], rows), NoticeGroup.DATA.value, key, change, told)


def evidence(change: Change) -> list[News]:
    """The bureau has verified values of a capability, or has taken its word back: the firm hears of it."""
    row = Capability.objects.get(public_id=change.object_id)
    people = everybody(members_of([row.organisation_id], but=change.actor_id))
    said = change.after if change.verb == "verified" else change.before
    told = {"count": len((said or {}).get("values", []))}
    key = f"evidence {change.verb}"
    rows = Capability.objects.filter(pk=row.pk)
    return told_to(those_who_see(people, rows), NoticeGroup.JOINING.value, key, change, told)

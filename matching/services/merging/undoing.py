"""Two entries again, for a while after one was made of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, NotFoundError
from alliance.models import Exclusion, Membership, Merge, Organisation, User
from companies.models import Capability
from matching.models import DemandIdentity, DemandLine, Introduction
from matching.services.merging.known import refresh_known, rename_supplier
from matching.services.merging.moving import add_deliveries, locked
from matching.services.merging.relations import dated, rows_of

DAYS = 30


def may_undo(row: Merge) -> bool:
    return row.undone_at is None and row.at > timezone.now() - timedelta(days=DAYS)


def undo_merge(row: Merge, *, user: User) -> None:
    """Two entries again: what moved goes back, with what was made since on a row that goes back."""
    with transaction.atomic():
        row = Merge.objects.select_for_update().get(pk=row.pk)
        gone, survivor = locked(row.gone_id, row.survivor_id)
        rows = Organisation.objects.mergeable_by(user).filter(pk__in=[gone.pk, survivor.pk])
        if rows.count() != 2:
            raise NotFoundError(_("There is no such firm."))
        if not may_undo(row) or gone.merged_into_id != survivor.pk:
            raise ConflictError(_("This merge was undone already, or is too old to be undone."))
        if survivor.merged_into_id:
            raise ConflictError(_("The entry was merged into another one since: undo that first."))
        _move_back(row)
        _follow_back(gone.pk, survivor.pk)
        _restore(row, gone, survivor)
        Merge.objects.filter(pk=row.pk).update(undone_at=Now(), undone_by=user)
        record("merge undone", "organisation", str(survivor.public_id), after={"entry": str(gone.public_id)})
        record("merge undone", "organisation", str(gone.public_id), after={"entry": str(survivor.public_id)})


def _move_back(row: Merge) -> None:
    for label, keys in row.moved.items():
        place, name = label.rsplit(".", 1)
        model = apps.get_model(place)
        only = model._meta.get_field(name).primary_key
        rows = rows_of(model).filter(**{name: row.survivor_id})
        rows = rows if only else rows.filter(pk__in=keys)
        rows.update(**{name: row.gone_id}, **dated(model))
    _old_names(row)
    for pk, old, new in row.kept["roles"]:
        Membership.objects.filter(pk=pk, role=new).update(role=old)
    for kind, one, other in row.kept["dropped"]:
        if kind == "membership":
            Membership.objects.get_or_create(
                user_id=one, organisation_id=row.gone_id, defaults={"role": other}
            )
        else:
            Exclusion.objects.get_or_create(organisation_id=one, excluded_id=other)


def _old_names(row: Merge) -> None:
    """Names for programs as before, where nobody has changed or taken them since."""
    by_label: dict[str, list[list[Any]]] = defaultdict(list)
    for label, *told in row.kept["renamed"]:
        by_label[label].append(told)
    for label, rows in by_label.items():
        place, name = label.rsplit(".", 1)
        model = apps.get_model(place)
        mine = rows_of(model).filter(**{name: row.gone_id})
        taken = set(mine.values_list("external_id", flat=True))
        now = dict(mine.filter(pk__in=[pk for pk, _old, _new in rows]).values_list("pk", "external_id"))
        changed = []
        for pk, old, new in rows:
            if now.get(pk) == new and old not in taken:
                each: Any = model(pk=pk)
                each.external_id = old
                changed.append(each)
        rows_of(model).bulk_update(changed, ["external_id"], batch_size=1000)


def _follow_back(gone: int, survivor: int) -> None:
    """What was made since on plants, sites and demands that go back belongs to their owner."""
    Capability.objects.filter(facility__organisation=gone, organisation=survivor).update(organisation=gone)
    for part in (DemandIdentity, DemandLine):
        name = "organisation" if part is DemandIdentity else "owner"
        rows_of(part).filter(**{"demand__owner": gone, name: survivor}).update(**{name: gone})
    offered = Q(capability__organisation=gone) | Q(site__organisation=gone)
    for name, theirs in (("supplier", offered), ("lab", Q(demand__owner=gone))):
        rows = Introduction.objects.filter(theirs, **{name: survivor})
        keys = list(rows.values_list("pk", flat=True))
        Introduction.objects.filter(pk__in=keys, turn=survivor).update(turn=gone)
        Introduction.objects.filter(pk__in=keys).update(**{name: gone})
    offers = list(Capability.objects.filter(organisation=gone).values_list("pk", flat=True))
    rename_supplier(survivor, gone, offers)
    refresh_known(survivor)


def _restore(row: Merge, gone: Organisation, survivor: Organisation) -> None:
    """Names for people and codes as before, where nobody has changed them since."""
    before, code = row.kept["fields"], row.kept["gone"]["uscc"]
    fields = {name: before[name] for name in ("roles", "verified", "listed")}
    if not before["claimed"] and not Capability.objects.filter(organisation=survivor).exists():
        fields |= {"claimed": False, "uscc": None}
    elif survivor.uscc == code:
        fields["uscc"] = before["uscc"]
    step = {"version": F("version") + 1, "updated_at": Now()}
    Organisation.objects.filter(pk=survivor.pk).update(**fields, **step)
    listed = row.kept["gone"]["listed"]
    Organisation.objects.filter(pk=gone.pk).update(merged_into=None, listed=listed, uscc=code, **step)
    add_deliveries(gone.pk, survivor.pk, -1)

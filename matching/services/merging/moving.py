"""One entry made of two: everything that hangs on the one moves to the other, in one transaction.

Where both entries have the same (a name for programs, a certificate, a person), what is the survivor's stays; what gave
way is written down for the way back. The entry that goes stays as a row that leads to the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import DecisionState, MemberRole, OrganisationKind
from alliance.errors import ConflictError, NotFoundError
from alliance.models import (
    DeliveryRecord,
    Disclosure,
    Exclusion,
    JoinRequest,
    Membership,
    Merge,
    Organisation,
    Verification,
)
from companies.models import Facility
from matching.models import Demand, Introduction
from matching.services.merging.known import refresh_known, rename_supplier
from matching.services.merging.relations import (
    colliding,
    dated,
    fresh_names,
    is_named,
    pointing_at_rows,
    relations,
    rows_of,
)
from scenarios.models import Site

#: changed names that a preview lists; the others are counted
SHOWN = 50
FIELDS = ("roles", "verified", "claimed", "listed", "uscc")
_RANK = {MemberRole.VIEWER: 0, MemberRole.EDITOR: 1, MemberRole.OWNER: 2}


@dataclass
class Preview:
    """What a merge would do: rows that move by table, names for programs that change, who gives way."""

    moves: dict[str, int] = field(default_factory=dict)
    renamed: list[tuple[str, str, str]] = field(default_factory=list)
    stays: dict[str, int] = field(default_factory=dict)
    code_ends: str = ""
    between: int = 0


# --- looking first ------------------------------------------------------------------------------------------
def preview_merge(gone: Organisation, survivor: Organisation, *, user: Any) -> Preview:
    """What would move, be renamed and stay behind; nothing is written."""
    _check(gone, survivor, user)
    found = Preview(between=_between(gone.pk, survivor.pk).count())
    for label, model, name in relations():
        total = rows_of(model).filter(**{name: gone.pk}).count()
        if not total:
            continue
        clash = colliding(model, name, gone.pk, survivor.pk)
        behind = 0 if is_named(model) else clash.count()
        if total > behind:
            found.moves[label] = total - behind
        if behind:
            found.stays[label] = behind
        if is_named(model):
            some = list(clash.order_by("pk").values_list("pk", "external_id")[:SHOWN])
            new = fresh_names(model, name, gone, survivor.pk, some)
            found.renamed += [(str(model._meta.model_name), old, new[key]) for key, old in some]
    if gone.uscc and survivor.uscc:
        found.code_ends = gone.uscc
    return found


def _between(one: int, other: int) -> QuerySet[Introduction]:
    """Introductions of the two to each other: of one organisation they would be to itself."""
    return Introduction.objects.filter(Q(lab=one, supplier=other) | Q(lab=other, supplier=one))


def _check(gone: Organisation, survivor: Organisation, user: Any) -> None:
    pair = {gone.pk, survivor.pk}
    rows = Organisation.objects.mergeable_by(user).filter(pk__in=pair, kind=OrganisationKind.FIRM)
    if len(pair) != 2 or rows.count() != 2:
        raise NotFoundError(_("There is no such firm."))
    if gone.merged_into_id or survivor.merged_into_id:
        raise ConflictError(_("One of the two entries has been merged already."))
    if gone.suspended or survivor.suspended:
        raise ConflictError(_("One of the two is suspended: decide that first."))


# --- merging ------------------------------------------------------------------------------------------------
def merge_firms(
    gone: Organisation, survivor: Organisation, *, user: Any, versions: tuple[int, int] | None = None
) -> Merge:
    """Everything of `gone` becomes `survivor`'s. `versions`: of both as they were previewed.

    ConflictError when one has changed, was merged or suspended meanwhile, or when they were introduced to each other.
    """
    with transaction.atomic():
        gone, survivor = locked(gone.pk, survivor.pk)
        _check(gone, survivor, user)
        if versions and versions != (gone.version, survivor.version):
            raise ConflictError(_("Somebody else has changed this meanwhile: look at it again."))
        if _between(gone.pk, survivor.pk).exists():
            raise ConflictError(
                _("The two were introduced to each other: they are two firms, or tell the admin.")
            )
        row = Merge(gone=gone, survivor=survivor, by=user)
        row.kept = {"fields": {name: getattr(survivor, name) for name in FIELDS}, "gone": _state(gone)}
        _join_entries(gone, survivor)
        move_rows(row)
        row.save()
        told = {"name": str(gone), "rows": sum(len(keys) for keys in row.moved.values())}
        record("merged", "organisation", str(survivor.public_id), after=told | {"entry": str(gone.public_id)})
        # The feed of changes: for who saw the entry it is no longer there.
        before = {"published": row.kept["gone"]["listed"]}
        after = {"published": False, "entry": str(survivor.public_id)}
        record("merged into", "organisation", str(gone.public_id), before=before, after=after)
    return row


def _state(row: Organisation) -> dict[str, Any]:
    return {"listed": row.listed, "uscc": row.uscc}


def locked(gone: int, survivor: int) -> tuple[Organisation, Organisation]:
    """Both rows, always locked in the same order: two merges at once wait for each other and never for ever."""
    rows = Organisation.objects.select_for_update().order_by("pk").filter(pk__in=[gone, survivor])
    found = {row.pk: row for row in rows}
    if len(found) != 2:
        raise NotFoundError(_("There is no such firm."))
    return found[gone], found[survivor]


def move_rows(row: Merge) -> int:
    """Move whatever hangs on the entry that goes, and write down what; returns the number of rows."""
    gone, survivor = row.gone, row.survivor
    row.kept.setdefault("renamed", [])
    row.kept.setdefault("dropped", [])
    row.kept.setdefault("roles", [])
    _people_first(row)
    total = 0
    for label, model, name in relations():
        clash = colliding(model, name, gone.pk, survivor.pk)
        mine = rows_of(model).filter(**{name: gone.pk})
        if is_named(model):
            _rename(row, label, model, name, clash)
        else:
            mine = mine.exclude(pk__in=list(clash.values_list("pk", flat=True)))
        keys = list(mine.values_list("pk", flat=True))
        if keys:
            rows_of(model).filter(pk__in=keys).update(**{name: survivor.pk}, **dated(model))
            row.moved.setdefault(label, []).extend(keys)
            total += len(keys)
    rename_supplier(gone.pk, survivor.pk)
    refresh_known(gone.pk)
    _point(gone, survivor)
    return total


def _rename(row: Merge, label: str, model: type[models.Model], name: str, clash: QuerySet[Any]) -> None:
    rows = list(clash.order_by("pk").values_list("pk", "external_id"))
    names = fresh_names(model, name, row.gone, row.survivor_id, rows)
    changed = []
    for key, old in rows:
        each: Any = model(pk=key)
        each.external_id = names[key]
        changed.append(each)
        row.kept["renamed"].append([label, key, old, names[key]])
    rows_of(model).bulk_update(changed, ["external_id"], batch_size=1000)


def _people_first(row: Merge) -> None:
    """Who belongs to both keeps the higher role; what both ask or shut out is asked or shut out once."""
    gone, survivor = row.gone_id, row.survivor_id
    for member in Membership.objects.filter(organisation=gone, user__memberships__organisation=survivor):
        kept = Membership.objects.get(organisation=survivor, user=member.user_id)
        if _RANK.get(MemberRole(member.role), 0) > _RANK.get(MemberRole(kept.role), 0):
            row.kept["roles"].append([kept.pk, kept.role, member.role])
            Membership.objects.filter(pk=kept.pk).update(role=member.role)
        row.kept["dropped"].append(["membership", member.user_id, member.role])
        member.delete()
    for name in ("organisation", "excluded"):
        other = "excluded" if name == "organisation" else "organisation"
        same = colliding(Exclusion, name, gone, survivor) | Exclusion.objects.filter(
            **{name: gone, other: survivor}
        )
        for each in same:
            row.kept["dropped"].append(["exclusion", each.organisation_id, each.excluded_id])
        Exclusion.objects.filter(pk__in=[each.pk for each in same]).delete()
    for told in colliding(Disclosure, "organisation", gone, survivor):
        same = Disclosure.objects.filter(organisation=survivor, kind=told.kind, object_id=told.object_id)
        same.update(stage=Greatest("stage", told.stage))
    for asked in (Verification, JoinRequest):
        waits = colliding(asked, "organisation", gone, survivor)
        closing = {"state": DecisionState.REFUSED, "decided_by": row.by, "decided_at": Now()}
        rows_of(asked).filter(pk__in=list(waits.values_list("pk", flat=True))).update(
            **closing, reason=_("The two entries were merged.")
        )


def _point(gone: Organisation, survivor: Organisation) -> None:
    """What was told or written about the one by its number is about the other now."""
    for model in pointing_at_rows():
        target = model._meta.get_field("object_id").get_internal_type()
        old: Any = gone.public_id if target == "UUIDField" else str(gone.public_id)
        new: Any = survivor.public_id if target == "UUIDField" else str(survivor.public_id)
        here = rows_of(model).filter(kind="organisation", object_id=old)
        there = rows_of(model).filter(kind="organisation", object_id=new)
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and "object_id" in constraint.fields:
                others = {f: OuterRef(f) for f in constraint.fields if f not in ("kind", "object_id")}
                here = here.exclude(Exists(there.filter(**others)))
        here.update(object_id=new)


def _join_entries(gone: Organisation, survivor: Organisation) -> None:
    """The survivor gains what the other had; the other leads to it from now on."""
    code = survivor.uscc or gone.uscc
    entry = Organisation.objects.filter(pk=gone.pk)
    entry.update(
        merged_into=survivor,
        listed=False,
        uscc=gone.uscc if survivor.uscc else None,
        version=F("version") + 1,
        updated_at=Now(),
    )
    Organisation.objects.filter(pk=survivor.pk).update(
        roles=sorted({*survivor.roles, *gone.roles}),
        verified=survivor.verified or gone.verified,
        claimed=survivor.claimed or gone.claimed,
        listed=survivor.listed or gone.listed,
        uscc=code,
        version=F("version") + 1,
        updated_at=Now(),
    )
    add_deliveries(gone.pk, survivor.pk, 1)


def add_deliveries(gone: int, survivor: int, sign: int) -> None:
    """Trust counts what both delivered."""
    theirs = DeliveryRecord.objects.filter(organisation=gone).first()
    if theirs is None:
        return
    row, _made = DeliveryRecord.objects.select_for_update().get_or_create(organisation_id=survivor)
    completed = max(0, row.completed + sign * theirs.completed)
    on_time = min(completed, max(0, row.on_time + sign * theirs.on_time))
    DeliveryRecord.objects.filter(pk=row.pk).update(completed=completed, on_time=on_time)


def sweep_merged() -> int:
    """Rows that somebody wrote for an entry while it was being merged follow it; returns how many entries had some."""
    hanging = Q()
    for model, name in (
        (Facility, "organisation"),
        (Site, "organisation"),
        (Demand, "owner"),
        (Membership, "organisation"),
    ):
        hanging |= Q(Exists(rows_of(model).filter(**{name: OuterRef("pk")})))
    late = list(
        Organisation.objects.exclude(merged_into=None).filter(hanging).values_list("pk", flat=True)[:20]
    )
    for pk in late:
        with transaction.atomic():
            row = Merge.objects.select_for_update().filter(gone=pk, undone_at=None).first()
            if row is not None:
                locked(row.gone_id, row.survivor_id)
                move_rows(row)
                row.save(update_fields=["moved", "kept"])
                record("merged", "organisation", str(row.survivor.public_id), after={"late": True})
    return len(late)

"""What an introduction opens to whom: rows of Disclosure, worked out anew from all introductions that touch them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q

from alliance.choices import DisclosureStage as Stage
from alliance.choices import IntroductionState as State
from alliance.models import Disclosure, Organisation
from matching.models import Introduction

Key = tuple[str, UUID, int]
STAGE: dict[str, int] = {
    State.PROPOSED: Stage.INVITED,
    State.DECLINED: Stage.INVITED,
    State.ACCEPTED: Stage.ACCEPTED,
}
PARTS = ("demand", "project", "capability", "site", "lab", "supplier")


def opened_by(introduction: Introduction) -> dict[Key, int]:
    """(kind, row, organisation) → stage. The names of the firms open to each other when both have accepted."""
    stage = STAGE.get(introduction.state, Stage.CONFIDENTIAL)
    demand_side = (introduction.lab_id, introduction.lab_bureau_id)
    supply_side = (introduction.supplier_id, introduction.supplier_bureau_id)
    rows: list[tuple[str, Any, tuple[int, ...]]] = [
        ("demand", introduction.demand, supply_side),
        ("introduction", introduction, (*demand_side, *supply_side)),
    ]
    if introduction.project is not None:
        rows.append(("project", introduction.project, (*demand_side, introduction.supplier_bureau_id)))
    if introduction.capability is not None:
        rows.append(("capability", introduction.capability, demand_side))
    if introduction.site is not None:
        rows.append(("site", introduction.site, demand_side))
    if stage >= Stage.ACCEPTED:
        rows.append(("organisation", introduction.lab, supply_side))
        rows.append(("organisation", introduction.supplier, demand_side))
    return {(kind, row.public_id, org): int(stage) for kind, row, orgs in rows for org in orgs}


def hold_firms(keys: Iterable[int]) -> None:
    """First in the transaction of a step: two steps of one firm at once would each work out what is open from the
    other as it was, and leave open what both of them close. Always locked in the same order."""
    rows = Organisation.objects.select_for_update(no_key=True).filter(pk__in=set(keys)).order_by("pk")
    list(rows.values_list("pk"))


def disclose(introduction: Introduction) -> None:
    """Bring the rows that this introduction touches up to date; what another one still opens stays open."""
    touched = {(k, row) for k, row, _org in opened_by(introduction)}
    touched |= {
        ("organisation", introduction.lab.public_id),
        ("organisation", introduction.supplier.public_id),
    }
    parties = {getattr(introduction, f"{p}_id") for p in ("lab", "supplier", "lab_bureau", "supplier_bureau")}
    wanted: dict[Key, int] = {}
    for other in _related(introduction):
        for key, stage in opened_by(other).items():
            if key[:2] in touched and key[2] in parties:
                wanted[key] = max(stage, wanted.get(key, 0))
    _store(touched, parties, wanted)


def _related(introduction: Introduction) -> Any:
    """Introductions that may open the same rows to the same organisations."""
    firms = Q(lab=introduction.lab_id) | Q(supplier=introduction.supplier_id)
    firms |= Q(lab=introduction.supplier_id) | Q(supplier=introduction.lab_id)
    return Introduction.objects.filter(firms).select_related(*PARTS)


def _store(touched: set[tuple[str, UUID]], parties: set[int], wanted: dict[Key, int]) -> None:
    for kind in {kind for kind, _row in touched}:
        rows = Disclosure.objects.filter(
            kind=kind, object_id__in=[row for k, row in touched if k == kind], organisation__in=parties
        )
        for row in rows:
            stage = wanted.pop((kind, row.object_id, row.organisation_id), None)
            if stage is None:
                row.delete()
            elif stage != row.stage:
                Disclosure.objects.filter(pk=row.pk).update(stage=stage)
    Disclosure.objects.bulk_create(
        (
            Disclosure(kind=k, object_id=row, organisation_id=org, stage=s)
            for (k, row, org), s in wanted.items()
        ),
        update_conflicts=True,
        unique_fields=["organisation", "kind", "object_id"],
        update_fields=["stage"],
    )

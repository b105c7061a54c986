"""What a supplier may know of its own pairs: the verdict and its own gap, never score, terms, rank or rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Subquery, Value
from django.utils.translation import gettext as _

from alliance.selectors import viewer_of
from alliance.templatetags._numbers import number_text
from companies.models import Capability
from companies.selectors import verdict
from matching.models import Demand, DemandLine, Match, NearMiss
from matching.selectors.demands import demand_list, heading
from matching.selectors.introductions import open_introductions_of

#: Whose certificates count for a capability: its own, its plant's, its firm's.
HOLDERS = ("", "facility__", "organisation__")


@dataclass(frozen=True)
class OwnPair:
    """One of the viewer's capabilities and a line it fits, or nearly."""

    line: Any
    demand: Any
    capability: Any
    fits: bool
    gap: str
    code: str = ""


def own_results(user: Any) -> tuple[Any, Any]:
    """Current matches and near misses of the viewer's firms on demands that they see, with the day until when."""
    demands = Demand.objects.visible_to(user).values("pk")
    until = Subquery(Demand.objects.filter(pk=OuterRef("demand_id")).values("need_by")[:1])
    firms = viewer_of(user).firms
    fits, near = (
        model.objects.current().of_suppliers(firms).filter(demand_id__in=demands).annotate(until=until)
        for model in (Match, NearMiss)
    )
    return fits, near


def attach_own_pairs(user: Any, rows: Sequence[Any]) -> None:
    """`pair` of each row of a page, and the introduction it led to: what the supplier may know, nothing of scores."""
    plain = [
        {
            "demand_id": row.demand_id,
            "line_id": row.line_id,
            "capability_id": row.capability_id,
            "miss": getattr(row, "code", ""),
        }
        for row in rows
    ]
    found = {(p.line.pk, p.capability.pk): p for p in own_pairs(user, plain)}
    introduced = open_introductions_of(user, found)
    for row in rows:
        row.pair = found.get((row.line_id, row.capability_id))
        row.heading = heading(row.pair.demand) if row.pair else ""
        row.introduction = introduced.get((row.line_id, row.capability_id))


def own_pair_rows(user: Any, **where: Any) -> Any:
    """(demand, line, capability, code) of the current matches ("" for a fit) and near misses of the viewer's firms."""
    fits, near = own_results(user)
    fits = fits.filter(**where).annotate(miss=Value(""))
    near = near.filter(**where).annotate(miss=F("code"))
    columns = ("demand_id", "line_id", "capability_id", "miss")
    return (
        fits.values(*columns)
        .union(near.values(*columns), all=True)
        .order_by("demand_id", "line_id", "capability_id")
    )


def own_pairs(
    user: Any, rows: Sequence[dict[str, Any]], known: dict[int, Any] | None = None
) -> list[OwnPair]:
    """The rows with what the viewer may see of them, in the order given; a row not for the viewer is left out.
    `known`: the demands as the viewer sees them, where they were read already."""
    demands = known
    if demands is None:
        demands = {d.pk: d for d in demand_list(user).filter(pk__in={r["demand_id"] for r in rows})}
    lines = _lines(user, {r["line_id"] for r in rows})
    offers = Capability.objects.visible_to(user).filter(organisation__in=viewer_of(user).firms)
    offers = offers.select_related("component_type", "facility__city", "terms", "organisation")
    if any(r["miss"] == "certification" for r in rows):
        offers = offers.prefetch_related(*(f"{owner}certificates" for owner in HOLDERS))
    mine = {c.pk: c for c in offers.filter(pk__in={r["capability_id"] for r in rows})}
    found = []
    for row in rows:
        demand, line, capability = (
            demands.get(row["demand_id"]), lines.get(row["line_id"]), mine.get(row["capability_id"])
        )  # fmt: skip
        if demand is None or line is None or capability is None:
            continue
        code = row["miss"]
        gap = own_gap(code, line, demand, capability) if code else ""
        found.append(OwnPair(line, demand, capability, not code, gap, code))
    return found


def _lines(user: Any, keys: set[int]) -> dict[int, Any]:
    lines = DemandLine.objects.visible_to(user).filter(pk__in=keys).select_related("component_type")
    return {line.pk: line for line in lines.prefetch_related("requirements__key", "certificates")}


def own_gap(code: str, line: Any, demand: Demand, capability: Any) -> str:
    """The supplier's own gap in words. The ceiling's figure is never told, only the side of it."""
    if code.startswith("spec:"):
        return _spec_gap(code.removeprefix("spec:"), line.requirements.all(), capability)
    terms = capability.terms
    if code == "price":
        return _("price above the ceiling")
    if code in ("capacity", "moq") and not demand.quantities_told:
        return _("not enough a month") if code == "capacity" else _("minimum order too high")
    if code == "capacity":
        return _("%(count)s a month short") % {"count": number_text(line.monthly_rate - terms.free_per_month)}
    if code == "moq":
        excess = number_text(capability.min_order_quantity - line.quantity)
        return _("minimum order %(count)s too high") % {"count": excess}
    if code == "certification":
        return _("certificate missing: %(names)s") % {"names": ", ".join(_missing(line, demand, capability))}
    if code == "time":
        return _("too late for %(date)s") % {"date": (line.need_by or demand.need_by).isoformat()}
    return code


def _missing(line: Any, demand: Demand, capability: Any) -> list[str]:
    """Codes that neither capability nor plant nor firm holds, unexpired on the day of the results."""
    day = demand.alliance.as_of
    held = {
        row.code
        for owner in (capability, capability.facility, capability.organisation)
        for row in owner.certificates.all()
        if row.expires_on is None or day is None or row.expires_on >= day
    }
    asked = [row.code for row in line.certificates.all()]
    return [code for code in asked if code not in held] or asked


def _spec_gap(key: str, requirements: Any, capability: Any) -> str:
    for requirement in requirements:
        if requirement.key.key == key and requirement.hard:
            found = verdict(requirement.key, requirement.op, requirement.value, capability.specs.get(key))
            return found.words
    return key

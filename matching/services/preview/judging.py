"""One offer, in two variants, against the lines of an alliance that ask for its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from alliance.models import Alliance, OrganisationCertificate
from companies.models import Capability, CapabilityTerms, ComponentType, FacilityCertificate
from companies.services import Checked
from matching.encoding import demands as asked
from matching.encoding import surroundings as around
from matching.encoding.columns import Array, positions, unique
from matching.encoding.vocabulary import Keys, SpecColumns
from matching.kernel import (
    Capabilities,
    Certificates,
    Code,
    ComponentKeys,
    Demands,
    Lines,
    Lists,
    Problem,
    Requirements,
    SiteKeys,
    Sites,
    Specs,
    Weights,
    Windows,
    code_name,
    problem,
)
from matching.kernel.lines import judge_line
from matching.kernel.prepare import Prepared
from matching.models import LineRequirement

# A figure that has not been told yet is not held against the offer.
PLENTY = 1e15


@dataclass(frozen=True)
class Offer:
    """A capability as it would be. None for what has not been told."""

    type_id: int
    firm_id: int
    city_id: int
    specs: Mapping[str, Any]
    certificates: tuple[tuple[str, date | None], ...] = ()
    moq: float | None = None
    free: float | None = None
    price: float | None = None
    volume_days: int | None = None
    available_from: date | None = None
    valid_until: date | None = None
    facility_id: int | None = None
    capability: Capability | None = None


@dataclass(frozen=True)
class Judgement:
    """One line and the hard rules that the offer fails there: () is a match, one rule a near miss."""

    line_id: int
    demand_id: int
    failed: tuple[str, ...]
    missing: tuple[str, ...] = ()  # certificates


@dataclass(frozen=True)
class Asked:
    """What one alliance's lines ask for: as columns, with the hard requirements as people wrote them."""

    lines: dict[str, Array]
    demands: dict[str, Array]
    requirements: dict[tuple[int, str], tuple[Any, str, Any]]  # (line, key name) -> key id, op, value
    certificates: dict[int, list[str]]


def offer_of(checked: Checked, firm_id: int, capability: Capability | None) -> Offer | None:
    """What a form or an endpoint has read; what is wrong or missing counts as not told."""
    values, terms, unknown = checked.values, checked.terms, {*checked.missing, *checked.errors}
    type_, facility = values.get("component_type"), values.get("facility")
    if type_ is None or facility is None:
        return None
    free = None
    if "capacity_per_month" not in unknown:
        free = terms["capacity_per_month"] - (terms.get("committed_per_month") or 0)
    held = checked.certificates
    if held is None and capability is not None:
        held = list(capability.certificates.values_list("code", "known", "expires_on"))
    return Offer(
        type_id=type_.pk,
        firm_id=firm_id,
        city_id=facility.city_id,
        facility_id=facility.pk,
        specs=values.get("specs") or {},
        certificates=tuple((code, expires) for code, _known, expires in held or []),
        moq=values.get("min_order_quantity"),
        free=free,
        price=terms.get("unit_price"),
        volume_days=None if "volume_lead_days" in unknown else values.get("volume_lead_days"),
        available_from=values.get("available_from"),
        valid_until=values.get("valid_until"),
        capability=capability,
    )


def reserved(offer: Offer) -> tuple[Offer, Offer]:
    """The offer as open demands may judge it, and as demands judge it whose figures suppliers do not read.

    Ceilings are nobody's to find out by trying prices, nor a confidential demand's quantities by trying
    capacities: there the figures that are stored count, which matching tells about anyhow.
    """
    stored = offer.capability
    terms = CapabilityTerms.objects.filter(capability=stored).first() if stored is not None else None
    told = terms is not None and stored is not None and "capacity_per_month" not in stored.missing
    public = replace(offer, price=terms.unit_price if terms else None)
    confidential = replace(
        public,
        moq=stored.min_order_quantity if stored is not None else None,
        free=terms.free_per_month if terms is not None and told else None,
    )
    return public, confidential


def read_asked(alliance: Alliance, offer: Offer) -> Asked | None:
    """The published lines of the alliance whose type is the offer's or above it."""
    demands = asked.read_demands(alliance.pk, None)
    lines = asked.read_lines(demands["id"])
    mine = np.isin(lines["type"], _above(offer.type_id))
    lines = {name: column[mine] for name, column in lines.items()}
    if not len(lines["id"]):
        return None
    wanted = np.isin(demands["id"], lines["demand"])
    demands = {name: column[wanted] for name, column in demands.items()}
    ids = set(lines["id"].tolist())
    rows = LineRequirement.objects.filter(line__in=ids, hard=True).order_by("line_id", "position")
    requirements = {
        (line, key): (key_id, op, value)
        for line, key, key_id, op, value in rows.values_list("line_id", "key__key", "key_id", "op", "value")
    }
    certificates: dict[int, list[str]] = {}
    for line, code in asked.line_certificates(demands["id"]):
        if line in ids:
            certificates.setdefault(line, []).append(code)
    return Asked(lines, demands, requirements, certificates)


def _above(type_id: int) -> list[int]:
    """The type and everything that it is a kind of."""
    parents = dict(ComponentType.objects.values_list("id", "parent_id"))
    found: list[int] = []
    node: int | None = type_id
    while node is not None and node not in found:
        found.append(node)
        node = parents.get(node)
    return found


def judge(alliance: Alliance, found: Asked, offers: tuple[Offer, ...]) -> list[list[Judgement]]:
    """For each offer its judgement on every line that it may be considered for."""
    keys = around.component_keys(key_id for key_id, _op, _value in found.requirements.values())
    built = _problem(alliance, found, offers, keys)
    prepared = Prepared(built)
    answers: list[list[Judgement]] = [[] for _ in offers]
    with np.errstate(over="ignore"):
        for place, demand in enumerate(built.lines.demand.tolist()):
            judged = judge_line(prepared, place, demand)
            line = int(found.lines["id"][place])
            for row, position in enumerate(judged.block.pos.tolist()):
                if judged.others[row]:
                    failed = tuple(
                        code_name(rule.code, keys.names[rule.key] if rule.key >= 0 else "")
                        for rule in judged.rules
                        if rule.fails[row]
                    )
                    missing = _missing(found, line, offers[position], alliance) if failed else ()
                    answers[position].append(
                        Judgement(line, int(found.demands["id"][demand]), failed, missing)
                    )
    return answers


def _missing(found: Asked, line: int, offer: Offer, alliance: Alliance) -> tuple[str, ...]:
    day = alliance.as_of
    held = {code for code, until in offer.certificates if until is None or day is None or until >= day}
    return tuple(sorted(set(found.certificates.get(line, [])) - held))


def with_holders(offer: Offer) -> Offer:
    """With the certificates of its plant and its firm: any of the three counts."""
    plant = FacilityCertificate.objects.filter(facility=offer.facility_id).values_list("code", "expires_on")
    firm = OrganisationCertificate.objects.filter(organisation=offer.firm_id).values_list(
        "code", "expires_on"
    )
    return replace(offer, certificates=(*offer.certificates, *plant, *firm))


def _problem(alliance: Alliance, found: Asked, offers: tuple[Offer, ...], keys: Keys) -> Problem:
    cities = unique(
        found.demands["lab"], found.demands["deployment"], np.array([offer.city_id for offer in offers])
    )
    firms = unique(found.demands["owner"], np.array([offer.firm_id for offer in offers]))
    tree = around.component_tree()
    codes = sorted({code for several in found.certificates.values() for code in several})
    assert alliance.as_of is not None  # noqa: S101 -- callers pass alliances that have been matched
    return problem(
        as_of=alliance.as_of.toordinal(),
        places=around.read_places(alliance.pk, cities),
        component_keys=ComponentKeys(keys.kind, keys.n_choices),
        site_keys=SiteKeys(np.zeros(0, np.uint8), np.zeros(0, np.int32)),
        types=around.component_types(tree, keys),
        scenario_types=around.scenario_types(around.Tree.of([])),
        organisations=around.read_organisations(firms),
        capabilities=_capabilities(offers, keys, codes, tree, firms, cities),
        demands=_demands(found.demands, firms, cities),
        lines=_lines(found, keys, codes, tree),
        sites=_no_sites(),
        weights=Weights.default(),
    )


def _capabilities(
    offers: tuple[Offer, ...], keys: Keys, codes: list[str], tree: around.Tree, firms: Array, cities: Array
) -> Capabilities:
    specs = SpecColumns(keys)
    held: list[tuple[int, int, int]] = []
    for row, offer in enumerate(offers):
        specs.add(row, offer.specs)
        for code, until in offer.certificates:
            if code in codes:
                held.append((row, codes.index(code), _ordinal(until)))
    columns = list(zip(*held, strict=True)) if held else [(), (), ()]
    return Capabilities(
        type=positions(tree.ids, np.array([offer.type_id for offer in offers])),
        firm=positions(firms, np.array([offer.firm_id for offer in offers])),
        city=positions(cities, np.array([offer.city_id for offer in offers])),
        active=np.ones(len(offers), bool),
        valid_until=np.array([_ordinal(offer.valid_until) for offer in offers], np.int32),
        available_from=np.array([_ordinal(offer.available_from) for offer in offers], np.int32),
        free=np.array([PLENTY if o.free is None else o.free for o in offers], np.float64),
        moq=np.array([offer.moq or 0 for offer in offers], np.float64),
        prototype_days=np.zeros(len(offers), np.int32),
        volume_days=np.array([offer.volume_days or 0 for offer in offers], np.int32),
        price=np.array([np.nan if o.price is None else o.price for o in offers], np.float64),
        specs=specs.specs(),
        certificates=Certificates.of(*columns),
    )


def _ordinal(day: date | None) -> int:
    return day.toordinal() if day is not None else 0


def _demands(found: dict[str, Array], firms: Array, cities: Array) -> Demands:
    count = len(found["id"])
    return Demands(
        organisation=positions(firms, found["owner"]),
        lab=positions(cities, found["lab"]),
        open_scope=found["open"],
        start=found["start"],
        need_by=found["need_by"],
        iterations=found["iterations"],
        deployment=positions(cities, found["deployment"]),
        scenario=np.full(count, -1, np.int32),
        fleet=found["fleet"],
        trial_days=found["trial_days"],
        site_requirements=Requirements.of([[] for _ in range(count)]),
        excluded=around.read_exclusions(found["owner"], firms),
    )


def _lines(found: Asked, keys: Keys, codes: list[str], tree: around.Tree) -> Lines:
    lines = found.lines
    rows = [
        (line, key_id, op, value, True, 1.0, 0.2)
        for (line, _key), (key_id, op, value) in found.requirements.items()
    ]
    return Lines(
        demand=positions(found.demands["id"], lines["demand"]),
        type=positions(tree.ids, lines["type"]),
        quantity=lines["quantity"],
        rate=lines["rate"],
        need_by=lines["need_by"],
        target=lines["target"],
        ceiling=lines["ceiling"],
        certificates=Lists.of(
            [codes.index(code) for code in found.certificates.get(line, [])] for line in lines["id"].tolist()
        ),
        requirements=Requirements.of(asked.in_rows(lines["id"], keys, "line", rows)),
    )


def _no_sites() -> Sites:
    none: Any = np.zeros(0, np.int32)
    return Sites(
        scenario=none,
        city=none,
        organisation=none,
        active=np.zeros(0, bool),
        fleet_capacity=np.zeros(0),
        windows=Windows.of([]),
        params=Specs.of(none, none, np.zeros(0), np.zeros(0), np.zeros(0, np.uint64)),
        conditions=Requirements.of([]),
    )


PRICE = code_name(Code.PRICE)

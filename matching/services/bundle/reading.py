"""What the database holds, as the values of bundle columns; references are ids.

The export writes these rows, and the import takes from them what a file's absent columns keep.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Model

from alliance.models import (
    Alliance,
    AllianceCity,
    AllianceWeights,
    Certification,
    City,
    DeliveryRecord,
    Exclusion,
    Organisation,
    OrganisationCertificate,
    TravelTime,
)
from companies.models import Capability, CapabilityCertificate, CapabilityTerms, Facility, FacilityCertificate
from matching.models import (
    Demand,
    DemandIdentity,
    DemandLine,
    LineCertificate,
    LinePrice,
    LineRequirement,
    OpenPoint,
    SiteNeed,
    SiteRequirement,
)
from scenarios.models import PartCondition, Site, SiteWindow

Values = dict[str, Any]
Rows = dict[int, Values]

MODELS: dict[str, type[Model]] = {
    "cities.csv": City,
    "travel_times.csv": TravelTime,
    "certifications.csv": Certification,
    "alliances.csv": Alliance,
    "memberships.csv": AllianceCity,
    "organisations.csv": Organisation,
    "facilities.csv": Facility,
    "capabilities.csv": Capability,
    "sites.csv": Site,
    "site_windows.csv": SiteWindow,
    "demands.csv": Demand,
    "demand_lines.csv": DemandLine,
}


def _plain(model: type[Model], ids: Sequence[int], fields: dict[str, str]) -> Rows:
    """Rows by id, each a dict of column → value of a field."""
    found = model._default_manager.filter(pk__in=ids).values_list("pk", *fields.values())
    return {row[0]: dict(zip(fields, row[1:], strict=True)) for row in found}


def _fields(*names: str, **renamed: str) -> dict[str, str]:
    return {name: name for name in names} | renamed


def _lists(
    model: type[Model], parent: str, ids: Sequence[int], *fields: str, order: str = "id"
) -> dict[int, list[Any]]:
    """Values of child rows by parent id; one field gives values, several give tuples."""
    found: dict[int, list[Any]] = defaultdict(list)
    children = model._default_manager.filter(**{f"{parent}__in": ids}).order_by(order)
    for owner, *values in children.values_list(parent, *fields):
        found[owner].append(values[0] if len(fields) == 1 else tuple(values))
    return found


def _certificates(
    model: type[Model], parent: str, ids: Sequence[int]
) -> dict[int, list[tuple[str, date | None]]]:
    return _lists(model, parent, ids, "code", "expires_on")


def _requirements(model: type[Model], parent: str, ids: Sequence[int]) -> dict[int, list[Values]]:
    fields = ("key__key", "op", "value", "hard", "weight", "tolerance")
    names = ("key", *fields[1:])
    rows = _lists(model, parent, ids, *fields, order="position")
    return {owner: [dict(zip(names, row, strict=True)) for row in found] for owner, found in rows.items()}


def _attach(rows: Rows, column: str, found: dict[int, Any], missing: Callable[[], Any]) -> None:
    for pk, values in rows.items():
        values[column] = found[pk] if pk in found else missing()


def _attach_row(rows: Rows, found: Rows, missing: Values) -> None:
    for pk, values in rows.items():
        values.update(found.get(pk, missing))


def _cities(ids: Sequence[int]) -> Rows:
    names = ("code", "name_en", "name_zh", "province_en", "province_zh", "latitude", "longitude")
    return _plain(City, ids, _fields(*names, parent="parent_id"))


def _travel_times(ids: Sequence[int]) -> Rows:
    return _plain(
        TravelTime, ids, _fields("minutes", "km", "source", origin="origin_id", destination="destination_id")
    )


def _certifications(ids: Sequence[int]) -> Rows:
    return _plain(Certification, ids, _fields("code", "name_en", "name_zh", "synonyms"))


def _alliances(ids: Sequence[int]) -> Rows:
    names = ("slug", "name_en", "name_zh", "publishes_directory")
    rows = _plain(Alliance, ids, _fields(*names, lead_city="lead_city_id"))
    newest = AllianceWeights.objects.filter(alliance__in=ids).order_by("number")
    weights = {row.alliance_id: {"line": row.line, "site": row.site} for row in newest}
    _attach(rows, "weights", weights, dict)
    return rows


def _memberships(ids: Sequence[int]) -> Rows:
    return _plain(AllianceCity, ids, _fields("roles", "basis", alliance="alliance_id", city="city_id"))


def _organisations(ids: Sequence[int]) -> Rows:
    names = ("external_id", "kind", "uscc", "name_en", "name_zh", "roles", "verified", "claimed", "suspended")
    rows = _plain(Organisation, ids, _fields(*names, "fictitious", "source", "listed", city="city_id"))
    _attach(rows, "certifications", _certificates(OrganisationCertificate, "organisation", ids), list)
    deliveries = _plain(
        DeliveryRecord, ids, _fields(deliveries_completed="completed", deliveries_on_time="on_time")
    )
    _attach_row(rows, deliveries, {"deliveries_completed": 0, "deliveries_on_time": 0})
    excluded = _lists(Exclusion, "organisation", ids, "excluded__external_id", order="excluded_id")
    _attach(rows, "excluded", excluded, list)
    return rows


def _facilities(ids: Sequence[int]) -> Rows:
    names = ("external_id", "name", "latitude", "longitude")
    rows = _plain(Facility, ids, _fields(*names, organisation="organisation_id", city="city_id"))
    _attach(rows, "certifications", _certificates(FacilityCertificate, "facility", ids), list)
    return rows


def _capabilities(ids: Sequence[int]) -> Rows:
    names = ("external_id", "title", "specs", "min_order_quantity", "prototype_lead_days", "volume_lead_days")
    more = ("available_from", "valid_until", "published")
    rows = _plain(
        Capability, ids, _fields(*names, *more, facility="facility_id", component_type="component_type_id")
    )
    terms = _plain(CapabilityTerms, ids, _fields("capacity_per_month", "committed_per_month", "unit_price"))
    _attach_row(rows, terms, {"capacity_per_month": None, "committed_per_month": 0.0, "unit_price": None})
    _attach(rows, "certifications", _certificates(CapabilityCertificate, "capability", ids), list)
    return rows


def _sites(ids: Sequence[int]) -> Rows:
    names = ("external_id", "name", "latitude", "longitude", "params", "fleet_capacity", "published")
    links = {"organisation": "organisation_id", "city": "city_id", "scenario_type": "scenario_type_id"}
    rows = _plain(Site, ids, _fields(*names, **links))
    conditions = _requirements(PartCondition, "site", ids)
    short = {
        pk: [{k: row[k] for k in ("key", "op", "value")} for row in found] for pk, found in conditions.items()
    }
    _attach(rows, "part_conditions", short, list)
    return rows


def _site_windows(ids: Sequence[int]) -> Rows:
    return _plain(SiteWindow, ids, _fields("starts", "ends", site="site_id"))


def _demands(ids: Sequence[int]) -> Rows:
    names = ("external_id", "scope", "confidentiality", "start_date", "need_by", "iterations", "published")
    links = {"organisation": "owner_id", "alliance": "alliance_id", "lab_city": "lab_city_id"}
    rows = _plain(Demand, ids, _fields(*names, **links, deployment_city="deployment_city_id"))
    _attach_row(rows, _plain(DemandIdentity, ids, _fields("title")), {"title": ""})
    need = _plain(SiteNeed, ids, _fields("fleet_size", "trial_days", scenario_type="scenario_type_id"))
    _attach_row(rows, need, {"scenario_type": None, "fleet_size": None, "trial_days": None})
    _attach(rows, "site_requirements", _requirements(SiteRequirement, "site_need", ids), list)
    own = OpenPoint.objects.filter(line=None)
    points: dict[int, list[str]] = defaultdict(list)
    for demand, text in (
        own.filter(demand__in=ids).order_by("position", "id").values_list("demand_id", "text")
    ):
        points[demand].append(text)
    _attach(rows, "open_points", points, list)
    return rows


def _demand_lines(ids: Sequence[int]) -> Rows:
    names = ("external_id", "quantity", "monthly_rate", "need_by")
    rows = _plain(DemandLine, ids, _fields(*names, demand="demand_id", component_type="component_type_id"))
    prices = _plain(LinePrice, ids, _fields("target_unit_price", "ceiling_unit_price"))
    _attach_row(rows, prices, {"target_unit_price": None, "ceiling_unit_price": None})
    _attach(rows, "certifications", _lists(LineCertificate, "line", ids, "code"), list)
    _attach(rows, "requirements", _requirements(LineRequirement, "line", ids), list)
    _attach(rows, "open_points", _lists(OpenPoint, "line", ids, "text", order="position"), list)
    return rows


_READERS: dict[str, Callable[[Sequence[int]], Rows]] = {
    "cities.csv": _cities,
    "travel_times.csv": _travel_times,
    "certifications.csv": _certifications,
    "alliances.csv": _alliances,
    "memberships.csv": _memberships,
    "organisations.csv": _organisations,
    "facilities.csv": _facilities,
    "capabilities.csv": _capabilities,
    "sites.csv": _sites,
    "site_windows.csv": _site_windows,
    "demands.csv": _demands,
    "demand_lines.csv": _demand_lines,
}


def stored_rows(file: str, ids: Iterable[int]) -> Rows:
    """Rows by id; a constant number of queries, so ask for some thousands at a time."""
    return _READERS[file](list(ids))

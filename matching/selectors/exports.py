"""Tables of large exports: which rows, what a row says to whom, and what must still be seen when the file is fetched.

Names of columns are those of the API. What is not for the viewer is empty, as in the lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from django.db.models import QuerySet

from alliance.choices import Exported
from alliance.filters import ListFilter
from alliance.models import Organisation
from alliance.models.base import GuardedQuerySet
from alliance.selectors import viewer_of
from companies.filters import CapabilityFilter
from companies.models import Capability, CapabilityTerms
from companies.selectors import capability_detail, capability_list
from matching.filters import DemandFilter, MatchFilter
from matching.models import CurrentResult, Demand, DemandIdentity, Export, LinePrice
from matching.selectors.demands import attach_api_parts, demand_detail, demand_list
from matching.selectors.results import match_list, name_pairs

Line = dict[str, Any]
#: kind of row → its keys
Keys = dict[str, set[int]]


@dataclass(frozen=True)
class Table:
    """`list_` is filtered; `few` reads known rows; `lines` are what these say, with the keys of what is told."""

    list_: Callable[[Any], QuerySet[Any]]
    few: Callable[[Any], QuerySet[Any]]
    filters: type[ListFilter]
    columns: Sequence[str]
    lines: Callable[[Any, list[Any], Keys], Iterable[Line]]


def export_list(user: Any) -> GuardedQuerySet:
    """One's own; a token that is limited to an organisation sees those that were asked for in its name."""
    rows = Export.objects.visible_to(user).select_related("organisation")
    acting = getattr(user, "acting", None)
    return rows.filter(organisation=acting.organisation_id) if acting is not None else rows


def rights_of(user: Any) -> str:
    """A digest of all that decides what this viewer sees."""
    viewer = viewer_of(user)
    told = {name: sorted(v) if isinstance(v, frozenset) else v for name, v in vars(viewer).items()}
    return sha256(repr(sorted(told.items())).encode()).hexdigest()


def chosen(resource: str, user: Any, filters: dict[str, str]) -> ListFilter:
    """The list that a page or an endpoint would show for these filters."""
    table = TABLES[Exported(resource)]
    return table.filters(filters, queryset=table.list_(user), request=SimpleNamespace(user=user))


def still_seen(user: Any, kind: str, keys: list[int]) -> bool:
    """Whether the viewer may be told all of these at this moment."""
    return SEEN[kind](user, keys) == len(set(keys))


# --- capabilities ---------------------------------------------------------------------------------------------
def _capabilities(user: Any, rows: list[Any], keys: Keys) -> Iterable[Line]:
    for row in rows:
        keys["capability"].add(row.pk)
        if row.told is not None:
            keys["terms"].add(row.pk)
        terms = {name: getattr(row.told, name, None) for name in TERMS}
        plain = {name: getattr(row, name) for name in ("external_id", "title", "specs", *PLAIN)}
        yield {
            "id": row.public_id,
            "organisation": row.organisation.public_id,
            "organisation_name_zh": row.organisation.name_zh,
            "organisation_name_en": row.organisation.name_en,
            "facility": row.facility.public_id,
            "city": row.facility.city.code,
            "component_type": row.component_type.code,
            "certificates": [
                {"code": held.code, "expires_on": held.expires_on} for held in row.own_certificates
            ],
            **plain,
            **terms,
        }


TERMS = ("unit_price", "capacity_per_month", "committed_per_month")
PLAIN = (
    "min_order_quantity",
    "prototype_lead_days",
    "volume_lead_days",
    "available_from",
    "valid_until",
    "published",
    "updated_at",
)
FIRM = ("organisation", "organisation_name_zh", "organisation_name_en")


# --- demands: a line each ---------------------------------------------------------------------------------------
def _demands(user: Any, rows: list[Any], keys: Keys) -> Iterable[Line]:
    attach_api_parts(user, rows, detailed=True)
    for row in rows:
        keys["demand"].add(row.pk)
        asker = row.told.asker if row.told is not None else None
        if row.told is not None:
            keys["named" if asker else "titled"].add(row.told.pk)
        programme = {
            "id": row.public_id,
            "external_id": row.told_external_id,
            "title": row.told.title if row.told is not None else None,
            "organisation": asker and asker.public_id,
            "organisation_name_zh": asker and asker.name_zh,
            "organisation_name_en": asker and asker.name_en,
            "alliance": row.alliance.slug,
            "lab_city": row.lab_city.code,
            **{name: getattr(row, name) for name in PROGRAMME},
        }
        for line in row.all_lines or [None]:
            yield programme | (_line(line, keys) if line is not None else dict.fromkeys(LINE))


PROGRAMME = ("scope", "confidentiality", "start_date", "need_by", "published", "updated_at")
LINE = (
    *("line", "line_external_id", "component_type", "quantity", "monthly_rate", "line_need_by"),
    *("requirements", "certificates", "target_unit_price", "ceiling_unit_price"),
)


def _line(line: Any, keys: Keys) -> Line:
    price = line.asked_price
    if price is not None:
        keys["price"].add(price.pk)
    return {
        "line": line.public_id,
        "line_external_id": line.told_external_id,
        "component_type": line.component_type.code,
        "quantity": line.told_quantity,
        "monthly_rate": line.told_rate,
        "line_need_by": line.need_by,
        "requirements": [
            {"key": ask.key.key, "op": ask.op, "value": ask.value, "hard": ask.hard} for ask in line.asked
        ],
        "certificates": [held.code for held in line.asked_certificates],
        "target_unit_price": getattr(price, "target_unit_price", None),
        "ceiling_unit_price": getattr(price, "ceiling_unit_price", None),
    }


# --- matches ------------------------------------------------------------------------------------------------------
def _matches(user: Any, rows: list[Any], keys: Keys) -> Iterable[Line]:
    name_pairs(user, rows)
    for row in rows:
        keys["side"].add(row.demand_id)
        if row.supplier is not None:
            keys["firm"].add(row.supplier.pk)
        yield {
            "id": row.public,
            "demand": row.demand_public,
            "line": row.line_public,
            "capability": row.capability_public,
            "organisation": row.supplier and row.supplier.public_id,
            "organisation_name_zh": row.supplier and row.supplier.name_zh,
            "organisation_name_en": row.supplier and row.supplier.name_en,
            "run": row.run_public,
            "as_of": row.as_of,
            **{name: getattr(row, name) for name in SCORES},
        }


SCORES = ("rank", "score", "fit", "price", "lead_time", "capacity", "proximity", "role", "trust")


TABLES = {
    Exported.CAPABILITIES: Table(
        capability_list,
        capability_detail,
        CapabilityFilter,
        (
            *("id", "external_id", "title", *FIRM, "facility", "city", "component_type", "specs"),
            *(*TERMS, "certificates", *PLAIN),
        ),
        _capabilities,
    ),
    Exported.DEMANDS: Table(
        demand_list,
        demand_detail,
        DemandFilter,
        ("id", "external_id", "title", *FIRM, "alliance", "lab_city", *PROGRAMME, *LINE),
        _demands,
    ),
    Exported.MATCHES: Table(
        match_list,
        match_list,
        MatchFilter,
        ("id", "demand", "line", "capability", *FIRM, *SCORES, "run", "as_of"),
        _matches,
    ),
}


def _of(model: Any, key: str = "pk") -> Callable[[Any, list[int]], int]:
    return lambda user, keys: model.objects.visible_to(user).filter(**{f"{key}__in": keys}).count()


def _named(user: Any, keys: list[int]) -> int:
    return sum(row.asker is not None for row in DemandIdentity.objects.shown_to(user).filter(pk__in=keys))


SEEN: dict[str, Callable[[Any, list[int]], int]] = {
    "capability": _of(Capability),
    "terms": _of(CapabilityTerms, "capability"),
    "demand": _of(Demand),
    "titled": lambda user, keys: DemandIdentity.objects.shown_to(user).filter(pk__in=keys).count(),
    "named": _named,
    "price": _of(LinePrice),
    "firm": _of(Organisation),
    "side": _of(CurrentResult, "demand"),
}

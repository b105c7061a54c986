"""The terms of a score with the figures behind them, in words (sections 4 and 5 of docs/matching.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from alliance.choices import CityRole
from alliance.selectors import Roads
from alliance.templatetags._numbers import (
    days_text,
    is_chinese,
    list_text,
    minutes_text,
    number_text,
    quantity_text,
)
from alliance.templatetags.charts import Slot
from matching.encoding.surroundings import default_weights, read_weights

#: key -> (label, label above a narrow slot)
LINE_TERMS = {
    "fit": (gettext_lazy("Fit"), ""),
    "price": (pgettext_lazy("term of a score", "Price"), ""),
    "lead_time": (gettext_lazy("Lead time"), pgettext_lazy("above a narrow column", "Lead")),
    "capacity": (gettext_lazy("Capacity"), pgettext_lazy("above a narrow column", "Cap.")),
    "proximity": (gettext_lazy("Proximity"), pgettext_lazy("above a narrow column", "Dist.")),
    "role": (pgettext_lazy("of a city", "Role"), ""),
    "trust": (gettext_lazy("Trust"), ""),
}
SITE_TERMS = {
    "fit": (gettext_lazy("Fit"), ""),
    "wait": (gettext_lazy("Wait"), ""),
    "capacity": (gettext_lazy("Capacity"), pgettext_lazy("above a narrow column", "Cap.")),
    "role": (pgettext_lazy("of a city", "Role"), ""),
    "trust": (gettext_lazy("Trust"), ""),
}


@dataclass(frozen=True)
class Scales:
    """An alliance's weights: what a full score of each term is worth."""

    line: dict[str, float]
    site: dict[str, float]


def scales(alliance_id: int) -> Scales:
    return _scales(read_weights(alliance_id))


def default_scales() -> Scales:
    """What counts where an alliance has not said otherwise."""
    return _scales(default_weights())


def _scales(weights: Any) -> Scales:
    return Scales(
        dict(zip(LINE_TERMS, weights.line.tolist(), strict=True)),
        dict(zip(SITE_TERMS, weights.site.tolist(), strict=True)),
    )


def slots(
    terms: dict[str, Any], weights: dict[str, float], row: Any, basis: dict[str, str] | None = None
) -> list[Slot]:
    """One slot for each term of a result row, with its basis in words where given."""
    said = basis or {}
    return [
        Slot(str(label), getattr(row, key), weights[key], said.get(key, ""), str(short))
        for key, (label, short) in terms.items()
    ]


def head_slots(terms: dict[str, Any], weights: dict[str, float]) -> list[Slot]:
    """Slots without values: for the header of a column of score bars."""
    return [Slot(str(label), 0.0, weights[key], "", str(short)) for key, (label, short) in terms.items()]


def full_slots(terms: dict[str, Any], weights: dict[str, float]) -> list[Slot]:
    """A full score: how much of it each term is."""
    return [Slot(str(label), 1.0, weights[key], "", str(short)) for key, (label, short) in terms.items()]


def rival_words(match: Any, other: Any, name: str, weights: dict[str, float]) -> str:
    """Where the points between two offers of a line come from, the largest first; a tenth of a point is the least."""
    gains = {str(label): weights[key] * (getattr(match, key) - getattr(other, key))
             for key, (label, _short) in LINE_TERMS.items()}  # fmt: skip
    ahead = _gained(gains, 1)
    behind = _gained(gains, -1)
    points = sum(gains.values())
    told = {"rank": other.rank, "name": name, "points": number_text(abs(points), 1)}
    if abs(points) < _LEAST:
        words = _("level with number %(rank)s, %(name)s") % told
    elif points > 0:
        words = _("%(points)s points ahead of number %(rank)s, %(name)s") % told
    else:
        words = _("%(points)s points behind number %(rank)s, %(name)s") % told
    parts = [_("better: %(terms)s") % {"terms": ahead}] if ahead else []
    parts += [_("worse: %(terms)s") % {"terms": behind}] if behind else []
    return "; ".join([words, *parts]) if not is_chinese() else "；".join([words, *parts])


def _gained(gains: dict[str, float], sign: int) -> str:
    rows = sorted((-sign * gain, label) for label, gain in gains.items() if sign * gain >= _LEAST)
    return list_text(f"{label} {number_text(-sign * gain, 1, sign=True)}" for gain, label in rows[:3])


#: Points that are told; less is a difference of rounding.
_LEAST = 0.05


@dataclass(frozen=True)
class Offer:
    """What the basis of a line's terms is told from."""

    line: Any
    demand: Any
    capability: Any
    as_of: date
    roads: Roads
    roles: dict[int, frozenset[str]]
    soft: Sequence[tuple[float, float]]


def line_basis(offer: Offer) -> dict[str, str]:
    return {
        "fit": fit_words(offer.soft),
        "price": _price_words(offer),
        "lead_time": _lead_words(offer),
        "capacity": _capacity_words(offer),
        "proximity": _proximity_words(offer),
        "role": _role_words(offer),
        "trust": trust_words(offer.capability.organisation),
    }


def fit_words(soft: Sequence[tuple[float, float]]) -> str:
    """``soft``: (degree, weight) of each soft requirement."""
    if not soft:
        return _("no soft requirements")
    met = sum(degree >= 1 for degree, _weight in soft)
    return _("%(met)d of %(all)d soft requirements met in full") % {"met": met, "all": len(soft)}


def _price_words(offer: Offer) -> str:
    target = offer.line.asked_price.target_unit_price if offer.line.asked_price else None
    price = offer.capability.told.unit_price if offer.capability.told else None
    if price is None:
        return _("no price given: counts half")
    if target is None:
        return _("no target price: counts half")
    words = {"price": quantity_text(price, "CNY"), "target": quantity_text(target, "CNY")}
    return _("%(price)s, target %(target)s") % words


def _lead_words(offer: Offer) -> str:
    available = ((offer.line.need_by or offer.demand.need_by) - offer.as_of).days
    words = {"lead": days_text(offer.capability.volume_lead_days), "available": number_text(available)}
    return _("%(lead)s of the %(available)s there are") % words


def _capacity_words(offer: Offer) -> str:
    if offer.capability.told is None:
        return ""
    words = {
        "free": number_text(offer.capability.told.free_per_month),
        "rate": number_text(offer.line.monthly_rate),
    }
    return _("%(free)s free a month, full at 2 × %(rate)s") % words


def _proximity_words(offer: Offer) -> str:
    minutes = offer.roads.minutes(offer.demand.lab_city_id, offer.capability.facility.city_id)
    return _("%(travel)s from %(city)s") % {"travel": minutes_text(minutes), "city": offer.demand.lab_city}


def _role_words(offer: Offer) -> str:
    role = offer.capability.component_type.supplied_by
    city = offer.capability.facility.city
    if role and role in offer.roles.get(city.pk, frozenset()):
        return _("%(role)s is a role of %(city)s") % {"city": city, "role": CityRole(role).label}
    return _("not a role of %(city)s in this alliance") % {"city": city}


def trust_words(organisation: Any) -> str:
    if not organisation.verified:
        return _("not verified")
    record = getattr(organisation, "record", None)
    if record is None:
        return _("verified, no deliveries recorded")
    counts = {"completed": record.completed, "on_time": record.on_time}
    return _("verified; %(completed)d deliveries, %(on_time)d on time") % counts


def site_basis(
    site: Any, demand: Any, match: Any, soft: Sequence[tuple[float, float]], opens_sites: bool
) -> dict[str, str]:
    first = max(demand.start_date, demand.standing.as_of)
    starts = max(match.window_starts, first) if match.window_starts else None
    fleet = {"capacity": number_text(site.fleet_capacity), "size": number_text(demand.wants_site.fleet_size)}
    city = {"city": site.city}
    return {
        "fit": fit_words(soft),
        "wait": _("%(days)s until its window") % {"days": days_text((starts - first).days)} if starts else "",
        "capacity": _("room for %(capacity)s, full at 2 × %(size)s") % fleet,
        "role": _("%(city)s opens sites") % city
        if opens_sites
        else _("not a role of %(city)s in this alliance") % city,
        "trust": trust_words(site.organisation),
    }

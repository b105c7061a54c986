"""The hard rules of a line in words: asked, offered, verdict; near misses as gaps, relaxations as new thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from alliance.templatetags._numbers import (
    count_unit,
    date_text,
    days_text,
    joined,
    list_text,
    number_text,
    quantity_text,
)
from companies.selectors import ParameterBook, asked_text, offered_text, rounded, verdict
from companies.selectors.evidence import Standing, standing_of


@dataclass(frozen=True)
class Rule:
    """One rule of a pair. `counts` is the degree of a soft requirement, None for a hard one; `standing` says
    whether the offered value is declared or verified."""

    code: str
    name: str
    asked: str
    offered: str
    words: str
    met: bool
    hard: bool = True
    weight: float = 1
    counts: float | None = None
    shortfall: float = 0.0
    standing: Any = None

    @property
    def tone(self) -> str:
        if self.met:
            return "ok"
        return "bad" if self.hard else "warn"


def rule_name(code: str, book: ParameterBook[Any], type_id: int) -> str:
    if code.startswith("spec:"):
        return book.name(code.removeprefix("spec:"), type_id)
    names = {
        "certification": _("Certificates"),
        "moq": _("Minimum order"),
        "capacity": _("Free monthly capacity"),
        "time": _("Delivery date"),
        "price": _("Unit price"),
    }
    return names.get(code, code)


def rules_of(
    line: Any,
    demand: Any,
    capability: Any,
    book: ParameterBook[Any],
    as_of: date,
    evidence: Mapping[str, Standing] | None = None,
) -> list[Rule]:
    """Every rule of a pair: requirements in their order, then certificates, order, capacity, date, price."""
    rules = [_spec_rule(requirement, capability, book, line.component_type_id) for requirement in line.asked]
    if evidence is not None:
        rules = [_with_standing(rule, capability, evidence) for rule in rules]
    rules += _certificate_rules(line, capability, as_of)
    rules += [_moq(line, capability), _capacity(line, capability), _time(line, demand, capability, as_of)]
    return rules + _price(line, capability)


def soft_degrees(line: Any, capability: Any) -> list[tuple[float, float]]:
    """(degree, weight) of each soft requirement."""
    degrees = []
    for r in line.asked:
        if not r.hard:
            found = verdict(r.key, r.op, r.value, capability.specs.get(r.key.key))
            degrees.append((found.degree(r.tolerance), r.weight))
    return degrees


def _spec_rule(requirement: Any, capability: Any, book: ParameterBook[Any], type_id: int) -> Rule:
    key = requirement.key
    value = capability.specs.get(key.key)
    found = verdict(key, requirement.op, requirement.value, value)
    degree = None if requirement.hard else found.degree(requirement.tolerance)
    words = found.words
    if degree is not None and not found.met:
        words = _("%(gap)s, counts %(degree)s") % {"gap": words, "degree": number_text(degree, 2)}
    return Rule(
        code=f"spec:{key.key}",
        name=book.name(key.key, type_id),
        asked=asked_text(key, requirement.op, requirement.value),
        offered=offered_text(key, value),
        words=words,
        met=found.met,
        hard=requirement.hard,
        weight=requirement.weight,
        counts=degree,
        shortfall=found.shortfall,
    )


def _with_standing(rule: Rule, capability: Any, evidence: Mapping[str, Standing]) -> Rule:
    key = rule.code.removeprefix("spec:")
    return replace(rule, standing=standing_of(evidence, key, capability.specs.get(key)))


def _held(capability: Any) -> dict[str, list[date | None]]:
    """Certificate -> last days, whoever of capability, plant and firm holds it."""
    held: dict[str, list[date | None]] = {}
    for row in [
        *capability.own_certificates,
        *capability.facility.plant_certificates,
        *capability.organisation.firm_certificates,
    ]:
        held.setdefault(row.code, []).append(row.expires_on)
    return held


def _certificate_rules(line: Any, capability: Any, as_of: date) -> list[Rule]:
    if not line.asked_certificates:
        return []
    held = _held(capability)
    rules = []
    for asked in line.asked_certificates:
        days = held.get(asked.code, [])
        valid = [day for day in days if day is None or day >= as_of]
        endless = not valid or None in valid
        last = max((day for day in days if day is not None), default=None)
        offered = (
            _("held")
            if valid and endless
            else _("until %(date)s") % {"date": date_text(last)}
            if days
            else "—"
        )
        words = _("held") if valid else _("expired") if days else _("missing")
        rules.append(
            Rule(
                "certification",
                asked.code,
                _("to be held"),
                offered,
                words,
                bool(valid),
                shortfall=0 if valid else 1,
            )
        )
    return rules


def _counted(value: float, kind: str) -> str:
    return joined(number_text(value), count_unit(kind, value))


def _moq(line: Any, capability: Any) -> Rule:
    gap = capability.min_order_quantity - line.quantity
    words = _("met") if gap <= 0 else _("%(count)s too high") % {"count": _counted(rounded(gap), "pieces")}
    return Rule(
        "moq",
        _("Minimum order"),
        f"≤ {_counted(line.quantity, 'pieces')}",
        _counted(capability.min_order_quantity, "pieces"),
        words,
        gap <= 0,
        shortfall=max(0.0, gap / line.quantity),
    )


def _capacity(line: Any, capability: Any) -> Rule:
    name, asked = _("Free monthly capacity"), f"≥ {_counted(line.monthly_rate, 'monthly')}"
    if capability.told is None:
        return Rule("capacity", name, asked, "—", "", True)
    free = capability.told.free_per_month
    gap = rounded(line.monthly_rate - free)
    words = (
        _("%(count)s a month spare")
        if gap < 0
        else _("just met")
        if gap == 0
        else _("%(count)s a month short")
    )
    if gap:
        words = words % {"count": number_text(abs(gap))}
    return Rule(
        "capacity",
        name,
        asked,
        _counted(free, "monthly"),
        words,
        gap <= 0,
        shortfall=max(0.0, gap / line.monthly_rate),
    )


def _time(line: Any, demand: Any, capability: Any, as_of: date) -> Rule:
    need_by = line.need_by or demand.need_by
    ready = as_of + timedelta(days=capability.volume_lead_days)
    if capability.available_from is not None:
        ready = max(ready, capability.available_from)
    late = (ready - need_by).days
    words = (
        _("%(days)s late") % {"days": days_text(late)}
        if late > 0
        else _("%(days)s spare") % {"days": days_text(-late)}
    )
    span = max(1, (need_by - as_of).days)
    asked = _("by %(date)s") % {"date": date_text(need_by)}
    return Rule(
        "time", _("Delivery date"), asked, date_text(ready), words, late <= 0, shortfall=max(0.0, late / span)
    )


def _price(line: Any, capability: Any) -> list[Rule]:
    ceiling = line.asked_price.ceiling_unit_price if line.asked_price else None
    if ceiling is None or capability.told is None:
        return []
    asked = f"≤ {quantity_text(ceiling, 'CNY')}"
    price = capability.told.unit_price
    if price is None:
        return [Rule("price", _("Unit price"), asked, _("not given"), _("to be asked"), True)]
    gap = rounded(price - ceiling)
    words = _("%(amount)s above") if gap > 0 else _("%(amount)s below") if gap < 0 else _("just met")
    if gap:
        words = words % {"amount": quantity_text(abs(gap), "CNY")}
    return [
        Rule(
            "price",
            _("Unit price"),
            asked,
            quantity_text(price, "CNY"),
            words,
            gap <= 0,
            shortfall=max(0.0, gap / ceiling),
        )
    ]


@dataclass(frozen=True)
class Relaxed:
    """What relaxing one rule would bring, in firms."""

    name: str
    change: str
    nearest: str
    count: int
    code: str = ""


def relaxed(row: Any, line: Any, demand: Any, book: ParameterBook[Any]) -> Relaxed:
    name = rule_name(row.code, book, line.component_type_id)
    every, nearest = _threshold(row.code, row.all, line), _threshold(row.code, row.nearest, line)
    before = _present(row.code, line, demand)
    best = every or nearest
    change = f"{before} → {best}" if best else _without(row.code, line)
    count = row.capabilities if row.firms is None else row.firms
    return Relaxed(name, change, nearest if every and nearest != every else "", count, row.code)


def _hard(code: str, line: Any) -> Any:
    key = code.removeprefix("spec:")
    return next((r for r in line.asked if r.hard and r.key.key == key), None)


def _present(code: str, line: Any, demand: Any) -> str:
    if code.startswith("spec:"):
        requirement = _hard(code, line)
        return asked_text(requirement.key, requirement.op, requirement.value) if requirement else ""
    if code == "price":
        return number_text(line.asked_price.ceiling_unit_price) if line.asked_price else ""
    if code == "time":
        return date_text(line.need_by or demand.need_by)
    return (
        number_text({"moq": line.quantity, "capacity": line.monthly_rate}[code])
        if code != "certification"
        else ""
    )


def _threshold(code: str, value: Any, line: Any) -> str:
    """The new threshold in words; "" where no threshold admits anybody."""
    if value is None:
        return ""
    if code.startswith("spec:"):
        return _spec_threshold(code, value, line)
    if code == "time":
        return date_text(
            date.fromordinal(int(value)) if isinstance(value, int | float) else date.fromisoformat(value)
        )
    if code == "price":
        return joined(number_text(rounded(value)), quantity_text(0, "CNY").removeprefix("0").strip())
    return (
        _("%(count)s a month") % {"count": number_text(rounded(value))}
        if code == "capacity"
        else number_text(value)
    )


def _spec_threshold(code: str, value: Any, line: Any) -> str:
    requirement = _hard(code, line)
    if requirement is None:
        return ""
    key = requirement.key
    if key.kind == "choice":
        if isinstance(value, int | float):
            value = key.choices[int(value)]
        return asked_text(key, requirement.op, value)
    value = [rounded(part) for part in value] if isinstance(value, list) else rounded(value)
    text = asked_text(key, requirement.op, value)
    return text.removeprefix("≥ ").removeprefix("≤ ") if requirement.op in (">=", "<=") else text


def _without(code: str, line: Any) -> str:
    if code == "certification":
        return _("without %(names)s") % {"names": certificate_names(line.asked_certificates)}
    return _("without this requirement")


def certificate_names(rows: Iterable[Any]) -> str:
    return list_text(row.code for row in rows)

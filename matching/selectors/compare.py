"""Two to four capabilities for one line side by side: every term, every requirement, every figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from alliance.templatetags._numbers import days_text, list_text, minutes_text, number_text, quantity_text
from matching.selectors.offers import Explained, LineReader
from matching.selectors.rules import Rule
from matching.selectors.terms import LINE_TERMS, head_slots, trust_words

LEAST, MOST = 2, 4


@dataclass(frozen=True)
class Cell:
    """`best`: nobody beside it is better; said by icon and word, only where they differ."""

    words: str
    tone: str = ""
    note: str = ""
    best: bool = False
    standing: Any = None


@dataclass(frozen=True)
class CompareRow:
    label: str
    cells: list[Cell]
    asked: str = ""
    hard: bool | None = None
    weight: float | None = None

    @property
    def differs(self) -> bool:
        return len({(cell.words, cell.tone) for cell in self.cells}) > 1


@dataclass(frozen=True)
class Comparison:
    columns: list[Explained]
    figures: list[CompareRow]
    terms: list[CompareRow]
    rules: list[CompareRow]
    head: list[Any]

    @property
    def differences(self) -> int:
        return sum(row.differs for row in [*self.figures, *self.terms, *self.rules])


def comparison(reader: LineReader, capabilities: Sequence[int]) -> Comparison | None:
    """None where one of them is neither a match nor a near miss of the line."""
    columns = [found for key in capabilities if (found := reader.explain(key)) is not None]
    if len(columns) != len(capabilities):
        return None
    return Comparison(
        columns,
        _figures(reader, columns),
        [*_terms(reader, columns)] if any(column.ranked for column in columns) else [],
        _rules(columns),
        head_slots(LINE_TERMS, reader.weights.line),
    )


def _marked(
    label: str, words: Sequence[str], values: Sequence[float | None], best: Callable[..., float]
) -> CompareRow:
    """The best of the values that there are, if they are not all the same."""
    known = [value for value in values if value is not None]
    top = best(known) if len(set(known)) > 1 else None
    cells = [
        Cell(said, best=top is not None and value == top) for said, value in zip(words, values, strict=True)
    ]
    return CompareRow(label, cells)


def _figures(reader: LineReader, columns: Sequence[Explained]) -> list[CompareRow]:
    offers = [column.capability for column in columns]
    lab = reader.demand.lab_city_id
    minutes = [reader.roads.minutes(lab, offer.facility.city_id) for offer in offers]
    prices = [offer.told.unit_price if offer.told else None for offer in offers]
    free = [offer.told.free_per_month if offer.told else None for offer in offers]
    scores = [column.ranked.match.score if column.ranked else None for column in columns]
    price_words = [_("not given") if p is None else quantity_text(p, "CNY") for p in prices]
    score_words = [_("one requirement short") if s is None else number_text(s, 3) for s in scores]
    leads = [float(offer.volume_lead_days) for offer in offers]
    samples = [float(offer.prototype_lead_days) for offer in offers]
    least = [float(offer.min_order_quantity) for offer in offers]
    rows = [
        _marked(_("Score"), score_words, scores, max),
        _marked(_("Unit price"), price_words, prices, min),
        _marked(_("Lead time, volume"), [days_text(day) for day in leads], leads, min),
        _marked(_("Lead time, prototype"), [days_text(day) for day in samples], samples, min),
        _marked(_("Free a month"), [number_text(value) for value in free], free, max),
        _marked(_("Minimum order"), [number_text(value) for value in least], least, min),
        _marked(_("Way to the lab"), [minutes_text(value) for value in minutes], minutes, min),
    ]
    held = [
        list_text(sorted({c.code for c in [*o.own_certificates, *o.facility.plant_certificates,
                                           *o.organisation.firm_certificates]})) or _("none")
        for o in offers
    ]  # fmt: skip
    rows.append(CompareRow(_("Certificates"), [Cell(words) for words in held]))
    trust = [Cell(trust_words(o.organisation), "ok" if o.organisation.verified else "mute") for o in offers]
    return [*rows, CompareRow(_("Verification and deliveries"), trust)]


def _terms(reader: LineReader, columns: Sequence[Explained]) -> list[CompareRow]:
    rows = []
    for index, label in enumerate(label for label, _short in LINE_TERMS.values()):
        slots = [column.ranked.slots[index] if column.ranked else None for column in columns]
        values = [slot.points if slot else None for slot in slots]
        known = {round(value, 9) for value in values if value is not None}
        top = max(known) if len(known) > 1 else None
        cells = [
            Cell(
                number_text(slot.points, 1) if slot else "—",
                note=slot.basis if slot else "",
                best=slot is not None and top is not None and round(slot.points, 9) == top,
            )
            for slot in slots
        ]
        weight = next((slot.weight for slot in slots if slot), None)
        rows.append(CompareRow(str(label), cells, weight=weight))
    return rows


def _rules(columns: Sequence[Explained]) -> list[CompareRow]:
    """Every requirement once, in the order of the first column; the same rules apply to all of them."""
    order: dict[tuple[str, str, bool], Rule] = {}
    for column in columns:
        for rule in column.rules:
            order.setdefault((rule.code, rule.name, rule.hard), rule)
    rows = []
    for key, first in order.items():
        found = [
            next((rule for rule in column.rules if (rule.code, rule.name, rule.hard) == key), None)
            for column in columns
        ]
        cells = [
            Cell(rule.offered, rule.tone if rule.words else "", rule.words, standing=rule.standing)
            if rule
            else Cell("—")
            for rule in found
        ]
        weight = None if first.hard else first.weight
        rows.append(CompareRow(first.name, cells, asked=first.asked, hard=first.hard, weight=weight))
    return rows

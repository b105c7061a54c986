"""Capabilities: what each firm makes, with values that differ from firm to firm."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from sample_source import dice
from sample_source.catalog import OFFERS, PUBLISHED_KEY
from sample_source.firms import FIRMS, TRADES, Firm
from sample_source.kinds import BySize, Choices, Offer, OneOf, Span, Uniform, Value
from sample_source.reference import Reference, Row, Rows, all_params
from sample_source.showcase import PINS, Pin

# How rough a place a firm builds for: protection classes and operating temperatures.
GRADES: dict[str, tuple[tuple[str, ...], tuple[tuple[int, int], ...]]] = {
    "rugged": (("IP65", "IP66", "IP67"), ((-40, 70), (-30, 60), (-20, 60))),
    "normal": (("IP54", "IP54", "IP64"), ((-20, 55), (-20, 50), (-10, 50), (-10, 60))),
    "office": (("IP20", "IP40"), ((0, 40), (0, 45), (0, 50))),
}
# Software has neither.
NO_HARDWARE = ("CTL-AIM",)
EXPIRIES = ("2027-03-31", "2027-09-30", "2028-03-14", "2028-12-31", "2029-06-30")


def flag(value: bool) -> str:
    return "true" if value else "false"


def certificate(code: str, *name: object) -> str:
    """A certificate, two times in three with its expiry date."""
    expiry = dice.pick((*EXPIRIES, "", ""), "expiry", code, *name)
    return f"{code}@{expiry}" if expiry else code


def geometric(small: float, large: float, size: float) -> float:
    return small * math.pow(large / small, size)


def grade_of(firm: Firm, offer: Offer) -> str:
    throw = dice.unit("grade", firm.id) + (0 if offer.indoor else 0.3)
    return "office" if throw < 0.2 else "normal" if throw < 0.6 else "rugged"


class Maker:
    """Makes the specs of one product; every throw is named by firm, type and size."""

    def __init__(self, reference: Reference, firm: Firm, code: str, index: int) -> None:
        self.offer = OFFERS[code]
        self.params = all_params(reference.types, code)
        self.name = (firm.id, code, index)
        self.index = index
        products = reference.products.get(code, [])
        steps = len(products) or len(self.offer.sizes)
        self.size = index / (steps - 1) if steps > 1 else 0.5
        self.product = products[index] if products else {}
        self.label = f"{self.product[PUBLISHED_KEY[code]][1]:g}" if products else self.offer.sizes[index]
        self.grade = grade_of(firm, self.offer)
        self.code = code

    def specs(self) -> dict[str, Any]:
        specs: dict[str, Any] = {}
        for position, (key, value) in enumerate(self.offer.specs.items()):
            if position > 1 and dice.unit("stated", key, *self.name) < 0.06:
                continue  # makers leave out what they have not measured
            specs[key] = self._value(key, value)
        protections, temperatures = GRADES[self.grade]
        if "operating_temp" in self.params and self.code not in NO_HARDWARE and self._states("temp"):
            specs["operating_temp"] = list(dice.pick(temperatures, "temp", *self.name))
        if "ip_rating" in self.params and self.code not in NO_HARDWARE and self._states("ip"):
            specs["ip_rating"] = (
                ["IP68"] if self.code == "ROB-UWR" else [dice.pick(protections, "ip", *self.name)]
            )
        return specs

    def _states(self, what: str) -> bool:
        return dice.unit("stated", what, *self.name) > 0.03

    def _value(self, key: str, value: Value) -> Any:
        published = self.product.get(key)
        if isinstance(value, BySize):
            return self._number(key, value.options[self.index], exact=True)
        if isinstance(value, Choices):
            return list(dice.pick(value.options, key, *self.name))
        if isinstance(value, Span):
            ends = published or (
                geometric(value.low_small, value.low_large, self.size)
                if value.low_small > 0
                else value.low_small + (value.low_large - value.low_small) * self.size,
                geometric(value.high_small, value.high_large, self.size),
            )
            return [self._number(key, end) for end in ends]
        if isinstance(value, OneOf):
            return self._one_of(key, value, published)
        if isinstance(value, Uniform):
            steps = round((value.high - value.low) / value.step) + 1
            raw = value.low + value.step * int(dice.unit(key, *self.name) * steps)
            return self._number(key, raw, exact=True)
        factor = dice.between(1 - value.spread, 1 + value.spread, key, *self.name)
        raw = published[1] if published else geometric(value.small, value.large, self.size)
        number = self._number(key, raw * factor)
        if key == "mass" and number < 1 and dice.unit("grams", *self.name) < 0.3:
            return f"{round(number * 1000, 4):g} g"
        return number

    def _one_of(self, key: str, value: OneOf, published: tuple[float, float] | None) -> Any:
        if published:
            return self._number(key, published[1], exact=True)
        options = value.options
        if key == "ratio" and dice.unit("any ratio", *self.name) < 0.25:
            return [min(options), max(options)]  # made to order within the range
        return dice.pick(options, key, *self.name)

    def _number(self, key: str, value: float, exact: bool = False) -> float:
        """Rounded, and inside the typical range of the tree."""
        param = self.params[key]
        rounded = round(value, 6) if exact else dice.nice(value)
        rounded = max(rounded, param.get("typical_min", rounded))
        rounded = min(rounded, param.get("typical_max", rounded))
        return int(rounded) if float(rounded).is_integer() else rounded


def variants(reference: Reference, firm: Firm, code: str) -> list[int]:
    """Which sizes of the type the firm makes: more when it makes few types."""
    steps = len(reference.products.get(code, [])) or len(OFFERS[code].sizes)
    few = {1: 3, 2: 3, 3: 2}.get(len(TRADES[firm.trade]), 1)
    count = min(steps, few + (dice.unit("variants", firm.id, code) < 0.5))
    return dice.sample(list(range(steps)), count, "sizes", firm.id, code)


def made_capability(reference: Reference, firm: Firm, code: str, index: int) -> Row:
    maker = Maker(reference, firm, code, index)
    offer, name = maker.offer, maker.name
    level = dice.between(0.88, 1.12, "price level", firm.id)
    price = dice.nice(geometric(*offer.price, maker.size) * level * dice.between(0.92, 1.08, "price", *name))
    capacity = geometric(offer.capacity[1], offer.capacity[0], maker.size) * dice.between(
        0.7, 1.3, "cap", *name
    )
    capacity = max(1, int(dice.nice(capacity)))
    committed = int(capacity * dice.between(0, 0.5, "committed", *name))
    certificates = [
        certificate(item, *name)
        for item in offer.certificates
        if item != "ISO9001" and dice.unit("cert", item, *name) < 0.55
    ]
    age = dice.unit("validity", *name)
    late_start = dice.unit("from", *name) < 0.05
    until = dice.pick(("2027-12-31", "2028-06-30"), "until", *name) if age < 0.14 else ""
    if age < 0.015:
        until = "2026-10-31"
    brand = "".join(word[0] for word in firm.name_en.split(") ")[1].split() if word[0].isupper())[:2]
    return {
        "facility": f"{firm.id}-f1",
        "component_type": code,
        "title": f"{brand}-{maker.label} {reference.types[code]['name_zh']}",
        "specs": maker.specs(),
        "capacity_per_month": capacity,
        "committed_per_month": committed,
        "min_order_quantity": dice.pick(offer.moq, "moq", *name),
        "prototype_lead_days": int(dice.between(*offer.prototype, "prototype", *name)),
        "volume_lead_days": int(dice.between(*offer.volume, "volume", *name)),
        "unit_price": "" if dice.unit("quoted", *name) < 0.07 else f"{price:g}",
        "certifications": ";".join(certificates),
        "available_from": dice.pick(("2027-01-15", "2027-03-01", "2027-05-01"), "start", *name)
        if late_start
        else "",
        "valid_until": until,
        "published": flag(dice.unit("draft", *name) > 0.02),
    }


def pinned_capability(pin: Pin) -> Row:
    return {
        "facility": f"{pin.firm}-f1",
        "component_type": pin.type,
        "title": pin.title,
        "specs": pin.specs,
        "capacity_per_month": pin.capacity,
        "committed_per_month": pin.committed,
        "min_order_quantity": pin.moq,
        "prototype_lead_days": pin.prototype,
        "volume_lead_days": pin.volume,
        "unit_price": "" if pin.price is None else pin.price,
        "certifications": pin.certificates,
        "available_from": "",
        "valid_until": pin.valid_until,
        "published": "true",
    }


def capability_rows(reference: Reference, facilities: Rows) -> Rows:
    plants = defaultdict(list)
    for row in facilities:
        plants[row["organisation"]].append(row["external_id"])
    pinned = {(pin.firm, pin.type) for pin in PINS}
    rows = []
    for firm in FIRMS:
        made = [pinned_capability(pin) for pin in PINS if pin.firm == firm.id]
        for code in TRADES.get(firm.trade, ()):
            if (firm.id, code) not in pinned:
                made += [made_capability(reference, firm, code, i) for i in variants(reference, firm, code)]
        for number, row in enumerate(made, start=1):
            row = {"external_id": f"{firm.id}-c{number:02d}", **row}
            row["facility"] = dice.pick(plants[firm.id], "made at", firm.id, row["component_type"])
            rows.append(row)
    return rows

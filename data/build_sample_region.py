#!/usr/bin/env python3
"""Builds `data/sample-region/` from `data/reference/` and the hand-written lists in `data/sample_source/`.

    python data/build_sample_region.py [FOLDER]

The same sources give the same bytes. Everything here is fictitious: the firms carry 示例 in their names and
constructed credit codes.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sample_source import dice
from sample_source.catalog import OFFERS, PUBLISHED_KEY, Choices, Offer, OneOf, Scaled, Span, Uniform, Value
from sample_source.demands import DEMANDS, Demand, Line
from sample_source.firms import CITIES, FIRMS, TRADES, Firm
from sample_source.profiles import PROFILES
from sample_source.showcase import PINS, Pin
from sample_source.sites import SITES
from stdnum.cn import uscc

DATA = Path(__file__).resolve().parent
REFERENCE = DATA / "reference"

Row = dict[str, Any]
Rows = list[Row]

# How rough a place a firm builds for: protection classes and operating temperatures.
GRADES: dict[str, tuple[tuple[str, ...], tuple[tuple[int, int], ...]]] = {
    "rugged": (("IP65", "IP66", "IP67"), ((-40, 70), (-30, 60), (-20, 60))),
    "normal": (("IP54", "IP54", "IP64"), ((-20, 55), (-20, 50), (-10, 50), (-10, 60))),
    "office": (("IP20", "IP40"), ((0, 40), (0, 45), (0, 50))),
}
NO_HARDWARE = ("CTL-AIM",)
ROLES = {"integration": "integrator", "testing": "service", "park": "service", "prototypes": "rnd;service",
         "assembly": "manufacturer;integrator", "operator": "operator", "lab": "rnd"}
EXCLUDED = {"cd-002": "cd-034", "cd-013": "cd-034;zy-015", "bda-001": "bda-024", "tz-001": "xh-002"}
EXPIRIES = ("2027-03-31", "2027-09-30", "2028-03-14", "2028-12-31", "2029-06-30")
SOURCE = "虚构示例 / fictitious sample"


# --- reference data ---------------------------------------------------------------------------------------


def read_csv(name: str) -> Rows:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_tree(name: str) -> dict[str, dict[str, Any]]:
    types = json.loads((REFERENCE / name).read_text(encoding="utf-8"))["types"]
    return {item["code"]: item for item in types}


def all_params(tree: dict[str, dict[str, Any]], code: str | None) -> dict[str, dict[str, Any]]:
    """The parameters of a type, its parents' first; its own hide one with the same key."""
    params: dict[str, dict[str, Any]] = {}
    while code:
        params = {param["key"]: param for param in tree[code]["params"]} | params
        code = tree[code]["parent"]
    return params


class Reference:
    def __init__(self) -> None:
        self.cities = {row["code"]: row for row in read_csv("cities.csv")}
        self.types = read_tree("component_types.json")
        self.scenarios = read_tree("scenario_types.json")
        self.products = self._products()

    def _products(self) -> dict[str, list[dict[str, tuple[float, float]]]]:
        """Published products by type, smallest first: parameter to lowest and highest value."""
        found: dict[str, dict[str, dict[str, tuple[float, float]]]] = defaultdict(lambda: defaultdict(dict))
        for row in read_csv("sources/published_specs.csv"):
            name = f"{row['maker']} {row['model']}"
            ends = (float(row["value_min"]), float(row["value_max"]))
            found[row["component_type"]][name][row["parameter"]] = ends
        ordered = {}
        for code, key in PUBLISHED_KEY.items():
            products = [product for product in found[code].values() if key in product]
            ordered[code] = sorted(products, key=lambda product: product[key][1])
        return ordered


# --- firms and their places -------------------------------------------------------------------------------


def credit_code(region: str, number: int) -> str:
    """A constructed Unified Social Credit Code: right check digits, a subject id that says DEM."""
    subject = f"MA{number // 100}DEM{number % 100:02d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(char, 36) * weight for char, weight in zip(subject, weights, strict=True)) % 11
    inner = {10: "X", 11: "0"}.get(rest, str(rest))
    body = f"91{region}{subject}{inner}"
    return body + uscc.calc_check_digit(body)


def certificate(code: str, *name: object) -> str:
    """A certificate, two times in three with its expiry date."""
    expiry = dice.pick(EXPIRIES + ("", ""), "expiry", code, *name)
    return f"{code}@{expiry}" if expiry else code


def firm_certificates(firm: Firm) -> str:
    codes = [flag[2:] for flag in firm.flags if flag.startswith("c:")]
    if firm.trade not in ("lab", "operator", "park") and dice.unit("iso9001", firm.id) < 0.93:
        codes.append("ISO9001")
    for code, share in (("ISO14001", 0.3), ("ISO45001", 0.2), ("IATF16949", 0.1)):
        if dice.unit(code, firm.id) < share and code not in codes:
            codes.append(code)
    return ";".join(certificate(code, firm.id) for code in codes)


def organisation_rows() -> Rows:
    rows = []
    for number, firm in enumerate(FIRMS, start=100):
        completed = int(dice.between(0, 38, "completed", firm.id))
        late = int(completed * dice.unit("late", firm.id) ** 2 * 0.3)
        verified = "new" not in firm.flags and dice.unit("verified", firm.id) > 0.05
        region = firm.city if firm.city.isdigit() else "110115"
        rows.append({
            "external_id": firm.id, "kind": "firm", "uscc": credit_code(region, number),
            "name_en": firm.name_en, "name_zh": firm.name_zh, "city": firm.city,
            "roles": ROLES.get(firm.trade, "manufacturer"), "verified": flag(verified), "claimed": "true",
            "suspended": flag("off" in firm.flags), "fictitious": "true", "source": SOURCE,
            "certifications": firm_certificates(firm), "deliveries_completed": completed,
            "deliveries_on_time": completed - late, "excluded": EXCLUDED.get(firm.id, ""),
        })
    return rows


def flag(value: bool) -> str:
    return "true" if value else "false"


def near(city: Row, *name: object) -> tuple[str, str]:
    """A point within about five kilometres of the city's."""
    latitude = float(city["latitude"]) + dice.between(-0.045, 0.045, "lat", *name)
    longitude = float(city["longitude"]) + dice.between(-0.05, 0.05, "lon", *name)
    return f"{latitude:.4f}", f"{longitude:.4f}"


def facility_rows(reference: Reference) -> Rows:
    rows = []
    for firm in FIRMS:
        short = firm.name_zh.split("示例", 1)[1].removesuffix("有限公司").removesuffix("股份")
        labels = ["实验楼"] if firm.trade == "lab" else ["运营部"] if firm.trade == "operator" else ["一厂"]
        if firm.trade in TRADES and dice.unit("second plant", firm.id) < 0.3:
            labels.append("二厂")
        for index, label in enumerate(labels):
            code = firm.city
            if index:  # the second plant stands in another district that the sample knows of
                others = sorted({other.city for other in FIRMS if other.prefix == firm.prefix} - {firm.city})
                code = dice.pick(others, "plant", firm.id) if others else firm.city
            latitude, longitude = near(reference.cities[code], firm.id, index)
            extra = "ISO45001" if dice.unit("plant certificate", firm.id, index) < 0.15 else ""
            rows.append({
                "external_id": f"{firm.id}-f{index + 1}", "organisation": firm.id, "name": f"{short}{label}",
                "city": code, "latitude": latitude, "longitude": longitude,
                "certifications": certificate(extra, firm.id, index) if extra else "",
            })
    return rows


# --- capabilities -----------------------------------------------------------------------------------------


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
            specs["ip_rating"] = ["IP68"] if self.code == "ROB-UWR" else [dice.pick(protections, "ip", *self.name)]
        return specs

    def _states(self, what: str) -> bool:
        return dice.unit("stated", what, *self.name) > 0.03

    def _value(self, key: str, value: Value) -> Any:
        published = self.product.get(key)
        if isinstance(value, Choices):
            return list(dice.pick(value.options, key, *self.name))
        if isinstance(value, Span):
            ends = published or (
                geometric(value.low_small, value.low_large, self.size) if value.low_small > 0
                else value.low_small + (value.low_large - value.low_small) * self.size,
                geometric(value.high_small, value.high_large, self.size),
            )
            return [self._number(key, end) for end in ends]
        if isinstance(value, OneOf):
            return self._one_of(key, value, published)
        if isinstance(value, Uniform):
            steps = int(round((value.high - value.low) / value.step)) + 1
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
    capacity = geometric(offer.capacity[1], offer.capacity[0], maker.size) * dice.between(0.7, 1.3, "cap", *name)
    capacity = max(1, int(dice.nice(capacity)))
    committed = int(capacity * dice.between(0, 0.5, "committed", *name))
    certificates = [
        certificate(item, *name)
        for item in offer.certificates
        if item != "ISO9001" and dice.unit("cert", item, *name) < 0.55
    ]
    age = dice.unit("validity", *name)
    late_start = dice.unit("from", *name) < 0.05
    until = "2026-10-31" if age < 0.015 else dice.pick(("2027-12-31", "2028-06-30"), "until", *name) if age < 0.14 else ""
    brand = "".join(word[0] for word in firm.name_en.split(") ")[1].split() if word[0].isupper())[:2]
    return {
        "facility": f"{firm.id}-f1", "component_type": code,
        "title": f"{brand}-{maker.label} {reference.types[code]['name_zh']}", "specs": maker.specs(),
        "capacity_per_month": capacity, "committed_per_month": committed,
        "min_order_quantity": dice.pick(offer.moq, "moq", *name),
        "prototype_lead_days": int(dice.between(*offer.prototype, "prototype", *name)),
        "volume_lead_days": int(dice.between(*offer.volume, "volume", *name)),
        "unit_price": "" if dice.unit("quoted", *name) < 0.07 else f"{price:g}",
        "certifications": ";".join(certificates),
        "available_from": dice.pick(("2027-01-15", "2027-03-01", "2027-05-01"), "start", *name) if late_start else "",
        "valid_until": until, "published": flag(dice.unit("draft", *name) > 0.02),
    }


def pinned_capability(pin: Pin) -> Row:
    return {
        "facility": f"{pin.firm}-f1", "component_type": pin.type, "title": pin.title, "specs": pin.specs,
        "capacity_per_month": pin.capacity, "committed_per_month": pin.committed, "min_order_quantity": pin.moq,
        "prototype_lead_days": pin.prototype, "volume_lead_days": pin.volume,
        "unit_price": "" if pin.price is None else pin.price, "certifications": pin.certificates,
        "available_from": "", "valid_until": pin.valid_until, "published": "true",
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


# --- demands and sites ------------------------------------------------------------------------------------

REQUIREMENT = re.compile(
    r"(?P<soft>~?)(?P<key>\w+) (?P<op>>=|<=|=|between|covers|one_of|is) (?P<value>.+?)"
    r"(?: w(?P<weight>[1-5]))?(?: t(?P<tolerance>[\d.]+))?"
)


def number_or_text(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value


def requirement_value(op: str, text: str) -> Any:
    if op in ("between", "covers"):
        return [number_or_text(part) for part in text.split(",")]
    if op == "one_of":
        return text.split("|")
    if op == "is":
        return text == "true"
    return number_or_text(text)


def requirement(text: str) -> Row:
    match = REQUIREMENT.fullmatch(text)
    if not match:
        raise ValueError(f"not a requirement: {text!r}")
    parts = match.groupdict()
    found: Row = {
        "key": parts["key"], "op": parts["op"], "value": requirement_value(parts["op"], parts["value"]),
        "hard": not parts["soft"],
    }
    if parts["soft"]:
        found |= {"weight": int(parts["weight"] or 1), "tolerance": float(parts["tolerance"] or 0.2)}
    return found


def requirements(*texts: str) -> Rows:
    """Later ones replace earlier ones of the same key and hardness."""
    found = {}
    for text in texts:
        for part in filter(None, (part.strip() for part in text.split(";"))):
            item = requirement(part)
            found[item["key"], item["hard"]] = item
    return list(found.values())


def conditions(text: str) -> Rows:
    """Conditions are always hard and carry no weight."""
    return [{key: item[key] for key in ("key", "op", "value")} for item in requirements(text)]


def demand_rows() -> Rows:
    labs = {firm.id: firm for firm in FIRMS}
    return [
        {
            "external_id": demand_id(demand), "organisation": demand.lab, "alliance": demand.alliance,
            "title": demand.title, "lab_city": labs[demand.lab].city, "scope": demand.scope,
            "confidentiality": demand.confidentiality, "start_date": demand.start, "need_by": demand.need_by,
            "iterations": demand.iterations or "", "deployment_city": demand.deployment,
            "scenario_type": demand.scenario, "fleet_size": demand.fleet or "", "trial_days": demand.trial or "",
            "site_requirements": requirements(demand.site) if demand.scenario else "",
            "open_points": demand.points, "published": flag(demand.published),
        }
        for demand in DEMANDS
    ]


def demand_id(demand: Demand) -> str:
    return f"D-2026-{demand.number:03d}"


def line_row(demand: Demand, number: int, line: Line) -> Row:
    code, target, ceiling, texts = PROFILES[line.profile]
    if line.price:
        target, ceiling = line.price
    return {
        "external_id": f"{demand_id(demand)}-{number:02d}", "demand": demand_id(demand), "component_type": code,
        "quantity": line.quantity, "monthly_rate": line.rate, "need_by": line.need_by,
        "target_unit_price": "" if target is None else f"{target:g}",
        "ceiling_unit_price": "" if ceiling is None else f"{ceiling:g}",
        "certifications": line.certificates,
        "requirements": requirements(texts, line.extra), "open_points": line.points,
    }


def line_rows() -> Rows:
    return [line_row(demand, number, line) for demand in DEMANDS for number, line in enumerate(demand.lines, 1)]


def site_param(param: Row, text: str) -> Any:
    if param["kind"] == "bool":
        return text == "true"
    if param["kind"] == "choice":
        return text.split("|")
    if param["kind"] == "range":
        return [number_or_text(part) for part in text.split("..")]
    return number_or_text(text)


def site_rows(reference: Reference) -> Rows:
    operators = {firm.id: firm for firm in FIRMS}
    rows = []
    for site in SITES:
        params = all_params(reference.scenarios, site.scenario)
        given = dict(part.strip().split("=") for part in site.params.split(";") if part.strip())
        city = operators[site.operator].city
        latitude, longitude = near(reference.cities[city], site.id)
        rows.append({
            "external_id": site.id, "organisation": site.operator, "name": site.name, "city": city,
            "latitude": latitude, "longitude": longitude, "scenario_type": site.scenario,
            "params": {key: site_param(params[key], text) for key, text in given.items()},
            "part_conditions": conditions(site.conditions), "fleet_capacity": site.fleet,
            "published": flag(site.published),
        })
    return rows


def window_rows() -> Rows:
    rows = []
    for site in SITES:
        for window in site.windows.split():
            starts, ends = window.split("/")
            rows.append({"site": site.id, "starts": starts, "ends": ends})
    return rows


# --- writing ----------------------------------------------------------------------------------------------


def cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)


def build(folder: Path) -> None:
    reference = Reference()
    folder.mkdir(parents=True, exist_ok=True)
    facilities = facility_rows(reference)
    write_csv(folder / "organisations.csv", organisation_rows())
    write_csv(folder / "facilities.csv", facilities)
    write_csv(folder / "capabilities.csv", capability_rows(reference, facilities))
    write_csv(folder / "demands.csv", demand_rows())
    write_csv(folder / "demand_lines.csv", line_rows())
    write_csv(folder / "sites.csv", site_rows(reference))
    write_csv(folder / "site_windows.csv", window_rows())


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / "sample-region")

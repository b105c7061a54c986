#!/usr/bin/env python3
"""Builds `data/sample-region/` from `data/reference/` and the hand-written lists in `data/sample_source/`.

    python data/build_sample_region.py [FOLDER]

The same sources give the same bytes. Everything here is fictitious: the firms carry 示例 in their names and
constructed credit codes.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sample_source import dice
from sample_source.demands import DEMANDS, Demand, Line
from sample_source.firms import CITIES, FIRMS, TRADES, Firm
from sample_source.making import capability_rows, certificate, flag
from sample_source.profiles import PROFILES
from sample_source.reference import Reference, Row, Rows, all_params
from sample_source.sites import SITES
from stdnum.cn import uscc

DATA = Path(__file__).resolve().parent


ROLES = {
    "integration": "integrator",
    "testing": "service",
    "park": "service",
    "prototypes": "rnd;service",
    "assembly": "manufacturer;integrator",
    "operator": "operator",
    "lab": "rnd",
}
EXCLUDED = {"cd-002": "cd-034", "cd-013": "cd-034;zy-015", "bda-001": "bda-024", "tz-001": "xh-002"}
SOURCE = "虚构示例 / fictitious sample"


# --- firms and their places -------------------------------------------------------------------------------


def credit_code(firm: Firm) -> str:
    """A constructed Unified Social Credit Code: right check digits, a subject id that says DEM."""
    group = "123456789ABCDEFGHJKLMN"[list(CITIES).index(firm.prefix)]
    subject = f"MA{group}DEM{firm.id[-2:]}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(char, 36) * weight for char, weight in zip(subject, weights, strict=True)) % 11
    inner = {10: "X", 11: "0"}.get(rest, str(rest))
    region = firm.city if firm.city.isdigit() else "110115"  # E-Town lies in Daxing
    body = f"91{region}{subject}{inner}"
    return body + uscc.calc_check_digit(body)


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
    for firm in FIRMS:
        completed = int(dice.between(0, 38, "completed", firm.id))
        late = int(completed * dice.unit("late", firm.id) ** 2 * 0.3)
        verified = "new" not in firm.flags and dice.unit("verified", firm.id) > 0.05
        rows.append(
            {
                "external_id": firm.id,
                "kind": "firm",
                "uscc": credit_code(firm),
                "name_en": firm.name_en,
                "name_zh": firm.name_zh,
                "city": firm.city,
                "roles": ROLES.get(firm.trade, "manufacturer"),
                "verified": flag(verified),
                "claimed": "true",
                "suspended": flag("off" in firm.flags),
                "fictitious": "true",
                "source": SOURCE,
                "certifications": firm_certificates(firm),
                "deliveries_completed": completed,
                "deliveries_on_time": completed - late,
                "excluded": EXCLUDED.get(firm.id, ""),
            }
        )
    return rows


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
            rows.append(
                {
                    "external_id": f"{firm.id}-f{index + 1}",
                    "organisation": firm.id,
                    "name": f"{short}{label}",
                    "city": code,
                    "latitude": latitude,
                    "longitude": longitude,
                    "certifications": certificate(extra, firm.id, index) if extra else "",
                }
            )
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
        "key": parts["key"],
        "op": parts["op"],
        "value": requirement_value(parts["op"], parts["value"]),
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
            "external_id": demand_id(demand),
            "organisation": demand.lab,
            "alliance": demand.alliance,
            "title": demand.title,
            "lab_city": labs[demand.lab].city,
            "scope": demand.scope,
            "confidentiality": demand.confidentiality,
            "start_date": demand.start,
            "need_by": demand.need_by,
            "iterations": demand.iterations or "",
            "deployment_city": demand.deployment,
            "scenario_type": demand.scenario,
            "fleet_size": demand.fleet or "",
            "trial_days": demand.trial or "",
            "site_requirements": requirements(demand.site) if demand.scenario else "",
            "open_points": demand.points,
            "published": flag(demand.published),
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
        "external_id": f"{demand_id(demand)}-{number:02d}",
        "demand": demand_id(demand),
        "component_type": code,
        "quantity": line.quantity,
        "monthly_rate": line.rate,
        "need_by": line.need_by,
        "target_unit_price": "" if target is None else f"{target:g}",
        "ceiling_unit_price": "" if ceiling is None else f"{ceiling:g}",
        "certifications": line.certificates,
        "requirements": requirements(texts, line.extra),
        "open_points": line.points,
    }


def line_rows() -> Rows:
    return [
        line_row(demand, number, line) for demand in DEMANDS for number, line in enumerate(demand.lines, 1)
    ]


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
        rows.append(
            {
                "external_id": site.id,
                "organisation": site.operator,
                "name": site.name,
                "city": city,
                "latitude": latitude,
                "longitude": longitude,
                "scenario_type": site.scenario,
                "params": {key: site_param(params[key], text) for key, text in given.items()},
                "part_conditions": conditions(site.conditions),
                "fleet_capacity": site.fleet,
                "published": flag(site.published),
            }
        )
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

"""Reads the committed bundles as the plain rows they are."""

import csv
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "data"
REFERENCE = DATA / "reference"
SAMPLE = DATA / "sample-region"

Row = dict[str, str]

# The columns of a region bundle. Any other is refused on import.
COLUMNS = {
    "cities.csv": "code parent name_en name_zh province_en province_zh latitude longitude",
    "certifications.csv": "code name_en name_zh synonyms",
    "alliances.csv": "slug name_en name_zh lead_city weights",
    "memberships.csv": "alliance city roles basis",
    "organisations.csv": "external_id kind uscc name_en name_zh city roles verified claimed suspended fictitious "
    "source certifications deliveries_completed deliveries_on_time excluded",
    "facilities.csv": "external_id organisation name city latitude longitude certifications",
    "capabilities.csv": "external_id facility component_type title specs capacity_per_month committed_per_month "
    "min_order_quantity prototype_lead_days volume_lead_days unit_price certifications available_from valid_until "
    "published",
    "demands.csv": "external_id organisation alliance title lab_city scope confidentiality start_date need_by "
    "iterations deployment_city scenario_type fleet_size trial_days site_requirements open_points published",
    "demand_lines.csv": "external_id demand component_type quantity monthly_rate need_by target_unit_price "
    "ceiling_unit_price certifications requirements open_points",
    "sites.csv": "external_id organisation name city latitude longitude scenario_type params part_conditions "
    "fleet_capacity published",
    "site_windows.csv": "site starts ends",
}


def rows(folder: Path, name: str) -> list[Row]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def tree(name: str) -> dict[str, dict[str, Any]]:
    types = json.loads((REFERENCE / name).read_text(encoding="utf-8"))["types"]
    return {item["code"]: item for item in types}


def params(types: dict[str, dict[str, Any]], code: str | None) -> dict[str, dict[str, Any]]:
    """A type's parameters and its parents'; its own hide theirs."""
    found: dict[str, dict[str, Any]] = {}
    while code:
        found = {param["key"]: param for param in types[code]["params"]} | found
        code = types[code]["parent"]
    return found

"""The reference data that the sample is built on."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from sample_source.catalog import PUBLISHED_KEY

REFERENCE = Path(__file__).resolve().parents[1] / "reference"

Row = dict[str, Any]
Rows = list[Row]


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

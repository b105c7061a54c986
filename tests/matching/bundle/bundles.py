"""A small region that is right in every cell, to be changed in one place by a test."""

import csv
import io
import json
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Cells = dict[str, Any]

CODES = ("91510108MA0DEM0135", "91510600MA0DEM0216", "91511402MA0DEM03XW", "91512002MA0DEM048L")

COMPONENTS: dict[str, Any] = {
    "meta": {"note": "a small tree"},
    "types": [
        {
            "code": "DRV",
            "parent": None,
            "name_en": "Reducers",
            "name_zh": "减速器",
            "synonyms_en": ["gears"],
            "synonyms_zh": [],
            "supplied_by": "components",
            "classification": {"hs2022": {"code": "8483", "verified": True}},
            "params": [
                {
                    "key": "operating_temp",
                    "name_en": "Operating temperature",
                    "name_zh": "工作温度",
                    "unit": "degC",
                    "symbol": "℃",
                    "kind": "range",
                    "better": "none",
                },
                {
                    "key": "ip_rating",
                    "name_en": "Ingress protection",
                    "name_zh": "防护等级",
                    "unit": "",
                    "kind": "choice",
                    "choices": ["IP20", "IP54", "IP65"],
                    "choices_zh": ["IP20", "IP54", "IP65"],
                    "ordered": True,
                },
            ],
        },
        {
            "code": "DRV-HRM",
            "parent": "DRV",
            "name_en": "Strain-wave reducer",
            "name_zh": "谐波减速器",
            "supplied_by": "components",
            "quantity_unit": "项",
            "params": [
                {
                    "key": "rated_torque",
                    "name_en": "Rated torque",
                    "unit": "N*m",
                    "symbol": "N·m",
                    "kind": "number",
                    "typical_min": 5.0,
                },
                {"key": "brake", "name_en": "Brake", "unit": "", "kind": "bool"},
            ],
        },
        {"code": "SVC", "parent": None, "name_en": "Services", "params": []},
    ],
}
SCENARIOS: dict[str, Any] = {
    "types": [
        {
            "code": "SITE",
            "parent": None,
            "name_en": "Scenario",
            "params": [
                {
                    "key": "floor_area",
                    "name_en": "Floor area",
                    "unit": "m**2",
                    "symbol": "m²",
                    "kind": "number",
                }
            ],
        },
        {"code": "MED", "parent": "SITE", "name_en": "Hospital", "source": "the plan", "params": []},
    ],
}
TABLES: dict[str, list[Cells]] = {
    "cities.csv": [
        {
            "code": "510100",
            "parent": "",
            "name_en": "Chengdu",
            "name_zh": "成都市",
            "latitude": 30.66,
            "longitude": 104.06,
        },
        {
            "code": "510104",
            "parent": "510100",
            "name_en": "Jinjiang",
            "name_zh": "",
            "latitude": 30.6,
            "longitude": 104,
        },
        {
            "code": "510600",
            "parent": "",
            "name_en": "Deyang",
            "name_zh": "德阳市",
            "latitude": 31.12,
            "longitude": 104.39,
        },
    ],
    "travel_times.csv": [
        {"origin": "510100", "destination": "510600", "minutes": 70, "km": 75.5, "source": "survey"}
    ],
    "certifications.csv": [
        {"code": "ISO9001", "name_en": "Quality", "name_zh": "质量", "synonyms": "ISO 9001;GB/T 19001"},
        {"code": "CR", "name_en": "", "name_zh": "", "synonyms": ""},
    ],
    "alliances.csv": [
        {
            "slug": "chengdu",
            "name_en": "Alliance",
            "name_zh": "联盟",
            "lead_city": "510100",
            "weights": json.dumps({"line": {"fit": 40}, "site": {}}),
        }
    ],
    "memberships.csv": [
        {"alliance": "chengdu", "city": "510100", "roles": "sites;rnd", "basis": "stated"},
        {"alliance": "chengdu", "city": "510600", "roles": "components;production", "basis": ""},
    ],
    "organisations.csv": [
        {
            "external_id": "lab",
            "kind": "firm",
            "uscc": CODES[0],
            "name_en": "Lab",
            "name_zh": "实验室",
            "city": "510104",
            "roles": "rnd",
            "verified": "true",
            "claimed": "true",
            "suspended": "false",
            "fictitious": "true",
            "source": "",
            "certifications": "",
            "deliveries_completed": 0,
            "deliveries_on_time": 0,
            "excluded": "rival",
        },
        {
            "external_id": "maker",
            "kind": "firm",
            "uscc": CODES[1],
            "name_en": "Maker",
            "name_zh": "制造厂",
            "city": "510600",
            "roles": "manufacturer;integrator",
            "verified": "true",
            "claimed": "true",
            "suspended": "false",
            "fictitious": "true",
            "source": "a list",
            "certifications": "ISO9001@2027-06-30;CR",
            "deliveries_completed": 10,
            "deliveries_on_time": 9,
            "excluded": "",
        },
        {
            "external_id": "rival",
            "kind": "firm",
            "uscc": "",
            "name_en": "Rival",
            "name_zh": "",
            "city": "510600",
            "roles": "",
            "verified": "false",
            "claimed": "false",
            "suspended": "false",
            "fictitious": "false",
            "source": "press",
            "certifications": "",
            "deliveries_completed": "",
            "deliveries_on_time": "",
            "excluded": "",
        },
        {
            "external_id": "bureau",
            "kind": "bureau",
            "uscc": "",
            "name_en": "",
            "name_zh": "成都市经济和信息化局",
            "city": "510100",
            "roles": "operator",
            "verified": "yes",
            "claimed": "",
            "suspended": "",
            "fictitious": "",
            "source": "",
            "certifications": "",
            "deliveries_completed": "",
            "deliveries_on_time": "",
            "excluded": "",
        },
    ],
    "facilities.csv": [
        {
            "external_id": "plant",
            "organisation": "maker",
            "name": "Plant 1",
            "city": "510600",
            "latitude": 31.1,
            "longitude": 104.4,
            "certifications": "CR",
        },
        {
            "external_id": "plant",
            "organisation": "lab",
            "name": "Workshop",
            "city": "510104",
            "latitude": "",
            "longitude": "",
            "certifications": "",
        },
    ],
    "capabilities.csv": [
        {
            "external_id": "cap-1",
            "facility": "maker/plant",
            "component_type": "DRV-HRM",
            "title": "Harmonic reducer, size 17",
            "specs": json.dumps(
                {"rated_torque": "12 kgf*cm", "operating_temp": ["-4 degF", 60], "ip_rating": ["IP54"]}
            ),
            "capacity_per_month": 900,
            "committed_per_month": 100,
            "min_order_quantity": 5,
            "prototype_lead_days": 10,
            "volume_lead_days": 30,
            "unit_price": "165.08",
            "certifications": "",
            "available_from": "2026-12-01",
            "valid_until": "",
            "published": "true",
        },
        {
            "external_id": "cap-2",
            "facility": "maker/plant",
            "component_type": "DRV-HRM",
            "title": "Harmonic reducer, size 20",
            "specs": json.dumps({"rated_torque": [20, 40], "brake": True}),
            "capacity_per_month": 50,
            "committed_per_month": "",
            "min_order_quantity": "",
            "prototype_lead_days": 0,
            "volume_lead_days": 20,
            "unit_price": "",
            "certifications": "CR@2026-12-31",
            "available_from": "",
            "valid_until": "2027-12-31",
            "published": "",
        },
    ],
    "sites.csv": [
        {
            "external_id": "ward",
            "organisation": "bureau",
            "name": "Ward 3",
            "city": "510100",
            "latitude": "",
            "longitude": "",
            "scenario_type": "MED",
            "params": json.dumps({"floor_area": 300}),
            "part_conditions": json.dumps([{"key": "ip_rating", "op": ">=", "value": "IP54"}]),
            "fleet_capacity": 5,
            "published": "true",
        }
    ],
    "site_windows.csv": [
        {"site": "ward", "starts": "2027-01-01", "ends": "2027-02-28"},
        {"site": "bureau/ward", "starts": "2027-04-01", "ends": "2027-04-30"},
    ],
    "demands.csv": [
        {
            "external_id": "quadruped",
            "organisation": "lab",
            "alliance": "chengdu",
            "title": "四足机器人",
            "lab_city": "510104",
            "scope": "open",
            "confidentiality": "introduction",
            "start_date": "2026-12-01",
            "need_by": "2027-06-30",
            "iterations": "",
            "deployment_city": "510600",
            "scenario_type": "MED",
            "fleet_size": 2,
            "trial_days": 14,
            "site_requirements": json.dumps(
                [{"key": "floor_area", "op": ">=", "value": 100, "hard": False, "weight": 2}]
            ),
            "open_points": "at least 5 shelf layers;quiet after 22:00",
            "published": "true",
        }
    ],
    "demand_lines.csv": [
        {
            "external_id": "hip",
            "demand": "quadruped",
            "component_type": "DRV",
            "quantity": 100,
            "monthly_rate": 50,
            "need_by": "2027-05-31",
            "target_unit_price": 150,
            "ceiling_unit_price": 200,
            "certifications": "ISO9001",
            "requirements": json.dumps(
                [
                    {"key": "operating_temp", "op": "covers", "value": [0, "40 degC"]},
                    {
                        "key": "ip_rating",
                        "op": "one_of",
                        "value": ["IP65", "IP54"],
                        "hard": False,
                        "tolerance": 0.5,
                    },
                ]
            ),
            "open_points": "blue",
        },
        {
            "external_id": "knee",
            "demand": "lab/quadruped",
            "component_type": "DRV-HRM",
            "quantity": 100,
            "monthly_rate": 50,
            "need_by": "",
            "target_unit_price": "",
            "ceiling_unit_price": "",
            "certifications": "",
            "requirements": "",
            "open_points": "",
        },
    ],
}


def csv_text(rows: list[Cells]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@dataclass
class Bundle:
    """The region, for a test to change. `raw` replaces the bytes of a file."""

    tables: dict[str, list[Cells]] = field(default_factory=lambda: deepcopy(TABLES))
    components: Any = field(default_factory=lambda: deepcopy(COMPONENTS))
    scenarios: Any = field(default_factory=lambda: deepcopy(SCENARIOS))
    raw: dict[str, bytes] = field(default_factory=dict)

    def rows(self, file: str) -> list[Cells]:
        return self.tables[file]

    def only(self, *files: str) -> "Bundle":
        """The bundle without its other files."""
        self.tables = {file: rows for file, rows in self.tables.items() if file in files}
        self.components = self.components if "component_types.json" in files else None
        self.scenarios = self.scenarios if "scenario_types.json" in files else None
        return self

    def keep_columns(self, file: str, *columns: str) -> "Bundle":
        self.tables[file] = [{name: row[name] for name in columns} for row in self.tables[file]]
        return self

    def files(self) -> dict[str, bytes]:
        found = {file: csv_text(rows).encode() for file, rows in self.tables.items() if rows}
        for file, tree in (
            ("component_types.json", self.components),
            ("scenario_types.json", self.scenarios),
        ):
            if tree is not None:
                found[file] = json.dumps(tree, ensure_ascii=False).encode()
        return found | self.raw

    def write(self, path: Path) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        for file, data in self.files().items():
            (path / file).write_bytes(data)
        return path

"""An export folder against the oracle's rows: every difference in words."""

import csv
from pathlib import Path
from typing import Any, Final

from tests.oracle.rows import COLUMNS, Rows

TOLERANCE: Final = 1.000001e-9  # 1e-9, and the last bit of a number that was rounded to 9 decimals
# What names a row. Files without a rank have no order of their own except `sites.csv`, which is by score.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "matches.csv": ("demand", "line", "rank"),
    "near_misses.csv": ("line", "rank"),
    "relaxations.csv": ("line", "code"),
    "sites.csv": ("demand", "site"),
    "pipelines.csv": ("demand", "rank"),
    "teams.csv": ("demand", "site", "line"),
}
ORDERED: Final = ("matches.csv", "near_misses.csv", "sites.csv", "pipelines.csv")


def _same(expected: Any, found: str) -> bool:
    if expected is None:
        return found == ""
    if isinstance(expected, bool):
        return found == ("true" if expected else "false")
    if isinstance(expected, str):
        return found == expected
    try:
        value = float(found)
    except ValueError:
        return False
    if isinstance(expected, int):
        return value == float(expected)
    return abs(value - float(expected)) <= TOLERANCE


def _key(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in KEYS[name])


def _compare_file(path: Path, expected: list[dict[str, Any]]) -> list[str]:
    name = path.name
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS[name]:
            return [f"{name}: columns are {reader.fieldnames}, not {list(COLUMNS[name])}"]
        found = list(reader)
    differences = []
    wanted = {_key(name, row): row for row in expected}
    given = {_key(name, row): row for row in found}
    if len(given) != len(found):
        differences.append(f"{name}: {len(found) - len(given)} rows twice")
    for key, row in wanted.items():
        if key not in given:
            differences.append(f"{name} {key}: missing {row}")
            continue
        for column in COLUMNS[name]:
            if not _same(row[column], given[key][column]):
                differences.append(f"{name} {key} {column}: {given[key][column]!r}, expected {row[column]!r}")
    differences += [f"{name} {key}: not expected {given[key]}" for key in given if key not in wanted]
    if not differences and name in ORDERED and list(wanted) != list(given):
        differences.append(f"{name}: same rows in another order")
    return differences


def compare(export_dir: Path, oracle_rows: Rows) -> list[str]:
    """Every difference between the six files of an export and the oracle's rows; empty when they agree."""
    differences = []
    for name in COLUMNS:
        path = export_dir / name
        if not path.exists():
            differences.append(f"{name}: missing")
        else:
            differences += _compare_file(path, oracle_rows[name])
    return differences

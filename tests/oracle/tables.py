"""Bundle folders as merged rows of text, as importing them in this order into an empty database leaves them.

An empty cell clears, an absent column keeps, absent rows stay. Lines of a listed demand and windows of a listed
site are replaced as a set. Rows keep the place in the order at which they first appeared.
"""

import csv
import json
from pathlib import Path
from typing import Any

Key = tuple[str, ...]
Row = dict[str, Any]


class Table:
    """Rows by key in the order of their creation."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self._by_name: dict[str, list[Key]] = {}

    def upsert(self, key: Key, row: Row) -> None:
        if key not in self.rows:
            self.rows[key] = {}
            self._by_name.setdefault(key[-1], []).append(key)
        self.rows[key].update(row)

    def drop(self, key: Key) -> None:
        del self.rows[key]
        self._by_name[key[-1]].remove(key)

    def find(self, reference: str) -> Key:
        """The one row called `name`, or `organisation/name`."""
        key = tuple(reference.split("/", 1))
        if key in self.rows:
            return key
        keys = self._by_name.get(reference, [])
        if len(keys) != 1:
            raise KeyError(f"{reference!r} names {len(keys)} rows")
        return keys[0]

    def label(self, key: Key) -> str:
        """`organisation/name` only where the name alone would be ambiguous."""
        return key[-1] if len(self._by_name[key[-1]]) == 1 else "/".join(key)


class Tables:
    """All rows of some bundles."""

    def __init__(self) -> None:
        self.cities, self.travel, self.alliances, self.memberships = Table(), Table(), Table(), Table()
        self.organisations, self.facilities, self.capabilities = Table(), Table(), Table()
        self.demands, self.lines, self.sites = Table(), Table(), Table()
        self.windows: dict[Key, list[Row]] = {}
        self.component_types: dict[str, Row] = {}
        self.scenario_types: dict[str, Row] = {}

    def read(self, folder: Path) -> None:
        self._simple(folder)
        for row in _rows(folder / "facilities.csv"):
            self.facilities.upsert(_owned(self.facilities, row), row)
        self._capabilities(folder / "capabilities.csv")
        listed = []
        for row in _rows(folder / "demands.csv"):
            key = _owned(self.demands, row)
            listed.append(key)
            self.demands.upsert(key, row)
        self._lines(folder / "demand_lines.csv", listed)
        listed = []
        for row in _rows(folder / "sites.csv"):
            key = _owned(self.sites, row)
            listed.append(key)
            self.sites.upsert(key, row)
        self._windows(folder / "site_windows.csv", listed)

    def _simple(self, folder: Path) -> None:
        for table, name, columns in (
            (self.cities, "cities.csv", ("code",)),
            (self.travel, "travel_times.csv", ("origin", "destination")),
            (self.alliances, "alliances.csv", ("slug",)),
            (self.memberships, "memberships.csv", ("alliance", "city")),
            (self.organisations, "organisations.csv", ("external_id",)),
        ):
            for row in _rows(folder / name):
                table.upsert(tuple(row[column] for column in columns), row)
        for types, name in (
            (self.component_types, "component_types.json"),
            (self.scenario_types, "scenario_types.json"),
        ):
            if (folder / name).exists():
                for row in json.loads((folder / name).read_text(encoding="utf-8-sig"))["types"]:
                    types.setdefault(row["code"], {}).update(row)

    def _capabilities(self, path: Path) -> None:
        for row in _rows(path):
            if row.get("facility"):
                facility = self.facilities.find(row["facility"])
                key: Key = (facility[0], row["external_id"])
                row["facility"] = facility
            else:
                key = self.capabilities.find(row["external_id"])
            self.capabilities.upsert(key, row)

    def _lines(self, path: Path, listed: list[Key]) -> None:
        if not path.exists():
            return
        kept = set()
        for row in _rows(path):
            row["demand"] = self.demands.find(row["demand"])
            listed.append(row["demand"])
            key: Key = (row["demand"][0], row["external_id"])
            kept.add(key)
            self.lines.upsert(key, row)
        replaced = set(listed)
        for key, row in list(self.lines.rows.items()):
            if row["demand"] in replaced and key not in kept:
                self.lines.drop(key)

    def _windows(self, path: Path, listed: list[Key]) -> None:
        if not path.exists():
            return
        found: dict[Key, list[Row]] = {key: [] for key in listed}
        for row in _rows(path):
            found.setdefault(self.sites.find(row["site"]), []).append(row)
        self.windows.update(found)


def _owned(table: Table, row: Row) -> Key:
    if row.get("organisation"):
        return (row["organisation"], row["external_id"])
    return table.find(row["external_id"])


def _rows(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [dict(row) for row in csv.DictReader(file, strict=True)]

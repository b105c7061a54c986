"""The current results as six CSV files, by external id; rows stream from the database to the file."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alliance.errors import DomainError
from alliance.models import Alliance
from matching.services.runs.supplying import one_snapshot

LINE_TERMS: Final = ("fit", "price", "lead_time", "capacity", "proximity", "role", "trust")
SITE_TERMS: Final = ("fit", "wait", "capacity", "role", "trust")
DAYS: Final = ("prototype", "wait", "trial", "volume", "delivery", "total", "baseline", "late")
BLOCK: Final = 5000

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "matches.csv": ("demand", "line", "rank", "capability", "score", *LINE_TERMS),
    "near_misses.csv": ("line", "rank", "capability", "code", "shortfall"),
    "relaxations.csv": ("line", "code", "capabilities"),
    "sites.csv": ("demand", "site", "score", *SITE_TERMS),
    "pipelines.csv": ("demand", "rank", "site", "score", "complete", *(f"{stage}_days" for stage in DAYS)),
    "teams.csv": ("demand", "site", "line", "capability", "score"),
}

# Rows of one table that count, of one alliance or of all; ids are turned into names on the way out.
CURRENT = """
    SELECT {columns} FROM {table} r
    JOIN matching_currentresult c ON c.demand_id = r.demand_id AND c.run_id = r.run_id
    JOIN matching_demand d ON d.id = r.demand_id
    WHERE d.published AND (%(alliance)s::bigint IS NULL OR d.alliance_id = %(alliance)s::bigint)
    ORDER BY {order}
"""

# An external id is unique for its organisation; where two have the same, the organisation is written before it.
NAMES = """
    SELECT t.id, CASE WHEN count(*) OVER (PARTITION BY t.external_id) > 1
                      THEN o.external_id || '/' || t.external_id ELSE t.external_id END
    FROM {table} t JOIN alliance_organisation o ON o.id = t.{owner}_id
"""
Names = dict[int, str]


def export_matches(path: Path, alliance: Alliance | None = None) -> dict[str, int]:
    """Write the folder and return the number of rows of each file. All files show the same moment."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DomainError(_("The folder is not empty."), field="path")
    path.mkdir(parents=True, exist_ok=True)
    with one_snapshot():
        return _Export(path, alliance.pk if alliance else None).write()


def number(value: float | None) -> str:
    """The shortest text that reads back as the same number, with at least nine decimals; "" for nothing."""
    if value is None:
        return ""
    text = repr(float(value))
    if "e" in text:
        text = f"{value:.25f}".rstrip("0")
    whole, _point, decimals = text.partition(".")
    return f"{whole}.{decimals:0<9}"


class _Export:
    """Rows of a line or a capability that has just been removed are left out: results name them until the next run."""

    def __init__(self, path: Path, alliance: int | None) -> None:
        self.path, self.alliance = path, alliance
        self.demands = _names("matching_demand", "owner")
        self.lines = _names("matching_demandline", "owner")
        self.capabilities = _names("companies_capability", "organisation")
        self.sites = _names("scenarios_site", "organisation")

    def write(self) -> dict[str, int]:
        writers: dict[str, Callable[[], Iterator[Sequence[Any]]]] = {
            "matches.csv": self.matches,
            "near_misses.csv": self.near_misses,
            "relaxations.csv": self.relaxations,
            "sites.csv": self.site_matches,
            "pipelines.csv": self.pipelines,
            "teams.csv": self.teams,
        }
        return {name: self._file(name, rows()) for name, rows in writers.items()}

    def _file(self, name: str, rows: Iterable[Sequence[Any]]) -> int:
        count = 0
        with (self.path / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS[name])
            for row in rows:
                writer.writerow(row)
                count += 1
        return count

    def _rows(self, table: str, columns: Sequence[str], order: str) -> Iterator[tuple[Any, ...]]:
        query = CURRENT.format(table=table, columns=", ".join(columns), order=order)
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute(query, {"alliance": self.alliance})
            while rows := cursor.fetchmany(BLOCK):
                yield from rows

    def matches(self) -> Iterator[Sequence[Any]]:
        numbers = ("score", *LINE_TERMS)
        columns = (
            "r.demand_id",
            "r.line_id",
            "r.rank",
            "r.capability_id",
            *(f"r.{name}" for name in numbers),
        )
        for demand, line, rank, capability, *values in self._rows(
            "matching_match", columns, "r.demand_id, r.line_id, r.rank"
        ):
            if line in self.lines and capability in self.capabilities:
                names = (self.demands[demand], self.lines[line], rank, self.capabilities[capability])
                yield (*names, *map(number, values))

    def near_misses(self) -> Iterator[Sequence[Any]]:
        columns = ("r.line_id", "r.rank", "r.capability_id", "r.code", "r.shortfall")
        for line, rank, capability, code, shortfall in self._rows(
            "matching_nearmiss", columns, "r.demand_id, r.line_id, r.rank"
        ):
            if line in self.lines and capability in self.capabilities:
                yield (self.lines[line], rank, self.capabilities[capability], code, number(shortfall))

    def relaxations(self) -> Iterator[Sequence[Any]]:
        columns = ("r.line_id", "r.code", "r.capabilities")
        for line, code, count in self._rows("matching_relaxation", columns, "r.demand_id, r.line_id, r.id"):
            if line in self.lines:
                yield (self.lines[line], code, count)

    def site_matches(self) -> Iterator[Sequence[Any]]:
        columns = ("r.demand_id", "r.site_id", *(f"r.{name}" for name in ("score", *SITE_TERMS)))
        for demand, site, *values in self._rows("matching_sitematch", columns, "r.demand_id, r.rank"):
            yield (self.demands[demand], self.sites[site], *map(number, values))

    def pipelines(self) -> Iterator[Sequence[Any]]:
        columns = (
            "r.demand_id",
            "r.rank",
            "r.site_id",
            "r.score",
            "r.complete",
            *(f"r.{stage}_days" for stage in DAYS),
        )
        for demand, rank, site, score, complete, *days in self._rows(
            "matching_pipeline", columns, "r.demand_id, r.rank"
        ):
            names = (self.demands[demand], rank, self.sites[site] if site else "", number(score))
            yield (*names, "true" if complete else "false", *map(number, days))

    def teams(self) -> Iterator[Sequence[Any]]:
        columns = ("r.demand_id", "r.site_id", "r.members", "r.member_scores")
        for demand, site, members, scores in self._rows("matching_pipeline", columns, "r.demand_id, r.rank"):
            where = (self.demands[demand], self.sites[site] if site else "")
            for (line, capability, *_counts), score in zip(members, scores, strict=True):
                if line in self.lines and capability in self.capabilities:
                    yield (*where, self.lines[line], self.capabilities[capability], number(score))


def _names(table: str, owner: str) -> Names:
    with connection.cursor() as cursor:
        cursor.execute(NAMES.format(table=table, owner=owner))
        return dict(cursor.fetchall())

"""The rows of `export_matches`: six files, by demand, line and rank."""

import csv
from datetime import date
from pathlib import Path
from typing import Any, Final

from tests.oracle.case import Case
from tests.oracle.hosts import Host, hosts_of
from tests.oracle.suppliers import Miss, Pair, judge_line
from tests.oracle.teams import STAGES, Pipeline, pipelines_of
from tests.oracle.things import Demand, World

TERMS: Final = ("fit", "price", "lead_time", "capacity", "proximity", "role", "trust")
SITE_TERMS: Final = ("fit", "wait", "capacity", "role", "trust")
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "matches.csv": ("demand", "line", "rank", "capability", "score", *TERMS),
    "near_misses.csv": ("line", "rank", "capability", "code", "shortfall"),
    "relaxations.csv": ("line", "code", "capabilities"),
    "sites.csv": ("demand", "site", "score", *SITE_TERMS),
    "pipelines.csv": ("demand", "rank", "site", "score", "complete", *STAGES),
    "teams.csv": ("demand", "site", "line", "capability", "score"),
}
KEPT_MATCHES: Final = 20
KEPT_MISSES: Final = 5
KEPT_SITES: Final = 20
Rows = dict[str, list[dict[str, Any]]]


def _line_rows(rows: Rows, demand: str, line: str, pairs: list[Pair], misses: list[Miss]) -> None:
    for rank, pair in enumerate(pairs[:KEPT_MATCHES], 1):
        row = {"demand": demand, "line": line, "rank": rank, "capability": pair.capability.name}
        rows["matches.csv"].append({**row, "score": pair.score, **pair.terms})
    for rank, miss in enumerate(misses[:KEPT_MISSES], 1):
        row = {"line": line, "rank": rank, "capability": miss.capability.name}
        rows["near_misses.csv"].append({**row, "code": miss.code, "shortfall": miss.shortfall})
    counts: dict[str, int] = {}
    for miss in misses:
        counts[miss.code] = counts.get(miss.code, 0) + 1
    for code in sorted(counts):
        rows["relaxations.csv"].append({"line": line, "code": code, "capabilities": counts[code]})


def _site_rows(rows: Rows, demand: str, hosts: list[Host]) -> None:
    for host in hosts[:KEPT_SITES]:
        rows["sites.csv"].append(
            {"demand": demand, "site": host.site.name, "score": host.score, **host.terms}
        )


def _pipeline_rows(rows: Rows, demand: Demand, pipelines: list[Pipeline]) -> None:
    for rank, pipeline in enumerate(pipelines, 1):
        site = pipeline.host.site.name if pipeline.host else ""
        row = {"demand": demand.name, "rank": rank, "site": site, "score": pipeline.score}
        rows["pipelines.csv"].append({**row, "complete": pipeline.complete, **pipeline.times})
        for line, pair in zip(demand.lines, pipeline.team, strict=True):
            if pair is not None:
                member = {"line": line.name, "capability": pair.capability.name, "score": pair.score}
                rows["teams.csv"].append({"demand": demand.name, "site": site, **member})


def oracle_rows(world: World, alliance: str, as_of: date) -> Rows:
    """All rows for one alliance on one day. Text, whole numbers, floats, bools; None where undefined."""
    case = Case(world, alliance, as_of)
    rows: Rows = {name: [] for name in COLUMNS}
    for demand in world.demands:
        if not demand.published or demand.alliance != alliance:
            continue
        pairs = []
        for line in demand.lines:
            feasible, misses = judge_line(case, demand, line)
            pairs.append(feasible)
            _line_rows(rows, demand.name, line.name, feasible, misses)
        hosts = hosts_of(case, demand, demand.need) if demand.need else []
        _site_rows(rows, demand.name, hosts)
        _pipeline_rows(rows, demand, pipelines_of(case, demand, hosts, pairs))
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12f}" if isinstance(value, float) else str(value)


def write_rows(folder: Path, rows: Rows) -> None:
    """The six files; refuses a folder that is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_cell(row[column]) for column in columns] for row in rows[name])

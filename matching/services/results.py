"""What the kernel found, as rows of a run: database ids for positions, by COPY."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from django.db import connection

from matching.encoding import Identities
from matching.kernel import LINE_TERMS, NO_DATE, SITE_TERMS, Code, Kind, Problem, Results, code_name
from matching.kernel.results import CRITICAL, STAGES

Row = Sequence[Any]
LINE_COUNTS = ("feasible", "near", "candidates", "firms", "near_firms")
WIRE = {"int8": ">i8", "int4": ">i4", "int2": ">i2", "float8": ">f8", "date": ">i4"}
FIRST_DAY = date(2000, 1, 1).toordinal()  # from which PostgreSQL counts days
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def write_results(run_id: int, problem: Problem, identities: Identities, results: Results) -> dict[str, int]:
    """Write the rows of some demands of a run, in the caller's transaction; returns how many of each kind."""
    writer = _Writer(run_id, problem, identities, results)
    return {
        "demands": writer.demands(),
        "lines": writer.lines(),
        "matches": writer.matches(),
        "near_misses": writer.near_misses(),
        "relaxations": writer.relaxations(),
        "sites": writer.sites(),
        "pipelines": writer.pipelines(),
    }


Columns = Mapping[str, tuple[Any, str]]  # name → (array, PostgreSQL type)


def copy_columns(table: str, select: Columns) -> int:
    """Numbers without gaps, column by column, as one binary COPY."""
    return copy_groups(table, select, "", [])


def copy_groups(table: str, select: Columns, name: str, groups: Sequence[tuple[str, Any]]) -> int:
    """Like ``copy_columns`` with a column of text more: each text with the rows (places in the arrays) that have it.

    Rows of one text have one length, so they are arrays as well. Without a name all rows and no text.
    """
    length = len(next(iter(select.values()))[0])
    whole = [("", slice(None))] if not name else groups
    names = [*select, name] if name else list(select)
    with connection.cursor() as cursor, cursor.copy(_copy(table, names, "(FORMAT BINARY)")) as copy:
        copy.write(SIGNATURE)
        for text, which in whole:
            copy.write(_wire(select, name, text.encode(), which))
        copy.write(b"\xff\xff")
    return length


def _wire(select: Columns, name: str, text: bytes, which: Any) -> bytes:
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for column, (_, kind) in select.items():
        layout += [(f"{column} length", ">i4"), (column, WIRE[kind])]
    if name:
        layout += [(f"{name} length", ">i4"), (name, f"S{len(text)}")]
    size = len(next(iter(select.values()))[0][which])
    rows = np.zeros(size, np.dtype(layout))
    rows["fields"] = len(select) + bool(name)
    for column, (values, kind) in select.items():
        rows[f"{column} length"] = np.dtype(WIRE[kind]).itemsize
        rows[column] = values[which] - FIRST_DAY if kind == "date" else values[which]
    if name:
        rows[f"{name} length"], rows[name] = len(text), text
    return rows.tobytes()


def copy_rows(table: str, names: Sequence[str], rows: Iterable[Row]) -> int:
    count = 0
    with connection.cursor() as cursor, cursor.copy(_copy(table, names, "")) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _copy(table: str, names: Iterable[str], options: str) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"COPY {table} ({quoted}) FROM STDIN {options}"


def _day(ordinal: int) -> date | None:
    return None if ordinal == NO_DATE else date.fromordinal(ordinal)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


class _Writer:
    """One table after the other; every row starts with run and demand."""

    def __init__(self, run_id: int, problem: Problem, identities: Identities, results: Results) -> None:
        self.run_id, self.problem, self.ids, self.results = run_id, problem, identities, results

    # --- columns that tables share ----------------------------------------------------------------
    def _of_demand(self, demand: Any) -> dict[str, tuple[Any, str]]:
        run = np.full(len(demand), self.run_id)
        return {"run_id": (run, "int8"), "demand_id": (self.ids.demands[demand], "int8")}

    def _of_line(self, line: Any) -> dict[str, tuple[Any, str]]:
        own = {"line_id": (self.ids.lines[line], "int8")}
        return self._of_demand(self.problem.lines.demand[line]) | own

    def _of_capability(self, capability: Any) -> dict[str, tuple[Any, str]]:
        return {
            "capability_id": (self.ids.capabilities[capability], "int8"),
            "supplier_id": (self.ids.suppliers[capability], "int8"),
        }

    # --- tables of numbers ------------------------------------------------------------------------
    def demands(self) -> int:
        found = self.results.demand_totals
        own = {"feasible_sites": (found.feasible_sites, "int4")}
        return copy_columns("matching_demandresult", self._of_demand(found.demand) | own)

    def lines(self) -> int:
        found = self.results.line_totals
        own = {name: (getattr(found, name), "int4") for name in LINE_COUNTS}
        return copy_columns("matching_lineresult", self._of_line(found.line) | own)

    def matches(self) -> int:
        found = self.results.matches
        own = {"rank": (found.rank, "int2"), "score": (found.score, "float8")}
        terms = {name: (found.terms[:, i], "float8") for i, name in enumerate(LINE_TERMS)}
        shared = self._of_line(found.line) | self._of_capability(found.capability)
        return copy_columns("matching_match", shared | own | terms)

    def near_misses(self) -> int:
        found = self.results.near_misses
        shared = self._of_line(found.line) | self._of_capability(found.capability)
        own = {"rank": (found.rank, "int2"), "shortfall": (found.shortfall, "float8")}
        rules = found.code.astype(np.int64) << 32 | found.key.astype(np.int64) + 1
        groups = []
        for rule in np.unique(rules):
            which = np.flatnonzero(rules == rule)
            groups.append((self._codes(found.code[which[:1]], found.key[which[:1]])[0], which))
        return copy_groups("matching_nearmiss", shared | own, "code", groups)

    def sites(self) -> int:
        """Every one has a window that fits."""
        found = self.results.sites
        own = {
            "rank": (found.rank, "int2"),
            "site_id": (self.ids.sites[found.site], "int8"),
            "score": (found.score, "float8"),
            "window_starts": (found.window_start, "date"),
            "window_ends": (found.window_end, "date"),
        }
        terms = {name: (found.terms[:, i], "float8") for i, name in enumerate(SITE_TERMS)}
        return copy_columns("matching_sitematch", self._of_demand(found.demand) | own | terms)

    # --- tables with text, gaps or JSON -----------------------------------------------------------
    def _codes(self, codes: Any, keys: Any) -> list[str]:
        names = self.ids.keys
        pairs = zip(codes.tolist(), keys.tolist(), strict=True)
        return [code_name(code, names[key] if key >= 0 else "") for code, key in pairs]

    def relaxations(self) -> int:
        found = self.results.relaxations
        kept = np.flatnonzero(found.capabilities > 0)
        shared = self._of_line(found.line[kept])
        codes = self._codes(found.code[kept], found.key[kept])
        columns = [values.tolist() for values, _ in shared.values()]
        thresholds = (
            (
                self._threshold(code, key, found.nearest[at], found.nearest_b[at]),
                self._threshold(code, key, found.all[at], found.all_b[at]),
            )
            for at, code, key in zip(kept, found.code[kept].tolist(), found.key[kept].tolist(), strict=True)
        )
        rows = (
            (*row, code, count, firms, *both)
            for *row, code, count, firms, both in zip(
                *columns,
                codes,
                found.capabilities[kept].tolist(),
                found.firms[kept].tolist(),
                thresholds,
                strict=True,
            )
        )
        names = [*shared, "code", "capabilities", "firms", "nearest", "all"]
        return copy_rows("matching_relaxation", names, rows)

    def _threshold(self, code: int, key: int, a: float, b: float) -> str | None:
        """In the parameter's unit: a number, [low, high], a choice's name, a date; None when none helps."""
        if np.isnan(a):
            return None
        value: Any = float(a)
        if code == Code.TIME:
            value = date.fromordinal(int(a)).isoformat()
        elif code == Code.SPEC and self.problem.component_keys.kind[key] == Kind.ORDERED:
            value = self.ids.choices[key][int(a)]
        elif not np.isnan(b):
            value = [value, float(b)]
        return json.dumps(value, ensure_ascii=False)

    def pipelines(self) -> int:
        found = self.results.pipelines
        shared = self._of_demand(found.demand)
        stages = (*STAGES, "total", "baseline", "late")
        sites = [None if site < 0 else int(self.ids.sites[site]) for site in found.site.tolist()]
        columns = [
            *(values.tolist() for values, _ in shared.values()),
            found.rank.tolist(),
            sites,
            found.score.tolist(),
            found.complete.tolist(),
            *(map(_number, getattr(found, stage)) for stage in stages),
            map(_day, found.trial_start.tolist()),
            map(_day, found.window_start.tolist()),
            map(_day, found.window_end.tolist()),
            map(json.dumps, self._teams()),
            map(json.dumps, self._ruled_out()),
            map(json.dumps, self._critical()),
            map(json.dumps, self._baselines()),
        ]
        names = [
            *shared, "rank", "site_id", "score", "complete", *(f"{stage}_days" for stage in stages),
            "trial_starts", "window_starts", "window_ends", "team", "ruled_out", "critical", "baseline",
        ]  # fmt: skip
        return copy_rows("matching_pipeline", names, zip(*columns, strict=True))

    def _teams(self) -> list[list[dict[str, Any]]]:
        """For every line of a pipeline its member (capability null where none fits) and how many could be it."""
        team, totals, ids = self.results.teams, self.results.ruled_out, self.ids
        members: dict[tuple[int, int], dict[str, Any]] = {}
        pipelines: list[list[dict[str, Any]]] = [[] for _ in self.results.pipelines.demand]
        for at, line, feasible, usable in _rows(totals.pipeline, totals.line, totals.feasible, totals.usable):
            member = {"line": int(ids.lines[line]), "capability": None, "score": 0.0}
            members[at, line] = {**member, "feasible": feasible, "usable": usable}
            pipelines[at].append(members[at, line])
        for at, line, capability, score in _rows(team.pipeline, team.line, team.capability, team.score):
            members[at, line] |= {"capability": int(ids.capabilities[capability]), "score": score}
        return pipelines

    def _ruled_out(self) -> list[list[dict[str, int]]]:
        found = self.results.ruled_out_by
        pipelines: list[list[dict[str, int]]] = [[] for _ in self.results.pipelines.demand]
        for at, line, condition, count in _rows(found.pipeline, found.line, found.condition, found.count):
            pipelines[at].append({"line": int(self.ids.lines[line]), "condition": condition, "count": count})
        return pipelines

    def _critical(self) -> Iterator[dict[str, int]]:
        for lines in self.results.pipelines.critical.tolist():
            pairs = zip(CRITICAL, lines, strict=True)
            yield {stage: int(self.ids.lines[line]) for stage, line in pairs if line >= 0}

    def _baselines(self) -> Iterator[dict[str, float]]:
        for days in self.results.pipelines.baseline_stages.tolist():
            pairs = zip(STAGES, days, strict=True)
            yield {stage: value for stage, value in pairs if not np.isnan(value)}


def _rows(*columns: Any) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.tolist() for column in columns), strict=True)

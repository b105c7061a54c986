"""What the loops of §6 read and write, and their rows as the tables of ``Results``."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from matching.kernel.compiled.teams import Plans
from matching.kernel.results import Pipelines, RuledOut, RuledOutBy, Teams
from matching.kernel.tables import AnyArray, Bools, Floats, Ints, Table


class Feasible(NamedTuple):
    """What is feasible for some ascending lines: capability[start[i]:start[i + 1]] and score, by position.

    marked: whether they have bits by slot as well (``Marked``), in which is counted whom conditions rule out.
    """

    start: AnyArray
    capability: Ints
    score: Floats
    marked: Bools


class World(NamedTuple):
    """What §6 reads of the Problem. prox_to: prox[site's city, facility's city]."""

    line_start: Ints
    quantity: Floats
    scenario: Ints
    lab: Ints
    deployment: Ints
    iterations: Ints
    trial_days: Ints
    start: Ints
    need_by: Ints
    city: Ints
    prototype_days: Ints
    volume_days: Ints
    free: Floats
    site_city: Ints
    site_set: Ints
    window_start: Ints
    opens: Ints
    closes: Ints
    travel: Floats
    prox: Floats
    prox_to: Floats


class Scratch(NamedTuple):
    """Of one demand: its site groups (stamp and number by city and condition set), teams, who is ruled out.

    cities, city_start, city_of, top, dense: of each line, see ``by_city``. reach: of each city, where ``reach_of`` says
    so, what no team exceeds. sets: of the best sites.
    """

    stamp: Ints
    number: Ints
    city: Ints
    set: Ints
    sums: Floats
    group_of: Ints
    chosen: Bools
    capability: Ints
    score: Floats
    best: Ints
    total: Floats
    cities: Ints
    city_start: Ints
    city_of: Ints
    top: Floats
    dense: Floats
    reach_of: Ints
    reach: Floats
    caps: Ints
    days: Floats
    sets: Ints
    usable: Ints
    counts: AnyArray


class Rows(NamedTuple):
    """team, score: a member of a pipeline (row, line, capability); out: (row, line, feasible, usable)."""

    team: Ints
    score: Floats
    out: Ints


def tables_of(out: Plans, rows: Rows, by: Ints, counts: AnyArray) -> dict[str, Table]:
    pipelines, members, ruled_out = counts.tolist()
    out = Plans(*cast(Any, [column[:pipelines] for column in out]))
    make: Any = Pipelines
    team: Any = Teams
    outs: Any = RuledOut
    outs_by: Any = RuledOutBy
    return {
        "pipelines": make(
            out.demand, out.rank, out.site, out.score, out.complete, *out.stages.T, out.critical,
            *out.dates.T, out.base[:, 5], out.base[:, :5],
        ),
        "teams": team(*rows.team[:members].T, rows.score[:members]),
        "ruled_out": outs(*rows.out[:ruled_out].T),
        "ruled_out_by": outs_by(*by.T),
    }  # fmt: skip

"""§6's time to market of one complete pipeline, as it is and as if all were in one city (baseline)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from matching.kernel.codes import NO_DATE
from matching.kernel.geo import SAME_CITY
from matching.kernel.prepare import Prepared

NAN = math.nan
MINUTES_PER_DAY = 480  # of travel


class Team(NamedTuple):
    """The capability (position) chosen for each line (position); a complete team has as many as lines."""

    lines: list[int]
    capabilities: list[int]


class Legs(NamedTuple):
    """Travel minutes of each member: from the lab, and to where the robots go (empty: delivered nowhere)."""

    from_lab: list[float]
    to_goal: list[float]


class Stages(NamedTuple):
    """Days of each stage, unrounded, NaN where empty, with the trial's first day and window."""

    prototype: float
    wait: float
    trial: float
    volume: float
    delivery: float
    critical: tuple[int, int, int] = (-1, -1, -1)
    trial_start: int = NO_DATE
    window_start: int = NO_DATE
    window_end: int = NO_DATE

    @property
    def total(self) -> float:
        """The sum of the stages; NaN if one is empty."""
        return self.prototype + self.wait + self.trial + self.volume + self.delivery


EMPTY = Stages(NAN, NAN, NAN, NAN, NAN)


def time_to_market(prepared: Prepared, demand: int, site: int, team: Team | None) -> tuple[Any, ...]:
    """The columns of ``Pipelines`` from prototype on; None (a partial team) leaves all of them empty."""
    plan = base = EMPTY
    if team is not None:
        legs = _legs(prepared, demand, site, team)
        plan = _stages(prepared, demand, site, team, legs)
        same = Legs([SAME_CITY] * len(legs.from_lab), [SAME_CITY] * len(legs.to_goal))
        base = _stages(prepared, demand, site, team, same)
    total = _stored(plan.total)
    available = int(prepared.problem.demands.need_by[demand]) - prepared.problem.as_of
    late = NAN if math.isnan(total) else max(0.0, total - available)
    days, stages = [_stored(x) for x in plan[:5]], [_stored(x) for x in base[:5]]
    dates = plan.trial_start, plan.window_start, plan.window_end
    return *days, total, _stored(late), plan.critical, *dates, _stored(base.total), stages


def _legs(prepared: Prepared, demand: int, site: int, team: Team) -> Legs:
    """Minutes lab → capability, and capability → deployment city, or the site's (none without both)."""
    problem = prepared.problem
    travel, city = problem.places.travel, problem.capabilities.city[team.capabilities]
    goal = int(problem.demands.deployment[demand])
    if goal < 0 and site >= 0:
        goal = int(problem.sites.city[site])
    to_goal = travel[city, goal].tolist() if goal >= 0 else []
    return Legs(travel[problem.demands.lab[demand], city].tolist(), to_goal)


def _stages(prepared: Prepared, demand: int, site: int, team: Team, legs: Legs) -> Stages:
    """Prototype = iterations × max(lead + 2 T / 480); volume = max(lead + 30 quantity / free);

    delivery = max(T / 480); the trial starts on the first day that leaves its days inside a window.
    """
    caps, demands, lines = prepared.problem.capabilities, prepared.problem.demands, prepared.problem.lines
    leads, volumes = (
        caps.prototype_days[team.capabilities].tolist(),
        caps.volume_days[team.capabilities].tolist(),
    )
    free, quantity = caps.free[team.capabilities].tolist(), lines.quantity[team.lines].tolist()
    longest, first = _longest(
        team.lines,
        [days + 2 * minutes / MINUTES_PER_DAY for days, minutes in zip(leads, legs.from_lab, strict=True)],
    )
    volume, second = _longest(
        team.lines,
        [days + 30 * pieces / free for days, pieces, free in zip(volumes, quantity, free, strict=True)],
    )
    delivery, third = 0.0, -1
    if legs.to_goal:
        delivery, third = _longest(team.lines, [minutes / MINUTES_PER_DAY for minutes in legs.to_goal])
    prototype = int(demands.iterations[demand]) * longest
    critical = (first, second, third)
    if site < 0:
        return Stages(prototype, 0.0, 0.0, volume, delivery, critical)
    trial = int(demands.trial_days[demand])
    as_of = prepared.problem.as_of
    ready = max(as_of + math.ceil(round(prototype, 9)), int(demands.start[demand]))
    found = _first_day(prepared.windows_of(site), ready, trial)
    if found is None:
        return Stages(prototype, NAN, float(trial), volume, delivery, critical)
    return Stages(prototype, found[0] - as_of - prototype, float(trial), volume, delivery, critical, *found)


def _longest(lines: list[int], days: list[float]) -> tuple[float, int]:
    """The maximum, and the line that attains it to 9 decimals, the lower id on ties."""
    rounded = [round(x, 9) for x in days]
    return max(days), lines[rounded.index(max(rounded))]


def _first_day(windows: list[tuple[int, int]], ready: int, trial_days: int) -> tuple[int, int, int] | None:
    """(day, window start, window end): the first day from ``ready`` on that leaves trial_days in a window."""
    best = None
    for opens, closes in windows:
        day = max(opens, ready)
        if closes - day + 1 >= trial_days and (best is None or day < best[0]):
            best = day, opens, closes
    return best


def _stored(days: float) -> float:
    """Rounded to 9 decimals, never -0; NaN stays."""
    return days if math.isnan(days) else round(days, 9) + 0.0

"""§5 and §6 said plainly: which sites a demand can use, the teams for them, and the time to market."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from matching.kernel.codes import KEEP_PIPELINES, KEEP_SITES, NO_DATE, Role
from matching.kernel.reference.common import (
    clamp,
    days,
    fit,
    is_below,
    mean,
    measure,
    prox,
    reach_holds,
    requirements,
    rows_of,
    trust,
)

NAN = math.nan


class Plan(NamedTuple):
    """Time to market in days, unrounded, NaN where empty; see ``Pipelines``."""

    prototype: float = NAN
    wait: float = NAN
    trial: float = NAN
    volume: float = NAN
    delivery: float = NAN
    total: float = NAN
    critical: tuple[int, int, int] = (-1, -1, -1)
    trial_start: int = NO_DATE
    window: tuple[int, int] = (NO_DATE, NO_DATE)


# --- §5 Demand × site ----------------------------------------------------------------------------------------


def windows(p: Any, site: int) -> list[tuple[int, int]]:
    windows = p.sites.windows
    return [(windows.opens[i], windows.closes[i]) for i in rows_of(windows, site)]


def _fitting_window(p: Any, demand: int, site: int) -> tuple[int, int] | None:
    """The window that starts first of those with at least trial_days days inside [f, need-by]."""
    f, need_by = max(p.demands.start[demand], p.as_of), p.demands.need_by[demand]
    for opens, closes in windows(p, site):
        if min(closes, need_by) - max(opens, f) + 1 >= p.demands.trial_days[demand]:
            return opens, closes
    return None


def _site_is_feasible(p: Any, demand: int, site: int) -> bool:
    wants = requirements(p.demands.site_requirements, demand)
    return (
        is_below(p.scenario_types.parent, p.sites.scenario[site], p.demands.scenario[demand])
        and p.sites.active[site]
        and reach_holds(p, demand, p.sites.city[site])
        and all(measure(w, p.params.get((site, w.key)), p.site_keys)[0] for w in wants if w.hard)
        and p.sites.fleet_capacity[site] >= p.demands.fleet[demand]
        and _fitting_window(p, demand, site) is not None
    )


def _site_terms(p: Any, demand: int, site: int, window: tuple[int, int]) -> list[float]:
    f, need_by = max(p.demands.start[demand], p.as_of), p.demands.need_by[demand]
    wants = requirements(p.demands.site_requirements, demand)
    return [
        fit(wants, lambda key: p.params.get((site, key)), p.site_keys),
        clamp(1 - (max(window[0], f) - f) / days(f, need_by)),
        clamp(p.sites.fleet_capacity[site] / (2 * p.demands.fleet[demand])),
        1.0 if p.places.roles[p.sites.city[site]] & Role.SITES else 0.0,
        trust(p, p.sites.organisation[site]),
    ]


def solve_sites(p: Any, demand: int, rows: Any) -> list[tuple[int, float]]:
    """Rows of §5; returns (site, score) of all feasible ones, by id. None without a site need."""
    feasible = []
    if p.demands.scenario[demand] != -1:
        for site in range(len(p.sites.scenario)):
            window = _fitting_window(p, demand, site)
            if window is not None and _site_is_feasible(p, demand, site):
                terms = _site_terms(p, demand, site, window)
                feasible.append((site, round(mean(p.weights.site, terms), 9), terms, window))
    rows["demand_totals"].append((demand, len(feasible)))
    best = sorted(feasible, key=lambda found: (-found[1], found[0]))[:KEEP_SITES]
    for rank, (site, score, terms, window) in enumerate(best, 1):
        rows["sites"].append((demand, rank, site, score, terms, *window))
    return [(site, score) for site, score, _, _ in feasible]


# --- §6 Pipeline: a team of suppliers and a site -------------------------------------------------------------


def _failed_conditions(p: Any, site: int, cap: int) -> list[int]:
    """Places of the part conditions a capability fails; a key its own type has not is not its business."""
    has_key = p.types.has_key[p.capabilities.type[cap]]
    return [
        place
        for place, want in enumerate(requirements(p.sites.conditions, site))
        if has_key[want.key] and not measure(want, p.offers.get((cap, want.key)), p.component_keys)[0]
    ]


def _team_value(p: Any, site: int, cap: int, score: float) -> float:
    """What the best capability of a line is chosen by. Without site: its score."""
    if site == -1:
        return score
    return round(0.60 * score + 0.075 * prox(p, p.capabilities.city[cap], p.sites.city[site]), 9)


def _pipeline_score(
    p: Any, demand: int, site: int, site_score: float, team: dict[int, tuple[int, float]], n_lines: int
) -> float:
    """P of §6; a line without capability counts 0 in both means."""
    scores = near = 0.0
    for cap, score in team.values():
        scores += score
        near += prox(p, p.capabilities.city[cap], p.sites.city[site]) if site != -1 else 0.0
    if site == -1:
        return round(scores / n_lines, 9)
    lab = prox(p, p.demands.lab[demand], p.sites.city[site])
    return round(
        0.60 * (scores / n_lines) + 0.25 * site_score + 0.15 * (0.5 * lab + 0.5 * (near / n_lines)), 9
    )


def solve_pipelines(
    p: Any,
    demand: int,
    feasible: dict[int, list[tuple[int, float]]],
    sites: list[tuple[int, float]],
    rows: Any,
) -> None:
    """The best 10 pipelines over all feasible sites: complete ones first, then score, then lower site id."""
    if p.demands.scenario[demand] == -1:
        sites = [(-1, NAN)]
    found = []
    for site, site_score in sites:
        team = {}
        for line, capabilities in feasible.items():
            usable = [(c, s) for c, s in capabilities if site == -1 or not _failed_conditions(p, site, c)]
            if usable:
                team[line] = min(usable, key=lambda pair: (-_team_value(p, site, *pair), pair[0]))
        score = _pipeline_score(p, demand, site, site_score, team, len(feasible))
        found.append((len(team) < len(feasible), -score, site, team))
    for rank, (partial, minus, site, team) in enumerate(
        sorted(found, key=lambda row: row[:3])[:KEEP_PIPELINES], 1
    ):
        plan = Plan() if partial else _plan(p, demand, site, team, lambda a, b: p.places.travel[a][b])
        base = Plan() if partial else _plan(p, demand, site, team, lambda a, b: 30.0)
        pipeline = len(rows["pipelines"])
        rows["pipelines"].append(
            (demand, rank, site, -minus, not partial, *_plan_columns(p, demand, plan, base))
        )
        rows["teams"] += [(pipeline, line, cap, score) for line, (cap, score) in team.items()]
        _ruled_out(p, pipeline, site, feasible, rows)


def _ruled_out(
    p: Any, pipeline: int, site: int, feasible: dict[int, list[tuple[int, float]]], rows: Any
) -> None:
    """How many feasible capabilities the conditions ruled out; one that fails two counts under both."""
    for line, capabilities in feasible.items():
        failed = [_failed_conditions(p, site, cap) if site != -1 else [] for cap, _ in capabilities]
        rows["ruled_out"].append((pipeline, line, len(capabilities), sum(not f for f in failed)))
        for place in range(len(rows_of(p.sites.conditions, site)) if site != -1 else 0):
            count = sum(place in f for f in failed)
            if count:
                rows["ruled_out_by"].append((pipeline, line, place, count))


# --- §6 Time to market ---------------------------------------------------------------------------------------


def _longest(days: dict[int, float]) -> tuple[float, int]:
    """The maximum over the lines and the line that attains it (to 9 decimals; the lower id on ties)."""
    line = min(days, key=lambda line: (-round(days[line], 9), line))
    return max(days.values()), line


def _trial_start(p: Any, demand: int, site: int, prototype: float) -> tuple[int, tuple[int, int]] | None:
    """The first day that leaves trial_days days inside a window, and that window."""
    ready = max(p.as_of + math.ceil(round(prototype, 9)), p.demands.start[demand])
    starts = [
        (max(opens, ready), (opens, closes))
        for opens, closes in windows(p, site)
        if closes - max(opens, ready) + 1 >= p.demands.trial_days[demand]
    ]
    return min(starts) if starts else None


def _plan(
    p: Any, demand: int, site: int, team: dict[int, tuple[int, float]], travel: Callable[[int, int], float]
) -> Plan:
    """Time to market of a complete pipeline, in days from as-of."""
    offer, lab, quantity = p.capabilities, p.demands.lab[demand], p.lines.quantity
    prototypes, volumes, deliveries = {}, {}, {}
    goal = p.demands.deployment[demand]
    if goal == -1 and site != -1:
        goal = p.sites.city[site]
    for line, (cap, _) in team.items():
        prototypes[line] = offer.prototype_days[cap] + 2 * travel(lab, offer.city[cap]) / 480
        volumes[line] = offer.volume_days[cap] + 30 * quantity[line] / offer.free[cap]
        if goal != -1:
            deliveries[line] = travel(offer.city[cap], goal) / 480
    longest, first = _longest(prototypes)
    prototype = p.demands.iterations[demand] * longest
    volume, second = _longest(volumes)
    delivery, third = _longest(deliveries) if deliveries else (0.0, -1)
    wait = trial = 0.0
    start, window = NO_DATE, (NO_DATE, NO_DATE)
    if site != -1:
        trial = float(p.demands.trial_days[demand])
        found = _trial_start(p, demand, site, prototype)
        if found is None:
            wait = NAN
        else:
            start, window = found
            wait = start - p.as_of - prototype
    total = prototype + wait + trial + volume + delivery
    return Plan(prototype, wait, trial, volume, delivery, total, (first, second, third), start, window)


def _plan_columns(p: Any, demand: int, plan: Plan, base: Plan) -> tuple[Any, ...]:
    """The columns of ``Pipelines`` from ``prototype`` on; days rounded to 9 decimals as they are stored."""
    total = _stored(plan.total)
    late = NAN if math.isnan(total) else max(0.0, total - (p.demands.need_by[demand] - p.as_of))
    days = [_stored(x) for x in plan[:5]]
    stages = [_stored(x) for x in base[:5]]
    dates = (plan.trial_start, *plan.window)
    return *days, total, _stored(late), plan.critical, *dates, _stored(base.total), stages


def _stored(x: float) -> float:
    """Rounded to 9 decimals, never -0."""
    return x if math.isnan(x) else round(x, 9) + 0.0

"""§6 for one demand: the best team for every feasible site at once, then the best pipelines of all of them.

Sites in one city whose part conditions say the same share a team ("site group"), and within a group each line
chooses on its own, so the work is groups × feasible capabilities, never their product over lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.kernel.lines import Feasible
from matching.kernel.numbers import round9
from matching.kernel.prepare import Prepared
from matching.kernel.problem import KEEP_PIPELINES
from matching.kernel.rows import Rows
from matching.kernel.sites import FeasibleSites
from matching.kernel.tables import AnyArray, Bools, Floats, Ints
from matching.kernel.timing import Team, time_to_market


class Choice(NamedTuple):
    """Per site group the capability a line chose: index in its feasible list, -1 none."""

    picked: AnyArray
    score: Floats
    prox: Floats


def solve_pipelines(
    prepared: Prepared,
    demand: int,
    lines: list[int],
    feasible: list[Feasible],
    sites: FeasibleSites,
    rows: Rows,
) -> None:
    """Add the demand's rows of pipelines, teams and ruled out. feasible: one per line, in the order of lines."""
    if prepared.problem.demands.scenario[demand] == -1:
        _without_site(prepared, demand, lines, feasible, rows)
    elif len(sites.site):
        _with_sites(prepared, demand, lines, feasible, sites, rows)


def _without_site(
    prepared: Prepared, demand: int, lines: list[int], feasible: list[Feasible], rows: Rows
) -> None:
    """One pipeline: the best score of each line; P is their mean."""
    chosen = [int(np.argmax(found.score)) if len(found.at) else -1 for found in feasible]
    total = 0.0
    for found, index in zip(feasible, chosen, strict=True):
        total += float(found.score[index]) if index >= 0 else 0.0
    _add_pipeline(prepared, demand, 1, -1, round(total / len(lines), 9), lines, feasible, chosen, rows)


def _with_sites(
    prepared: Prepared,
    demand: int,
    lines: list[int],
    feasible: list[Feasible],
    sites: FeasibleSites,
    rows: Rows,
) -> None:
    """P for every feasible site; complete ones first, then score, then lower site id; the best 10."""
    problem = prepared.problem
    city = problem.sites.city[sites.site]
    pairs = np.stack((city, prepared.condition_set[sites.site]), axis=1)
    groups, group_of = np.unique(pairs, axis=0, return_inverse=True)
    group_of = group_of.reshape(-1)
    choices = [_choose(prepared, found, groups) for found in feasible]
    scores, near = np.zeros(len(groups)), np.zeros(len(groups))
    partial = np.zeros(len(groups), bool)
    for choice in choices:
        scores += choice.score
        near += choice.prox
        partial |= choice.picked < 0
    count = len(lines)
    lab = prepared.prox[problem.demands.lab[demand]][city]
    total = round9(
        0.60 * (scores / count)[group_of]
        + 0.25 * sites.score
        + 0.15 * (0.5 * lab + 0.5 * (near / count)[group_of])
    )
    best = np.lexsort((sites.site, -total, partial[group_of]))[:KEEP_PIPELINES]
    for rank, at in enumerate(best.tolist(), 1):
        chosen = [int(choice.picked[group_of[at]]) for choice in choices]
        site, score = int(sites.site[at]), float(total[at])
        _add_pipeline(prepared, demand, rank, site, score, lines, feasible, chosen, rows)


def _choose(prepared: Prepared, found: Feasible, groups: Ints) -> Choice:
    """The best capability of a line for every site group, by round9(0.60 S + 0.075 prox), then lower id.

    groups: int32[G, 2], city and condition set. A line without usable capability scores 0 with prox 0.
    """
    picked = np.full(len(groups), -1)
    score, near = np.zeros(len(groups)), np.zeros(len(groups))
    if not len(found.at):
        return Choice(picked, score, near)
    part, cities = 0.60 * found.score, found.block.city[found.at]
    by_conditions: dict[tuple[int, ...], list[int]] = {}
    for group, condition_set in enumerate(groups[:, 1].tolist()):
        by_conditions.setdefault(found.block.conditions_that_bite(condition_set), []).append(group)
    for conditions, members in by_conditions.items():
        usable = np.flatnonzero(_fits(found, conditions))
        if len(usable):
            distinct, which = np.unique(groups[members, 0], return_inverse=True)
            prox = prepared.prox.T[distinct][:, cities[usable]]
            best = round9(part[usable] + 0.075 * prox).argmax(axis=1)  # the first maximum: the lower id
            picked[members] = usable[best][which]
            score[members] = found.score[usable[best]][which]
            near[members] = prox[np.arange(len(distinct)), best][which]
    return Choice(picked, score, near)


def _fits(found: Feasible, conditions: tuple[int, ...]) -> Bools:
    """bool over the feasible list: passes these conditions."""
    good = np.ones(len(found.at), bool)
    for condition in conditions:
        failing = found.block.failing(condition)
        if failing is not None:
            good &= ~failing[found.at]
    return good


def _add_pipeline(
    prepared: Prepared,
    demand: int,
    rank: int,
    site: int,
    score: float,
    lines: list[int],
    feasible: list[Feasible],
    chosen: list[int],
    rows: Rows,
) -> None:
    """The rows of one pipeline. chosen: per line the index in its feasible list, -1 none."""
    pipeline = rows.count("pipelines")
    complete = min(chosen) >= 0
    team = Team(lines, [])
    for line, found, index in zip(lines, feasible, chosen, strict=True):
        if index >= 0:
            capability = int(found.block.pos[found.at[index]])
            team.capabilities.append(capability)
            rows.add("teams", pipeline, line, capability, float(found.score[index]))
        _add_ruled_out(prepared, pipeline, line, site, found, rows)
    times = time_to_market(prepared, demand, site, team if complete else None)
    rows.add("pipelines", demand, rank, site, score, complete, *times)


def _add_ruled_out(
    prepared: Prepared, pipeline: int, line: int, site: int, found: Feasible, rows: Rows
) -> None:
    """How many of the line's feasible capabilities the site's conditions ruled out, and by which."""
    members = prepared.condition_sets[int(prepared.condition_set[site])] if site >= 0 else ()
    biting = found.block.conditions_that_bite(int(prepared.condition_set[site])) if members else ()
    usable = int(np.count_nonzero(_fits(found, biting))) if biting else len(found.at)
    rows.add("ruled_out", pipeline, line, len(found.at), usable)
    if usable < len(found.at):
        for place, condition in enumerate(members):
            failing = found.block.failing(condition)
            count = 0 if failing is None else int(np.count_nonzero(failing[found.at]))
            if count:
                rows.add("ruled_out_by", pipeline, line, place, count)

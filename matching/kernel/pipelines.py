"""§6 for one demand: the best team for every feasible site at once, then the best pipelines of all of them.

Sites in one city whose part conditions say the same share a team ("site group"), and within a group each line
chooses on its own, so the work is groups × feasible capabilities, never their product over lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_PIPELINES
from matching.kernel.lines import Feasible
from matching.kernel.numbers import round9
from matching.kernel.prepare import Prepared
from matching.kernel.rows import Rows
from matching.kernel.sites import FeasibleSites
from matching.kernel.tables import AnyArray, Bools, Floats, Ints
from matching.kernel.timing import Team, time_to_market

MATRIX = 1_000_000  # elements of a groups × capabilities matrix worked on at once

# per (line, condition set): capabilities that fit, and (place, how many fail) of the conditions somebody fails
Excluded = dict[tuple[int, int], tuple[int, list[tuple[int, int]]]]


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
    _add_pipeline(prepared, demand, 1, -1, round(total / len(lines), 9), lines, feasible, chosen, {}, rows)


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
    excluded: Excluded = {}
    for rank, at in enumerate(best.tolist(), 1):
        chosen = [int(choice.picked[group_of[at]]) for choice in choices]
        site, score = int(sites.site[at]), float(total[at])
        _add_pipeline(prepared, demand, rank, site, score, lines, feasible, chosen, excluded, rows)


def _choose(prepared: Prepared, found: Feasible, groups: Ints) -> Choice:
    """The best capability of a line for every site group, by round9(0.60 S + 0.075 prox), then lower id.

    groups: int32[G, 2], city and condition set. A line without usable capability scores 0 with prox 0.
    """
    picked = np.full(len(groups), -1)
    score, near = np.zeros(len(groups)), np.zeros(len(groups))
    step = max(1, MATRIX // max(1, len(found.at)))
    for first in range(0, len(groups) if len(found.at) else 0, step):
        part = slice(first, first + step)
        best, prox = _best_of(prepared, found, groups[part])
        some = best >= 0
        picked[part] = best
        score[part][some] = found.score[best[some]]
        near[part][some] = prox[some]
    return Choice(picked, score, near)


def _best_of(prepared: Prepared, found: Feasible, groups: Ints) -> tuple[AnyArray, Floats]:
    """Per group the index of the best usable capability (-1 none) and its proximity to the group's city."""
    cities, city_of = np.unique(groups[:, 0], return_inverse=True)
    prox = prepared.prox.T[cities][:, found.block.city[found.at]]
    value = round9(0.60 * found.score + 0.075 * prox)[city_of]
    fits: dict[tuple[int, ...], Bools] = {}
    bites = [found.block.conditions_that_bite(conditions) for conditions in groups[:, 1].tolist()]
    for conditions in bites:
        if conditions not in fits:
            fits[conditions] = _fits(found, conditions)
    usable = np.stack([fits[conditions] for conditions in bites])
    value[~usable] = -1.0  # below every value
    best = value.argmax(axis=1)  # the first maximum: the lower id
    none = ~usable.any(axis=1)
    near: Floats = prox[city_of, best]
    return np.where(none, -1, best), near


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
    excluded: Excluded,
    rows: Rows,
) -> None:
    """The rows of one pipeline. chosen: per line the index in its feasible list, -1 none."""
    pipeline = rows.count("pipelines")
    complete = min(chosen) >= 0
    team = Team(lines, [])
    conditions = int(prepared.condition_set[site]) if site >= 0 else -1
    for line, found, index in zip(lines, feasible, chosen, strict=True):
        if index >= 0:
            capability = int(found.block.pos[found.at[index]])
            team.capabilities.append(capability)
            rows.add("teams", pipeline, line, capability, float(found.score[index]))
        if (line, conditions) not in excluded:
            excluded[line, conditions] = _ruled_out(prepared, conditions, found)
        usable, by_condition = excluded[line, conditions]
        rows.add("ruled_out", pipeline, line, len(found.at), usable)
        for place, count in by_condition:
            rows.add("ruled_out_by", pipeline, line, place, count)
    times = time_to_market(prepared, demand, site, team if complete else None)
    rows.add("pipelines", demand, rank, site, score, complete, *times)


def _ruled_out(prepared: Prepared, conditions: int, found: Feasible) -> tuple[int, list[tuple[int, int]]]:
    """How many feasible capabilities fit a condition set (-1: no site), and (place, how many fail) of its members."""
    biting = found.block.conditions_that_bite(conditions) if conditions >= 0 else ()
    if not biting or not len(found.at):
        return len(found.at), []
    counts = []
    for place, condition in enumerate(prepared.condition_sets[conditions]):
        failing = found.block.failing(condition)
        count = 0 if failing is None else int(np.count_nonzero(failing[found.at]))
        if count:
            counts.append((place, count))
    return int(np.count_nonzero(_fits(found, biting))), counts

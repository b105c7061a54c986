"""§6 for one demand: its sites by city and conditions, each line's feasible by city, and what no site can exceed."""

from __future__ import annotations

from typing import Any

from matching.kernel.compiled.bits import COMPILE, njit
from matching.kernel.compiled.teams import CLOSE, NOBODY, by_city, choose, reached


@njit(**COMPILE)
def groups(sites: Any, first: int, last: int, world: Any, sets: int, mark: int, scratch: Any) -> None:
    """Sites in one city with the same conditions share a team."""
    groups = 0
    for k in range(first, last):
        site = sites.site[k]
        pair = world.site_city[site] * sets + world.site_set[site]
        if scratch.stamp[pair] != mark:
            scratch.stamp[pair], scratch.number[pair] = mark, groups
            scratch.city[groups], scratch.set[groups] = world.site_city[site], world.site_set[site]
            scratch.sums[groups, 0] = scratch.sums[groups, 1] = scratch.sums[groups, 2] = 0.0
            scratch.chosen[groups] = False
            groups += 1
        scratch.group_of[k - first] = scratch.number[pair]


@njit(**COMPILE)
def put_together(feasible: Any, at: int, lines: int, world: Any, order: Any, scratch: Any) -> float:
    """Each line's feasible by city. Returns the mark of the best team there can be: 1 where a line has nobody."""
    base, partial = feasible.start[at], 0.0
    for i in range(lines):
        first, last = feasible.start[at + i], feasible.start[at + i + 1]
        scratch.cities[i] = by_city(
            feasible.capability[first:last], feasible.score[first:last], world.city, order[first - base : last - base],
            scratch.city_start[i], scratch.city_of[i], scratch.top[i], scratch.dense[i],
        )  # fmt: skip
        if first == last:
            partial = 1.0
    return partial


@njit(**COMPILE)
def _reached(city: int, lines: int, world: Any, scratch: Any) -> float:
    """What no team exceeds for sites in a city, of what P makes of scores and of members' nearness."""
    total = 0.0
    for i in range(lines):
        many = scratch.cities[i]
        here = reached(
            scratch.city_of[i, :many], scratch.top[i, :many], scratch.dense[i], world.prox_to[city]
        )
        total += max(0.0, here)
    return total / lines


@njit(**COMPILE)
def bounds(
    sites: Any, begin: int, world: Any, lab: int, lines: int, mark: int, scratch: Any, bound: Any
) -> None:
    """No site's P is higher: every line has whom it would take if the site asked for nothing."""
    for k in range(len(bound)):
        city = world.site_city[sites.site[begin + k]]
        if scratch.reach_of[city] != mark:
            scratch.reach_of[city], scratch.reach[city] = mark, _reached(city, lines, world, scratch)
        bound[k] = (
            scratch.reach[city] + 0.25 * sites.site_score[begin + k] + 0.075 * world.prox[lab, city] + CLOSE
        )


@njit(**COMPILE)
def choose_group(
    group: int, at: int, lines: int, order: Any, feasible: Any, world: Any, conditions: Any, scratch: Any
) -> None:
    """The team of one group of sites, when one of them is first looked at."""
    base, sums = feasible.start[at], scratch.sums[group]
    near, number, misfits = world.prox_to[scratch.city[group]], scratch.set[group], conditions.misfits
    for i in range(lines):
        first, last, many = feasible.start[at + i], feasible.start[at + i + 1], scratch.cities[i]
        own, scores = feasible.capability[first:last], feasible.score[first:last]
        best = choose(
            own, scores, order[first - base : last - base], scratch.city_start[i], scratch.city_of[i, :many],
            scratch.top[i, :many], near, misfits, number,
        )  # fmt: skip
        if best == NOBODY:
            scratch.capability[i, group], scratch.score[i, group], sums[2] = -1, 0.0, 1.0
        else:
            scratch.capability[i, group], scratch.score[i, group] = own[best], scores[best]
            sums[0] += scores[best]
            sums[1] += near[world.city[own[best]]]
    scratch.chosen[group] = True

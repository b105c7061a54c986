"""§5 for one demand against all sites at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_SITES, Role
from matching.kernel.measure import best_first, clamp, fit, holds, wants_of, weighted_mean
from matching.kernel.prepare import Prepared
from matching.kernel.rows import Rows
from matching.kernel.tables import AnyArray, Bools, Floats


class FeasibleSites(NamedTuple):
    """All feasible sites of a demand. site: positions, ascending; score: G(D, s), rounded."""

    site: AnyArray
    score: Floats


def solve_sites(prepared: Prepared, demand: int, rows: Rows) -> FeasibleSites:
    """Add the demand's rows of totals and sites; return all feasible sites (none without a site need)."""
    demands, sites = prepared.problem.demands, prepared.problem.sites
    if demands.scenario[demand] == -1:
        rows.add("demand_totals", demand, 0)
        return FeasibleSites(np.empty(0, np.int64), np.empty(0))
    f = max(int(demands.start[demand]), prepared.problem.as_of)
    good = _feasible(prepared, demand)
    window = _fitting_windows(prepared, demand, good, f)
    site = np.flatnonzero(window >= 0)
    window = window[site]
    rows.add("demand_totals", demand, len(site))
    opens, closes = prepared.windows.opens[window], prepared.windows.closes[window]
    wants = [w for w in wants_of(demands.site_requirements, demand) if not w.hard]
    days = max(1, int(demands.need_by[demand]) - f)
    roles = prepared.problem.places.roles[sites.city[site]] & np.uint8(Role.SITES)
    terms = [
        fit(wants, [prepared.site_params[w.key].at(site) for w in wants], len(site)),
        clamp(1 - (np.maximum(opens, f) - f) / days),
        clamp(sites.fleet_capacity[site] / (2 * float(demands.fleet[demand]))),
        (roles != 0).astype(np.float64),
        prepared.trust[sites.organisation[site]],
    ]
    score = weighted_mean(prepared.site_weights, terms)
    best = best_first(score, KEEP_SITES)
    if len(best):
        parts = np.stack([term[best] for term in terms], axis=1)
        rank = np.arange(1, len(best) + 1)
        rows.add_many("sites", demand, rank, site[best], score[best], parts, opens[best], closes[best])
    return FeasibleSites(site, score)


def _feasible(prepared: Prepared, demand: int) -> Bools:
    """bool[S]: every hard rule of §5 but the window."""
    demands, sites = prepared.problem.demands, prepared.problem.sites
    good: Bools = prepared.scenario_below[demands.scenario[demand]][sites.scenario] & sites.active
    if not demands.open_scope[demand]:
        good &= prepared.problem.places.member[sites.city]
    good &= sites.fleet_capacity >= demands.fleet[demand]
    for want in wants_of(demands.site_requirements, demand):
        if want.hard:
            good &= holds(want, prepared.site_params[want.key])
    return good


def _fitting_windows(prepared: Prepared, demand: int, good: Bools, f: int) -> AnyArray:
    """int64[S]: index of the fitting window that starts first, -1 without one or where not good.

    Fits: min(end, need-by) - max(start, f) + 1 >= trial_days. Windows are sorted by site, start and end, so
    the first fitting one of a site is the one that starts first.
    """
    demands, windows = prepared.problem.demands, prepared.windows
    inside = np.minimum(windows.closes, demands.need_by[demand]) - np.maximum(windows.opens, f) + 1
    fits = np.flatnonzero((inside >= demands.trial_days[demand]) & good[windows.site])
    result = np.full(len(good), -1, np.int64)
    result[windows.site[fits][::-1]] = fits[::-1]
    return result

"""Section 5: one demand against one site."""

from dataclasses import dataclass
from datetime import date

from tests.oracle.case import Case, is_or_below
from tests.oracle.rules import clamp, days, divisor, fit, shortfall, trust, weighted
from tests.oracle.things import Demand, Site, SiteNeed, params_of


@dataclass
class Host:
    """A feasible demand × site; `index` is the site's place in the order of creation."""

    index: int
    site: Site
    score: float
    terms: dict[str, float]


def first_window(site: Site, start: date, end: date, trial_days: int) -> date | None:
    """Start of the earliest window with enough days inside [start, end], both ends counted."""
    fitting = [
        opens for opens, closes in site.windows if days(max(opens, start), min(closes, end)) + 1 >= trial_days
    ]
    return min(fitting) if fitting else None


def judge_site(
    case: Case, demand: Demand, need: SiteNeed, site: Site
) -> tuple[float, dict[str, float]] | None:
    """Score and terms; None where a hard rule fails."""
    types = case.world.scenario_types
    if not is_or_below(types, site.type, need.scenario):
        return None
    if not site.published or site.organisation.suspended:
        return None
    if not demand.open and case.roles(site.city) is None:
        return None
    params = params_of(types, site.type)
    if any(shortfall(asked, site.params, params) is not None for asked in need.requirements if asked.hard):
        return None
    if site.fleet < need.fleet:
        return None
    earliest = max(demand.start, case.as_of)
    opens = first_window(site, earliest, demand.need_by, need.trial_days)
    if opens is None:
        return None
    wait = days(earliest, max(opens, earliest)) / divisor(days(earliest, demand.need_by))
    terms = {
        "fit": fit(need.requirements, site.params, params),
        "wait": clamp(1 - wait),
        "capacity": clamp(site.fleet / (2 * need.fleet)),
        "role": 1.0 if "sites" in (case.roles(site.city) or ()) else 0.0,
        "trust": trust(site.organisation),
    }
    return round(weighted(terms, case.site_weights), 9), terms


def hosts_of(case: Case, demand: Demand, need: SiteNeed) -> list[Host]:
    """All feasible sites by score, then id."""
    found = []
    for index, site in enumerate(case.world.sites):
        judged = judge_site(case, demand, need, site)
        if judged is not None:
            found.append(Host(index, site, *judged))
    return sorted(found, key=lambda host: (-host.score, host.index))

"""Section 6: teams of suppliers around a site, and the days to market."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from tests.oracle.case import Case
from tests.oracle.hosts import Host
from tests.oracle.rules import days, shortfall
from tests.oracle.suppliers import Pair
from tests.oracle.things import Capability, Demand, Site

STAGES: Final = (
    "prototype_days", "wait_days", "trial_days", "volume_days", "delivery_days", "total_days", "baseline_days",
    "late_days",
)  # fmt: skip
Minutes = Callable[[str, str], float]


@dataclass
class Pipeline:
    """`team` runs beside the demand's lines; None where no capability can be had."""

    host: Host | None
    team: list[Pair | None]
    score: float
    times: dict[str, float | None] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return all(pair is not None for pair in self.team)


def fits_site(case: Case, capability: Capability, site: Site) -> bool:
    """Every part condition whose key its own type has; a value not stated fails."""
    params = case.component_params(capability.type)
    return all(
        shortfall(condition, capability.specs, params) is None
        for condition in site.conditions
        if condition.key in params
    )


def choose(case: Case, site: Site, pairs: list[Pair]) -> Pair | None:
    """The best feasible capability of one line that fits the site, by its share in the pipeline's score."""
    best: tuple[float, int] | None = None
    chosen = None
    for pair in pairs:
        value = round(0.60 * pair.score + 0.075 * case.prox(pair.capability.facility.city, site.city), 9)
        key = (-value, pair.index)
        if (best is None or key < best) and fits_site(case, pair.capability, site):
            best, chosen = key, pair
    return chosen


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def team_score(case: Case, demand: Demand, host: Host | None, team: list[Pair | None]) -> float:
    scores = _mean([pair.score if pair else 0.0 for pair in team])
    if host is None:
        return round(scores, 9)
    city = host.site.city
    near = _mean([case.prox(pair.capability.facility.city, city) if pair else 0.0 for pair in team])
    travel = 0.5 * case.prox(demand.lab, city) + 0.5 * near
    return round(0.60 * scores + 0.25 * host.score + 0.15 * travel, 9)


def trial_start(case: Case, demand: Demand, site: Site, prototype: float, trial_days: int) -> int | None:
    """Days from as-of to the first day that leaves the whole trial inside one window."""
    earliest = max(ceil(round(prototype, 9)), days(case.as_of, demand.start))
    starts = []
    for opens, closes in site.windows:
        first = max(earliest, days(case.as_of, opens))
        if first + trial_days - 1 <= days(case.as_of, closes):
            starts.append(first)
    return min(starts) if starts else None


def stages(
    case: Case, demand: Demand, site: Site | None, team: list[Pair], minutes: Minutes
) -> dict[str, float | None]:
    """Prototype, wait, trial, volume, delivery and their total for one way of counting travel."""
    parts = [pair.capability for pair in team]
    prototype = demand.iterations * max(
        part.prototype_days + 2 * minutes(demand.lab, part.facility.city) / 480 for part in parts
    )
    volume = max(
        part.volume_days + 30 * line.quantity / part.free
        for part, line in zip(parts, demand.lines, strict=True)
    )
    target = demand.deployment or (site.city if site else "")
    delivery = max(minutes(part.facility.city, target) for part in parts) / 480 if target else 0.0
    wait: float | None = 0.0
    trial = 0.0
    if site is not None and demand.need is not None:
        trial = float(demand.need.trial_days)
        start = trial_start(case, demand, site, prototype, demand.need.trial_days)
        wait = None if start is None else start - prototype
    total = None if wait is None else prototype + wait + trial + volume + delivery
    return {
        "prototype_days": prototype,
        "wait_days": wait,
        "trial_days": trial,
        "volume_days": volume,
        "delivery_days": delivery,
        "total_days": total,
    }


def times(case: Case, demand: Demand, host: Host | None, team: list[Pair | None]) -> dict[str, float | None]:
    """All columns of time; a partial pipeline has none."""
    members = [pair for pair in team if pair is not None]
    if len(members) < len(team):
        return dict.fromkeys(STAGES)
    site = host.site if host else None
    real = stages(case, demand, site, members, case.minutes)
    total = real["total_days"]
    late = None if total is None else max(0.0, total - days(case.as_of, demand.need_by))
    near = stages(case, demand, site, members, lambda a, b: 30.0)
    return real | {"baseline_days": near["total_days"], "late_days": late}


def build(case: Case, demand: Demand, host: Host | None, pairs: list[list[Pair]]) -> Pipeline:
    if host is None:
        team = [options[0] if options else None for options in pairs]
    else:
        team = [choose(case, host.site, options) for options in pairs]
    return Pipeline(host, team, team_score(case, demand, host, team))


def pipelines_of(case: Case, demand: Demand, hosts: list[Host], pairs: list[list[Pair]]) -> list[Pipeline]:
    """The best ten over all feasible sites: complete first, then score, then lower site id."""
    if demand.need is None:
        found = [build(case, demand, None, pairs)]
    else:
        found = [build(case, demand, host, pairs) for host in hosts]
    found.sort(key=lambda line: (not line.complete, -line.score, line.host.index if line.host else 0))
    for pipeline in found[:10]:
        pipeline.times = times(case, demand, pipeline.host, pipeline.team)
    return found[:10]

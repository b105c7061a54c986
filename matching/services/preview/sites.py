"""How many open demands a site would suit, and which one of its conditions keeps most away. Nothing is written.

The operator is told counts only: demands that it does not see yet count as they would after publishing, what they
ask is not told. A firm that is not listed yet is compared with open demands only. The rules are §5 of
docs/matching.md, one by one; a test holds them against the matcher's own result.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from alliance.choices import Confidentiality, Scope
from alliance.errors import NotFoundError
from alliance.models import AllianceReach
from companies.selectors import verdict
from matching.models import Demand, SiteNeed, SiteRequirement
from scenarios.models import ScenarioType, Site, SiteWindow
from scenarios.selectors import keeps_site, scenario_book

FLEET, WINDOW = "fleet", "window"


@dataclass(frozen=True)
class Cause:
    """`out`: demands that it keeps away; `alone`: those that nothing else keeps away."""

    name: str
    out: int
    alone: int


@dataclass(frozen=True)
class SiteHint:
    """`asked`: open demands that ask for such a place within reach; `suits`: those that the site meets in all."""

    asked: int = 0
    suits: int = 0
    causes: list[Cause] = field(default_factory=list)

    @property
    def worst(self) -> Cause | None:
        """What would win most if it were different; else what keeps most away."""
        return max(self.causes, key=lambda cause: (cause.alone, cause.out), default=None)


def site_hint(site: Site, *, user: Any) -> SiteHint:
    """For its people and the bureau that cares for it. A handful of queries, whatever the number of demands."""
    if not keeps_site(user, site):
        raise NotFoundError(_("There is no such site."))
    needs = list(_needs(site))
    hard: dict[int, list[Any]] = defaultdict(list)
    rows = SiteRequirement.objects.filter(site_need__in=[need.pk for need in needs], hard=True)
    for row in rows.select_related("key"):
        hard[row.site_need_id].append(row)
    windows = list(SiteWindow.objects.filter(site=site))
    failed = [set(_failures(site, windows, need, hard[need.pk])) for need in needs]
    return SiteHint(len(needs), sum(not causes for causes in failed), _causes(site, failed))


def _needs(site: Site) -> Any:
    """Site needs of open demands whose alliance the site's city belongs to, or that look everywhere."""
    reached = AllianceReach.objects.filter(city=site.city_id).values("alliance")
    demands = Demand.objects.filter(published=True, archived_at=None).exclude(alliance__as_of=None)
    demands = demands.filter(Q(alliance__in=reached) | Q(scope=Scope.OPEN))
    if not site.organisation.listed:
        demands = demands.filter(confidentiality=Confidentiality.OPEN)
    needs = SiteNeed.objects.filter(demand__in=demands, scenario_type__in=_above(site.scenario_type_id))
    return needs.select_related("demand__alliance")


def _above(type_id: int) -> list[int]:
    """The type and what it lies under: a demand for any of them takes such a site."""
    parents = dict(ScenarioType.objects.values_list("id", "parent_id"))
    found: list[int] = []
    node: int | None = type_id
    while node is not None and node not in found:
        found.append(node)
        node = parents.get(node)
    return found


def _failures(site: Site, windows: list[Any], need: Any, hard: Iterable[Any]) -> Iterable[str]:
    if site.fleet_capacity < need.fleet_size:
        yield FLEET
    demand = need.demand
    first = max(demand.start_date, demand.alliance.as_of)
    if not any(_inside(row, first, demand.need_by) >= need.trial_days for row in windows):
        yield WINDOW
    for row in hard:
        if not verdict(row.key, row.op, row.value, site.params.get(row.key.key)).met:
            yield row.key.key


def _inside(window: Any, first: date, last: date) -> int:
    return (min(window.ends, last) - max(window.starts, first)).days + 1


def _causes(site: Site, failed: list[set[str]]) -> list[Cause]:
    out = Counter(cause for causes in failed for cause in causes)
    alone = Counter(next(iter(causes)) for causes in failed if len(causes) == 1)
    book = scenario_book()
    names = {FLEET: _("room for robots"), WINDOW: _("open long enough, in time")}
    found = [
        Cause(names.get(key) or book.name(key, site.scenario_type_id), n, alone[key])
        for key, n in out.items()
    ]
    return sorted(found, key=lambda cause: (-cause.alone, -cause.out, cause.name))

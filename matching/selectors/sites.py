"""The sites that suit a demand, and the demands that a site suits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alliance.selectors import roles_in
from alliance.templatetags.charts import Slot
from companies.selectors import verdict
from matching.models import SiteMatch
from matching.selectors.demands import pointer_of
from matching.selectors.terms import SITE_TERMS, Scales, site_basis, slots
from scenarios.selectors import site_list

Roles = Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class SiteRow:
    """A site that meets every rule of the demand, its score taken apart."""

    match: Any
    site: Any
    slots: list[Slot]


def suiting(user: Any, demand: Any) -> list[tuple[Any, Any]]:
    """For the demand's side (`standing`): the ranked sites, each with its result. Their operators' records are not
    read yet."""
    if demand.wants_site is None:
        return []
    matches = list(SiteMatch.objects.of_runs(pointer_of(demand)).order_by("rank"))
    if not matches:
        return []
    sites = {site.pk: site for site in site_list(user, few=True).filter(pk__in=[m.site_id for m in matches])}
    return [(match, sites[match.site_id]) for match in matches if match.site_id in sites]


def site_rows(
    demand: Any, found: Sequence[tuple[Any, Any]], weights: Scales, roles: Roles | None = None
) -> list[SiteRow]:
    """These sites with each term's basis in words; their operators have their `record`. `roles`: of their cities,
    where they were read."""
    if not found:
        return []
    roles = roles_in(demand.alliance_id, {site.city_id for _match, site in found}) if roles is None else roles
    soft = [row for row in demand.wants_site.asked if not row.hard]
    rows = []
    for match, site in found:
        degrees = [
            (verdict(r.key, r.op, r.value, site.params.get(r.key.key)).degree(r.tolerance), r.weight)
            for r in soft
        ]
        opens = "sites" in roles.get(site.city_id, ())
        basis = site_basis(site, demand, match, degrees, opens)
        rows.append(SiteRow(match, site, slots(SITE_TERMS, weights.site, match, basis)))
    return rows

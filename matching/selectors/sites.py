"""The sites that suit a demand, and the demands that a site suits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from alliance.models import DeliveryRecord
from alliance.selectors import roles_in
from alliance.templatetags.charts import Slot
from companies.selectors import verdict
from matching.models import SiteMatch
from matching.selectors.terms import SITE_TERMS, Scales, site_basis, slots
from scenarios.selectors import site_list


@dataclass(frozen=True)
class SiteRow:
    """A site that meets every rule of the demand, its score taken apart."""

    match: Any
    site: Any
    slots: list[Slot]


def site_rows(user: Any, demand: Any, weights: Scales) -> list[SiteRow]:
    """For the demand's side: the ranked sites with each term's basis in words."""
    matches = list(SiteMatch.objects.visible_to(user).current().filter(demand_id=demand.pk).order_by("rank"))
    if not matches or demand.wants_site is None:
        return []
    record = Prefetch("organisation__deliveries", DeliveryRecord.objects.visible_few(user), to_attr="record")
    found = site_list(user).prefetch_related(record).filter(pk__in=[m.site_id for m in matches])
    sites = {site.pk: site for site in found}
    roles = roles_in(demand.alliance_id, {site.city_id for site in sites.values()})
    soft = [row for row in demand.wants_site.asked if not row.hard]
    rows = []
    for match in matches:
        site = sites.get(match.site_id)
        if site is None:
            continue
        degrees = [
            (verdict(r.key, r.op, r.value, site.params.get(r.key.key)).degree(r.tolerance), r.weight)
            for r in soft
        ]
        opens = "sites" in roles.get(site.city_id, ())
        basis = site_basis(site, demand, match, degrees, opens)
        rows.append(SiteRow(match, site, slots(SITE_TERMS, weights.site, match, basis)))
    return rows

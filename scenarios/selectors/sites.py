"""Sites, when they are open, and what they ask of parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch

from alliance.models.base import GuardedQuerySet
from alliance.selectors.long_lists import REASONS, Rows, long_list
from companies.selectors import ParameterBook, SpecRow, asked_text, book_of, spec_rows
from scenarios.models import PartCondition, ScenarioKey, ScenarioParameter, ScenarioType, Site, SiteWindow


def site_list(user: Any, *, few: bool = False) -> GuardedQuerySet:
    """Sites with their windows (`open_windows`) and part conditions (`conditions`). `few`: whose keys are known."""
    return _told(Site.objects.visible_few(user) if few else Site.objects.visible_to(user))


def _told(sites: GuardedQuerySet) -> GuardedQuerySet:
    conditions = PartCondition.objects.hanging_on("site").select_related("key")
    return sites.select_related("scenario_type", "organisation", "city").prefetch_related(
        Prefetch("windows", SiteWindow.objects.hanging_on("site"), to_attr="open_windows"),
        Prefetch("part_conditions", conditions, to_attr="conditions"),
    )


def site_rows(user: Any) -> Rows:
    """The same as a long list: of a large region everybody sees the sites of few cities."""
    return long_list(Site, site_list, user, REASONS, _told)


def site_detail(user: Any) -> GuardedQuerySet:
    return site_list(user, few=True).select_related(
        "scenario_type__parent", "city__parent", "organisation__city"
    )


def keeps_site(user: Any, site: Site) -> bool:
    """Whether the viewer writes it or is the bureau that cares for it."""
    return bool(Site.objects.kept_by(user).filter(pk=site.pk).exists())


def scenario_type_list(user: Any) -> GuardedQuerySet:
    return ScenarioType.objects.visible_to(user).select_related("parent")


def site_units() -> dict[str, str]:
    """Site parameter → its unit."""
    return dict(ScenarioKey.objects.values_list("key", "unit"))


def scenario_book() -> ParameterBook[ScenarioParameter]:
    return book_of(ScenarioParameter, ScenarioType)


def site_params(site: Site) -> list[SpecRow]:
    return spec_rows(scenario_book(), site.scenario_type_id, site.params)


def condition_text(book: ParameterBook[Any], condition: PartCondition) -> str:
    """A part condition in words, by the component tree's names: Operating temperature covers −10 to 45 °C."""
    return f"{book.name(condition.key.key)} {asked_text(condition.key, condition.op, condition.value)}"


SOON = 60  # days before the last window ends


@dataclass(frozen=True)
class Lapse:
    """When the site's last window ends, or ended; `days` from today, negative when it is over."""

    ends: date
    days: int


def lapse_of(windows: Iterable[SiteWindow], today: date) -> Lapse | None:
    """What to warn of: the last window ends soon, or none is left. None while all is well or nothing was ever open."""
    last = max((row.ends for row in windows), default=None)
    if last is None or (last - today).days > SOON:
        return None
    return Lapse(last, (last - today).days)

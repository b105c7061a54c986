"""What the list of sites can be narrowed by; pages and endpoints use the same set."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from alliance.filters import LISTS, CityFilter, ListFilter, Sort, TreeFilter, TypeFilter, WordFilter
from alliance.models import Organisation
from scenarios.models import ScenarioType, Site
from scenarios.models.sites import SITE_NAMES


class SiteFilter(ListFilter):
    sorts: ClassVar[dict[str, Sort]] = {
        "newest": (_("newest first"), ("-id",)),
        "name": (_("by name"), ("name", "id")),
        "scenario": (_("by scenario"), ("scenario_type__code", "id")),
        "city": (_("by city"), ("city__code", "id")),
        "fleet": (_("by fleet capacity"), ("-fleet_capacity", "id")),
    }
    q = WordFilter(
        label=_("Name or operator"),
        fields=["name"],
        indexed=[("", Site, SITE_NAMES)],
        beside={"organisation": (Organisation, ["name_zh", "name_en"])},
    )
    scenario_type = TreeFilter(label=_("Scenario type"), tree=ScenarioType, empty_label=_("any"))
    city = CityFilter(label=_("City"))
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("published", _("published")), ("draft", _("draft")), ("archived", _("archived"))],
        method="in_state",
        empty_label=_("any"),
    )
    open_on = django_filters.DateFilter(label=_("Open on"), method="open_at")

    class Meta:
        model = Site
        fields: ClassVar[list[str]] = []

    def in_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Archived rows come only when they are asked for (the list has left them out)."""
        if value == "archived":
            return queryset.filter(archived_at__isnull=False)
        return queryset.filter(published=value == "published")

    def open_at(self, queryset: QuerySet, name: str, value: object) -> QuerySet:
        return queryset.filter(windows__starts__lte=value, windows__ends__gte=value).distinct()


class ScenarioTypeFilter(TypeFilter):
    class Meta:
        model = ScenarioType
        fields: ClassVar[list[str]] = []


LISTS["sites"] = SiteFilter

"""Endpoints of scenario types and sites."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema

from alliance.rest.views import ReadViewSet
from alliance.serializers import TypeShown
from scenarios.filters import ScenarioTypeFilter, SiteFilter
from scenarios.selectors import scenario_book, scenario_type_list, site_list
from scenarios.serializers import ScenarioTypeDetailShown, SiteShown


@extend_schema(tags=["reference"])
class ScenarioTypeViewSet(ReadViewSet):
    """The tree of application scenarios; the detail has the parameters, inherited ones too."""

    selector = scenario_type_list
    filters = ScenarioTypeFilter
    serializer_class = TypeShown
    detail_serializer_class = ScenarioTypeDetailShown
    lookup_field = lookup_url_kwarg = "code"
    lookup_value_converter = "str"

    def prepare(self, rows: list[Any]) -> None:
        if self.detail:
            rows[0].all_parameters = list(scenario_book().of(rows[0].pk).values())


@extend_schema(tags=["scenarios"])
class SiteViewSet(ReadViewSet):
    """Open application sites with their windows and what they ask of parts."""

    selector = site_list
    filters = SiteFilter
    serializer_class = SiteShown

"""Endpoints of scenario types and sites."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema

from alliance.models import City, Organisation
from alliance.rest.fields import with_unit
from alliance.rest.views import ReadViewSet, with_since
from alliance.rest.writing import WriteViewSet, keep_name, row_named
from alliance.serializers import TypeShown
from companies.selectors import units_by_key
from scenarios.filters import ScenarioTypeFilter, SiteFilter
from scenarios.models import ScenarioType, Site
from scenarios.selectors import scenario_book, scenario_type_list, site_list, site_rows
from scenarios.selectors.bodies import site_body
from scenarios.serializers import ScenarioTypeDetailShown, SiteAsked, SiteShown
from scenarios.services import (
    SiteInput,
    archive_site,
    create_site,
    publish_site,
    restore_site,
    update_site,
    withdraw_site,
)


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
class SiteViewSet(WriteViewSet):
    """Open application sites with their windows and what they ask of parts."""

    kind = "site"
    selector = site_list
    long_selector = site_rows
    filters = with_since(SiteFilter, names=True)
    serializer_class = SiteShown
    asked = SiteAsked
    stored = site_body

    def make(self, owner: Organisation, told: dict[str, Any]) -> Site:
        with transaction.atomic():
            row = create_site(owner, self._input(told), user=self.request.user)
            if told.get("published"):
                publish_site(row, user=self.request.user)
        return row

    def change(self, row: Site, told: dict[str, Any], version: int) -> object:
        user = self.request.user
        keep_name(row, told)
        update_site(row, self._input(told), user=user, version=version)
        wanted = told.get("published", row.published)
        if wanted and not row.published:
            publish_site(row, user=user)
        elif row.published and not wanted:
            withdraw_site(row, user=user)
        elif row.archived_at is not None:
            restore_site(row, user=user)
        return row

    def remove(self, row: Site, version: int) -> None:
        archive_site(row, user=self.request.user, version=version)

    def _input(self, told: dict[str, Any]) -> SiteInput:
        plain = {name: told[name] for name in ("external_id", "name", "params", "fleet_capacity")}
        units = units_by_key()
        return SiteInput(
            city=row_named(City, told["city"], "city"),
            scenario_type=row_named(ScenarioType, told["scenario_type"], "scenario_type"),
            point=(told["latitude"], told["longitude"]),
            windows=[(each["starts"], each["ends"]) for each in told["windows"]],
            conditions=[with_unit(each, units) for each in told["part_conditions"]],
            **plain,
        )

"""Endpoint of demands: read, and written as whole documents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from alliance.errors import DomainError
from alliance.models import Alliance, City, Organisation
from alliance.rest.fields import with_unit
from alliance.rest.views import with_since
from alliance.rest.writing import WriteViewSet, keep_name, row_named
from alliance.selectors import alliance_list, viewer_of
from companies.models import ComponentType
from companies.selectors import units_by_key
from matching.filters import DemandFilter
from matching.models import Demand
from matching.selectors import demand_detail, demand_list
from matching.selectors.bodies import DAYS, demand_body
from matching.selectors.demands import attach_api_parts, demand_rows
from matching.serializers import DemandAsked, DemandDetailShown, DemandShown
from matching.services.demands import (
    DemandInput,
    LineInput,
    NeedInput,
    close_demand,
    write_demand,
)
from scenarios.models import ScenarioType
from scenarios.selectors import site_units


@extend_schema(tags=["demands"])
class DemandViewSet(WriteViewSet):
    """Robot programmes; the detail has their lines. Written as one document with its lines and site need."""

    kind = "demand"
    selector = demand_list
    long_selector = demand_rows
    detail_selector = demand_detail
    filters = with_since(DemandFilter)
    serializer_class = DemandShown
    detail_serializer_class = DemandDetailShown
    asked = DemandAsked
    stored = demand_body
    put_away = ("closed", "true")

    def prepare(self, rows: list[Any]) -> None:
        attach_api_parts(self.request.user, rows, detailed=self.detail)

    def named(self, owner: Organisation, external_id: str) -> Any:
        rows = Demand.objects.visible_to(self.request.user).filter(owner=owner, external_id=external_id)
        return rows.select_related("owner", "alliance").first()

    # --- writing ---
    def make(self, owner: Organisation, told: dict[str, Any]) -> Demand:
        return self._save(None, owner, told)

    def change(self, row: Demand, told: dict[str, Any], version: int) -> object:
        keep_name(row, told)
        return self._save(row, row.owner, told, version)

    def remove(self, row: Demand, version: int) -> object:
        return close_demand(
            row, user=self.request.user, outcome=_("Withdrawn by a program."), version=version
        )

    def _save(
        self, row: Demand | None, owner: Organisation, told: dict[str, Any], version: int | None = None
    ) -> Demand:
        return write_demand(
            row,
            owner,
            self.programme(owner, told),
            self.lines(row, told["lines"]),
            need_input(told["site_need"]),
            user=self.request.user,
            version=version,
            published=told.get("published"),
        )

    def programme(self, owner: Organisation, told: dict[str, Any]) -> DemandInput:
        plain = {name: told[name] for name in ("title", "iterations", "open_points", "external_id", *DAYS)}
        lab, deployment = told["lab_city"], told["deployment_city"]
        return DemandInput(
            alliance=self._alliance(told["alliance"]),
            lab_city=row_named(City, lab, "lab_city") if lab else owner.city,
            deployment_city=row_named(City, deployment, "deployment_city") if deployment else None,
            scope=told["scope"],
            confidentiality=told["confidentiality"],
            **plain,
        )

    def _alliance(self, named: str | None) -> Alliance:
        """By short name or id; the only one, where it is not said."""
        user = self.request.user
        mine = list(alliance_list(user).filter(pk__in=viewer_of(user).firm_alliances))
        if named is None and len(mine) == 1:
            return mine[0]
        for row in mine:
            if named in (row.slug, str(row.public_id)):
                return row
        raise DomainError(_("There is no such alliance."), field="alliance")

    def lines(self, row: Demand | None, asked: list[dict[str, Any]]) -> list[LineInput]:
        ids = {line.public_id: line.external_id for line in row.lines.all()} if row is not None else {}
        units = units_by_key()
        return [_line_input(place, line, ids, units) for place, line in enumerate(asked)]


def _line_input(place: int, told: dict[str, Any], ids: dict[UUID, str], units: dict[str, str]) -> LineInput:
    price = told["price"] or {}
    name = told["external_id"]
    if (named := told.get("id")) is not None:
        if named not in ids or name not in ("", ids[named]):
            raise DomainError(_("There is no such line."), field=f"lines.{place}.id")
        name = ids[named]
    plain = {key: told[key] for key in ("quantity", "monthly_rate", "need_by", "certificates", "open_points")}
    return LineInput(
        component_type=row_named(ComponentType, told["component_type"], f"lines.{place}.component_type"),
        target_unit_price=price.get("target_unit_price"),
        ceiling_unit_price=price.get("ceiling_unit_price"),
        requirements=[with_unit(each, units) for each in told["requirements"]],
        external_id=name,
        **plain,
    )


def need_input(told: dict[str, Any] | None) -> NeedInput | None:
    if told is None:
        return None
    units = site_units()
    return NeedInput(
        scenario_type=row_named(ScenarioType, told["scenario_type"], "site_need.scenario_type"),
        fleet_size=told["fleet_size"],
        trial_days=told["trial_days"],
        requirements=[with_unit(each, units) for each in told["requirements"]],
    )

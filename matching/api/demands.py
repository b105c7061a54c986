"""Endpoint of demands: read, and written as whole documents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from alliance.errors import DomainError
from alliance.models import Alliance, City, Organisation
from alliance.rest.fields import with_unit
from alliance.rest.writing import WriteViewSet, keep_name, row_named
from alliance.selectors import alliance_list, viewer_of
from companies.models import ComponentKey, ComponentType
from matching.filters import DemandFilter
from matching.models import Demand, DemandLine, LinePrice, SiteNeed
from matching.selectors import demand_detail, demand_list
from matching.selectors.demands import attach_api_parts
from matching.serializers import DemandAsked, DemandDetailShown, DemandShown
from matching.services.demands import (
    DemandInput,
    LineInput,
    NeedInput,
    close_demand,
    write_demand,
)
from scenarios.models import ScenarioKey, ScenarioType

PLAIN = ("scope", "confidentiality", "iterations", "published")
DAYS = ("start_date", "need_by")


@extend_schema(tags=["demands"])
class DemandViewSet(WriteViewSet):
    """Robot programmes; the detail has their lines. Written as one document with its lines and site need."""

    kind = "demand"
    selector = demand_list
    detail_selector = demand_detail
    filters = DemandFilter
    serializer_class = DemandShown
    detail_serializer_class = DemandDetailShown
    asked = DemandAsked

    def prepare(self, rows: list[Any]) -> None:
        attach_api_parts(self.request.user, rows, detailed=self.detail)

    def named(self, owner: Organisation, external_id: str) -> Any:
        rows = Demand.objects.visible_to(self.request.user).filter(owner=owner, external_id=external_id)
        return rows.select_related("owner", "alliance").first()

    # --- what is stored, as a body ---
    def stored(self, row: Demand) -> dict[str, Any]:
        now = Demand.objects.select_related("identity", "alliance", "lab_city", "deployment_city").get(
            pk=row.pk
        )
        lines = now.lines.order_by("position", "id").select_related("component_type", "price")
        told = {name: getattr(now, name) for name in (*PLAIN, "external_id")}
        return (
            told
            | {name: getattr(now, name).isoformat() for name in DAYS}
            | {
                "title": now.identity.title,
                "alliance": now.alliance.slug,
                "lab_city": now.lab_city.code,
                "deployment_city": now.deployment_city.code if now.deployment_city else None,
                "open_points": [point.text for point in now.open_points.filter(line=None)],
                "lines": [_stored_line(line) for line in lines],
                "site_need": _stored_need(now),
            }
        )

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
        units = dict(ComponentKey.objects.values_list("key", "unit"))
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
    units = dict(ScenarioKey.objects.values_list("key", "unit"))
    return NeedInput(
        scenario_type=row_named(ScenarioType, told["scenario_type"], "site_need.scenario_type"),
        fleet_size=told["fleet_size"],
        trial_days=told["trial_days"],
        requirements=[with_unit(each, units) for each in told["requirements"]],
    )


def _stored_line(line: DemandLine) -> dict[str, Any]:
    price = LinePrice.objects.filter(line=line).values("target_unit_price", "ceiling_unit_price").first()
    return {
        "external_id": line.external_id,
        "component_type": line.component_type.code,
        "quantity": line.quantity,
        "monthly_rate": line.monthly_rate,
        "need_by": line.need_by.isoformat() if line.need_by else None,
        "price": price,
        "requirements": _stored_requirements(line.requirements),
        "certificates": list(line.certificates.order_by("id").values_list("code", flat=True)),
        "open_points": [point.text for point in line.open_points.all()],
    }


def _stored_need(demand: Demand) -> dict[str, Any] | None:
    need = SiteNeed.objects.filter(demand=demand).select_related("scenario_type").first()
    if need is None:
        return None
    return {
        "scenario_type": need.scenario_type.code,
        "fleet_size": need.fleet_size,
        "trial_days": need.trial_days,
        "requirements": _stored_requirements(need.requirements),
    }


def _stored_requirements(rows: Any) -> list[dict[str, Any]]:
    names = ("op", "value", "hard", "weight", "tolerance")
    return [{"key": row.key.key, **{n: getattr(row, n) for n in names}} for row in rows.select_related("key")]

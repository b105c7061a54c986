"""Demands as the bodies that would write them as they are; for who may write the row."""

from __future__ import annotations

from typing import Any

from matching.models import Demand, DemandLine, LinePrice, SiteNeed

PLAIN = ("scope", "confidentiality", "iterations", "published")
DAYS = ("start_date", "need_by")


def demand_body(row: Any) -> dict[str, Any]:
    now = Demand.objects.select_related("identity", "alliance", "lab_city", "deployment_city").get(pk=row.pk)
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

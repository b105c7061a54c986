"""A demand's lines in plain values: what a sheet is compared with, what an export writes, what undoing puts back."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from companies.models import ComponentType
from matching.models import (
    Demand,
    DemandLine,
    LineCertificate,
    LinePrice,
    LineRequirement,
    OpenPoint,
)
from matching.services.demands.inputs import LineInput
from matching.services.demands.lines import ReadLine, write_line

State = dict[str, Any]
PRICES = ("target_unit_price", "ceiling_unit_price")
BLANK: State = {
    "need_by": None,
    **dict.fromkeys(PRICES),
    "certificates": [],
    "requirements": [],
    "open_points": [],
}


def line_states(demand: Demand) -> list[State]:
    """In the lines' order; five queries however many there are."""
    lines = list(
        DemandLine.objects.filter(demand=demand).select_related("component_type").order_by("position", "id")
    )
    prices = {row.line_id: row for row in LinePrice.objects.filter(line__demand=demand)}
    held, asked, points = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in LineCertificate.objects.filter(line__demand=demand).order_by("id"):
        held[row.line_id].append(row.code)
    for need in (
        LineRequirement.objects.filter(line__demand=demand).select_related("key").order_by("position")
    ):
        asked[need.line_id].append(_asked(need))
    for point in OpenPoint.objects.filter(line__demand=demand).order_by("position"):
        points[point.line_id].append(point.text)
    return [
        {
            "public_id": str(line.public_id),
            "external_id": line.external_id,
            "position": line.position,
            "component_type": line.component_type.code,
            "quantity": line.quantity,
            "monthly_rate": line.monthly_rate,
            "need_by": line.need_by.isoformat() if line.need_by else None,
            **{name: getattr(prices.get(line.pk), name, None) for name in PRICES},
            "certificates": held[line.pk],
            "requirements": asked[line.pk],
            "open_points": points[line.pk],
        }
        for line in lines
    ]


def _asked(row: LineRequirement) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("op", "value", "hard", "weight", "tolerance")}
    return {"key": row.key.key, **told}


def restore(demand: Demand, states: list[State]) -> None:
    """The lines as they were, in the caller's transaction, which holds the demand's row."""
    now = {line.external_id: line for line in DemandLine.objects.filter(demand=demand)}
    kept = {state["external_id"] for state in states}
    DemandLine.objects.filter(pk__in=[line.pk for name, line in now.items() if name not in kept]).delete()
    types = {
        row.code: row for row in ComponentType.objects.filter(code__in=[s["component_type"] for s in states])
    }
    for state in states:
        given = LineInput(
            component_type=types[state["component_type"]],
            quantity=state["quantity"],
            monthly_rate=state["monthly_rate"],
            need_by=date.fromisoformat(state["need_by"]) if state["need_by"] else None,
            certificates=state["certificates"],
            open_points=state["open_points"],
            external_id=state["external_id"],
        )
        read = ReadLine(
            {name: state[name] for name in ("quantity", "monthly_rate")},
            {name: state[name] for name in PRICES},
            state["requirements"],
        )
        row = write_line(demand, given, read, now.get(state["external_id"]))
        DemandLine.objects.filter(pk=row.pk).update(public_id=state["public_id"], position=state["position"])

"""What the history tells of a line and of a site need: all of it, prices and requirements too."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from alliance.errors import NotFoundError
from matching.models import Demand, DemandLine, SiteNeed

State = dict[str, Any]
#: what names the line in every change of it
NAMES = ("line", "component_type")
#: what the history does not tell of a line
SILENT = ("public_id", "external_id", "position")


def line_state(line: DemandLine) -> State:
    """As it is in the database now: four queries, for one line. NotFoundError if somebody has removed it."""
    row = DemandLine.objects.select_related("component_type", "price").filter(pk=line.pk).first()
    if row is None:
        raise NotFoundError(_("There is no such line."))
    price = getattr(row, "price", None)
    return {
        "line": row.external_id,
        "component_type": row.component_type.code,
        "quantity": float(row.quantity),
        "monthly_rate": float(row.monthly_rate),
        "need_by": row.need_by.isoformat() if row.need_by else None,
        "target_unit_price": _number(price and price.target_unit_price),
        "ceiling_unit_price": _number(price and price.ceiling_unit_price),
        "certificates": list(row.certificates.order_by("id").values_list("code", flat=True)),
        "requirements": [
            _asked(need) for need in row.requirements.select_related("key").order_by("position")
        ],
        "open_points": list(row.open_points.order_by("position").values_list("text", flat=True)),
    }


def need_state(demand: Demand) -> State | None:
    """What is asked of the site, or None."""
    need = SiteNeed.objects.select_related("scenario_type").filter(demand=demand).first()
    if need is None:
        return None
    asked = need.requirements.select_related("key").order_by("position")
    return {
        "scenario_type": need.scenario_type.code,
        "fleet_size": float(need.fleet_size),
        "trial_days": need.trial_days,
        "site_requirements": [_asked(row) for row in asked],
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _asked(row: Any) -> State:
    told = {name: getattr(row, name) for name in ("op", "value", "hard", "weight", "tolerance")}
    return {"key": row.key.key, **told}


def differing(before: State | None, after: State | None) -> tuple[State, State]:
    """(before, after) of what is not the same; what names the line stays in both."""
    old, new = before or {}, after or {}
    names = [name for name in {**old, **new} if name in NAMES or old.get(name) != new.get(name)]
    return ({n: old[n] for n in names if n in old}, {n: new[n] for n in names if n in new})


def each_line(before: list[State], after: list[State]) -> list[tuple[State, State]]:
    """(before, after) of every line that differs between two lists of all lines, paired by external id."""
    old, new = ({row["external_id"]: row for row in rows} for rows in (before, after))
    found = []
    for name in {**old, **new}:
        was, now = old.get(name), new.get(name)
        if was != now:
            found.append(differing(_named(was), _named(now)))
    return found


def _named(state: State | None) -> State | None:
    if state is None:
        return None
    return {"line": state["external_id"], **{k: v for k, v in state.items() if k not in SILENT}}

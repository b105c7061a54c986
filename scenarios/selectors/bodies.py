"""Sites as the bodies that would write them as they are; for who may write the row."""

from __future__ import annotations

from typing import Any

from scenarios.models import Site

PLAIN = ("external_id", "name", "latitude", "longitude", "params", "fleet_capacity", "published")


def site_body(row: Any) -> dict[str, Any]:
    now = Site.objects.select_related("city", "scenario_type").get(pk=row.pk)
    return {name: getattr(now, name) for name in PLAIN} | {
        "city": now.city.code,
        "scenario_type": now.scenario_type.code,
        "windows": [
            {"starts": window.starts.isoformat(), "ends": window.ends.isoformat()}
            for window in now.windows.all()
        ],
        "part_conditions": [
            {"key": each.key.key, "op": each.op, "value": each.value}
            for each in now.part_conditions.select_related("key")
        ],
    }

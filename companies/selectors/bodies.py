"""Plants and capabilities as the bodies that would write them as they are; for who may write the row."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from companies.models import Capability, CapabilityTerms, Facility

TERMS = ("unit_price", "capacity_per_month", "committed_per_month")
PLAIN = ("title", "min_order_quantity", "prototype_lead_days", "volume_lead_days")
DAYS = ("available_from", "valid_until")


def facility_body(row: Any) -> dict[str, Any]:
    now = Facility.objects.select_related("city").get(pk=row.pk)
    plain = ("external_id", "name", "latitude", "longitude")
    return {name: getattr(now, name) for name in plain} | {
        "city": now.city.code,
        "certificates": _shown_certificates(now.certificates.all()),
    }


def capability_body(row: Any) -> dict[str, Any]:
    now = Capability.objects.select_related("facility", "component_type").get(pk=row.pk)
    terms = CapabilityTerms.objects.filter(capability=row).values(*TERMS).first() or {}
    told = {name: getattr(now, name) for name in (*PLAIN, "external_id", "specs", "published")}
    told |= {name: day.isoformat() if (day := getattr(now, name)) else None for name in DAYS}
    told |= dict.fromkeys(set(now.missing) & set(told))
    return told | {
        "component_type": now.component_type.code,
        "facility": str(now.facility.public_id),
        "terms": {name: None if name in now.missing else value for name, value in terms.items()},
        "certificates": _shown_certificates(now.certificates.all()),
    }


def _shown_certificates(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    return [
        {"code": code, "expires_on": day and day.isoformat()}
        for code, day in rows.order_by("code").values_list("code", "expires_on")
    ]

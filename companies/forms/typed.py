"""From what was typed to a `CapabilityInput`, and from the stored row back to the same boxes.

The boxes of a parameter are `spec-<key>`, `spec-<key>-high` and `spec-<key>-unit`; certificates are two parallel lists.
"""

from __future__ import annotations

import re
from typing import Any

from django.http import QueryDict

from alliance.forms import clashes
from companies.models import Capability, CapabilityTerms, ComponentType
from companies.services import CapabilityChecker, CapabilityInput, CertificateInput

_NUMBER = re.compile(r"\s*[+\-−]?[\d,，]*\.?\d*(?:[eE][+-]?\d+)?\s*", re.ASCII)
PLAIN = [
    *("title", "facility", "external_id", "capacity_per_month", "committed_per_month", "min_order_quantity"),
    *("unit_price", "prototype_lead_days", "volume_lead_days", "available_from", "valid_until"),
]
MAX_CERTIFICATES = 60


def read_form(data: QueryDict, type_: ComponentType | None, checker: CapabilityChecker) -> CapabilityInput:
    """What was typed, ready for `CapabilityChecker.check`."""
    specs: dict[str, Any] = {}
    for key, row in checker.book.of(type_.pk).items() if type_ else ():
        specs[key] = _typed(data, key, row.key.kind, row.key.unit)
    codes, days = data.getlist("cert-code"), data.getlist("cert-until")
    held = [
        CertificateInput(code, days[place] if place < len(days) else "")
        for place, code in enumerate(codes[:MAX_CERTIFICATES])
    ]
    plain: dict[str, Any] = {name: data.get(name, "") for name in PLAIN}
    return CapabilityInput(
        component_type=type_.code if type_ else "", specs=specs, certificates=held, **plain
    )


def _typed(data: QueryDict, key: str, kind: str, own: str) -> Any:
    name = f"spec-{key}"
    if kind == "choice":
        return [choice for choice in data.getlist(name) if choice]
    if kind == "bool":
        text = data.get(name, "")
        return {"yes": True, "no": False, "": None}.get(text, text)
    unit = data.get(f"{name}-unit", "")
    low, high = (_with_unit(data.get(box, ""), unit, own) for box in (name, f"{name}-high"))
    return [low, high] if high else low


def _with_unit(text: str, unit: str, own: str) -> str:
    """The chosen unit belongs to a bare number; who types a unit means that one."""
    if unit and unit != own and text.strip() and _NUMBER.fullmatch(text):
        return f"{text.strip()} {unit}"
    return text.strip()


def stored_data(capability: Capability) -> QueryDict:
    """The boxes as they would be filled for what is stored."""
    data = QueryDict(mutable=True)
    terms = CapabilityTerms.objects.filter(capability=capability).first()
    for name in PLAIN:
        value = getattr(capability, name, None) if hasattr(capability, name) else getattr(terms, name, None)
        data[name] = "" if value is None or name in capability.missing else _text(value)
    data["facility"] = str(capability.facility.public_id)
    for key, value in capability.specs.items():
        name = f"spec-{key}"
        if isinstance(value, bool):
            data[name] = "yes" if value else "no"
        elif isinstance(value, list) and value and isinstance(value[0], str):
            data.setlist(name, value)
        elif isinstance(value, list) and len(value) == 2:
            data[name], data[f"{name}-high"] = _text(value[0]), _text(value[1])
        else:
            data[name] = _text(value)
    held = list(capability.certificates.all())
    data.setlist("cert-code", [row.code for row in held])
    data.setlist("cert-until", [row.expires_on.isoformat() if row.expires_on else "" for row in held])
    return data


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def take_theirs(data: QueryDict, stored: QueryDict) -> QueryDict:
    """After a conflict: the fields for which the other's value was chosen."""
    boxes = {
        name: ["cert-code", "cert-until"]
        if name == "certificates"
        else [name, f"{name}-high", f"{name}-unit"]
        for name in (each.removeprefix("pick-") for each in data)
    }
    return clashes.take_theirs(data, stored, boxes)

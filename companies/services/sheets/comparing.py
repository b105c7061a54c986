"""What a sheet would change: its rows beside what the firm has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from companies.models import Capability, CapabilityCertificate, CapabilityTerms
from companies.services.sheets.checking import Line

FIELDS = (
    *("title", "component_type_id", "facility_id", "specs", "min_order_quantity"),
    *("prototype_lead_days", "volume_lead_days", "available_from", "valid_until", "missing"),
)
TERMS = ("capacity_per_month", "committed_per_month", "unit_price")
State = dict[str, Any]


def stored_states(keys: Iterable[int]) -> dict[int, State]:
    """What is in the database, by capability."""
    keys = list(keys)
    rows = Capability.objects.filter(pk__in=keys).values("pk", *FIELDS)
    states: dict[int, State] = {row.pop("pk"): row for row in rows}
    for terms in CapabilityTerms.objects.filter(capability__in=keys).values("capability_id", *TERMS):
        states[terms.pop("capability_id")] |= terms
    held = defaultdict(list)
    for row in CapabilityCertificate.objects.filter(capability__in=keys):
        held[row.capability_id].append((row.code, row.known, row.expires_on))
    for pk, state in states.items():
        state["certificates"] = sorted(held[pk], key=str)
    return states


def wanted_state(line: Line) -> State:
    """What the row of the sheet says, in the same form; certificates only where the sheet has them."""
    checked = line.checked
    assert checked is not None  # noqa: S101 - a line is compared after it was checked
    values = dict(checked.values)
    state: State = {
        "component_type_id": values["component_type"].pk,
        "facility_id": values["facility"].pk,
        "missing": list(checked.missing),
        **{name: values[name] for name in FIELDS if name in values},
        **checked.terms,
    }
    if checked.certificates is not None:
        state["certificates"] = sorted(checked.certificates, key=str)
    return state


def difference(line: Line, stored: State) -> State:
    """What the sheet changes; columns that the sheet does not have change nothing."""
    wanted = wanted_state(line)
    told = _told(line)
    return {
        name: value
        for name, value in wanted.items()
        if name in told and _plain(name, value) != _plain(name, stored[name])
    }


def _plain(name: str, value: Any) -> Any:
    """Whether the list knows a certificate is not the sheet's business."""
    return [(code, expires) for code, _known, expires in value] if name == "certificates" else value


def _told(line: Line) -> set[str]:
    """The fields that the sheet has a column for."""
    names = set(line.cells)
    told = {name for name in (*FIELDS, *TERMS, "certificates") if name in names}
    told |= {"component_type_id"} if "component_type" in names else set()
    told |= {"facility_id"} if "facility" in names else set()
    told |= {"specs"} if any(name.startswith("spec:") for name in names) else set()
    return told | (
        {"missing"} if names & {"capacity_per_month", "prototype_lead_days", "volume_lead_days"} else set()
    )


def compare(lines: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """(same, changed) of the rows that the firm has already and that can be read."""
    known = [line for line in lines if line.existing is not None and line.checked and not line.checked.errors]
    stored = stored_states(line.existing for line in known if line.existing is not None)
    same: list[Line] = []
    changed: list[Line] = []
    for line in known:
        assert line.existing is not None  # noqa: S101 - filtered above
        (changed if difference(line, stored[line.existing]) else same).append(line)
    return same, changed

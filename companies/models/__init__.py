"""What firms can make, and where."""

from alliance.kinds import Kind, register
from companies.models.capabilities import (
    Capability,
    CapabilityCertificate,
    CapabilityTerms,
    Facility,
    FacilityCertificate,
)
from companies.models.evidence import SpecEvidence
from companies.models.imports import ColumnMemory, RememberedColumn, SheetImport, SheetRows, UploadedSheet
from companies.models.types import ComponentKey, ComponentParameter, ComponentType

__all__ = [
    "Capability",
    "CapabilityCertificate",
    "CapabilityTerms",
    "ColumnMemory",
    "ComponentKey",
    "ComponentParameter",
    "ComponentType",
    "Facility",
    "FacilityCertificate",
    "RememberedColumn",
    "SheetImport",
    "SheetRows",
    "SpecEvidence",
    "UploadedSheet",
]

register(
    Kind(
        "capability",
        Capability,
        "capability",
        ("evidence", "capability row"),
        owner=lambda row: row.organisation_id,
        asked=True,
        place="facility",
    )
)
register(Kind("facility", Facility, "facility"))

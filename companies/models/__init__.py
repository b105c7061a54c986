"""What firms can make, and where."""

from companies.models.capabilities import (
    Capability,
    CapabilityCertificate,
    CapabilityTerms,
    Facility,
    FacilityCertificate,
)
from companies.models.evidence import SpecEvidence
from companies.models.imports import ColumnMemory, SheetImport, SheetRows
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
    "SheetImport",
    "SheetRows",
    "SpecEvidence",
]

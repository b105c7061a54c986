"""What firms can make, and where."""

from companies.models.capabilities import (
    Capability,
    CapabilityCertificate,
    CapabilityTerms,
    Facility,
    FacilityCertificate,
)
from companies.models.evidence import SpecEvidence
from companies.models.types import ComponentKey, ComponentParameter, ComponentType

__all__ = [
    "Capability",
    "CapabilityCertificate",
    "CapabilityTerms",
    "ComponentKey",
    "ComponentParameter",
    "ComponentType",
    "Facility",
    "FacilityCertificate",
    "SpecEvidence",
]

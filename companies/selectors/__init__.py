"""Reads of the companies app; every one takes the user."""

from companies.selectors.capabilities import (
    Held,
    SpecRow,
    capability_detail,
    capability_list,
    capability_rows,
    capability_specs,
    certificates_of,
    component_type_list,
    facility_detail,
    facility_list,
    facility_rows,
    named_capabilities,
    spec_rows,
)
from companies.selectors.evidence import NOT_VERIFIED, Standing, evidence_of, standing_of
from companies.selectors.parameters import ParameterBook, book_of, component_book, type_path, units_by_key
from companies.selectors.type_search import FoundType, search_types
from companies.selectors.words import (
    Verdict,
    asked_text,
    bounds,
    choices_text,
    offered_text,
    rounded,
    verdict,
)

__all__ = [
    "NOT_VERIFIED",
    "FoundType",
    "Held",
    "ParameterBook",
    "SpecRow",
    "Standing",
    "Verdict",
    "asked_text",
    "book_of",
    "bounds",
    "capability_detail",
    "capability_list",
    "capability_rows",
    "capability_specs",
    "certificates_of",
    "choices_text",
    "component_book",
    "component_type_list",
    "evidence_of",
    "facility_detail",
    "facility_list",
    "facility_rows",
    "named_capabilities",
    "offered_text",
    "rounded",
    "search_types",
    "spec_rows",
    "standing_of",
    "type_path",
    "units_by_key",
    "verdict",
]

"""Reads of the companies app; every one takes the user."""

from companies.selectors.capabilities import (
    Held,
    SpecRow,
    capability_detail,
    capability_list,
    capability_specs,
    certificates_of,
    component_type_list,
    facility_detail,
    facility_list,
    spec_rows,
)
from companies.selectors.parameters import ParameterBook, book_of, component_book, type_path
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
    "Held",
    "ParameterBook",
    "SpecRow",
    "Verdict",
    "asked_text",
    "book_of",
    "bounds",
    "capability_detail",
    "capability_list",
    "capability_specs",
    "certificates_of",
    "choices_text",
    "component_book",
    "component_type_list",
    "facility_detail",
    "facility_list",
    "offered_text",
    "rounded",
    "spec_rows",
    "type_path",
    "verdict",
]

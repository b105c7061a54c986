"""Spec values and requirements in their one canonical form: from what people write to what is stored.

Pure functions over `Parameter`; no database, no request. The rules are section 2 of docs/matching.md.
"""

from companies.specs.offered import Offered, offered_value, offered_values
from companies.specs.parameter import KINDS, Kind, Parameter, SpecError
from companies.specs.quantity import parse_quantity, plain_number, to_unit
from companies.specs.requirements import (
    Condition,
    Requirement,
    operators,
    part_conditions,
    requirement,
    requirements,
)
from companies.specs.units import Unit, UnitError, parse_unit, tree_unit

__all__ = [
    "KINDS",
    "Condition",
    "Kind",
    "Offered",
    "Parameter",
    "Requirement",
    "SpecError",
    "Unit",
    "UnitError",
    "offered_value",
    "offered_values",
    "operators",
    "parse_quantity",
    "parse_unit",
    "part_conditions",
    "plain_number",
    "requirement",
    "requirements",
    "to_unit",
    "tree_unit",
]

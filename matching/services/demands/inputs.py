"""What somebody says of a demand, read in one place with all errors at once, by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from alliance.choices import Confidentiality, Scope
from alliance.errors import DomainError
from alliance.models import Alliance, City
from companies.models import ComponentType
from companies.selectors import component_book
from companies.services.inputs import parameter_of, ungrouped
from companies.specs import Parameter, SpecError, parse_quantity
from companies.specs.requirements import requirement
from scenarios.models import ScenarioType
from scenarios.selectors import scenario_book

MOST_POINTS = 30
AMOUNTS = {
    "quantity": Parameter("quantity", "", "number"),
    "monthly_rate": Parameter("monthly_rate", "", "number"),
    "target_unit_price": Parameter("target_unit_price", "CNY", "number"),
    "ceiling_unit_price": Parameter("ceiling_unit_price", "CNY", "number"),
    "fleet_size": Parameter("fleet_size", "", "number"),
}


@dataclass
class DemandInput:
    title: str
    alliance: Alliance
    lab_city: City
    start_date: date
    need_by: date
    scope: str = Scope.ALLIANCE
    confidentiality: str = Confidentiality.MEMBERS
    iterations: int = 2
    deployment_city: City | None = None
    open_points: list[str] = field(default_factory=list)
    external_id: str = ""


@dataclass
class LineInput:
    """`requirements`: dicts with key, op, value, hard, weight, tolerance, values as text with any unit."""

    component_type: ComponentType
    quantity: Any
    monthly_rate: Any
    need_by: date | None = None
    target_unit_price: Any = None
    ceiling_unit_price: Any = None
    certificates: list[str] = field(default_factory=list)
    requirements: list[dict[str, Any]] = field(default_factory=list)
    open_points: list[str] = field(default_factory=list)
    external_id: str = ""


@dataclass
class NeedInput:
    scenario_type: ScenarioType
    fleet_size: Any
    trial_days: int
    requirements: list[dict[str, Any]] = field(default_factory=list)


class Errors:
    """Collects what is wrong, by field."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def add(self, name: str, words: str) -> None:
        self.found.setdefault(name, []).append(words)

    def refuse(self) -> None:
        if self.found:
            first = next(iter(self.found))
            raise DomainError(self.found[first][0], field=first, errors=self.found)


def check_demand(given: DemandInput) -> None:
    errors = Errors()
    if not given.title.strip():
        errors.add("title", _("Give it a name."))
    if given.start_date > given.need_by:
        errors.add("need_by", _("The demand is needed before it starts."))
    if given.scope not in Scope.values:
        errors.add("scope", _("Choose one of the list."))
    if given.confidentiality not in Confidentiality.values:
        errors.add("confidentiality", _("Choose one of the list."))
    if not 1 <= given.iterations <= 50:
        errors.add("iterations", _("From 1 to 50 prototypes."))
    errors.refuse()


def amount(errors: Errors, name: str, raw: Any, *, needed: bool) -> float | None:
    """A number above 0 in the field's unit."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        if needed:
            errors.add(name, _("This is needed."))
        return None
    try:
        value = float(parse_quantity(AMOUNTS[name], ungrouped(raw)) if isinstance(raw, str) else raw)
    except (SpecError, TypeError, ValueError) as error:
        errors.add(name, getattr(error, "message", "") or _("This is not a number."))
        return None
    if not 0 < value <= 1e12:
        errors.add(name, _("The number must be above %(bound)s.") % {"bound": 0})
        return None
    return value


def read_requirements(
    errors: Errors, raw: list[dict[str, Any]], parameters: dict[str, Parameter]
) -> list[Any]:
    """Canonical requirements; what is wrong is named by `requirements.<key>`. One hard requirement for each key."""
    found, hard = [], set()
    for item in raw:
        key = str(item.get("key", ""))
        try:
            read = requirement(parameters, item)
        except SpecError as error:
            errors.add(f"requirements.{key}", error.message)
            continue
        if read["hard"] and key in hard:
            errors.add(
                f"requirements.{key}", _("“%(key)s” has two hard requirements. Keep one.") % {"key": key}
            )
        hard |= {key} if read["hard"] else set()
        found.append(read)
    return found


def component_parameters(type_: ComponentType) -> dict[str, Parameter]:
    return {key: parameter_of(row.key) for key, row in component_book().of(type_.pk).items()}


def site_parameters(type_: ScenarioType) -> dict[str, Parameter]:
    return {key: parameter_of(row.key) for key, row in scenario_book().of(type_.pk).items()}

"""Requirements: what a line, a site need or a site's part condition asks of one parameter."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict, TypeVar

from django.utils.translation import gettext as _

from companies.specs.offered import bounds, choice_set
from companies.specs.parameter import Parameter, SpecError
from companies.specs.quantity import Number, number, number_in, plain_number, shown

Item = TypeVar("Item")
Asked = Number | bool | str | list[Number] | list[str]

DEFAULT_WEIGHT = 1
DEFAULT_TOLERANCE = 0.2
_FIELDS = frozenset({"key", "op", "value", "hard", "weight", "tolerance"})


class Requirement(TypedDict):
    """The canonical form, with every default written out. A part condition has key, op and value only."""

    key: str
    op: str
    value: Asked
    hard: bool
    weight: Number
    tolerance: Number


class Condition(TypedDict):
    key: str
    op: str
    value: Asked


def _one_number(parameter: Parameter, raw: Any) -> Asked:
    return plain_number(number_in(parameter, raw))


def _pair(parameter: Parameter, raw: Any) -> Asked:
    low, high = bounds(parameter, raw)
    return [low, high]


def _some_choices(parameter: Parameter, raw: Any) -> Asked:
    chosen = choice_set(parameter, raw)
    if not chosen:
        raise SpecError("", _("Name at least one choice."))
    return chosen


def _one_choice(parameter: Parameter, raw: Any) -> Asked:
    if not isinstance(raw, str):
        raise SpecError("", _("%(value)s must be one choice.") % {"value": shown(raw)})
    return choice_set(parameter, raw)[0]


def _bool(parameter: Parameter, raw: Any) -> Asked:
    if not isinstance(raw, bool):
        raise SpecError("", _("%(value)s must be true or false.") % {"value": shown(raw)})
    return raw


Reader = Callable[[Parameter, Any], Asked]
_QUANTITY: dict[str, Reader] = {
    ">=": _one_number,
    "<=": _one_number,
    "=": _one_number,
    "between": _pair,
    "covers": _pair,
}
_ORDERED: dict[str, Reader] = {">=": _one_choice, "<=": _one_choice, "one_of": _some_choices}
_CHOICE: dict[str, Reader] = {"one_of": _some_choices}
_BOOL: dict[str, Reader] = {"is": _bool}


def _readers(parameter: Parameter) -> dict[str, Reader]:
    if parameter.is_quantity:
        return _QUANTITY
    if parameter.kind == "bool":
        return _BOOL
    return _ORDERED if parameter.ordered else _CHOICE


def operators(parameter: Parameter) -> tuple[str, ...]:
    """The operators a requirement on this parameter may use, in the order a form shows them."""
    return tuple(_readers(parameter))


def requirements(parameters: Mapping[str, Parameter], raw: Any) -> list[Requirement]:
    """The canonical list, in the given order. `parameters`: the type's own and inherited ones, by key."""
    found = _each(parameters, raw, requirement)
    _at_most_one_per_key([item["key"] if item["hard"] else None for item in found])
    return found


def part_conditions(parameters: Mapping[str, Parameter], raw: Any) -> list[Condition]:
    """Canonical part conditions: always hard, so weight and tolerance are checked and dropped."""
    found = _each(parameters, raw, _condition)
    _at_most_one_per_key([item["key"] for item in found])
    return found


def _each(
    parameters: Mapping[str, Parameter], raw: Any, read: Callable[[Mapping[str, Parameter], Any], Item]
) -> list[Item]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise SpecError("", _("The requirements must be a list."))
    found = []
    for index, item in enumerate(raw):
        try:
            found.append(read(parameters, item))
        except SpecError as error:
            raise error.below(f"[{index}]") from None
    return found


def _at_most_one_per_key(hard_keys: list[str | None]) -> None:
    seen: set[str] = set()
    for index, key in enumerate(hard_keys):
        if key is None:
            continue
        if key in seen:
            raise SpecError(
                f"[{index}].key", _("“%(key)s” has two hard requirements. Keep one.") % {"key": key}
            )
        seen.add(key)


def requirement(parameters: Mapping[str, Parameter], raw: Any) -> Requirement:
    """One requirement with its defaults filled in."""
    key, op, value = _asked(parameters, raw)
    return Requirement(
        key=key,
        op=op,
        value=value,
        hard=_hard(raw),
        weight=_weight(raw),
        tolerance=_tolerance(raw),
    )


def _condition(parameters: Mapping[str, Parameter], raw: Any) -> Condition:
    read = requirement(parameters, raw)
    if not read["hard"]:
        raise SpecError("hard", _("A part condition is always hard."))
    return Condition(key=read["key"], op=read["op"], value=read["value"])


def _asked(parameters: Mapping[str, Parameter], raw: Any) -> tuple[str, str, Asked]:
    if not isinstance(raw, Mapping):
        raise SpecError("", _("A requirement must be an object with key, op and value."))
    for name in raw:
        if name not in _FIELDS:
            raise SpecError(shown(name), _("A requirement has no field “%(name)s”.") % {"name": shown(name)})
    key, op, value = raw.get("key"), raw.get("op"), raw.get("value")
    if not isinstance(key, str) or key not in parameters:
        raise SpecError("key", _("This type has no parameter “%(key)s”.") % {"key": shown(key)})
    readers = _readers(parameters[key])
    if not isinstance(op, str) or op not in readers:
        raise SpecError(
            "op",
            _("“%(op)s” cannot be asked of “%(key)s”. Use one of: %(allowed)s.")
            % {"op": shown(op), "key": key, "allowed": ", ".join(readers)},
        )
    if value is None:
        raise SpecError("value", _("Say which value is asked for."))
    try:
        return key, op, readers[op](parameters[key], value)
    except SpecError as error:
        raise error.below("value") from None


def _hard(raw: Mapping[str, Any]) -> bool:
    hard = raw.get("hard")
    if hard is None:
        return True
    if not isinstance(hard, bool):
        raise SpecError("hard", _("%(value)s must be true or false.") % {"value": shown(hard)})
    return hard


def _optional_number(raw: Mapping[str, Any], name: str, default: Number) -> Number:
    if raw.get(name) is None:
        return default
    try:
        return plain_number(number(raw[name]))
    except SpecError as error:
        raise error.below(name) from None


def _weight(raw: Mapping[str, Any]) -> Number:
    weight = _optional_number(raw, "weight", DEFAULT_WEIGHT)
    if not 1 <= weight <= 5:
        raise SpecError("weight", _("The weight must be from 1 to 5."))
    return weight


def _tolerance(raw: Mapping[str, Any]) -> Number:
    tolerance = _optional_number(raw, "tolerance", DEFAULT_TOLERANCE)
    if tolerance <= 0:
        raise SpecError("tolerance", _("The tolerance must be above 0."))
    return tolerance

"""Offered values: what a capability can do, or what a site is like, parameter by parameter."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from companies.specs.parameter import Parameter, SpecError
from companies.specs.quantity import Number, number_in, plain_number, shown

Offered = Number | bool | list[Number] | list[str]


def offered_values(parameters: Mapping[str, Parameter], raw: Any) -> dict[str, Offered]:
    """Canonical values by key, keys sorted; what is not given (null, no choice) is left out."""
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise SpecError("", _("The values must be an object of key and value."))
    values: dict[str, Offered] = {}
    for key in sorted(raw):
        parameter = parameters.get(key)
        if parameter is None:
            raise SpecError(key, _("This type has no parameter “%(key)s”.") % {"key": shown(key)})
        try:
            value = offered_value(parameter, raw[key])
        except SpecError as error:
            raise error.below(key) from None
        if value is not None:
            values[key] = value
    return values


def offered_value(parameter: Parameter, raw: Any) -> Offered | None:
    """One canonical value, or None for not given. A range of one number is that number."""
    if raw is None:
        return None
    if parameter.kind == "bool":
        return _bool(raw)
    if parameter.kind == "choice":
        return choice_set(parameter, raw) or None
    if isinstance(raw, list):
        low, high = bounds(parameter, raw)
        return low if low == high else [low, high]
    return plain_number(number_in(parameter, raw))


def _bool(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise SpecError("", _("%(value)s must be true or false.") % {"value": shown(raw)})
    return raw


def choice_set(parameter: Parameter, raw: Any) -> list[str]:
    """The choices named, each once, in the parameter's order. A single text is a set of one."""
    given = [raw] if isinstance(raw, str) else raw
    if not isinstance(given, list):
        raise SpecError("", _("%(value)s must be a list of choices.") % {"value": shown(raw)})
    for choice in given:
        if not isinstance(choice, str) or choice not in parameter.choices:
            raise SpecError(
                "",
                _("%(value)s is not a choice. Choices: %(choices)s.")
                % {"value": shown(choice), "choices": ", ".join(parameter.choices)},
            )
    return [choice for choice in parameter.choices if choice in given]


def bounds(parameter: Parameter, raw: Any) -> tuple[Number, Number]:
    """A [low, high] pair; each end may carry its own unit."""
    if not isinstance(raw, list) or len(raw) != 2:
        raise SpecError("", _("%(value)s must be a pair: [lowest, highest].") % {"value": shown(raw)})
    low, high = (plain_number(number_in(parameter, end)) for end in raw)
    if low > high:
        raise SpecError(
            "",
            _("The lowest value, %(low)s, is above the highest, %(high)s.") % {"low": low, "high": high},
        )
    return low, high

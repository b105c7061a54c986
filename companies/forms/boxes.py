"""The boxes of a capability's form: what each shows, and what to ask about a value that is far from usual."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from alliance.templatetags._numbers import number_text, range_text
from companies.forms.units import UnitChoice
from companies.selectors.evidence import NOT_STATED, VERIFIED, Standing

STRANGE = 10  # times outside what typical products have, before the form asks whether the unit is meant


@dataclass(frozen=True)
class Fix:
    """Another unit that would make a strange value an ordinary one."""

    unit: str
    words: str


@dataclass
class Box:
    """A plain field of the form."""

    name: str
    label: str
    value: str = ""
    errors: list[str] = field(default_factory=list)
    needed: bool = False


@dataclass
class SpecBox:
    """A parameter: what was typed, what is usual, how the value stands."""

    key: str
    name: str
    other_name: str
    kind: str
    low: str = ""
    high: str = ""
    unit: str = ""
    chosen: list[str] = field(default_factory=list)
    units: list[UnitChoice] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    standing: Standing = NOT_STATED
    stored: str = ""
    typical: tuple[float, float] | None = None
    typical_words: str = ""
    better: str = ""
    value: Any = None
    strange: str = ""
    fix: Fix | None = None

    @property
    def box(self) -> str:
        return f"spec-{self.key}"

    @property
    def is_quantity(self) -> bool:
        return self.kind in ("number", "range")

    @property
    def is_range(self) -> bool:
        return bool(self.high) or (self.kind == "range" and not self.low)

    @property
    def verified(self) -> bool:
        return self.standing.state == VERIFIED

    @property
    def unit_words(self) -> str:
        return self.units[0].words if self.units else ""

    @property
    def marks(self) -> tuple[float, float] | None:
        """Where the value lies, in percent of a strip whose middle three fifths are what is typical."""
        if self.typical is None or isinstance(self.value, bool | str) or self.value is None:
            return None
        ends = self.value if isinstance(self.value, list) else [self.value, self.value]
        if not all(isinstance(end, int | float) for end in ends):
            return None
        low, high = (_place(float(end), *self.typical) for end in ends)
        return round(low, 2), round(max(high - low, 1.2), 2)

    @property
    def better_words(self) -> str:
        if not self.is_quantity:
            return ""
        return {"higher": _("more is better"), "lower": _("less is better")}.get(self.better, "")


def _place(value: float, low: float, high: float) -> float:
    span = (high - low) or abs(high) or 1
    return min(99.0, max(0.0, 20 + 60 * (value - low) / span))


@dataclass(frozen=True)
class Problem:
    """A line of the summary: which box, and what is wrong with it."""

    anchor: str
    name: str
    words: str


def show_usual(box: SpecBox, row: Any) -> None:
    """What typical products have; a value far outside it is asked about, never refused."""
    low, high = (row.attributes.get(name) for name in ("typical_min", "typical_max"))
    if low is None or high is None or not box.is_quantity:
        return
    low, high = min(float(low), float(high)), max(float(low), float(high))
    box.typical, box.typical_words = (low, high), range_text(low, high, row.key.unit)
    ends = box.value if isinstance(box.value, list) else [box.value]
    if any(not isinstance(end, int | float) or isinstance(end, bool) for end in ends):
        return
    if all(_ordinary(float(end), low, high) for end in ends):
        return
    box.strange = _strange_words(ends, low, high)
    box.fix = _fix(box, ends, low, high)


def _ordinary(value: float, low: float, high: float) -> bool:
    span = max(abs(low), abs(high))
    if low > 0 and value > 0:
        return low / STRANGE <= value <= high * STRANGE
    return abs(value) <= span * STRANGE


def _strange_words(ends: list[Any], low: float, high: float) -> str:
    most = max(abs(float(end)) for end in ends)
    if high > 0 and most > high:
        return _("%(times)s times the usual most.") % {"times": number_text(round(most / high))}
    return _("Far below what is usual.")


def _fix(box: SpecBox, ends: list[Any], low: float, high: float) -> Fix | None:
    """The same figures in the unit that makes them ordinary."""
    now = next((choice for choice in box.units if choice.unit == box.unit), None)
    if now is None:
        return None
    typed = [(float(end) - now.shift) / now.factor for end in ends]
    for choice in box.units:
        values = [each * choice.factor + choice.shift for each in typed]
        if choice.unit != box.unit and all(low / 2 <= value <= high * 2 for value in values):
            words = range_text(min(typed), max(typed), choice.unit)
            return Fix(choice.unit, _("change to %(value)s") % {"value": words})
    return None

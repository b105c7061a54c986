"""The form of a capability: what was typed becomes a `CapabilityInput`, and what is stored becomes boxes.

The boxes of a parameter are `spec-<key>`, `spec-<key>-high` and `spec-<key>-unit`; certificates are two parallel lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from alliance.models import Organisation
from alliance.templatetags._numbers import MISSING, number_text, range_text
from companies.forms.units import UnitChoice, unit_choices
from companies.models import Capability, CapabilityTerms, ComponentType
from companies.selectors import offered_text
from companies.selectors.evidence import NOT_STATED, VERIFIED, Standing, evidence_of, standing_of
from companies.services import CapabilityChecker, CapabilityInput, CertificateInput, Checked

_NUMBER = re.compile(r"\s*[+\-−]?[\d,，]*\.?\d*(?:[eE][+-]?\d+)?\s*", re.ASCII)
PLAIN = [
    *("title", "facility", "external_id", "capacity_per_month", "committed_per_month", "min_order_quantity"),
    *("unit_price", "prototype_lead_days", "volume_lead_days", "available_from", "valid_until"),
]
STRANGE = 10  # times outside what typical products have, before the form asks whether the unit is meant
MAX_CERTIFICATES = 60


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


@dataclass(frozen=True)
class Clash:
    """A field that somebody else has saved otherwise than it is typed here."""

    field: str
    name: str
    mine: str
    theirs: str


# --- from boxes to an input ---------------------------------------------------------------------------------
def read_form(data: QueryDict, type_: ComponentType | None, checker: CapabilityChecker) -> CapabilityInput:
    """What was typed, ready for `CapabilityChecker.check`."""
    specs: dict[str, Any] = {}
    for key, row in checker.book.of(type_.pk).items() if type_ else ():
        specs[key] = _typed(data, key, row.key.kind, row.key.unit)
    codes, days = data.getlist("cert-code"), data.getlist("cert-until")
    held = [
        CertificateInput(code, days[place] if place < len(days) else "")
        for place, code in enumerate(codes[:MAX_CERTIFICATES])
    ]
    plain: dict[str, Any] = {name: data.get(name, "") for name in PLAIN}
    return CapabilityInput(
        component_type=type_.code if type_ else "", specs=specs, certificates=held, **plain
    )


def _typed(data: QueryDict, key: str, kind: str, own: str) -> Any:
    name = f"spec-{key}"
    if kind == "choice":
        return [choice for choice in data.getlist(name) if choice]
    if kind == "bool":
        text = data.get(name, "")
        return {"yes": True, "no": False, "": None}.get(text, text)
    unit = data.get(f"{name}-unit", "")
    low, high = (_with_unit(data.get(box, ""), unit, own) for box in (name, f"{name}-high"))
    return [low, high] if high else low


def _with_unit(text: str, unit: str, own: str) -> str:
    """The chosen unit belongs to a bare number; who types a unit means that one."""
    if unit and unit != own and text.strip() and _NUMBER.fullmatch(text):
        return f"{text.strip()} {unit}"
    return text.strip()


# --- from the stored row to boxes -------------------------------------------------------------------------
def stored_data(capability: Capability) -> QueryDict:
    """The boxes as they would be filled for what is stored."""
    data = QueryDict(mutable=True)
    terms = CapabilityTerms.objects.filter(capability=capability).first()
    for name in PLAIN:
        value = getattr(capability, name, None) if hasattr(capability, name) else getattr(terms, name, None)
        data[name] = "" if value is None or name in capability.missing else _text(value)
    data["facility"] = str(capability.facility.public_id)
    for key, value in capability.specs.items():
        name = f"spec-{key}"
        if isinstance(value, bool):
            data[name] = "yes" if value else "no"
        elif isinstance(value, list) and value and isinstance(value[0], str):
            data.setlist(name, value)
        elif isinstance(value, list) and len(value) == 2:
            data[name], data[f"{name}-high"] = _text(value[0]), _text(value[1])
        else:
            data[name] = _text(value)
    held = list(capability.certificates.all())
    data.setlist("cert-code", [row.code for row in held])
    data.setlist("cert-until", [row.expires_on.isoformat() if row.expires_on else "" for row in held])
    return data


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def take_theirs(data: QueryDict, stored: QueryDict) -> QueryDict:
    """After a conflict: the fields for which the other's value was chosen."""
    mixed = data.copy()
    for name in list(data):
        if name.startswith("pick-") and data.get(name) == "theirs":
            box = name.removeprefix("pick-")
            boxes = (
                ["cert-code", "cert-until"] if box == "certificates" else [box, f"{box}-high", f"{box}-unit"]
            )
            for each in boxes:
                mixed.setlist(each, stored.getlist(each))
    return mixed


# --- the form as the page shows it ------------------------------------------------------------------------
class CapabilityForm:
    """A page's worth of boxes; bound to what was typed, or to what is stored, or empty."""

    def __init__(
        self,
        organisation: Organisation,
        type_: ComponentType,
        *,
        user: Any,
        capability: Capability | None = None,
        data: QueryDict | None = None,
        checker: CapabilityChecker | None = None,
    ) -> None:
        self.organisation, self.type, self.capability = organisation, type_, capability
        self.checker = checker or CapabilityChecker(organisation)
        stored = stored_data(capability) if capability is not None else QueryDict()
        self.data = data if data is not None else stored
        self.given = read_form(self.data, type_, self.checker)
        self.checked: Checked = self.checker.check(
            self.given, now_at=capability.facility if capability is not None else None
        )
        self.bound = data is not None
        self.errors: Mapping[str, list[str]] = self.checked.errors if self.bound else {}
        self._evidence = evidence_of([capability.pk], user).get(capability.pk, {}) if capability else {}
        self.specs = [self._spec(key, row) for key, row in self.checker.book.of(type_.pk).items()]

    @property
    def stated(self) -> int:
        return sum(bool(box.low or box.high or box.chosen) for box in self.specs)

    def refuse(self, errors: Mapping[str, list[str]]) -> None:
        """Show what a service has refused."""
        self.errors = errors
        for box in self.specs:
            box.errors = errors.get(f"specs.{box.key}", [])

    # --- plain boxes ---
    def _box(self, name: str, label: str, *, needed: bool = False) -> Box:
        return Box(name, label, self.data.get(name, ""), self.errors.get(name, []), needed)

    @property
    def title(self) -> Box:
        return self._box("title", _("Name"))

    @property
    def external_id(self) -> Box:
        return self._box("external_id", _("External id"))

    @property
    def facility(self) -> Box:
        return self._box("facility", _("Where it is made"), needed=True)

    @property
    def facilities(self) -> list[tuple[str, str]]:
        rows = {row.pk: row for row in self.checker.facilities.values()}
        if self.capability is not None:
            rows.setdefault(self.capability.facility_id, self.capability.facility)
        return [(str(row.public_id), f"{row.name} · {row.city}") for row in rows.values()]

    @property
    def figures(self) -> list[Box]:
        return [
            self._box("capacity_per_month", _("Capacity a month (pieces)"), needed=True),
            self._box("committed_per_month", _("Committed a month (pieces)")),
            self._box("min_order_quantity", _("Minimum order (pieces)")),
            self._box("unit_price", _("Unit price without VAT (CNY)")),
            self._box("prototype_lead_days", _("Prototype lead time (days)"), needed=True),
            self._box("volume_lead_days", _("Volume lead time (days)"), needed=True),
            self._box("available_from", _("Available from")),
            self._box("valid_until", _("Valid until")),
        ]

    @property
    def certificates(self) -> list[tuple[int, str, str, list[str]]]:
        """(place, code, last day, errors), with empty rows to write in."""
        codes, days = self.data.getlist("cert-code"), self.data.getlist("cert-until")
        rows = [
            (
                place,
                code,
                days[place] if place < len(days) else "",
                self.errors.get(f"certificates.{place}", []),
            )
            for place, code in enumerate(codes[:MAX_CERTIFICATES])
        ]
        return [*rows, *((len(rows) + spare, "", "", []) for spare in range(2))]

    @property
    def known_certificates(self) -> list[str]:
        return sorted(self.checker.known)

    # --- parameters ---
    def _spec(self, key: str, row: Any) -> SpecBox:
        spec, name = row.key, f"spec-{key}"
        chosen = [each for each in self.data.getlist(name) if each]
        value = self.checked.values.get("specs", {}).get(key)
        stored = self.capability.specs.get(key) if self.capability is not None else None
        zh, en = row.name_zh, row.name_en
        box = SpecBox(
            key=key,
            name=str(row),
            other_name=en if str(row) == zh else zh,
            kind=spec.kind,
            low=self.data.get(name, ""),
            high=self.data.get(f"{name}-high", ""),
            unit=self.data.get(f"{name}-unit", "") or spec.unit,
            chosen=chosen,
            units=unit_choices(spec.unit),
            choices=_choices(spec),
            errors=list(self.errors.get(f"specs.{key}", [])),
            standing=standing_of(self._evidence, key, stored),
            stored=offered_text(spec, stored) if stored is not None else "",
            better=str(row.attributes.get("better", "")),
            value=value,
        )
        _usual(box, row)
        return box

    # --- what is wrong ---
    @property
    def problems(self) -> list[Problem]:
        """All of it for the summary, in the order of the page."""
        found = []
        names = {box.name: box.label for box in (self.title, self.facility, self.external_id, *self.figures)}
        names |= {f"specs.{box.key}": box.name for box in self.specs}
        order = list(names)
        for name in sorted(self.errors, key=lambda n: order.index(n) if n in order else len(order)):
            anchor = name.replace("specs.", "spec-") if name.startswith("specs.") else name
            if name.startswith("certificates"):
                anchor = f"cert-{name.partition('.')[2] or 0}"
            label = names.get(name, _("Certificates") if name.startswith("cert") else "")
            found.append(Problem(anchor, label, " ".join(self.errors[name])))
        return found

    # --- two people at once ---
    def clashes(self) -> list[Clash]:
        """What differs between what is typed and what somebody else has saved meanwhile."""
        if self.capability is None:
            return []
        theirs = stored_data(self.capability)
        other = self.checker.check(
            read_form(theirs, self.type, self.checker), now_at=self.capability.facility
        )
        found = [
            Clash(
                box.key and box.box,
                box.name,
                self._spec_words(self.checked, box),
                self._spec_words(other, box),
            )
            for box in self.specs
        ]
        for box in (self.title, self.facility, self.external_id, *self.figures):
            found.append(Clash(box.name, box.label, self._plain(self.data, box), self._plain(theirs, box)))
        found.append(Clash("certificates", _("Certificates"), _held(self.checked), _held(other)))
        return [clash for clash in found if clash.mine != clash.theirs]

    def _spec_words(self, checked: Checked, box: SpecBox) -> str:
        key = self.checker.book.of(self.type.pk)[box.key].key
        return offered_text(key, checked.values["specs"].get(box.key))

    def _plain(self, data: QueryDict, box: Box) -> str:
        text = str(data.get(box.name, "")).strip()
        if box.name == "facility":
            return dict(self.facilities).get(text, text)
        return text or MISSING


def _held(checked: Checked) -> str:
    rows = checked.certificates or []
    return (
        ", ".join(f"{code} {until.isoformat() if until else ''}".strip() for code, _k, until in rows)
        or MISSING
    )


def _choices(spec: Any) -> list[tuple[str, str]]:
    named = len(spec.choices_zh) == len(spec.choices)
    return [(choice, offered_text(spec, [choice]) if named else choice) for choice in spec.choices]


def _usual(box: SpecBox, row: Any) -> None:
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

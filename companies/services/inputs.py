"""What people, programs and sheets say of a capability or a facility, read in one place with all errors at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from alliance.choices import FIRST_DAY, LAST_DAY
from alliance.errors import DomainError
from alliance.models import Certification, City, Organisation
from companies.models import ComponentType, Facility
from companies.selectors.parameters import ParameterBook, component_book
from companies.specs import Offered, Parameter, SpecError, offered_value, parse_quantity, plain_number

MAX_DAYS = 36_500
MAX_NUMBER = 1e15
MAX_CERTIFICATES = 50
_GROUPED = re.compile(r"[+-]?\d{1,3}([,，]\d{3})+(?=$|\.|[^\d.,，])")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)

#: What must be known before a capability is published; a draft may leave it open.
NEEDED = ("capacity_per_month", "prototype_lead_days", "volume_lead_days")
NUMBERS = {
    "capacity_per_month": Parameter("capacity_per_month", "", "number"),
    "committed_per_month": Parameter("committed_per_month", "", "number"),
    "min_order_quantity": Parameter("min_order_quantity", "", "number"),
    "unit_price": Parameter("unit_price", "CNY", "number"),
    "prototype_lead_days": Parameter("prototype_lead_days", "d", "number"),
    "volume_lead_days": Parameter("volume_lead_days", "d", "number"),
}
DAYS = ("prototype_lead_days", "volume_lead_days")
ABOVE_ZERO = ("min_order_quantity", "unit_price")
DEFAULTS = {"committed_per_month": 0, "min_order_quantity": 1}


@dataclass
class CertificateInput:
    code: str
    expires_on: Any = None


@dataclass
class CapabilityInput:
    """Values as somebody wrote them: text with units, numbers, dates, or what JSON has.

    `component_type` is a code, `facility` a public id or the firm's own id of it. In `specs` a value is a number,
    a text with a unit, [low, high], a list of choices, true or false; None and "" are "not stated".
    `certificates=None` leaves them as they are.
    """

    component_type: str = ""
    facility: str = ""
    external_id: str = ""
    title: str = ""
    specs: Mapping[str, Any] = field(default_factory=dict)
    capacity_per_month: Any = None
    committed_per_month: Any = None
    min_order_quantity: Any = None
    unit_price: Any = None
    prototype_lead_days: Any = None
    volume_lead_days: Any = None
    available_from: Any = None
    valid_until: Any = None
    certificates: list[CertificateInput] | None = None


@dataclass
class FacilityInput:
    """`city` is a code; the point is optional (the road is reckoned from the city either way)."""

    name: str = ""
    city: str = ""
    external_id: str = ""
    latitude: Any = None
    longitude: Any = None
    certificates: list[CertificateInput] | None = None


class InputError(DomainError):
    """Several fields may be wrong: `errors` says field -> what is wrong with it."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        first = next(iter(errors), "")
        super().__init__(errors[first][0] if first else _("Some values cannot be read."), errors=errors)
        self.field = first


@dataclass
class Checked:
    """What could be read, and what is wrong by field (`specs.<key>`, `certificates.<n>` for parts).

    `missing`: what a draft may leave open but publishing needs. Nothing is stored while there are `errors`.
    """

    values: dict[str, Any] = field(default_factory=dict)
    terms: dict[str, Any] = field(default_factory=dict)
    certificates: list[tuple[str, bool, date | None]] | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def bad(self, name: str, words: str) -> None:
        self.errors.setdefault(name, []).append(words)

    def refuse(self) -> None:
        """Raise what is wrong, all of it."""
        if self.errors:
            raise InputError(self.errors)


class CapabilityChecker:
    """Reads many inputs of one firm: the trees, plants and certificate names are asked for once."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.types = {row.code: row for row in ComponentType.objects.all()}
        self.book: ParameterBook[Any] = component_book()
        self._parameters: dict[int, dict[str, Parameter]] = {}
        self.facilities: dict[str, Facility] = {}
        self.refresh_facilities()
        self.known = set(Certification.objects.values_list("code", flat=True))

    def refresh_facilities(self) -> None:
        """Read the firm's plants again, after one was added."""
        rows = Facility.objects.filter(organisation=self.organisation, archived_at=None).select_related(
            "city"
        )
        by_name = {row.external_id: row for row in rows}
        self.facilities = by_name | {str(row.public_id): row for row in by_name.values()}

    def parameters(self, type_: ComponentType) -> dict[str, Parameter]:
        if type_.pk not in self._parameters:
            rows = self.book.of(type_.pk)
            self._parameters[type_.pk] = {key: parameter_of(row.key) for key, row in rows.items()}
        return self._parameters[type_.pk]

    def check(self, given: CapabilityInput, *, now_at: Facility | None = None) -> Checked:
        """All of it, with every error; `now_at` is the facility of the row that is changed (it may be archived)."""
        found = Checked()
        type_ = self._type(found, given.component_type)
        self._facility(found, given.facility, now_at)
        found.values["external_id"] = read_text(found, "external_id", given.external_id, 120)
        title = read_text(found, "title", given.title, 300)
        found.values["title"] = title or (str(type_) if type_ else "")
        self._specs(found, type_, given.specs)
        self._numbers(found, given)
        for name in ("available_from", "valid_until"):
            found.values[name] = read_date(found, name, getattr(given, name))
        found.certificates = read_certificates(found, given.certificates, self.known)
        self._together(found)
        return found

    def _type(self, found: Checked, code: Any) -> ComponentType | None:
        type_ = self.types.get(code.strip()) if isinstance(code, str) else None
        if type_ is not None:
            found.values["component_type"] = type_
        elif code:
            found.bad(
                "component_type", _("There is no component type “%(code)s”.") % {"code": str(code)[:60]}
            )
        else:
            found.bad("component_type", _("Choose what is made."))
        return type_

    def _facility(self, found: Checked, name: Any, now_at: Facility | None) -> None:
        name = str(name or "").strip()
        facility = self.facilities.get(name)
        if (
            facility is None
            and now_at is not None
            and name in ("", str(now_at.public_id), now_at.external_id)
        ):
            facility = now_at
        if facility is not None:
            found.values["facility"] = facility
        elif name:
            found.bad("facility", _("The firm has no facility “%(name)s”.") % {"name": name[:60]})
        else:
            found.bad("facility", _("Choose where it is made."))

    def _specs(self, found: Checked, type_: ComponentType | None, raw: Any) -> None:
        if not isinstance(raw, Mapping):
            found.bad("specs", _("The values must be an object of key and value."))
            return
        parameters = self.parameters(type_) if type_ else {}
        read: dict[str, Offered] = {}
        for key in sorted(raw, key=str):
            value = raw[key]
            if value is None or value == "" or value == [] or type_ is None:
                continue
            parameter = parameters.get(key)
            if parameter is None:
                words = _("This type has no parameter “%(key)s”.") % {"key": str(key)[:60]}
                found.bad(f"specs.{str(key)[:60]}", words)
                continue
            try:
                offered = offered_value(parameter, ungrouped(value))
            except SpecError as error:
                found.bad(f"specs.{key}", error.message)
                continue
            if offered is not None:
                read[key] = offered
        found.values["specs"] = read

    def _numbers(self, found: Checked, given: CapabilityInput) -> None:
        for name, parameter in NUMBERS.items():
            value = read_number(found, parameter, getattr(given, name), whole=name in DAYS)
            if value is None and name in DEFAULTS:
                value = DEFAULTS[name]
            if value is None and name in NEEDED:
                found.missing += [] if name in found.errors else [name]
                value = 0
            target = found.values if name in (*DAYS, "min_order_quantity") else found.terms
            target[name] = value

    def _together(self, found: Checked) -> None:
        start, end = found.values["available_from"], found.values["valid_until"]
        if start and end and end < start:
            found.bad("valid_until", _("This is before the day from which it is available."))
        if "capacity_per_month" in found.missing or "capacity_per_month" in found.errors:
            return
        committed = found.terms["committed_per_month"]
        if committed and committed > found.terms["capacity_per_month"]:
            found.bad("committed_per_month", _("More is committed than can be made."))


def parameter_of(key: Any) -> Parameter:
    """What `companies.specs` knows of a stored key."""
    return Parameter(key.key, key.unit, key.kind, tuple(key.choices), key.ordered, key.symbol)


def ungrouped(value: Any) -> Any:
    """Thousands as people group them, 15,000, without the commas; anything else as it is."""
    if isinstance(value, list):
        return [ungrouped(part) for part in value]
    if isinstance(value, str):
        text = value.strip()
        match = _GROUPED.match(text)
        return re.sub("[,，]", "", match[0]) + text[match.end() :] if match else text
    return value


def read_number(found: Checked, parameter: Parameter, raw: Any, *, whole: bool = False) -> float | None:
    """A number in the field's unit, at least 0 (or above it); None where nothing is given."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    name = parameter.key
    try:
        value = parse_quantity(parameter, ungrouped(raw)) if isinstance(raw, str) else _plain(raw)
    except SpecError as error:
        found.bad(name, error.message)
        return None
    words = _out_of_bounds(name, value, MAX_DAYS if name in DAYS else MAX_NUMBER)
    if not words and whole and value != int(value):
        words = _("A number of days is whole.")
    if words:
        found.bad(name, words)
        return None
    return int(value) if whole else plain_number(value + 0.0)


def _plain(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or raw != raw or abs(raw) > MAX_NUMBER * 10:
        raise SpecError("", _("%(value)s is not a number.") % {"value": str(raw)[:60]})
    return float(raw)


def _out_of_bounds(name: str, value: float, most: float) -> str:
    if name in ABOVE_ZERO and value <= 0:
        return _("The number must be above %(bound)s.") % {"bound": 0}
    if value < 0:
        return _("The number must be at least %(bound)s.") % {"bound": 0}
    if value > most:
        return _("The number must be at most %(bound)s.") % {"bound": plain_number(most)}
    return ""


def read_date(found: Checked, name: str, raw: Any) -> date | None:
    """A date as 2027-06-30, 2027/6/30 or 2027年6月30日; None where nothing is given."""
    if isinstance(raw, date) or raw is None:
        return getattr(raw, "date", lambda: raw)() if raw is not None else None
    text = str(raw).strip()
    if not text:
        return None
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        day = date(*(int(part) for part in match.groups()))
    except ValueError:
        found.bad(name, _("Write the date as year-month-day, for example 2027-06-30."))
        return None
    if not FIRST_DAY <= day <= LAST_DAY:
        found.bad(name, _("The year is between 2000 and 2100."))
        return None
    return day


def read_text(found: Checked, name: str, raw: Any, limit: int) -> str:
    text = "" if raw is None else str(raw).strip()
    if len(text) > limit:
        found.bad(name, _("The text is longer than %(limit)d characters.") % {"limit": limit})
        return text[:limit]
    if any(not character.isprintable() for character in text):
        found.bad(name, _("The text has characters that cannot be shown."))
        return "".join(character for character in text if character.isprintable())
    return text


def read_certificates(
    found: Checked, given: Iterable[CertificateInput] | None, known: set[str]
) -> list[tuple[str, bool, date | None]] | None:
    """(code, whether the list knows it, last valid day), each code once; unknown ones are kept as written."""
    if given is None:
        return None
    rows: dict[str, tuple[str, bool, date | None]] = {}
    for place, item in enumerate(given):
        code = read_text(found, f"certificates.{place}", item.code, 64)
        expires = read_date(found, f"certificates.{place}", item.expires_on)
        if not code:
            if expires is not None:
                found.bad(f"certificates.{place}", _("Say which certificate this is."))
            continue
        if code in rows:
            found.bad(f"certificates.{place}", _("This certificate is there twice."))
        rows[code] = (code, code in known, expires)
    if len(rows) > MAX_CERTIFICATES:
        found.bad("certificates", _("At most %(count)d certificates.") % {"count": MAX_CERTIFICATES})
    return list(rows.values())


def check_facility(given: FacilityInput) -> Checked:
    """A facility: a name, a city, perhaps a point."""
    found = Checked()
    found.values["name"] = read_text(found, "name", given.name, 300)
    if not found.values["name"]:
        found.bad("name", _("Give it a name."))
    found.values["external_id"] = read_text(found, "external_id", given.external_id, 120)
    code = str(given.city or "").strip()
    city = City.objects.filter(code=code).first() if code.isascii() and code.isprintable() else None
    if city is None:
        found.bad(
            "city", _("There is no city “%(code)s”.") % {"code": code[:60]} if code else _("Choose a city.")
        )
    found.values["city"] = city
    for name, most in (("latitude", 90), ("longitude", 180)):
        found.values[name] = _degrees(found, name, getattr(given, name), most)
    if (found.values["latitude"] is None) != (found.values["longitude"] is None):
        found.bad("latitude", _("Give latitude and longitude, or neither."))
    known: Callable[[], set[str]] = lambda: set(Certification.objects.values_list("code", flat=True))  # noqa: E731
    found.certificates = read_certificates(
        found, given.certificates, known() if given.certificates else set()
    )
    return found


def _degrees(found: Checked, name: str, raw: Any, most: int) -> float | None:
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    try:
        value = parse_quantity(Parameter(name, "deg", "number"), raw) if isinstance(raw, str) else _plain(raw)
    except SpecError as error:
        found.bad(name, error.message)
        return None
    if abs(value) > most:
        found.bad(name, _("The number must be at most %(bound)s.") % {"bound": most})
        return None
    return value

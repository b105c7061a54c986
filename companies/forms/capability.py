"""The form of a capability as its page shows it: bound to what was typed, to what is stored, or empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from alliance.forms.clashes import Clash
from alliance.models import Organisation
from alliance.templatetags._numbers import MISSING
from companies.forms.boxes import Box, Problem, SpecBox, show_usual
from companies.forms.typed import MAX_CERTIFICATES, read_form, stored_data
from companies.forms.units import unit_choices
from companies.models import Capability, ComponentType
from companies.selectors import offered_text
from companies.selectors.evidence import evidence_of, standing_of
from companies.services import CapabilityChecker, Checked


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
        show_usual(box, row)
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

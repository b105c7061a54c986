"""What counts how much in an alliance, and what its cities do."""

from __future__ import annotations

import math
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from alliance.choices import CityRole
from alliance.forms.joining import CityChoice
from alliance.services.alliances import MOST
from matching.selectors.terms import LINE_TERMS, SITE_TERMS, default_scales

SIDES = {"line": LINE_TERMS, "site": SITE_TERMS}


def default_weights(side: str) -> dict[str, float]:
    weights: dict[str, float] = getattr(default_scales(), side)
    return dict(weights)


class WeightsForm(forms.Form):
    """A number for each term; an empty one keeps the default."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for side, terms in SIDES.items():
            defaults = default_weights(side)
            for term, (label, _short) in terms.items():
                box = forms.NumberInput(
                    attrs={"placeholder": f"{defaults[term]:g}", "step": "any", "min": "0"}
                )
                self.fields[f"{side}_{term}"] = forms.FloatField(
                    label=label, required=False, min_value=0, max_value=MOST, widget=box
                )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        for side, words in (("line", _("offers")), ("site", _("sites"))):
            given = self.full(side, told)
            if not math.fsum(given.values()) > 0:
                message = _("At least one weight of the %(side)s must be above 0.") % {"side": words}
                self.add_error(None, ValidationError(message))
        return told

    def own(self, side: str, told: dict[str, Any] | None = None) -> dict[str, float]:
        """What was typed, by term."""
        values = self.cleaned_data if told is None else told
        found = {term: values.get(f"{side}_{term}") for term in SIDES[side]}
        return {term: value for term, value in found.items() if value is not None}

    def full(self, side: str, told: dict[str, Any] | None = None) -> dict[str, float]:
        return default_weights(side) | self.own(side, told)

    def fields_of(self, side: str) -> list[Any]:
        return [self[f"{side}_{term}"] for term in SIDES[side]]

    @property
    def line_fields(self) -> list[Any]:
        return self.fields_of("line")

    @property
    def site_fields(self) -> list[Any]:
        return self.fields_of("site")


class CityRolesForm(forms.Form):
    city = CityChoice(
        label=_("City"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "cities", "autocomplete": "off"}),
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=CityRole.choices, widget=forms.CheckboxSelectMultiple
    )
    basis = forms.CharField(
        label=_("Basis"), max_length=300, required=False, help_text=_("The agreement it rests on.")
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class RemoveCityForm(forms.Form):
    city = CityChoice(max_length=200)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)

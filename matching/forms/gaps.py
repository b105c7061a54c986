"""What the gap report can be narrowed to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.models import Alliance, City
from alliance.selectors import tree_choices
from companies.models import ComponentType

STATE_WORDS = [
    ("", _("all lines")),
    ("bare", _("nobody can supply")),
    ("single", _("single source")),
    ("near", _("one requirement short")),
    ("outside", _("best supplier outside the alliance")),
]


class GapForm(forms.Form):
    """A branch of types for everybody; a city and a state only for those who read every figure."""

    type = forms.ChoiceField(label=_("Component type"), required=False)
    city = forms.ChoiceField(label=_("City"), required=False)
    state = forms.ChoiceField(label=_("Lines"), choices=STATE_WORDS, required=False)

    def __init__(self, data: Any, *, alliance: Alliance) -> None:
        super().__init__(data)
        listed = City.objects.filter(alliances__alliance=alliance).order_by("alliances__id")
        self.cities = {city.code: city for city in listed}
        self.types = {row.code: row for row in ComponentType.objects.all()}
        types: Any = self.fields["type"]
        types.choices = [("", _("all")), *tree_choices(ComponentType)]
        cities: Any = self.fields["city"]
        cities.choices = [("", _("all")), *((code, str(city)) for code, city in self.cities.items())]
        for field in self.fields.values():
            field.widget.attrs["data-submit"] = ""

    @property
    def chosen_type(self) -> ComponentType | None:
        return self.types.get(self.cleaned_data["type"])

    @property
    def chosen_city(self) -> City | None:
        return self.cities.get(self.cleaned_data["city"])

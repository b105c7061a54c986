"""What an operator types of an opportunity, and a maker of its answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.choices import Confidentiality
from alliance.forms import day_field
from alliance.models import Alliance
from companies.models import ComponentType
from matching.forms.demands import POINTS, lines_of
from matching.services.demands.opportunities import OpportunityInput
from scenarios.models import Site

SEEN = [(value, label) for value, label in Confidentiality.choices if value != Confidentiality.INTRODUCTION]


class OpportunityForm(forms.Form):
    robot = forms.ModelChoiceField(
        label=_("Which robot"),
        queryset=ComponentType.objects.none(),
        to_field_name="code",
        empty_label=_("please choose"),
    )
    quantity = forms.CharField(label=_("How many"), max_length=40)
    need_by = day_field(_("Needed by"))
    site = forms.ModelChoiceField(
        label=_("At which of your sites"),
        queryset=Site.objects.none(),
        to_field_name="public_id",
        empty_label=_("please choose"),
        help_text=_("It fixes where the robots work; its conditions on parts become requirements."),
    )
    ceiling_unit_price = forms.CharField(
        label=_("At most, each (CNY)"), required=False, max_length=40, help_text=_("Never shown to makers.")
    )
    title = forms.CharField(
        label=_("Name"), required=False, max_length=300, help_text=_("Empty: robot, number and site.")
    )
    alliance = forms.ModelChoiceField(
        label=_("Alliance"), queryset=Alliance.objects.none(), to_field_name="slug", empty_label=None
    )
    confidentiality = forms.ChoiceField(label=_("Who may see it"), choices=SEEN)
    open_points = forms.CharField(
        label=_("What matters besides"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=POINTS,
    )

    def __init__(self, *args: Any, robots: Any, sites: Any, alliances: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("robot", robots), ("site", sites), ("alliance", alliances)):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def given(self) -> OpportunityInput:
        told = self.cleaned_data
        points = {"open_points": lines_of(told["open_points"])}
        return OpportunityInput(**told | points, start_date=timezone.localdate())


class AnswerForm(forms.Form):
    note = forms.CharField(
        label=_("What you want to say"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

"""Proposing, stepping, and the milestones of a pilot."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.choices import MilestoneKind
from alliance.forms import day_field
from matching.services.introductions import Move, Step
from matching.services.introductions.moves import ALL


class ProposalForm(forms.Form):
    due_on = day_field(_("Answer by"), required=False)
    note = forms.CharField(
        label=_("Note to both firms"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class StepForm(forms.Form):
    """The next step of an introduction; `parties` are (name, words) of who may be next."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    turn = forms.ChoiceField(label=_("Next is"), required=False)
    due_on = day_field(_("by"), required=False)
    delivered_on = day_field(_("Delivered on"), required=False)
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, move: Move, parties: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names: dict[str, str] = {}
        for party in ALL:
            if parties[party] not in names.values():
                names[party] = parties[party]
        self.fields["turn"].choices = [("", _("as usual")), *names.items()]  # type: ignore[attr-defined]
        ends = move.target in ("delivered", "declined")
        for name, wanted in (
            ("turn", not ends),
            ("due_on", not ends),
            ("delivered_on", move.asks_delivery),
            ("reason", move.asks_reason),
            ("note", not move.asks_reason),
        ):
            if not wanted:
                del self.fields[name]

    def step(self) -> Step:
        told = {name: value for name, value in self.cleaned_data.items() if name != "version" and value}
        return Step(**told)


class MilestoneForm(forms.Form):
    kind = forms.ChoiceField(choices=MilestoneKind.choices, widget=forms.HiddenInput)
    planned_on = day_field(_("Planned"), required=False)
    actual_on = day_field(_("Reached"), required=False)

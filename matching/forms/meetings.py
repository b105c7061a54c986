"""Calling a meeting, its own points, and what it agreed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from alliance.forms import day_field
from alliance.models import Organisation, User


class MeetingForm(forms.Form):
    """Who meets, when and where."""

    title = forms.CharField(label=_("Title"), max_length=200)
    held_on = day_field(_("Date"))
    starts_at = forms.TimeField(
        label=_("Begins"),
        required=False,
        input_formats=["%H:%M"],
        widget=forms.TimeInput(
            format="%H:%M", attrs={"type": "text", "placeholder": "09:30", "maxlength": "5"}
        ),
    )
    minutes_long = forms.IntegerField(label=_("Length in minutes"), min_value=1, max_value=1440, initial=90)
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    bureaus = forms.ModelMultipleChoiceField(
        label=_("Bureaus at the table"),
        queryset=Organisation.objects.none(),
        to_field_name="public_id",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, bureaus: QuerySet[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if bureaus is None:
            del self.fields["bureaus"]
        else:
            seats: Any = self.fields["bureaus"]
            seats.queryset = bureaus


class PointForm(forms.Form):
    text = forms.CharField(label=_("Own point"), max_length=500)


class ActionForm(forms.Form):
    """Who does what by when. A person is chosen with the bureau, so that the two always fit."""

    text = forms.CharField(label=_("What is to be done"), max_length=500)
    owner = forms.ChoiceField(label=_("Who"))
    due_on = day_field(_("Due"), required=False)

    def __init__(self, *args: Any, owners: list[tuple[Organisation, list[User]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owners: dict[str, tuple[Organisation, User | None]] = {}
        choices: list[tuple[str, str]] = []
        for bureau, people in owners:
            self.owners[str(bureau.public_id)] = (bureau, None)
            choices.append((str(bureau.public_id), str(bureau)))
            for person in people:
                self.owners[f"{bureau.public_id}/{person.username}"] = (bureau, person)
                choices.append((f"{bureau.public_id}/{person.username}", f"\N{EM SPACE}{person}"))
        owner: Any = self.fields["owner"]
        owner.choices = choices

    @property
    def bureau(self) -> Organisation:
        return self.owners[self.cleaned_data["owner"]][0]

    @property
    def person(self) -> User | None:
        return self.owners[self.cleaned_data["owner"]][1]

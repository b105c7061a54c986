"""What a bureau does with the firms of its city."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from alliance.choices import OrganisationRole
from alliance.errors import DomainError
from alliance.forms.joining import CityChoice
from alliance.services.directory import NewEntry
from alliance.services.registration import check_code


class SuspensionForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        help_text=_("The people of the firm read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class EntryForm(forms.Form):
    """A firm that the bureau knows and that has not registered."""

    uscc = forms.CharField(
        label=_("Unified Social Credit Code"),
        max_length=40,
        help_text=_("When the firm registers with this code it is led to this entry."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name_zh = forms.CharField(label=_("Chinese name"), max_length=300, required=False)
    name_en = forms.CharField(label=_("English name"), max_length=300, required=False)
    city = CityChoice(
        label=_("City"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "cities", "autocomplete": "off"}),
    )
    roles = forms.MultipleChoiceField(
        label=_("What the firm does"),
        choices=OrganisationRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=1000,
        required=False,
        help_text=_("Where you know it from: a visit, a public list, a fair."),
    )
    although_alike = forms.BooleanField(
        label=_("Another firm than the one of like name"), required=False, widget=forms.HiddenInput
    )

    def clean_uscc(self) -> str:
        try:
            return check_code(self.cleaned_data["uscc"])
        except DomainError as error:
            raise ValidationError(error.message) from error

    def entry(self) -> NewEntry:
        told: dict[str, Any] = {name: self.cleaned_data[name] for name in NewEntry.__dataclass_fields__}
        return NewEntry(**told | {"roles": tuple(told["roles"])})


class MergeForm(forms.Form):
    """The entry that takes over, and both versions as they were looked at."""

    into = forms.UUIDField()
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    other_version = forms.IntegerField(min_value=1, max_value=2**31 - 1)

    def chosen(self) -> UUID | None:
        """The entry asked for, also before anything was looked at."""
        self.is_valid()
        return self.cleaned_data.get("into")

    def versions(self) -> tuple[int, int]:
        return self.cleaned_data["version"], self.cleaned_data["other_version"]


class UndoForm(forms.Form):
    undo = forms.UUIDField()

    def key(self) -> UUID | None:
        self.is_valid()
        return self.cleaned_data.get("undo")

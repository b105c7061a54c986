"""Choosing a bill of materials, and for which parts a template is wanted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.selectors import tree_choices
from companies.models import ComponentType


class BillForm(forms.Form):
    file = forms.FileField(label=_("CSV or Excel file"), help_text=_("At most 200 lines."))


class BillFileForm(forms.Form):
    """An empty table for these types; without one the demand's own lines."""

    type = forms.MultipleChoiceField(required=False)
    form = forms.ChoiceField(choices=[("xlsx", "XLSX"), ("csv", "CSV")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].choices = tree_choices(ComponentType)  # type: ignore[attr-defined]

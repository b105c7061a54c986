"""Choosing a file and what its columns are."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.selectors import tree_choices
from companies.models import ComponentType


class UploadForm(forms.Form):
    file = forms.FileField(label=_("CSV or Excel file"), help_text=_("Up to 50 MB and 20,000 rows."))
    component_type = forms.ChoiceField(
        label=_("Component type of rows that name none"),
        required=False,
        help_text=_("Leave it open if the sheet has a column for it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["component_type"].choices = [("", "—"), *tree_choices(ComponentType)]  # type: ignore[attr-defined]


class TemplateForm(forms.Form):
    type = forms.MultipleChoiceField(required=False)
    form = forms.ChoiceField(choices=[("xlsx", "XLSX"), ("csv", "CSV")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].choices = tree_choices(ComponentType)  # type: ignore[attr-defined]

"""A file to attach, a message to write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.choices import FileStage
from alliance.services.sniffing import ACCEPT


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, PNG, JPEG, XLSX, DOCX, STEP or ZIP, at most 20 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT, "class": "form-control"}),
        error_messages={"empty": _("The file is empty.")},
    )
    stage = forms.TypedChoiceField(
        label=_("The other side may open it"),
        choices=FileStage.choices,
        coerce=int,
        initial=FileStage.CONFIDENTIAL,
    )

    def __init__(self, *args: Any, staged: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="attach_%s", **kwargs)
        if not staged:
            del self.fields["stage"]

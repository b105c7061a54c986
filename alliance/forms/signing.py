"""Signing in in two steps."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

CODE_BOX = {
    "autocomplete": "one-time-code",
    "inputmode": "text",
    "autocapitalize": "none",
    "spellcheck": "false",
}


class CodeStepForm(forms.Form):
    """The code of the app, or a recovery code."""

    code = forms.CharField(
        label=_("One-time code"), max_length=40, widget=forms.TextInput(attrs=CODE_BOX | {"autofocus": True})
    )


class ProofForm(forms.Form):
    """What somebody else at an open screen does not have."""

    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=_("Code of the app, or a recovery code"), max_length=40, widget=forms.TextInput(attrs=CODE_BOX)
    )

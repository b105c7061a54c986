"""Forms of the alliance app's own pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.services.tokens import MAX_DAYS

SCOPE_WORDS = [("read", _("read")), ("write", _("write: also start runs"))]


class TokenForm(forms.Form):
    """What a new API token is called and may do."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Which program uses it."))
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=SCOPE_WORDS, initial=["read"], widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=MAX_DAYS, initial=90)

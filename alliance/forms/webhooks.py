"""The form of a webhook."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

EVENT_WORDS = [
    ("match.found", _("matches found")),
    ("match.lost", _("matches lost")),
    ("introduction.state_changed", _("an introduction changes its state")),
    ("run.finished", _("a run has finished")),
    ("demand.published", _("a demand is published")),
]


class WebhookForm(forms.Form):
    """Where an organisation's system listens, and for what."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Which system listens."))
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_(
            "https:// only; an address that the internet reaches, or one that this site's operator allows."
        ),
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=_("Tell it when"), choices=EVENT_WORDS, widget=forms.CheckboxSelectMultiple
    )

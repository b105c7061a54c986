"""Forms of the alliance app's own pages, and fields that all apps share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from alliance.choices import FIRST_DAY, LAST_DAY
from alliance.services.tokens import MAX_DAYS

SCOPE_WORDS = [("read", _("read")), ("write", _("write and step")), ("webhooks", _("manage webhooks"))]


DAY = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"]
DAY_BOX = {
    "placeholder": _("year-month-day"),
    "inputmode": "numeric",
    "autocomplete": "off",
    "maxlength": "10",
}


def day_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    """A date typed as 年-月-日: a native date box would follow the browser's language, not the page's."""
    box = forms.DateInput(format="%Y-%m-%d", attrs=DAY_BOX)
    box.input_type = "text"
    return forms.DateField(
        label=label,
        input_formats=DAY,
        required=required,
        widget=box,
        help_text=help_text,
        validators=[_sensible_day],
    )


def _sensible_day(day: date) -> None:
    """A slip of the year; far ones have no day after them either."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError(_("The year is between 2000 and 2100."))


class TokenForm(forms.Form):
    """What a new API token is called and may do."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Which program uses it."))
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=SCOPE_WORDS, initial=["read"], widget=forms.CheckboxSelectMultiple
    )
    organisation = forms.ChoiceField(
        label=_("Only for"),
        required=False,
        help_text=_("It then sees and writes what this organisation may."),
    )
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=MAX_DAYS, initial=90)

    def __init__(self, *args: Any, organisations: Sequence[Any] = (), **kwargs: Any) -> None:
        """`organisations`: those that the token can be limited to; none where that is settled."""
        super().__init__(*args, **kwargs)
        self.organisations = {str(row.public_id): row for row in organisations}
        if not self.organisations:
            del self.fields["organisation"]
            return
        chosen: Any = self.fields["organisation"]
        chosen.choices = [
            ("", _("all of mine")),
            *((key, str(row)) for key, row in self.organisations.items()),
        ]

    def clean_organisation(self) -> Any:
        return self.organisations.get(self.cleaned_data["organisation"])

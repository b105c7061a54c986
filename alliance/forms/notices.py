"""How a person wants to hear of each group of notices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alliance.choices import NoticeChannel, NoticeGroup


class NoticeSettingsForm(forms.Form):
    """A choice for each group, and the language of mails."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in NoticeGroup:
            self.fields[group.value] = forms.ChoiceField(label=group.label, choices=NoticeChannel.choices)
        self.fields["language"] = forms.ChoiceField(label=_("Language of mails"), choices=settings.LANGUAGES)

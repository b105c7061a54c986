"""What a password has to be, in both languages."""

from __future__ import annotations

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class LongEnough(MinimumLengthValidator):
    """Django's own sentence has lost its Chinese translation: the two no longer have the same message id."""

    def get_error_message(self) -> str:
        words = ngettext(
            "The password is too short: at least %(least)d character.",
            "The password is too short: at least %(least)d characters.",
            self.min_length,
        )
        return words % {"least": self.min_length}

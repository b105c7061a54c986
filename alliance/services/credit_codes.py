"""Unified Social Credit Codes: a firm's identity. One place says what is wrong with one."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from stdnum import numdb
from stdnum.cn import uscc as credit_code
from stdnum.exceptions import ValidationError

# GB/T 2260 numbers of the provinces; 10 is the registration authority of the centre.
PROVINCES = frozenset(
    str(number)
    for numbers in (
        (10,),
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82),
    )
    for number in numbers
)


def tidy_code(text: str) -> str:
    """As people type or paste it: full-width characters, blanks, hyphens and small letters are taken."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(plain.split()).replace("-", "").upper()


def credit_code_problem(code: str) -> str:
    """What is wrong with a Unified Social Credit Code: its form, its check digit, its province."""
    try:
        if credit_code.validate(code) != code:
            return _("Write the credit code as 18 capitals and figures without blanks.")
    except ValidationError as error:
        return _("“%(code)s” is not a Unified Social Credit Code: %(reason)s") % {
            "code": code,
            "reason": _reason(error),
        }
    if code[2:4] not in PROVINCES:
        return _("“%(code)s” is not a Unified Social Credit Code: there is no province %(province)s.") % {
            "code": code,
            "province": code[2:4],
        }
    return ""


def _reason(error: ValidationError) -> str:
    reasons = {
        "InvalidLength": _("it has 18 characters."),
        "InvalidChecksum": _("its check digit is wrong."),
    }
    return reasons.get(type(error).__name__, _("it has a character that such codes do not use."))


@lru_cache(maxsize=1)
def _regions() -> Any:
    return numdb.get("cn/loc")


@lru_cache(maxsize=4096)
def known_prefix(four: str) -> bool:
    """GB/T 2260 has a prefecture with these four figures, or the code is the province's own."""
    if four.endswith("00"):
        return True
    return any("county" in properties for _number, properties in _regions().info(four + "00"))

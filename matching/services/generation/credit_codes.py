"""Constructed Unified Social Credit Codes (GB 32100-2015) for fictitious firms, both check digits right."""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE: Final = {char: value for value, char in enumerate(ALPHABET)}
_WEIGHTS: Final = tuple(3**place % 31 for place in range(17))
_SUBJECT_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_MAX_SERIAL: Final = 31**5


def subject_code(serial: int) -> str:
    """Nine characters: MAG, the serial in base 31, and the check digit of GB 11714."""
    if not 0 <= serial < _MAX_SERIAL:
        raise ValueError(f"serial {serial} does not fit five characters")
    digits = []
    for _ in range(5):
        serial, digit = divmod(serial, 31)
        digits.append(ALPHABET[digit])
    body = "MAG" + "".join(reversed(digits))
    total = sum(weight * int(char, 36) for weight, char in zip(_SUBJECT_WEIGHTS, body, strict=True))
    check = (11 - total % 11) % 11
    return body + ("X" if check == 10 else str(check))


def credit_code(region: str, serial: int) -> str:
    """Eighteen characters for a firm registered in a six-digit region."""
    body = "91" + region + subject_code(serial)
    total = sum(weight * _VALUE[char] for weight, char in zip(_WEIGHTS, body, strict=True))
    return body + ALPHABET[-total % 31]

"""Repeatable choices: every throw depends on its own name only.

A shared random stream would change every later row when one row is added; here a row keeps its values
whatever is added before it, and the values do not depend on the Python version.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def unit(*name: object) -> float:
    """A number in [0, 1) that belongs to this name."""
    digest = hashlib.sha256("|".join(map(str, name)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def pick(options: Sequence[T], *name: object) -> T:
    """One of the options."""
    return options[int(unit(*name) * len(options))]


def sample(options: Sequence[T], count: int, *name: object) -> list[T]:
    """`count` different options, in their own order."""
    order = sorted(range(len(options)), key=lambda i: unit(*name, i))
    return [options[i] for i in sorted(order[:count])]


def between(low: float, high: float, *name: object) -> float:
    """A number in [low, high)."""
    return low + (high - low) * unit(*name)


def nice(value: float) -> float:
    """Rounded as a data sheet rounds: two digits, three when the first is a 1."""
    if value == 0:
        return 0.0
    digits = 1 - math.floor(math.log10(abs(value)))
    if abs(value) * 10**digits < 20:
        digits += 1
    return round(value, digits)

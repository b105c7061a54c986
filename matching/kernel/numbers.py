"""Rounding that does not depend on who computes it."""

from __future__ import annotations

import numpy as np

from matching.kernel.tables import AnyArray, Floats

DIGITS = 9
SCALE = 1e9
DOUBT = 1e-5  # distance from .5 of the scaled fraction below which NumPy's product may have crossed it
ULP = 4.5e-16  # two units in the last place, relative: the doubt grows with the number


def round9(values: AnyArray | float) -> Floats:
    """Python's ``round(x, 9)`` of every element, shape kept; NaN and infinities stay (Numbers in the rules).

    ``np.round`` multiplies by 1e9 before it rounds, and the product may land on the wrong side of a half;
    Python rounds the exact decimal value. So NumPy does all, and Python again those whose scaled fraction is
    near a half (NaN too, and all above about 1e6, where a double holds few decimals). About 10 ns an element.

    >>> round9(np.array([0.1234567895, 1.0, np.nan])).tolist()
    [0.123456789, 1.0, nan]
    """
    exact = np.atleast_1d(np.asarray(values, np.float64))
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = exact * SCALE
        rounded = np.rint(scaled)
        sure = np.abs(np.abs(scaled - rounded) - 0.5) > DOUBT + np.abs(scaled) * ULP
        rounded /= SCALE
    if not sure.all():
        flat, at = rounded.reshape(-1), np.flatnonzero(~sure)
        flat[at] = [round(x, DIGITS) for x in exact.reshape(-1)[at].tolist()]
    return rounded.reshape(np.shape(values))

"""Bitmaps of 64 slots a word, and rounding, as compiled loops use them."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from matching.kernel.compiled import cache_folder

# Numbers come out as NumPy and Python compute them: no reordering, no contraction, no exception on division.
# Untyped on purpose: with numba's own hints a type checker finds other things than without numba.
numba: Any = importlib.import_module("numba")
njit: Any = numba.njit
types: Any = numba.types
intrinsic: Any = importlib.import_module("numba.extending").intrinsic


numba.config.CACHE_DIR = str(cache_folder())

# Loops borrow their arrays (no counting of references, which costs more than the arithmetic): they allocate nothing.
OWNING: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
COMPILE: dict[str, Any] = {**OWNING, "_nrt": False}
# A call hands over tables of arrays field by field: what runs for each slot or rule is put in its place instead. INLINE
# is put there by numba, before types are known; PLACED by LLVM, which takes a third of the time to compile. Loops that
# stop at the best bound are a little faster with the first, those that count everything with the second.
INLINE: dict[str, Any] = {**COMPILE, "inline": "always"}
PLACED: dict[str, Any] = {**COMPILE, "forceinline": True}

SCALE = 1e9
SPLIT = 134_217_729.0  # 2**27 + 1: halves a double's 53 bits for an exact product
WHOLE = 8_388_608.0  # from here on nine decimals say more than a double holds
ONE = np.uint64(1)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@intrinsic
def ones_in(typing_context: Any, word: Any) -> Any:
    """How many bits of a word are set."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), generate


@intrinsic
def lowest(typing_context: Any, word: Any) -> Any:
    """The place of the lowest bit of a word that has one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], context.get_constant(types.boolean, True))

    return types.uint64(types.uint64), generate


@njit(**INLINE)
def set_bit(row: Any, slot: int) -> None:
    row[slot >> 6] |= ONE << np.uint64(slot & 63)


@njit(**INLINE)
def clear_bit(row: Any, slot: int) -> None:
    row[slot >> 6] &= ~(ONE << np.uint64(slot & 63))


@njit(**INLINE)
def has_bit(row: Any, slot: int) -> bool:
    return (row[slot >> 6] >> np.uint64(slot & 63)) & ONE != 0


@njit(**COMPILE)
def copy_row(source: Any, target: Any) -> None:
    for word in range(len(target)):
        target[word] = source[word]


@njit(**COMPILE)
def count_bits(row: Any) -> Any:
    total = np.uint64(0)
    for word in row:
        total += ones_in(word)
    return np.int64(total)


@njit(**COMPILE)
def turn_over(square: Any) -> None:
    """64 words: bit i of word k becomes bit k of word i, by halves of halves."""
    step, low = np.uint64(32), np.uint64(0x00000000FFFFFFFF)
    while step != 0:
        for k in range(64):
            if (np.uint64(k) & step) == 0:
                other = np.int64(np.uint64(k) | step)
                swapped = ((square[k] >> step) ^ square[other]) & low
                square[k] ^= swapped << step
                square[other] ^= swapped
        step >>= ONE
        low ^= low << step


@njit(**COMPILE)
def exact_round9(x: float) -> float:
    """Python's ``round(x, 9)``: the exact decimal value of x decides, a tie goes to the even digit.

    x × 1e9 is taken as a sum of two doubles without error (Dekker), so that the side of the half is known.
    """
    size = abs(x)
    product = size * SCALE
    big = size * SPLIT
    high = big - (big - size)
    low = size - high
    # 1e9 has 21 significant bits: it needs no halving.
    error = ((high * SCALE) - product) + low * SCALE
    below = math.floor(product)
    side = ((product - below) - 0.5) + error
    odd = below - 2.0 * math.floor(0.5 * below)
    # No branch: sides are as good as random, and loops over many scores become vectors.
    up = (side > 0) | ((side == 0) & (odd == 1.0))
    rounded = (below + 1.0 if up else below) / SCALE
    return math.copysign(rounded, x) if size < WHOLE else x

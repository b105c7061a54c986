"""Sorted columns in which some slots got other values: whoever is below a threshold is found, and nobody else."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("numba", reason="sorted columns are looked up by compiled loops")

from matching.kernel.compiled.bits import COMPILE, njit
from matching.kernel.compiled.block import Index, build_index, move_in_index
from matching.kernel.compiled.judge import below

WORDS = 6


class Columns(NamedTuple):
    least: Any


@njit(**{**COMPILE, "cache": False})
def who_is_below(layout: Any, index: Any, column: int, threshold: float, out: Any) -> int:
    return below(layout, index, column, threshold, out)


def values(dice: np.random.Generator, many: int) -> Any:
    """Few different ones or many, and what is unknown on either side."""
    kinds = [dice.normal(size=many), dice.integers(0, 5, many).astype(float), np.full(many, 3.0)]
    found = kinds[int(dice.integers(3))]
    found[dice.random(many) < 0.1] = -np.inf
    found[dice.random(many) < 0.1] = np.inf
    return found


def check(index: Index, least: Any) -> None:
    for column, own in enumerate(least):
        order = index.order[column]
        assert sorted(order.tolist()) == list(range(len(own)))
        assert np.array_equal(own[order], index.value[column])
        assert (np.diff(index.value[column][np.isfinite(index.value[column])]) >= 0).all()
        finite = own[np.isfinite(own)]
        for threshold in [*np.unique(finite)[::7], *(np.unique(finite)[::5] + 1e-9), -1e9, 1e9]:
            out = np.zeros(WORDS, np.uint64)
            many = who_is_below(Columns(least), index, column, float(threshold), out)
            expected = own < threshold
            found = np.unpackbits(out.view(np.uint8), bitorder="little")[: len(own)].astype(bool)
            assert many == expected.sum()
            assert not many or np.array_equal(found, expected)


@pytest.mark.parametrize("seed", range(6))
def test_slots_that_move(seed: int) -> None:
    dice = np.random.default_rng(seed)
    many = WORDS * 64
    least = np.stack([values(dice, many) for _ in range(4)])
    index = build_index(least, WORDS)
    for step in range(400):
        slot = int(dice.integers(many))
        after = least[:, slot].copy()
        for column in range(len(after)):
            if dice.random() < 0.5:
                after[column] = dice.choice([values(dice, 20)[3], least[column].max(), -50.0, 50.0])
        move_in_index(index, slot, least[:, slot].copy(), after)
        least[:, slot] = after
        if step % 50 == 49:
            check(index, least)

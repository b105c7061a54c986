"""Into how many runs the demands of an alliance go that a change touches."""

import pytest

from matching.services.changes.following import MOST_APART, _parts
from matching.services.runs.small import SMALL


@pytest.mark.parametrize("most", [1, 2, 4])
@pytest.mark.parametrize("demands", [31, 127, SMALL, SMALL + 1, 158, 700, MOST_APART])
def test_no_part_is_too_large_for_one_worker(demands: int, most: int) -> None:
    parts = _parts(demands, most)
    assert -(-demands // parts) <= SMALL
    assert parts <= max(most, -(-demands // SMALL))


def test_very_many_are_frozen_once() -> None:
    assert _parts(MOST_APART + 1, 4) == 1

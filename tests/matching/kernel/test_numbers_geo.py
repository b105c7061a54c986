"""Rounding is Python's; distances, travel times and proximity follow §1."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matching.kernel.geo import haversine_km, proximity, travel_minutes
from matching.kernel.numbers import round9

steady = settings(derandomize=True, deadline=None, max_examples=300, database=None)
halves = st.integers(-(10**12), 10**12).map(lambda n: (n + 0.5) / 1e9)
ordinary = st.floats(-10, 10).map(lambda x: round(x, 10))


def same(left: np.ndarray, values: list[float]) -> None:
    expected = [round(x, 9) if math.isfinite(x) else x for x in values]
    np.testing.assert_array_equal(left, np.array(expected))


@steady
@given(st.lists(st.one_of(st.floats(), halves, ordinary), max_size=50))
@example(
    [
        0.1234567895,
        0.0000000005,
        2.5e-9,
        -0.0,
        1e300,
        1.7e308,
        math.nan,
        math.inf,
        -math.inf,
        123456.7890123455,
    ]
)
def test_round9_is_round(values: list[float]) -> None:
    same(round9(np.array(values)), values)


def test_round9_of_many() -> None:
    rng = np.random.default_rng(7)
    values = np.concatenate(
        (rng.random(50_000), np.round(rng.random(50_000), 10), rng.integers(0, 10**9, 50_000) / 1e9)
    )
    same(round9(values), values.tolist())


def test_round9_keeps_shape() -> None:
    assert round9(np.zeros((2, 3))).shape == (2, 3)
    assert round9(0.25).shape == ()


def test_haversine_against_known_distances() -> None:
    """A quarter of a meridian, Beijing to Chengdu by the law of cosines, and half round the world."""
    assert haversine_km(0.0, 0.0, 90.0, 0.0) == pytest.approx(6371.0088 * math.pi / 2)
    a, b, between = math.radians(39.9042), math.radians(30.5728), math.radians(116.4074 - 104.0668)
    angle = math.acos(math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(between))
    assert haversine_km(39.9042, 116.4074, 30.5728, 104.0668) == pytest.approx(6371.0088 * angle)
    assert haversine_km(0.0, 0.0, 0.0, 180.0) == pytest.approx(6371.0088 * math.pi)


def test_travel_takes_the_row_then_the_reverse_row_then_the_distance() -> None:
    latitude, longitude = np.array([30.0, 30.0, 30.1, 40.0]), np.array([104.0, 110.0, 104.0, 104.0])
    travel = travel_minutes(
        latitude,
        longitude,
        np.array([0, 0, 3, 2]),
        np.array([1, 3, 0, 2]),
        np.array([95.0, 700.0, 650.0, 5.0]),
    )
    assert travel[0, 1] == travel[1, 0] == 95.0  # listed one way only
    assert [travel[0, 3], travel[3, 0]] == [700.0, 650.0]  # listed both ways
    assert travel[2, 2] == 30.0  # a listed row from a city to itself changes nothing
    assert travel[0, 2] == 30.0  # 11 km × 1.3 is less than 30
    km = math.radians(9.9) * 6371.0088
    assert travel[2, 3] == pytest.approx(km * 1.3)
    assert np.diagonal(travel).tolist() == [30.0] * 4


def test_travel_of_an_unknown_city_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the cities"):
        travel_minutes(np.array([30.0]), np.array([104.0]), np.array([0]), np.array([1]), np.array([10.0]))


def test_proximity_halves_every_three_hours() -> None:
    travel = np.array([[180.0, 360.0], [30.0, 90.0]])
    assert proximity(travel).tolist() == [[0.5, 0.25], [2 ** (-30 / 180), 2**-0.5]]

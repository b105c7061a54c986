"""Distances on the globe and travel times between cities (§1)."""

from __future__ import annotations

import math
from hashlib import blake2b

import numpy as np

from matching.kernel.tables import AnyArray, Floats

EARTH_KM = 6371.0088
SAME_CITY = 30.0
MINUTES_PER_KM = 1.3  # a detour of 1.3 at 60 km/h
HALVING = 180.0  # minutes on the road that halve proximity


def haversine_km(lat_a: AnyArray, lon_a: AnyArray, lat_b: AnyArray, lon_b: AnyArray) -> Floats:
    """Great-circle kilometres between points in degrees, element by element (arrays broadcast).

    2 R asin(sqrt(sin²(Δφ/2) + cos φa cos φb sin²(Δλ/2))), R = 6371.0088 km.
    """
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half_phi, half_lambda = (phi_b - phi_a) / 2, np.radians(np.asarray(lon_b) - np.asarray(lon_a)) / 2
    h = np.sin(half_phi) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin(half_lambda) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0))), np.float64)


def travel_minutes(
    latitude: AnyArray, longitude: AnyArray, origin: AnyArray, destination: AnyArray, minutes: AnyArray
) -> Floats:
    """Travel times T[C, C] in minutes between C cities, never rounded (§1).

    latitude, longitude: float[C] degrees. origin, destination, minutes: the rows of the travel table, city
    positions and minutes; at most one row per ordered pair (of two the later wins). T is 30 from a city to
    itself; else the row a → b; else the row b → a; else max(30, km × 1.3). Raises ValueError for a position
    outside the cities.
    """
    lat, lon = np.asarray(latitude, np.float64), np.asarray(longitude, np.float64)
    km = haversine_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
    table = np.full((len(lat), len(lat)), np.nan)
    origin, destination = np.asarray(origin, np.int64), np.asarray(destination, np.int64)
    if origin.size:
        ends = np.concatenate((origin, destination))
        if ends.min() < 0 or ends.max() >= len(lat):
            raise ValueError("a travel time points outside the cities")
        table[origin, destination] = minutes
    listed = np.where(np.isnan(table), table.T, table)
    travel = np.where(np.isnan(listed), np.maximum(SAME_CITY, km * MINUTES_PER_KM), listed)
    np.fill_diagonal(travel, SAME_CITY)
    return travel


def proximity(travel: Floats) -> Floats:
    """prox = 2 ** (-T / 180) of every element, shape kept: 1 at no distance, half for every three hours.

    Python's power, not NumPy's: vectorised powers differ in the last bit between processors. The newest few tables are
    kept (read-only), because problems of one country have the same cities and roads for days; not those to one city.
    """
    if travel.ndim < 2:
        return _proximity(travel)
    key = blake2b(np.ascontiguousarray(travel).tobytes(), digest_size=16).digest() + bytes(
        str(travel.shape), "ascii"
    )
    if key not in _tables:
        while len(_tables) >= KEPT_TABLES:
            _tables.pop(next(iter(_tables)))
        _tables[key] = _proximity(travel)
    return _tables[key]


KEPT_TABLES = 4
_tables: dict[bytes, Floats] = {}


def _proximity(travel: Floats) -> Floats:
    exponents = (-travel / HALVING).ravel().tolist()
    table = np.array([math.pow(2.0, x) for x in exponents], np.float64).reshape(travel.shape)
    table.setflags(write=False)
    return table

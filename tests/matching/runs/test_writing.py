"""Rows of a run as binary COPY: what is read back is what was given, empty or not, whatever the lengths."""

import json
from datetime import date

import numpy as np
import pytest
from django.db import connection

from matching.services.results import copying
from matching.services.results.copying import TEXT, Column, copy_columns, texts

pytestmark = pytest.mark.django_db

NAMES = ['减速器 "A"', "\\", "tab\there", "", "plain"]


def table(columns: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE copied ({columns}) ON COMMIT DROP")
    return "copied"


def read() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM copied ORDER BY 1")
        return cursor.fetchall()


@pytest.mark.parametrize("slab", [2, 20_000])
def test_every_kind_of_column_comes_back(monkeypatch, slab):
    monkeypatch.setattr(copying, "SLAB", slab)
    name = table("a int8, b int4, c int2, d float8, e date, f boolean, g text, h text")
    odd = np.array([False, True, False, True, False])
    days = np.array([date(2026, 11, day).toordinal() for day in range(1, 6)])
    told = ["[1, 2.5]", json.dumps(NAMES[0]), "0.1", '{"line":7}', json.dumps(NAMES[1])]
    count = copy_columns(
        name,
        {
            "a": Column(np.arange(5) + 2**40, "int8"),
            "b": Column(-np.arange(5), "int4", odd),
            "c": Column(np.arange(5), "int2"),
            "d": Column(np.array([0.1, 1e300, -0.0, 3.25, np.nan]), "float8", odd),
            "e": Column(days, "date", ~odd),
            "f": Column(odd, "bool"),
            "g": Column(texts(["rate", "", "spec:mass_kg", "x", "certification"]), TEXT),
            "h": Column(texts(told), TEXT, np.array([False, False, False, False, True])),
        },
    )
    rows = read()
    assert count == len(rows) == 5
    assert [row[0] for row in rows] == [2**40 + i for i in range(5)]
    assert [row[1] for row in rows] == [0, None, -2, None, -4]
    assert (rows[0][3], rows[2][3]) == (0.1, 0)
    assert np.isnan(rows[4][3])
    assert [row[4] for row in rows] == [None, date(2026, 11, 2), None, date(2026, 11, 4), None]
    assert [row[5] for row in rows] == odd.tolist()
    assert [row[6] for row in rows] == ["rate", "", "spec:mass_kg", "x", "certification"]
    assert [row[7] and json.loads(row[7]) for row in rows] == [[1, 2.5], NAMES[0], 0.1, {"line": 7}, None]


def test_nothing_is_nothing():
    assert copy_columns(table("a int8"), {"a": Column(np.empty(0, np.int64), "int8")}) == 0
    assert read() == []

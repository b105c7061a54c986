"""Answers are written quickly, and say what REST framework's own way of writing them says."""

import pytest
from rest_framework import serializers

from alliance.rest.showing import Shown
from tests.cast import World
from tests.matrix.roles import client
from tests.matrix.routes import address
from tests.matrix.rows import ROWS


def _answers(world: World, role: str) -> dict[str, bytes]:
    """Every list of the API that the role may read, and every row in it."""
    asks, told = client(world, role), {}
    for row in ROWS:
        if row.api and row.method == "GET" and row.route.endswith("-list") and row.expected(role) == 200:
            place = address(world, row)
            found = asks.get(place)
            told[place] = found.content
            for each in found.json().get("results", ()):
                detail = f"{place}{each.get('id', each.get('code'))}/"
                told[detail] = asks.get(detail).content
    return told


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["owner", "lab", "city_bureau"])
def test_answers_are_rest_frameworks(world: World, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = _answers(world, role)
    assert sum(b'"id":' in body or b'"code":' in body for body in quick.values()) > 20
    monkeypatch.setattr(Shown, "to_representation", serializers.Serializer.to_representation)
    assert _answers(world, role) == quick

"""Finding capabilities by numbers with units, read as matching reads them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from companies.filters.values import read_bounds
from companies.models import Capability, ComponentParameter
from companies.specs import Parameter, SpecError
from tests import factories as make
from tests.cast import World

TORQUE = Parameter("rated_torque", "N*m", "number", symbol="N·m")


@pytest.mark.parametrize(
    ("text", "better", "low", "high"),
    [
        ("≥ 20 N·m", "higher", 20, None),
        (">=20", "lower", 20, None),
        ("<= 2 kgf*m", "higher", None, 19.6133),
        ("20", "higher", 20, None),
        ("20", "lower", None, 20),
        ("20", "target", 20, 20),
        ("= 20 N*m", "higher", 20, 20),
        ("10 .. 20 N*m", "higher", 10, 20),
        ("10–20 N*m", "higher", 10, 20),
        ("1 kgf*m ~ 20 N*m", "higher", 9.80665, 20),
        ("10 到 20", "higher", 10, 20),
    ],
)
def test_what_people_write(text, better, low, high) -> None:
    asked = read_bounds(TORQUE, text, better)
    assert (asked.low, asked.high) == (
        pytest.approx(low) if low else low,
        pytest.approx(high) if high else high,
    )


@pytest.mark.parametrize(
    "text", ["many", "20 mm", ">=", "20 .. 10", "1e999", "nan", "≥≥20", "20 N*m; drop", "..", "1 2"]
)
def test_what_cannot_be_read_is_said(text) -> None:
    with pytest.raises(SpecError):
        read_bounds(TORQUE, text, "higher")


@pytest.fixture
def parts(world: World):
    """One that says a number, one a range, one nothing."""
    made = {}
    for title, specs in (
        ("number", {"rated_torque": 20}),
        ("range", {"rated_torque": [10, 40]}),
        ("silent", {}),
    ):
        made[title] = make.make_capability(
            world.facilities["supplier"], world.types["reducer"], title=f"x {title}", specs=specs
        )
    Capability.objects.exclude(pk__in=[row.pk for row in made.values()]).update(specs={})
    return made


def found(client, **query):
    page = client.get(reverse("capabilities"), {"component_type": "DRV-RED", **query})
    assert page.status_code == 200, page.context["form"].errors
    return sorted(row.title.removeprefix("x ") for row in page.context["rows"])


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("≥ 20", ["number", "range"]),
        ("≥ 30", ["range"]),
        ("≤ 15 N*m", ["range"]),
        ("≤ 2.1 kgf*m", ["number", "range"]),
        ("= 20", ["number", "range"]),
        ("41 .. 50", []),
        ("5 .. 10", ["range"]),
    ],
)
def test_a_range_fits_where_it_reaches(world: World, signed_in, parts, text, titles) -> None:
    assert found(signed_in("alliance_admin"), p_rated_torque=text) == titles


def test_the_page_offers_the_parameters_of_the_chosen_type_only(world: World, signed_in, parts) -> None:
    client = signed_in("alliance_admin")
    assert (
        'name="p_rated_torque"'
        in client.get(reverse("capabilities"), {"component_type": "DRV-RED"}).content.decode()
    )
    assert 'name="p_rated_torque"' not in client.get(reverse("capabilities")).content.decode()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"p_rated_torque": "20"}, 400),
        ({"p_rated_torque": ""}, 200),
        ({"component_type": "DRV-RED", "p_nothing": "1"}, 400),
        ({"component_type": "DRV-RED", "p_nothing": ""}, 200),
        ({"component_type": "DRV-RED", "p_rated_torque": "20 mm"}, 400),
        ({"component_type": "DRV-RED", "p_rated_torque": "x" * 500}, 400),
        ({"component_type": "NO-SUCH", "p_rated_torque": "20"}, 400),
        ({"component_type": "DRV-RED", "p_rated_torque": "\x00"}, 400),
    ],
)
def test_a_filter_that_cannot_be_read_shows_nothing(world: World, signed_in, parts, query, status) -> None:
    page = signed_in("alliance_admin").get(reverse("capabilities"), query)
    assert page.status_code == status
    assert status == 200 or page.context is None or not page.context["rows"]


def test_choices_and_yes_and_no(world: World, signed_in) -> None:
    type_ = world.types["reducer"]
    from companies.models import ComponentKey

    grade = ComponentKey.objects.create(
        key="grade_x", kind="choice", choices=["P5", "P4", "P2"], ordered=True
    )
    sealed = ComponentKey.objects.create(key="sealed_x", kind="bool")
    for place, key in enumerate((grade, sealed)):
        ComponentParameter.objects.create(type=type_, key=key, position=90 + place, name_en=key.key)
    Capability.objects.update(specs={})
    for title, specs in (
        ("good", {"grade_x": ["P4"], "sealed_x": True}),
        ("plain", {"grade_x": ["P5"], "sealed_x": False}),
    ):
        make.make_capability(world.facilities["supplier"], type_, title=f"x {title}", specs=specs)
    client = signed_in("alliance_admin")
    assert found(client, p_grade_x="P4") == ["good"]
    assert found(client, p_grade_x="P5") == ["good", "plain"]
    assert found(client, p_sealed_x="false") == ["plain"]
    assert (
        client.get(reverse("capabilities"), {"component_type": "DRV-RED", "p_sealed_x": "maybe"}).status_code
        == 400
    )


def test_the_endpoint_takes_the_same_filter(world: World, signed_in, parts) -> None:
    answer = signed_in("alliance_admin").get(
        "/api/v1/capabilities/", {"component_type": "DRV-RED", "p_rated_torque": ">=30 N*m"}
    )
    assert [row["title"] for row in answer.json()["results"]] == ["x range"]


def test_queries_do_not_grow_with_parameters_told(world: World, signed_in, parts) -> None:
    client = signed_in("alliance_admin")
    found(client)

    def asked(**query) -> int:
        with CaptureQueriesContext(connection) as queries:
            found(client, **query)
        return len(queries)

    assert asked(p_rated_torque="≥ 1") == asked()


def test_a_kept_filter_may_hold_numbers(world: World, signed_in, parts) -> None:
    from alliance.filters import saved_query

    kept = saved_query("capabilities", "component_type=DRV-RED&p_rated_torque=%3E%3D20+N*m&q=")
    assert kept == "component_type=DRV-RED&p_rated_torque=%3E%3D20+N%2Am"

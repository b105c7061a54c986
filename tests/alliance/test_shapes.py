"""Rules are written once for viewers of one shape; each of them gets what was written with his own ids."""

from dataclasses import replace

import pytest
from django.db.models import F, Q, Value
from django.db.models.functions import Concat

from alliance.access.queries import Written, narrowed
from alliance.access.seeing import VISIBLE, visible
from alliance.access.shapes import FIRST, is_complete, shape_of
from alliance.models import Organisation
from alliance.viewer import NOBODY, Viewer
from matching.models import Demand

OFFICIAL = Viewer(
    user_id=5,
    bureaus=frozenset({7}),
    care=frozenset({70, 71}),
    bureau_alliances=frozenset({1, 2, 3}),
    admin_alliances=frozenset({2}),
)
OTHER = replace(
    OFFICIAL,
    user_id=6,
    bureaus=frozenset({8}),
    care=frozenset({80, 72}),
    bureau_alliances=frozenset({9, 4, 2}),
    admin_alliances=frozenset({9}),
)


def test_viewers_with_as_many_ids_in_the_same_sets_have_one_shape() -> None:
    one, two = shape_of(OFFICIAL), shape_of(OTHER)
    assert one.stand_in == two.stand_in
    assert one.stand_in != shape_of(replace(OFFICIAL, care=frozenset({70}))).stand_in
    assert one.stand_in != shape_of(replace(OFFICIAL, admin_alliances=frozenset({2, 3}))).stand_in
    assert one.stand_in != shape_of(replace(OFFICIAL, few=True)).stand_in
    assert one.stand_in != shape_of(replace(OFFICIAL, user_id=None)).stand_in
    assert shape_of(NOBODY).stand_in == NOBODY


def test_each_id_of_the_stand_in_is_filled_in_by_one_of_the_viewer_s_own() -> None:
    shape = shape_of(OTHER)
    stand_in = shape.stand_in
    for name in ("bureaus", "care", "bureau_alliances", "admin_alliances"):
        assert frozenset(shape.filled(getattr(stand_in, name))) == getattr(OTHER, name)
    assert shape.filled([stand_in.user_id, "x", 3, True, None, [stand_in.user_id]]) == [
        6,
        "x",
        3,
        True,
        None,
        [6],
    ]


@pytest.mark.parametrize("model", [Organisation, Demand])
def test_a_rule_filled_in_says_what_it_says_of_the_viewer_alone(model: type) -> None:
    narrowed(model.objects.all(), visible, OFFICIAL)  # who came first
    filled = narrowed(model.objects.all(), visible, OTHER)
    sql, params = filled.query.sql_with_params()
    plain, own = model.objects.filter(VISIBLE[model.access.kind](model.access, OTHER)).query.sql_with_params()
    assert sql == plain
    assert sorted(map(str, params)) == sorted(map(str, own))


def test_an_id_that_cannot_be_filled_in_is_refused() -> None:
    assert is_complete("a = %s", [FIRST, [FIRST], "-1", "-2000000000000"])
    assert not is_complete(f"a = {FIRST}", [])
    assert not is_complete("a = ANY(%s)", [f"{{{FIRST},4}}"])
    assert not is_complete("a = ANY(%s)", [(FIRST,)])
    rows = Organisation.objects.filter(Q(name_zh=Concat(F("name_en"), Value(f"{FIRST}"))))
    written = Written(rows.query.where)
    with pytest.raises(LookupError):
        written.as_sql(rows.query.get_compiler("default"), None)

"""Search over everything: by any two characters, pinyin, initials, synonyms; only what the asker may see."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from matching.models import DemandIdentity
from matching.selectors.search import MOST, search
from tests import factories as make
from tests.cast import World


def found(world: World, who: str, text: str) -> dict[str, list[str]]:
    return {g.key: [row.words for row in g.rows] for g in search(world.person(who), text).groups}


def hits(client: Client, text: str, **headers: str) -> str:
    return client.get(reverse("search"), {"q": text}, headers=headers or None).content.decode()


@pytest.fixture
def firm(world: World):
    return make.make_firm(
        world.cities["partner"],
        "眉山示例传动科技有限公司",
        name_sort="mei shan shi li chuan dong ke ji you xian gong si",
    )


@pytest.mark.parametrize(
    "text",
    [
        "传动",
        "眉山示例",
        "示例 传动",
        "chuandong",
        "MeiShan",
        "msslcd",
        "传动科技有限",
        "眉山-示例",
        "（眉山）",
        "有限公司 传动",
    ],
)
def test_a_firm_is_found_by_characters_pinyin_and_initials(world: World, firm, text: str) -> None:
    assert str(firm.name_zh) in found(world, "alliance_admin", text)["firms"]


@pytest.mark.parametrize(
    "text", ["传", "", " ", "x", "%", "传动 谐波汽车", "\x00\x01", "司有", "||", "dddddd"]
)
def test_what_is_not_in_a_name_is_not_found(world: World, firm, text: str) -> None:
    assert "firms" not in found(world, "alliance_admin", text)


def test_a_credit_code_and_an_english_name_find_too(world: World) -> None:
    row = make.make_firm(world.cities["partner"], "甲乙 Quick Gears Ltd.", uscc="91510100MA6C8KQW3B")
    assert found(world, "alliance_admin", "ma6c8kqw3b")["firms"] == [row.name_zh]
    assert found(world, "alliance_admin", "quick gears")["firms"] == [row.name_zh]


def test_a_part_is_found_by_a_synonym_with_the_lines_that_ask_for_it(world: World) -> None:
    type_ = world.lines["open"].component_type
    type_.synonyms_zh = ["谐波减速机"]
    type_.save()
    result = found(world, "alliance_admin", "谐波减速机")
    assert str(type_) in result["types"]
    assert str(type_) in result["lines"]


def test_demands_capabilities_sites_introductions_cities_and_colleagues(world: World) -> None:
    title = DemandIdentity.objects.get(demand=world.demands["open"]).title
    who = "alliance_admin"
    assert title in found(world, who, title)["demands"]
    assert (
        world.capabilities["supplier"].title
        in found(world, who, world.capabilities["supplier"].title)["capabilities"]
    )
    assert world.sites["open"].name in found(world, who, world.sites["open"].name)["sites"]
    city = world.cities["partner"]
    assert str(city) in found(world, who, city.name_zh)["cities"]
    assert "people" in found(world, "supplier_owner", "supplier_editor")
    introduction = next(iter(world.introductions.values()))
    assert found(world, who, introduction.supplier.name_zh or introduction.supplier.name_en)["introductions"]


@pytest.mark.parametrize(
    "who", ["supplier_owner", "rival_owner", "outside_owner", "lab_owner", "partner_official"]
)
def test_nothing_is_found_that_the_asker_does_not_see(world: World, who: str) -> None:
    from alliance.models import Organisation
    from companies.models import Capability

    if who not in world.people:
        pytest.skip(f"the cast has no {who}")
    user = world.person(who)
    titles = set(DemandIdentity.objects.visible_to(user).values_list("title", flat=True))
    firms = {str(row) for row in Organisation.objects.visible_to(user)}
    offers = set(Capability.objects.visible_to(user).values_list("title", flat=True))
    every = {
        "demands": (titles, DemandIdentity.objects.values_list("title", flat=True)),
        "firms": (firms, [str(row) for row in Organisation.objects.all()]),
        "capabilities": (offers, Capability.objects.values_list("title", flat=True)),
    }
    for key, (mine, names) in every.items():
        hidden = set(names) - mine
        for name in hidden:
            assert name not in found(world, who, name).get(key, []), (key, name)


def test_a_hidden_title_is_not_found_though_its_demand_is_seen(world: World) -> None:
    """An official of the partner city sees the demand without its title; searching must not confirm the title."""
    demand = world.demands["introduction"]
    title = DemandIdentity.objects.get(demand=demand).title
    for who in ("supplier_owner", "rival_owner"):
        if who in world.people:
            assert "demands" not in found(world, who, title)


def test_colleagues_are_those_of_ones_own_organisations(world: World) -> None:
    assert "people" not in found(world, "lab_owner", "supplier_editor")
    assert "people" not in found(world, "alliance_admin", "supplier_editor")


def test_counts_are_capped_and_typing_shows_few(world: World, signed_in) -> None:
    for number in range(MOST + 5):
        make.make_firm(world.cities["partner"], f"群星机器人 {number:02}", name_sort=f"qun {number:02}")
    client = signed_in("alliance_admin")
    page, piece = hits(client, "群星"), hits(client, "群星", **{"HX-Request": "true"})
    assert f"{MOST}+" in page
    assert page.count("data-found") == MOST
    assert "<html" not in piece
    assert piece.count("data-found") == 5


def test_queries_do_not_grow_with_hits(world: World, signed_in) -> None:
    client = signed_in("alliance_admin")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            hits(client, "群星")
        return len(queries)

    make.make_firm(world.cities["partner"], "群星 1", name_sort="qun 1")
    asked()
    one = asked()
    for number in range(4):
        make.make_firm(world.cities["partner"], f"群星 2{number}", name_sort=f"qun 2{number}")
    assert asked() == one


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x>', "'; DROP TABLE", "😀😀", "a" * 5000, "\u202eab"]
)
def test_any_text_is_answered_and_escaped(world: World, signed_in, text: str) -> None:
    answer = signed_in("supplier_owner").get(reverse("search"), {"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert "<img src=x>" not in answer.content.decode()


def test_the_index_and_the_query_say_the_same(world: World) -> None:
    """A different expression would be right and slow."""
    from alliance.models import Organisation
    from alliance.models.organisations import FIRM_NAMES, FIRM_WRITTEN

    for searched, index in ((FIRM_NAMES, "organisation_search"), (FIRM_WRITTEN, "organisation_written")):
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
            query = Organisation.objects.order_by().alias(searched_pairs=searched.pairs)
            plan = query.filter(searched_pairs__contains=["传动"]).explain()
            cursor.execute("RESET enable_seqscan")
        assert index in plan


def test_two_latin_letters_are_looked_up_where_no_pinyin_is() -> None:
    from alliance.models.organisations import FIRM_NAMES, FIRM_WRITTEN

    assert [FIRM_NAMES.knows(word) for word in ("j", "jm", "jm0", "传", "传动")] == [
        False,
        False,
        True,
        False,
        True,
    ]
    assert [FIRM_WRITTEN.knows(word) for word in ("j", "jm", "传", "传动")] == [False, True, False, True]

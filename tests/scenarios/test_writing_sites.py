"""An operator writes a site: the place, the conditions, windows on the calendar, and its life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone, translation

from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import Change
from matching.models import SiteNeed
from matching.services.changes import affected_by
from scenarios.forms import param_rows
from scenarios.models import Site, SiteWindow
from scenarios.services import (
    SiteInput,
    add_window,
    archive_site,
    book_days,
    publish_site,
    remove_window,
    restore_site,
    update_site,
)
from tests.cast import World

PLACE = {
    "type": "IND-LINE",
    "name": "总装线",
    "city": "牵头市 (990100)",
    "fleet_capacity": "6",
    "value-clear_height": "750 cm",
    "ck": ["rated_torque", "", ""],
    "co": [">=", ">=", ">="],
    "cv": ["12 N*m", "", ""],
}


@pytest.fixture
def operator(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("operator_owner")


def made(operator: Client, **more: object) -> Site:
    answer = operator.post("/sites/new/", PLACE | more)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return Site.objects.latest("pk")


def test_from_nothing_to_published(world: World, operator: Client) -> None:
    assert "IND-LINE" in operator.get("/sites/new/").content.decode()
    site = made(operator)
    assert (site.published, site.params) == (False, {"clear_height": 7.5})
    condition = site.part_conditions.get()
    assert (condition.key.key, condition.op, condition.value) == ("rated_torque", ">=", 12)
    place = f"/sites/{site.public_id}/"
    days = {"starts": "2027-01-03", "ends": "2027-01-05", "version": "1"}
    assert operator.post(place + "windows/", days).status_code == 302
    page = operator.get(place + "edit/?month=2027-01").content.decode()
    assert page.count('class="open"') == 3
    assert operator.post(place + "step/publish/", {"version": "2"}).status_code == 302
    site.refresh_from_db()
    assert site.published
    changes = list(Change.objects.filter(kind="site", object_id=str(site.public_id)))
    assert affected_by(changes) == affected_by([]), "three days are too short for any trial"
    assert SiteWindow.objects.filter(site=site).update(ends=date(2027, 6, 30))
    assert affected_by(changes).demands == set(
        SiteNeed.objects.filter(demand__published=True, demand__alliance__slug="north").values_list(
            "pk", flat=True
        )
    )


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"name": ""}, "id_name_errors"),
        ({"city": "Nirgends"}, "id_city_errors"),
        ({"fleet_capacity": "-1"}, "id_fleet_capacity_errors"),
        ({"value-clear_height": "8 kg"}, "pe-clear_height"),
        ({"cv": ["12 apples", "", ""]}, "apples"),
        ({"ck": ["rated_torque", "rated_torque", ""], "cv": ["1", "2", ""]}, "wrong"),
    ],
)
def test_bad_values_are_named_and_nothing_is_saved(
    operator: Client, more: dict[str, object], named: str
) -> None:
    before = (Site.objects.count(), Change.objects.count())
    answer = operator.post("/sites/new/", PLACE | more)
    assert answer.status_code == 400
    assert named in answer.content.decode()
    assert (Site.objects.count(), Change.objects.count()) == before


def test_windows(world: World) -> None:
    site, owner = world.sites["open"], world.person("operator_owner")
    for starts, ends in ((date(2027, 2, 2), date(2027, 2, 1)), (date(2027, 1, 1), date(2047, 1, 1))):
        with pytest.raises(DomainError):
            add_window(site, starts, ends, user=owner)
    site.windows.all().delete()
    add_window(site, date(2027, 2, 1), date(2027, 2, 1), user=owner)
    remove_window(site, date(2027, 2, 1), date(2027, 2, 1), user=owner)
    with pytest.raises(NotFoundError):
        remove_window(site, date(2027, 2, 1), date(2027, 2, 1), user=owner)


def test_two_people_at_once_one_is_told(world: World) -> None:
    site, owner = world.sites["open"], world.person("operator_owner")
    given = SiteInput("A", site.city, site.scenario_type, 4)
    update_site(site, given, user=owner, version=1)
    with pytest.raises(ConflictError):
        update_site(site, given, user=owner, version=1)


def test_two_people_see_both_values_and_choose(world: World, operator: Client) -> None:
    """Nothing that was typed is lost: the other's values stand beside it, and the next save goes on top of them."""
    site = made(operator)
    place = f"/sites/{site.public_id}/edit/"
    theirs = PLACE | {"version": "1", "name": "theirs", "value-clear_height": "8", "cv": ["15", "", ""]}
    assert operator.post(place, theirs).status_code == 302
    mine = PLACE | {"version": "1", "name": "mine", "fleet_capacity": "9"}
    answer = operator.post(place, mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    for field in ("name", "fleet_capacity", "value-clear_height", "conditions"):
        assert f'name="pick-{field}" value="theirs"' in page, field
    assert "pick-city" not in page
    assert 'name="version" value="2"' in page
    assert 'value="750 cm"' in page
    picks = {"pick-name": "theirs", "pick-conditions": "theirs", "pick-value-clear_height": "mine"}
    assert operator.post(place, mine | {"version": "2"} | picks).status_code == 302
    site.refresh_from_db()
    assert (site.name, site.fleet_capacity, site.params) == ("theirs", 9, {"clear_height": 7.5})
    assert site.part_conditions.get().value == 15
    assert site.version == 3


def test_the_same_told_twice_by_two_people_can_still_be_saved(world: World, operator: Client) -> None:
    site = made(operator)
    place = f"/sites/{site.public_id}/edit/"
    same = PLACE | {"version": "1", "name": "both"}
    assert operator.post(place, same).status_code == 302
    answer = operator.post(place, same)
    assert answer.status_code == 409
    assert "pick-" not in answer.content.decode()
    assert 'name="version" value="2"' in answer.content.decode()
    assert operator.post(place, same | {"version": "2"}).status_code == 302


def test_an_unchanged_save_records_nothing(world: World, operator: Client) -> None:
    """A length that was given in inches is kept with its sixteenth figure, which the page does not show."""
    site = made(operator)
    stored = 301 * 0.0254
    Site.objects.filter(pk=site.pk).update(params={"clear_height": stored})
    page = operator.get(f"/sites/{site.public_id}/edit/").content.decode()
    shown = f"{stored:.12g}"
    assert f'value="{shown}"' in page
    assert float(shown) != stored
    before = Change.objects.count()
    told = PLACE | {"version": "1", "value-clear_height": shown}
    assert operator.post(f"/sites/{site.public_id}/edit/", told).status_code == 302
    site.refresh_from_db()
    assert (site.version, Change.objects.count()) == (1, before)
    assert operator.post(f"/sites/{site.public_id}/edit/", told | {"fleet_capacity": "7"}).status_code == 302
    site.refresh_from_db()
    assert (site.version, Change.objects.count()) == (2, before + 1)


def test_archive_and_restore(world: World, operator: Client, signed_in: Callable[[str], Client]) -> None:
    site, owner = world.sites["open"], world.person("operator_owner")
    archive_site(site, user=owner)
    assert site.name not in operator.get("/sites/").content.decode()
    with pytest.raises(ConflictError):
        archive_site(site, user=owner)
    restore_site(site, user=owner)
    publish_site(Site.objects.get(pk=site.pk), user=owner)
    for who in ("lab_owner", "lead_official", "platform_admin"):
        assert signed_in(who).get(f"/sites/{site.public_id}/edit/").status_code == 404


def spans(site: Site) -> list[tuple[str, str]]:
    return [(row.starts.isoformat(), row.ends.isoformat()) for row in site.windows.order_by("starts")]


def test_windows_do_not_overlap_and_bookings_cut_them(world: World) -> None:
    site, owner = world.sites["open"], world.person("operator_owner")
    site.windows.all().delete()
    add_window(site, date(2027, 3, 1), date(2027, 3, 31), user=owner)
    for starts, ends in ((1, 1), (15, 20), (31, 31)):
        with pytest.raises(ConflictError) as told:
            add_window(site, date(2027, 3, starts), date(2027, 3, ends), user=owner)
        assert "2027-03-01" in told.value.message
    add_window(site, date(2027, 4, 1), date(2027, 4, 30), user=owner)
    book_days(site, date(2027, 3, 10), date(2027, 3, 12), user=owner, note="试用 A")
    assert spans(site) == [
        ("2027-03-01", "2027-03-09"), ("2027-03-13", "2027-03-31"), ("2027-04-01", "2027-04-30"),
    ]  # fmt: skip
    book_days(site, date(2027, 3, 1), date(2027, 3, 9), user=owner)
    book_days(site, date(2027, 4, 1), date(2027, 4, 10), user=owner)
    assert spans(site) == [("2027-03-13", "2027-03-31"), ("2027-04-11", "2027-04-30")]
    for starts, ends in ((date(2027, 3, 30), date(2027, 4, 1)), (date(2027, 5, 1), date(2027, 5, 1))):
        with pytest.raises(ConflictError):
            book_days(site, starts, ends, user=owner)
    assert len(spans(site)) == 2
    assert Change.objects.filter(kind="site", after__note="试用 A").get().before == {
        "window": "2027-03-01/2027-03-31"
    }


def test_every_step_is_told_from_which_state_it_was_decided(world: World, operator: Client) -> None:
    site, owner = world.sites["open"], world.person("operator_owner")
    place, stale = f"/sites/{site.public_id}/", {"version": str(site.version)}
    before = spans(site)
    update_site(site, SiteInput("A", site.city, site.scenario_type, 4), user=owner, version=site.version)
    days = {"starts": "2030-02-01", "ends": "2030-02-02"}
    for address, told in (
        ("windows/", days),
        ("windows/", days | {"booked": "1"}),
        ("windows/remove/", dict(zip(("starts", "ends"), before[0], strict=True))),
        ("step/withdraw/", {}),
    ):
        page = operator.post(place + address, stale | told, follow=True).content.decode()
        assert "他人已先行修改此场景" in page, address
    site.refresh_from_db()
    assert (spans(site), site.published) == (before, True)
    now = {"version": str(site.version)}
    assert operator.post(place + "windows/", days | now).status_code == 302
    assert len(spans(site)) == len(before) + 1


def test_a_site_about_to_lapse_says_so(world: World, operator: Client) -> None:
    site, owner = world.sites["open"], world.person("operator_owner")
    place = f"/sites/{site.public_id}/"
    assert "最后一个开放窗口" not in operator.get(place).content.decode()
    site.windows.all().delete()
    today = timezone.localdate()
    add_window(site, today, today + timedelta(days=20), user=owner)
    assert "还剩 20 天" in operator.get(place).content.decode()
    assert "还剩 20 天" in operator.get(place + "edit/").content.decode()


def test_history_tells_which_conditions_changed(world: World) -> None:
    site, owner = world.sites["open"], world.person("operator_owner")
    asked = [{"key": "rated_torque", "op": ">=", "value": "99 N*m"}]
    update_site(
        site,
        SiteInput(site.name, site.city, site.scenario_type, 4, site.params, asked),
        user=owner,
        version=1,
    )
    change = Change.objects.filter(kind="site", object_id=str(site.public_id)).latest("id")
    assert change.after["conditions"] == [{"key": "rated_torque", "op": ">=", "value": 99}]
    assert change.before["conditions"] != change.after["conditions"]


def test_choices_and_the_city_of_a_form_are_in_the_readers_language(
    world: World, signed_in: Callable[[str], Client]
) -> None:
    key = SimpleNamespace(
        symbol="", unit="1", kind="choice", choices=["none", "rough"], choices_zh=["无", "粗糙"]
    )
    for language, words in (("en", ["none", "rough"]), ("zh-hans", ["无", "粗糙"])):
        with translation.override(language):
            (row,) = param_rows({"ground": SimpleNamespace(key=key)})
        assert row.choices == [("none", words[0]), ("rough", words[1])]
    city = world.organisations["lab"].city
    for language, name in (("en", city.name_en), ("zh-hans", city.name_zh)):
        page = signed_in("lab_editor").get("/demands/new/", headers={"accept-language": language}).text
        assert f'value="{name} ({city.code})"' in page

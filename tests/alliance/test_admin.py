"""/admin/: reference data is written by services, recorded, and geography follows."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from alliance.models import AllianceReach, Change, City, CityCare, Mail, Membership, Organisation, User
from companies.models import ComponentType
from tests.cast import World


@pytest.fixture
def office(world: World, signed_in: Any) -> Client:
    return signed_in("platform_admin")  # type: ignore[no-any-return]


def city_form(**more: Any) -> dict[str, Any]:
    return {"code": "990202", "name_en": "New", "name_zh": "新区", "latitude": 30, "longitude": 104, **more}


def test_a_new_district_belongs_where_its_city_does(world: World, office: Client) -> None:
    answer = office.post(reverse("admin:alliance_city_add"), city_form(parent=world.cities["partner"].pk))
    assert answer.status_code == 302
    city = City.objects.get(code="990202")
    assert AllianceReach.objects.get(city=city).alliance == world.alliances["north"]
    assert CityCare.objects.get(city=city).bureau == world.organisations["partner_bureau"]
    change = Change.objects.get(kind="city", verb="create", object_id="990202")
    assert change.actor == world.people["platform_admin"]
    assert change.after["name_zh"] == "新区"


def test_only_what_changed_is_recorded(world: World, office: Client) -> None:
    city = world.cities["outside"]
    place = reverse("admin:alliance_city_change", args=[city.pk])
    form = {
        "code": city.code, "name_en": "Renamed", "name_zh": city.name_zh, "latitude": city.latitude,
        "longitude": city.longitude,
    }  # fmt: skip
    assert office.post(place, form).status_code == 302
    change = Change.objects.get(kind="city", verb="update")
    assert (change.before, change.after) == ({"name_en": "Outville"}, {"name_en": "Renamed"})
    assert office.post(place, form).status_code == 302
    assert Change.objects.filter(kind="city").count() == 1


def test_a_city_in_itself_is_refused_by_the_form(world: World, office: Client) -> None:
    city = world.cities["partner"]
    form = city_form(code=city.code, parent=world.cities["district"].pk)
    answer = office.post(reverse("admin:alliance_city_change", args=[city.pk]), form)
    assert answer.status_code == 200
    city.refresh_from_db()
    assert city.parent_id is None


def test_a_city_that_is_referred_to_stays(world: World, office: Client) -> None:
    city = world.cities["partner"]
    office.post(reverse("admin:alliance_city_delete", args=[city.pk]), {"post": "yes"})
    assert City.objects.filter(pk=city.pk).exists()
    assert not Change.objects.filter(kind="city").exists()


def test_roles_of_a_city_change_what_the_alliance_reaches(world: World, office: Client) -> None:
    north = world.alliances["north"]
    rows = list(north.cities.order_by("id"))
    form: dict[str, Any] = {
        "name_en": "north", "name_zh": "北", "slug": "north", "lead_city": north.lead_city_id,
        "cities-TOTAL_FORMS": 3, "cities-INITIAL_FORMS": 2,
        "cities-2-alliance": north.pk, "cities-2-city": world.cities["nowhere"].pk, "cities-2-roles": ["sites"],
    }  # fmt: skip
    for number, row in enumerate(rows):
        prefix = f"cities-{number}"
        form |= {f"{prefix}-id": row.pk, f"{prefix}-alliance": north.pk, f"{prefix}-city": row.city_id}
        form |= {f"{prefix}-roles": row.roles}
    answer = office.post(reverse("admin:alliance_alliance_change", args=[north.pk]), form)
    assert answer.status_code == 302, answer.content
    assert AllianceReach.objects.filter(
        alliance=north, city=world.cities["nowhere"], roles=["sites"]
    ).exists()
    assert list(Change.objects.filter(kind="membership").values_list("object_id", flat=True)) == [
        "north/970100"
    ]


def test_bureaus_are_made_here_and_firms_are_not_seen(world: World, office: Client) -> None:
    form = {
        "external_id": "bureau-new",
        "name_zh": "无盟市经信局",
        "name_en": "",
        "city": world.cities["nowhere"].pk,
    }
    assert office.post(reverse("admin:alliance_organisation_add"), form).status_code == 302
    bureau = Organisation.objects.get(external_id="bureau-new")
    assert bureau.kind == "bureau"
    assert bureau.name_sort.startswith("wu meng shi")
    assert CityCare.objects.get(city=world.cities["nowhere"]).bureau == bureau
    firm = reverse("admin:alliance_organisation_change", args=[world.organisations["supplier"].pk])
    assert office.get(firm).status_code == 302
    assert "Supplier" not in office.get(reverse("admin:alliance_organisation_changelist")).content.decode()


def test_people_are_made_with_a_password_shown_once(world: World, office: Client) -> None:
    form = {"username": "new.official", "display_name": "New", "email": "new@example.org"}
    answer = office.post(reverse("admin:alliance_user_add"), form, follow=True)
    person = User.objects.get(username="new.official")
    assert "/confirm/" in Mail.objects.get(to="new@example.org").body
    (message,) = [
        str(m) for m in answer.context["messages"] if "shown this once" in str(m) or "：" in str(m)
    ][:1]
    assert person.check_password(message.split()[-1].rsplit("：", 1)[-1])
    assert not person.is_superuser
    seat = {"user": person.pk, "organisation": world.organisations["partner_bureau"].pk, "role": "official"}
    assert office.post(reverse("admin:alliance_membership_add"), seat).status_code == 302
    assert Membership.objects.get(user=person).role == "official"
    assert set(
        Change.objects.filter(kind="person", object_id=person.pseudonym).values_list("verb", flat=True)
    ) == {
        "create",
        "join",
    }


def test_suspending_from_the_list(world: World, office: Client) -> None:
    rows = [world.people["lab_editor"].pk, world.people["platform_admin"].pk]
    office.post(reverse("admin:alliance_user_changelist"), {"action": "suspend", "_selected_action": rows})
    assert not world.person("lab_editor").is_active
    assert world.person("platform_admin").is_active


def test_a_type_with_its_parameters_is_recorded(world: World, office: Client) -> None:
    form = {
        "code": "NEW", "name_en": "new", "name_zh": "新", "synonyms_en": "[]", "synonyms_zh": "[]", "attributes": "{}",
        "classification": "{}", "parent": world.types["drive"].pk,
        "parameters-TOTAL_FORMS": 1, "parameters-INITIAL_FORMS": 0,
        "parameters-0-key": world.keys["bus"].pk, "parameters-0-position": 0, "parameters-0-attributes": "{}",
        "parameters-0-name_en": "bus", "parameters-0-name_zh": "总线",
    }  # fmt: skip
    answer = office.post(reverse("admin:companies_componenttype_add"), form)
    assert answer.status_code == 302, answer.content
    assert ComponentType.objects.get(code="NEW").parameters.count() == 1
    assert Change.objects.filter(kind="component type", object_id="NEW").count() == 2


def test_every_admin_page_opens(world: World, office: Client) -> None:
    from django.contrib import admin

    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert office.get(reverse(f"{name}_changelist")).status_code == 200, name
        assert office.get(reverse(f"{name}_add")).status_code in (200, 403), name

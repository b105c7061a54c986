"""The form of a capability and the pages around it, without a browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from alliance.models import OrganisationContact
from companies.forms import CapabilityForm, stored_data
from companies.forms.units import unit_choices
from companies.models import Capability, ComponentParameter, ComponentType, Facility, SpecEvidence
from companies.selectors import search_types
from companies.services import verify_values
from companies.specs import Parameter, parse_quantity
from tests import factories as make
from tests.cast import World

SignIn = Callable[[str], Client]


def boxes(world: World, **more: Any) -> dict[str, Any]:
    values = {
        "component_type": "DRV-RED",
        "facility": str(world.facilities["supplier"].public_id),
        "title": "Reducer 20",
        "spec-rated_torque": "1.5",
        "spec-rated_torque-unit": "kgf*m",
        "capacity_per_month": "1200",
        "prototype_lead_days": "14",
        "volume_lead_days": "45",
        "cert-code": ["ISO9001", ""],
        "cert-until": ["2028-03-14", ""],
        "do": "draft",
    }
    return {**values, **more}


def stored(row: Capability, **more: Any) -> dict[str, Any]:
    """The boxes of the edit page as a browser sends them back."""
    data = {
        name: values if len(values) > 1 else values[0] for name, values in stored_data(row).lists() if values
    }
    return {
        **data,
        "component_type": row.component_type.code,
        "version": row.version,
        "do": "publish",
        **more,
    }


@pytest.mark.parametrize(
    "text", ["谐波减速机", "谐波", "xbjsj", "xiebojiansuqi", "Harmonic Drive", "strain", "drv-swg", "SWG"]
)
def test_a_type_is_found_by_any_of_its_names(world: World, text: str) -> None:
    make.make_component_type(
        "DRV-SWG",
        world.types["drive"],
        name_zh="谐波减速器",
        name_en="Strain-wave (harmonic) reducer",
        synonyms_zh=["谐波减速机", "谐波齿轮"],
        synonyms_en=["harmonic drive"],
    )
    with translation.override("zh-hans"):  # a request of the test before may have left another language
        found = search_types(text, world.person("supplier_owner"))
        assert found[0].type.code == "DRV-SWG"
        assert found[0].path == "DRV 类"


@pytest.mark.parametrize("text", ["", "\x01", "%", "'; --", "😀" * 100, "x" * 5000, "\u202e"])
def test_any_search_text_is_answered(world: World, signed_in: SignIn, text: str) -> None:
    answer = signed_in("supplier_owner").get(reverse("capability-new"), {"q": text})
    assert answer.status_code == 200


def test_a_draft_by_form_and_then_published(world: World, signed_in: SignIn) -> None:
    browser = signed_in("supplier_editor")
    answer = browser.post(reverse("capability-new"), boxes(world, volume_lead_days=""))
    made = Capability.objects.get(title="Reducer 20")
    assert answer.headers["Location"] == reverse("capability-edit", args=[made.public_id])
    assert made.specs == {"rated_torque": 14.709975}
    assert made.missing == ["volume_lead_days"]
    assert [(held.code, str(held.expires_on)) for held in made.certificates.all()] == [
        ("ISO9001", "2028-03-14")
    ]
    page = browser.get(answer.headers["Location"]).text
    assert 'id="volume_lead_days" name="volume_lead_days" value=""' in page
    refused = browser.post(reverse("capability-edit", args=[made.public_id]), stored(made))
    assert refused.status_code == 400
    assert 'href="#volume_lead_days"' in refused.text
    done = browser.post(
        reverse("capability-edit", args=[made.public_id]), stored(made, volume_lead_days="45")
    )
    assert done.headers["Location"] == reverse("capability", args=[made.public_id])
    made.refresh_from_db()
    assert made.published


def test_the_form_sends_back_what_is_stored(world: World, signed_in: SignIn) -> None:
    """Opening and saving changes nothing, whatever kinds of values there are."""
    type_ = world.types["sensor"]
    make.make_component_key("hot", type_, kind="range", unit="degC", symbol="°C")
    make.make_component_key("brake", type_, kind="bool", unit="", symbol="")
    row = make.make_capability(
        world.facilities["supplier"],
        type_,
        specs={"bus": ["CAN", "EtherCAT"], "hot": [-20, 60.5], "brake": False},
        price=None,
        certificates=["ISO9001", "own rule 7"],
    )
    answer = signed_in("supplier_owner").post(reverse("capability-edit", args=[row.public_id]), stored(row))
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.version == 1
    assert row.specs == {"bus": ["CAN", "EtherCAT"], "hot": [-20, 60.5], "brake": False}


def test_everything_typed_stays_when_it_is_refused(world: World, signed_in: SignIn) -> None:
    hostile = '"><script>alert(1)</script>'
    answer = signed_in("supplier_owner").post(
        reverse("capability-new"),
        boxes(world, **{"title": hostile, "spec-rated_torque": "heavy", "unit_price": "cheap"}),
    )
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text
    for piece in ("&quot;&gt;&lt;script&gt;", 'value="heavy"', 'value="cheap"', 'href="#spec-rated_torque"'):
        assert piece in answer.text
    assert not Capability.objects.filter(title=hostile).exists()


@pytest.mark.parametrize(
    "junk",
    [
        {"spec-rated_torque-unit": "x" * 900},
        {"spec-rated_torque-unit": "1/0"},
        {"facility": "\x00"},
        {"firm": "not-a-uuid"},
        {"component_type": "\x00"},
        {"cert-code": ["\x00"] * 200, "cert-until": []},
        {"available_from": "9999-99-99"},
        {"do": "explode", "version": "9" * 40},
        {"spec-bus": ["CAN", "nonsense"], "component_type": "SNS"},
        {"capacity_per_month": "1" * 4000},
    ],
)
def test_hostile_forms_get_an_answer(world: World, signed_in: SignIn, junk: dict[str, Any]) -> None:
    for name in ("capability-new", "capability-preview"):
        answer = signed_in("supplier_owner").post(reverse(name), boxes(world, **junk))
        assert answer.status_code in (200, 302, 400, 404), name


def test_two_people_see_both_values_and_choose(world: World, signed_in: SignIn) -> None:
    row, browser = world.capabilities["supplier"], signed_in("supplier_owner")
    address = reverse("capability-edit", args=[row.public_id])
    mine = stored(row, title="mine", volume_lead_days="50")
    assert browser.post(address, stored(row, title="theirs")).status_code == 302
    answer = browser.post(address, mine)
    assert answer.status_code == 409
    assert 'name="pick-title" value="theirs"' in answer.text
    assert 'name="pick-volume_lead_days"' in answer.text
    assert 'name="pick-facility"' not in answer.text
    assert 'name="version" value="2"' in answer.text
    browser.post(address, {**mine, "version": 2, "pick-title": "theirs", "pick-volume_lead_days": "mine"})
    row.refresh_from_db()
    assert (row.title, row.volume_lead_days, row.version) == ("theirs", 50, 3)


def test_a_strange_value_is_asked_about_and_not_refused(world: World, signed_in: SignIn) -> None:
    key = make.make_component_key("mass", world.types["reducer"], unit="kg", symbol="kg")
    ComponentParameter.objects.filter(key=key).update(attributes={"typical_min": 0.1, "typical_max": 3.2})
    form = CapabilityForm(
        world.organisations["supplier"],
        world.types["reducer"],
        user=world.person("supplier_owner"),
        data=QueryDict("spec-mass=620&spec-mass-unit=kg"),
    )
    box = next(box for box in form.specs if box.key == "mass")
    assert box.strange
    assert box.fix is not None
    assert box.fix.unit == "g"
    assert "specs.mass" not in form.errors
    answer = signed_in("supplier_owner").post(
        reverse("capability-new"), boxes(world, **{"spec-mass": "620", "spec-mass-unit": "kg"})
    )
    assert answer.status_code == 302
    assert Capability.objects.get(title="Reducer 20").specs["mass"] == 620


@pytest.mark.parametrize(
    "own", ["N*m", "kg", "degC", "arcmin", "mm", "percent", "rpm", "g_0", "W*h", "kg*m**2", "A"]
)
def test_units_convert_as_the_reader_does(own: str) -> None:
    """The factors that the page's script uses give what the server reads from the same text."""
    parameter = Parameter("x", own, "number")
    choices = unit_choices(own)
    assert choices[0].unit == own
    assert len({choice.unit for choice in choices}) == len(choices) > (own not in ("g_0",))
    for choice in choices[1:]:
        read = parse_quantity(parameter, f"12.5 {choice.unit}")
        assert read == pytest.approx(12.5 * choice.factor + choice.shift, rel=1e-9)


def test_a_torque_is_not_offered_in_joule() -> None:
    assert "J" not in {choice.unit for choice in unit_choices("N*m")}
    assert unit_choices("1") == []


def test_the_bureau_verifies_on_the_page(world: World, signed_in: SignIn) -> None:
    row, official = world.capabilities["supplier"], signed_in("partner_official")
    page = reverse("capability", args=[row.public_id])
    assert 'value="rated_torque"' in official.get(page).text
    assert 'value="rated_torque"' not in signed_in("supplier_owner").get(page).text
    sent = {"key": "rated_torque", "basis": "report <7>", "valid_until": "2099-01-01", "version": 1}
    address = reverse("capability-verify", args=[row.public_id])
    assert official.post(address, sent).status_code == 302
    shown = signed_in("rival_owner").get(page).text
    assert "report &lt;7&gt;" in shown
    official.post(address, {"key": "rated_torque", "do": "withdraw"})
    assert not SpecEvidence.objects.filter(ended_at=None).exists()
    assert "report &lt;7&gt;" not in official.get(page).text


def test_archived_rows_leave_lists_and_come_back(world: World, signed_in: SignIn) -> None:
    row, browser = world.capabilities["supplier"], signed_in("supplier_owner")
    browser.post(reverse("capability-step", args=[row.public_id, "archive"]))
    lists = reverse("capabilities")
    link = reverse("capability", args=[row.public_id])
    assert link not in browser.get(lists).text
    assert link not in browser.get(lists, {"mine": "true"}).text
    assert link in browser.get(lists, {"state": "archived"}).text
    assert browser.get(link).status_code == 200
    assert signed_in("rival_owner").get(lists, {"state": "archived"}).text.count(link) == 0
    browser.post(reverse("capability-step", args=[row.public_id, "restore"]))
    assert link in browser.get(lists, {"mine": "true", "state": "draft"}).text


def test_queries_do_not_grow_with_parameters_or_rows(world: World, signed_in: SignIn) -> None:
    row, browser = world.capabilities["supplier"], signed_in("supplier_owner")
    addresses = [
        reverse("capability-edit", args=[row.public_id]),
        reverse("capability", args=[row.public_id]),
        reverse("facility", args=[row.facility.public_id]),
    ]

    def queries() -> list[int]:
        counts = []
        for address in addresses:
            with CaptureQueriesContext(connection) as seen:
                assert browser.get(address).status_code == 200
            counts.append(len(seen))
        return counts

    verify_values(row, ["rated_torque"], user=world.person("partner_official"), basis="x")
    queries()
    few = queries()
    type_ = ComponentType.objects.get(pk=row.component_type_id)
    for number in range(8):
        make.make_component_key(f"extra_{number}", type_)
        make.make_capability(row.facility, type_)
        make.make_facility(row.organisation)
    specs = {f"extra_{number}": number + 1 for number in range(8)} | {"rated_torque": 15}
    Capability.objects.filter(pk=row.pk).update(specs=specs)
    row.refresh_from_db()
    verify_values(row, list(specs), user=world.person("partner_official"), basis="x")
    assert queries() == few


def test_a_plant_by_form(world: World, signed_in: SignIn) -> None:
    browser = signed_in("supplier_owner")
    bad = browser.post(reverse("facility-new"), {"name": "", "city": "\x00", "latitude": "abc"})
    assert bad.status_code == 400
    answer = browser.post(
        reverse("facility-new"),
        {"name": "Plant 9", "city": "990201", "cert-code": "IATF16949", "cert-until": "2028-01-01"},
    )
    made = Facility.objects.get(name="Plant 9")
    assert answer.headers["Location"] == reverse("facility", args=[made.public_id])
    assert [held.code for held in made.certificates.all()] == ["IATF16949"]
    # Who came from the form of a capability goes back to it, with what is made.
    form = browser.get(reverse("capability-new"), {"type": "DRV-RED"}).text
    (link,) = re.findall(r'href="([^"]*facilities/new/[^"]*)"', form)
    hidden = browser.get(link.replace("&amp;", "&")).text
    assert '<input type="hidden" name="type" value="DRV-RED">' in hidden
    back = browser.post(reverse("facility-new"), {"name": "Plant 8", "city": "990201", "type": "DRV-RED"})
    assert "type=DRV-RED" in back.headers["Location"]
    assert "DRV-RED" in browser.get(back.headers["Location"]).text
    edit = reverse("facility-edit", args=[made.public_id])
    sent = {"name": "Plant nine", "city": "990201", "external_id": made.external_id, "version": 1}
    assert browser.post(edit, sent).status_code == 302
    late = browser.post(edit, {**sent, "name": "Plant 99"})
    assert late.status_code == 409
    assert "Plant nine" in late.text


def test_a_firm_without_a_contact_is_asked_for_it_and_others_are_told_who_reads_it(
    world: World, signed_in: SignIn
) -> None:
    firm = world.organisations["supplier"]
    OrganisationContact.objects.filter(organisation=firm).delete()
    place, edit = reverse("firm", args=[firm.public_id]), reverse("organisation-edit", args=[firm.public_id])
    card = 'filled this in yet.</span> <a href="' + edit
    for who, asked in (("supplier_owner", True), ("partner_official", True), ("lab_owner", False)):
        assert (card in signed_in(who).get(place, headers={"accept-language": "en"}).text) is asked, who

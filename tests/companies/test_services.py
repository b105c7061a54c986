"""Writing capabilities and facilities, and verifying values: who may, what is recorded, what two people get."""

from datetime import date
from typing import Any

import pytest

from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Change
from companies.models import Capability, CapabilityTerms, SpecEvidence
from companies.selectors.evidence import evidence_of, standing_of
from companies.services import (
    CapabilityInput,
    CertificateInput,
    FacilityInput,
    InputError,
    archive_capability,
    archive_facility,
    clone_capability,
    create_capability,
    create_facility,
    end_changed,
    publish_capability,
    restore_capability,
    restore_facility,
    update_capability,
    update_facility,
    verify_values,
    withdraw_capability,
    withdraw_evidence,
)
from matching.services.changes import affected_by
from tests.cast import World


def given(world: World, **more: Any) -> CapabilityInput:
    values: dict[str, Any] = {
        "component_type": "DRV-RED",
        "facility": str(world.facilities["supplier"].public_id),
        "title": "Reducer 20",
        "specs": {"rated_torque": "1.5 kgf*m"},
        "capacity_per_month": "1,200",
        "prototype_lead_days": "2 周",
        "volume_lead_days": 45,
    }
    return CapabilityInput(**{**values, **more})


def as_input(row: Capability, **more: Any) -> CapabilityInput:
    terms = CapabilityTerms.objects.get(capability=row)
    values: dict[str, Any] = {
        "component_type": row.component_type.code,
        "facility": str(row.facility.public_id),
        "external_id": row.external_id,
        "title": row.title,
        "specs": row.specs,
        "capacity_per_month": terms.capacity_per_month,
        "committed_per_month": terms.committed_per_month,
        "unit_price": terms.unit_price,
        "min_order_quantity": row.min_order_quantity,
        "prototype_lead_days": row.prototype_lead_days,
        "volume_lead_days": row.volume_lead_days,
    }
    return CapabilityInput(**{**values, **more})


def last() -> Change:
    return Change.objects.order_by("-id")[0]


def test_a_draft_is_made_with_units_read_and_an_id_of_its_own(world: World) -> None:
    made = create_capability(
        world.organisations["supplier"], given(world), user=world.person("supplier_editor")
    )
    assert made.specs == {"rated_torque": 14.709975}
    assert (made.prototype_lead_days, made.volume_lead_days, made.min_order_quantity) == (14, 45, 1)
    assert made.terms.capacity_per_month == 1200
    assert not made.published
    assert made.external_id.startswith("c-")
    assert (last().verb, last().kind, last().object_id) == ("drafted", "capability", str(made.public_id))
    found = affected_by([last()])
    assert not found.everything
    assert not found.alliances


def test_all_errors_come_at_once_and_name_their_field(world: World) -> None:
    bad = given(
        world,
        component_type="DRV-RED",
        facility="nowhere",
        title="x\x00y",
        specs={"rated_torque": "12 kg", "colour": "red"},
        unit_price="-3",
        volume_lead_days="1.5",
        valid_until="2027-02-30",
        capacity_per_month="lots",
        certificates=[CertificateInput("A"), CertificateInput("A")],
    )
    before = Capability.objects.count()
    with pytest.raises(InputError) as caught:
        create_capability(world.organisations["supplier"], bad, user=world.person("supplier_owner"))
    assert set(caught.value.errors) == {
        "facility",
        "title",
        "specs.rated_torque",
        "specs.colour",
        "unit_price",
        "volume_lead_days",
        "valid_until",
        "capacity_per_month",
        "certificates.1",
    }
    assert Capability.objects.count() == before


@pytest.mark.parametrize(
    "value",
    ["9e999", "1e400 N·m", "NaN", "∞", "12 ; DROP TABLE", "=1+1", [1], [3, 1], {"a": 1}, True, "1" * 5000],
)
def test_hostile_values_are_refused(world: World, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        create_capability(
            world.organisations["supplier"],
            given(world, specs={"rated_torque": value}),
            user=world.person("supplier_owner"),
        )
    assert list(caught.value.errors) == ["specs.rated_torque"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, [1], "1e15000", 1e16, "٣"])
@pytest.mark.parametrize("name", ["capacity_per_month", "unit_price", "prototype_lead_days"])
def test_hostile_numbers_are_refused(world: World, name: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        create_capability(
            world.organisations["supplier"],
            given(world, **{name: value}),
            user=world.person("supplier_owner"),
        )
    assert list(caught.value.errors) == [name]


def test_a_draft_may_lack_what_publishing_needs(world: World) -> None:
    owner = world.person("supplier_owner")
    some = given(world, capacity_per_month="", volume_lead_days=None)
    made = create_capability(world.organisations["supplier"], some, user=owner)
    assert sorted(made.missing) == ["capacity_per_month", "volume_lead_days"]
    with pytest.raises(InputError) as caught:
        publish_capability(made, user=owner)
    assert set(caught.value.errors) == {"capacity_per_month", "volume_lead_days"}
    with pytest.raises(InputError):
        update_capability(made, some, user=owner, version=None, publish=True)
    full = update_capability(made, given(world), user=owner, version=made.version, publish=True)
    assert full.published
    assert full.missing == []
    assert last().verb == "published"


def test_an_unverified_firm_keeps_drafts(world: World) -> None:
    owner, firm = world.person("draft_owner"), world.organisations["draft"]
    some = given(world, facility=world.facilities["draft"].external_id)
    with pytest.raises(ConflictError):
        create_capability(firm, some, user=owner, publish=True)
    made = create_capability(firm, some, user=owner)
    with pytest.raises(ConflictError):
        publish_capability(made, user=owner)
    assert not Capability.objects.visible_to(world.person("rival_owner")).filter(pk=made.pk).exists()


def test_who_may_write(world: World) -> None:
    firm, row = world.organisations["supplier"], world.capabilities["supplier"]
    for name, refused in (
        ("supplier_viewer", ForbiddenError),
        ("rival_owner", NotFoundError),
        ("partner_official", NotFoundError),
        ("platform_admin", NotFoundError),
        ("suspended", NotFoundError),
    ):
        with pytest.raises(refused):
            create_capability(firm, given(world), user=world.person(name))
    for name, refused in (
        ("supplier_viewer", ForbiddenError),
        ("rival_owner", ForbiddenError),
        ("partner_official", ForbiddenError),
        ("outside_owner", NotFoundError),
    ):
        for step in (withdraw_capability, archive_capability, clone_capability):
            with pytest.raises(refused):
                step(row, user=world.person(name))
        with pytest.raises(refused):
            update_capability(row, as_input(row), user=world.person(name), version=None)


def test_a_change_records_what_changed_and_nothing_else(world: World) -> None:
    row, owner = world.capabilities["supplier"], world.person("supplier_owner")
    count = Change.objects.count()
    same = update_capability(row, as_input(row), user=owner, version=row.version)
    assert Change.objects.count() == count
    assert same.version == 1
    changed = update_capability(row, as_input(row, unit_price="0.15 万元"), user=owner, version=1)
    assert changed.version == 2
    assert last().before == {"unit_price": 1200.0}
    assert last().after == {"unit_price": 1500.0}
    assert world.demands["open"].pk in affected_by([last()]).demands


def test_two_people_at_once(world: World) -> None:
    row, owner = world.capabilities["supplier"], world.person("supplier_owner")
    mine, theirs = Capability.objects.get(pk=row.pk), Capability.objects.get(pk=row.pk)
    update_capability(theirs, as_input(row, title="theirs"), user=owner, version=1)
    with pytest.raises(ConflictError):
        update_capability(mine, as_input(row, title="mine"), user=owner, version=1)
    with pytest.raises(ConflictError):
        withdraw_capability(mine, user=owner, version=1)
    withdraw_capability(mine, user=owner)
    with pytest.raises(ConflictError):
        withdraw_capability(mine, user=owner)


def test_the_same_id_twice_is_told(world: World) -> None:
    owner, firm = world.person("supplier_owner"), world.organisations["supplier"]
    create_capability(firm, given(world, external_id="R-20"), user=owner)
    with pytest.raises(InputError) as caught:
        create_capability(firm, given(world, external_id="R-20"), user=owner)
    assert list(caught.value.errors) == ["external_id"]


def test_archive_restore_and_clone(world: World) -> None:
    row, owner = world.capabilities["supplier"], world.person("supplier_owner")
    archive_capability(row, user=owner)
    assert not row.published
    assert row.archived_at is not None
    with pytest.raises(ConflictError):
        archive_capability(row, user=owner)
    restore_capability(row, user=owner)
    assert row.archived_at is None
    copy = clone_capability(row, user=owner)
    assert (copy.specs, copy.published, copy.terms.unit_price) == (row.specs, False, 1200)
    assert copy.external_id != row.external_id
    assert [held.code for held in copy.certificates.all()] == ["ISO9001"]


def test_facilities(world: World) -> None:
    owner, firm = world.person("supplier_owner"), world.organisations["supplier"]
    made = create_facility(
        firm, FacilityInput("Plant 2", "990201", latitude="30.5", longitude=104), user=owner
    )
    assert made.city == world.cities["district"]
    with pytest.raises(DomainError):
        create_facility(firm, FacilityInput("", "1", latitude=91), user=owner)
    update_facility(made, FacilityInput("Plant two", "990201"), user=owner, version=1)
    assert last().before == {"name": "Plant 2", "latitude": 30.5, "longitude": 104.0}
    with pytest.raises(ConflictError):
        update_facility(made, FacilityInput("Plant 3", "990201"), user=owner, version=1)
    with pytest.raises(ConflictError) as refused:
        archive_facility(world.facilities["supplier"], user=owner)
    assert world.capabilities["supplier"].title in refused.value.message, "it says what is made there"
    archive_facility(made, user=owner)
    with pytest.raises(InputError):
        create_capability(firm, given(world, facility=str(made.public_id)), user=owner)
    restore_facility(made, user=owner)
    with pytest.raises(ForbiddenError):
        archive_facility(made, user=world.person("rival_owner"))


def test_nothing_is_published_at_a_plant_that_is_put_away(world: World) -> None:
    owner, row = world.person("supplier_owner"), world.capabilities["supplier"]
    draft = clone_capability(row, user=owner)
    withdraw_capability(row, user=owner)
    for each in Capability.objects.filter(facility=row.facility, published=True):
        withdraw_capability(each, user=owner)
    plant = archive_facility(row.facility, user=owner)
    for each in (row, draft):
        with pytest.raises(ConflictError) as refused:
            publish_capability(each, user=owner)
        assert plant.name in refused.value.message
    with pytest.raises(ConflictError):
        update_capability(row, as_input(row), user=owner, version=row.version, publish=True)
    restore_facility(plant, user=owner)
    assert publish_capability(row, user=owner).published


def test_a_changed_value_is_only_declared_again(world: World) -> None:
    row, official = world.capabilities["supplier"], world.person("partner_official")
    owner = world.person("supplier_owner")
    verify_values(row, ["rated_torque"], user=official, basis="report 7", valid_until="2027-11-20")
    assert affected_by([last()]) == affected_by([])
    found = evidence_of([row.pk], owner)[row.pk]
    assert standing_of(found, "rated_torque", 15).state == "verified"
    update_capability(row, as_input(row, title="only the name"), user=owner, version=1)
    assert evidence_of([row.pk], owner)[row.pk]["rated_torque"].state == "verified"
    update_capability(row, as_input(row, specs={"rated_torque": 16}), user=owner, version=2)
    assert evidence_of([row.pk], owner) == {}
    update_capability(row, as_input(row, specs={"rated_torque": 15}), user=owner, version=3)
    assert evidence_of([row.pk], owner) == {}
    assert SpecEvidence.objects.get().ended_because == "changed"


def test_set_based_writes_end_what_they_changed(world: World) -> None:
    row, other = world.capabilities["supplier"], world.capabilities["rival"]
    official = world.person("partner_official")
    for each in (row, other):
        verify_values(each, ["rated_torque"], user=official, basis="report 7")
    Capability.objects.filter(pk=row.pk).update(specs={"rated_torque": 15.5})
    Capability.objects.filter(pk=other.pk).update(specs={"rated_torque": 15.0})
    assert end_changed() == 1
    assert list(evidence_of([row.pk, other.pk], official)) == [other.pk]


def test_who_may_verify(world: World) -> None:
    row = world.capabilities["supplier"]
    for name in ("supplier_owner", "lead_official", "alliance_admin", "rival_owner"):
        with pytest.raises(ForbiddenError):
            verify_values(row, ["rated_torque"], user=world.person(name), basis="x")
    with pytest.raises(NotFoundError):
        verify_values(row, ["rated_torque"], user=world.person("outside_official"), basis="x")
    official = world.person("partner_official")
    for keys, basis, until, field in (
        ([], "x", None, "keys"),
        (["rated_torque"], " ", None, "basis"),
        (["bus"], "x", None, "keys"),
        (["rated_torque"], "x", "2020-01-01", "valid_until"),
    ):
        with pytest.raises(InputError) as caught:
            verify_values(row, keys, user=official, basis=basis, valid_until=until)
        assert list(caught.value.errors) == [field]
    verify_values(row, ["rated_torque"], user=official, basis="x", version=1)
    with pytest.raises(ConflictError):
        verify_values(row, ["rated_torque"], user=official, basis="x", version=7)
    SpecEvidence.objects.update(valid_until=date(2020, 1, 1))
    assert evidence_of([row.pk], official)[row.pk]["rated_torque"].state == "expired"
    assert withdraw_evidence(row, ["rated_torque"], user=official, reason="forged") == 1
    with pytest.raises(ConflictError):
        withdraw_evidence(row, ["rated_torque"], user=official)

"""Two entries of one organisation become one: everything moves, nothing is lost, and it can be undone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import (
    Change,
    DeliveryRecord,
    Disclosure,
    Exclusion,
    Membership,
    Merge,
    Organisation,
    OrganisationCertificate,
    Verification,
)
from alliance.selectors.joining import registered_firm
from companies.models import Capability, Facility
from matching.models import Demand, DemandLine, Introduction, Match
from matching.services.changes import affected_by
from matching.services.generation.credit_codes import credit_code
from matching.services.merging import merge_firms, preview_merge, sweep_merged, undo_merge
from matching.services.merging.relations import relations
from scenarios.models import Site
from tests import factories as make
from tests.cast import World, build_world

EN = {"accept-language": "en"}


def twin(world: World, name: str = "Supplier Twin", **more: Any) -> Organisation:
    """Another entry of the supplier: a plant and a capability under names that the supplier uses too."""
    firm = make.make_firm(world.cities["district"], name, **more)
    supplier = world.organisations["supplier"]
    plant = make.make_facility(firm, external_id=world.facilities["supplier"].external_id)
    make.make_capability(
        plant, world.types["reducer"], external_id=world.capabilities["supplier"].external_id
    )
    make.make_site(firm, world.scenario_types["line"])
    make.make_person(f"twin-{firm.pk}", (firm, "owner"))
    Membership.objects.create(user=world.people["supplier_viewer"], organisation=firm, role="editor")
    OrganisationCertificate.objects.create(organisation=firm, code="ISO14001")
    for organisation in (firm, supplier):
        OrganisationCertificate.objects.create(organisation=organisation, code="ISO9001")
        Exclusion.objects.create(organisation=organisation, excluded=world.organisations["rival"])
    Exclusion.objects.create(organisation=firm, excluded=supplier)
    return firm


def snapshot(*keys: int) -> dict[str, list[Any]]:
    """Every row that refers to these entries, and the entries."""
    found: dict[str, list[Any]] = {}
    for label, model, name in relations():
        rows = model._base_manager.filter(**{f"{name}__in": keys}).order_by("pk")
        extra = ["external_id"] if any(f.name == "external_id" for f in model._meta.concrete_fields) else []
        if label.startswith(("alliance.Membership", "alliance.Exclusion")):  # made again under new keys
            others = [f.attname for f in model._meta.concrete_fields if f.name != "id"]
            found[label] = sorted(rows.values_list(*others))
        else:
            found[label] = list(rows.values_list("pk", f"{name}_id", *extra))
    fields = ("pk", "roles", "verified", "claimed", "listed", "uscc", "merged_into")
    found["entries"] = list(Organisation.objects.filter(pk__in=keys).order_by("pk").values_list(*fields))
    found["deliveries"] = list(
        DeliveryRecord.objects.filter(pk__in=keys).order_by("pk").values_list("pk", "completed", "on_time")
    )
    return found


def official(world: World) -> Any:
    return world.person("partner_official")


def test_everything_moves_and_the_entry_leads_there(world: World, signed_in: Callable[[str], Client]) -> None:
    gone, survivor = twin(world), world.organisations["supplier"]
    told = preview_merge(gone, survivor, user=official(world))
    assert told.moves["companies.Facility.organisation"] == 1
    assert {kind for kind, _old, _new in told.renamed} == {"facility", "capability"}
    assert told.stays["alliance.OrganisationCertificate.organisation"] == 1
    row = merge_firms(gone, survivor, user=official(world))
    for _label, model, name in relations():
        if model in (Facility, Capability, Site, Demand, DemandLine, Introduction, Membership):
            assert not model._base_manager.filter(**{name: gone.pk}).exists(), (model, name)
    assert Facility.objects.filter(organisation=survivor).count() == 2
    held = OrganisationCertificate.objects.filter(organisation=survivor).values_list("code", flat=True)
    assert set(held) == {"ISO9001", "ISO14001"}
    assert Membership.objects.get(user=world.people["supplier_viewer"]).role == "editor"
    assert not Exclusion.objects.filter(organisation=survivor, excluded=survivor).exists()
    assert not Exclusion.objects.filter(organisation=gone).exists()
    assert DeliveryRecord.objects.get(organisation=survivor).completed == 20
    answer = signed_in("lab_owner").get(f"/firms/{gone.public_id}/")
    assert answer.headers["Location"] == f"/firms/{survivor.public_id}/"
    assert not Organisation.objects.visible_to(official(world)).filter(pk=gone.pk).exists()
    rows = list(Change.objects.filter(kind="organisation", verb__startswith="merged"))
    assert {each.object_id for each in rows} == {str(gone.public_id), str(survivor.public_id)}
    assert world.demands["open"].pk in affected_by(rows).demands
    assert row.by == official(world)


def test_undone_within_the_days_it_is_as_before(world: World) -> None:
    gone, survivor = twin(world, roles=["service"]), world.organisations["supplier"]
    Membership.objects.filter(user=world.people["supplier_viewer"], organisation=gone).update(role="owner")
    before = snapshot(gone.pk, survivor.pk)
    row = merge_firms(gone, survivor, user=official(world))
    assert snapshot(gone.pk, survivor.pk) != before
    undo_merge(row, user=official(world))
    assert snapshot(gone.pk, survivor.pk) == before
    with pytest.raises(ConflictError):
        undo_merge(row, user=official(world))
    merge_firms(gone, survivor, user=official(world))


def test_what_was_made_meanwhile_goes_with_its_plant(world: World) -> None:
    gone, survivor = twin(world), world.organisations["supplier"]
    plant = Facility.objects.get(organisation=gone)
    row = merge_firms(gone, survivor, user=official(world))
    plant.refresh_from_db()
    later = make.make_capability(plant, world.types["reducer"])
    bureaus = (world.organisations["lead_bureau"], world.organisations["partner_bureau"])
    begun = make.make_introduction(world.lines["members"], later, world.people["lead_official"], bureaus)
    undo_merge(row, user=official(world))
    later.refresh_from_db()
    begun.refresh_from_db()
    assert later.organisation_id == gone.pk
    assert (begun.supplier_id, begun.turn_id) == (gone.pk, gone.pk)


def test_too_late_to_undo(world: World) -> None:
    row = merge_firms(twin(world), world.organisations["supplier"], user=official(world))
    Merge.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(days=31))
    with pytest.raises(ConflictError):
        undo_merge(row, user=official(world))


def test_an_unclaimed_entry_takes_over_a_registered_one(world: World) -> None:
    """Also this way round: code, claim and verification go with it."""
    code = credit_code("510100", 4)
    gone = twin(world, uscc=code)
    survivor = make.make_firm(world.cities["partner"], "Entry", claimed=False, verified=False)
    row = merge_firms(gone, survivor, user=official(world))
    survivor.refresh_from_db()
    assert (survivor.uscc, survivor.claimed, survivor.verified) == (code, True, True)
    undo_merge(row, user=official(world))
    survivor.refresh_from_db()
    gone.refresh_from_db()
    assert (survivor.uscc, survivor.claimed, gone.uscc, gone.claimed) == (None, False, code, True)


def test_a_code_that_ends_leads_to_the_other_entry(world: World) -> None:
    one, other = credit_code("510100", 4), credit_code("510100", 5)
    gone, survivor = twin(world, uscc=one), make.make_firm(world.cities["partner"], "Entry", uscc=other)
    assert preview_merge(gone, survivor, user=official(world)).code_ends == one
    merge_firms(gone, survivor, user=official(world))
    assert registered_firm(one) == survivor
    last = make.make_firm(world.cities["partner"], "Last")
    merge_firms(survivor, last, user=official(world))
    assert registered_firm(one) == last
    answer = Client()
    answer.force_login(world.people["partner_official"])
    assert answer.get(f"/firms/{gone.public_id}/").headers["Location"] == f"/firms/{last.public_id}/"


@pytest.mark.parametrize(
    "name", ["lead_official", "alliance_admin", "outside_official", "supplier_owner", "nobody"]
)
def test_only_the_bureau_of_both_or_the_platform(world: World, name: str) -> None:
    gone, survivor = twin(world), world.organisations["supplier"]
    for pair in ((gone, survivor), (gone, gone), (gone, world.organisations["lab"])):
        with pytest.raises(NotFoundError):
            merge_firms(*pair, user=world.person(name))
    with pytest.raises(NotFoundError):
        merge_firms(gone, world.organisations["lab"], user=official(world))
    with pytest.raises(NotFoundError):
        merge_firms(gone, world.organisations["partner_bureau"], user=world.person("platform_admin"))


def test_the_platforms_admin_merges_and_undoes(world: World) -> None:
    admin = world.person("platform_admin")
    row = merge_firms(twin(world), world.organisations["supplier"], user=admin)
    with pytest.raises(NotFoundError):
        undo_merge(row, user=world.person("lead_official"))
    undo_merge(row, user=admin)


def test_what_stands_in_the_way(world: World) -> None:
    gone, survivor = twin(world), world.organisations["supplier"]
    with pytest.raises(ConflictError):
        merge_firms(gone, survivor, user=official(world), versions=(gone.version, survivor.version + 1))
    with pytest.raises(ConflictError):
        merge_firms(gone, world.organisations["shut_out"], user=official(world))
    Introduction.objects.filter(supplier=survivor).update(lab=gone)
    with pytest.raises(ConflictError):
        merge_firms(gone, survivor, user=official(world))
    Introduction.objects.filter(lab=gone).update(lab=world.organisations["lab"])
    merge_firms(gone, survivor, user=official(world))
    with pytest.raises(DomainError):
        merge_firms(gone, survivor, user=official(world))


def test_what_was_opened_to_both_stays_open_as_far_as_it_was(world: World) -> None:
    gone, survivor = twin(world), world.organisations["supplier"]
    told = Disclosure.objects.filter(organisation=survivor).first()
    assert told is not None
    Disclosure.objects.create(organisation=gone, kind=told.kind, object_id=told.object_id, stage=2)
    contact = {"kind": "organisation", "object_id": gone.public_id, "stage": 1}
    Disclosure.objects.create(organisation=world.organisations["lab"], **contact)
    for firm in (gone, survivor):
        Verification.objects.create(organisation=firm)
    merge_firms(gone, survivor, user=official(world))
    told.refresh_from_db()
    assert told.stage == 2
    assert Disclosure.objects.filter(
        organisation=world.organisations["lab"], kind="organisation", object_id=survivor.public_id
    ).exists()
    assert Verification.objects.filter(organisation=survivor, state="waiting").count() == 1
    assert Match.objects.filter(supplier_id=survivor.pk).exists()


def test_of_two_merges_at_once_one_wins(committed_db: None) -> None:
    world = build_world()
    one, other, third = (
        twin(world),
        world.organisations["supplier"],
        make.make_firm(world.cities["partner"], "C"),
    )

    def go(pair: tuple[Organisation, Organisation]) -> bool:
        try:
            merge_firms(*pair, user=official(world))
        except ConflictError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        wins = list(pool.map(go, [(one, other), (other, one), (one, third)] * 2))
    merged = Organisation.objects.exclude(merged_into=None).count()
    assert merged == sum(wins)
    assert 1 <= sum(wins) <= 2
    for firm in Organisation.objects.exclude(merged_into=None):
        assert not Facility.objects.filter(organisation=firm).exists()


def test_rows_written_for_an_entry_while_it_went_follow_it(world: World) -> None:
    gone, survivor = twin(world), world.organisations["supplier"]
    row = merge_firms(gone, survivor, user=official(world))
    late = make.make_facility(gone)
    assert sweep_merged() == 1
    assert sweep_merged() == 0
    late.refresh_from_db()
    assert late.organisation_id == survivor.pk
    undo_merge(row, user=official(world))
    late.refresh_from_db()
    assert late.organisation_id == gone.pk


def test_on_the_pages(world: World) -> None:
    gone, survivor = twin(world), world.organisations["supplier"]
    browser = Client(headers=EN)
    browser.force_login(world.people["partner_official"])
    place = f"/firms/{gone.public_id}/merge/"
    assert str(survivor.public_id) in browser.get(place + "?q=Supplier").content.decode()
    page = browser.get(f"{place}?into={survivor.public_id}").content.decode()
    assert world.facilities["supplier"].external_id in page
    told = {"into": survivor.public_id, "version": gone.version, "other_version": survivor.version}
    assert browser.post(place, told | {"version": 99}).status_code == 409
    assert browser.post(place, told).headers["Location"] == f"/firms/{survivor.public_id}/"
    assert browser.post(place, told).status_code == 404
    undo = Merge.objects.get().public_id
    place = f"/firms/{survivor.public_id}/merge/"
    assert str(undo) in browser.get(place).content.decode()
    for junk in ("", "x", str(gone.public_id)):
        assert browser.post(place, {"undo": junk} if junk else {}).status_code == 404
    assert browser.post(place, {"undo": undo}).status_code == 302
    assert browser.get(f"/firms/{gone.public_id}/").status_code == 200


def test_an_import_follows_and_an_export_leaves_it_out(world: World, tmp_path: Any) -> None:
    from django.core.management import CommandError, call_command

    gone, survivor = twin(world), world.organisations["supplier"]
    merge_firms(gone, survivor, user=official(world))
    call_command("export_region", tmp_path / "out", verbosity=0)
    assert gone.external_id not in (tmp_path / "out" / "organisations.csv").read_text()
    bundle = tmp_path / "in"
    bundle.mkdir()
    head = "external_id,organisation,name,city\n"
    (bundle / "facilities.csv").write_text(f"{head}late,{gone.external_id},Late,990200\n")
    call_command("import_region", bundle, verbosity=0)
    assert Facility.objects.get(external_id="late").organisation_id == survivor.pk
    (bundle / "organisations.csv").write_text(
        f"external_id,kind,name_en,city\n{gone.external_id},firm,X,990200\n"
    )
    with pytest.raises((CommandError, SystemExit)):
        call_command("import_region", bundle, verbosity=0)


def test_it_takes_no_query_for_each_row(world: World, django_assert_max_num_queries: Any) -> None:
    gone, survivor = twin(world), world.organisations["supplier"]
    plant = Facility.objects.get(organisation=gone)
    rows = [
        Capability(
            organisation=gone,
            facility=plant,
            component_type=world.types["reducer"],
            external_id=f"many-{number}",
            title="many",
            prototype_lead_days=1,
            volume_lead_days=1,
        )
        for number in range(600)
    ]
    Capability.objects.bulk_create(rows)
    plant_of_survivor = world.facilities["supplier"]
    for row in rows:  # the same firm was imported twice
        row.pk, row.public_id, row._state.adding = None, uuid.uuid4(), True
        row.organisation, row.facility = survivor, plant_of_survivor
    Capability.objects.bulk_create(rows)
    before = snapshot(gone.pk, survivor.pk)
    with django_assert_max_num_queries(300):
        done = merge_firms(gone, survivor, user=official(world))
    assert Capability.objects.filter(organisation=survivor).count() > 1200
    assert Capability.objects.filter(external_id=f"many-7~{gone.external_id[:20]}").exists()
    with django_assert_max_num_queries(300):
        undo_merge(done, user=official(world))
    assert snapshot(gone.pk, survivor.pk) == before


def test_every_relation_is_known() -> None:
    """A table with rows of organisations is found by itself; what stays is named."""
    found = {label.rsplit(".", 1)[0] for label, _model, _name in relations()}
    assert {"companies.Facility", "companies.Capability", "scenarios.Site", "matching.Demand"} <= found
    assert {"matching.IntroductionStep", "alliance.Membership", "alliance.ApiToken"} <= found
    assert all(issubclass(model, models.Model) for _label, model, _name in relations())

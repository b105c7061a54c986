"""The rules of alliance/access where the matrix cannot see them: who looks after a city, who may edit."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from alliance.access import EDITABLE, NOBODY, VISIBLE, GuardedQuerySet, Row, viewer_of, visible
from alliance.models import Alliance, CityCare, DeliveryRecord, Membership, Organisation, User
from companies.models import Capability, CapabilityCertificate, CapabilityTerms, Facility, SpecEvidence
from matching.models import (
    CurrentResult,
    Demand,
    DemandIdentity,
    DemandLine,
    LineCertificate,
    LinePrice,
    LineRequirement,
    MatchRun,
    OpenPoint,
    SiteNeed,
    SiteRequirement,
)
from scenarios.models import PartCondition, Site, SiteWindow
from tests import factories as make
from tests.cast import World


def guarded() -> list[Any]:
    return [m for m in apps.get_models() if hasattr(m, "access")]


def test_every_model_of_the_project_is_guarded_or_known_not_to_be() -> None:
    """A new table does not slip past the rules: it declares its row, or is named here with the reason."""
    open_tables = {
        "User": "read through memberships",
        "Change": "read by the history of a row that the viewer keeps",
        "MessageReader": "read through messages",
        "ConsumerPosition": "machinery",
        "Heartbeat": "machinery",
        "Mail": "machinery",
        "Attempt": "machinery: digests and counts",
        "IdempotencyKey": "machinery: read back by its own principal and key only",
        "ToldMatches": "machinery: what notices have told",
        "FormerRow": "machinery: states that the matcher has not followed yet",
        "RunInput": "machinery",
        "RunChunk": "machinery",
        "DemandResult": "machinery",
        "NamedIds": "machinery: read by the rules themselves",
        "NamedMark": "machinery: says that they no longer hold",
        **dict.fromkeys(
            ["LineMatches", "LineMisses", "DemandSites"], "machinery: read through the next ones"
        ),
        # Results are guarded by their demand: see the next test.
        **dict.fromkeys(
            ["LineResult", "Match", "NearMiss", "Relaxation", "SiteMatch", "Pipeline"], "by demand"
        ),
    }
    ours = {"alliance", "companies", "scenarios", "matching"}
    bare = {m.__name__ for m in apps.get_models() if m._meta.app_label in ours and not hasattr(m, "access")}
    assert bare <= open_tables.keys(), bare - open_tables.keys()
    for model in guarded():
        assert model.access.kind in VISIBLE, model
        assert isinstance(model.objects.all(), GuardedQuerySet), model


def test_results_are_guarded_by_their_demand(world: World) -> None:
    for name in ("LineResult", "Match", "NearMiss", "Relaxation", "SiteMatch", "Pipeline"):
        rows = apps.get_model("matching", name).objects
        assert rows.visible_to(world.person("lab_viewer")).exists(), name
        assert not rows.visible_to(world.person("supplier_owner")).exists(), name


@pytest.mark.parametrize("name", ["anonymous", "suspended", "nobody", "shut_out_owner"])
def test_nobody_sees_or_edits_a_row_of_any_model(world: World, name: str) -> None:
    user = AnonymousUser() if name == "anonymous" else world.person(name)
    assert viewer_of(user) in (NOBODY, NOBODY.__class__(user_id=getattr(user, "pk", None)))
    for model in guarded():
        assert not model.objects.visible_to(user).exists(), model
        assert not model.objects.editable_by(user).exists(), model


def test_nobody_edits_what_they_do_not_see(world: World) -> None:
    for name in world.people:
        user = world.person(name)
        for model in guarded():
            seen = set(model.objects.visible_to(user).values_list("pk", flat=True))
            assert set(model.objects.editable_by(user).values_list("pk", flat=True)) <= seen, (name, model)


def test_an_unknown_kind_raises(world: World) -> None:
    with pytest.raises(KeyError):
        visible(Row("nonsense"), world.person("lab_owner"))


def test_kinds_without_a_rule_for_editing_cannot_be_edited() -> None:
    assert set(EDITABLE) <= set(VISIBLE)
    assert "demand side" not in EDITABLE


# --- who looks after a city -----------------------------------------------------------------------
def test_a_city_without_a_bureau_belongs_to_the_nearest_above_else_to_the_lead(world: World) -> None:
    def carers(key: str) -> set[int]:
        return set(CityCare.objects.filter(city=world.cities[key]).values_list("bureau_id", flat=True))

    assert carers("district") == {world.organisations["partner_bureau"].pk}
    assert carers("nowhere") == set()
    orphan = make.make_city("990300", "Orphan", "孤市")
    world.cities["orphan"] = orphan
    from alliance.models import AllianceCity
    from alliance.services import rebuild_geography

    AllianceCity.objects.create(alliance=world.alliances["north"], city=orphan, roles=["sites"])
    rebuild_geography()
    assert carers("orphan") == {world.organisations["lead_bureau"].pk}
    draft = make.make_firm(orphan, "Orphan draft", listed=False)
    assert Organisation.objects.visible_to(world.person("lead_official")).filter(pk=draft.pk).exists()
    assert not Organisation.objects.visible_to(world.person("partner_official")).filter(pk=draft.pk).exists()


def test_a_bureau_of_ones_own_takes_the_city_over(world: World) -> None:
    own = make.make_bureau(world.cities["district"])
    official = make.make_person("district_official", (own, "official"))
    assert viewer_of(official).care == {world.cities["district"].pk}
    assert world.cities["district"].pk not in viewer_of(world.person("partner_official")).care


def test_alliance_admins_sit_in_the_lead_bureau(world: World) -> None:
    north = world.alliances["north"].pk
    assert viewer_of(world.person("alliance_admin")).admin_alliances == {north}
    assert viewer_of(world.person("lead_official")).admin_alliances == frozenset()
    usurper = make.make_person("usurper", (world.organisations["partner_bureau"], "admin"))
    assert viewer_of(usurper).admin_alliances == frozenset()
    firm_admin = make.make_person("firm_admin", (world.organisations["lab"], "admin"))
    assert viewer_of(firm_admin).admin_alliances == frozenset()


def test_who_somebody_is_takes_one_statement(world: World, django_assert_num_queries: Any) -> None:
    """Every request waits for it."""
    everybody = {name: User.objects.get(pk=user.pk) for name, user in world.people.items()}
    for name, user in everybody.items():
        platform = int(user.is_superuser)  # which alliances there are
        with django_assert_num_queries(1 + platform if user.is_active else 0):
            seen = viewer_of(user)
        seated = Membership.objects.filter(user=user, organisation__suspended=False).exists()
        assert seen.known == (user.is_active and (seated or user.is_superuser)), name


# --- editing --------------------------------------------------------------------------------------
def test_editors_edit_viewers_read(world: World) -> None:
    part, plant = world.capabilities["supplier"], world.facilities["supplier"]
    for model, row in ((Capability, part), (CapabilityTerms, part.terms), (Facility, plant)):
        for name, may in (("supplier_owner", True), ("supplier_editor", True), ("supplier_viewer", False)):
            user = world.person(name)
            assert model.objects.visible_to(user).filter(pk=row.pk).exists()
            assert model.objects.editable_by(user).filter(pk=row.pk).exists() == may, (model, name)


def test_only_owners_see_to_people(world: World) -> None:
    rows = Membership.objects.filter(organisation=world.organisations["supplier"])
    assert rows.editable_by(world.person("supplier_owner")).count() == rows.count()
    assert not rows.editable_by(world.person("supplier_editor")).exists()
    assert not rows.editable_by(world.person("partner_official")).exists()


def test_a_firm_never_writes_its_own_trust(world: World) -> None:
    record = DeliveryRecord.objects.filter(organisation=world.organisations["supplier"])
    assert not record.editable_by(world.person("supplier_owner")).exists()
    assert record.editable_by(world.person("partner_official")).exists()
    assert not record.editable_by(world.person("lead_official")).exists()


def test_the_platform_admin_edits_reference_data_and_nothing_of_firms(world: World) -> None:
    user = world.person("platform_admin")
    assert Alliance.objects.editable_by(user).count() == 2
    for model in (Organisation, Facility, Capability, CapabilityTerms, Site, Demand, DemandIdentity):
        assert not model.objects.editable_by(user).exists(), model


def test_a_bureau_edits_no_capability_demand_or_site(world: World) -> None:
    user = world.person("partner_official")
    for model in (Capability, CapabilityTerms, Site, Demand, DemandIdentity):
        assert not model.objects.editable_by(user).exists(), model


# --- corners --------------------------------------------------------------------------------------
def test_unlisting_a_firm_hides_what_hangs_on_it(world: World) -> None:
    Organisation.objects.filter(pk=world.organisations["rival"].pk).update(listed=False)
    Organisation.objects.filter(pk=world.organisations["operator"].pk).update(listed=False)
    make.forget_matches()
    user = world.person("supplier_owner")
    for model, row in (
        (Organisation, world.organisations["rival"]),
        (Facility, world.facilities["rival"]),
        (Capability, world.capabilities["rival"]),
        (Site, world.sites["open"]),
    ):
        assert not model.objects.visible_to(user).filter(pk=row.pk).exists(), model
    assert not SiteWindow.objects.visible_to(user).exists()
    assert not PartCondition.objects.visible_to(user).exists()


def test_a_team_member_beyond_the_matches_kept_is_seen_by_the_demands_side(world: World) -> None:
    far = world.capabilities["far"]
    make.forget_capability(far)
    assert Capability.objects.visible_to(world.person("lab_owner")).filter(pk=far.pk).exists()
    # Price and capacity go with the matches and near misses that are kept.
    assert not CapabilityTerms.objects.visible_to(world.person("lab_owner")).filter(pk=far.pk).exists()


def test_a_site_elsewhere_is_seen_when_a_demand_asked_everywhere(world: World) -> None:
    site, run, demand = world.sites["outside"], world.runs["north"], world.demands["everywhere"]
    assert not Site.objects.visible_to(world.person("lab_owner")).filter(pk=site.pk).exists()
    make.make_site_match(run, demand, site)
    assert Site.objects.visible_to(world.person("lab_owner")).filter(pk=site.pk).exists()
    assert SiteWindow.objects.visible_to(world.person("lab_owner")).filter(site=site).exists()
    assert not Site.objects.visible_to(world.person("supplier_owner")).filter(pk=site.pk).exists()


def test_a_demand_of_scope_alliance_opens_nothing_outside(world: World) -> None:
    """A stale or wrong row of results does not widen the directory."""
    run, line = world.runs["north"], world.lines["open"]
    make.forget_matches(capability_id=world.capabilities["far"].pk)
    CurrentResult.objects.filter(demand=world.demands["everywhere"]).delete()
    make.make_match(run, line, world.capabilities["outsider"], 3)
    firm = Organisation.objects.filter(pk=world.organisations["outsider"].pk)
    assert not firm.visible_to(world.person("lab_owner")).exists()


def test_prices_follow_the_demand_and_not_the_firm(world: World) -> None:
    assert LinePrice.objects.visible_to(world.person("partner_official")).count() == 5
    assert not LinePrice.objects.visible_to(world.person("supplier_owner")).exists()


def test_the_lab_is_named_only_where_it_may_be(world: World) -> None:
    def named(name: str) -> set[str]:
        rows = DemandIdentity.objects.shown_to(world.person(name))
        return {row.title.rsplit(" ", 1)[-1] for row in rows if row.asker is not None}

    assert named("supplier_owner") == set()
    assert named("partner_official") == {"open", "members", "unmatched", "everywhere"}
    assert named("lead_official") == {"open", "members", "unmatched", "everywhere", "introduction", "draft"}
    # Read without a viewer, an identity names nobody.
    assert DemandIdentity.objects.first().asker is None  # type: ignore[union-attr]


def test_steering_runs(world: World) -> None:
    north, single = world.runs["north"].pk, world.runs["single"].pk

    def steered(name: str) -> set[int]:
        return set(MatchRun.objects.editable_by(world.person(name)).values_list("pk", flat=True))

    assert steered("alliance_admin") == {north, single}
    assert steered("lead_official") == {single}
    assert steered("lab_editor") == {single}
    assert steered("lab_viewer") == steered("partner_official") == steered("supplier_owner") == set()


@pytest.mark.parametrize(
    "who", ["alliance_admin", "partner_official", "outside_official", "lab_owner", "supplier_owner"]
)
def test_a_few_rows_are_seen_by_the_same_rules_as_all(world: World, who: str) -> None:
    """`visible_few` asks row by row what `visible_to` asks at once."""
    user = world.person(who)
    for model in apps.get_models():
        if isinstance(getattr(model, "access", None), Row) and hasattr(model.objects, "visible_few"):
            few = set(model.objects.visible_few(user).values_list("pk", flat=True))
            assert few == set(model.objects.visible_to(user).values_list("pk", flat=True)), model


HANGING: list[tuple[Any, str]] = [
    (CapabilityCertificate, "capability"),
    (SpecEvidence, "capability"),
    (PartCondition, "site"),
    (SiteWindow, "site"),
    (DemandLine, "demand"),
    (LineRequirement, "line"),
    (LineCertificate, "line"),
    (OpenPoint, "demand"),
    (SiteNeed, "demand"),
    (SiteRequirement, "site_need"),
]


def hang(world: World) -> None:
    """What the cast lacks: evidence of every capability; a need, a point and a certificate of every demand."""
    told = {"bureau": world.organisations["lead_bureau"], "verified_by": world.people["lead_official"]}
    for capability in world.capabilities.values():
        SpecEvidence.objects.create(
            capability=capability, key="torque", value=1, verified_at=timezone.now(), basis="seen", **told
        )
    for line in DemandLine.objects.select_related("demand"):
        LineCertificate.objects.create(line=line, code="ISO 14001")
        OpenPoint.objects.create(demand=line.demand, line=line, position=9, text="noise")
        need = SiteNeed.objects.filter(demand=line.demand).first()
        need = need or make.make_site_need(line.demand, world.scenario_types["line"])
        key = world.scenario_keys["height"]
        SiteRequirement.objects.create(
            site_need=need, key=key, position=line.pk, op=">=", value=2, hard=False
        )


@pytest.mark.parametrize(
    "who", ["alliance_admin", "partner_official", "outside_official", "lab_owner", "supplier_owner"]
)
def test_what_hangs_on_a_row_is_seen_with_it(world: World, who: str) -> None:
    """`hanging_on` beside rows that are seen finds what `visible_to` finds."""
    user = world.person(who)
    hang(world)
    for model, path in HANGING:
        parents = model._meta.get_field(path).related_model.objects.visible_to(user).values("pk")
        beside = set(
            model.objects.hanging_on(path).filter(**{f"{path}__in": parents}).values_list("pk", flat=True)
        )
        assert beside == set(model.objects.visible_to(user).values_list("pk", flat=True)), model


def test_what_has_a_rule_of_its_own_is_asked_about(world: World) -> None:
    for model, path in ((LinePrice, "line"), (DemandIdentity, "demand"), (CapabilityTerms, "capability")):
        with pytest.raises(LookupError):
            model.objects.hanging_on(path)  # type: ignore[attr-defined]
    hang(world)
    for model, _path in HANGING:
        assert model.objects.exists(), f"nothing of {model.__name__} is there to be hidden"

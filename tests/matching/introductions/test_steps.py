"""Introductions step by step: what is legal, who wins a race, what opens to whom, what a delivery changes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from alliance.choices import DisclosureStage
from alliance.choices import IntroductionState as State
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Change, DeliveryRecord, Disclosure, OrganisationContact
from matching.models import Demand, DemandIdentity, Introduction, Project
from matching.services.introductions import (
    MOVES,
    Step,
    disclosing,
    introduce,
    introduce_pipeline,
    legal_moves,
    take_step,
)
from matching.services.introductions.disclosing import disclose
from tests import factories as make
from tests.cast import World, build_world

TODAY = timezone.localdate
#: party of the cast who does a step
WHO = {"lab": "lab_owner", "supplier": "supplier_owner", "lab_bureau": "lead_official"}
WHO["supplier_bureau"] = "partner_official"
COURSE = [("accept", "supplier"), ("accept", "lab"), ("agree", "lab_bureau"), ("talk", "supplier")]
COURSE += [("sample", "supplier"), ("sign", "lab"), ("deliver", "lab")]
STATES = [
    State.PROPOSED,
    State.ACCEPTED,
    State.CONFIDENTIAL,
    State.TALKS,
    State.SAMPLE,
    State.SIGNED,
    State.DELIVERED,
]


def said(name: str) -> Step:
    return Step(reason="too far away", delivered_on=TODAY())


def go(world: World, row: Introduction, name: str, party: str) -> Introduction:
    return take_step(row, name, user=world.person(WHO[party]), step=said(name))


def until(world: World, state: str) -> Introduction:
    row = world.introductions["open"]
    for name, party in COURSE:
        if row.state == state:
            return row
        row = go(world, row, name, party)
    return row


def test_the_whole_course(world: World) -> None:
    row = world.introductions["open"]
    seen = [row.state]
    for name, party in COURSE:
        row = go(world, row, name, party)
        seen += [row.state] if row.state != seen[-1] else []
    assert seen == STATES
    assert row.turn is None
    assert row.steps.count() == len(COURSE) + 1


@pytest.mark.parametrize("state", [*STATES, State.DECLINED])
def test_illegal_steps_are_impossible_for_everybody(world: World, state: str) -> None:
    """Every state × every step × every party: exactly what the table of moves allows."""
    row = world.introductions["open"]
    row = go(world, row, "decline", "lab") if state == State.DECLINED else until(world, state)
    for name, move in MOVES.items():
        for party, who in WHO.items():
            allowed = state in move.sources and party in move.by
            with transaction.atomic():
                try:
                    take_step(row, name, user=world.person(who), step=said(name))
                    done = True
                except ConflictError:
                    done = False
                transaction.set_rollback(True)
            assert done == allowed, (state, name, party)


def test_a_viewer_and_a_stranger(world: World) -> None:
    row = world.introductions["open"]
    with pytest.raises(ForbiddenError):
        take_step(row, "accept", user=world.person("supplier_viewer"))
    for stranger in ("rival_owner", "outside_owner", "operator_owner"):
        with pytest.raises(NotFoundError):
            take_step(row, "accept", user=world.person(stranger))
        assert not Introduction.objects.visible_to(world.person(stranger)).filter(pk=row.pk).exists()


def test_the_second_of_two_is_told_who_was_first(world: World) -> None:
    row = until(world, State.TALKS)
    go(world, row, "sample", "supplier")
    with pytest.raises(ConflictError) as told:
        take_step(row, "sample", user=world.person("lead_official"), version=row.version)
    assert str(world.person("supplier_owner")) in told.value.message
    row.refresh_from_db()
    assert row.state == State.SAMPLE


@pytest.mark.parametrize(
    ("name", "step", "field"),
    [
        ("decline", Step(), "reason"),
        ("plan", Step(turn="somebody"), "turn"),
        ("plan", Step(turn="lab", due_on=date(1999, 1, 1)), "due_on"),
        ("plan", Step(turn="lab", due_on=date(2999, 1, 1)), "due_on"),
        ("nonsense", Step(), "move"),
    ],
)
def test_bad_input_names_its_field(world: World, name: str, step: Step, field: str) -> None:
    row, before = world.introductions["open"], Change.objects.count()
    with pytest.raises(DomainError) as told:
        take_step(row, name, user=world.person("lead_official"), step=step)
    assert told.value.field == field
    assert Change.objects.count() == before


@pytest.mark.parametrize("days", [-1, 731])
def test_a_proposal_is_not_overdue_from_the_start(world: World, days: int) -> None:
    pair = {"line": world.lines["members"], "capability": world.capabilities["supplier"]}
    official, before = world.person("lead_official"), Change.objects.count()
    with pytest.raises(DomainError) as told:
        introduce(user=official, **pair, due_on=TODAY() + timedelta(days=days))
    assert told.value.field == "due_on"
    with pytest.raises(DomainError):
        introduce_pipeline(
            user=official,
            demand=world.demands["members"],
            site=world.sites["open"],
            due_on=TODAY() + timedelta(days=days),
        )
    assert Change.objects.count() == before
    assert introduce(user=official, **pair, due_on=TODAY()).due_on == TODAY()


def test_a_delivery_needs_its_day(world: World) -> None:
    row = until(world, State.SIGNED)
    for day in (None, TODAY() + timedelta(days=1), TODAY() - timedelta(days=1)):
        with pytest.raises(DomainError, match=r"."):
            take_step(row, "deliver", user=world.person("lab_owner"), step=Step(delivered_on=day))


def test_a_delivery_counts_once_and_is_a_change_of_the_firm(world: World) -> None:
    supplier = world.organisations["supplier"]
    before = DeliveryRecord.objects.filter(organisation=supplier).values_list(
        "completed", "on_time"
    ).first() or (0, 0)
    row = until(world, State.DELIVERED)
    assert row.on_time is True
    after = DeliveryRecord.objects.values_list("completed", "on_time").get(organisation=supplier)
    assert after == (before[0] + 1, before[1] + 1)
    assert (
        Change.objects.filter(verb="delivered", kind="organisation", object_id=supplier.public_id).count()
        == 1
    )


# --- what opens to whom -----------------------------------------------------------------------------------------
@pytest.fixture
def secret(world: World) -> Introduction:
    """The confidential demand, proposed to the rival."""
    return introduce(
        user=world.person("lead_official"),
        line=world.lines["introduction"],
        capability=world.capabilities["rival"],
    )


def names(world: World, who: str) -> bool:
    demand = world.demands["introduction"]
    told = DemandIdentity.objects.shown_to(world.person(who)).filter(demand=demand).first()
    return told is not None and told.asker is not None


def test_a_confidential_demand_opens_step_by_step(world: World, secret: Introduction) -> None:
    lab, rival = world.organisations["lab"], world.organisations["rival"]
    for firm in (lab, rival):
        OrganisationContact.objects.update_or_create(organisation=firm, defaults={"person": "Contact person"})

    def reads_contact(who: str, firm: object) -> bool:
        return OrganisationContact.objects.visible_to(world.person(who)).filter(organisation=firm).exists()

    assert not names(world, "rival_owner")
    assert not names(world, "partner_official")
    assert not reads_contact("rival_owner", lab)
    row = take_step(secret, "accept", user=world.person("rival_owner"))
    assert not names(world, "rival_owner")
    take_step(row, "accept", user=world.person("lab_owner"))
    assert names(world, "rival_owner")
    assert names(world, "partner_official")
    assert reads_contact("rival_owner", lab)
    assert reads_contact("lab_owner", rival)
    assert not names(world, "supplier_owner")
    assert not reads_contact("supplier_owner", lab)


def test_declining_closes_what_acceptance_opened(world: World, secret: Introduction) -> None:
    row = take_step(secret, "accept", user=world.person("rival_owner"))
    row = take_step(row, "accept", user=world.person("lab_owner"))
    assert names(world, "rival_owner")
    take_step(row, "decline", user=world.person("lab_owner"), step=Step(reason="found another"))
    assert not names(world, "rival_owner")
    assert Demand.objects.visible_to(world.person("rival_owner")).filter(pk=secret.demand_id).exists()


def test_the_suppliers_page_tells_no_score_and_no_name(
    world: World, secret: Introduction, signed_in: Callable[[str], Client]
) -> None:
    page = signed_in("rival_owner").get(f"/introductions/{secret.public_id}/")
    body = page.content.decode()
    assert page.status_code == 200
    assert "Secret programme introduction" not in body
    assert "Secret Lab" not in body
    assert "0.720" not in body
    assert "0.72" in signed_in("lab_owner").get(f"/introductions/{secret.public_id}/").content.decode()


# --- proposing ----------------------------------------------------------------------------------------------------
def test_only_officials_propose_and_only_what_matches(world: World) -> None:
    line, capability = world.lines["members"], world.capabilities["supplier"]
    with pytest.raises(ForbiddenError):
        introduce(user=world.person("lab_owner"), line=line, capability=capability)
    with pytest.raises(NotFoundError):
        introduce(user=world.person("outside_official"), line=line, capability=capability)
    with pytest.raises(NotFoundError):
        introduce(user=world.person("lead_official"), line=line, capability=world.capabilities["bystander"])


def test_a_pair_runs_once(world: World) -> None:
    pair = {"line": world.lines["open"], "capability": world.capabilities["supplier"]}
    with pytest.raises(ConflictError):
        introduce(user=world.person("lead_official"), **pair)


def test_a_declined_pair_comes_back_only_when_something_changed(world: World) -> None:
    official = world.person("lead_official")
    pair = {"line": world.lines["members"], "capability": world.capabilities["supplier"]}
    row = introduce(user=official, **pair)
    take_step(row, "decline", user=world.person("supplier_owner"), step=Step(reason="no capacity until May"))
    with pytest.raises(ConflictError, match="no capacity until May"):
        introduce(user=official, **pair)
    world.capabilities["supplier"].version += 1
    world.capabilities["supplier"].save()
    assert introduce(user=official, **pair).state == State.PROPOSED


def test_a_proposal_taken_back_stands_in_nobodys_way(world: World) -> None:
    official = world.person("lead_official")
    pair = {"line": world.lines["members"], "capability": world.capabilities["supplier"]}
    take_step(introduce(user=official, **pair), "withdraw", user=official)
    assert introduce(user=official, **pair).state == State.PROPOSED


def test_a_pipeline_is_introduced_as_one_project(world: World) -> None:
    project = introduce_pipeline(
        user=world.person("partner_official"), demand=world.demands["members"], site=world.sites["open"]
    )
    rows = list(project.introductions.order_by("id"))
    assert [row.supplier for row in rows] == [
        world.organisations["supplier"],
        world.organisations["operator"],
    ]
    assert rows[1].lab_bureau == rows[1].supplier_bureau == world.organisations["lead_bureau"]
    assert [m.kind for m in project.milestones.all()] == ["prototype", "trial", "volume", "deployed"]
    assert all(m.planned_on for m in project.milestones.all())
    for who, sees in (("supplier_owner", False), ("operator_owner", False), ("lab_owner", True)):
        assert Project.objects.visible_to(world.person(who)).filter(pk=project.pk).exists() == sees
    with pytest.raises(ConflictError):
        introduce_pipeline(
            user=world.person("lead_official"), demand=world.demands["members"], site=world.sites["open"]
        )
    assert Project.objects.filter(demand=world.demands["members"]).count() == 1


def test_the_database_refuses_a_second_running_pair(world: World) -> None:
    row = world.introductions["open"]
    row.pk, row.public_id = None, None
    row._state.adding = True
    import uuid

    row.public_id = uuid.uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


# --- races --------------------------------------------------------------------------------------------------------
def race(work: Callable[[int], object], n: int = 12) -> list[object]:
    found: list[object] = [None] * n
    gate = threading.Barrier(n)

    def run(i: int) -> None:
        gate.wait()
        try:
            found[i] = work(i)
        except DomainError as error:
            found[i] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.usefixtures("committed_db")
def test_of_many_at_once_one_wins() -> None:
    world = build_world()
    row = world.introductions["open"]
    moved = race(
        lambda i: take_step(row, "decline", user=world.person("lead_official"), step=said("decline"))
    )
    assert sum(isinstance(each, Introduction) for each in moved) == 1
    assert sum(isinstance(each, ConflictError) for each in moved) == len(moved) - 1
    pair = {"line": world.lines["members"], "capability": world.capabilities["supplier"]}
    made = race(lambda i: introduce(user=world.person("lead_official"), **pair))
    assert sum(isinstance(each, Introduction) for each in made) == 1
    assert Introduction.objects.filter(line=world.lines["members"]).count() == 1


@pytest.mark.usefixtures("committed_db")
def test_what_two_steps_close_at_once_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both introductions of two firms are declined at once: neither takes the other for one that goes on."""
    world = build_world()
    official = world.person("lead_official")
    rows = [world.introductions["open"]]
    line = make.make_line(world.demands["open"], world.types["reducer"])
    make.make_match(world.runs["north"], line, world.capabilities["supplier"])
    rows.append(introduce(user=official, line=line, capability=world.capabilities["supplier"]))
    assert {(row.lab_id, row.supplier_id) for row in rows} == {(rows[0].lab_id, rows[0].supplier_id)}
    Introduction.objects.filter(pk__in=[row.pk for row in rows]).update(state="talks")
    for row in rows:
        disclose(Introduction.objects.get(pk=row.pk))
    told = Disclosure.objects.filter(
        kind="demand", object_id=world.demands["open"].public_id, organisation=rows[0].supplier
    )
    assert told.get().stage == DisclosureStage.CONFIDENTIAL
    gate, store = threading.Barrier(2), disclosing._store

    def together(*args: object) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(timeout=2)  # until the other has looked too, if nothing keeps it from looking
        store(*args)

    monkeypatch.setattr(disclosing, "_store", together)
    done = race(lambda i: take_step(rows[i], "decline", user=official, step=said("decline")), 2)
    assert [type(each) for each in done] == [Introduction, Introduction], done
    assert told.get().stage == DisclosureStage.INVITED


def test_steps_offered_are_the_legal_ones(world: World) -> None:
    row = world.introductions["open"]
    offered = {move.name for move in legal_moves(row, world.person("supplier_owner"))}
    assert offered == {"accept", "plan", "decline"}
    assert {move.name for move in legal_moves(row, world.person("lead_official"))} == {
        "plan",
        "decline",
        "withdraw",
    }
    assert legal_moves(row, world.person("supplier_viewer")) == []

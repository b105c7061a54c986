"""The feed of changes: what the viewer sees, what was taken back, in order, by a cursor that tells nothing."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from alliance.changes import record
from alliance.models import Change
from alliance.selectors import feed
from companies.models import Capability, SheetImport
from companies.services import publish_capability, verify_values, withdraw_capability
from companies.services.sheets import choose_columns, confirm, undo, upload
from matching.services.demands import withdraw_demand
from matching.services.merging import merge_firms, undo_merge
from tests.cast import World, build_world
from tests.companies.sheets.test_sheets import row, table
from tests.factories import make_token
from tests.matching.test_merging import twin

PLACE = "/api/v1/changes/"


@pytest.fixture
def _open(monkeypatch: pytest.MonkeyPatch) -> None:
    """This test's own transaction is open: its rows are read all the same."""
    monkeypatch.setattr(feed, "horizon", lambda: 2**62)


def read(client: Client, cursor: str = "", **more: Any) -> dict[str, Any]:
    answer = client.get(PLACE, {**({"cursor": cursor} if cursor else {}), **more})
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def names(told: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(row["kind"], row["id"], row["removed"]) for row in told["results"]]


@pytest.mark.usefixtures("_open")
def test_changes_and_removals_reach_who_sees_the_row(world: World, with_token: Any) -> None:
    row, owner = world.capabilities["rival"], make_token(world.people["rival_owner"], "read")
    people = {"outside": with_token("outside_owner:read")}
    other = make_token(world.people["bystander_owner"], "read")
    people["bystander"] = Client(headers={"authorization": f"Bearer {other}"})
    people["rival"] = Client(headers={"authorization": f"Bearer {owner}"})
    places = dict.fromkeys(people, feed.seal(_last()))
    withdraw_capability(row, user=world.person("rival_owner"))
    told = {who: read(client, places[who]) for who, client in people.items()}
    assert names(told["bystander"]) == [("capability", str(row.public_id), True)]
    assert names(told["rival"]) == [("capability", str(row.public_id), False)]
    assert names(told["outside"]) == []
    assert people["bystander"].get(f"/api/v1/capabilities/{row.public_id}/").status_code == 404
    publish_capability(row, user=world.person("rival_owner"))
    again = read(people["bystander"], told["bystander"]["cursor"])
    assert names(again) == [("capability", str(row.public_id), False)]
    assert again["results"][0]["resource"] == "capabilities"


@pytest.mark.usefixtures("_open")
def test_a_withdrawn_demand_is_gone_for_bureaus_and_for_who_read_it_openly(
    world: World, with_token: Any
) -> None:
    admin, text = with_token("alliance_admin:read"), make_token(world.people["bystander_owner"], "read")
    firm = Client(headers={"authorization": f"Bearer {text}"})
    start = feed.seal(_last())
    for name in ("open", "unmatched"):
        withdraw_demand(world.demands[name], user=world.person("lab_editor"))
    ids = {name: str(world.demands[name].public_id) for name in ("open", "unmatched")}
    # The admin sits in the lead bureau, which cares for the lab's city and still sees its drafts.
    assert {row[1] for row in names(read(admin, start))} >= set(ids.values())
    told = names(read(firm, start))
    assert ("demand", ids["open"], True) in told
    assert all(row[1] != ids["unmatched"] for row in told)


def saved(world: World, *rows: list[Any]) -> SheetImport:
    """A sheet of the supplier, checked, confirmed and stored."""
    user = world.person("supplier_editor")
    sheet = upload(world.organisations["supplier"], table(*rows), user=user, file_name="表.csv")
    choose_columns(sheet, sheet.mapping, user=user)
    sheet.refresh_from_db()
    confirm(sheet, user=user, version=sheet.version)
    sheet.refresh_from_db()
    return sheet


@pytest.mark.usefixtures("_open")
def test_rows_that_taking_a_sheet_back_deletes_are_gone_for_who_saw_them(
    world: World, with_token: Any
) -> None:
    text = make_token(world.people["bystander_owner"], "read")
    people = {
        "firm": with_token("supplier_editor:read"),
        "bureau": with_token("alliance_admin:read"),
        "allied": Client(headers={"authorization": f"Bearer {text}"}),
        "outside": with_token("outside_owner:read"),
    }
    sheet = saved(world, row(1, id="u-1"), row(2, id="u-2"), row(3, id="u-3", lead=""))
    made = {each.external_id: each for each in Capability.objects.filter(external_id__startswith="u-")}
    assert [made[name].published for name in ("u-1", "u-2", "u-3")] == [True, True, False]
    verify_values(made["u-2"], ["rated_torque"], user=world.person("partner_official"), basis="Report 7")
    ids = {name: str(each.public_id) for name, each in made.items()}
    start = feed.seal(_last())
    undo(sheet, user=world.person("supplier_editor"))
    assert [each.external_id for each in Capability.objects.filter(external_id__startswith="u-")] == ["u-2"]
    told = {who: {row[1:] for row in names(read(client, start))} for who, client in people.items()}
    # Of the draft only its own side hears; what a bureau had verified is put away, and still there for them.
    assert told["firm"] >= {(ids["u-1"], True), (ids["u-2"], False), (ids["u-3"], True)}
    assert told["allied"] == {(ids["u-1"], True), (ids["u-2"], True)}
    assert told["bureau"] == told["allied"]
    assert told["outside"] == set()


@pytest.mark.usefixtures("_open")
def test_rows_that_a_sheet_makes_drafts_again_are_gone_for_others(world: World, with_token: Any) -> None:
    text = make_token(world.people["bystander_owner"], "read")
    allied = Client(headers={"authorization": f"Bearer {text}"})
    saved(world, row(1, id="u-1"))
    key = str(Capability.objects.get(external_id="u-1").public_id)
    start = feed.seal(_last())
    sheet = saved(world, row(1, id="u-1", lead=""))
    assert not Capability.objects.get(external_id="u-1").published
    assert [row[1:] for row in names(read(allied, start))] == [(key, True)]
    assert undo(sheet, user=world.person("supplier_editor"))["restored"] == 1


@pytest.mark.usefixtures("_open")
def test_drafts_and_foreign_rows_never_appear(world: World, with_token: Any) -> None:
    asker = with_token("lab_editor:read")
    start = feed.seal(_last())
    with transaction.atomic():
        for name in ("unpublished", "draft", "outsider"):
            record("changed", "capability", str(world.capabilities[name].public_id), after={"title": "x"})
        record("archived", "capability", str(world.capabilities["draft"].public_id), before={}, after={})
        record(
            "withdrawn", "capability", str(uuid4()), before={"published": True}, after={"published": False}
        )
        hidden = str(world.capabilities["outsider"].public_id)
        record("withdrawn", "capability", hidden, before={"published": True}, after={"published": False})
        record("created", "token", str(uuid4()))
        record("imported", "bundle", "not an id")
    assert names(read(asker, start)) == []


@pytest.mark.usefixtures("_open")
def test_each_row_once_and_no_row_lost_between_pages(world: World, with_token: Any) -> None:
    asker = with_token("alliance_admin:read")
    start = feed.seal(_last())
    rows = [world.capabilities[name] for name in ("supplier", "rival", "bystander", "near")]
    for _round in range(3):
        for each in rows:
            record("changed", "capability", str(each.public_id), after={"title": "x"})
            record("changed", "capability", str(world.capabilities["draft"].public_id), after={})
    whole = names(read(asker, start))
    assert [row[1] for row in whole] == [str(row.public_id) for row in rows]
    seen, cursor, more = [], start, True
    while more:
        page = read(asker, cursor, limit=3)
        assert len(page["results"]) <= 3
        seen += names(page)
        cursor, more = page["cursor"], page["more"]
    assert set(seen) == set(whole)
    assert names(read(asker, cursor)) == []


@pytest.mark.usefixtures("_open")
def test_cursors_tell_nothing_and_cannot_be_made(world: World, with_token: Any) -> None:
    asker = with_token("lab_editor:read")
    one, two = (read(asker, start="now")["cursor"] for _time in range(2))
    assert one != two
    assert len({*zip(one, two, strict=True)}) > 30
    for junk in (
        one[:-4],
        one[:-1] + ("A" if one[-1] != "A" else "B"),
        "x",
        "é",
        one[4:] + one[:4],
        "A" * 60,
    ):
        assert asker.get(PLACE, {"cursor": junk}).status_code == 404
    for query in ({"start": "then"}, {"start": "now", "cursor": one}, {"limit": 0}, {"since": 1}):
        assert asker.get(PLACE, query).status_code == 400


def test_places_survive_sealing() -> None:
    for place in ((0, 0), (5, 2**62), (2**40, 7)):
        assert feed.unseal(feed.seal(place)) == place


@pytest.mark.usefixtures("committed_db")
def test_the_row_of_a_slower_transaction_is_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader stops before it, and finds it once it is committed, after rows that were written later."""
    monkeypatch.setattr(feed, "horizon", _horizon_here)
    import threading

    from django.db import connections

    world = build_world()
    asker = Client(headers={"authorization": f"Bearer {world.tokens['lab_editor:read']}"})
    start = feed.seal(_last())
    written, go = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                record("changed", "capability", str(world.capabilities["supplier"].public_id), after={})
                written.set()
                go.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    with transaction.atomic():
        record("changed", "capability", str(world.capabilities["rival"].public_id), after={})
    before = read(asker, start)
    assert names(before) == []
    go.set()
    thread.join()
    ids = {str(world.capabilities[name].public_id) for name in ("supplier", "rival")}
    assert {row[1] for row in _until(asker, before["cursor"], ids)} == ids


def _horizon_here() -> int:
    """As in the program, but for this database alone: other test processes keep transactions open for minutes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(min(backend_xid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)"
            " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def _last() -> tuple[int, int]:
    row = Change.objects.order_by("-transaction", "-id").first()
    return (row.transaction, row.pk) if row else (0, 0)


def _until(asker: Client, cursor: str, ids: set[str]) -> list[tuple[str, str, bool]]:
    """Other tests' transactions hold the feed back for a moment."""
    import time

    seen: list[tuple[str, str, bool]] = []
    for _try in range(300):
        told = read(asker, cursor)
        seen, cursor = seen + names(told), told["cursor"]
        if {row[1] for row in seen} >= ids:
            return seen
        time.sleep(0.1)
    return seen


# --- modified_since ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kind", ["organisations", "facilities", "capabilities", "sites", "demands", "introductions"]
)
def test_lists_by_time_of_change(world: World, with_token: Any, kind: str) -> None:
    asker = with_token("alliance_admin:read")
    place = f"/api/v1/{kind}/"
    rows = asker.get(place).json()["results"]
    assert rows
    with connection.cursor() as cursor:
        tables = {"organisations": "alliance_organisation", "facilities": "companies_facility"}
        tables |= {"capabilities": "companies_capability", "sites": "scenarios_site"}
        tables |= {"demands": "matching_demand", "introductions": "matching_introduction"}
        cursor.execute(f"UPDATE {tables[kind]} SET updated_at = '2026-01-01T00:00:00Z'")
        cursor.execute(
            f"UPDATE {tables[kind]} SET updated_at = '2026-06-01T00:00:00Z' WHERE public_id = %s",
            [rows[0]["id"]],
        )
    since = asker.get(place, {"modified_since": "2026-06-01T00:00:00Z"}).json()["results"]
    assert [row["id"] for row in since] == [rows[0]["id"]]
    assert asker.get(place, {"modified_since": "2026-06-01T00:00:01Z"}).json()["results"] == []
    assert asker.get(place, {"modified_since": "yesterday"}).status_code == 400


def test_rows_by_their_owners_id(world: World, with_token: Any) -> None:
    asker = with_token("alliance_admin:read")
    row = world.capabilities["supplier"]
    found = asker.get("/api/v1/capabilities/", {"external_id": row.external_id}).json()["results"]
    assert [each["id"] for each in found] == [str(row.public_id)]


@pytest.mark.usefixtures("_open")
@pytest.mark.parametrize("listed", [True, False])
def test_an_entry_that_is_merged_into_another_one_is_gone_for_who_saw_it(
    world: World, with_token: Any, listed: bool
) -> None:
    text = make_token(world.people["bystander_owner"], "read")
    allied = Client(headers={"authorization": f"Bearer {text}"})
    firm, survivor = twin(world, listed=listed), world.organisations["supplier"]
    plant = firm.facilities.get()
    start, before = feed.seal(_last()), timezone.now().isoformat()
    row = merge_firms(firm, survivor, user=world.person("partner_official"))
    told = read(allied, start)
    gone = ("organisation", str(firm.public_id), True)
    assert (gone in names(told)) is listed, "nobody is told of an entry that was a draft"
    assert ("organisation", str(survivor.public_id), False) in names(told)
    assert allied.get(f"/api/v1/organisations/{firm.public_id}/").status_code == 404
    found = allied.get("/api/v1/facilities/", {"modified_since": before}).json()["results"]
    assert [(each["id"], each["organisation"]["id"]) for each in found] == [
        (str(plant.public_id), str(survivor.public_id))
    ]
    undo_merge(row, user=world.person("partner_official"))
    back = ("organisation", str(firm.public_id), False)
    assert (back in names(read(allied, told["cursor"]))) is listed


@pytest.mark.usefixtures("_open")
def test_a_demand_that_is_not_open_any_more_is_gone_for_who_read_it_openly(
    world: World, with_token: Any
) -> None:
    lab, text = with_token("lab_editor:write"), make_token(world.people["bystander_owner"], "read")
    firm = Client(headers={"authorization": f"Bearer {text}"})
    supplier, outside = with_token("supplier_editor:read"), with_token("outside_owner:read")
    key = str(world.demands["open"].public_id)
    place = f"/api/v1/demands/{key}/"
    assert [client.get(place).status_code for client in (firm, supplier, outside)] == [200, 200, 404]

    def change(what: dict[str, Any], which: str = key) -> None:
        answer = lab.patch(
            f"/api/v1/demands/{which}/", what, content_type="application/json", headers={"if-match": "*"}
        )
        assert answer.status_code == 200, answer.content

    start = feed.seal(_last())
    change({"confidentiality": "members"})
    assert [client.get(place).status_code for client in (firm, supplier, outside)] == [404, 200, 404]
    told = [names(read(client, start)) for client in (firm, supplier, outside)]
    assert told == [[("demand", key, True)], [("demand", key, False)], []]
    change({"confidentiality": "open"})
    assert names(read(firm, start)) == [("demand", key, False)]
    # A draft that was to be open and is not when it is published was never read by anybody.
    draft = str(world.demands["draft"].public_id)
    change({"confidentiality": "open"}, draft)
    change({"confidentiality": "members", "published": True}, draft)
    assert all(row[1] != draft for row in names(read(firm, start)))

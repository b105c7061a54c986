"""One mechanism for all lists: files, order by heading, columns and filters that a person keeps."""

import csv
import io
import subprocess
import sys
import zipfile
from datetime import date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from alliance.filters import LISTS
from alliance.http import Column, xlsx_file
from alliance.models import (
    Change,
    ListSetting,
    Mail,
    SavedFilter,
    Verification,
)
from companies.models import SheetImport
from matching.models import ActionItem, Meeting, MeetingSeat
from tests import factories as make
from tests.cast import World

#: Lists that a page shows only when it is asked for one of its sides.
SIDES = {"own-matches": "offers", "own-near-misses": "nearly"}
NAMES = sorted(set(LISTS) - set(SIDES) - {"notices"})  # which are no table
#: Who finds something on a list that an alliance's admin finds empty, or does not find at all.
READERS = {"outbox": "platform_admin", "verifications": "partner_official", "imports": "supplier_owner"}
# As a workbook has them: without a zone.
DAY, NIGHT = datetime(2026, 2, 3), datetime(2026, 2, 3, 4, 30)  # noqa: DTZ001


def sheet(answer) -> list[tuple]:
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return [tuple(cell.value for cell in row) for row in book.active.iter_rows()]


def lines(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


@pytest.mark.parametrize("name", NAMES)
def test_every_list_is_a_csv_and_a_workbook_with_the_same_rows(world: World, signed_in, name: str) -> None:
    Mail.objects.create(to="a@example.org", subject="=1+1", body="x")
    client = signed_in(READERS.get(name, "alliance_admin"))
    text = lines(client.get(reverse(name), {"format": "csv"}))
    book = sheet(client.get(reverse(name), {"format": "xlsx"}))
    assert list(book[0]) == text[0]
    assert len(book) == len(text)
    assert len(text) > (0 if name in ("introductions", "opportunities") else 1)


def test_cells_have_types_and_never_become_formulas() -> None:
    values = [
        "=1+1",
        "谐波 <&> \x01\ufffe",
        3.5,
        7,
        True,
        date(2026, 2, 3),
        NIGHT,
        None,
        "+86",
    ]
    columns = [Column(str(i), lambda row, i=i: row[i]) for i in range(len(values))]
    data = b"".join(xlsx_file("x[1]", columns, [values]).streaming_content)
    (rows,) = load_workbook(io.BytesIO(data)).active.iter_rows(min_row=2)
    assert [cell.value for cell in rows] == [
        "'=1+1", "谐波 <&> ", 3.5, 7, True, DAY, NIGHT, None, "'+86",
    ]  # fmt: skip
    assert [cell.data_type for cell in rows][:5] == ["s", "s", "n", "n", "b"]
    assert rows[5].is_date
    assert rows[6].is_date
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


def test_columns_of_a_workbook_are_as_wide_as_what_stands_in_them() -> None:
    rows = [("成都示例移动机器人研究所有限公司", 275.558820638, date(2027, 3, 14), "x" * 300)]
    columns = [Column(name, lambda row, i=i: row[i]) for i, name in enumerate("abcd")]
    book = load_workbook(io.BytesIO(b"".join(xlsx_file("x", columns, iter(rows)).streaming_content)))
    page = book.worksheets[0]
    assert [page.column_dimensions[letter].width for letter in "ABCD"] == [34, 13, 12, 48]
    assert page["B2"].value == 275.558820638, (
        "what was computed is shown with three decimals and kept as it is"
    )
    assert page["B2"].number_format == "#,##0.000"


def test_a_long_list_is_sent_in_pieces(world: World) -> None:
    answer = xlsx_file("x", [Column("a", lambda row: f"row {row}")], iter(range(50_000)))
    largest = max(len(piece) for piece in answer.streaming_content)
    assert 0 < largest < 200_000


# --- order ---------------------------------------------------------------------------------------------------
def test_a_heading_sorts_and_turns_and_the_cursor_follows(world: World, signed_in, monkeypatch) -> None:
    monkeypatch.setattr("alliance.http.lists.PAGE", 2)
    client = signed_in("alliance_admin")
    seen: list[str] = []
    address = reverse("firms") + "?sort=-name"
    while address:
        page = client.get(address)
        seen += [row.name_sort for row in page.context["rows"]]
        cursor = page.context["page"].next
        address = f"{reverse('firms')}?sort=-name&cursor={cursor}" if cursor else ""
    assert len(seen) > 4
    assert seen == sorted(seen, reverse=True)


def test_the_heading_that_sorts_says_so(world: World, signed_in) -> None:
    client = signed_in("alliance_admin")
    up = client.get(reverse("capabilities"), {"sort": "volume"}).content.decode()
    down = client.get(reverse("capabilities"), {"sort": "-volume"}).content.decode()
    assert 'aria-sort="ascending"' in up
    assert "?sort=-volume" in up
    assert 'aria-sort="descending"' in down
    assert "?sort=volume" in down


@pytest.mark.parametrize("name", NAMES)
def test_every_order_of_every_list_works_both_ways(world: World, signed_in, name: str) -> None:
    client = signed_in(READERS.get(name, "alliance_admin"))
    for sort in LISTS[name].sorts:
        if len(LISTS[name].sorts) > 1:
            plain, turned = (client.get(reverse(name), {"sort": s}) for s in (sort, f"-{sort}"))
            assert (plain.status_code, turned.status_code) == (200, 200), sort
            rows = [[str(row) for row in page.context["rows"]] for page in (plain, turned)]
            assert sorted(rows[0]) == sorted(rows[1])


@pytest.mark.parametrize("sort", ["-owner", "password", "--name", "-", "name_sort"])
def test_only_declared_orders_are_taken(world: World, signed_in, sort: str) -> None:
    assert signed_in("alliance_admin").get(reverse("firms"), {"sort": sort}).status_code == 400


# --- columns -------------------------------------------------------------------------------------------------
def test_columns_are_remembered_for_one_person_and_one_list(world: World, signed_in) -> None:
    client = signed_in("alliance_admin")
    chosen = {"column": ["name", "uscc", "name_en"], "next": reverse("firms")}
    assert client.post(reverse("list-columns", args=["firms"]), chosen)["Location"] == reverse("firms")
    page = client.get(reverse("firms"))
    assert [column.key for column in page.context["table"].shown] == ["name", "uscc", "name_en"]
    assert len(lines(client.get(reverse("firms"), {"format": "csv"}))[0]) == 3
    other = signed_in("lab_owner").get(reverse("firms"))
    assert "roles" in [column.key for column in other.context["table"].shown]
    client.post(reverse("list-columns", args=["firms"]), {"do": "reset", "column": ["name"]})
    assert "roles" in [c.key for c in client.get(reverse("firms")).context["table"].shown]


@pytest.mark.parametrize("columns", [["password"], [], ["x" * 5000], ["uscc"] * 500, ["\x00"]])
def test_the_name_stays_whatever_is_ticked(world: World, signed_in, columns: list[str]) -> None:
    client = signed_in("alliance_admin")
    answer = client.post(reverse("list-columns", args=["firms"]), {"column": columns})
    assert answer.status_code in (302, 400)
    assert client.get(reverse("firms")).context["table"].shown[0].key == "name"
    assert client.post(reverse("list-columns", args=["nothing"]), {}).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_every_column_of_every_list_can_be_shown(world: World, signed_in, name: str) -> None:
    client = signed_in(READERS.get(name, "alliance_admin"))
    table = client.get(reverse(name)).context["table"]
    client.post(reverse("list-columns", args=[name]), {"column": [c.key for c in table.choosable]})
    page = client.get(reverse(name))
    assert page.context["table"].shown == table.choosable
    assert len({column.key for column in table.choosable}) == len(table.choosable)
    if page.context["rows"]:
        first = page.content.decode().split("<tbody>")[1].split("</tr>")[0]
        assert first.count("<td") == len(table.choosable)


def test_a_process_that_has_not_shown_a_list_keeps_what_a_person_chose_on_it() -> None:
    """Of several server processes another one may have shown the page."""
    told = [sys.executable, "-W", "ignore", "-c", KNOWN]
    known = subprocess.run(told, check=True, capture_output=True, text=True).stdout.split()
    assert set(known) == set(LISTS)
    assert {"notices", "matches", *SIDES} <= set(known)


KNOWN = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "alliance.settings"
django.setup()
import alliance.urls
from alliance.filters import LISTS
print(*LISTS)
"""


@pytest.mark.parametrize("side", ["needs", *SIDES.values()])
def test_a_side_of_ones_matches_is_kept_with_its_filters(world: World, signed_in, side: str) -> None:
    client = signed_in("lab_owner" if side == "needs" else "supplier_owner")
    name = next((name for name, shown in SIDES.items() if shown == side), "matches")
    part = world.types["reducer"].code
    query = f"component_type={part}&side={side}"
    keep(client, name, title="Reducers", query=query, next="/matches/")
    assert SavedFilter.objects.get(name="Reducers").query == query
    page = client.get(f"/matches/?{query}")
    assert page.context["kept"].now.name == "Reducers"
    first = page.context["table"].choosable[0].key
    client.post(reverse("list-columns", args=[name]), {"column": [first]})
    assert [c.key for c in client.get(f"/matches/?{query}").context["table"].shown] == [first]


# --- filters by name ---------------------------------------------------------------------------------------
def keep(client: Client, name: str = "capabilities", **more: str):
    data = {
        "title": "Fast ones",
        "query": "volume_lead_days=30&sort=volume&cursor=x&q=",
        "next": "/capabilities/",
    }
    return client.post(reverse("filter-save", args=[name]), data | more)


def test_a_filter_is_kept_applied_renamed_and_deleted(world: World, signed_in) -> None:
    client = signed_in("lab_owner")
    keep(client)
    row = SavedFilter.objects.exclude(name="Fast").get()
    assert row.query == "sort=volume&volume_lead_days=30"
    page = client.get(f"{reverse('capabilities')}?{row.query}&city=")
    assert page.context["kept"].now == row
    client.post(reverse("filter-step", args=[row.public_id, "rename"]), {"title": "  Very   fast "})
    row.refresh_from_db()
    assert row.name == "Very fast"
    client.post(reverse("filter-step", args=[row.public_id, "delete"]))
    assert not SavedFilter.objects.exclude(name="Fast").exists()
    verbs = Change.objects.filter(kind="saved filter").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["saved", "renamed", "deleted"]


def test_a_list_opens_with_the_filter_chosen_for_it(world: World, signed_in) -> None:
    client = signed_in("lab_owner")
    keep(client, opens="1")
    row = SavedFilter.objects.exclude(name="Fast").get()
    assert client.get(reverse("capabilities"))["Location"] == f"/capabilities/?{row.query}"
    assert client.get(reverse("capabilities"), {"view": "all"}).status_code == 200
    client.post(reverse("filter-step", args=[row.public_id, "close"]))
    assert client.get(reverse("capabilities")).status_code == 200


def test_what_can_no_longer_be_read_is_said_and_not_applied(world: World, signed_in) -> None:
    client = signed_in("lab_owner")
    keep(client, opens="1")
    SavedFilter.objects.update(query="component_type=GONE")
    page = client.get(reverse("capabilities"))
    assert page.status_code == 200
    assert page.context["kept"].broken.name == "Fast ones"
    assert page.context["rows"]
    assert client.get("/capabilities/?component_type=GONE").status_code == 400


@pytest.mark.parametrize(
    ("name", "more", "status"),
    [
        ("capabilities", {"query": "nonsense=1"}, 302),
        ("capabilities", {"query": "volume_lead_days=many"}, 302),
        ("capabilities", {"query": "&".join(f"a{i}=1" for i in range(3000))}, 302),
        ("capabilities", {"title": " "}, 302),
        ("capabilities", {"title": "x" * 61}, 302),
        ("capabilities", {"organisation": "not-an-id"}, 302),
        ("nothing", {}, 404),
    ],
)
def test_what_cannot_be_read_is_not_kept(world: World, signed_in, name, more, status) -> None:
    assert keep(signed_in("lab_owner"), name, **more).status_code == status
    assert not SavedFilter.objects.exclude(name="Fast").exists()


def test_a_shared_filter_is_for_the_organisation_and_nobody_else(world: World, signed_in) -> None:
    firm = world.organisations["supplier"]
    maker = signed_in("supplier_editor")
    keep(maker, organisation=str(firm.public_id))
    row = SavedFilter.objects.exclude(name="Fast").get()
    colleague = signed_in("supplier_owner")
    assert row in colleague.get(reverse("capabilities")).context["kept"].rows
    step = reverse("filter-step", args=[row.public_id, "rename"])
    viewer, stranger = signed_in("supplier_viewer"), signed_in("lab_owner")
    viewer.post(step, {"title": "Mine now"})
    assert stranger.post(step, {"title": "Mine now"}).status_code == 404
    assert row not in stranger.get(reverse("capabilities")).context["kept"].rows
    row.refresh_from_db()
    assert row.name == "Fast ones"
    assert keep(stranger, organisation=str(firm.public_id)).status_code == 302
    assert SavedFilter.objects.exclude(name="Fast").count() == 1


def test_a_private_filter_is_for_its_maker_only(world: World, signed_in) -> None:
    keep(signed_in("supplier_editor"))
    row = SavedFilter.objects.exclude(name="Fast").get()
    colleague = signed_in("supplier_owner")
    assert row not in colleague.get(reverse("capabilities")).context["kept"].rows
    assert colleague.post(reverse("filter-step", args=[row.public_id, "open"])).status_code == 404
    assert not ListSetting.objects.exists()


def test_a_name_is_used_once_by_a_person_and_list(world: World, signed_in) -> None:
    client = signed_in("lab_owner")
    keep(client)
    keep(client, query="volume_lead_days=60")
    assert SavedFilter.objects.exclude(name="Fast").count() == 1


def test_many_kept_filters_cost_no_more_queries(world: World, signed_in) -> None:
    client = signed_in("lab_owner")
    keep(client, organisation=str(world.organisations["lab"].public_id))

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("capabilities"))
        return len(found)

    asked()
    one = asked()
    for number in range(5):
        keep(client, title=f"Number {number}")
    assert asked() == one


@pytest.mark.parametrize(
    "target", ["https://example.org/", "//example.org", "javascript:alert(1)", "\\\\x", ""]
)
def test_nobody_is_sent_to_another_host(world: World, signed_in, target: str) -> None:
    answer = signed_in("lab_owner").post(reverse("list-columns", args=["firms"]), {"next": target})
    assert answer["Location"] == "/"


def test_names_are_escaped(world: World, signed_in) -> None:
    client = signed_in("lab_owner")
    keep(client, title="<script>alert(1)</script>")
    assert "<script>alert" not in client.get(reverse("capabilities")).content.decode()


# --- the lists that people work from: meetings, verifications, uploads, the outbox -----------------------------
def _more_meetings(world: World) -> None:
    for number in range(3):
        row = Meeting.objects.create(
            alliance=world.alliances["north"], title=f"M{number}", held_on=make.AS_OF
        )
        for seat in ("lead_bureau", "partner_bureau"):
            MeetingSeat.objects.create(meeting=row, bureau=world.organisations[seat])
        ActionItem.objects.create(meeting=row, text="x", bureau=world.organisations["lead_bureau"])


def _more_verifications(world: World) -> None:
    for number in range(3):
        firm = make.make_firm(world.organisations["draft"].city, f"F{number}")
        Verification.objects.create(organisation=firm, asked_by=world.people["draft_owner"])


def _more_sheets(world: World) -> None:
    old = SheetImport.objects.get(organisation=world.organisations["supplier"])
    for number in range(3):
        SheetImport.objects.create(
            organisation=old.organisation, person=old.person, file_name=f"{number}.xlsx", sha256="0"
        )


def _more_mails(world: World) -> None:
    Mail.objects.bulk_create([Mail(to=f"{n}@example.org", subject=str(n), body="x") for n in range(3)])


@pytest.mark.parametrize(
    ("name", "who", "more"),
    [
        ("meetings", "lead_official", _more_meetings),
        ("verifications", "partner_official", _more_verifications),
        ("imports", "supplier_owner", _more_sheets),
        ("outbox", "platform_admin", _more_mails),
    ],
)
def test_one_row_and_several_cost_the_same(world: World, signed_in, name: str, who: str, more) -> None:
    Mail.objects.create(to="a@example.org", subject="one", body="x")
    client = signed_in(who)

    def count() -> tuple[int, int]:
        client.get(reverse(name))
        with CaptureQueriesContext(connection) as asked:
            page = client.get(reverse(name))
        return len(asked), len(page.context["rows"])

    few, rows = count()
    assert rows
    more(world)
    many, now = count()
    assert (many, now) == (few, rows + 3)


def test_meetings_are_narrowed_and_the_headline_names_the_next_one(world: World, signed_in, settings) -> None:
    settings.LANGUAGE_CODE = "en"
    client = signed_in("lead_official")
    both = world.meetings["both"]
    Meeting.objects.filter(pk=both.pk).update(state="held")
    found = client.get(reverse("meetings"), {"state": "held"})
    assert [row.pk for row in found.context["rows"]] == [both.pk]
    ActionItem.objects.filter(meeting=both).update(done_at="2026-11-20T00:00Z")
    found = client.get(reverse("meetings"), {"open": "false"})
    assert [row.pk for row in found.context["rows"]] == [both.pk]
    page = client.get(reverse("meetings"), {"q": "nothing like it"}, headers={"accept-language": "en"})
    said = page.content.decode()
    assert "Nothing fits these filters" in said
    assert (
        "waits for its minutes" in said or "Next meeting on" in said
    )  # the headline is not about the filter
    assert client.get(reverse("meetings"), {"state": "x"}).status_code == 400


def test_what_waits_to_be_verified_comes_first_and_leads_to_the_decision(world: World, signed_in) -> None:
    _more_verifications(world)
    rows = Verification.objects.order_by("-id")
    Verification.objects.filter(pk=rows[0].pk).update(state="granted", decided_at="2026-11-20T00:00Z")
    client = signed_in("partner_official")
    page = client.get(reverse("verifications"))
    assert [row.state for row in page.context["rows"]] == ["waiting"] * 3 + ["granted"]
    assert [row.may_decide for row in page.context["rows"]] == [True, True, True, False]
    assert page.context["waiting"] == 3
    # The firm reads its own request, and decides nothing.
    page = signed_in("draft_owner").get(reverse("verifications"))
    assert [row.may_decide for row in page.context["rows"]] == [False]
    assert page.context["waiting"] == 0


def test_the_outbox_tells_nobody_what_a_private_mail_says(world: World, signed_in) -> None:
    Mail.objects.create(to="a@example.org", subject="Secret line", body="Secret words", private=True)
    Mail.objects.create(to="b@example.org", subject="Plain", body="x", error="refused")
    client = signed_in("platform_admin")
    for page in (reverse("outbox"), reverse("outbox") + "?format=csv", reverse("outbox") + "?state=waiting"):
        answer = client.get(page)
        said = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"Secret" not in said, page
    assert [row.to for row in client.get(reverse("outbox"), {"state": "failed"}).context["rows"]] == [
        "b@example.org"
    ]
    assert signed_in("alliance_admin").get(reverse("outbox") + "?format=csv").status_code == 404


def test_a_refused_upload_keeps_the_list_beneath_it(world: World, signed_in) -> None:
    client = signed_in("supplier_owner")
    answer = client.post(reverse("imports"), {})
    assert answer.status_code == 400
    assert answer.context["upload_form"].errors
    assert len(answer.context["rows"]) == 1
    # A long list of uploads does not fetch what was wrong in each cell.
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("imports"))
    assert not [one["sql"] for one in asked if '"problems"' in one["sql"]]

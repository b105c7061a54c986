"""The bureaus' meeting: who sees it, what its agenda holds, minutes, what was agreed, calendar files."""

from datetime import date, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Change
from matching.models import ActionItem, Introduction, Meeting, MeetingSeat, Project
from matching.selectors import Desk, agenda, meeting_list, queue
from matching.services import meetings as service
from tests import factories as make

BOTH = ("lead_bureau", "partner_bureau")


def call(world, person="lead_official", bureaus=BOTH, **more):
    values = {"title": "November", "held_on": date(2026, 12, 3), "starts_at": time(9, 30), "place": "Room 1"}
    seats = [world.organisations[name] for name in bureaus]
    return service.call_meeting(world.person(person), world.alliances["north"], seats, **{**values, **more})


def nobody_is_introduced():
    """Every pipeline of the cast is new again."""
    Introduction.objects.all().delete()
    Project.objects.all().delete()


def kinds(world, meeting, person="lead_official"):
    return [point.item.kind for point in agenda(world.person(person), meeting)]


# --- who ---------------------------------------------------------------------------------------------
def test_only_the_bureaus_at_the_table_see_a_meeting(world):
    meeting = call(world, bureaus=("lead_bureau",))
    seen = {p for p in world.people if meeting_list(world.person(p)).filter(pk=meeting.pk).exists()}
    assert seen == {"lead_official", "alliance_admin"}


def test_a_firm_and_a_foreign_official_call_no_meeting(world):
    for person in ("supplier_owner", "lab_owner", "outside_official", "platform_admin"):
        with pytest.raises((ForbiddenError, DomainError)):
            call(world, person)
    assert not Meeting.objects.filter(title="November").exists()


def test_a_bureau_of_another_alliance_does_not_sit_at_the_table(world):
    with pytest.raises(DomainError) as refused:
        call(world, bureaus=("lead_bureau", "outside_bureau"))
    assert refused.value.field == "bureaus"


def test_who_calls_sits_at_the_table(world):
    with pytest.raises(DomainError):
        call(world, bureaus=("partner_bureau",))


def test_a_firm_is_no_bureau(world):
    with pytest.raises(DomainError):
        call(world, bureaus=("lead_bureau", "supplier"))


# --- agenda -------------------------------------------------------------------------------------------
def test_the_agenda_holds_uncovered_lines_and_new_pipelines(world):
    nobody_is_introduced()
    run = world.runs["north"]
    bare = make.make_line(world.demands["open"], world.types["sensor"])
    make.make_line_result(run, bare, 0, 2)
    meeting = call(world)
    points = agenda(world.person("lead_official"), meeting)
    assert [p.item.line_id for p in points if p.item.kind == "uncovered"] == [bare.pk]
    assert sum(p.item.kind == "pipeline" for p in points) == 3
    assert "2" in next(p.words for p in points if p.item.kind == "uncovered")


def test_what_an_earlier_agenda_had_is_not_new(world):
    call(world)
    assert "pipeline" not in kinds(world, call(world))


def test_renewing_adds_only_what_is_not_there(world):
    meeting = call(world)
    before = kinds(world, meeting)
    assert service.refresh_agenda(world.person("lead_official"), meeting) == 0
    line = make.make_line(world.demands["members"], world.types["sensor"])
    make.make_line_result(world.runs["north"], line, 0, 0)
    assert service.refresh_agenda(world.person("partner_official"), meeting) == 1
    assert kinds(world, meeting) == [*before, "uncovered"]


def test_a_demand_waiting_for_introduction_is_not_named_to_the_other_bureau(world):
    nobody_is_introduced()
    meeting = call(world)
    words = " ".join(p.title + p.words for p in agenda(world.person("partner_official"), meeting))
    assert "Secret programme members" in words
    assert "Secret programme introduction" not in words
    assert "Secret programme introduction" in " ".join(
        p.title for p in agenda(world.person("lead_official"), meeting)
    )


def test_points_move_and_go(world):
    meeting, user = call(world), world.person("lead_official")
    own = service.add_own_point(user, meeting, "  Visit the lab ")
    last = len(kinds(world, meeting))
    assert agenda(user, meeting)[-1].title == "Visit the lab"
    service.move_point(user, meeting, own, -1)
    assert [p.item.pk for p in agenda(user, meeting)].index(own.pk) == last - 2
    for _ in range(9):
        service.move_point(user, meeting, own, -1)
    assert agenda(user, meeting)[0].item.pk == own.pk
    service.drop_point(user, meeting, own)
    with pytest.raises(NotFoundError):
        service.drop_point(user, meeting, own)
    assert len(kinds(world, meeting)) == last - 1


# --- what was agreed --------------------------------------------------------------------------------------
def test_open_items_are_carried_to_the_next_meeting_of_the_same_table(world):
    user = world.person("lead_official")
    first = call(world)
    done = service.agree(user, first, "Done already", world.organisations["lead_bureau"])
    service.finish_action(user, done)
    service.agree(
        user, first, "Find a maker", world.organisations["partner_bureau"], due_on=date(2026, 11, 1)
    )
    titles = [p.title for p in agenda(user, call(world))]
    assert "Find a maker" in titles
    assert "Done already" not in titles


def test_an_item_is_not_carried_to_a_table_with_somebody_who_did_not_hear_it(world):
    user = world.person("lead_official")
    alone = call(world, bureaus=("lead_bureau",))
    service.agree(user, alone, "Between ourselves", world.organisations["lead_bureau"])
    assert "Between ourselves" not in [p.title for p in agenda(user, call(world))]
    assert "Between ourselves" in [p.title for p in agenda(user, call(world, bureaus=("lead_bureau",)))]


def test_the_owner_sits_at_the_table_and_the_person_works_there(world):
    user, meeting = world.person("lead_official"), call(world, bureaus=("lead_bureau",))
    with pytest.raises(DomainError):
        service.agree(user, meeting, "x", world.organisations["partner_bureau"])
    with pytest.raises(DomainError):
        service.agree(
            user, meeting, "x", world.organisations["lead_bureau"], person=world.people["partner_official"]
        )
    assert not ActionItem.objects.filter(text="x").exists()


def test_an_overdue_item_stands_on_today_for_the_bureau_whose_turn_it_is(world):
    user = world.person("lead_official")
    late = timezone.localdate() - timedelta(days=4)
    service.agree(user, call(world), "Find a maker", world.organisations["partner_bureau"], due_on=late)

    def item(person):
        groups = {g.key: g for g in queue(Desk(world.person(person), world.alliances["north"])).groups}
        return [i for i in groups["actions"].items if i.title == "Find a maker"]

    assert item("lead_official") == []
    (mine,) = item("partner_official")
    assert (mine.mine, mine.late, mine.urgent) == (True, 4, True)


def test_two_who_finish_an_item_at_once_leave_one_record(world):
    user = world.person("lead_official")
    item = service.agree(user, call(world), "Find a maker", world.organisations["lead_bureau"])
    service.finish_action(user, item)
    service.finish_action(world.person("partner_official"), item)
    assert Change.objects.filter(kind="action item", verb="done").count() == 1
    assert item.done_by == user


# --- life ---------------------------------------------------------------------------------------------------
def test_a_meeting_held_keeps_its_agenda_and_takes_minutes(world):
    user, meeting = world.person("lead_official"), call(world)
    point = agenda(user, meeting)[0].item
    service.close_meeting(user, meeting, "held")
    with pytest.raises(ConflictError):
        service.add_own_point(user, meeting, "late")
    service.write_minutes(user, meeting, "All agreed.", {str(point.public_id): "Yes."})
    meeting.refresh_from_db()
    point.refresh_from_db()
    assert (meeting.minutes, point.outcome) == ("All agreed.", "Yes.")


def test_of_two_who_write_minutes_at_once_the_second_is_told(world):
    user, meeting = world.person("lead_official"), call(world)
    version = meeting.version
    service.write_minutes(user, meeting, "first", {}, version=version)
    with pytest.raises(ConflictError):
        service.write_minutes(world.person("partner_official"), meeting, "second", {}, version=version)


def test_a_cancelled_meeting_stays_cancelled(world):
    user, meeting = world.person("lead_official"), call(world)
    service.close_meeting(user, meeting, "cancelled")
    with pytest.raises(ConflictError):
        service.close_meeting(user, meeting, "held")


# --- pages ----------------------------------------------------------------------------------------------------
def test_a_meeting_is_called_by_form_and_found_on_its_page(signed_in, world):
    client = signed_in("lead_official")
    seats = [world.organisations[name].public_id for name in BOTH]
    form = {
        "title": "Dec",
        "held_on": "2026-12-10",
        "starts_at": "14:00",
        "minutes_long": "60",
        "bureaus": seats,
    }
    answer = client.post(reverse("meeting-new"), form)
    meeting = Meeting.objects.get(title="Dec")
    assert answer.headers["Location"] == reverse("meeting", args=[meeting.public_id])
    page = client.get(answer.headers["Location"]).content.decode()
    assert "2026-12-10" in page
    for wrong in ({"held_on": "soon"}, {"held_on": "9999-12-31"}, {"bureaus": ["junk"]}, {"title": "a\x00b"}):
        assert client.post(reverse("meeting-new"), form | wrong).status_code == 400


def test_pages_of_a_meeting_do_the_steps(signed_in, world):
    client, meeting = signed_in("partner_official"), call(world)
    at = [meeting.public_id]
    assert client.post(reverse("agenda-add", args=at), {"text": "Own"}).status_code == 302
    item = meeting.items.get(kind="own")
    client.post(reverse("agenda-point", args=[item.public_id]), {"step": "up"})
    owner = f"{world.organisations['partner_bureau'].public_id}/partner_official"
    client.post(reverse("action-add", args=at), {"text": "Call", "owner": owner, "due_on": "2026-12-20"})
    action = meeting.actions.get()
    assert action.person == world.people["partner_official"]
    client.post(reverse("action-done", args=[action.public_id]), {"done": "yes"})
    action.refresh_from_db()
    assert action.done_at is not None
    client.post(
        reverse("meeting-minutes", args=at), {"minutes": "So\x00.", f"outcome-{item.public_id}": "Fine."}
    )
    client.post(reverse("meeting-close", args=at), {"state": "held"})
    meeting.refresh_from_db()
    assert (meeting.minutes, meeting.state) == ("So.", "held")


def test_a_strangers_owner_is_refused_by_the_form(signed_in, world):
    client, meeting = signed_in("lead_official"), call(world)
    owner = str(world.organisations["outside_bureau"].public_id)
    answer = client.post(reverse("action-add", args=[meeting.public_id]), {"text": "Call", "owner": owner})
    assert answer.status_code == 400
    assert not meeting.actions.exists()


def test_the_calendar_file_says_when_where_and_what(signed_in, world):
    nobody_is_introduced()
    meeting = call(world)
    answer = signed_in("partner_official").get(reverse("meeting-calendar", args=[meeting.public_id]))
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(event["summary"]) == "November"
    assert event.decoded("dtstart").isoformat() == "2026-12-03T09:30:00+08:00"
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=90)
    assert str(event["location"]) == "Room 1"
    assert "Secret programme members" in str(event["description"])
    assert "Secret programme introduction" not in str(event["description"])


def test_a_persons_dates_are_meetings_and_what_is_due(signed_in, world):
    meeting = call(world, starts_at=None)
    user = world.person("lead_official")
    service.agree(user, meeting, "Mine", world.organisations["partner_bureau"], due_on=date(2026, 12, 20))
    service.agree(user, meeting, "Theirs", world.organisations["lead_bureau"], due_on=date(2026, 12, 21))
    events = Calendar.from_ical(signed_in("partner_official").get(reverse("my-calendar")).content).walk(
        "VEVENT"
    )
    found = {(str(event["summary"]), event.decoded("dtstart")) for event in events}
    assert {day for words, day in found if "Secret" not in words} == {date(2026, 12, 3), date(2026, 12, 20)}
    assert not Calendar.from_ical(signed_in("supplier_owner").get(reverse("my-calendar")).content).walk(
        "VEVENT"
    )


def test_the_list_and_a_page_ask_as_often_for_one_row_as_for_many(
    signed_in, world, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in("lead_official")
    user = world.person("lead_official")
    make.make_line_result(
        world.runs["north"], make.make_line(world.demands["open"], world.types["sensor"]), 0, 0
    )
    meeting = call(world)
    service.agree(user, meeting, "One", world.organisations["lead_bureau"])

    def counts():
        found = []
        for address in (reverse("meetings"), reverse("meeting", args=[meeting.public_id])):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    counts()
    few = counts()
    for number in range(3):
        call(world)
        service.add_own_point(user, meeting, f"own {number}")
        line = make.make_line(world.demands["members"], world.types["sensor"])
        make.make_line_result(world.runs["north"], line, 0, 0)
        service.agree(user, meeting, f"More {number}", world.organisations["partner_bureau"])
    service.refresh_agenda(user, meeting)
    assert counts() == few


def test_the_form_of_a_meeting_takes_back_what_it_shows(world, signed_in):
    """A time with seconds was shown, and then refused."""
    place = reverse("meeting-edit", args=[world.meetings["both"].public_id])
    Meeting.objects.filter(pk=world.meetings["both"].pk).update(starts_at=time(14, 30))
    browser = signed_in("lead_official")
    shown = browser.get(place).context["form"]
    assert 'value="14:30"' in str(shown["starts_at"])
    sent = {"title": "T", "held_on": "2027-01-05", "starts_at": "14:30", "minutes_long": "60", "place": ""}
    assert browser.post(place, sent).status_code == 302


def test_a_calendar_of_many_years_holds_the_meetings_to_come(world, signed_in):
    bureau, north = world.organisations["lead_bureau"], world.alliances["north"]
    days = [date(2020, 1, 1) + timedelta(days=7 * week) for week in range(200)]
    held = Meeting.objects.bulk_create(
        Meeting(alliance=north, title=f"of {day}", held_on=day, state="held") for day in days
    )
    MeetingSeat.objects.bulk_create(MeetingSeat(meeting=row, bureau=bureau) for row in held)
    coming = call(world, title="the one to come", held_on=timezone.localdate() + timedelta(days=3))
    assert coming.title in signed_in("lead_official").get(reverse("my-calendar")).content.decode()

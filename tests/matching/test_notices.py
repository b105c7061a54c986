"""Who hears of introductions, meetings, new matches and dates, in which words, and who does not."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from alliance.changes import ORIGIN, Origin, record
from alliance.errors import ConflictError, NotFoundError
from alliance.models import Change, ConsumerPosition, Message, MessageReader, Notice
from alliance.selectors.notices import attach_words, notice_list
from alliance.services.notices import CONSUMER, choose_channels, follow_news
from alliance.services.notices.reading import mark_read
from matching.models import ActionItem, Answer, Introduction, Match, Meeting, ToldMatches
from matching.services.changes import affected_by
from matching.services.introductions import introduce, take_step
from matching.services.introductions.disclosing import PARTS, disclose
from matching.services.introductions.stepping import Step
from matching.services.meetings import (
    agree,
    call_meeting,
    change_meeting,
    close_meeting,
    restore_meeting,
    write_minutes,
)
from matching.services.notices import remember_matches, tell_of_dates
from scenarios.models import Site
from tests import factories as make
from tests.news import heard, told, unguarded


@pytest.fixture
def world(world):
    """Nobody has been told of anything."""
    Notice.objects.all().delete()
    return world


@pytest.fixture(autouse=True)
def feed(world):
    with unguarded(), translation.override("en"):
        yield


def as_person(world, name):
    """Changes name who makes them, as in a request."""
    ORIGIN.set(Origin(actor_id=world.people[name].pk))
    return world.person(name)


@pytest.fixture(autouse=True)
def nobody_acts():
    token = ORIGIN.set(Origin())
    yield
    ORIGIN.reset(token)


PARTIES = {
    "lab_owner", "lab_editor", "supplier_owner", "supplier_editor", "lead_official", "alliance_admin",
    "partner_official",
}  # fmt: skip


# --- introductions ------------------------------------------------------------------------------------
def propose(world, name="introduction"):
    return introduce(
        user=as_person(world, "lead_official"),
        line=world.lines[name],
        capability=world.capabilities["supplier"],
    )


def test_everybody_who_works_on_an_introduction_hears_of_it_but_for_who_made_it(world):
    propose(world)
    assert follow_news() == 1
    assert heard("introduction proposed") == PARTIES - {"lead_official"}
    assert not Notice.objects.filter(
        user__username__in=["rival_owner", "supplier_viewer", "outside_official"]
    )


def test_the_words_follow_what_each_reader_may_see_and_whose_turn_it_is(world):
    row = propose(world)
    follow_news()
    (lab,) = [words for _key, words in told(world, "lab_owner")]
    (supplier,) = [words for _key, words in told(world, "supplier_owner")]
    assert "Secret programme introduction" in lab
    assert f"turn of Supplier, until {row.due_on}" in lab
    assert "Secret" not in supplier
    assert "a lab in Leadton" in supplier
    assert f"our turn, until {row.due_on}" in supplier


def test_answers_moves_and_refusals_are_told_apart(world):
    row = propose(world)
    row = take_step(row, "accept", user=as_person(world, "supplier_owner"))
    row = take_step(row, "accept", user=as_person(world, "lab_owner"))
    take_step(row, "decline", user=as_person(world, "lab_owner"), step=Step(reason="other plans"))
    follow_news()
    assert [key for key, _words in told(world, "supplier_editor")] == ["introduction declined"]
    assert told(world, "supplier_editor")[-1][1].endswith("declined: other plans")
    # One's own steps are no news.
    assert [key for key, _w in told(world, "lab_owner")] == ["introduction answered"]


def test_one_unread_notice_tells_how_far_an_introduction_is_and_what_was_read_stays(world):
    row = propose(world)
    follow_news()
    reader = Notice.objects.get(user__username="supplier_editor")
    mark_read(reader.user, reader.public_id)
    row = take_step(row, "accept", user=as_person(world, "supplier_owner"))
    follow_news()
    take_step(row, "accept", user=as_person(world, "lab_owner"))
    follow_news()
    keys = [key for key, _words in told(world, "supplier_editor")]
    assert keys == ["introduction proposed", "introduction answered"]
    (unread,) = Notice.objects.filter(user__username="supplier_editor", read_at=None)
    assert unread.params["state"] == "accepted"
    assert not Notice.objects.filter(user__username="lab_owner", key="introduction proposed").exists()


def test_a_meeting_called_off_by_mistake_takes_place_after_all(world):
    meeting = Meeting.objects.get(pk=world.meetings["both"].pk)
    lead, partner = as_person(world, "lead_official"), as_person(world, "partner_official")
    close_meeting(lead, meeting, "cancelled")
    with pytest.raises(NotFoundError):
        restore_meeting(as_person(world, "lab_owner"), meeting)
    with pytest.raises(ConflictError):
        restore_meeting(lead, meeting, version=meeting.version)
    assert restore_meeting(lead, meeting).state == "planned"
    assert Change.objects.filter(kind="meeting", verb="restored").count() == 1
    restore_meeting(partner, meeting)
    assert Change.objects.filter(kind="meeting", verb="restored").count() == 1, "it is planned already"
    follow_news()
    key, words = told(world, "partner_official")[-1]
    assert key == "meeting restored"
    assert "takes place after all" in words
    assert change_meeting(partner, meeting, place="Room 2").place == "Room 2"


def test_a_row_that_became_invisible_shows_no_words(world):
    row = propose(world)
    follow_news()
    assert told(world, "supplier_owner")[0][1] is not None
    Introduction.objects.filter(pk=row.pk).update(supplier=world.organisations["rival"])
    assert told(world, "supplier_owner") == [("introduction proposed", None)]


def test_the_page_shows_a_closed_row_without_words_and_opens_nothing(world, signed_in):
    row = propose(world)
    follow_news()
    Introduction.objects.filter(pk=row.pk).update(supplier=world.organisations["rival"])
    notice = Notice.objects.get(user__username="supplier_owner")
    page = signed_in("supplier_owner").get("/notifications/", headers={"accept-language": "en"})
    assert "not open to you any more" in page.content.decode()
    assert str(row.public_id) not in page.content.decode()
    answer = signed_in("supplier_owner").get(f"/notifications/{notice.public_id}/")
    assert answer["Location"] == "/notifications/"


# --- exactly once ---------------------------------------------------------------------------------------
def test_a_worker_that_dies_leaves_nothing_and_the_next_tells_once(world, monkeypatch):
    from alliance.services.notices import feed as module

    propose(world)
    propose(world, "members")
    before = ConsumerPosition.objects.values_list("transaction", "change").get(name=CONSUMER)
    real, calls = module.tell, []

    def dies_at_the_second(source, news):
        calls.append(source)
        if len(calls) == 2:
            raise OperationalError("the server closed the connection")
        return real(source, news)

    with monkeypatch.context() as patch:
        patch.setattr(module, "LONGEST", 60)
        patch.setattr(module, "tell", dies_at_the_second)
        with pytest.raises(OperationalError):
            follow_news()
    assert not Notice.objects.exists()
    assert ConsumerPosition.objects.values_list("transaction", "change").get(name=CONSUMER) == before
    with monkeypatch.context() as patch:  # each change in a transaction of its own: what was told stays told
        patch.setattr(module, "LONGEST", -1)
        calls.clear()
        patch.setattr(module, "tell", dies_at_the_second)
        with pytest.raises(OperationalError):
            follow_news()
        assert Notice.objects.filter(user__username="supplier_owner").count() == 1
        patch.setattr(module, "tell", real)
        assert follow_news() == 1
    assert Notice.objects.filter(user__username="supplier_owner").count() == 2


def test_the_same_change_read_twice_tells_once(world):
    propose(world)
    place = ConsumerPosition.objects.values("transaction", "change").get(name=CONSUMER)
    follow_news()
    count = Notice.objects.count()
    ConsumerPosition.objects.filter(name=CONSUMER).update(**place)
    assert follow_news() == 1
    assert Notice.objects.count() == count > 0


def test_a_change_that_cannot_be_told_does_not_hold_up_the_others(world):
    record("moved", "introduction", "nonsense", after={"state": "talks"})
    record("decided", "verification", "00000000-0000-4000-8000-000000000000")
    propose(world)
    assert follow_news() == 3
    assert heard("introduction proposed")


def test_who_wants_to_hear_nothing_of_a_group_gets_no_row(world):
    choose_channels(world.people["lab_owner"], {"introductions": "none"})
    propose(world)
    follow_news()
    assert heard("introduction proposed") == PARTIES - {"lead_official", "lab_owner"}


# --- meetings --------------------------------------------------------------------------------------------
def test_a_meeting_is_told_to_the_bureaus_at_its_table(world):
    official = as_person(world, "lead_official")
    bureaus = [world.organisations["lead_bureau"], world.organisations["partner_bureau"]]
    day = date(2026, 12, 4)
    meeting = call_meeting(official, world.alliances["north"], bureaus, title="December", held_on=day)
    change_meeting(official, meeting, held_on=date(2026, 12, 5))
    write_minutes(official, meeting, "all agreed", {})
    agree(official, meeting, "call the lab", bureaus[1], person=world.people["partner_official"], due_on=day)
    close_meeting(official, meeting, "cancelled")
    follow_news()
    assert told(world, "partner_official") == [
        ("meeting called", "December: called for 2026-12-05"),
        ("meeting moved", "December: moved to 2026-12-05"),
        ("meeting minutes", "December: the minutes were written"),
        ("action agreed", "call the lab: yours to do · until 2026-12-04"),
        ("meeting cancelled", "December: cancelled"),
    ]
    assert heard("meeting called") == {"partner_official", "alliance_admin"}
    assert heard("action agreed") == {"partner_official"}


# --- matches ---------------------------------------------------------------------------------------------
def finish(world, run):
    record("finished", "run", str(run.public_id), after={"state": "finished"})
    follow_news()


def next_run(world, name, *capabilities):
    run = make.make_run(world.alliances["north"])
    make.point_to(run, world.demands[name])
    for rank, capability in enumerate(capabilities, 1):
        make.make_match(run, world.lines[name], world.capabilities[capability], rank)
    make.make_line_result(run, world.lines[name], len(capabilities), 0)
    return run


def test_what_is_there_when_reading_begins_is_no_news(world):
    remember_matches()
    finish(world, world.runs["north"])
    assert not Notice.objects.exists()


def test_a_lab_hears_once_of_a_run_what_its_lines_gained_and_lost(world):
    remember_matches()
    finish(world, next_run(world, "open", "rival", "near"))
    assert told(world, "lab_owner") == [
        ("demand matches", "Secret programme open: drv-red: 1 new supplier, 1 lost")
    ]
    assert told(world, "lab_editor") == told(world, "lab_owner")


def test_a_supplier_hears_of_its_own_lines_only_and_of_no_rank_or_rival(world):
    remember_matches()
    finish(world, next_run(world, "open", "rival", "near"))
    title = {name: world.capabilities[name].title for name in ("near", "supplier")}
    assert told(world, "supplier_owner") == [
        ("capability matches", f"{title['supplier']}: no longer fits 1 line"),
        ("capability matches", f"{title['near']}: fits 1 more line: drv-red"),
    ]
    assert told(world, "rival_owner") == []


def test_many_offers_of_one_firm_in_one_run_are_told_together(world):
    remember_matches()
    offers = [make.make_capability(world.facilities["rival"], world.types["reducer"]) for _ in range(6)]
    world.capabilities |= {f"more {at}": offer for at, offer in enumerate(offers)}
    finish(world, next_run(world, "open", *(f"more {at}" for at in range(6))))
    assert told(world, "rival_owner") == [
        ("offers matches", "7 capabilities of yours: fits 1 more line: drv-red; no longer fits 1 line")
    ]


def test_first_results_of_a_new_demand_are_one_line(world):
    remember_matches()
    ToldMatches.objects.filter(line_id=world.lines["open"].pk).delete()
    finish(world, next_run(world, "open", "rival", "near"))
    (told_to_lab,) = told(world, "lab_owner")
    assert told_to_lab[1] == "Secret programme open: first results: 1 line can be supplied"


def test_a_supplier_beyond_the_alliance_is_not_told_of_a_demand_it_does_not_see(world):
    remember_matches()
    ToldMatches.objects.filter(line_id=world.lines["everywhere"].pk).delete()
    finish(world, next_run(world, "everywhere", "far"))
    assert told(world, "outside_owner") == []
    assert len(told(world, "lab_owner")) == 1


def test_a_line_whose_best_twenty_are_full_has_lost_nobody(world):
    offers = [make.make_capability(world.facilities["rival"], world.types["reducer"]) for _ in range(20)]
    world.capabilities |= {f"more {at}": offer for at, offer in enumerate(offers)}
    remember_matches()
    finish(world, next_run(world, "open", *(f"more {at}" for at in range(20))))
    assert told(world, "lab_owner")[0][1].endswith("drv-red: 20 new suppliers")
    assert told(world, "supplier_owner") == []


def test_a_run_that_was_overtaken_is_left_to_the_later_one(world):
    remember_matches()
    first = next_run(world, "open", "near")
    second = next_run(world, "open", "supplier", "rival")
    finish(world, first)
    assert not Notice.objects.exists()
    finish(world, second)
    assert not Notice.objects.exists()
    assert Match.objects.filter(run_id=first.pk).exists()


# --- dates -----------------------------------------------------------------------------------------------
def test_overdue_is_told_once_for_each_date_to_who_has_the_turn_and_the_bureaus(world):
    row = world.introductions["open"]
    with time_machine.travel("2027-01-16T09:00:00+08:00", tick=False):
        assert tell_of_dates() > 0
        assert tell_of_dates() == 0
        theirs = {"outside_owner", "outside_official", "outside_admin"}  # of the pair in the south
        assert heard("introduction overdue") - theirs == PARTIES - {"lab_owner", "lab_editor"}
        assert "overdue since 2027-01-15" in told(world, "supplier_owner")[0][1]
    count = Notice.objects.count()
    with time_machine.travel("2027-01-17T09:00:00+08:00", tick=False):
        tell_of_dates()
        assert Notice.objects.count() == count
    Introduction.objects.filter(pk=row.pk).update(due_on=date(2027, 1, 17))
    with time_machine.travel("2027-01-18T09:00:00+08:00", tick=False):
        tell_of_dates()
        again = Notice.objects.filter(object_id=str(row.public_id), user__username="supplier_owner")
        assert again.count() == 2
        assert Notice.objects.filter(user__username="outside_owner").count() == 1


def test_tasks_overdue_and_last_windows_are_told_to_their_owners(world):
    ActionItem.objects.filter(pk=world.actions["both"].pk).update(
        due_on=timezone.localdate() - timedelta(days=1), person=world.people["lead_official"]
    )
    Site.objects.get(pk=world.sites["open"].pk).windows.update(
        ends=timezone.localdate() + timedelta(days=10), starts=timezone.localdate()
    )
    tell_of_dates()
    assert heard("action item overdue") == {"lead_official"}
    assert heard("site lapses") == {"operator_owner"}


# --- the number of queries --------------------------------------------------------------------------------
def test_as_many_queries_for_one_notice_as_for_many(world):
    def queries():
        user = world.person("lab_owner")
        with CaptureQueriesContext(connection) as seen:
            rows = list(notice_list(user))
            attach_words(user, rows)
        assert all(row.said for row in rows)
        return len(rows), len(seen)

    remember_matches()
    finish(world, next_run(world, "open", "rival", "near"))
    propose(world)
    follow_news()
    few, one = queries()
    finish(world, next_run(world, "members", "supplier", "near"))
    propose(world, "members")
    take_step(propose_again(world), "accept", user=as_person(world, "supplier_owner"))
    follow_news()
    many, several = queries()
    assert many > few
    assert several == one


def propose_again(world):
    return Introduction.objects.get(line=world.lines["members"])


# --- messages --------------------------------------------------------------------------------------------
def write(world, author, organisation, text, readers, mentions=(), on="open"):
    row = Message.objects.create(
        kind="demand",
        object_id=world.demands[on].public_id,
        author=world.people[author],
        organisation=world.organisations[organisation],
        text=text,
    )
    for name in readers:
        MessageReader.objects.create(message=row, organisation=world.organisations[name])
    row.mentions.set([world.people[name] for name in mentions])
    ORIGIN.set(Origin(actor_id=world.people[author].pk))
    after = {"on": "demand", "id": str(row.object_id), "mentions": [p.pk for p in row.mentions.all()]}
    record("posted", "message", str(row.public_id), after=after)
    follow_news()
    return row


BUREAUS = ("lead_bureau", "partner_bureau")


def test_a_mention_is_told_apart_and_only_readers_hear_of_a_message(world):
    write(
        world, "lead_official", "lead_bureau", "Who can do this?", BUREAUS, ["partner_official", "lab_owner"]
    )
    assert heard("message mention") == {"partner_official"}  # the lab is not among the readers
    assert heard("message posted") == {"alliance_admin"}  # of the bureau that looks after the lab's city
    (mention,) = told(world, "partner_official")
    assert mention[1] == (
        "Secret programme open: lead official (Leadton bureau) mentions you: Who can do this?"
    )


def test_who_has_written_in_a_thread_follows_it(world):
    write(world, "partner_official", "partner_bureau", "I ask around", BUREAUS)
    write(world, "lead_official", "lead_bureau", "Thanks", BUREAUS)
    assert [words for _key, words in told(world, "partner_official")] == [
        "Secret programme open: lead official (Leadton bureau): Thanks"
    ]


def test_words_of_a_message_that_was_withdrawn_or_closed_are_gone(world):
    row = write(world, "lead_official", "lead_bureau", "Secret words", BUREAUS, ["partner_official"])
    Message.objects.filter(pk=row.pk).update(withdrawn_at=timezone.now())
    assert told(world, "partner_official")[0][1].endswith("a message that was withdrawn")
    MessageReader.objects.filter(message=row).delete()
    assert told(world, "partner_official") == [("message mention", None)]


def test_an_official_reads_unread_messages_on_today(world, signed_in):
    write(world, "lead_official", "lead_bureau", "Who can do this?", BUREAUS, ["partner_official"])
    today = signed_in("partner_official").get("/", headers={"accept-language": "en"}).content.decode()
    assert "Messages you have not read" in today
    assert "mentions you: Who can do this?" in today
    Notice.objects.update(read_at=timezone.now())
    today = signed_in("partner_official").get("/", headers={"accept-language": "en"}).content.decode()
    assert "Messages you have not read" not in today


# --- answers and files -----------------------------------------------------------------------------------
def test_a_makers_answer_is_told_to_the_lab_and_its_bureau(world):
    row = Answer.objects.create(
        demand=world.demands["open"],
        line=world.lines["open"],
        capability=world.capabilities["rival"],
        supplier=world.organisations["rival"],
        person=world.people["rival_owner"],
    )
    ORIGIN.set(Origin(actor_id=world.people["rival_owner"].pk))
    record("answered", "answer", str(row.public_id))
    follow_news()
    assert heard("answer given") == {"lab_owner", "lab_editor", "lead_official", "alliance_admin"}
    title = world.capabilities["rival"].title
    assert told(world, "lab_owner")[0][1] == f"Secret programme open: Rival answers drv-red with {title}"
    Answer.objects.filter(pk=row.pk).update(withdrawn_at=timezone.now())
    assert told(world, "lab_owner") == [("answer given", None)]


def test_a_file_is_told_to_those_it_is_open_to(world):
    file = world.attachments["introduction"]  # of the supplier, once both have accepted
    ORIGIN.set(Origin(actor_id=world.people["supplier_editor"].pk))
    record("attached", "attachment", str(file.public_id), after={"on": "introduction"})
    follow_news()
    assert "lab_owner" not in heard("file attached")
    assert heard("file attached") == {"supplier_owner", "partner_official"}
    assert told(world, "supplier_owner")[0][1].endswith("Supplier has added the file Secret introduction.pdf")
    Introduction.objects.filter(pk=world.introductions["open"].pk).update(state="accepted")
    disclose(Introduction.objects.select_related(*PARTS).get(pk=world.introductions["open"].pk))
    record("attached", "attachment", str(file.public_id), after={"on": "introduction"})
    follow_news()
    assert {"lab_owner", "lead_official"} <= heard("file attached")


# --- keeping ----------------------------------------------------------------------------------------------
def test_old_notices_go_unread_ones_later(world):
    propose(world)
    follow_news()
    Notice.objects.filter(user__username="lab_owner").update(read_at=timezone.now())
    for days, left in ((200, False), (400, None)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            tell_of_dates()
        assert Notice.objects.filter(key="introduction proposed", user__username="lab_owner").count() == 0
        if left is False:
            assert heard("introduction proposed") == PARTIES - {"lead_official", "lab_owner"}
    assert heard("introduction proposed") == set()


@pytest.mark.parametrize("kind", ["mail", "notice preferences", "verification", "join request", "invitation"])
def test_what_only_concerns_people_calls_for_no_matching(world, kind):
    """A daily mail to everybody must not match every alliance again."""
    found = affected_by([Change(kind=kind, verb="posted", object_id="1")])
    assert (found.everything, found.alliances, found.demands) == (False, set(), set())

"""Threads: who takes part, who reads what, whom one may mention, and what happens to one's words afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from alliance.choices import Audience
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.kinds import kind_of
from alliance.models import Change, Message, User
from alliance.selectors.messages import mentioned_in, thread_of, voices
from alliance.services.messages import edit_message, post_message, withdraw_message
from alliance.templatetags.records import with_mentions
from matching.services.introductions import Step, take_step
from tests.cast import World
from tests.matrix.roles import client

SignedIn = Callable[[str], Client]


def texts(world: World, who: str, row: Any) -> list[str]:
    return [message.text for message in thread_of(world.person(who), kind_of(row), row).order_by("id")]


def readers(message: Message) -> set[str]:
    return {reader.organisation.name_en for reader in message.readers.all()}


def told(message: Message) -> dict[str, Any]:
    after = Change.objects.filter(kind="message", object_id=str(message.public_id)).latest("id").after
    assert after is not None
    return after


@pytest.mark.django_db
def test_a_bureau_that_joins_later_does_not_read_what_was_said_before(world: World) -> None:
    demand, lead, partner = (
        world.demands["open"],
        world.person("lead_official"),
        world.person("partner_official"),
    )
    first = post_message(demand, "among ourselves", user=lead)
    assert texts(world, "partner_official", demand) == []
    second = post_message(demand, "@partner_official what do you think?", user=lead)
    assert texts(world, "partner_official", demand) == [second.text]
    assert told(second) == {
        "on": "demand",
        "id": str(demand.public_id),
        "audience": "bureaus",
        "mentions": [partner.pk],
    }
    third = post_message(demand, "fine", user=partner)
    assert texts(world, "alliance_admin", demand) == [first.text, second.text, third.text]
    # Who takes part stays on it without being named again.
    post_message(demand, "good", user=lead)
    assert texts(world, "partner_official", demand)[-1] == "good"
    for who in ("lab_owner", "supplier_owner", "outside_official", "platform_admin", "nobody"):
        assert texts(world, who, demand) == [], who


@pytest.mark.django_db
def test_who_takes_part(world: World) -> None:
    demand, pair, site = world.demands["open"], world.introductions["open"], world.sites["open"]
    for who, row, error in (
        ("lab_owner", demand, ForbiddenError),
        ("supplier_owner", pair, ForbiddenError),
        ("platform_admin", demand, ForbiddenError),
        ("outside_official", demand, NotFoundError),
        ("rival_owner", pair, NotFoundError),
        ("partner_official", world.demands["draft"], NotFoundError),
    ):
        with pytest.raises(error):
            post_message(row, "hello", user=world.person(who))
    for row in (demand, pair, site, world.organisations["supplier"], world.projects["open"]):
        message = post_message(row, "hello", user=world.person("lead_official"))
        assert message.organisation == world.organisations["lead_bureau"]
    both = {str(world.organisations[name].name_en) for name in ("lead_bureau", "partner_bureau")}
    assert readers(Message.objects.get(kind="organisation")) == both
    assert readers(Message.objects.get(kind="project")) == both


@pytest.mark.django_db
def test_the_firms_of_an_introduction_talk_once_both_have_accepted(world: World, signed_in: SignedIn) -> None:
    pair = world.introductions["open"]
    kind = kind_of(pair)
    assert voices(world.person("supplier_editor"), kind, pair) == {}
    for who in ("lab_owner", "supplier_owner"):
        pair = take_step(pair, "accept", user=world.person(who))
    assert voices(world.person("supplier_viewer"), kind, pair) == {}
    assert list(voices(world.person("lead_official"), kind, pair)) == ["bureaus", "parties"]
    said = post_message(
        pair, "When can we visit?", user=world.person("lab_editor"), audience=Audience.PARTIES
    )
    quiet = post_message(pair, "bureaus only", user=world.person("lead_official"))
    for who in ("supplier_viewer", "lab_viewer"):
        assert texts(world, who, pair) == [said.text], who
    assert texts(world, "partner_official", pair)[-2:] == [said.text, quiet.text]
    with pytest.raises(ForbiddenError):
        post_message(pair, "x", user=world.person("supplier_viewer"), audience=Audience.PARTIES)
    with pytest.raises(ForbiddenError):
        post_message(pair, "x", user=world.person("supplier_owner"), audience=Audience.BUREAUS)
    page = signed_in("supplier_editor").get(reverse("introduction", args=[pair.public_id])).content.decode()
    assert "When can we visit?" in page
    assert "bureaus only" not in page
    # Declining closes what only this introduction had opened; one's own words stay.
    take_step(pair, "decline", user=world.person("lab_owner"), step=Step(reason="no"))
    assert texts(world, "supplier_viewer", pair) == []
    assert texts(world, "lab_viewer", pair) == [said.text]
    assert voices(world.person("supplier_editor"), kind, pair) == {}


@pytest.mark.django_db
def test_mentions(world: World) -> None:
    lead = world.person("lead_official")
    demand = world.demands["open"]
    User.objects.filter(username="partner_official").update(display_name="王芳")
    for text in ("请@王芳看一下", "＠王芳", "@王芳", "see @Partner_Official, please", "(@王芳)"):
        message = post_message(demand, text, user=lead)
        assert [person.username for person in message.mentions.all()] == ["partner_official"], text
    for text in ("a@王芳.cn", "@王", "@", "@@", "@partner_officials", "mail x@partner_official"):
        assert post_message(demand, text, user=lead).mentions.count() == 0, text
    # Nobody of a firm, of another alliance, or without a place can be addressed.
    for name in ("lab_owner", "outside_official", "nobody", "platform_admin", "suspended"):
        assert post_message(demand, f"@{name}", user=lead).mentions.count() == 0, name
    User.objects.filter(username="alliance_admin").update(display_name="王芳")
    with pytest.raises(DomainError, match="@alliance_admin, @partner_official"):
        post_message(demand, "@王芳", user=lead)
    assert post_message(demand, "@partner_official!", user=lead).mentions.count() == 1


@pytest.mark.django_db
def test_whoever_may_not_see_the_row_cannot_be_mentioned(world: World) -> None:
    draft = world.demands["draft"]
    lead = world.person("lead_official")
    with pytest.raises(DomainError) as error:
        post_message(draft, "@partner_official look", user=lead)
    assert error.value.field == "text"
    assert not Message.objects.filter(kind="demand", object_id=draft.public_id).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "  \n ", "a\x00b", "\ud800", "x" * 4001, "\x1b[31m"])
def test_broken_and_huge_texts_are_refused(world: World, text: str) -> None:
    with pytest.raises(DomainError) as error:
        post_message(world.demands["open"], text, user=world.person("lead_official"))
    assert error.value.field == "text"


def test_hostile_posts_are_answered_on_the_page(world: World) -> None:
    place = reverse("thread", args=["introduction", world.introductions["open"].public_id])
    browser = client(world, "city_bureau")
    for body in (
        {"text": "a\x00b"},
        {"text": "x" * 50_000},
        {"text": "@" * 3000},
        {"text": "ok", "audience": "everybody"},
        {"text": "ok", "audience": "parties"},
        {},
    ):
        answer = browser.post(place, body)
        assert answer.status_code == (302 if body.get("text") in ("ok", "@" * 3000) else 400), body
    for cursor in ("x", "%00", "-1"):
        assert browser.get(f"{place}?cursor={cursor}").status_code in (400, 404)


@pytest.mark.django_db
def test_words_are_text_never_markup(world: World) -> None:
    text = "<script>alert(1)</script> @partner_official & <b>"
    message = post_message(world.demands["open"], text, user=world.person("lead_official"))
    shown = with_mentions(message)
    assert "<script" not in shown
    assert '<b class="at">@partner_official</b> &amp; &lt;b&gt;' in shown


@pytest.mark.django_db
def test_own_words_are_changed_for_a_quarter_of_an_hour(world: World) -> None:
    demand, lead = world.demands["open"], world.person("lead_official")
    message = post_message(demand, "frist", user=lead)
    edit_message(message, "first, @partner_official", user=lead, version=1)
    assert texts(world, "partner_official", demand) == ["first, @partner_official"]
    assert told(message)["mentions"] == [world.people["partner_official"].pk]
    edit_message(message, "first, @partner_official!", user=lead, version=2)
    assert told(message)["mentions"] == []
    with pytest.raises(ConflictError):
        edit_message(message, "again", user=lead, version=2)
    with pytest.raises(ForbiddenError):
        edit_message(message, "x", user=world.person("partner_official"), version=3)
    with pytest.raises(NotFoundError):
        withdraw_message(message, user=world.person("outside_official"))
    with time_machine.travel(timezone.now() + timedelta(minutes=16)), pytest.raises(ConflictError):
        edit_message(message, "late", user=lead, version=3)
    withdraw_message(message, user=lead)
    with pytest.raises(ConflictError):
        withdraw_message(message, user=lead)
    with pytest.raises(ConflictError):
        edit_message(message, "x", user=lead, version=4)


@pytest.mark.django_db
def test_withdrawn_words_are_shown_to_nobody(world: World, signed_in: SignedIn) -> None:
    message = world.messages["introduction"]
    page = reverse("introduction", args=[world.introductions["open"].public_id])
    assert "Secret words" in signed_in("partner_official").get(page).content.decode()
    answer = signed_in("lead_official").post(reverse("message", args=[message.public_id]), {"withdraw": "1"})
    assert answer.headers["Location"] == f"{page}#thread"
    for who in ("partner_official", "lead_official"):
        assert "Secret words" not in signed_in(who).get(page).content.decode()
    # Its author shows it again, nobody else, and once.
    place = reverse("message", args=[message.public_id])
    assert signed_in("partner_official").post(place, {"restore": "1"}).status_code == 403
    assert 'name="restore"' in signed_in("lead_official").get(place).content.decode()
    assert signed_in("lead_official").post(place, {"restore": "1"}).status_code == 302
    assert signed_in("lead_official").post(place, {"restore": "1"}).status_code == 409
    assert "Secret words" in signed_in("partner_official").get(page).content.decode()
    assert Change.objects.filter(kind="message", verb="restored").count() == 1


@pytest.mark.django_db
def test_a_second_click_is_not_a_second_message(world: World) -> None:
    demand, lead = world.demands["open"], world.person("lead_official")
    first = post_message(demand, "once", user=lead)
    assert post_message(demand, "once", user=lead) == first
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert post_message(demand, "once", user=lead) != first


def test_pages_ask_as_often_for_one_message_as_for_many(world: World, django_assert_num_queries: Any) -> None:
    pair, lead = world.introductions["open"], world.person("lead_official")
    for place in (
        reverse("introduction", args=[pair.public_id]),
        reverse("thread", args=["introduction", pair.public_id]),
    ):
        browser = client(world, "city_bureau")
        browser.get(place)
        with CaptureQueriesContext(connection) as one:
            browser.get(place)
        for number in range(3):
            post_message(pair, f"{place} {number} @partner_official", user=lead)
        with django_assert_num_queries(len(one)):
            browser.get(place)


@pytest.mark.django_db
def test_long_threads_have_pages(world: World, signed_in: SignedIn) -> None:
    site, lead = world.sites["open"], world.person("lead_official")
    for number in range(60):
        post_message(site, f"message number {number}.", user=lead)
    place = reverse("thread", args=["site", site.public_id])
    page = signed_in("lead_official").get(place)
    shown = page.content.decode()
    assert "message number 59." in shown
    assert "message number 5." not in shown
    later = page.context["page"].next
    assert "message number 5." in signed_in("lead_official").get(f"{place}?cursor={later}").content.decode()
    short = signed_in("lead_official").get(reverse("site", args=[site.public_id])).content.decode()
    assert short.count("message number") == 5
    assert place in short


@pytest.mark.usefixtures("committed_db")
def test_two_who_mend_at_once_do_not_overwrite_each_other(world: World) -> None:
    message = world.messages["introduction"]
    done: list[str] = []
    ready = threading.Barrier(2)

    def mend(number: int) -> None:
        try:
            user = User.objects.get(username="lead_official")
            ready.wait()
            edit_message(Message.objects.get(pk=message.pk), f"words {number}", user=user, version=1)
            done.append("won")
        except ConflictError:
            done.append("told")
        finally:
            connection.close()

    both = [threading.Thread(target=mend, args=(number,)) for number in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(done) == ["told", "won"]


def test_the_longest_name_wins() -> None:
    people = [
        type("P", (), {"user": User(pk=pk, username=name, display_name=shown), "organisation": None})()
        for pk, (name, shown) in enumerate((("li", "李"), ("lily", "李丽"), ("lee", "李丽")), 1)
    ]
    assert [p.user.pk for p in mentioned_in("@李好", people)] == [1]  # type: ignore[arg-type]
    assert [p.user.pk for p in mentioned_in("@lily", people)] == [2]  # type: ignore[arg-type]
    with pytest.raises(DomainError):
        mentioned_in("@李丽", people)  # type: ignore[arg-type]

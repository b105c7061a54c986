"""A bureau's question to one firm before it is introduced: who reads it, what it must not tell, how it is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.kinds import kind_of
from alliance.models import CityCare, Membership, Message, Notice
from alliance.selectors.messages import thread_of
from alliance.services.messages import edit_message, withdraw_message
from alliance.services.questions import answer_question, ask_firm
from matching.models import Demand
from matching.selectors import inbox
from matching.selectors.desk import Desk
from matching.selectors.today import queue
from tests import factories as make
from tests.cast import World
from tests.news import follow_news, told, unguarded

SignedIn = Callable[[str], Client]
ENGLISH = {"accept-language": "en"}
EVERYONE = (
    "supplier_viewer", "supplier_editor", "rival_owner", "lab_owner", "lead_official", "partner_official",
    "outside_official", "outside_owner", "alliance_admin", "platform_admin", "nobody",
)  # fmt: skip


def about(world: World, demand: str) -> tuple[str, Any]:
    return "line", world.lines[demand].public_id


def readers_of(world: World, message: Message) -> set[str]:
    rows = Message.objects.filter(pk=message.pk)
    return {who for who in EVERYONE if rows.visible_to(world.person(who)).exists()}


def items(world: World, who: str) -> list[Any]:
    (group,) = [group for group in inbox(world.person(who)) if group.key == "questions"]
    return group.items


def heard(world: World, who: str) -> list[str]:
    return [key for key, _words in told(world, who) if key.startswith(("question", "message"))]


def waiting(world: World, who: str) -> list[tuple[str, str]]:
    user = world.person(who)
    (group,) = [g for g in queue(Desk(user, world.alliances["north"])).groups if g.key == "questions"]
    return [(item.title, item.state) for item in group.items]


@pytest.mark.django_db
def test_the_firm_its_bureau_and_the_asker_read_it_and_nobody_else(world: World) -> None:
    row = world.capabilities["supplier"]
    asked = ask_firm(row, "Do you reach 1 arcmin?", user=world.person("lead_official"))
    circle = {"supplier_viewer", "supplier_editor", "lead_official", "alliance_admin", "partner_official"}
    assert readers_of(world, asked) == circle
    for who in ("supplier_viewer", "rival_owner", "platform_admin", "lab_owner"):
        with pytest.raises((ForbiddenError, NotFoundError)):
            answer_question(asked, "Yes.", user=world.person(who))
    answer = answer_question(asked, "Yes, 0.8.", user=world.person("supplier_editor"))
    assert readers_of(world, answer) == circle
    asked.refresh_from_db()
    assert asked.answered_at == answer.created_at
    # Its own bureau asks back, the question waits again, and an answer that is withdrawn is none.
    answer_question(asked, "At which load?", user=world.person("lead_official"))
    asked.refresh_from_db()
    assert asked.answered_at is None
    second = answer_question(asked, "Rated.", user=world.person("supplier_editor"))
    withdraw_message(second, user=world.person("supplier_editor"))
    asked.refresh_from_db()
    assert asked.answered_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["lab_owner", "supplier_owner", "rival_owner", "platform_admin"])
def test_only_officials_ask(world: World, who: str) -> None:
    for row in (world.capabilities["supplier"], world.organisations["supplier"], world.sites["open"]):
        with pytest.raises(ForbiddenError):
            ask_firm(row, "Hello?", user=world.person(who))


@pytest.mark.django_db
def test_what_cannot_be_asked(world: World) -> None:
    official, foreign = world.person("lead_official"), world.person("outside_official")
    with pytest.raises(NotFoundError):
        ask_firm(world.capabilities["supplier"], "Hello?", user=foreign)
    with pytest.raises(ForbiddenError):  # a demand's lab is not asked this way: its name may be hidden
        ask_firm(world.demands["open"], "Hello?", user=official)
    with pytest.raises(ForbiddenError):
        ask_firm(world.organisations["partner_bureau"], "Hello?", user=official)
    with pytest.raises(NotFoundError):
        ask_firm(
            world.capabilities["supplier"], "?", user=official, about=("run", world.runs["north"].public_id)
        )
    Membership.objects.filter(organisation=world.organisations["supplier"]).exclude(role="viewer").delete()
    with pytest.raises(ConflictError):
        ask_firm(world.capabilities["supplier"], "Hello?", user=official)


@pytest.mark.django_db
def test_a_question_about_a_hidden_demand_tells_neither_lab_nor_title(
    world: World, signed_in: SignedIn, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "en"
    official, row = world.person("lead_official"), world.capabilities["supplier"]
    lab, demand = world.organisations["lab"], world.demands["introduction"]
    title = demand.identity.title
    for words in (f"For {lab.name_en}", f"“{title}”", f"for {title.upper()}", title.replace(" ", "  "),
                  demand.identity.external_id):  # fmt: skip
        with pytest.raises(DomainError, match="before it is introduced"):
            ask_firm(row, words, user=official, about=about(world, "introduction"))
    asked = ask_firm(row, "Do you reach 1 arcmin?", user=official, about=about(world, "introduction"))
    with pytest.raises(DomainError, match="before it is introduced"):
        edit_message(asked, f"{lab.name_en}: 1 arcmin?", user=official, version=asked.version)
    with pytest.raises(DomainError, match="before it is introduced"):
        answer_question(asked, f"It is for {lab.name_en}", user=official)
    browser = signed_in("supplier_editor")
    place = reverse("thread", args=["capability", row.public_id])
    for page in (place, "/", reverse("capability", args=[row.public_id])):
        said = browser.get(page, headers=ENGLISH).content.decode()
        assert "Do you reach 1 arcmin?" in said
        assert "a lab in Leadton" in said
        for secret in (lab.name_en, lab.name_zh, title, demand.identity.external_id):
            assert not secret or secret not in said, (page, secret)
    # The bureau that asks reads which demand it was.
    assert title in signed_in("lead_official").get(place, headers=ENGLISH).content.decode()


@pytest.mark.django_db
def test_an_official_who_may_not_read_the_lab_learns_nothing_from_a_refusal(world: World) -> None:
    """The bureau of another city of the alliance does not know the lab: no guess of its own is refused."""
    lab = world.organisations["lab"]
    said = ask_firm(
        world.capabilities["supplier"],
        f"For {lab.name_en}?",
        user=world.person("partner_official"),
        about=about(world, "introduction"),
    )
    assert said.text == f"For {lab.name_en}?"


@pytest.mark.django_db
def test_a_firm_is_not_asked_about_a_demand_that_it_does_not_see(world: World, signed_in: SignedIn) -> None:
    official, row = world.person("lead_official"), world.capabilities["supplier"]
    for name in ("unmatched", "draft"):
        with pytest.raises(DomainError):
            ask_firm(row, "Hello?", user=official, about=about(world, name))
    asked = ask_firm(row, "Hello?", user=official, about=about(world, "members"))
    place = reverse("thread", args=["capability", row.public_id])
    line = str(world.lines["members"].public_id)
    assert line in signed_in("supplier_editor").get(place).content.decode()
    # Withdrawn from the market since: the words stay, the demand is no more named.
    Demand.objects.filter(pk=world.demands["members"].pk).update(published=False)
    page = signed_in("supplier_editor").get(place).content.decode()
    assert asked.text in page
    assert line not in page
    for key in (f"line:{world.lines['foreign'].public_id}", "line:x", "run:" + line, "::"):
        assert signed_in("lead_official").get(place, {"about": key}).status_code == 404


@pytest.mark.django_db
def test_the_same_is_not_asked_twice_while_the_first_waits(world: World) -> None:
    official, row = world.person("lead_official"), world.capabilities["supplier"]
    first = ask_firm(row, "Do you reach 1 arcmin?", user=official)
    assert ask_firm(row, "Do you reach 1 arcmin?", user=official) == first
    with pytest.raises(ConflictError):
        ask_firm(row, "And what of 2?", user=world.person("alliance_admin"))
    # Another bureau has a conversation of its own, about another line is another question.
    other = ask_firm(row, "Do you deliver to us?", user=world.person("partner_official"))
    ask_firm(row, "Do you reach 1 arcmin here?", user=official, about=about(world, "open"))
    answer_question(other, "We do.", user=world.person("supplier_owner"))
    assert not Message.objects.filter(answers=other).visible_to(world.person("lead_official")).exists()
    answer_question(first, "Yes.", user=world.person("supplier_owner"))
    again = ask_firm(row, "And what of 2?", user=official)
    # Asking back on the first one would have two wait: it is written to the second.
    with pytest.raises(ConflictError):
        answer_question(first, "Really?", user=official)
    withdraw_message(again, user=official)
    answer_question(first, "Really?", user=official)
    first.refresh_from_db()
    assert first.answered_at is None


@pytest.mark.django_db
def test_the_inbox_the_notices_and_today_follow_it(world: World, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    official, row = world.person("lead_official"), world.capabilities["supplier"]
    with unguarded():
        asked = ask_firm(row, "Do you reach 1 arcmin?", user=official, about=about(world, "introduction"))
        follow_news()
        (item,) = items(world, "supplier_editor")
        assert (item.title, item.action, item.mine) == ("Do you reach 1 arcmin?", "Answer", True)
        assert "a lab in Leadton" in item.why
        assert item.where.endswith(f"#q-{asked.public_id}")
        assert [one.action for one in items(world, "supplier_viewer")] == ["Look"]
        assert items(world, "rival_owner") == []
        assert heard(world, "supplier_owner") == ["question asked"]
        assert heard(world, "supplier_viewer") == heard(world, "rival_owner") == []
        assert waiting(world, "lead_official") == [(str(row.organisation), "7 days left")]
        # Read or not, it waits until it is answered.
        Notice.objects.filter(user=world.person("supplier_editor")).delete()
        assert len(items(world, "supplier_editor")) == 1
        answer_question(asked, "Yes, 0.8.", user=world.person("supplier_editor"))
        follow_news()
    assert items(world, "supplier_editor") == []
    (said,) = [words for key, words in told(world, "lead_official") if key == "question answered"]
    assert said is not None
    assert "Yes, 0.8." in said
    ((_title, state),) = waiting(world, "lead_official")
    assert state == "answered"
    assert waiting(world, "partner_official") == []
    Notice.objects.filter(user=official).update(read_at="2026-11-21T00:00Z")
    assert waiting(world, "lead_official") == []


@pytest.mark.django_db
def test_when_the_asker_has_left_its_bureau_hears_the_answer(world: World) -> None:
    asked = ask_firm(world.organisations["supplier"], "Where?", user=world.person("lead_official"))
    Membership.objects.filter(user=world.person("lead_official")).delete()
    with unguarded():
        answer_question(asked, "Here.", user=world.person("supplier_owner"))
        follow_news()
    assert heard(world, "alliance_admin") == ["question answered"]


@pytest.mark.django_db
def test_pages_ask_and_answer(world: World, signed_in: SignedIn, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    row = world.capabilities["supplier"]
    place = reverse("thread", args=["capability", row.public_id])
    official, firm = signed_in("lead_official"), signed_in("supplier_editor")
    assert firm.get(place).status_code == 404  # nobody has asked it anything
    assert signed_in("rival_owner").get(place).status_code == 404
    line = f"line:{world.lines['introduction'].public_id}"
    page = official.get(place, {"about": line}, headers=ENGLISH).content.decode()
    assert "What do you want to know about" in page
    assert line in page
    lab = world.organisations["lab"].name_en
    refused = official.post(place, {"about": line, "text": f"for {lab}"}, headers=ENGLISH)
    assert refused.status_code == 400
    assert "before it is introduced" in refused.content.decode()
    for about_ in ("line:x", "run:" + line[5:], ":", "line:" + "0" * 32):
        answer = official.post(place, {"about": about_, "text": "Hello?"})
        assert answer.status_code in (400, 404), about_
    assert official.post(place, {"about": line, "text": "Do you reach 1?"}).status_code == 302
    asked = Message.objects.get(text="Do you reach 1?")
    near = signed_in("lead_official").get(reverse("match", args=[world.lines["open"].public_id,
                                                               world.capabilities["near"].public_id]))  # fmt: skip
    assert f"?about=line:{world.lines['open'].public_id}" in near.content.decode()
    empty = firm.post(place, {"question": str(asked.public_id), "text": " "}, headers=ENGLISH)
    assert (empty.status_code, "was not sent" in empty.content.decode()) == (400, True)
    assert firm.post(place, {"question": str(asked.public_id), "text": "Yes."}).status_code == 302
    assert "Yes." in official.get(reverse("capability", args=[row.public_id])).content.decode()
    assert firm.get(place, {"about": line}).status_code == 404  # only who may ask begins a question
    for key in (
        "x",
        "",
        "100%d%s",
        "\x00",
        "'\"><b>",
        str(asked.replies.get().public_id),
        str(row.public_id),
    ):
        assert firm.post(place, {"question": key, "text": "Yes?"}).status_code in (400, 404), key
    rival = signed_in("rival_owner").post(place, {"question": str(asked.public_id), "text": "No."})
    assert rival.status_code == 404
    assert firm.post(place, {"about": "", "text": "I ask."}).status_code == 403


@pytest.mark.django_db
def test_one_question_and_several_cost_the_same(world: World, signed_in: SignedIn) -> None:
    row, official = world.capabilities["supplier"], world.person("lead_official")
    CityCare.objects.get_or_create(city=row.organisation.city, bureau=world.organisations["partner_bureau"])

    def counts() -> list[int]:
        found = []
        for who in ("lead_official", "supplier_editor"):
            browser = signed_in(who)
            for page in ("/", reverse("capability", args=[row.public_id])):
                browser.get(page)
                with CaptureQueriesContext(connection) as asked:
                    assert browser.get(page).status_code == 200
                found.append(len(asked))
        return found

    ask_firm(row, "One?", user=official, about=about(world, "open"))
    first = counts()
    for name in ("members", "introduction"):
        asked = ask_firm(row, f"And {name}?", user=official, about=about(world, name))
        answer_question(asked, "Yes.", user=world.person("supplier_owner"))
    ask_firm(row, "Anything else?", user=official)
    for number in range(2):
        other = make.make_capability(row.facility, row.component_type)
        ask_firm(other, f"{number}?", user=official, about=about(world, "introduction"))
    assert counts() == first


@pytest.mark.django_db
def test_questions_are_not_among_what_bureaus_write_each_other(world: World, signed_in: SignedIn) -> None:
    row = world.organisations["supplier"]
    ask_firm(row, "Only to the firm", user=world.person("lead_official"))
    assert [m.audience for m in thread_of(world.person("supplier_owner"), kind_of(row), row)] == ["firm"]
    page = signed_in("lead_official").get(reverse("firm", args=[row.public_id])).content.decode()
    assert page.count("Only to the firm") == 1


@pytest.mark.parametrize("rounds", range(3))
def test_two_officials_who_ask_at_once_ask_once(committed_db: None, rounds: int) -> None:
    from tests.cast import build_world

    world = build_world()
    row, found = world.capabilities["supplier"], []
    gate = threading.Barrier(2)

    def ask(who: str) -> None:
        try:
            gate.wait(5)
            found.append(ask_firm(row, f"{who} asks", user=world.people[who]).pk)
        except ConflictError:
            found.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(who,)) for who in ("lead_official", "alliance_admin")]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert sorted(pk is None for pk in found) == [False, True]
    assert Message.objects.filter(audience="firm").count() == 1

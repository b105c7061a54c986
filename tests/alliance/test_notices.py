"""Verification and people as notices, the pages, what one wants to hear of, mail and the link that ends it."""

import re
import threading

import pytest
import time_machine
from django.core import mail
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test import Client
from django.utils import translation

from alliance.changes import ORIGIN, Origin, record
from alliance.models import Mail, MailHabit, Notice, NoticePreference
from alliance.services.invitations import accept_invitation, invite
from alliance.services.mail import send_waiting
from alliance.services.notices import (
    channels_of,
    choose_channels,
    follow_news,
    remember_language,
    send_notice_mail,
    unsubscribe_token,
)
from alliance.services.registration import decide_join, decide_verification
from tests.cast import build_world
from tests.news import heard, told, unguarded

MORNING = "2026-11-21T09:00:00+08:00"
NIGHT = "2026-11-21T05:00:00+08:00"


@pytest.fixture
def world(world):
    """Nobody has been told of anything."""
    Notice.objects.all().delete()
    return world


@pytest.fixture
def feed(world):
    with unguarded(), translation.override("en"):
        yield


def act(world, name):
    ORIGIN.set(Origin(actor_id=world.people[name].pk))
    return world.person(name)


@pytest.fixture(autouse=True)
def nobody_acts():
    token = ORIGIN.set(Origin())
    yield
    ORIGIN.reset(token)


def give(world, name, count=1, **more):
    """Notices about something that this person sees."""
    values = {
        "group": "joining",
        "key": "verification decided",
        "kind": "verification",
        "object_id": str(world.verifications["draft"].public_id),
        "params": {"granted": True},
        "mail_due": True,
    }
    person = world.people[name]
    before = Notice.objects.filter(user=person).count()
    return Notice.objects.bulk_create(
        Notice(user=person, source=f"test:{before + at}", **{**values, **more}) for at in range(count)
    )


@pytest.fixture
def reader(world, settings):
    """Somebody with a confirmed address, on a site that sends mail."""
    settings.EMAIL_URL = "smtp://localhost"
    person = world.people["draft_owner"]
    person.email, person.email_confirmed_at = "draft@example.org", "2026-01-01T00:00:00Z"
    person.save()
    return person


# --- who hears of what -----------------------------------------------------------------------------------
def test_a_decision_on_a_firm_is_told_to_its_people(world, feed):
    decide_verification(world.verifications["draft"], user=act(world, "partner_official"), granted=True)
    follow_news()
    assert told(world, "draft_owner") == [
        (
            "verification decided",
            "Draft firm: verified by the bureau: what you publish is now seen by the alliance",
        )
    ]
    assert heard("verification decided") == {"draft_owner"}


def test_a_refusal_says_why(world, feed):
    decide_verification(
        world.verifications["draft"], user=act(world, "partner_official"), granted=False, reason="no licence"
    )
    follow_news()
    assert told(world, "draft_owner")[0][1] == "Draft firm: not verified yet: no licence"


def test_a_request_to_join_is_told_to_who_decides_it_and_its_grant_to_the_firm(world, feed):
    asked = world.join_requests["supplier"]
    act(world, "nobody")
    record("asked", "join request", str(asked.public_id), after={"kind": "join", "person": "nobody"})
    follow_news()
    assert heard("join asked") == {"supplier_owner"}
    decide_join(asked, user=act(world, "supplier_owner"), granted=True)
    follow_news()
    assert heard("join granted") >= {"nobody", "supplier_editor"}
    assert ("join granted", "Supplier: you belong to it now") in told(world, "nobody")


def test_who_invited_hears_that_the_invitation_was_accepted(world, feed):
    _row, link = invite(world.organisations["supplier"], user=act(world, "supplier_owner"), role="viewer")
    accept_invitation(link.rstrip("/").rsplit("/", 1)[1], act(world, "nobody"))
    follow_news()
    assert heard("invitation accepted") == {"supplier_owner"}
    assert told(world, "supplier_owner")[-1][1] == "Supplier: nobody has accepted the invitation"


# --- pages -----------------------------------------------------------------------------------------------
def test_the_bell_counts_what_is_unread_and_the_list_pages_by_cursor(world, signed_in):
    give(world, "draft_owner", 60)
    browser = signed_in("draft_owner")
    page = browser.get("/notifications/", headers={"accept-language": "en"})
    text = page.content.decode()
    assert "60 unread notices" in text
    assert "Notices: 60 unread" in text
    assert text.count('class="qi new"') == 50
    following = re.search(r'rel="next" href="([^"]+)"', text)
    rest = browser.get("/notifications/" + following[1].replace("&amp;", "&")).content.decode()
    assert rest.count('class="qi new"') == 10


def test_reading_one_and_reading_all(world, signed_in):
    one, *_rest = give(world, "draft_owner", 3)
    give(world, "lab_owner")
    browser = signed_in("draft_owner")
    opened = browser.get(f"/notifications/{one.public_id}/")
    assert opened["Location"].startswith("/organisations/")
    assert Notice.objects.filter(user=world.people["draft_owner"], read_at=None).count() == 2
    assert browser.get(f"/notifications/{one.public_id}/").status_code == 302  # again does no harm
    browser.post("/notifications/read/", {})
    assert not Notice.objects.filter(user=world.people["draft_owner"], read_at=None).exists()
    assert Notice.objects.filter(user=world.people["lab_owner"], read_at=None).count() == 1


def test_nobody_reads_or_marks_the_notices_of_another(world, signed_in):
    (mine,) = give(world, "draft_owner")
    stranger = signed_in("lab_owner")
    assert stranger.get(f"/notifications/{mine.public_id}/").status_code == 404
    assert stranger.post("/notifications/read/", {"notice": str(mine.public_id)}).status_code == 404
    assert stranger.post("/notifications/read/", {"notice": "x" * 300}).status_code == 404
    mine.refresh_from_db()
    assert mine.read_at is None


def test_the_bell_is_a_piece_of_a_page_and_never_kept(world, signed_in):
    give(world, "draft_owner", 120)
    answer = signed_in("draft_owner").get("/notifications/bell/", headers={"accept-language": "en"})
    assert answer["Cache-Control"] == "no-store"
    assert "99+ unread" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_filters_narrow_and_an_unknown_one_shows_nothing(world, signed_in):
    give(world, "draft_owner", 2)
    give(world, "draft_owner", 1, group="data")
    browser = signed_in("draft_owner")
    assert browser.get("/notifications/?group=data").content.decode().count('class="qi new"') == 1
    assert browser.get("/notifications/?unread=false").content.decode().count('class="qi') == 0
    refused = browser.get("/notifications/?group=nonsense")
    assert (refused.status_code, refused.content.decode().count('class="qi')) == (400, 0)


def test_words_are_in_the_language_of_the_moment(world, signed_in):
    give(world, "draft_owner")
    browser = signed_in("draft_owner")
    english = browser.get("/notifications/", headers={"accept-language": "en"}).content.decode()
    chinese = browser.get("/notifications/", headers={"accept-language": "zh-hans"}).content.decode()
    assert "verified by the bureau" in english
    assert "已核验" in chinese
    assert "verified by the bureau" not in chinese


# --- what one wants to hear of -------------------------------------------------------------------------------
def test_choosing_is_kept_and_recorded_and_takes_waiting_news_out_of_the_mail(world, signed_in):
    give(world, "draft_owner", 2)
    browser = signed_in("draft_owner")
    chosen = channels_of(world.people["draft_owner"]) | {"joining": "app", "language": "en"}
    assert browser.post("/notifications/settings/", chosen).status_code == 302
    assert channels_of(world.people["draft_owner"])["joining"] == "app"
    assert not Notice.objects.filter(mail_due=True).exists()
    assert MailHabit.objects.get(user=world.people["draft_owner"]).language == "en"
    bad = browser.post("/notifications/settings/", chosen | {"joining": "carrier pigeon"})
    assert bad.status_code == 400


def test_the_language_of_the_switcher_is_the_language_of_mails(world, signed_in):
    signed_in("lab_owner").post("/i18n/language/", {"language": "en", "next": "/"})
    assert MailHabit.objects.get(user=world.people["lab_owner"]).language == "en"
    signed_in("lab_owner").post("/i18n/language/", {"language": "xx", "next": "/"})
    assert MailHabit.objects.get(user=world.people["lab_owner"]).language == "en"
    Client().post("/i18n/language/", {"language": "en", "next": "/"})


def test_erasing_a_person_takes_its_notices_choices_and_mails_along(world, reader):
    from alliance.models import Membership
    from alliance.services.invitations import erase_person

    give(world, "draft_owner", 2)
    choose_channels(reader, {"joining": "mail"})
    send_notice_mail()
    Membership.objects.filter(user=reader).delete()
    erase_person(reader)
    for model in (Notice, NoticePreference, MailHabit):
        assert not model.objects.filter(user=reader).exists()
    assert not Mail.objects.filter(private=True).exists()


# --- mail ------------------------------------------------------------------------------------------------
def test_a_digest_says_what_changed_once_a_day_in_the_persons_language(world, reader):
    remember_language(reader, "en")
    give(world, "draft_owner", 2)
    with time_machine.travel(MORNING, tick=False):
        assert (send_notice_mail(), send_notice_mail()) == (1, 0)
        give(world, "draft_owner", 1)
        assert send_notice_mail() == 0  # tomorrow
    row = Mail.objects.get()
    assert row.subject == "2 things are new for you · 2026-11-21"
    assert "Verification and people (2)" in row.body
    assert "verified by the bureau" in row.body
    assert "/notifications/" in row.body
    with time_machine.travel("2026-11-22T09:00:00+08:00", tick=False):
        assert send_notice_mail() == 1
    assert Mail.objects.count() == 2


def test_a_flood_of_news_is_one_short_mail(world, reader):
    remember_language(reader, "en")
    give(world, "draft_owner", 400)
    with time_machine.travel(MORNING, tick=False):
        assert (send_notice_mail(), send_notice_mail()) == (1, 0)
    row = Mail.objects.get()
    assert row.subject.startswith("300 things are new for you")
    assert row.body.count("verified by the bureau") == 60
    assert "240 more are in the app." in row.body
    assert not Notice.objects.filter(mail_due=True).exists()


def test_the_digest_of_who_never_chose_is_chinese(world, reader):
    give(world, "draft_owner")
    with time_machine.travel(MORNING, tick=False):
        send_notice_mail()
    row = Mail.objects.get()
    assert "核验" in row.body
    assert "有 1 件新消息" in row.subject
    # Nothing of it is left in English: addresses aside, no word has two Latin letters.
    said = re.sub(r"https?://\S+|Draft firm 公司", "", row.body)
    assert not re.search(r"[A-Za-z]{2,}", said), said


def test_no_digest_before_the_hour_but_mail_at_once_at_any(world, reader):
    give(world, "draft_owner", 1)
    with time_machine.travel(NIGHT, tick=False):
        assert send_notice_mail() == 0
        choose_channels(reader, {"joining": "mail"})
        assert send_notice_mail() == 1


def test_no_mail_without_server_without_address_of_read_or_closed_news(world, reader, settings):
    with time_machine.travel(MORNING, tick=False):
        (row,) = give(world, "draft_owner")
        settings.EMAIL_URL = ""
        assert send_notice_mail() == 0
        settings.EMAIL_URL = "smtp://localhost"
        Notice.objects.filter(pk=row.pk).update(read_at=MORNING)
        assert send_notice_mail() == 0
        give(world, "draft_owner", object_id=str(world.verifications["draft"].pk))  # no such id
        give(world, "draft_owner", object_id="00000000-0000-4000-8000-000000000000")
        assert send_notice_mail() == 0
        give(world, "lab_owner")
        assert send_notice_mail() == 0
        give(world, "draft_owner")
        assert send_notice_mail() == 1
    assert not Notice.objects.filter(mail_due=True).exists()


def test_what_a_mail_says_is_not_for_the_outbox(world, reader, signed_in):
    give(world, "draft_owner")
    choose_channels(reader, {"joining": "mail"})
    send_notice_mail()
    page = signed_in("platform_admin").get("/outbox/").content.decode()
    assert reader.email in page
    assert "Draft firm" not in page
    assert "/unsubscribe/" not in page


def test_the_mail_carries_the_headers_of_one_click(world, reader):
    give(world, "draft_owner")
    choose_channels(reader, {"joining": "mail"})
    send_notice_mail()
    send_waiting()
    (sent,) = mail.outbox
    link = re.fullmatch(r"<(https?://[^>]+/unsubscribe/[^>]+/)>", sent.extra_headers["List-Unsubscribe"])
    assert link
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link[1] in sent.body


def test_a_name_with_a_line_break_makes_no_header(world, reader):
    world.organisations["draft"].name_zh = world.organisations["draft"].name_en = "Firm\r\nBcc: x@example.org"
    world.organisations["draft"].save()
    give(world, "draft_owner")
    choose_channels(reader, {"joining": "mail"})
    send_notice_mail()
    assert send_waiting() == 1
    assert "\n" not in mail.outbox[0].subject


# --- the link that ends mail ----------------------------------------------------------------------------------
def test_looking_at_the_link_changes_nothing_and_a_bare_post_ends_mail(world, reader):
    token = unsubscribe_token(reader)
    program = Client(enforce_csrf_checks=True)
    assert program.get(f"/unsubscribe/{token}/").status_code == 200
    assert channels_of(reader)["joining"] == "digest"
    answer = program.post(f"/unsubscribe/{token}/", {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert set(channels_of(reader).values()) == {"app"}
    assert program.post(f"/unsubscribe/{token}/").status_code == 200
    give(world, "draft_owner", mail_due=False)
    with time_machine.travel(MORNING, tick=False):
        assert send_notice_mail() == 0


def test_the_link_leaves_what_is_switched_off_switched_off(world, reader):
    choose_channels(reader, {"matches": "none"})
    Client().post(f"/unsubscribe/{unsubscribe_token(reader)}/")
    assert channels_of(reader)["matches"] == "none"


@pytest.mark.parametrize("token", ["x", "a:b", "é", "IjEi:abc", "%00"])
def test_a_link_that_is_not_ours_is_missing(world, token):
    assert Client().post(f"/unsubscribe/{token}/").status_code in (400, 404)
    assert not NoticePreference.objects.exists()


# --- two workers at once -----------------------------------------------------------------------------------
@pytest.mark.usefixtures("committed_db")
def test_two_workers_send_one_digest(settings):
    settings.EMAIL_URL = "smtp://localhost"
    world = build_world()
    person = world.people["draft_owner"]
    person.email, person.email_confirmed_at = "draft@example.org", "2026-01-01T00:00:00Z"
    person.save()
    give(world, "draft_owner", 3)
    sent, ready = [], threading.Barrier(4)

    def work():
        ready.wait()
        try:
            sent.append(send_notice_mail())
        finally:
            connection.close()

    with time_machine.travel(MORNING):
        workers = [threading.Thread(target=work) for _ in range(4)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
    assert sum(sent) == 1
    assert Mail.objects.filter(private=True).count() == 1


@pytest.mark.usefixtures("committed_db")
def test_a_worker_that_is_cut_off_and_three_at_once_tell_each_person_once(monkeypatch):
    """The first worker's connection is ended by the server in the middle of its transaction; three others then read
    the same feed at the same moment."""
    from alliance.services.notices import feed as module

    world = build_world()
    Notice.objects.all().delete()
    row = world.verifications["draft"]
    with unguarded():
        for _ in range(20):
            with transaction.atomic():
                record("decided", "verification", str(row.public_id), after={"granted": True})
        real, calls = module.tell, []

        def cut_off(source, news):
            calls.append(source)
            if len(calls) == 7:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            return real(source, news)

        failed = []

        def work():
            try:
                follow_news()
            except (OperationalError, InterfaceError) as error:
                failed.append(error)
            finally:
                connection.close()

        with monkeypatch.context() as patch:
            patch.setattr(module, "LONGEST", 60)  # as one transaction
            patch.setattr(module, "tell", cut_off)
            run([work])
        assert len(failed) == 1
        assert not Notice.objects.exists()
        run([work] * 3)
    assert len(failed) == 1
    assert Notice.objects.filter(user=world.people["draft_owner"]).count() == 20


def run(works):
    threads = [threading.Thread(target=work) for work in works]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

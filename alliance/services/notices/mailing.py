"""Mail of notices: at once, or gathered once a day; through the outbox, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.choices import NoticeChannel, NoticeGroup
from alliance.models import MailHabit, Notice, NoticePreference, User
from alliance.selectors.notices import attach_words
from alliance.services.mail import post
from alliance.services.notices.preferences import channels_of, language_of, unsubscribe_token

DIGEST_HOUR = 8  # local time; whoever comes later in the day (a server that was away) sends it then
PEOPLE = 200  # in one go
MOST = 60  # lines of one mail
MOST_READ = 300  # the newest that a mail is made of: the rest is in the app
OLD = timedelta(days=7)  # older news is in the app, not worth a mail


def send_notice_mail() -> int:
    """Mail what is due; returns how many mails went into the outbox. Any number of workers may do it at once.

    Without a mail server nothing is written: the outbox is read by the platform's admin, who may not see what
    people are told.
    """
    if not settings.EMAIL_URL:
        return 0
    digest = timezone.localtime().hour >= DIGEST_HOUR
    return sum(_mail(user, digest=digest) for user in _waiting(digest=digest))


def _waiting(*, digest: bool) -> list[User]:
    """People with news that a mail may speak of. Who had today's digest waits, unless something is sent at once."""
    due = Notice.objects.filter(mail_due=True, user__is_active=True)
    chosen = NoticePreference.objects.filter(user=OuterRef("user"), group=OuterRef("group"))
    at_once = Exists(chosen.filter(channel=NoticeChannel.MAIL))
    had = Q(user__mail_habit__digest_on__gte=timezone.localdate())
    due = due.filter(at_once | ~had) if digest else due.filter(at_once)
    keys = due.order_by().values_list("user_id", flat=True).distinct()[:PEOPLE]
    return list(User.objects.filter(pk__in=list(keys)).order_by("pk"))


def _mail(user: User, *, digest: bool) -> int:
    """The person's mails, in one transaction with the note that they were written. The lock on the habit lets one
    worker through; the others find nothing left."""
    MailHabit.objects.bulk_create([MailHabit(user=user)], ignore_conflicts=True)
    with transaction.atomic():
        habit = MailHabit.objects.select_for_update(skip_locked=True).filter(user=user).first()
        if habit is None:
            return 0
        Notice.objects.filter(user=user, mail_due=True).exclude(read_at=None).update(mail_due=False)
        Notice.objects.filter(user=user, mail_due=True, at__lt=timezone.now() - OLD).update(mail_due=False)
        channels = channels_of(user)
        sent = _gather(user, [g for g, c in channels.items() if c == NoticeChannel.MAIL], daily=False)
        today = timezone.localdate()
        if digest and (habit.digest_on is None or habit.digest_on < today):
            daily = _gather(user, [g for g, c in channels.items() if c == NoticeChannel.DIGEST], daily=True)
            if daily:
                MailHabit.objects.filter(user=user).update(digest_on=today)
            sent += daily
    return sent


def _gather(user: User, groups: Sequence[str], *, daily: bool) -> int:
    """One mail of everything that waits in these groups; 0 when there is nothing to say or nobody to write to."""
    due = Notice.objects.filter(user=user, mail_due=True, group__in=groups)
    rows = list(due.order_by("-id")[:MOST_READ])[::-1]
    if not rows:
        return 0
    due.filter(pk__lte=rows[-1].pk).update(mail_due=False)
    if not user.email or user.email_confirmed_at is None:
        return 0
    with translation.override(language_of(user)):
        attach_words(user, rows)
        told = [row for row in rows if row.said is not None]  # type: ignore[attr-defined]
        if not told:
            return 0
        stop = settings.SITE_URL + reverse("unsubscribe", args=[unsubscribe_token(user)])
        post(
            user.email,
            _subject(told, timezone.localdate() if daily else None),
            _body(told, stop),
            headers={
                "List-Unsubscribe": f"<{stop}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Auto-Submitted": "auto-generated",
            },
            private=True,
        )
    return 1


def _subject(told: Sequence[Any], day: date | None) -> str:
    if day is None and len(told) == 1:
        return f"{told[0].said.title}: {told[0].said.words}"
    count = {"count": len(told)}
    words = ngettext("%(count)d thing is new for you", "%(count)d things are new for you", len(told)) % count
    return words if day is None else f"{words} · {day.isoformat()}"


def _body(told: Sequence[Any], stop: str) -> str:
    """Grouped, the newest last; each with what changed and where it is done."""
    parts: list[str] = []
    for group in NoticeGroup:
        rows = [row for row in told[-MOST:] if row.group == group]
        if rows:
            parts.append(f"{group.label} ({len(rows)})\n")
            parts += [f"- {row.said.title}\n  {row.said.words}\n  {_address(row)}\n" for row in rows]
    if len(told) > MOST:
        parts.append(_("%(count)d more are in the app.") % {"count": len(told) - MOST} + "\n")
    site = settings.SITE_URL
    foot = [
        (_("Everything that is new:"), site + reverse("notices")),
        (_("Choose what you hear of and how:"), site + reverse("notice-settings")),
        (_("No more mails of this kind, without signing in:"), stop),
    ]
    parts += [f"{words} {where}" for words, where in foot]
    return "\n".join(parts)


def _address(row: Any) -> str:
    return settings.SITE_URL + reverse("notice", args=[row.public_id])

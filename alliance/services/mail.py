"""Mail is a row first: written with what it is about, sent afterwards, at least once, tried again when it fails."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from alliance.changes import record
from alliance.models import Mail

ATTEMPTS = 8
BATCH = 20
logger = structlog.get_logger(__name__)


def post(
    to: str, subject: str, body: str, *, headers: dict[str, str] | None = None, private: bool = False
) -> Mail:
    """Put a mail into the outbox, in the transaction of what it tells. `private`: not even the platform's admin
    reads what it says."""
    line = " ".join(subject.split())[:300]  # names may hold line breaks, headers may not
    with transaction.atomic():
        mail = Mail.objects.create(to=to, subject=line, body=body, headers=headers or {}, private=private)
        record("posted", "mail", str(mail.pk))
        transaction.on_commit(_nudge, robust=True)
    return mail


def _nudge() -> None:
    from alliance.celery import nudge

    if settings.EMAIL_URL:
        nudge("alliance.send_mail")


def send_waiting() -> int:
    """Send what is due; returns how many went out. Without a mail server the outbox is left for the admin to read."""
    if not settings.EMAIL_URL:
        return 0
    sent = 0
    for _round in range(BATCH):
        with transaction.atomic():
            due = Mail.objects.filter(sent_at=None, next_at__lte=Now(), attempts__lt=ATTEMPTS)
            mail = due.select_for_update(skip_locked=True).order_by("next_at").first()
            if mail is None:
                return sent
            sent += _send(mail)
    return sent


def _send(mail: Mail) -> int:
    row = Mail.objects.filter(pk=mail.pk)
    pause = timedelta(minutes=2**mail.attempts)
    try:
        EmailMessage(mail.subject, mail.body, to=[mail.to], headers=mail.headers).send()
    except (
        OSError,
        ValueError,
    ) as error:  # smtplib's errors are OSErrors; ValueError: no server takes such a mail
        row.update(
            attempts=F("attempts") + 1,
            next_at=timezone.now() + pause,
            error=str(error).replace("\0", "")[:500],
        )
        # Not its words: they name the address, and what is recorded stays when a person is erased.
        record("not sent", "mail", str(mail.pk), after={"error": type(error).__name__})
        logger.warning("mail not sent", mail=mail.pk, error=str(error))
        return 0
    row.update(sent_at=Now(), attempts=F("attempts") + 1, error="")
    record("sent", "mail", str(mail.pk))
    return 1

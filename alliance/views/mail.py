"""The outbox: what would have been mailed, for the platform's admin where no mail server is set."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from alliance.filters import MailFilter
from alliance.http import Column, counted, listing
from alliance.selectors.joining import mail_list


def _subject(row: Any) -> str:
    """What a private mail is about is for its reader only."""
    return _("Notices") if row.private else str(row.subject)


def _state(row: Any) -> str:
    if row.sent_at is not None:
        return _("sent")
    return str(row.error) or _("waiting")


COLUMNS = [
    Column(gettext_lazy("Subject"), _subject, "subject"),
    Column(pgettext_lazy("mail", "To"), lambda row: row.to, "to", sort="to"),
    Column(pgettext_lazy("mail", "Written"), lambda row: row.made_at, "made", sort="newest"),
    Column(gettext_lazy("State"), _state, "state"),
    Column(pgettext_lazy("mail", "Sent"), lambda row: row.sent_at, "sent", shown=False),
    Column(gettext_lazy("Tries"), lambda row: row.attempts, "tries", shown=False, css="num"),
]


@require_safe
def outbox(request: HttpRequest) -> HttpResponseBase:
    if not getattr(request.user, "is_superuser", False):
        raise Http404("no outbox for this person")
    return listing(
        request,
        mail_list(request.user),
        MailFilter,
        template="alliance/mail_list.html",
        columns=COLUMNS,
        name="outbox",
        summary=lambda rows: counted(rows.filter(sent_at=None), "unsent"),
    )

"""What is new for a person: the list, the bell, how one wants to hear of things, and the link that ends mail."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language

from alliance.choices import NoticeGroup
from alliance.errors import NotFoundError
from alliance.filters import NoticeFilter
from alliance.forms.notices import NoticeSettingsForm
from alliance.http import Column, listing
from alliance.models import User
from alliance.selectors.notices import attach_words, newest_notice, notice_list, unread_count
from alliance.services.notices import (
    channels_of,
    choose_channels,
    language_of,
    mark_all_read,
    mark_read,
    remember_language,
    unsubscribe,
    who_unsubscribes,
)

COLUMNS = [
    Column(gettext_lazy("When"), lambda row: row.at),
    Column(gettext_lazy("Group"), lambda row: row.get_group_display()),
    Column(pgettext_lazy("notice", "About"), lambda row: row.said.title if row.said else ""),
    Column(gettext_lazy("What is new"), lambda row: row.said.words if row.said else ""),
    Column(gettext_lazy("Read"), lambda row: row.read_at),
]


@require_safe
def notices(request: HttpRequest) -> HttpResponseBase:
    return listing(
        request,
        notice_list(request.user),
        NoticeFilter,
        template="alliance/notice_list.html",
        columns=COLUMNS,
        name="notices",
        prepare=lambda rows: attach_words(request.user, rows),
        extra={
            "unread": unread_count(request.user),
            "newest": newest_notice(request.user),
            "groups": NoticeGroup,
        },
    )


@require_safe
def notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Reads it and goes to where it is dealt with; where that is closed by now, back to the list, which says so."""
    row: Any = mark_read(request.user, public_id)
    attach_words(request.user, [row])
    return redirect(row.said.address if row.said else "notices")


@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """One (by its id), or all that the page went up to."""
    named, until = (_uuid(request.POST.get(name, "")) for name in ("notice", "until"))
    if named:
        mark_read(request.user, named)
    else:
        mark_all_read(request.user, until)
        messages.success(request, _("Everything is marked as read."))
    return redirect("notices")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFoundError("no such notice") from error


@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """Only the bell: an open page asks for it now and then."""
    response = render(request, "components/_bell.html", {"unread": unread_count(request.user)})
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def notice_settings(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = NoticeSettingsForm(
        request.POST or None,
        initial=channels_of(user) | {"language": language_of(user, get_language() or "")},
    )
    if request.method == "POST" and form.is_valid():
        chosen = {group: form.cleaned_data[group] for group in NoticeGroup.values}
        choose_channels(user, chosen, language=form.cleaned_data["language"])
        messages.success(request, _("Kept. It holds for what is new from now on."))
        return redirect("notice-settings")
    context = {"form": form, "mailed": bool(user.email and user.email_confirmed_at)}
    status = 400 if request.method == "POST" else 200
    return render(request, "alliance/notice_settings.html", context, status=status)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mail(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a mail: works without signing in. Looking changes nothing; the button, or the mail program's own
    (RFC 8058: a POST without any cookie), ends the mails."""
    if request.method == "POST":
        person, done = unsubscribe(token), True
    else:
        person, done = who_unsubscribes(token), False
    return render(request, "registration/unsubscribe.html", {"person": person, "done": done})


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """The switcher of every page; a person's mails follow it."""
    response = set_language(request)
    if request.user.is_authenticated:
        remember_language(request.user, request.POST.get("language", ""))
    return response

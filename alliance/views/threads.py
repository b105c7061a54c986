"""The thread of a row on a page of its own, and mending or withdrawing one's own message."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alliance.errors import DomainError, ForbiddenError
from alliance.forms.records import MendForm, MessageForm
from alliance.kinds import KINDS
from alliance.models import Message
from alliance.selectors.attachments import row_of
from alliance.selectors.messages import thread_of, voices
from alliance.selectors.paging import cut
from alliance.services.messages import edit_message, may_edit, post_message, withdraw_message

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """All of it, newest first. Who neither takes part nor reads anything of it finds nothing here."""
    user = request.user
    found = row_of(user, kind, public_id)
    if found is None:
        raise Http404
    known = KINDS[kind]
    voice = voices(user, known, found)
    said = thread_of(user, known, found)
    if not voice and not said.exists():
        raise Http404
    form, status = None, 200
    if request.method == "POST":
        form = MessageForm(request.POST, audiences=list(voice)) if voice else None
        if form is None:
            raise ForbiddenError(_("You do not take part in this conversation."))
        status = 400
        if form.is_valid():
            try:
                return _posted(request, found, form)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
                status = error.status
    page = cut(said, ("-id",), request.GET.get("cursor", ""), PAGE)
    context = {"row": found, "kind": known, "page": page, "bound": form, "shown": len(page.rows)}
    return render(request, "alliance/thread.html", context, status=status)


def _posted(request: HttpRequest, row: Any, form: MessageForm) -> HttpResponse:
    found = post_message(row, form.cleaned_data["text"], user=request.user, audience=form.chosen())
    people = ", ".join(str(person) for person in found.mentions.all())
    words = _("Sent. %(people)s will be told.") % {"people": people} if people else _("Sent.")
    messages.success(request, words)
    return redirect(_home(found))


def _home(row: Message) -> str:
    return f"{reverse(KINDS[row.kind].url_name, kwargs={'public_id': row.object_id})}#thread"


@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One's own words: changed for a quarter of an hour, withdrawn at any time."""
    found = get_object_or_404(Message.objects.visible_to(request.user), public_id=public_id)
    if found.author_id != request.user.pk:
        raise ForbiddenError(_("Only its author changes a message."))
    form, status = MendForm(initial={"text": found.text, "version": found.version}), 200
    if request.method == "POST":
        if "withdraw" in request.POST:
            withdraw_message(found, user=request.user)
            messages.success(request, _("The message is withdrawn."))
            return redirect(_home(found))
        form, status = MendForm(request.POST), 400
        if form.is_valid():
            told = form.cleaned_data
            try:
                edit_message(found, told["text"], user=request.user, version=told["version"])
                return redirect(_home(found))
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
                status = error.status
    context = {"message_": found, "kind": KINDS[found.kind], "form": form, "may": may_edit(found)}
    return render(request, "alliance/message.html", context, status=status)

"""The thread of a row on a page of its own, and mending or withdrawing one's own message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alliance.choices import Audience
from alliance.errors import DomainError, ForbiddenError, NotFoundError
from alliance.forms.records import MendForm, MessageForm, QuestionForm, ReplyForm
from alliance.kinds import KINDS, Kind
from alliance.models import Message
from alliance.selectors.attachments import row_of, whose_row
from alliance.selectors.messages import talk_of, thread_of, voices
from alliance.selectors.paging import cut
from alliance.selectors.questions import asker_of, attach_about, question_address
from alliance.services.messages import edit_message, may_edit, post_message, restore_message, withdraw_message
from alliance.services.questions import answer_question, ask_firm

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """All of it, newest first, and what single firms were asked. Who neither takes part nor reads anything of it finds
    nothing here. `?about=line:…` begins a question about that."""
    user = request.user
    found = row_of(user, kind, public_id)
    if found is None:
        raise Http404
    known = KINDS[kind]
    voice, asker = voices(user, known, found), asker_of(user, known, found)
    if not voice and asker is None and not thread_of(user, known, found).exists():
        raise Http404
    context: dict[str, Any] = {"row": found, "kind": known, "voice": bool(voice)}
    if known.asked and known.owner(found) is not None:
        context["firm"] = whose_row(known, found)
    about = request.GET.get("about", "")
    if about:
        if asker is None:
            raise Http404
        context["asking"] = QuestionForm(initial={"about": about})
        context["about"] = _told_about(found, known, user, about)
    status = 200
    if request.method == "POST":
        answer, status = _write(request, found, list(voice), context)
        if answer is not None:
            return answer
    page = cut(talk_of(user, known, found), ("-id",), request.GET.get("cursor", ""), PAGE)
    context |= {"page": page, "shown": len(page.rows)}
    return render(request, "alliance/thread.html", context, status=status)


def _write(
    request: HttpRequest, row: Any, voice: list[str], context: dict[str, Any]
) -> tuple[HttpResponse | None, int]:
    """Post what was sent: a message, a question or an answer. Refused, its form goes back with the reason."""
    form: Any
    if "question" in request.POST:
        form = context["replying"] = ReplyForm(request.POST, auto_id="replying_%s")
        send: Callable[[], HttpResponse] = lambda: _answered(request, form)  # noqa: E731
    elif "about" in request.POST:
        form = context["asking"] = QuestionForm(request.POST)
        send = lambda: _asked(request, row, form)  # noqa: E731
    elif voice:
        form = context["bound"] = MessageForm(request.POST, audiences=voice)
        send = lambda: _posted(request, row, form)  # noqa: E731
    else:
        raise ForbiddenError(_("You do not take part in this conversation."))
    if not form.is_valid():
        return None, 400
    try:
        return send(), 302
    except (NotFoundError, ForbiddenError):
        raise
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None, error.status


def _about(text: str) -> tuple[str, UUID] | None:
    """What a question is about; None for nothing, 404 for what is no such thing."""
    if not text:
        return None
    kind, _sep, key = text.partition(":")
    try:
        return kind, UUID(key)
    except ValueError as error:
        raise Http404 from error


def _told_about(row: Any, kind: Kind, user: Any, text: str) -> Any:
    """What it is about in words, as far as the asker sees it; 404 for everything else."""
    found = _about(text)
    question = Message(pk=0, kind=kind.name, object_id=row.public_id)
    if found is not None:
        question.about_kind, question.about_id = found
    attach_about(user, [question])
    if question.about is None:  # type: ignore[attr-defined]
        raise Http404
    return question.about  # type: ignore[attr-defined]


def _asked(request: HttpRequest, row: Any, form: QuestionForm) -> HttpResponse:
    told = form.cleaned_data
    found = ask_firm(row, told["text"], user=request.user, about=_about(told["about"]))
    messages.success(request, _("Asked. You are told when %(firm)s answers.") % {"firm": found.firm})
    return redirect(question_address(found))


def _answered(request: HttpRequest, form: ReplyForm) -> HttpResponse:
    asked = Message.objects.visible_to(request.user).filter(public_id=form.cleaned_data["question"])
    found = get_object_or_404(asked, audience=Audience.FIRM, answers=None)
    answer_question(found, form.cleaned_data["text"], user=request.user)
    messages.success(request, _("Sent."))
    return redirect(question_address(found))


def _posted(request: HttpRequest, row: Any, form: MessageForm) -> HttpResponse:
    found = post_message(row, form.cleaned_data["text"], user=request.user, audience=form.chosen())
    people = ", ".join(str(person) for person in found.mentions.all())
    words = _("Sent. %(people)s will be told.") % {"people": people} if people else _("Sent.")
    messages.success(request, words)
    return redirect(_home(found))


def _home(row: Message) -> str:
    if row.audience == Audience.FIRM:
        return question_address(row)
    return f"{reverse(KINDS[row.kind].url_name, kwargs={'public_id': row.object_id})}#thread"


@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One's own words: changed for a quarter of an hour, withdrawn and shown again at any time."""
    found = get_object_or_404(Message.objects.visible_to(request.user), public_id=public_id)
    if found.author_id != request.user.pk:
        raise ForbiddenError(_("Only its author changes a message."))
    form, status = MendForm(initial={"text": found.text, "version": found.version}), 200
    if request.method == "POST":
        if "withdraw" in request.POST:
            withdraw_message(found, user=request.user)
            messages.success(request, _("The message is withdrawn."))
            return redirect(_home(found))
        if "restore" in request.POST:
            restore_message(found, user=request.user)
            messages.success(request, _("The message is shown again."))
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

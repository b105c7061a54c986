"""What hangs on a row of any kind: `{% files row %}` and `{% thread row %}`."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.choices import Audience, FileStage
from alliance.forms.records import FileForm, MessageForm, QuestionForm, ReplyForm
from alliance.kinds import kind_of
from alliance.selectors.attachments import files_of, holder_of, is_bureaus, whose_row
from alliance.selectors.joining import waiting_of
from alliance.selectors.messages import (
    LATEST,
    addressees,
    organisations_named,
    talk_of,
    usual_readers,
    voices,
)
from alliance.selectors.questions import asker_of, is_reachable, questions_on, readers_of_question
from alliance.services.messages import may_edit
from alliance.templatetags.ui import icon

register = template.Library()

#: what a row of a kind is called where its own name may be hidden from the reader
WORDS = {
    "capability": gettext_lazy("Capability"),
    "demand": gettext_lazy("Demand"),
    "introduction": gettext_lazy("Introduction"),
    "organisation": gettext_lazy("Firm"),
    "project": gettext_lazy("Project"),
    "site": gettext_lazy("Site"),
    "verification": gettext_lazy("Verification"),
}


@register.inclusion_tag("components/_files.html", takes_context=True)
def files(context: template.Context, row: Any, bound: FileForm | None = None) -> dict[str, Any]:
    """The files of a row that the reader may know, with the form for who may add one; nothing for everybody else."""
    user, kind = context["request"].user, kind_of(row)
    holder = holder_of(kind, row, user)
    may = holder is not None
    whose = whose_row(kind, row) if holder is not None and is_bureaus(kind, row, holder) else None
    return {
        "row": row,
        "kind": kind,
        "may": may,
        "files": files_of(user, kind, row),
        "form": (bound or FileForm(staged=kind.staged, whose=whose)) if may else None,
        "bound": bound is not None,
        "words": _about(kind.name),
        "whose": whose,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def waiting_verification(context: template.Context, organisation: Any) -> Any:
    """The request of a firm that its bureau has not decided, for the firm's own people; else None."""
    return waiting_of(context["request"].user, organisation)


@register.simple_tag(takes_context=True)
def history_link(context: template.Context, row: Any) -> SafeString | str:
    """To the history of a row that the reader sees, for its own side and the bureau that cares for it."""
    kind = kind_of(row)
    if not kind.model.objects.kept_by(context["request"].user).filter(pk=row.pk).exists():
        return ""
    place = reverse("history", kwargs={"kind": kind.name, "public_id": row.public_id})
    return format_html('<span><a href="{}">{}{}</a></span>', place, icon("clock-history"), _("History"))


def _about(kind: str) -> str:
    """Who may open what hangs here, in words."""
    if kind == "verification":
        return _("Only your firm and the bureau of its city open them.")
    if kind in ("introduction", "project"):
        return _("Whose file it is decides when the other side may open it; one's own bureau always may.")
    return _(
        "The owner and the bureau of its city open them; whom an introduction has brought here, "
        "from the stage that is named."
    )


@register.filter
def opens(stage: int) -> str:
    """From when on the other side may open a file."""
    return str(FileStage(stage).label)


@register.filter
def opens_bureaus(file: Any) -> str:
    """Who beside the bureau may open what it hung on another's row."""
    return {
        FileStage.CLOSED: _("nobody else"),
        FileStage.OWNER: _("whose row this is"),
        FileStage.CONFIDENTIAL: _("whose row this is; others once confidentiality is agreed"),
        FileStage.ACCEPTED: _("whose row this is; others once both firms have accepted"),
    }[FileStage(file.stage)]


@register.filter
def audience_words(audience: str) -> str:
    return str(Audience(audience).label)


@register.filter
def bytes_text(size: int) -> str:
    return filesizeformat(size)


@register.filter
def kind_words(kind: Any) -> str:
    return str(WORDS.get(kind.name, kind.name))


@register.inclusion_tag("components/_thread.html", takes_context=True)
def thread(
    context: template.Context, row: Any, page: Any = None, bound: MessageForm | None = None
) -> dict[str, Any]:
    """What the reader may know of a row's thread, with the form for who takes part; nothing for everybody else.

    The newest few, or `page` of them on the thread's own page.
    """
    user, kind = context["request"].user, kind_of(row)
    voice = voices(user, kind, row)
    found = list(talk_of(user, kind, row).order_by("-id")[: LATEST + 1]) if page is None else page.rows
    told: dict[str, Any] = {"row": row, "kind": kind, "messages_": found, "bound": bound is not None}
    if page is None:
        told |= {"messages_": found[:LATEST], "earlier": len(found) > LATEST}
    for message in told["messages_"]:
        message.mine = message.author_id == user.pk
        message.mendable = message.mine and may_edit(message)
    if voice:
        people = {audience: addressees(user, kind, row, audience) for audience in voice}
        told["form"] = bound or MessageForm(audiences=list(voice))
        told["people"] = list({(p.user.pk, p.handle): p for found in people.values() for p in found}.values())
        told["reads"] = [
            (audience, organisations_named(usual_readers(user, kind, row, audience, speaker)))
            for audience, speaker in voice.items()
        ]
    return told | {"csrf_token": context.get("csrf_token"), "page": page}


@register.inclusion_tag("components/_questions.html", takes_context=True)
def questions(
    context: template.Context, row: Any, asking: QuestionForm | None = None, replying: ReplyForm | None = None
) -> dict[str, Any]:
    """What bureaus asked the firm whose row this is, with the form to ask or to answer; nothing for everybody else.

    `asking`, `replying`: forms that were refused.
    """
    user, kind = context["request"].user, kind_of(row)
    found = questions_on(user, kind, row)
    for question in found:
        question.mendable = question.mine and may_edit(question)
        if question.may_answer:
            mine = replying if replying and _answers(replying, question) else None
            question.form = mine or ReplyForm(
                auto_id=f"reply_{question.pk}_%s", initial={"question": question.public_id}
            )
            question.open = mine is not None or (question.asks_us and question.answered_at is None)
    asker, firm = asker_of(user, kind, row), kind.owner(row)
    told: dict[str, Any] = {"row": row, "kind": kind, "questions": found, "bound": bool(asking)}
    if asker is not None and firm is not None:
        told["may_ask"] = True
        if is_reachable(firm):
            told["form"] = asking or QuestionForm()
            told["reads"] = organisations_named(readers_of_question(asker, firm))
    return told | {"csrf_token": context.get("csrf_token")}


def _answers(form: ReplyForm, question: Any) -> bool:
    return str(form["question"].value()) == str(question.public_id)


@register.filter
def with_mentions(message: Any) -> SafeString:
    """The words of a message, the people it mentions marked; everything escaped."""
    names = {name for person in message.mentions.all() for name in (str(person), person.username)}
    if not names:
        return format_html("{}", message.text)
    longest = sorted(names, key=len, reverse=True)
    parts = re.split("([@\uff20](?:" + "|".join(map(re.escape, longest)) + "))", message.text, flags=re.I)
    marked = (
        format_html('<b class="at">{}</b>', part) if number % 2 else part for number, part in enumerate(parts)
    )
    return format_html_join("", "{}", ((part,) for part in marked))

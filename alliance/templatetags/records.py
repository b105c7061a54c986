"""What hangs on a row of any kind: `{% files row %}` and `{% thread row %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.choices import FileStage
from alliance.forms.records import FileForm
from alliance.kinds import kind_of
from alliance.selectors.attachments import files_of, holder_of
from alliance.selectors.joining import waiting_of

register = template.Library()

#: what a row of a kind is called where its own name may be hidden from the reader
WORDS = {
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
    may = holder_of(kind, row, user) is not None
    return {
        "row": row,
        "kind": kind,
        "may": may,
        "files": files_of(user, kind, row),
        "form": (bound or FileForm(staged=kind.staged)) if may else None,
        "bound": bound is not None,
        "words": _about(kind.name),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def waiting_verification(context: template.Context, organisation: Any) -> Any:
    """The request of a firm that its bureau has not decided, for the firm's own people; else None."""
    return waiting_of(context["request"].user, organisation)


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
def bytes_text(size: int) -> str:
    return filesizeformat(size)


@register.filter
def kind_words(kind: Any) -> str:
    return str(WORDS.get(kind.name, kind.name))

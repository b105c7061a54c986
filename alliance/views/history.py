"""What happened to a row: who, when, and each field before and after."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from alliance.kinds import KINDS
from alliance.models import Change
from alliance.selectors.history import history_of, history_row

MOST = 200
#: other verbs are shown as they were recorded
VERBS = {
    "changed": _("changed"),
    "checked": _("checked"),
    "closed": _("closed"),
    "created": _("created"),
    "drafted": _("drafted"),
    "imported": _("imported"),
    "reopened": _("reopened"),
    "published": _("published"),
    "withdrawn": _("withdrawn"),
    "archived": _("archived"),
    "restored": _("restored"),
}


@require_safe
def history(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    found = history_row(request.user, kind, public_id)
    if found is None:
        raise Http404
    steps = [
        (change, VERBS.get(change.verb, change.verb), _differences(change))
        for change in history_of(kind, public_id)[:MOST]
    ]
    context = {"row": found, "steps": steps, "url_name": KINDS[kind].url_name, "most": MOST}
    return render(request, "alliance/history.html", context)


def _differences(change: Change) -> list[tuple[str, str, str]]:
    """(field, before, after) of what is not the same."""
    before, after = change.before or {}, change.after or {}
    names = sorted({*before, *after} - {"version"})
    return [
        (name, _words(before.get(name)), _words(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _words(value: Any) -> str:
    if value is None or value == "":
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""Steps on several demands or introductions at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.forms import day_field
from alliance.http.several import Action, offer
from alliance.selectors import viewer_of
from alliance.services.several import Outcome, Wanted
from alliance.templatetags._numbers import date_text
from companies.views.several import already
from matching.models import Demand, Introduction
from matching.models.introductions import RUNNING
from matching.selectors import demand_list, heading
from matching.selectors.introductions import attach_introduction_parts, introduction_list
from matching.services.demands import archive_demand, close_demand, reopen_demand
from matching.services.demands.publishing import publish_demand, withdraw_demand
from matching.services.introductions import Step, take_step
from matching.services.introductions.moves import LAB, LAB_BUREAU, SUPPLIER, SUPPLIER_BUREAU

PARTIES = {
    "": gettext_lazy("as now"),
    LAB: gettext_lazy("the lab"),
    SUPPLIER: gettext_lazy("the supplier"),
    LAB_BUREAU: gettext_lazy("the lab's bureau"),
    SUPPLIER_BUREAU: gettext_lazy("the supplier's bureau"),
}


class CloseForm(forms.Form):
    outcome = forms.CharField(label=gettext_lazy("How it ended"), max_length=300)


class PlanForm(forms.Form):
    due_on = day_field(gettext_lazy("Next date"))
    turn = forms.ChoiceField(label=gettext_lazy("Whose turn"), choices=list(PARTIES.items()), required=False)


def _writes(user: Any) -> bool:
    return bool(viewer_of(user).editing)


def _life(key: str, words: Any, service: Callable[..., Any], told: Any, undo: str, **more: Any) -> Action:
    def act(user: Any, wanted: Wanted, values: dict[str, Any]) -> Outcome:
        before = {"published": wanted.row.published}
        already(key, wanted.row)
        service(wanted.row, user=user, version=wanted.version, **values)
        if key == "reopen" and wanted.values.get("published"):
            publish_demand(wanted.row, user=user)
        return Outcome(wanted.row, str(told), before=before)

    return Action(key, words, demand_list, act, _writes, undo=undo, name=heading, **more)


offer(
    "demands",
    _life(
        "publish", gettext_lazy("Publish"), publish_demand, gettext_lazy("is shown and matched"), "withdraw"
    ),
    _life(
        "withdraw",
        gettext_lazy("Withdraw"),
        withdraw_demand,
        gettext_lazy("becomes a draft: out of lists and matching"),
        "publish",
    ),
    _life(
        "close",
        gettext_lazy("Close"),
        close_demand,
        gettext_lazy("is over: out of matching and of the lists"),
        "reopen",
        form=CloseForm,
    ),
    _life("archive", gettext_lazy("Archive"), archive_demand, gettext_lazy("is put away"), "reopen"),
    _life("reopen", gettext_lazy("Open again"), reopen_demand, gettext_lazy("comes back"), "", quiet=True),
    ticks=Demand.objects.editable_by,
)


def _plan(user: Any, wanted: Wanted, values: dict[str, Any]) -> Outcome:
    row = wanted.row
    before = {"due_on": row.due_on.isoformat() if row.due_on else "", "turn": _party(row)}
    due = wanted.values.get("due_on") or values.get("due_on")
    if isinstance(due, str):
        due = date.fromisoformat(due)
    turn = wanted.values.get("turn") or values.get("turn") or _party(row)
    fresh = take_step(row, "plan", user=user, version=wanted.version, step=Step(turn=turn, due_on=due))
    words = _("next: %(who)s, until %(date)s") % {"who": fresh.turn or "", "date": date_text(fresh.due_on)}
    if fresh.turn_id == row.lab_id:
        words = _("next: %(who)s, until %(date)s") % {"who": row.lab_told, "date": date_text(fresh.due_on)}
    return Outcome(row, words, before=before)


def _party(row: Any) -> str:
    """Whose turn it is, as one of the four parties."""
    return next((p for p in PARTIES if p and getattr(row, f"{p}_id") == row.turn_id), "")


def _works(user: Any) -> bool:
    viewer = viewer_of(user)
    return bool(viewer.editing or viewer.bureaus)


offer(
    "introductions",
    Action(
        "plan",
        gettext_lazy("Set next date and whose turn"),
        introduction_list,
        _plan,
        _works,
        form=PlanForm,
        undo="plan",
        prepare=attach_introduction_parts,
        name=lambda row: f"{row.part} · {row.heading} · {row.supplier}",
    ),
    ticks=lambda user: Introduction.objects.editable_by(user).filter(RUNNING),
)

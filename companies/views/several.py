"""Steps on several capabilities or firms at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.errors import ConflictError
from alliance.http.several import Action, offer
from alliance.models import Organisation, Verification
from alliance.selectors import firm_list, viewer_of
from alliance.selectors.joining import verification_list
from alliance.services.registration import decide_verification
from alliance.services.several import Outcome, Wanted
from alliance.templatetags._numbers import number_text
from companies.models import Capability
from companies.selectors import capability_list
from companies.services import (
    archive_capability,
    publish_capability,
    restore_capability,
    set_free_capacity,
    withdraw_capability,
)


class FreeForm(forms.Form):
    free = forms.FloatField(label=gettext_lazy("Free capacity a month"), min_value=0, max_value=1e9)


def _every(user: Any) -> Any:
    return capability_list(user, archived=None)


def _writes(user: Any) -> bool:
    return bool(viewer_of(user).editing)


def already(key: str, row: Any) -> None:
    """A step that has been taken is no conflict with somebody else: say so."""
    archived = row.archived_at is not None
    so = {
        "publish": row.published,
        "withdraw": not row.published,
        "archive": archived,
        "restore": not archived,
    }
    so |= {"close": archived, "reopen": not archived}
    if so[key]:
        raise ConflictError(_("It is so already."))


def _life(key: str, words: Any, service: Callable[..., Any], told: Any, undo: str) -> Action:
    def act(user: Any, wanted: Wanted, values: dict[str, Any]) -> Outcome:
        before = {"published": wanted.row.published}
        already(key, wanted.row)
        service(wanted.row, user=user, version=wanted.version)
        if key == "restore" and wanted.values.get("published"):
            publish_capability(wanted.row, user=user)
        return Outcome(wanted.row, str(told), before=before)

    return Action(key, words, _every, act, _writes, undo=undo)


def _free(user: Any, wanted: Wanted, values: dict[str, Any]) -> Outcome:
    asked: Any = wanted.values.get("free", values.get("free"))
    before, now = set_free_capacity(wanted.row, float(asked), user=user, version=wanted.version)
    words = _("free a month: %(before)s → %(now)s") % {
        "before": number_text(before),
        "now": number_text(now),
    }
    return Outcome(wanted.row, words, before={"free": before})


offer(
    "capabilities",
    _life(
        "publish",
        gettext_lazy("Publish"),
        publish_capability,
        gettext_lazy("is shown and matched"),
        "withdraw",
    ),
    _life(
        "withdraw",
        gettext_lazy("Withdraw"),
        withdraw_capability,
        gettext_lazy("becomes a draft: out of lists and matching"),
        "publish",
    ),
    _life("archive", gettext_lazy("Archive"), archive_capability, gettext_lazy("is put away"), "restore"),
    _life(
        "restore",
        gettext_lazy("Restore"),
        restore_capability,
        gettext_lazy("comes back from the archive"),
        "archive",
    ),
    Action(
        "free",
        gettext_lazy("Set free capacity"),
        _every,
        _free,
        _writes,
        form=FreeForm,
        undo="free",
    ),
    ticks=Capability.objects.editable_by,
)


def _verify(user: Any, wanted: Wanted, values: dict[str, Any]) -> Outcome:
    asked = verification_list(user).filter(organisation=wanted.row, state="waiting").first()
    if asked is None:
        raise ConflictError(
            _("It is verified already.") if wanted.row.verified else _("It has not asked to be verified.")
        )
    decide_verification(asked, user=user, granted=True, seen=wanted.version)
    return Outcome(wanted.row, _("is verified and listed"))


def _verifies(user: Any) -> bool:
    return (
        viewer_of(user).official and Verification.objects.editable_by(user).filter(state="waiting").exists()
    )


def _asking(user: Any) -> Any:
    asked = Verification.objects.editable_by(user).filter(state="waiting")
    return Organisation.objects.visible_to(user).filter(pk__in=asked.values("organisation"))


offer("firms", Action("verify", gettext_lazy("Verify"), firm_list, _verify, _verifies), ticks=_asking)

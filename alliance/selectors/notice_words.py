"""Words of notices about verification, requests to join and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from alliance.models import Invitation, JoinRequest
from alliance.selectors.joining import verification_list
from alliance.selectors.notices import Said, rows_told
from alliance.selectors.rights import viewer_of


def verifications(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    rows = rows_told(verification_list(user), notices)
    mine = viewer_of(user).firms
    return {n.pk: _verification(n, rows[n.object_id], mine) for n in notices if n.object_id in rows}


def _verification(notice: Any, row: Any, mine: frozenset[int]) -> Said:
    name = str(row.organisation)
    if notice.key == "verification asked":
        words = _("asks your bureau to verify it")
        return Said(name, words, reverse("verification", args=[row.public_id]), "patch-check", "warn")
    address = reverse("organisation-edit" if row.organisation_id in mine else "firm",
                      args=[row.organisation.public_id])  # fmt: skip
    if notice.params.get("granted"):
        words = _("verified by the bureau: what you publish is now seen by the alliance")
        return Said(name, words, address, "patch-check-fill", "ok")
    words = _("not verified yet: %(reason)s") % {"reason": row.reason}
    return Said(name, words, address, "exclamation-triangle-fill", "warn")


def join_requests(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    seen = JoinRequest.objects.visible_to(user).select_related("organisation", "person")
    rows = rows_told(seen, notices)
    return {n.pk: _join_request(user, n, rows[n.object_id]) for n in notices if n.object_id in rows}


def _join_request(user: Any, notice: Any, row: Any) -> Said:
    told = {"person": str(row.person)}
    people = reverse("people", args=[row.organisation.public_id])
    if notice.key == "join asked":
        claims = row.kind == "claim"
        words = _("%(person)s claims this entry") if claims else _("%(person)s wants to join")
        official = bool(viewer_of(user).bureaus) and row.organisation_id not in viewer_of(user).firms
        address = reverse("verifications") if official else people
        return Said(str(row.organisation), words % told, address, "person-plus", "warn")
    words = (
        _("you belong to it now") if row.person_id == user.pk else _("%(person)s belongs to it now") % told
    )
    return Said(str(row.organisation), words, people, "person-check", "ok")


def invitations(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    seen = Invitation.objects.visible_to(user).select_related("organisation", "used_by")
    rows = rows_told(seen, notices)
    return {
        n.pk: Said(
            str(rows[n.object_id].organisation),
            _("%(person)s has accepted the invitation") % {"person": rows[n.object_id].used_by or "—"},
            reverse("people", args=[rows[n.object_id].organisation.public_id]),
            "person-check",
            "ok",
        )
        for n in notices
        if n.object_id in rows
    }

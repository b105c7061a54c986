"""What a refusal of the database means to the asker, by SQLSTATE: one table for pages and endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Answer:
    status: int
    code: str
    detail: str


CONFLICTS = {"23505", "23503", "23P01", "40001", "40P01", "55P03"}
BAD_INPUT = {"23502", "23514"}
TOO_SLOW = {"57014"}


def answer_of(error: BaseException) -> Answer | None:
    """Conflict, bad input or "try again"; None for a defect of ours, which stays a 500."""
    if isinstance(error, ProtectedError):
        return Answer(409, "conflict", _("Something else still refers to this."))
    state = getattr(error.__cause__, "sqlstate", None) or ""
    if state in CONFLICTS:
        return Answer(
            409, "conflict", _("Somebody else was first, or something else refers to this. Try again.")
        )
    if state in BAD_INPUT or state.startswith("22"):
        return Answer(400, "invalid", _("A value is outside what can be stored."))
    lost = isinstance(error, OperationalError | InterfaceError) and (
        not state or state.startswith(("08", "53", "57P"))
    )
    if state in TOO_SLOW or lost:
        return Answer(503, "unavailable", _("The database did not answer in time. Try again."))
    return None

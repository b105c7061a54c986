"""A demand as one document: programme, lines and site need in one transaction, as programs send it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from alliance.errors import ConflictError, DomainError
from alliance.models import Organisation
from matching.models import Demand, DemandLine
from matching.services.demands.inputs import DemandInput, LineInput, NeedInput
from matching.services.demands.lines import MOST_LINES, remove_line, remove_need, save_line, save_need
from matching.services.demands.publishing import publish_demand, withdraw_demand
from matching.services.demands.writing import create_demand, reopen_demand, update_demand


def write_demand(
    demand: Demand | None,
    owner: Organisation,
    given: DemandInput,
    lines: Sequence[LineInput],
    need: NeedInput | None,
    *,
    user: Any,
    version: int | None = None,
    published: bool | None = None,
) -> Demand:
    """Make or replace all of it. A line keeps its row by its `external_id`; what is not named goes.

    What is wrong is named by field: `lines.<n>.<field>`, `site_need.<field>`. `published=None` leaves it as it is.
    """
    if len(lines) > MOST_LINES:
        raise DomainError(_("A demand has at most %(count)d lines.") % {"count": MOST_LINES}, field="lines")
    with transaction.atomic():
        row = _programme(demand, owner, given, user, version)
        _lines(row, lines, user)
        with _inside("site_need"):
            if need is not None:
                save_need(row, need, user=user)
            elif demand is not None:
                remove_need(row, user=user)
        row.refresh_from_db()
        if published and not row.published:
            publish_demand(row, user=user)
        elif published is False and row.published:
            withdraw_demand(row, user=user)
        row.refresh_from_db()
    return row


def _programme(
    demand: Demand | None, owner: Organisation, given: DemandInput, user: Any, version: int | None
) -> Demand:
    if demand is not None:
        if version is not None and demand.archived_at is not None:
            if demand.version != version:
                raise ConflictError(_("Somebody else has changed this demand meanwhile."))
            version = reopen_demand(demand, user=user).version
        return update_demand(demand, given, user=user, version=demand.version if version is None else version)
    try:
        with transaction.atomic():
            return create_demand(owner, given, user=user)
    except IntegrityError as error:
        if "demand_external_id" not in str(error):
            raise
        words = _("The firm has another demand with this id.")
        raise DomainError(words, field="external_id") from None


def _lines(row: Demand, lines: Sequence[LineInput], user: Any) -> None:
    """New ones first, so that a published demand is never without lines."""
    stored = {line.external_id: line for line in row.lines.all()}
    names = [line.external_id for line in lines if line.external_id]
    if len(set(names)) != len(names):
        raise DomainError(_("Two lines have the same id."), field="lines")
    kept = set()
    for place, given in enumerate(lines):
        line = stored.get(given.external_id)
        with _inside(f"lines.{place}"):
            saved = _saved(row, given, user, line)
        kept.add(saved.pk)
        if saved.position != place:
            DemandLine.objects.filter(pk=saved.pk).update(position=place)
    for name, line in stored.items():
        if line.pk not in kept:
            with _inside(f"lines ({name})"):
                remove_line(row, line, user=user)


def _saved(row: Demand, given: LineInput, user: Any, line: DemandLine | None) -> DemandLine:
    try:
        with transaction.atomic():
            return save_line(row, given, user=user, line=line)
    except IntegrityError as error:
        if "line_external_id" not in str(error):
            raise
        words = _("The firm has another line with this id.")
        raise DomainError(words, field="external_id") from None


@contextmanager
def _inside(place: str) -> Iterator[None]:
    """What is wrong inside a part is named from the whole."""
    try:
        yield
    except DomainError as error:
        if error.errors:
            error.errors = {f"{place}.{name}": words for name, words in error.errors.items()}
        else:
            error.errors = {place: [error.message]}
        raise

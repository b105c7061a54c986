"""Asking for a file, ending it, and fetching it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import ExportState
from alliance.errors import ChangedRightsError, ConflictError
from alliance.services.retries import locked
from alliance.services.storing import opened
from matching.models import Export
from matching.selectors.exports import export_list, rights_of, still_seen
from matching.services.exports.working import nudge_export, remove_file

MOST_OPEN = 5


class NotReadyError(ConflictError):
    """The file is not written yet, or not any more."""

    code = "not_ready"


def ask_for_export(user: Any, resource: str, form: str, filters: dict[str, str]) -> Export:
    """Queue a file of what the list of `resource` shows for these filters; they have been checked."""
    acting = getattr(user, "acting", None)
    with transaction.atomic():
        locked("exports", str(user.pk), wait=True)
        waiting = export_list(user).filter(state__in=(ExportState.WAITING, ExportState.WORKING))
        if waiting.count() >= MOST_OPEN:
            words = _("%(most)d exports are being written already: wait for one, or end it.")
            raise ConflictError(words % {"most": MOST_OPEN})
        row = Export.objects.create(
            user=user,
            organisation_id=acting.organisation_id if acting else None,
            service=bool(acting and acting.service),
            resource=resource,
            format=form,
            filters=filters,
            rights=rights_of(user),
        )
        after = {"resource": resource, "format": form, "filters": filters}
        record("asked", "export", str(row.public_id), after=after)
        transaction.on_commit(lambda: nudge_export(row.pk), robust=True)
    return row


def end_export(row: Export, *, user: Any, version: int) -> None:
    """Cancel it, or take its file away. A worker that is at it finds its claim gone."""
    with transaction.atomic():
        mine = export_list(user).filter(pk=row.pk, version=version).exclude(state__in=ExportState.ended())
        if not mine.update(state=ExportState.CANCELLED, version=F("version") + 1, updated_at=Now()):
            raise ConflictError(_("This export has ended, or somebody else has changed it."))
        record("cancelled", "export", str(row.public_id))
        transaction.on_commit(lambda: remove_file(row.place), robust=True)


def fetched(row: Export, *, user: Any) -> BinaryIO:
    """The file, opened: only whole, in time, and while the asker may see everything that it tells of."""
    if row.state == ExportState.DONE and row.expires_at and row.expires_at <= timezone.now():
        raise NotReadyError(_("The file has expired: export again."))
    if row.state != ExportState.DONE:
        words = _("There is no file: the export is %(state)s.")
        raise NotReadyError(words % {"state": row.get_state_display()})
    keys: dict[str, list[int]] = defaultdict(list)
    for part in row.guarded.all():
        keys[part.kind] += part.keys
    seen = row.rights == rights_of(user) and all(
        still_seen(user, kind, found) for kind, found in keys.items()
    )
    if not seen:
        raise ChangedRightsError(_("What you may see has changed since: export again."))
    return opened(row.place)

"""Words of notices about sheets and verified values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.selectors.notices import Said, rows_told
from companies.models import Capability
from companies.selectors.imports import sheet_list


def sheets(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    rows = rows_told(sheet_list(user), notices)
    return {n.pk: _sheet(n, rows[n.object_id]) for n in notices if n.object_id in rows}


def _sheet(notice: Any, row: Any) -> Said:
    address, told = reverse("import", args=[row.public_id]), notice.params
    if notice.key == "sheet imported":
        words = _("saved: %(new)d new, %(changed)d changed") % {
            "new": told.get("new", 0),
            "changed": told.get("changed", 0),
        }
        return Said(row.file_name, words, address, "file-earmark-spreadsheet", "ok")
    errors = int(told.get("errors", 0))
    if errors:
        words = ngettext("checked: %(count)d cell to mend", "checked: %(count)d cells to mend", errors)
        return Said(row.file_name, words % {"count": errors}, address, "file-earmark-spreadsheet", "warn")
    return Said(row.file_name, _("checked: confirm to save it"), address, "file-earmark-spreadsheet", "warn")


def evidence(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    rows = rows_told(Capability.objects.visible_to(user), notices)
    return {n.pk: _evidence(n, rows[n.object_id]) for n in notices if n.object_id in rows}


def _evidence(notice: Any, row: Any) -> Said:
    count = int(notice.params.get("count", 0))
    address = reverse("capability", args=[row.public_id])
    if notice.key == "evidence verified":
        words = ngettext(
            "the bureau has verified %(count)d value", "the bureau has verified %(count)d values", count
        )
        return Said(row.title, words % {"count": count}, address, "patch-check-fill", "ok")
    words = ngettext(
        "%(count)d value is no longer verified", "%(count)d values are no longer verified", count
    )
    return Said(row.title, words % {"count": count}, address, "exclamation-triangle-fill", "warn")

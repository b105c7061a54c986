"""Reference data as the platform admin writes it: cities, roads, alliances, bureaus, type trees.

Every write is recorded with what it changed, and what is derived from geography follows in the same transaction.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import DomainError
from alliance.models import Alliance, AllianceCity, City, Membership, Organisation, Published
from alliance.services.geography import rebuild_geography
from alliance.services.naming import sort_key

GEOGRAPHY = (City, Alliance, AllianceCity, Organisation)


def save_reference(row: models.Model, *, kind: str, object_id: str) -> None:
    """Insert or update a row; nothing is recorded when nothing changed."""
    with transaction.atomic():
        before = _stored(row)
        _refuse_cycle(row)
        if isinstance(row, Organisation):
            row.name_sort = sort_key(row.name_zh, row.name_en)
        if before is not None and isinstance(row, Published):
            # Who has read it before this change learns that by its ETag.
            row.version = 1 + type(row)._base_manager.values_list("version", flat=True).get(pk=row.pk)
        row.save()
        after = _values(row)
        changed = [name for name in after if before is None or before.get(name) != after[name]]
        if not changed:
            return
        old = None if before is None else {name: before[name] for name in changed}
        record(
            "create" if before is None else "update",
            kind,
            object_id,
            before=old,
            after={n: after[n] for n in changed},
        )
        _follow(row)


def delete_reference(row: models.Model, *, kind: str, object_id: str) -> None:
    """Remove a row that nothing refers to; what is referred to is refused by the database."""
    with transaction.atomic():
        before = _values(row)
        row.delete()
        record("delete", kind, object_id, before=before)
        _follow(row)


def leave_organisation(member: Membership) -> None:
    """End a person's role in an organisation."""
    with transaction.atomic():
        ended, _rows = Membership.objects.filter(pk=member.pk).delete()
        if ended:
            before = {"organisation": str(member.organisation.public_id), "role": member.role}
            record("leave", "person", member.user.pseudonym, before=before)


def _follow(row: models.Model) -> None:
    if isinstance(row, GEOGRAPHY):
        rebuild_geography()


def _stored(row: models.Model) -> dict[str, Any] | None:
    """The row as the database has it, locked until the end of the transaction."""
    if row.pk is None:
        return None
    found = type(row)._default_manager.select_for_update(of=("self",)).filter(pk=row.pk).first()
    return None if found is None else _values(found)


def _values(row: models.Model) -> dict[str, Any]:
    """Column → value, as JSON has it; without what the row counts by itself."""
    own = {"id", "created_at", "updated_at", "version", "name_sort"}
    values = {f.name: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in own}
    plain: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return plain


def _refuse_cycle(row: Any) -> None:
    """A tree stays one: nothing lies in itself, however far up."""
    seen, above = {row.pk}, getattr(row, "parent", None)
    while above is not None:
        if above.pk is not None and above.pk in seen:
            raise DomainError(_("It would lie in itself."), field="parent")
        seen.add(above.pk)
        above = above.parent

"""What refers to an organisation, found by the models themselves, so that no table is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from alliance.errors import ConflictError
from alliance.models import Organisation

#: stays with the entry: its number of deliveries is added to the survivor's; why it was shut out; merges before
STAYS = {"alliance.DeliveryRecord", "alliance.Suspension", "alliance.Merge", "alliance.Organisation"}


def relations() -> Iterator[tuple[str, type[models.Model], str]]:
    """(label, model, field) of everything that refers to an organisation."""
    for relation in Organisation._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            model = cast("type[models.Model]", relation.related_model)
            name = relation.field.name  # type: ignore[union-attr]
            if model._meta.label not in STAYS and not model._meta.auto_created:
                yield f"{model._meta.label}.{name}", model, name


def rows_of(model: type[models.Model]) -> QuerySet[Any]:
    return model._base_manager.all()


def colliding(model: type[models.Model], name: str, gone: int, survivor: int) -> QuerySet[Any]:
    """Rows of the one that could not stand beside a row of the other."""
    mine, theirs = rows_of(model).filter(**{name: gone}), rows_of(model).filter(**{name: survivor})
    if model._meta.get_field(name).unique:  # type: ignore[union-attr]
        return mine if theirs.exists() else mine.none()
    found = mine.none()
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and name in constraint.fields:
            condition = constraint.condition or Q()
            same = {other: OuterRef(other) for other in constraint.fields if other != name}
            found |= mine.filter(condition).filter(Exists(theirs.filter(condition).filter(**same)))
    return found


def is_named(model: type[models.Model]) -> bool:
    return any(each.name == "external_id" for each in model._meta.concrete_fields)


def fresh_name(model: type[models.Model], name: str, old: str, gone: Organisation, survivor: int) -> str:
    room = cast("int", model._meta.get_field("external_id").max_length)  # type: ignore[union-attr]
    for number in range(1, 1000):
        end = f"~{gone.external_id[:20]}" + (f"~{number}" if number > 1 else "")
        new = old[: room - len(end)] + end
        if not rows_of(model).filter(**{f"{name}__in": [survivor, gone.pk]}, external_id=new).exists():
            return new
    raise ConflictError(_("“%(name)s” cannot be renamed.") % {"name": old})


def pointing_at_rows() -> list[type[models.Model]]:
    """Tables that point at a row by (kind, id); the history stays where it was written."""
    found = []
    for model in apps.get_models():
        names = {each.name for each in model._meta.concrete_fields}
        if {"kind", "object_id"} <= names and model._meta.label != "alliance.Change":
            found.append(model)
    return found

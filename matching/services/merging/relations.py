"""What refers to an organisation, found by the models themselves, so that no table is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

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


def dated(model: type[models.Model]) -> dict[str, Any]:
    """What an update says beside the owner: `modified_since` finds the row. Not its version: nobody has changed it."""
    return (
        {"updated_at": Now()}
        if any(each.name == "updated_at" for each in model._meta.concrete_fields)
        else {}
    )


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


def fresh_names(
    model: type[models.Model], name: str, gone: Organisation, survivor: int, rows: list[tuple[Any, str]]
) -> dict[Any, str]:
    """Key of a row → a name for programs that neither entry uses yet: the old one with the old entry's behind it."""
    room = cast("int", model._meta.get_field("external_id").max_length)  # type: ignore[union-attr]
    both = rows_of(model).filter(**{f"{name}__in": [survivor, gone.pk]})
    taken = set(both.values_list("external_id", flat=True)) if rows else set()
    found: dict[Any, str] = {}
    for key, old in rows:
        number, new = 1, ""
        while not new or new in taken:
            end = f"~{gone.external_id[:20]}" + (f"~{number}" if number > 1 else "")
            new, number = old[: room - len(end)] + end, number + 1
        taken.add(new)
        found[key] = new
    return found


def pointing_at_rows() -> list[type[models.Model]]:
    """Tables that point at a row by (kind, id); the history stays where it was written."""
    found = []
    for model in apps.get_models():
        names = {each.name for each in model._meta.concrete_fields}
        if {"kind", "object_id"} <= names and model._meta.label != "alliance.Change":
            found.append(model)
    return found

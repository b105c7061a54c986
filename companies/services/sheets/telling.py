"""What a sheet did to each capability: for its history, and for who keeps a copy of the rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from alliance.changes import Detail, record_details
from companies.models import Capability, ComponentType, Facility
from companies.services.sheets.comparing import State, stored_states

#: of one row of a sheet; told in the history of its capability
KIND = "capability row"


def plain(value: Any) -> Any:
    """As JSON keeps it."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def published_of(keys: Collection[int]) -> dict[int, bool]:
    return dict(Capability.objects.filter(pk__in=keys).values_list("pk", "published"))


def tell_each(
    verb: str, made: list[int], changes: dict[int, tuple[State, State]], was_published: Mapping[int, bool]
) -> None:
    """What a sheet made, what it changed from what to what, and which of the changed ones became a draft by it."""
    keys = dict(Capability.objects.filter(pk__in=[*made, *changes]).values_list("pk", "public_id"))
    new, published = stored_states(made), published_of(changes)
    names = _Names([*new.values(), *(side for both in changes.values() for side in both)])
    details = [Detail(str(keys[pk]), None, names.told(new[pk])) for pk in made]
    for pk, both in changes.items():
        before, after = (names.told(side) for side in both)
        if published[pk] != was_published[pk]:
            before, after = before | {"published": was_published[pk]}, after | {"published": published[pk]}
        details.append(Detail(str(keys[pk]), before, after))
    record_details(verb, KIND, details)


def leaving(keys: Collection[int]) -> dict[int, Detail]:
    """What is told of rows that are about to go, and cannot be read afterwards: all that they said."""
    states = stored_states(keys)
    names = _Names(list(states.values()))
    rows = Capability.objects.filter(pk__in=keys).values_list("pk", "public_id", "published")
    return {
        pk: Detail(str(key), names.told(states[pk]) | {"published": open_}, None) for pk, key, open_ in rows
    }


def tell_gone(verb: str, before: dict[int, Detail]) -> None:
    """Of these rows (`leaving`) some are deleted by now; the others were put away."""
    still = set(Capability.objects.filter(pk__in=before).values_list("pk", flat=True))
    away = {"published": False, "archived": True}
    details = [
        Detail(each.object_id, {"published": (each.before or {})["published"], "archived": False}, away)
        if pk in still
        else each
        for pk, each in before.items()
    ]
    record_details(verb, KIND, details)


class _Names:
    """The words that other changes of a capability use: codes and public ids, never database ids."""

    def __init__(self, states: list[State]) -> None:
        types = {state["component_type_id"] for state in states if "component_type_id" in state}
        places = {state["facility_id"] for state in states if "facility_id" in state}
        self.types = dict(ComponentType.objects.filter(pk__in=types).values_list("pk", "code"))
        self.places = dict(Facility.objects.filter(pk__in=places).values_list("pk", "public_id"))

    def told(self, state: State) -> State:
        found = {name: value for name, value in state.items() if not name.endswith("_id")}
        if "component_type_id" in state:
            found["component_type"] = self.types.get(state["component_type_id"])
        if "facility_id" in state:
            found["facility"] = self.places.get(state["facility_id"])
        if "certificates" in state:
            found["certificates"] = [[code, day] for code, _known, day in state["certificates"]]
        told: State = plain(found)
        return told

"""What a PATCH says in the OpenAPI description: nothing that is left out is asked for, and nothing is reset by it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

REFERENCE = "#/components/schemas/"
PATCHED = "Patched"


def loosen(schemas: dict[str, Any]) -> None:
    """Bodies of PATCH, however deep: objects are merged with what is stored (`alliance.rest.writing.merged`).

    An object inside one is merged too, so it asks for none of its fields and has no defaults: a generated client would
    send them and reset the row. What stands in a list is written as a whole and stays as it is.
    """
    for name in [each for each in schemas if each.startswith(PATCHED)]:
        _loosen(schemas[name], schemas)


def _loosen(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    schema.pop("required", None)
    for name, field in schema.get("properties", {}).items():
        schema["properties"][name] = _merged(field, schemas)


def _merged(field: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The field without its default, and with the variant for a PATCH in the place of each object it refers to."""
    field = {name: value for name, value in field.items() if name != "default"}
    if "$ref" in field:
        return {**field, "$ref": REFERENCE + _variant(field["$ref"].removeprefix(REFERENCE), schemas)}
    for way in ("oneOf", "anyOf", "allOf"):
        if way in field:
            field = {**field, way: [_merged(each, schemas) for each in field[way]]}
    return field


def _variant(name: str, schemas: dict[str, Any]) -> str:
    """Its own name where a PATCH would say the same; else that of a copy, which is made."""
    if "properties" not in schemas[name]:  # an enum
        return name
    other = PATCHED + name
    if other not in schemas:
        copy = deepcopy(schemas[name])
        _loosen(copy, schemas)
        if copy == schemas[name]:
            return name
        schemas[other] = copy
    return other

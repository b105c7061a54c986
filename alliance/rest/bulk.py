"""Many rows in one request: what is sent, and what is answered row by row."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from alliance.errors import DomainError
from alliance.rest.inputs import StrictBool, StrictSerializer, StrictText, StrictUUID

MAX_ROWS = 1000
CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"
RESULTS = (CREATED, CHANGED, UNCHANGED, REFUSED)


class BulkAsked(StrictSerializer):
    """Up to 1,000 rows: each one is made, or written over where its `external_id` is there already."""

    organisation = StrictUUID(required=False)
    atomic = StrictBool(default=True)
    rows = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MAX_ROWS)


class FieldErrorShown(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField()
    message = serializers.CharField()
    code = serializers.CharField()


class BulkRowShown(serializers.Serializer[Any]):
    """What became of one row."""

    row = serializers.IntegerField(help_text=gettext_lazy("position in `rows`, from 0"))
    status = serializers.IntegerField()
    result = serializers.ChoiceField(choices=RESULTS)
    id = serializers.UUIDField(allow_null=True)
    external_id = serializers.CharField(allow_null=True)
    etag = serializers.CharField(allow_null=True)
    errors = FieldErrorShown(many=True)  # type: ignore[assignment]


class BulkShown(serializers.Serializer[Any]):
    """How many rows were made, changed, left as they were and refused, and an answer for each in their order."""

    atomic = serializers.BooleanField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = BulkRowShown(many=True)


@cache
def bulk_of(asked: type[StrictSerializer]) -> type[StrictSerializer]:
    """The body of a bulk request with rows of this kind, for the description.

    Rows are read one by one, so that a bad one can be refused by itself; what may stand in them is the same.
    """
    stem = asked.__name__.removesuffix("Asked")
    told = {"if_match": StrictText(required=False, max_length=200), "__doc__": asked.__doc__}
    made: Any = type(asked)
    row: Any = made(f"{stem}RowAsked", (asked,), told)
    rows = serializers.ListField(
        child=row(), min_length=1, max_length=MAX_ROWS, help_text=gettext_lazy("the rows, 1 to 1,000")
    )
    body: type[StrictSerializer] = made(
        f"{stem}BulkAsked", (BulkAsked,), {"rows": rows, "__doc__": BulkAsked.__doc__}
    )
    return body


def examples_of(asked: type[StrictSerializer]) -> list[OpenApiExample]:
    """Two rows as one would write them, and what one of them is answered that is there already."""
    told: list[OpenApiExample] = getattr(asked, "_spectacular_annotation", {}).get("examples", [])
    sent = [
        OpenApiExample(
            each.name,
            {"atomic": False, "rows": [{"external_id": f"{each.name}-1", **each.value}]},
            request_only=True,
        )
        for each in told
    ]
    name = f"{told[0].name}-1" if told else "row-1"
    row = {"row": 0, "status": 201, "result": CREATED, "id": "6f1c1f0e-8a55-4e0c-9d43-6d7b6a1c2f10"}
    row |= {"external_id": name, "etag": '"1"', "errors": []}
    counts = {CREATED: 1, CHANGED: 0, UNCHANGED: 0, REFUSED: 0}
    answer = {"atomic": False, **counts, "results": [row]}
    return [*sent, OpenApiExample("answer", answer, response_only=True, status_codes=["200"])]


def counted(results: list[dict[str, Any]]) -> dict[str, int]:
    return {result: sum(row["result"] == result for row in results) for result in RESULTS}


def refuse_all(results: Iterable[dict[str, Any]]) -> None:
    """One bad row, and nothing is written: every one of them is told."""
    errors: dict[str, list[Any]] = {}
    for row in results:
        if row["result"] == REFUSED:
            for each in row["errors"]:
                name = f"rows.{row['row']}" + (f".{each['field']}" if each["field"] else "")
                errors.setdefault(name, []).append({"message": each["message"], "code": each["code"]})
    if errors:
        raise DomainError(_("Nothing was written: some rows are refused."), errors=errors)

"""What the API says about imports of capabilities, and what programs send with a file."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alliance.choices import ImportState
from alliance.rest.inputs import StrictSerializer, StrictText, StrictUUID
from alliance.serializers import OrganisationShortShown, Shown, sent

COLUMNS = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 120}}


class Headings(serializers.Field[Any, Any, Any, Any]):
    """Heading → field, "" for a column that is left out."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        fits = isinstance(data, dict) and all(isinstance(field, str) for field in data.values())
        if not fits or len(data) > 200:
            raise serializers.ValidationError(_("An object of headings and fields."))
        return {str(heading).strip(): field.replace("specs.", "spec:", 1) for heading, field in data.items()}

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(COLUMNS)
class HeadingsField(Headings):
    pass


@extend_schema_field({"type": "string", "contentMediaType": "application/json"})
class HeadingsText(Headings):
    """The same as text: a form has no objects."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        try:
            told = json.loads(data) if data else {}
        except (ValueError, TypeError, RecursionError):
            told = None
        return super().to_internal_value(told)


@extend_schema_field({"type": "string", "format": "binary"})
class Upload(serializers.FileField):
    pass


class ImportAsked(StrictSerializer):
    """A form with the file: a workbook (.xlsx), CSV or JSON lines with up to 20,000 rows and 50 MB."""

    file = Upload(allow_empty_file=True, max_length=200)
    organisation = StrictUUID(required=False)
    component_type = StrictText(
        required=False, allow_blank=True, default="", max_length=64, help_text=_("of rows that name none")
    )
    columns = HeadingsText(
        required=False,
        default=dict,
        help_text=_("a JSON object of headings and fields, for headings that are not known"),
    )
    mode = serializers.ChoiceField(
        choices=["check", "save"],
        default="check",
        help_text=_("save: what has no errors is saved without another word"),
    )


@sent("columns", {"move": "map", "columns": {"what it costs": "unit_price", "remark": ""}})
class ImportStepAsked(StrictSerializer):
    move = serializers.ChoiceField(choices=["map", "confirm", "cancel", "undo"])
    columns = HeadingsField(
        required=False,
        help_text=_("to map: headings and fields, empty to leave a column out; the others stay as they are"),
    )


class ColumnShown(Shown):
    heading = serializers.CharField()
    field = serializers.CharField(help_text=_("empty: the column is left out"))


class ImportProblemShown(Shown):
    """`row` as the file counts it, `column` counted from 1; `suggestion` is what was probably meant."""

    sheet = serializers.CharField()
    row = serializers.IntegerField()
    column = serializers.IntegerField(allow_null=True)
    heading = serializers.CharField()
    field = serializers.CharField()
    value = serializers.CharField()
    reason = serializers.CharField()
    suggestion = serializers.CharField()


class CountsShown(Shown):
    rows = serializers.IntegerField()
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]


class ImportShown(Shown):
    """`done` of `rows` are looked at; nothing counts before `state` is saved."""

    id = serializers.UUIDField(source="public_id")
    organisation = OrganisationShortShown()
    file_name = serializers.CharField()
    sha256 = serializers.CharField()
    component_type = serializers.CharField()
    mode = serializers.ChoiceField(choices=["check", "save"])
    state = serializers.ChoiceField(choices=ImportState.choices)
    rows = serializers.IntegerField(source="row_count")
    done = serializers.IntegerField()
    counts = CountsShown(allow_null=True, source="told_counts")
    created_at = serializers.DateTimeField()
    saved_at = serializers.DateTimeField(allow_null=True)


class ImportDetailShown(ImportShown):
    columns = ColumnShown(many=True, source="told_columns")
    problems = ImportProblemShown(many=True, source="told_problems")

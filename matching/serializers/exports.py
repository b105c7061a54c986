"""What the API says of large exports."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alliance.choices import Exported, ExportFormat, ExportState
from alliance.rest.inputs import StrictSerializer
from alliance.serializers import Shown, sent


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}})
class FiltersField(serializers.Field[Any, Any, Any, Any]):
    """The query of a list: name → text."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        fits = isinstance(data, dict) and len(data) <= 40
        if not fits or not all(isinstance(value, str) and len(value) <= 200 for value in data.values()):
            raise serializers.ValidationError(_("An object of filters and their values as texts."))
        return {str(name)[:80]: value for name, value in data.items()}

    def to_representation(self, value: Any) -> Any:
        return value


@sent("reducers", {"resource": "capabilities", "format": "jsonl", "filters": {"component_type": "DRV-RED"}})
class ExportAsked(StrictSerializer):
    """What the list of `resource` shows for these filters, in one file of at most 500,000 rows."""

    resource = serializers.ChoiceField(choices=Exported.choices)
    format = serializers.ChoiceField(choices=ExportFormat.choices)
    filters = FiltersField(required=False, default=dict)


class ExportShown(Shown):
    """`done` of `rows` are written; the file is at `file/` from done to `expires_at`."""

    id = serializers.UUIDField(source="public_id")
    resource = serializers.ChoiceField(choices=Exported.choices)
    format = serializers.ChoiceField(choices=ExportFormat.choices)
    filters = FiltersField()
    state = serializers.ChoiceField(choices=ExportState.choices)
    rows = serializers.IntegerField(allow_null=True, help_text=_("null until they are counted"))
    done = serializers.IntegerField()
    size = serializers.IntegerField(allow_null=True, help_text=_("bytes"))
    sha256 = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)

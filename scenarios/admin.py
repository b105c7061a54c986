"""The scenario type tree in /admin/: types with their parameters, and the keys that the whole tree shares."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from alliance.admin import ReferenceAdmin, ServiceForm
from scenarios.models import ScenarioKey, ScenarioParameter, ScenarioType


class ParameterInline(admin.TabularInline):
    model = ScenarioParameter
    autocomplete_fields = ["key"]
    extra = 0


@admin.register(ScenarioType)
class ScenarioTypeAdmin(ReferenceAdmin):
    kind = "scenario type"
    form = ServiceForm
    list_display = ["code", "name_zh", "name_en", "parent"]
    list_select_related = ["parent"]
    search_fields = ["code", "name_zh", "name_en"]
    autocomplete_fields = ["parent"]
    inlines = [ParameterInline]

    def name_of(self, row: Any) -> tuple[str, str]:
        code = row.type.code if isinstance(row, ScenarioParameter) else row.code
        return self.kind, str(code)


@admin.register(ScenarioKey)
class ScenarioKeyAdmin(ReferenceAdmin):
    """Unit, kind and choices are fixed once a key exists: stored values are written in them."""

    kind = "scenario key"
    list_display = ["key", "unit", "kind", "ordered"]
    search_fields = ["key"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["key", "unit", "kind", "choices", "ordered"] if obj is not None else []

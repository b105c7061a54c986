"""The scenario type tree in /admin/: types with their parameters, and the keys that the whole tree shares."""

from __future__ import annotations

from django.contrib import admin

from alliance.admin import KeyAdmin, TypeAdmin
from scenarios.models import ScenarioKey, ScenarioParameter, ScenarioType


class ParameterInline(admin.TabularInline):
    model = ScenarioParameter
    autocomplete_fields = ["key"]
    extra = 0


@admin.register(ScenarioType)
class ScenarioTypeAdmin(TypeAdmin):
    kind = "scenario type"
    inlines = [ParameterInline]


@admin.register(ScenarioKey)
class ScenarioKeyAdmin(KeyAdmin):
    kind = "scenario key"

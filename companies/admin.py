"""The component type tree in /admin/: types with their parameters, and the keys that the whole tree shares."""

from __future__ import annotations

from django.contrib import admin

from alliance.admin import KeyAdmin, TypeAdmin
from companies.models import ComponentKey, ComponentParameter, ComponentType


class ParameterInline(admin.TabularInline):
    model = ComponentParameter
    autocomplete_fields = ["key"]
    extra = 0


@admin.register(ComponentType)
class ComponentTypeAdmin(TypeAdmin):
    kind = "component type"
    inlines = [ParameterInline]


@admin.register(ComponentKey)
class ComponentKeyAdmin(KeyAdmin):
    kind = "component key"

"""What the API says about scenario types and application sites."""

from __future__ import annotations

from rest_framework import serializers

from alliance.serializers import (
    CodeShown,
    OrganisationShortShown,
    ParameterShown,
    Shown,
    TypeShown,
    ValueField,
)
from companies.serializers import ValuesField


class ScenarioTypeDetailShown(TypeShown):
    parameters = ParameterShown(many=True, source="all_parameters")


class WindowShown(Shown):
    starts = serializers.DateField()
    ends = serializers.DateField()


class ConditionShown(Shown):
    """What whatever works at the site must meet, on a component parameter."""

    key = serializers.CharField(source="key.key")
    op = serializers.CharField()
    value = ValueField()
    unit = serializers.CharField(source="key.unit")


class SiteShown(Shown):
    id = serializers.UUIDField(source="public_id")
    external_id = serializers.CharField()
    name = serializers.CharField()
    organisation = OrganisationShortShown()
    city = CodeShown()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    scenario_type = CodeShown()
    params = ValuesField()
    fleet_capacity = serializers.FloatField()
    published = serializers.BooleanField()
    windows = WindowShown(many=True, source="open_windows")
    part_conditions = ConditionShown(many=True, source="conditions")
    updated_at = serializers.DateTimeField()

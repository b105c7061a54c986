"""What the API says about scenario types and application sites."""

from __future__ import annotations

from rest_framework import serializers

from alliance.rest.fields import (
    Amount,
    AnyValue,
    CodeReference,
    DayField,
    Degrees,
    PlainText,
    Values,
    several,
)
from alliance.rest.inputs import StrictBool, StrictSerializer
from alliance.serializers import (
    CodeShown,
    OrganisationShortShown,
    ParameterShown,
    Shown,
    TypeShown,
    ValueField,
    sent,
)
from companies.serializers import OwnedAsked, ValuesField


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
    archived_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


# --- what programs send ------------------------------------------------------------------------------------
class WindowAsked(StrictSerializer):
    """Days on which the site is open, both included."""

    starts = DayField()
    ends = DayField()


class ConditionAsked(StrictSerializer):
    """`unit` may be left out: the value is then in the parameter's own."""

    key = PlainText(max_length=64)
    op = PlainText(max_length=8)
    value = AnyValue()
    unit = PlainText(required=False, allow_blank=True, max_length=40)


@sent(
    "warehouse",
    {
        "name": "Warehouse hall 3",
        "city": "510100",
        "scenario_type": "LOG-03",
        "params": {"floor_area": 4000},
        "fleet_capacity": 12,
        "windows": [{"starts": "2027-03-01", "ends": "2027-06-30"}],
        "part_conditions": [{"key": "mass", "op": "<=", "value": "80 kg"}],
        "published": True,
    },
)
class SiteAsked(OwnedAsked):
    """A draft unless `published`."""

    name = PlainText(max_length=300)
    city = CodeReference()
    latitude = Degrees(required=False, allow_null=True, default=None)
    longitude = Degrees(required=False, allow_null=True, default=None)
    scenario_type = CodeReference()
    params = Values(required=False, default=dict)
    fleet_capacity = Amount()
    windows = several(WindowAsked, 200, required=False, default=list)
    part_conditions = several(ConditionAsked, 200, required=False, default=list)
    published = StrictBool(required=False)

"""What programs send to write a demand."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from alliance.choices import Confidentiality, Scope
from alliance.rest.fields import (
    Amount,
    AnyValue,
    CodeReference,
    DayField,
    PlainText,
    Reference,
    Unread,
    WholeNumber,
    reference_schema,
    several,
)
from alliance.rest.inputs import StrictBool, StrictSerializer, StrictText, StrictUUID
from companies.serializers import OwnedAsked


# --- what programs send ---------------------------------------------------------------------------------
class RequirementAsked(StrictSerializer):
    """`value`: a number, a text with a unit, [low, high], choices, true or false; soft ones weigh and tolerate."""

    key = PlainText(max_length=64)
    op = PlainText(max_length=8)
    value = AnyValue()
    unit = PlainText(required=False, allow_blank=True, max_length=40)
    hard = StrictBool(required=False)
    weight = Amount(required=False)
    tolerance = Amount(required=False)


class PriceAsked(StrictSerializer):
    target_unit_price = Amount(required=False, allow_null=True, default=None)
    ceiling_unit_price = Amount(required=False, allow_null=True, default=None)


class LineAsked(StrictSerializer):
    """A line is known again by `external_id` or `id`; lines that are not named go."""

    id = StrictUUID(required=False)
    external_id = PlainText(required=False, allow_blank=True, allow_null=True, default="", max_length=120)
    component_type = CodeReference()
    quantity = Amount()
    monthly_rate = Amount()
    need_by = DayField(required=False, allow_null=True, default=None)
    price = PriceAsked(required=False, allow_null=True, default=None)
    requirements = several(RequirementAsked, 200, required=False, default=list)
    certificates = serializers.ListField(
        child=PlainText(max_length=64), required=False, default=list, max_length=50
    )
    open_points = serializers.ListField(
        child=StrictText(max_length=1000), required=False, default=list, max_length=30
    )
    result = Unread(required=False, allow_null=True, help_text=_("read-only"))

    def validate_external_id(self, value: str | None) -> str:
        return value or ""


class SiteNeedAsked(StrictSerializer):
    scenario_type = CodeReference()
    fleet_size = Amount()
    trial_days = WholeNumber()
    requirements = several(RequirementAsked, 200, required=False, default=list)


@extend_schema_field(reference_schema("id"))
class AllianceReference(Reference):
    """An alliance by its short name or id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("id", {"slug"}, **kwargs)


WALKER = {
    "title": "A walker for warehouses",
    "start_date": "2026-12-01",
    "need_by": "2027-09-30",
    "lines": [
        {
            "external_id": "walker-hip",
            "component_type": "DRV-SWG",
            "quantity": 12,
            "monthly_rate": 100,
            "requirements": [{"key": "rated_torque", "op": ">=", "value": "38 N*m"}],
            "price": {"ceiling_unit_price": 1500},
        }
    ],
}


@extend_schema_serializer(examples=[OpenApiExample("walker", WALKER, request_only=True)])
class DemandAsked(OwnedAsked):
    """A draft unless `published`; the alliance may be left out by who is in one only, the lab's city is the firm's."""

    title = PlainText(max_length=300)
    alliance = AllianceReference(required=False, allow_null=True, default=None)
    lab_city = CodeReference(required=False, allow_null=True, default=None)
    deployment_city = CodeReference(required=False, allow_null=True, default=None)
    scope = serializers.ChoiceField(choices=Scope.choices, required=False, default=Scope.ALLIANCE)
    confidentiality = serializers.ChoiceField(
        choices=Confidentiality.choices, required=False, default=Confidentiality.MEMBERS
    )
    start_date = DayField()
    need_by = DayField()
    iterations = WholeNumber(required=False, default=2)
    site_need = SiteNeedAsked(required=False, allow_null=True, default=None)
    lines = several(LineAsked, 200, required=False, default=list)
    open_points = serializers.ListField(
        child=StrictText(max_length=1000), required=False, default=list, max_length=30
    )
    published = StrictBool(required=False)

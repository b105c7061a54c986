"""What the API says about component types, facilities and capabilities."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from alliance.choices import CityRole
from alliance.rest.fields import (
    Amount,
    CodeReference,
    DayField,
    Degrees,
    FirmReference,
    PlainText,
    RowReference,
    Values,
    several,
)
from alliance.rest.inputs import StrictBool, StrictSerializer
from alliance.serializers import (
    VALUE_SCHEMA,
    CertificateShown,
    CodeShown,
    OrganisationShortShown,
    ParameterShown,
    Shown,
    TypeShown,
)


@extend_schema_field({"type": "object", "additionalProperties": VALUE_SCHEMA})
class ValuesField(serializers.JSONField):
    """Parameter key → value in the parameter's unit."""


class ComponentTypeShown(TypeShown):
    supplied_by = serializers.ChoiceField(choices=[("", ""), *CityRole.choices])
    quantity_unit = serializers.CharField()
    classification = serializers.DictField()


class ComponentTypeDetailShown(ComponentTypeShown):
    parameters = ParameterShown(many=True, source="all_parameters")


class FacilityShortShown(Shown):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    city = CodeShown()


class FacilityShown(FacilityShortShown):
    external_id = serializers.CharField()
    organisation = OrganisationShortShown()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class FacilityDetailShown(FacilityShown):
    certificates = CertificateShown(many=True, source="plant_certificates")


class TermsShown(Shown):
    """Price and capacity."""

    unit_price = serializers.FloatField(
        allow_null=True, help_text=_("CNY a piece without VAT; null when not told")
    )
    capacity_per_month = serializers.FloatField()
    committed_per_month = serializers.FloatField()
    free_per_month = serializers.FloatField()


class CapabilityShown(Shown):
    """`terms` is null where price and capacity are not for the asker."""

    id = serializers.UUIDField(source="public_id")
    external_id = serializers.CharField()
    title = serializers.CharField()
    organisation = OrganisationShortShown()
    facility = FacilityShortShown()
    component_type = CodeShown()
    specs = ValuesField()
    min_order_quantity = serializers.FloatField()
    prototype_lead_days = serializers.IntegerField()
    volume_lead_days = serializers.IntegerField()
    available_from = serializers.DateField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True)
    published = serializers.BooleanField()
    missing = serializers.ListField(
        child=serializers.CharField(), help_text=_("figures that a draft has not been told yet; they read 0")
    )
    archived_at = serializers.DateTimeField(allow_null=True)
    terms = TermsShown(source="told", allow_null=True)
    updated_at = serializers.DateTimeField()


class CapabilityDetailShown(CapabilityShown):
    """Certificates of the capability itself, of its facility and of its firm: any of the three counts."""

    certificates = CertificateShown(many=True, source="own_certificates")
    facility_certificates = CertificateShown(many=True, source="facility.plant_certificates")
    organisation_certificates = CertificateShown(many=True, source="organisation.firm_certificates")


# --- what programs send ------------------------------------------------------------------------------------
class CertificateAsked(StrictSerializer):
    code = PlainText(max_length=64)
    expires_on = DayField(required=False, allow_null=True, default=None)
    known = StrictBool(required=False, help_text=_("read-only"))


class OwnedAsked(StrictSerializer):
    """`organisation` is needed only by who writes for several firms."""

    organisation = FirmReference(required=False)
    external_id = PlainText(required=False, allow_blank=True, default="", max_length=120)


PLANT = {"name": "Main plant", "city": "510100"}


@extend_schema_serializer(examples=[OpenApiExample("plant", PLANT, request_only=True)])
class FacilityAsked(OwnedAsked):
    name = PlainText(max_length=300)
    city = CodeReference()
    latitude = Degrees(required=False, allow_null=True, default=None)
    longitude = Degrees(required=False, allow_null=True, default=None)
    certificates = several(CertificateAsked, 50, required=False, allow_null=True, default=None)


class TermsAsked(StrictSerializer):
    unit_price = Amount(required=False, allow_null=True, default=None)
    capacity_per_month = Amount(required=False, allow_null=True, default=None)
    committed_per_month = Amount(required=False, allow_null=True, default=None)
    free_per_month = Amount(required=False, allow_null=True, help_text=_("read-only"))


REDUCER = {
    "facility": "plant-1",
    "component_type": "DRV-SWG",
    "title": "Strain-wave reducer size 17",
    "specs": {"rated_torque": "24 N*m"},
    "terms": {"capacity_per_month": 2000, "committed_per_month": 500, "unit_price": 990},
    "prototype_lead_days": "21 d",
    "volume_lead_days": 45,
    "certificates": [{"code": "ISO9001", "expires_on": "2029-06-30"}],
    "published": True,
}


@extend_schema_serializer(examples=[OpenApiExample("reducer", REDUCER, request_only=True)])
class CapabilityAsked(OwnedAsked):
    """A draft unless `published`; figures may carry a unit ("12 N*m", "21 d")."""

    component_type = CodeReference()
    facility = RowReference(also={"city"})
    title = PlainText(required=False, allow_blank=True, default="", max_length=300)
    specs = Values(required=False, default=dict)
    terms = TermsAsked(required=False, allow_null=True, default=None)
    min_order_quantity = Amount(required=False, allow_null=True, default=None)
    prototype_lead_days = Amount(required=False, allow_null=True, default=None)
    volume_lead_days = Amount(required=False, allow_null=True, default=None)
    available_from = DayField(required=False, allow_null=True, default=None)
    valid_until = DayField(required=False, allow_null=True, default=None)
    certificates = several(CertificateAsked, 50, required=False, allow_null=True, default=None)
    published = StrictBool(required=False)

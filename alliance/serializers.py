"""What the API says about places, alliances, organisations and tokens."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from alliance.choices import CityRole, DeliveryState, OrganisationKind, OrganisationRole
from alliance.rest.fields import CodeReference, FirmReference, PlainText
from alliance.rest.inputs import StrictBool, StrictSerializer, StrictText, StrictUUID
from alliance.rest.showing import Shown as Shown
from alliance.selectors.feed import RESOURCES
from alliance.services.tokens import MAX_DAYS, MAX_KEPT_HOURS, SCOPES
from alliance.services.webhooks import EVENTS


def sent(name: str, value: dict[str, Any]) -> Any:
    """For a body: an example of what is sent."""
    return extend_schema_serializer(examples=[OpenApiExample(name, value, request_only=True)])


class NamedShown(Shown):
    name = serializers.CharField(source="__str__", help_text=_("in the reader's language"))
    name_zh = serializers.CharField()
    name_en = serializers.CharField()


class CodeShown(NamedShown):
    """A city, component type or scenario type where another row names it."""

    code = serializers.CharField()


class TypeShown(CodeShown):
    parent = serializers.CharField(source="parent.code", allow_null=True, default=None)  # type: ignore[assignment]
    synonyms_zh = serializers.ListField(child=serializers.CharField())
    synonyms_en = serializers.ListField(child=serializers.CharField())
    attributes = serializers.DictField()


class ParameterShown(NamedShown):
    """A parameter of a type; `from_type` lists it, the types below have it too."""

    key = serializers.CharField(source="key.key")
    unit = serializers.CharField(source="key.unit")
    symbol = serializers.CharField(source="key.symbol")
    kind = serializers.ChoiceField(source="key.kind", choices=["number", "range", "choice", "bool"])
    choices = serializers.ListField(source="key.choices", child=serializers.CharField())
    choices_zh = serializers.ListField(source="key.choices_zh", child=serializers.CharField())
    ordered = serializers.BooleanField(source="key.ordered")
    attributes = serializers.DictField()


class CityShown(CodeShown):
    parent = serializers.CharField(source="parent.code", allow_null=True, default=None)  # type: ignore[assignment]
    province_zh = serializers.CharField()
    province_en = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class AllianceShortShown(NamedShown):
    id = serializers.UUIDField(source="public_id")
    slug = serializers.CharField()


class MemberCityShown(Shown):
    city = CodeShown()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=CityRole.choices))
    basis = serializers.CharField()


class AllianceShown(AllianceShortShown):
    lead_city = CodeShown()
    publishes_directory = serializers.BooleanField()
    as_of = serializers.DateField(allow_null=True)


class AllianceDetailShown(AllianceShown):
    cities = MemberCityShown(many=True, source="member_cities")


class OrganisationShortShown(NamedShown):
    """A firm or bureau where another row names it; `fictitious` marks an invented one (示例)."""

    id = serializers.UUIDField(source="public_id")
    fictitious = serializers.BooleanField()
    verified = serializers.BooleanField()


class CertificateShown(Shown):
    code = serializers.CharField()
    known = serializers.BooleanField(help_text=_("whether the list of certificates has this code"))
    expires_on = serializers.DateField(allow_null=True, help_text=_("last valid day"))


class DeliveriesShown(Shown):
    completed = serializers.IntegerField()
    on_time = serializers.IntegerField()


class ContactShown(Shown):
    person = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()
    address = serializers.CharField()


class OrganisationShown(OrganisationShortShown):
    external_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=OrganisationKind.choices)
    uscc = serializers.CharField(allow_null=True, help_text=_("Unified Social Credit Code"))
    city = CodeShown()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=OrganisationRole.choices))
    claimed = serializers.BooleanField()
    updated_at = serializers.DateTimeField()


class OrganisationDetailShown(OrganisationShown):
    """What hangs on the entry is empty or null where it is not for the asker."""

    certificates = CertificateShown(many=True, source="held")
    deliveries = DeliveriesShown(source="record", allow_null=True)
    contact = ContactShown(source="reach_at", allow_null=True)


class FeedItemShown(Shown):
    """A row that changed; `removed`: it was taken back, and its address says 404 now."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=list(RESOURCES))
    resource = serializers.ChoiceField(choices=list(RESOURCES.values()))
    id = serializers.UUIDField()
    removed = serializers.BooleanField()


class FeedShown(Shown):
    results = FeedItemShown(many=True, source="items")
    cursor = serializers.CharField(help_text=_("send it with the next request"))
    more = serializers.BooleanField(help_text=_("ask again at once"))


class ContactAsked(StrictSerializer):
    person = PlainText(required=False, allow_blank=True, default="", max_length=100)
    phone = PlainText(required=False, allow_blank=True, default="", max_length=40)
    email = serializers.EmailField(required=False, allow_blank=True, default="", max_length=254)
    address = PlainText(required=False, allow_blank=True, default="", max_length=300)


@sent(
    "firm",
    {
        "name_zh": "示例精密传动有限公司",
        "name_en": "Example Precision Drives",
        "city": "510100",
        "roles": ["manufacturer"],
        "contact": {"person": "Li Hua", "phone": "028-5550100", "email": "sales@example.org"},
    },
)
class OrganisationAsked(StrictSerializer):
    name_zh = PlainText(required=False, allow_blank=True, default="", max_length=300)
    name_en = PlainText(required=False, allow_blank=True, default="", max_length=300)
    city = CodeReference()
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=OrganisationRole.choices),
        required=False,
        default=list,
        max_length=10,
    )
    contact = ContactAsked(required=False, allow_null=True, default=None)


class TokenShown(Shown):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    organisation = serializers.UUIDField(
        source="organisation.public_id",
        allow_null=True,
        default=None,
        help_text=_("it acts for this one only"),
    )
    service = serializers.BooleanField(help_text=_("the organisation's own, not a person's"))
    created = serializers.DateTimeField()
    expires = serializers.DateTimeField(source="expiry", allow_null=True)
    expired = serializers.BooleanField()
    last_used = serializers.DateTimeField(source="last_used_at", allow_null=True)


class TokenIssuedShown(TokenShown):
    token = serializers.CharField(help_text=_("shown this once"))


class StrictDays(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


@sent("erp", {"name": "ERP", "scopes": ["read", "write"], "days": 90})
class TokenAsked(StrictSerializer):
    name = StrictText(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES)
    )
    days = StrictDays(min_value=1, max_value=MAX_DAYS, default=90, help_text=_("valid for so many days"))
    organisation = StrictUUID(required=False, allow_null=True, help_text=_("limit it to this one of yours"))
    service = StrictBool(default=False, help_text=_("make it the organisation's own"))


@sent("later", {"keep_hours": 24})
class TokenRotated(StrictSerializer):
    keep_hours = StrictDays(
        min_value=0,
        max_value=MAX_KEPT_HOURS,
        default=0,
        help_text=_("the old one works for so many hours more"),
    )


#: a requirement's or spec's value: a number, [low, high], choices, or true/false
VALUE_SCHEMA = {
    "oneOf": [
        {"type": "number"},
        {"type": "boolean"},
        {"type": "string"},
        {"type": "array", "items": {"oneOf": [{"type": "number"}, {"type": "string"}]}},
    ]
}


@extend_schema_field(VALUE_SCHEMA)
class ValueField(serializers.JSONField):
    """A canonical value in the parameter's unit."""


class RequirementShown(Shown):
    key = serializers.CharField(source="key.key")
    op = serializers.ChoiceField(choices=[">=", "<=", "=", "between", "covers", "one_of", "is"])
    value = ValueField()
    unit = serializers.CharField(source="key.unit")
    hard = serializers.BooleanField()
    weight = serializers.FloatField()
    tolerance = serializers.FloatField()


class WebhookShown(Shown):
    id = serializers.UUIDField(source="public_id")
    organisation = OrganisationShortShown()
    name = serializers.CharField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENTS))
    enabled = serializers.BooleanField()
    disabled_reason = serializers.ChoiceField(
        choices=["", "gone", "failing"], help_text=_("why it was switched off by itself")
    )
    failing_since = serializers.DateTimeField(allow_null=True)
    waiting = serializers.IntegerField(help_text=_("messages not delivered yet"))
    failed = serializers.IntegerField(help_text=_("messages given up in the last month"))
    updated_at = serializers.DateTimeField()


class WebhookSecretShown(Shown):
    secret = serializers.CharField(help_text=_("shown this once"))


class WebhookMadeShown(WebhookShown):
    secret = serializers.CharField(help_text=_("shown this once"))


@sent("erp", {"name": "ERP", "url": "https://erp.example.org/in", "events": ["match.found", "match.lost"]})
class WebhookAsked(StrictSerializer):
    name = StrictText(max_length=100)
    url = StrictText(max_length=500, help_text=_("https:// and public"))
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EVENTS), min_length=1, max_length=len(EVENTS)
    )
    enabled = StrictBool(default=True)
    organisation = FirmReference(required=False, help_text=_("of which of yours, when a new one is made"))


class WebhookMessageShown(Shown):
    id = serializers.UUIDField(source="public_id", help_text=_("the header webhook-id"))
    webhook = serializers.UUIDField(source="webhook.public_id")
    event = serializers.CharField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class WebhookTryShown(Shown):
    at = serializers.DateTimeField()
    url = serializers.CharField()
    headers = serializers.DictField(child=serializers.CharField())
    body = serializers.CharField()
    status = serializers.IntegerField(allow_null=True)
    response = serializers.CharField()
    error = serializers.CharField()
    milliseconds = serializers.IntegerField()


class WebhookMessageDetailShown(WebhookMessageShown):
    payload = serializers.DictField()
    tries = WebhookTryShown(many=True)

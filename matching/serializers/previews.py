"""Match on the fly: what is sent and what is answered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from alliance.rest.inputs import StrictSerializer
from alliance.serializers import (
    OrganisationShortShown,
    Shown,
    sent,
)
from companies.serializers import CapabilityAsked
from matching.serializers.asked import WALKER, DemandAsked
from matching.serializers.shown import TermScoresShown


# --- match on the fly -----------------------------------------------------------------------------------
@sent("demand", {"demand": WALKER})
class PreviewAsked(StrictSerializer):
    """Either a demand or a capability, as one would send it to be stored."""

    demand = DemandAsked(required=False)
    capability = CapabilityAsked(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("demand" in attrs) == ("capability" in attrs):
            words = _("Send either a demand or a capability.")
            raise serializers.ValidationError({"demand": words}, code="one_of")
        return attrs


class PreviewPairShown(Shown):
    capability = serializers.UUIDField()
    supplier = OrganisationShortShown(allow_null=True)
    rank = serializers.IntegerField()


class PreviewMatchShown(PreviewPairShown):
    score = serializers.FloatField()
    terms = TermScoresShown()


class PreviewMissShown(PreviewPairShown):
    code = serializers.CharField(help_text=_("the one rule that fails"))
    shortfall = serializers.FloatField(help_text=_("relative to what is asked"))


class PreviewLineShown(Shown):
    line = serializers.IntegerField(help_text=_("position among the lines that were sent, from 0"))
    external_id = serializers.CharField(allow_null=True)
    component_type = serializers.CharField()
    matches = PreviewMatchShown(many=True)
    near_misses = PreviewMissShown(many=True)


class PreviewMemberShown(Shown):
    line = serializers.IntegerField(allow_null=True)
    capability = serializers.UUIDField(allow_null=True)
    score = serializers.FloatField()


class PreviewPipelineShown(Shown):
    rank = serializers.IntegerField()
    site = serializers.UUIDField(allow_null=True)
    score = serializers.FloatField()
    complete = serializers.BooleanField()
    total_days = serializers.FloatField(allow_null=True)
    late_days = serializers.FloatField(allow_null=True)
    team = PreviewMemberShown(many=True)


class DemandPreviewShown(Shown):
    """`matched` is false while the alliance has no day to match on, or the demand has no lines."""

    matched = serializers.BooleanField()
    as_of = serializers.DateField(allow_null=True)
    lines = PreviewLineShown(many=True)
    pipelines = PreviewPipelineShown(many=True)


class FittingLineShown(Shown):
    demand = serializers.UUIDField()
    line = serializers.UUIDField()
    title = serializers.CharField()


class GainShown(Shown):
    """What would bring more lines."""

    words = serializers.CharField()
    now = serializers.CharField()
    lines = serializers.IntegerField()


class CapabilityPreviewShown(Shown):
    """Counts of lines; those that the asker may see by name."""

    asked = serializers.IntegerField(help_text=_("open lines that want this type"))
    fits = serializers.IntegerField()
    near = serializers.IntegerField()
    lines = FittingLineShown(many=True)
    gains = GainShown(many=True)
    missing = serializers.ListField(child=serializers.CharField(), help_text=_("not judged: not told yet"))


class PreviewShown(Shown):
    demand = DemandPreviewShown(allow_null=True, default=None)
    capability = CapabilityPreviewShown(allow_null=True, default=None)

"""What the API says about demands, results and runs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from alliance.choices import Confidentiality, RunState, Scope
from alliance.rest.inputs import StrictSerializer, StrictText, StrictUUID
from alliance.serializers import (
    AllianceShortShown,
    CodeShown,
    OrganisationShortShown,
    RequirementShown,
    Shown,
    sent,
)


# --- demands ----------------------------------------------------------------------------------------
class TextShown(serializers.CharField):
    """A row that is its text."""


class PriceShown(Shown):
    target_unit_price = serializers.FloatField(allow_null=True)
    ceiling_unit_price = serializers.FloatField(allow_null=True)


class QuantityField(serializers.FloatField):
    """A number that is null where the demand does not tell how many it wants."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, help_text=_("null where not for the asker"), **kwargs)


class LineResultShown(Shown):
    feasible = serializers.IntegerField()
    near = serializers.IntegerField()


class LineShown(Shown):
    id = serializers.UUIDField(source="public_id")
    external_id = serializers.CharField(source="told_external_id", allow_null=True)
    component_type = CodeShown()
    quantity = QuantityField(source="told_quantity")
    monthly_rate = QuantityField(source="told_rate")
    need_by = serializers.DateField(allow_null=True)
    requirements = RequirementShown(many=True, source="asked")
    certificates = serializers.ListField(child=TextShown(), source="asked_certificates")
    open_points = serializers.ListField(child=TextShown(), source="points")
    price = PriceShown(source="asked_price", allow_null=True, help_text=_("null where not for the asker"))
    result = LineResultShown(allow_null=True, help_text=_("null where not for the asker, or not matched yet"))


class SiteNeedShown(Shown):
    scenario_type = CodeShown()
    fleet_size = QuantityField(source="told_fleet")
    trial_days = serializers.IntegerField()


class SiteNeedDetailShown(SiteNeedShown):
    requirements = RequirementShown(many=True, source="asked")


class DemandShown(Shown):
    """`title`, `organisation` and `external_id` are null where they are not for the asker."""

    id = serializers.UUIDField(source="public_id")
    external_id = serializers.CharField(source="told_external_id", allow_null=True)
    title = serializers.CharField(source="told.title", allow_null=True, default=None)
    organisation = OrganisationShortShown(source="told.asker", allow_null=True, default=None)
    alliance = AllianceShortShown()
    lab_city = CodeShown()
    deployment_city = CodeShown(allow_null=True)
    scope = serializers.ChoiceField(choices=Scope.choices)
    confidentiality = serializers.ChoiceField(choices=Confidentiality.choices)
    start_date = serializers.DateField()
    need_by = serializers.DateField()
    iterations = serializers.IntegerField()
    published = serializers.BooleanField()
    site_need = SiteNeedShown(source="wants_site", allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class DemandDetailShown(DemandShown):
    site_need = SiteNeedDetailShown(source="wants_site", allow_null=True)
    lines = LineShown(many=True, source="all_lines")
    open_points = serializers.ListField(child=TextShown(), source="general_points")


# --- results ----------------------------------------------------------------------------------------
class ResultShown(Shown):
    id = serializers.CharField(source="public")
    demand = serializers.UUIDField(source="demand_public")
    run = serializers.UUIDField(source="run_public")
    as_of = serializers.DateField()
    rank = serializers.IntegerField()


class TermScoresShown(Shown):
    fit = serializers.FloatField()
    price = serializers.FloatField()
    lead_time = serializers.FloatField()
    capacity = serializers.FloatField()
    proximity = serializers.FloatField()
    role = serializers.FloatField()
    trust = serializers.FloatField()


class PairShown(ResultShown):
    line = serializers.UUIDField(source="line_public")
    capability = serializers.UUIDField(source="capability_public")
    supplier = OrganisationShortShown(allow_null=True)


class MatchShown(PairShown):
    score = serializers.FloatField()
    terms = TermScoresShown(source="*")


class NearMissShown(PairShown):
    code = serializers.CharField(help_text=_("the one rule that fails"))
    shortfall = serializers.FloatField(help_text=_("relative to what is asked"))


class TeamMemberShown(Shown):
    line = serializers.UUIDField()
    capability = serializers.UUIDField(allow_null=True)
    score = serializers.FloatField()
    feasible = serializers.IntegerField(help_text=_("capabilities that meet the line's rules"))
    usable = serializers.IntegerField(help_text=_("of those, they suit the site too"))


class CriticalShown(Shown):
    prototype = serializers.UUIDField(required=False, allow_null=True)
    volume = serializers.UUIDField(required=False, allow_null=True)
    delivery = serializers.UUIDField(required=False, allow_null=True)


class TimeToMarketShown(Shown):
    """Days from as-of; null where there is no such stage or no complete team."""

    prototype_days = serializers.FloatField(allow_null=True)
    wait_days = serializers.FloatField(allow_null=True)
    trial_days = serializers.FloatField(allow_null=True)
    volume_days = serializers.FloatField(allow_null=True)
    delivery_days = serializers.FloatField(allow_null=True)
    total_days = serializers.FloatField(allow_null=True)
    late_days = serializers.FloatField(allow_null=True)
    critical_line = CriticalShown(help_text=_("the line that decides each stage"))


class RuledOutShown(Shown):
    line = serializers.UUIDField()
    condition = serializers.IntegerField(help_text=_("position in the site's part conditions"))
    count = serializers.IntegerField()


class PipelineShown(ResultShown):
    site = serializers.UUIDField(source="site_public", allow_null=True)
    score = serializers.FloatField()
    complete = serializers.BooleanField()
    team = TeamMemberShown(many=True, source="named_team")
    time_to_market = TimeToMarketShown(source="*")
    baseline_days = serializers.FloatField(allow_null=True)
    trial_starts = serializers.DateField(allow_null=True)
    window_starts = serializers.DateField(allow_null=True)
    window_ends = serializers.DateField(allow_null=True)
    ruled_out = RuledOutShown(many=True, source="named_out")


class VerdictShown(Shown):
    """What a supplier learns of a pair of its own: whether it fits, or its own gap in words."""

    id = serializers.CharField(source="public")
    demand = serializers.UUIDField(source="demand.public_id")
    line = serializers.UUIDField(source="line.public_id")
    component_type = CodeShown(source="line.component_type")
    capability = serializers.UUIDField(source="capability.public_id")
    organisation = OrganisationShortShown(source="capability.organisation")
    verdict = serializers.ChoiceField(choices=["fits", "nearly"])
    code = serializers.CharField(help_text=_("the one rule that fails; empty for a fit"))
    gap = serializers.CharField()


# --- runs -------------------------------------------------------------------------------------------
class ProgressShown(Shown):
    chunks_total = serializers.IntegerField()
    chunks_done = serializers.IntegerField()
    demands_total = serializers.IntegerField()
    demands_done = serializers.IntegerField()


class RunShown(Shown):
    id = serializers.UUIDField(source="public_id")
    alliance = AllianceShortShown()
    demand = serializers.UUIDField(source="demand.public_id", allow_null=True, default=None)
    as_of = serializers.DateField()
    cause = serializers.CharField()
    state = serializers.ChoiceField(choices=RunState.choices)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    progress = ProgressShown(source="*")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text=_("rows written, by kind"))
    error = serializers.CharField()


@sent("alliance", {"alliance": "chengdu"})
class RunAsked(StrictSerializer):
    """Either an alliance (short name or id) or one demand."""

    alliance = StrictText(max_length=64, required=False)
    demand = StrictUUID(required=False)
    as_of = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("alliance" in attrs) == ("demand" in attrs):
            raise serializers.ValidationError(
                {"alliance": _("Name either an alliance or a demand.")}, code="one_of"
            )
        return attrs


class RunQueuedShown(Shown):
    """The answer to a request for a run; `id` is null where the run covers more than the asker may see."""

    id = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(choices=RunState.choices)
    as_of = serializers.DateField()

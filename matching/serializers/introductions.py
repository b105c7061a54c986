"""What the API says about introductions, and what programs send to step them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from alliance.choices import IntroductionState, MilestoneKind
from alliance.rest.fields import (
    DayField,
)
from alliance.rest.inputs import StrictSerializer, StrictText, StrictUUID
from alliance.serializers import (
    OrganisationShortShown,
    Shown,
    sent,
)

MOVE_NAMES = ["accept", "agree", "talk", "sample", "sign", "deliver", "plan", "decline", "withdraw", "reopen"]


# --- introductions --------------------------------------------------------------------------------------
PARTIES = ["lab", "supplier", "lab_bureau", "supplier_bureau"]


class PartyField(serializers.ChoiceField):
    """One of the four that work on an introduction."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=PARTIES, **kwargs)


class IntroductionShown(Shown):
    """`lab` is what the asker may call it; `turn` says who has to do the next step, by `due_on`."""

    id = serializers.UUIDField(source="public_id")
    demand = serializers.UUIDField(source="asked_id", allow_null=True)
    line = serializers.UUIDField(source="line.public_id", allow_null=True, default=None)
    capability = serializers.UUIDField(source="capability.public_id", allow_null=True, default=None)
    site = serializers.UUIDField(source="site.public_id", allow_null=True, default=None)
    lab = serializers.CharField(source="lab_told")
    supplier = OrganisationShortShown()
    lab_bureau = OrganisationShortShown()
    supplier_bureau = OrganisationShortShown()
    state = serializers.ChoiceField(choices=IntroductionState.choices)
    turn = PartyField(source="turn_party", allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    lab_accepted_at = serializers.DateTimeField(allow_null=True)
    supplier_accepted_at = serializers.DateTimeField(allow_null=True)
    declined_reason = serializers.CharField()
    delivered_on = serializers.DateField(allow_null=True)
    on_time = serializers.BooleanField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class StepShown(Shown):
    move = serializers.CharField()
    state = serializers.ChoiceField(choices=IntroductionState.choices)
    by = PartyField(source="party", allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    note = serializers.CharField()
    at = serializers.DateTimeField()


class IntroductionDetailShown(IntroductionShown):
    steps = StepShown(many=True, source="done")
    moves = serializers.ListField(
        child=serializers.ChoiceField(choices=MOVE_NAMES),
        source="legal",
        help_text=_("steps that the asker can do now"),
    )


@sent(
    "pair",
    {"line": "5f0c1f0e-8a55-4e0c-9d43-6d7b6a1c2f11", "capability": "5f0c1f0e-8a55-4e0c-9d43-6d7b6a1c2f12"},
)
class IntroductionAsked(StrictSerializer):
    """Either a line and a capability, or a demand and a site."""

    line = StrictUUID(required=False)
    capability = StrictUUID(required=False)
    demand = StrictUUID(required=False)
    site = StrictUUID(required=False)
    note = StrictText(required=False, allow_blank=True, default="", max_length=4000)
    due_on = DayField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = {name for name in ("line", "capability", "demand", "site") if name in attrs}
        if named not in ({"line", "capability"}, {"demand", "site"}):
            words = _("Name a line and a capability, or a demand and a site.")
            raise serializers.ValidationError({"line": words}, code="one_of")
        return attrs


class MilestoneShown(Shown):
    kind = serializers.ChoiceField(choices=MilestoneKind.choices)
    planned_on = serializers.DateField(allow_null=True)
    actual_on = serializers.DateField(allow_null=True)


class ProjectShown(Shown):
    """A pipeline introduced as a whole; `site` is null where it has none."""

    id = serializers.UUIDField(source="public_id")
    demand = serializers.UUIDField(source="demand.public_id")
    site = serializers.UUIDField(source="site.public_id", allow_null=True, default=None)
    created_at = serializers.DateTimeField()


class ProjectDetailShown(ProjectShown):
    """`state` is what all of it has reached: the least of the introductions that are still running."""

    state = serializers.ChoiceField(choices=IntroductionState.choices, allow_null=True, source="reached")
    milestones = MilestoneShown(many=True, source="passed")
    introductions = IntroductionShown(many=True, source="team")


@sent(
    "pipeline",
    {"demand": "5f0c1f0e-8a55-4e0c-9d43-6d7b6a1c2f11", "site": "5f0c1f0e-8a55-4e0c-9d43-6d7b6a1c2f13"},
)
class ProjectAsked(StrictSerializer):
    """The pipeline by its demand and, where it has one, its site."""

    demand = StrictUUID()
    site = StrictUUID(required=False, allow_null=True, default=None)
    note = StrictText(required=False, allow_blank=True, default="", max_length=4000)
    due_on = DayField(required=False, allow_null=True, default=None)


@sent("accept", {"move": "accept", "note": "Samples can leave in a week."})
class StepAsked(StrictSerializer):
    move = serializers.ChoiceField(choices=MOVE_NAMES)
    note = StrictText(required=False, allow_blank=True, default="", max_length=4000)
    reason = StrictText(required=False, allow_blank=True, default="", max_length=1000)
    turn = PartyField(
        required=False, allow_blank=True, default="", help_text=_("who is next, if not as usual")
    )
    due_on = DayField(required=False, allow_null=True, default=None)
    delivered_on = DayField(required=False, allow_null=True, default=None)

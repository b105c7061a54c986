"""What lists of demands, results and runs can be narrowed by; pages and endpoints use the same sets."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.choices import Confidentiality, ExportState, IntroductionState, MeetingState, RunState
from alliance.filters import LISTS, CityFilter, ListFilter, Sort, TreeFilter, WordFilter, holders, yes_no
from alliance.models import Organisation
from alliance.models.base import Keys
from alliance.selectors import branch, tree_choices, viewer_of
from companies.models import Capability, ComponentType
from matching.filters.keys import KeyFilter, ResultKeyFilter
from matching.models import (
    Demand,
    DemandIdentity,
    DemandLine,
    Export,
    Introduction,
    LineResult,
    Match,
    MatchRun,
    Meeting,
    NearMiss,
    Pipeline,
    Project,
)
from matching.models.demands import DEMAND_NAMES
from matching.models.introductions import RUNNING
from scenarios.models import ScenarioType, Site


class TitleFilter(django_filters.CharFilter):
    """The words in a demand's title. Only titles that the asker may read count, or the filter would tell of the others.

    Keys that the index finds are asked about at once; a word of very many titles is looked for row by row.
    """

    few = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.said: dict[str, Q] = {}
        super().__init__(*args, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        words = (value or "").split()
        if not words:
            return qs
        if value not in self.said:  # a filter belongs to one request, which may ask in several ways
            self.said[value] = self._said(words)
        return qs.filter(self.said[value])

    def _said(self, words: list[str]) -> Q:
        user, titles = self.parent.request.user, DemandIdentity.objects  # type: ignore[attr-defined]
        held = [holders(DemandIdentity, DEMAND_NAMES, word, ["title"]) for word in words]
        self.few = not all(each.common for each in held)
        by_keys = any(each.keys is not None for each in held)
        told = titles.visible_some(user) if by_keys else titles.visible_few(user)
        for word, each in zip(words, held, strict=True):
            named = Q(title__icontains=word) if each.keys is None else Q(demand__id__one_of=each.keys)
            told = told.filter(named)
        if by_keys:
            return Q(pk__one_of=Keys(told.values_list("demand_id", flat=True)))
        return Q(pk__among=told.values("demand_id"))


class NeedFilter(TreeFilter):
    """Demands with a line of a type or of one below it."""

    few = True

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        lines = DemandLine.objects.filter(component_type__in=self.below(value)).order_by()
        return qs.filter(pk__in=lines.values("demand_id"))


class DemandFilter(ListFilter):
    sorts: ClassVar[dict[str, Sort]] = {
        "newest": (_("newest first"), ("-id",)),
        "need_by": (_("by date needed"), ("need_by", "id")),
        "start": (_("by start"), ("start_date", "id")),
        "city": (_("by lab city"), ("lab_city__code", "id")),
    }
    q = TitleFilter(label=_("Title"), max_length=100)
    alliance = django_filters.CharFilter(label=_("Alliance"), field_name="alliance__slug", max_length=64)
    city = CityFilter(label=_("Lab city"), field_name="lab_city")
    component_type = NeedFilter(label=_("Needs"), tree=ComponentType, empty_label=_("any"))
    scenario_type = TreeFilter(
        label=_("Scenario"), tree=ScenarioType, field_name="site_need__scenario_type", empty_label=_("any")
    )
    confidentiality = django_filters.ChoiceFilter(
        label=_("Confidentiality"), choices=Confidentiality.choices, empty_label=_("any")
    )
    published = yes_no(_("Published"))
    closed = yes_no(_("Closed"), method="ended")
    supply = django_filters.ChoiceFilter(
        label=_("Supply"),
        choices=[("bare", _("a line without supplier")), ("full", _("every line can be supplied"))],
        method="supplied",
        empty_label=_("any"),
    )

    class Meta:
        model = Demand
        fields: ClassVar[list[str]] = []

    def ended(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(archived_at__isnull=not value)

    def supplied(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Only results that the asker may see count: to others the filter shows nothing."""
        results = LineResult.objects.visible_to(self.request.user).current()
        bare = queryset.filter(pk__in=results.filter(feasible=0).values("demand_id"))
        if value == "bare":
            return bare
        return queryset.filter(pk__in=results.values("demand_id")).exclude(pk__in=bare.values("pk"))


class PairFilter(ListFilter):
    """Matches or near misses."""

    sorts: ClassVar[dict[str, Sort]] = {"demand": (_("by demand and line"), ("demand_id", "line_id", "rank"))}
    demand = KeyFilter(label=_("Demand's id"), field_name="demand_id", of=Demand)
    line = ResultKeyFilter(label=_("Line's id"), field_name="line_id", of=DemandLine)
    capability = ResultKeyFilter(label=_("Capability's id"), field_name="capability_id", of=Capability)
    supplier = ResultKeyFilter(label=_("Supplier's id"), field_name="supplier_id", of=Organisation)
    alliance = django_filters.CharFilter(label=_("Alliance"), method="of_alliance", max_length=64)
    best = django_filters.NumberFilter(
        label=_("Best ranks only, down to"), field_name="rank", lookup_expr="lte", min_value=1, max_value=1000
    )

    def of_alliance(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(demand_id__in=Demand.objects.filter(alliance__slug=value).values("pk"))


class MatchFilter(PairFilter):
    sorts: ClassVar[dict[str, Sort]] = {
        **PairFilter.sorts,
        "score": (_("best score first"), ("-score", "demand_id", "line_id", "rank")),
    }
    component_type = django_filters.ChoiceFilter(
        label=_("Component type"),
        choices=lambda: tree_choices(ComponentType),
        method="of_type",
        empty_label=_("any"),
    )
    min_score = django_filters.NumberFilter(
        label=_("Score at least"), field_name="score", lookup_expr="gte", min_value=0, max_value=1
    )

    def of_type(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        lines = DemandLine.objects.filter(component_type__in=branch(ComponentType, value))
        return queryset.filter(line_id__in=lines.values("pk"))

    class Meta:
        model = Match
        fields: ClassVar[list[str]] = []


class NearMissFilter(PairFilter):
    class Meta:
        model = NearMiss
        fields: ClassVar[list[str]] = []


#: the two directions of "my matches", and what a supplier misses by one requirement
SIDES = [
    ("offers", _("my parts fit")),
    ("nearly", _("one requirement short")),
    ("needs", _("for my demands")),
]


class SidedMatchFilter(MatchFilter):
    """The page's: beside the filters of the endpoint it says which direction is looked at."""

    side = django_filters.ChoiceFilter(choices=SIDES, method="keep")

    def keep(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset


class OwnMatchFilter(ListFilter):
    """Lines that a supplier's own capabilities fit; it cannot ask by score or rank, because it must not learn them."""

    sorts: ClassVar[dict[str, Sort]] = {
        "until": (_("by date needed"), ("until", "demand_id", "line_id", "capability_id")),
        "newest": (_("newest demand first"), ("-demand_id", "line_id", "capability_id")),
        "offer": (_("by capability"), ("capability_id", "demand_id", "line_id")),
    }
    side = django_filters.ChoiceFilter(choices=SIDES, method="keep")
    q = django_filters.CharFilter(label=_("My capability"), method="of_title", max_length=100)
    component_type = django_filters.ChoiceFilter(
        label=_("Component type"),
        choices=lambda: tree_choices(ComponentType),
        method="of_type",
        empty_label=_("any"),
    )
    introduced = yes_no(_("Introduced"), method="is_introduced")

    class Meta:
        model = Match
        fields: ClassVar[list[str]] = []

    def keep(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset

    def of_title(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The rows are of one's own firms: no title of another can be asked for."""
        offers = Capability.objects.visible_to(self.request.user)
        for word in value.split():
            offers = offers.filter(title__icontains=word)
        return queryset.filter(capability_id__in=offers.values("pk"))

    def of_type(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        lines = DemandLine.objects.filter(component_type__in=branch(ComponentType, value))
        return queryset.filter(line_id__in=lines.values("pk"))

    def is_introduced(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        rows = Introduction.objects.visible_to(self.request.user).filter(
            line=OuterRef("line_id"), capability=OuterRef("capability_id")
        )
        return queryset.filter(Exists(rows) if value else ~Exists(rows))


class OwnNearMissFilter(OwnMatchFilter):
    """Of what they miss by one requirement."""

    class Meta:
        model = NearMiss
        fields: ClassVar[list[str]] = []


class PipelineFilter(ListFilter):
    sorts: ClassVar[dict[str, Sort]] = {
        "demand": (_("by demand"), ("demand_id", "rank")),
        "score": (_("best score first"), ("-score", "demand_id", "rank")),
    }
    demand = KeyFilter(label=_("Demand's id"), field_name="demand_id", of=Demand)
    site = ResultKeyFilter(label=_("Site's id"), field_name="site_id", of=Site)
    alliance = django_filters.CharFilter(label=_("Alliance"), method="of_alliance", max_length=64)
    complete = yes_no(_("Complete"))
    late = yes_no(_("Late"), method="is_late")
    best = django_filters.NumberFilter(
        label=_("Best ranks only, down to"), field_name="rank", lookup_expr="lte", min_value=1, max_value=1000
    )

    class Meta:
        model = Pipeline
        fields: ClassVar[list[str]] = []

    def of_alliance(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(demand_id__in=Demand.objects.filter(alliance__slug=value).values("pk"))

    def is_late(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(late_days__gt=0) if value else queryset.filter(late_days=0)


class VerdictFilter(ListFilter):
    """A supplier's own pairs; it cannot ask by rank, because it must not learn ranks."""

    sorts: ClassVar[dict[str, Sort]] = {
        "demand": (_("by demand and line"), ("demand_id", "line_id", "capability_id"))
    }
    demand = KeyFilter(label=_("Demand's id"), field_name="demand_id", of=Demand)
    line = ResultKeyFilter(label=_("Line's id"), field_name="line_id", of=DemandLine)
    capability = ResultKeyFilter(label=_("Capability's id"), field_name="capability_id", of=Capability)

    class Meta:
        model = Match
        fields: ClassVar[list[str]] = []


class RunFilter(ListFilter):
    sorts: ClassVar[dict[str, Sort]] = {
        "newest": (_("newest first"), ("-id",)),
        "size": (_("most demands first"), ("-demands_total", "-id")),
    }
    alliance = django_filters.CharFilter(label=_("Alliance"), field_name="alliance__slug", max_length=64)
    demand = django_filters.UUIDFilter(label=_("Demand's id"), field_name="demand__public_id")
    state = django_filters.ChoiceFilter(label=_("State"), choices=RunState.choices, empty_label=_("any"))

    class Meta:
        model = MatchRun
        fields: ClassVar[list[str]] = []


class IntroductionFilter(ListFilter):
    """Introductions; a list for people who have to act, so the longest overdue come first."""

    sorts: ClassVar[dict[str, Sort]] = {
        "due": (_("longest overdue first"), ("due_key", "id")),
        "newest": (_("newest first"), ("-id",)),
        "moved": (_("last moved first"), ("-updated_at", "id")),
        "supplier": (_("by supplier"), ("supplier__name_sort", "id")),
    }
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=IntroductionState.choices, empty_label=_("any")
    )
    who = django_filters.ChoiceFilter(
        label=_("Whose turn"),
        choices=[("mine", _("our turn")), ("overdue", _("overdue")), ("running", _("running"))],
        method="of_turn",
        empty_label=_("any"),
    )
    #: how the page looks: it narrows nothing, but travels with the filters
    look = django_filters.ChoiceFilter(
        label=_("View"), choices=[("board", _("board"))], method="as_it_is", empty_label=_("list")
    )
    supplier = WordFilter(label=_("Supplier"), fields=["supplier__name_zh", "supplier__name_en"])
    part = TreeFilter(
        label=_("Part"), field_name="line__component_type", tree=ComponentType, empty_label=_("any")
    )
    city = CityFilter(label=_("City of the supplier"), field_name="supplier__city")

    class Meta:
        model = Introduction
        fields: ClassVar[list[str]] = []

    def as_it_is(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset

    @staticmethod
    def overdue() -> Q:
        return RUNNING & Q(due_on__lt=timezone.localdate())

    def of_turn(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "overdue":
            return queryset.filter(self.overdue())
        if value == "running":
            return queryset.filter(RUNNING)
        viewer = viewer_of(self.request.user)
        return queryset.filter(RUNNING, turn__in=viewer.firms | viewer.bureaus)


class ProjectFilter(ListFilter):
    demand = django_filters.UUIDFilter(label=_("Demand's id"), field_name="demand__public_id")

    class Meta:
        model = Project
        fields: ClassVar[list[str]] = []


class ExportFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=ExportState.choices, empty_label=_("any"))

    class Meta:
        model = Export
        fields: ClassVar[list[str]] = []


class MeetingFilter(ListFilter):
    """Meetings; `open_actions` is counted by the selector."""

    sorts: ClassVar[dict[str, Sort]] = {
        "latest": (_("latest first"), ("-held_on", "-id")),
        "title": (_("by title"), ("title", "-id")),
    }
    q = WordFilter(label=_("Title or place"), fields=["title", "place"])
    state = django_filters.ChoiceFilter(label=_("State"), choices=MeetingState.choices, empty_label=_("any"))
    open = yes_no(_("Something is open"), method="with_open")

    class Meta:
        model = Meeting
        fields: ClassVar[list[str]] = []

    def with_open(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(open_actions__gt=0) if value else queryset.filter(open_actions=0)


LISTS |= {
    "meetings": MeetingFilter,
    "demands": DemandFilter,
    "opportunities": DemandFilter,
    "matches": SidedMatchFilter,
    "own-matches": OwnMatchFilter,
    "own-near-misses": OwnNearMissFilter,
    "pipelines": PipelineFilter,
    "runs": RunFilter,
    "introductions": IntroductionFilter,
}

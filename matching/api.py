"""Endpoints of demands, results and runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from alliance.errors import DomainError, ForbiddenError
from alliance.models import Alliance, User
from alliance.rest.views import ReadViewSet
from alliance.selectors import alliance_list
from matching.filters import (
    DemandFilter,
    MatchFilter,
    NearMissFilter,
    PipelineFilter,
    RunFilter,
    VerdictFilter,
)
from matching.models import Demand, MatchRun
from matching.selectors import demand_detail, demand_list, may_steer, run_list
from matching.selectors.demands import attach_api_parts
from matching.selectors.results import (
    match_list,
    name_pairs,
    name_pipelines,
    near_miss_list,
    of_pair,
    of_place,
    own_matches,
    own_verdicts,
    pipeline_list,
)
from matching.serializers import (
    DemandDetailShown,
    DemandShown,
    MatchShown,
    NearMissShown,
    PipelineShown,
    RunAsked,
    RunQueuedShown,
    RunShown,
    VerdictShown,
)
from matching.services.runs import ask_for_run, cancel_run, retry_run


@extend_schema(tags=["demands"])
class DemandViewSet(ReadViewSet):
    """Robot programmes; the detail has their lines."""

    selector = demand_list
    detail_selector = demand_detail
    filters = DemandFilter
    serializer_class = DemandShown
    detail_serializer_class = DemandDetailShown

    def prepare(self, rows: list[Any]) -> None:
        attach_api_parts(self.request.user, rows, detailed=self.detail)


class ResultViewSet(ReadViewSet):
    """Results have no rows of their own to point at: their id is made of what they join."""

    lookup_field = "public"
    lookup_value_converter = "joined"

    def one(self) -> Any:
        row = self.found(*self.kwargs[self.lookup_url_kwarg]).first()
        if row is None:
            raise Http404
        return row

    def found(self, first: UUID, second: UUID | None) -> QuerySet[Any]:
        if second is None:
            raise Http404
        return of_pair(self.get_queryset(), first, second)

    def prepare(self, rows: list[Any]) -> None:
        name_pairs(self.request.user, rows)


@extend_schema(tags=["results"])
class MatchViewSet(ResultViewSet):
    """Capabilities that meet every rule of a line, for the demand's side: id is line.capability."""

    selector = match_list
    filters = MatchFilter
    serializer_class = MatchShown


@extend_schema(tags=["results"])
class NearMissViewSet(ResultViewSet):
    """Capabilities that fail exactly one rule of a line, for the demand's side: id is line.capability."""

    selector = near_miss_list
    filters = NearMissFilter
    serializer_class = NearMissShown


@extend_schema(tags=["results"])
class PipelineViewSet(ResultViewSet):
    """A team of suppliers and a site, for the demand's side: id is demand.site, or demand without a site."""

    selector = pipeline_list
    filters = PipelineFilter
    serializer_class = PipelineShown

    def found(self, first: UUID, second: UUID | None) -> QuerySet[Any]:
        return of_place(self.get_queryset(), first, second)

    def prepare(self, rows: list[Any]) -> None:
        name_pipelines(self.request.user, rows)


@extend_schema(tags=["results"])
class VerdictViewSet(ResultViewSet):
    """A supplier's own pairs: what fits, and what it lacks; never score, terms, rank or rivals."""

    filters = VerdictFilter
    serializer_class = VerdictShown

    def lists(self) -> Sequence[QuerySet[Any]]:
        return own_matches(self.request.user)

    def list(self, request: Request) -> Response:
        page = self.page(request)
        rows = self.get_serializer(own_verdicts(request.user, page.rows), many=True).data
        return Response(
            {"next": self._link(page.next), "previous": self._link(page.previous), "results": rows}
        )

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        self.refuse_unknown(request, ())
        first, second = kwargs[self.lookup_url_kwarg]
        if second is None:
            raise Http404
        rows = [row for rows in self.lists() for row in of_pair(rows, first, second)]
        told = own_verdicts(request.user, rows)
        if not told:
            raise Http404
        return Response(self.get_serializer(told[0]).data)


@extend_schema(tags=["runs"])
class MatchRunViewSet(ReadViewSet):
    """Runs of the matcher and how far they are."""

    selector = run_list
    filters = RunFilter
    serializer_class = RunShown

    @extend_schema(request=RunAsked, responses={202: RunQueuedShown})
    def create(self, request: Request) -> Response:
        """Queue a run of an alliance or of one demand; the answer's Location says where to follow it."""
        self.refuse_unknown(request, ())
        asked = RunAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        alliance, demand = self._subject(asked.validated_data)
        run = ask_for_run(request.user, alliance, demand=demand, as_of=asked.validated_data.get("as_of"))
        return self._queued(run, demand)

    def _subject(self, asked: dict[str, Any]) -> tuple[Alliance, Demand | None]:
        user = self.request.user
        if "demand" in asked:
            demand = demand_list(user).select_related("owner").filter(public_id=asked["demand"]).first()
            if demand is None:
                raise DomainError(_("There is no such demand."), field="demand")
            return demand.alliance, demand
        name = asked["alliance"]
        wanted = Q(slug=name)
        if _is_uuid(name):
            wanted |= Q(public_id=name)
        alliance = alliance_list(user).filter(wanted).first()
        if alliance is None:
            raise DomainError(_("There is no such alliance."), field="alliance")
        return alliance, None

    def _queued(self, run: MatchRun, demand: Demand | None = None) -> Response:
        seen = run_list(self.request.user).filter(pk=run.pk).exists()
        row, name = (run, "api:match-run-detail") if seen or demand is None else (demand, "api:demand-detail")
        place = reverse(name, kwargs={"id": row.public_id}, request=self.request)
        body = {"id": run.public_id if seen else None, "state": run.state, "as_of": run.as_of}
        return Response(RunQueuedShown(body).data, status=202, headers={"Location": place})

    def _steered(self, request: Request) -> MatchRun:
        self.refuse_unknown(request, ())
        run: MatchRun = self.one()
        if not may_steer(request.user, run):
            raise ForbiddenError(_("You may not steer this run."))
        return run

    @extend_schema(request=None, responses={200: RunShown})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """End the run now; results stay as they were."""
        return Response(RunShown(cancel_run(self._steered(request))).data)

    @extend_schema(request=None, responses={202: RunQueuedShown})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, **kwargs: Any) -> Response:
        """A new run of what a failed or cancelled one covered."""
        return self._queued(retry_run(self._steered(request), requested_by=cast(User, request.user)))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return len(text) == 36

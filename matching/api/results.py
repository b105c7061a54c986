"""Endpoints of what the matcher found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alliance.rest.views import ReadViewSet
from matching.filters import MatchFilter, NearMissFilter, PipelineFilter, VerdictFilter
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
from matching.serializers import MatchShown, NearMissShown, PipelineShown, VerdictShown


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

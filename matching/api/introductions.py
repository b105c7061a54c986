"""Endpoints of introductions and projects: two firms brought together, and the steps of their work."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from alliance.errors import ConflictError, DomainError
from alliance.rest.conditions import StaleError, etag, wanted_version
from alliance.rest.retrying import once
from alliance.rest.views import ReadViewSet, with_since
from companies.selectors import capability_list
from matching.filters import IntroductionFilter, ProjectFilter
from matching.models import DemandLine, Introduction
from matching.selectors import demand_list
from matching.selectors.introductions import (
    attach_introduction_parts,
    introduction_detail,
    introduction_list,
    project_detail,
    project_list,
    slowest,
)
from matching.serializers import (
    IntroductionAsked,
    IntroductionDetailShown,
    IntroductionShown,
    ProjectAsked,
    ProjectDetailShown,
    ProjectShown,
    StepAsked,
)
from matching.services.introductions import Step, introduce, introduce_pipeline, legal_moves, take_step
from matching.services.introductions.moves import ALL
from scenarios.selectors import site_list


@extend_schema(tags=["introductions"])
class IntroductionViewSet(ReadViewSet):
    """A lab and a supplier, or a site's operator, brought together by the bureaus of their cities."""

    selector = introduction_list
    detail_selector = introduction_detail
    filters = with_since(IntroductionFilter)
    serializer_class = IntroductionShown
    detail_serializer_class = IntroductionDetailShown
    shows_version = True

    def prepare(self, rows: list[Any]) -> None:
        _attach(self.request.user, rows)
        for row in rows if self.detail else ():
            row.legal = [move.name for move in legal_moves(row, self.request.user)]
            for step in row.done:
                step.party = next(
                    (p for p in ALL if getattr(row, f"{p}_id") == step.by_organisation_id), None
                )

    @extend_schema(request=IntroductionAsked, responses={201: IntroductionDetailShown})
    @once
    def create(self, request: Request) -> Response:
        """Propose a line and a capability, or a demand and a site, to each other: officials only."""
        self.refuse_unknown(request, ())
        asked = IntroductionAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        row = introduce(user=request.user, note=told["note"], due_on=told["due_on"], **self._pair(told))
        return self._answer(row, 201)

    def _pair(self, told: dict[str, Any]) -> dict[str, Any]:
        user = self.request.user
        if "line" in told:
            capability = _seen(capability_list(user), told["capability"], "capability")
            lines = DemandLine.objects.visible_to(user).select_related("demand__owner")
            return {"line": _seen(lines, told["line"], "line"), "capability": capability}
        return _asked_for(user, told)

    @extend_schema(request=StepAsked, responses={200: IntroductionDetailShown})
    @action(detail=True, methods=["post"])
    @once
    def steps(self, request: Request, **kwargs: Any) -> Response:
        """Do a step: accept, agree, talk, sample, sign, deliver, plan, decline, withdraw, reopen."""
        self.refuse_unknown(request, ())
        row: Introduction = self.one()
        version = wanted_version(request, row, required=True)
        asked = StepAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        move = told.pop("move")
        try:
            take_step(row, move, user=request.user, version=version, step=Step(**told))
        except ConflictError as error:
            now = Introduction.objects.visible_to(request.user).get(pk=row.pk).version
            if now != version:
                raise StaleError from error
            raise
        return self._answer(row, 200)

    steps.conditional = True  # type: ignore[attr-defined]

    def _answer(self, row: Introduction, status: int) -> Response:
        self.detail = True
        found = self.get_queryset().get(pk=row.pk)
        self.prepare([found])
        headers = {"ETag": etag(found)}
        if status == 201:
            place = {"id": found.public_id}
            headers["Location"] = reverse("api:introduction-detail", kwargs=place, request=self.request)
        return Response(self.get_serializer(found).data, status=status, headers=headers)


@extend_schema(tags=["introductions"])
class ProjectViewSet(ReadViewSet):
    """Pipelines introduced as a whole, with their milestones; for the demand's side."""

    selector = project_list
    detail_selector = project_detail
    filters = ProjectFilter
    serializer_class = ProjectShown
    detail_serializer_class = ProjectDetailShown

    def prepare(self, rows: list[Any]) -> None:
        if self.detail:
            _attach(self.request.user, rows[0].team)
            rows[0].reached = slowest(rows[0].team)

    @extend_schema(request=ProjectAsked, responses={201: ProjectDetailShown})
    @once
    def create(self, request: Request) -> Response:
        """Propose the whole team of a pipeline and its site at once, or nothing: officials only."""
        self.refuse_unknown(request, ())
        asked = ProjectAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        made = introduce_pipeline(user=request.user, **(told | _asked_for(request.user, told)))
        self.detail = True
        found = self.get_queryset().get(pk=made.pk)
        self.prepare([found])
        place = reverse("api:project-detail", kwargs={"id": found.public_id}, request=request)
        return Response(self.get_serializer(found).data, status=201, headers={"Location": place})


def _attach(user: Any, rows: list[Any]) -> None:
    """Whose turn it is, and the demand where the asker may know it."""
    attach_introduction_parts(user, rows)
    for row in rows:
        row.turn_party = next(
            (p for p in ALL if row.turn_id and getattr(row, f"{p}_id") == row.turn_id), None
        )
        row.asked_id = row.asked.public_id if row.asked else None


def _asked_for(user: Any, told: dict[str, Any]) -> dict[str, Any]:
    """The demand and, where one is named, the site."""
    demand = _seen(demand_list(user).select_related("owner"), told["demand"], "demand")
    return {"demand": demand, "site": _seen(site_list(user), told["site"], "site") if told["site"] else None}


def _seen(rows: Any, public_id: Any, field: str) -> Any:
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise DomainError(_("There is no “%(code)s”.") % {"code": public_id}, field=field)
    return found

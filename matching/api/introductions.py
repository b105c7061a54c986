"""Endpoint of introductions: two firms brought together, and the steps of their work."""

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
from companies.models import Capability
from companies.selectors import capability_list
from matching.filters import IntroductionFilter
from matching.models import Demand, DemandLine, Introduction
from matching.selectors import demand_list
from matching.selectors.introductions import attach_introduction_parts, introduction_detail, introduction_list
from matching.serializers import (
    IntroductionAsked,
    IntroductionDetailShown,
    IntroductionShown,
    StepAsked,
)
from matching.services.introductions import Step, introduce, legal_moves, take_step
from matching.services.introductions.moves import ALL
from scenarios.models import Site
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
        attach_introduction_parts(self.request.user, rows)
        for row in rows:
            row.turn_party = next(
                (p for p in ALL if row.turn_id and getattr(row, f"{p}_id") == row.turn_id), None
            )
            row.asked_id = row.asked.public_id if row.asked else None
            if self.detail:
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
        if "line" in told:
            capability = self._seen(
                capability_list(self.request.user), Capability, told["capability"], "capability"
            )
            lines = DemandLine.objects.visible_to(self.request.user).select_related("demand__owner")
            return {"line": self._seen(lines, DemandLine, told["line"], "line"), "capability": capability}
        demands = demand_list(self.request.user).select_related("owner")
        site = self._seen(site_list(self.request.user), Site, told["site"], "site")
        return {"demand": self._seen(demands, Demand, told["demand"], "demand"), "site": site}

    def _seen(self, rows: Any, model: Any, public_id: Any, field: str) -> Any:
        found = rows.filter(public_id=public_id).first()
        if found is None:
            raise DomainError(_("There is no “%(code)s”.") % {"code": public_id}, field=field)
        return found

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

"""Endpoints of runs of the matcher."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from alliance.errors import DomainError, ForbiddenError
from alliance.models import Alliance, User
from alliance.rest.retrying import once
from alliance.rest.views import ReadViewSet
from alliance.selectors import alliance_list
from matching.filters import RunFilter
from matching.models import Demand, MatchRun
from matching.selectors import demand_list, may_steer, run_list
from matching.serializers import RunAsked, RunQueuedShown, RunShown
from matching.services.runs import ask_for_run, cancel_run, retry_run


@extend_schema(tags=["runs"])
class MatchRunViewSet(ReadViewSet):
    """Runs of the matcher and how far they are."""

    selector = run_list
    filters = RunFilter
    serializer_class = RunShown

    @extend_schema(request=RunAsked, responses={202: RunQueuedShown})
    @once
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
    @once
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """End the run now; results stay as they were."""
        return Response(RunShown(cancel_run(self._steered(request))).data)

    @extend_schema(request=None, responses={202: RunQueuedShown})
    @action(detail=True, methods=["post"])
    @once
    def retry(self, request: Request, **kwargs: Any) -> Response:
        """A new run of what a failed or cancelled one covered."""
        return self._queued(retry_run(self._steered(request), requested_by=cast(User, request.user)))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return len(text) == 36

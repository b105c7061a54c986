"""Endpoint of what a demand or a capability that is not stored would match: nothing is written."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from alliance.errors import DomainError
from alliance.models import Organisation
from alliance.rest.throttling import Counted
from alliance.rest.views import refuse_unknown
from companies.api import CapabilityViewSet, capability_input
from companies.services import CapabilityChecker, InputError, may_write_for
from matching.api.demands import DemandViewSet, need_input
from matching.models import Demand, DemandLine
from matching.selectors.results import match_list, name_pairs, name_pipelines, near_miss_list, pipeline_list
from matching.serializers import PreviewAsked, PreviewShown
from matching.services.demands import preview_demand, write_demand
from matching.services.preview.capabilities import preview_capability

MOST_PIPELINES = 10


@extend_schema(tags=["results"])
class PreviewViewSet(Counted, viewsets.GenericViewSet[Any]):
    """Match on the fly. A token needs `read` only."""

    only_reads = True

    @extend_schema(request=PreviewAsked, responses={200: PreviewShown})
    def preview(self, request: Request) -> Response:
        """What a demand would find, or what a capability would fit, if it were published now, as its owner reads it."""
        refuse_unknown(request, ())
        asked = PreviewAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        if "demand" in told:
            with _Below("demand"):
                found = self._demand(told["demand"])
        else:
            with _Below("capability"):
                found = self._capability(told["capability"])
        return Response(PreviewShown(found).data, headers={"Cache-Control": "no-store"})

    # --- a capability ---
    def _capability(self, told: dict[str, Any]) -> dict[str, Any]:
        user = self.request.user
        owner = CapabilityViewSet(request=self.request).owner(told.pop("organisation", None))
        may_write_for(owner, user)
        checked = CapabilityChecker(owner).check(capability_input(told))
        if checked.errors:
            raise InputError(
                {CapabilityViewSet.renamed.get(name, name): words for name, words in checked.errors.items()}
            )
        found = preview_capability(checked, owner, user=user)
        if found is None:
            return {"capability": None}
        lines = [
            {"demand": row.demand.public_id, "line": row.line.public_id, "title": row.heading}
            for row in found.shown
        ]
        return {
            "capability": {
                "asked": found.asked,
                "fits": found.fits,
                "near": found.near,
                "lines": lines,
                "gains": [
                    {"words": gain.words, "now": gain.now, "lines": gain.lines} for gain in found.gains
                ],
                "missing": found.untold,
            }
        }

    # --- a demand ---
    def _demand(self, told: dict[str, Any]) -> dict[str, Any]:
        """Written, matched and undone in one transaction. Names are left out: they may be those of stored rows."""
        demands = DemandViewSet(request=self.request)
        owner = demands.owner(told.pop("organisation", None))
        names = [line["external_id"] or None for line in told["lines"]]
        for line in told["lines"]:
            line.pop("id", None)
            line["external_id"] = ""
        told["external_id"] = ""
        with transaction.atomic():
            found = self._matched(demands, owner, told)
            transaction.set_rollback(True)
        for line in found["lines"]:
            line["external_id"] = names[line["line"]]
        return {"demand": found}

    def _matched(self, demands: DemandViewSet, owner: Organisation, told: dict[str, Any]) -> dict[str, Any]:
        row = write_demand(
            None,
            owner,
            demands.programme(owner, told),
            demands.lines(None, told["lines"]),
            need_input(told["site_need"]),
            user=self.request.user,
        )
        found = preview_demand(row, user=self.request.user, look=self._look)
        as_of = row.alliance.as_of
        if found.seen is None:
            return {"matched": False, "as_of": as_of, "lines": [], "pipelines": []}
        return {"matched": True, "as_of": as_of, **found.seen}

    def _look(self, copy: Demand) -> dict[str, Any]:
        """Read as the endpoints of results do, and put into plain values: the rows are gone afterwards."""
        user = self.request.user
        lines = list(DemandLine.objects.visible_to(user).filter(demand=copy).order_by("position", "id"))
        matches = list(match_list(user).filter(demand_id=copy.pk).order_by("line_id", "rank"))
        misses = list(near_miss_list(user).filter(demand_id=copy.pk).order_by("line_id", "rank"))
        name_pairs(user, [*matches])
        name_pairs(user, [*misses])
        told = [
            {
                "line": place,
                "component_type": line.component_type.code,
                "matches": [_plain(row) for row in matches if row.line_id == line.pk],
                "near_misses": [_plain(row) for row in misses if row.line_id == line.pk],
            }
            for place, line in enumerate(lines)
        ]
        places = {line.public_id: place for place, line in enumerate(lines)}
        return {"lines": told, "pipelines": self._pipelines(copy, places)}

    def _pipelines(self, copy: Demand, places: dict[Any, int]) -> list[dict[str, Any]]:
        user = self.request.user
        rows = list(pipeline_list(user).filter(demand_id=copy.pk).order_by("rank")[:MOST_PIPELINES])
        name_pipelines(user, rows)
        return [
            {
                "rank": row.rank,
                "site": row.site_public,
                "score": row.score,
                "complete": row.complete,
                "total_days": row.total_days,
                "late_days": row.late_days,
                "team": [
                    {
                        "line": places.get(member["line"]),
                        "capability": member["capability"],
                        "score": member["score"],
                    }
                    for member in row.named_team
                ],
            }
            for row in rows
        ]


def _plain(row: Any) -> dict[str, Any]:
    names = ("rank", "score", "fit", "price", "lead_time", "capacity", "proximity", "role", "trust", "code")
    told = {name: getattr(row, name, None) for name in (*names, "shortfall", "supplier")}
    terms = {name: told[name] for name in names[2:9]} if told["fit"] is not None else None
    return told | {"capability": row.capability_public, "terms": terms}


class _Below:
    """What is wrong inside a part is named from the whole."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, DomainError) and error.errors:
            error.errors = {f"{self.place}.{name}": words for name, words in error.errors.items()}

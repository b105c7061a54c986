"""Matches, near misses, pipelines and own verdicts as endpoints list them.

Result rows hold database ids; `name_*` attaches what the API shows instead: public ids and firms, in a fixed
number of queries for a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404

from alliance.models import Organisation
from companies.models import Capability
from matching.models import Demand, DemandLine, Match, MatchRun, NearMiss, Pipeline
from matching.models.results import ResultQuerySet
from matching.selectors.pairs import OwnPair, own_pairs, own_results
from scenarios.models import Site


def match_list(user: Any) -> ResultQuerySet:
    return Match.objects.visible_to(user).current()


def near_miss_list(user: Any) -> ResultQuerySet:
    return NearMiss.objects.visible_to(user).current()


def pipeline_list(user: Any) -> ResultQuerySet:
    return Pipeline.objects.visible_to(user).current()


def own_matches(user: Any) -> list[ResultQuerySet]:
    """Current matches and near misses of the viewer's firms on demands that they see."""
    return list(own_results(user))


def own_verdicts(user: Any, rows: Sequence[Any]) -> list[Verdicted]:
    """What a supplier reads of these rows of its own, in their order."""
    plain = [
        {
            "demand_id": row.demand_id,
            "line_id": row.line_id,
            "capability_id": row.capability_id,
            "miss": getattr(row, "code", ""),
        }
        for row in rows
    ]
    return [Verdicted(pair) for pair in own_pairs(user, plain)]


class Verdicted:
    """An own pair under the names that the API gives it."""

    def __init__(self, pair: OwnPair) -> None:
        self.public = f"{pair.line.public_id}.{pair.capability.public_id}"
        self.demand, self.line, self.capability = pair.demand, pair.line, pair.capability
        self.verdict = "fits" if pair.fits else "nearly"
        self.code, self.gap = pair.code, pair.gap


def public_ids(model: type[Model], keys: Iterable[int]) -> dict[int, UUID]:
    """Database id → public id. For rows named by a result that the viewer already sees."""
    rows = model._default_manager.filter(pk__in={key for key in keys if key is not None})
    return dict(rows.values_list("pk", "public_id"))


def _found(model: type[Model], public_id: UUID) -> int:
    key = model._default_manager.filter(public_id=public_id).values_list("pk", flat=True).first()
    if key is None:
        raise Http404
    return int(key)


def of_pair(rows: QuerySet[Any], line: UUID, capability: UUID) -> QuerySet[Any]:
    """The match or near miss of a line and a capability."""
    asked = DemandLine.objects.filter(public_id=line).values_list("demand_id", "pk").first()
    if asked is None:
        raise Http404
    return rows.filter(demand_id=asked[0], line_id=asked[1], capability_id=_found(Capability, capability))


def of_place(rows: QuerySet[Any], demand: UUID, site: UUID | None) -> QuerySet[Any]:
    """The pipeline of a demand at a site, or without one."""
    return rows.filter(demand_id=_found(Demand, demand), site_id=_found(Site, site) if site else None)


def _name_run(rows: Sequence[Any]) -> None:
    demands = public_ids(Demand, (row.demand_id for row in rows))
    runs = {run.pk: run for run in MatchRun.objects.filter(pk__in={row.run_id for row in rows})}
    for row in rows:
        run = runs[row.run_id]
        row.demand_public, row.run_public, row.as_of = demands[row.demand_id], run.public_id, run.as_of


def name_pairs(user: Any, rows: list[Any]) -> None:
    """Public ids and the supplier (where the viewer sees its entry) of matches and near misses.

    A row of a line or a capability that has just been removed goes: the results name it until the next run.
    """
    _name_run(rows)
    lines = public_ids(DemandLine, (row.line_id for row in rows))
    capabilities = public_ids(Capability, (row.capability_id for row in rows))
    rows[:] = [row for row in rows if row.line_id in lines and row.capability_id in capabilities]
    firms = Organisation.objects.visible_to(user).in_bulk({row.supplier_id for row in rows})
    for row in rows:
        row.line_public, row.capability_public = lines[row.line_id], capabilities[row.capability_id]
        row.public = f"{row.line_public}.{row.capability_public}"
        row.supplier = firms.get(row.supplier_id)


def name_pipelines(user: Any, rows: Sequence[Any]) -> None:
    """Public ids in a pipeline, its team and what the site's conditions ruled out; without lines that are gone."""
    _name_run(rows)
    sites = public_ids(Site, (row.site_id for row in rows))
    members = [member for row in rows for member in row.team]
    named = [*(m["line"] for m in members), *(out["line"] for row in rows for out in row.ruled_out)]
    lines = public_ids(DemandLine, [*named, *(line for row in rows for line in row.critical.values())])
    capabilities = public_ids(Capability, (member["capability"] for member in members))
    for row in rows:
        row.site_public = sites.get(row.site_id)
        row.public = ".".join(str(part) for part in (row.demand_public, row.site_public) if part)
        row.named_team = [
            {**m, "line": lines[m["line"]], "capability": capabilities.get(m["capability"])}
            for m in row.team
            if m["line"] in lines
        ]
        row.named_out = [{**o, "line": lines[o["line"]]} for o in row.ruled_out if o["line"] in lines]
        row.critical_line = {stage: lines.get(line) for stage, line in row.critical.items()}

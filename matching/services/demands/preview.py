"""What a demand would find if it were published as it stands: a copy of it, matched, undone before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from alliance.choices import RunState
from matching.encoding import encode
from matching.encoding.freeze import Frozen
from matching.kernel.solve import Solver
from matching.models import CurrentResult, Demand, DemandResult, MatchRun
from matching.services.demands.publishing import may_edit
from matching.services.demands.writing import copy_rows
from matching.services.results import write_results


@dataclass
class Found:
    """What `look` read while the results were there; `waiting`: the alliance has never been matched."""

    matched: bool = False
    waiting: bool = False
    seen: Any = None
    lines: int = field(default=0)


def preview_demand(demand: Demand, *, user: Any, look: Callable[[Demand], Any]) -> Found:
    """Match a throw-away copy, let `look` read of it what a demand's pages show, and roll everything back.

    Who writes the demand meanwhile waits for nothing: only rows that nobody else sees are locked.
    """
    may_edit(demand, user)
    alliance = demand.alliance
    found = Found(lines=demand.lines.count(), waiting=alliance.as_of is None)
    if not found.lines or alliance.as_of is None:
        return found
    with transaction.atomic():
        source = Demand.objects.select_related("identity").get(pk=demand.pk)
        copy = copy_rows(source, source.identity.title, published=True)
        frozen = encode(alliance.pk, alliance.as_of, copy.pk)
        if frozen is not None:
            _write(copy, frozen)
            found.matched, found.seen = True, look(copy)
        transaction.set_rollback(True)
    return found


def _write(copy: Demand, frozen: Frozen) -> None:
    """As a run of this demand alone does."""
    alliance = copy.alliance
    as_of = alliance.as_of or timezone.localdate()
    run = MatchRun.objects.create(alliance=alliance, demand=copy, state=RunState.FINISHED, as_of=as_of)
    write_results(run.pk, frozen.problem, frozen.identities, Solver(frozen.problem).solve())
    sites = DemandResult.objects.filter(run_id=run.pk, demand_id=copy.pk)
    CurrentResult.objects.create(
        demand=copy,
        run_id=run.pk,
        as_of=as_of,
        feasible_sites=sites.values_list("feasible_sites", flat=True).first() or 0,
    )

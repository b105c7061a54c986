"""What a demand would find if it were published as it stands: really matched, and undone before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from alliance.choices import RunState
from matching.encoding import encode
from matching.kernel.solve import Solver
from matching.models import CurrentResult, Demand, DemandResult, MatchRun
from matching.services.demands.publishing import may_edit
from matching.services.results import write_results


@dataclass
class Found:
    """What `look` read while the results were there."""

    matched: bool = False
    seen: Any = None
    lines: int = field(default=0)


def preview_demand(demand: Demand, *, user: Any, look: Callable[[Demand], Any]) -> Found:
    """Match the demand in a transaction, let `look` read what its pages would show, and roll everything back."""
    may_edit(demand, user)
    found = Found(lines=demand.lines.count())
    alliance = demand.alliance
    if not found.lines or alliance.as_of is None:
        return found
    with transaction.atomic():
        Demand.objects.filter(pk=demand.pk).update(published=True)
        frozen = encode(alliance.pk, alliance.as_of, demand.pk)
        if frozen is not None:
            run = MatchRun.objects.create(
                alliance=alliance, demand=demand, state=RunState.FINISHED, as_of=alliance.as_of
            )
            write_results(run.pk, frozen.problem, frozen.identities, Solver(frozen.problem).solve())
            sites = DemandResult.objects.filter(run_id=run.pk, demand_id=demand.pk).values_list(
                "feasible_sites", flat=True
            )
            CurrentResult.objects.update_or_create(
                demand=demand,
                defaults={"run_id": run.pk, "as_of": alliance.as_of, "feasible_sites": sites.first() or 0},
            )
            found.matched, found.seen = True, look(demand)
        transaction.set_rollback(True)
    return found

"""Asking for runs, giving them up, trying again."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, time
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record, record_all
from alliance.choices import ChunkState, RunState
from alliance.errors import ConflictError, DomainError, ForbiddenError
from alliance.models import Alliance, User
from matching.models import CurrentResult, Demand, MatchRun, RunChunk, RunInput, may_ask_for_run
from matching.services.runs.nudging import nudge_for_small_runs, nudge_workers

ASKED, NIGHTLY, CHANGE, RETRY = "asked", "nightly", "change", "retry"
NIGHTLY_AT = time(0, 5)
OPEN_RUN = (RunState.QUEUED, RunState.RUNNING)
GROUPS = 4  # of runs that workers do together: a fifth would wait for one of the usual four workers
MOST_OF_GROUP = 64  # demands: who is free first takes the next group
LEAST_OF_GROUP = 8  # for fewer, another worker follows what has changed for longer than this one matches
OF_A_RUN = 1  # what a run costs besides its demands, as so many of them
OPEN_CHUNK = (ChunkState.PENDING, ChunkState.CLAIMED)


def create_run(
    alliance: Alliance,
    *,
    demand: Demand | None = None,
    demands: Collection[int] = (),
    as_of: date | None = None,
    pinned: bool = False,
    apart: bool = False,
    cause: str,
    requested_by: User | None = None,
) -> MatchRun:
    """Queue a run of the alliance, of one demand or of some (`demands`: keys, published ones of this alliance).

    One that waits already and covers what is asked is returned instead; one of some demands takes more of them.
    `apart`: a run of its own all the same, for another worker.

    An alliance has one date. `as_of` sets it (`pinned`: the nightly run leaves it alone); without it a run
    of the whole alliance that somebody asked for moves it to today, and every other run uses it as it is.
    A run of one demand at a new date therefore becomes one of the whole alliance.
    """
    with transaction.atomic():
        locked = Alliance.objects.select_for_update(no_key=True).get(pk=alliance.pk)
        if as_of is None and demand is None and cause == ASKED:
            as_of = timezone.localdate()
        if _move_date(locked, as_of, pinned):
            demand, demands = None, ()
        run = None if apart else _waiting_run(locked, demand, demands)
        if run is None:
            run = _new_run(locked, demand, sorted(set(demands)), cause, requested_by)
        else:
            _widen(run, locked.as_of or run.as_of, demands)
        transaction.on_commit(lambda: nudge_workers(run.pk), robust=True)
    return run


def create_small_runs(demands: Mapping[int, Collection[int]]) -> list[list[int]]:
    """Queue a run for each alliance (by key) of some of its demands, as a change calls for it.

    In groups that a worker does together, of about equal size, with a message for each group but the first: that is
    left to the caller. Alliances that have no date yet, or a run that waits, are left out: `create_run` knows what to
    do with them.
    """
    with transaction.atomic():
        locked = Alliance.objects.select_for_update(no_key=True).filter(pk__in=demands).order_by("pk")
        waiting = MatchRun.objects.filter(alliance__in=demands, state=RunState.QUEUED)
        # Locked first: who queues another at this moment has committed it, or waits for this transaction.
        alliances = [alliance for alliance in locked if alliance.as_of is not None]
        busy = set(waiting.values_list("alliance_id", flat=True))
        runs = MatchRun.objects.bulk_create(
            _run_of(alliance, demands[alliance.pk]) for alliance in alliances if alliance.pk not in busy
        )
        RunChunk.objects.bulk_create(RunChunk(run=run, number=0) for run in runs)
        record_all("queued", "run", [(str(run.public_id), _told(run)) for run in runs])
        groups = _groups(runs)
        transaction.on_commit(lambda: _hand_out(groups[1:]), robust=True)
    return groups


def _run_of(alliance: Alliance, demands: Collection[int]) -> MatchRun:
    many = sorted(set(demands))
    one = many[0] if len(many) == 1 else None
    as_of = alliance.as_of or timezone.localdate()
    return MatchRun(alliance=alliance, demand_id=one, demands=[] if one else many, as_of=as_of, cause=CHANGE)


def _groups(runs: Sequence[MatchRun]) -> list[list[int]]:
    """The largest first, each into the group that has least so far."""
    total = sum(len(run.chosen) for run in runs)
    some = min(GROUPS, -(-total // LEAST_OF_GROUP))
    many = min(len(runs), max(some, -(-total // MOST_OF_GROUP)))
    groups: list[list[int]] = [[] for _ in range(many)]
    sizes = [0] * many
    for run in sorted(runs, key=lambda run: -len(run.chosen)):
        least = sizes.index(min(sizes))
        groups[least].append(run.pk)
        sizes[least] += len(run.chosen) + OF_A_RUN
    return groups


def _hand_out(groups: Sequence[list[int]]) -> None:
    for group in groups:
        nudge_for_small_runs(group)


def _move_date(alliance: Alliance, as_of: date | None, pinned: bool) -> bool:
    """Set the alliance's date; True when results of another date exist and all have to be redone."""
    before, was_pinned = alliance.as_of, alliance.as_of_pinned
    if as_of is not None:
        alliance.as_of, alliance.as_of_pinned = as_of, pinned
    elif before is None:
        alliance.as_of = timezone.localdate()
    if (alliance.as_of, alliance.as_of_pinned) != (before, was_pinned):
        alliance.save(update_fields=["as_of", "as_of_pinned"])
    return before is not None and before != alliance.as_of


def _waiting_run(alliance: Alliance, demand: Demand | None, demands: Collection[int]) -> MatchRun | None:
    """A run that has not begun and covers what is asked, or can be made to.

    Its chunk 0 stays locked until this transaction ends: whatever this transaction wrote is in its input.
    """
    covers = Q(run__demand=None, run__demands=[])
    if demand is not None:
        covers |= Q(run__demand=demand) | Q(run__demands__contains=[demand.pk])
    elif demands:
        covers |= Q(run__demand=None)
    chunk = (
        RunChunk.objects.select_for_update(of=("self",))
        .select_related("run")
        .filter(covers, run__alliance=alliance, run__state=RunState.QUEUED)
        .filter(number=0, state=ChunkState.PENDING, attempts=0)
        .order_by("run_id")
        .first()
    )
    return chunk.run if chunk else None


def _widen(run: MatchRun, as_of: date, demands: Collection[int]) -> None:
    """A run that waits takes the date that holds now, and what a further change touched."""
    more = sorted({*run.demands, *demands}) if run.demands else run.demands
    if run.as_of != as_of or more != run.demands:
        run.as_of, run.demands = as_of, more
        run.save(update_fields=["as_of", "demands"])


def _new_run(
    alliance: Alliance, demand: Demand | None, demands: list[int], cause: str, requested_by: User | None
) -> MatchRun:
    as_of = alliance.as_of or timezone.localdate()
    run = MatchRun.objects.create(
        alliance=alliance,
        demand=demand,
        demands=demands,
        as_of=as_of,
        cause=cause,
        requested_by=requested_by,
    )
    RunChunk.objects.create(run=run, number=0)
    record("queued", "run", str(run.public_id), after=_told(run))
    return run


def _told(run: MatchRun) -> dict[str, Any]:
    return {
        "alliance": run.alliance.slug,
        "demand": str(run.demand.public_id) if run.demand else None,
        "as_of": run.as_of.isoformat(),
        "cause": run.cause,
    }


def ask_for_run(
    user: Any, alliance: Alliance, *, demand: Demand | None = None, as_of: date | None = None
) -> MatchRun:
    """A person asks for a run; a date of their own holds until somebody asks without one."""
    if demand is not None and demand.alliance_id != alliance.pk:
        raise DomainError(_("This demand belongs to another alliance."), field="demand")
    if demand is not None and not demand.published:
        raise DomainError(_("This demand is not published: publish it to have it matched."), field="demand")
    whole = demand is None or (as_of is not None and as_of != alliance.as_of)
    if not may_ask_for_run(user, alliance, None if whole else demand):
        raise ForbiddenError(_("You may not start a run here."))
    return create_run(
        alliance, demand=demand, as_of=as_of, pinned=as_of is not None, cause=ASKED, requested_by=user
    )


def cancel_run(run: MatchRun) -> MatchRun:
    """End a run now: chunks in flight lose their fence and write nothing. Results stay as they were."""
    with transaction.atomic():
        won = MatchRun.objects.filter(pk=run.pk, state__in=OPEN_RUN).update(
            state=RunState.CANCELLED, finished_at=Now()
        )
        if not won:
            raise ConflictError(_("This run has already ended."))
        # The fence alone decides: a worker that holds the old one finds no row to mark as done.
        open_chunks = RunChunk.objects.filter(run=run, state__in=OPEN_CHUNK)
        open_chunks.update(state=ChunkState.CANCELLED, leased_until=None)
        RunInput.objects.filter(run=run).delete()
        record("cancelled", "run", str(run.public_id))
    run.refresh_from_db()
    return run


def retry_run(run: MatchRun, *, requested_by: User | None = None) -> MatchRun:
    """A new run of the same cover, at the alliance's current date."""
    if run.state not in (RunState.PARTIAL, RunState.FAILED, RunState.CANCELLED):
        raise ConflictError(_("Only a run that failed or was cancelled can be tried again."))
    with transaction.atomic():
        again = create_run(
            run.alliance, demand=run.demand, demands=run.demands, cause=RETRY, requested_by=requested_by
        )
        MatchRun.objects.filter(pk=again.pk, retry_of=None).exclude(pk=run.pk).update(retry_of=run)
    again.refresh_from_db()
    return again


def begin_again(run_id: int, why: str) -> bool:
    """The files a run is computed from are gone (a disk lost, a backup played back): another takes its place.

    Once: False when this one has taken the place of another already, because then these files are lost every time.
    """
    run = MatchRun.objects.select_related("alliance", "demand").get(pk=run_id)
    if run.retry_of_id:
        return False
    with suppress(ConflictError), transaction.atomic():  # somebody else was faster
        cancel_run(run)
        MatchRun.objects.filter(pk=run_id).update(error=why)
        retry_run(run, requested_by=run.requested_by)
    return True


def queue_nightly_runs() -> list[MatchRun]:
    """From 00:05 local time: one full run of each alliance whose date is not today's and not pinned."""
    now = timezone.localtime()
    if now.time() < NIGHTLY_AT:
        return []
    today = now.date()
    due = Alliance.objects.filter(as_of__lt=today, as_of_pinned=False).order_by("pk")
    return [run for alliance in due if (run := _nightly_run(alliance, today))]


def _nightly_run(alliance: Alliance, today: date) -> MatchRun | None:
    with transaction.atomic():
        locked = Alliance.objects.select_for_update(no_key=True).get(pk=alliance.pk)
        if locked.as_of is None or locked.as_of >= today or locked.as_of_pinned:
            return None  # another reconciler, or a person, was first
        if not has_matching(locked):
            Alliance.objects.filter(pk=locked.pk).update(as_of=today)
            return None
        return create_run(locked, as_of=today, cause=NIGHTLY)


def has_matching(alliance: Alliance) -> bool:
    """Whether a run of the alliance has anything to compute or to clear away."""
    return (
        Demand.objects.filter(alliance=alliance, published=True).exists()
        or CurrentResult.objects.filter(demand__alliance=alliance).exists()
    )

"""Chunk 0: the problem as the database holds it at one moment, saved once, and cut into chunks."""

import io

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from alliance.choices import RunState
from matching.encoding import (
    Frozen,
    Identities,
    Supply,
    alliance_parts,
    encode,
    encode_over,
    knows_certificates,
    over,
)
from matching.kernel import Problem
from matching.kernel.shared import Shared
from matching.models import MatchRun, RunChunk
from matching.services.runs.claims import Claim, LostFenceError, begin_run, mark_done
from matching.services.runs.nudging import nudge_workers
from matching.services.runs.supplying import one_snapshot, supply_of_now
from matching.services.runs.supplying import supply as supply_by_version

# Saved as binary COPY: as a parameter tens of megabytes would travel as hexadecimal text.
SAVE = "COPY matching_runinput (run_id, problem, identities) FROM STDIN (FORMAT BINARY)"
ZIP = b"PK"  # how identities begin; a version is text
# Over a supply a chunk takes so many times more demands: they are done in a second or two, and each chunk goes through
# all blocks of its alliance, however few lines it has in them.
CHUNKS_OVER_SUPPLY = 8
LOAD = "COPY (SELECT problem, identities FROM matching_runinput WHERE run_id = %s) TO STDOUT (FORMAT BINARY)"


def freeze(claim: Claim) -> None:
    """Read, save and cut under the fence. LostFenceError when the run ended meanwhile."""
    begin_run(claim)
    with one_snapshot():
        run = MatchRun.objects.select_related("alliance").get(pk=claim.run_id)
        as_of = run.alliance.as_of or run.as_of  # it may have moved while the run waited
        supply = None if run.chosen else supply_of_now(as_of)
        if supply and knows_certificates(supply, run.alliance_id):
            frozen = encode_over(supply, run.alliance_id, as_of)
        else:
            supply, frozen = None, encode(run.alliance_id, as_of, run.chosen or None)
        most = settings.MATCH_CHUNK_DEMANDS * (CHUNKS_OVER_SUPPLY if supply else 1)
        pieces = cut(frozen.problem, most) if frozen else []
        # The run before its chunk, as everywhere: two steps never wait for each other.
        if not MatchRun.objects.select_for_update(no_key=True).filter(pk=run.pk, state=RunState.RUNNING):
            raise LostFenceError
        mark_done(claim)
        if frozen:
            _save(run.pk, frozen, supply)
        RunChunk.objects.bulk_create(
            RunChunk(run=run, number=number, demands=piece) for number, piece in enumerate(pieces, 1)
        )
        demands = sum(map(len, pieces))
        MatchRun.objects.filter(pk=run.pk).update(
            as_of=as_of, chunks_total=len(pieces), demands_total=demands, version=short_version(frozen)
        )
        transaction.on_commit(lambda: nudge_workers(run.pk, len(pieces)), robust=True)


def short_version(frozen: Frozen | None) -> str:
    """Which snapshot the offers came from: the oldest and the next transaction, without those under way."""
    return ":".join(frozen.version.split(":")[:2]) if frozen else ""


def cut(problem: Problem, most: int) -> list[list[int]]:
    """Demand positions in chunks of about equal work and at most `most` demands, in order."""
    work = demand_work(problem)
    chunks = -(-len(work) // most)
    ends = np.searchsorted(np.cumsum(work), work.sum() * np.arange(1, chunks) / chunks)
    pieces: list[list[int]] = []
    for part in np.split(np.arange(len(work)), ends):
        pieces += [part[start : start + most].tolist() for start in range(0, len(part), most)]
    return pieces


def demand_work(problem: Problem) -> np.ndarray:
    """For each demand: how many capabilities its lines look at, plus what a demand costs anyway."""
    parent = problem.types.parent
    below = np.bincount(problem.capabilities.type, minlength=len(parent)).astype(np.float64)
    above = parent.copy()
    own = below.copy()
    while (above >= 0).any():
        np.add.at(below, above[above >= 0], own[above >= 0])
        above = np.where(above >= 0, parent[above], -1)
    return np.bincount(
        problem.lines.demand, below[problem.lines.type] + 1000.0, minlength=len(problem.demands.lab)
    )


def _save(run_id: int, frozen: Frozen, supply: Supply | None) -> None:
    """Everything; over a supply its version and what is the alliance's own."""
    if supply:
        out = io.BytesIO()
        np.savez(out, **alliance_parts(frozen))  # type: ignore[arg-type]
        row = (run_id, out.getvalue(), supply.version.encode())
    else:
        row = (run_id, frozen.problem.to_bytes(), frozen.identities.to_bytes())
    with connection.cursor() as cursor, cursor.copy(SAVE) as copy:
        copy.set_types(["int8", "bytea", "bytea"])
        copy.write_row(row)


def load(run_id: int) -> tuple[Problem, Identities, Shared | None]:
    """The frozen input of a run. LostFenceError when it is gone: the run has ended."""
    with connection.cursor() as cursor, cursor.copy(LOAD, [run_id]) as copy:
        copy.set_types(["bytea", "bytea"])
        row = copy.read_row()
        while copy.read_row():
            pass
    if row is None:
        raise LostFenceError
    if row[1][:2] == ZIP:
        return Problem.from_bytes(row[0]), Identities.from_bytes(row[1]), None
    shared = supply_by_version(row[1].decode())
    with np.load(io.BytesIO(row[0]), allow_pickle=False) as archive:
        frozen = over(shared, {name: archive[name] for name in archive.files})
    return frozen.problem, frozen.identities, shared.shared

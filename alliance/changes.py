"""Recording changes: every service calls `record` in its own transaction.

The row is the audit, the history, the feed and the matcher's list of work. Consumers are nudged after the
commit by task name; the reconciler finds what a lost nudge missed.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from alliance.models import Change


@dataclass(frozen=True)
class Origin:
    """Who is writing, by which token, in which request; set by middleware and by commands."""

    actor_id: int | None = None
    token: str = ""
    request_id: str = ""


NO_ORIGIN = Origin()
ORIGIN: ContextVar[Origin] = ContextVar("origin", default=NO_ORIGIN)


def record(
    verb: str,
    kind: str,
    object_id: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> Change:
    """Write the change row of a write that this transaction makes.

    `kind` is the model in words ("capability", "travel time"), `object_id` its public id or code; `before` and
    `after` hold what changed. The matcher reads kind and id and decides what to match again.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a change is recorded in the transaction that makes it")
    origin = ORIGIN.get()
    row = Change.objects.create(
        actor_id=origin.actor_id,
        token=origin.token,
        request_id=origin.request_id,
        verb=verb,
        kind=kind,
        object_id=object_id,
        before=before,
        after=after,
    )
    _nudge_once()
    return row


def record_all(verb: str, kind: str, told: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """``record`` for several objects to which the same happens: their ids, and what holds of each afterwards."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a change is recorded in the transaction that makes it")
    origin = ORIGIN.get()
    own = {"actor_id": origin.actor_id, "token": origin.token, "request_id": origin.request_id}
    Change.objects.bulk_create(
        Change(verb=verb, kind=kind, object_id=object_id, after=after, **own) for object_id, after in told
    )
    _nudge_once()


def _nudge_once() -> None:
    """One message for a transaction, however many changes it makes; one that a savepoint takes back does not count."""
    connection = transaction.get_connection()
    lasting = set(connection.savepoint_ids)
    for savepoints, call, _robust in connection.run_on_commit:
        if call is nudge_consumers and set(savepoints) <= lasting:
            return
    transaction.on_commit(nudge_consumers, robust=True)


@dataclass(frozen=True)
class Detail:
    """What one large write did to one of its rows."""

    object_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def record_details(verb: str, kind: str, details: Iterable[Detail]) -> None:
    """Rows for the history of each row that one write has touched, beside the one change that tells of all of it.

    Of a kind of their own, which no consumer works on; written a thousand at a time.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a change is recorded in the transaction that makes it")
    origin = ORIGIN.get()
    own = {"actor_id": origin.actor_id, "token": origin.token, "request_id": origin.request_id}
    rows = (
        Change(verb=verb, kind=kind, object_id=row.object_id, before=row.before, after=row.after, **own)
        for row in details
    )
    Change.objects.bulk_create(rows, batch_size=1000)


def same(one: Any, other: Any) -> bool:
    """Whether a page shows no difference: it writes twelve figures of a number, of which a unit may leave sixteen."""
    return bool(_shown(one) == _shown(other))


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


@contextmanager
def acting_for(actor_id: int | None) -> Iterator[None]:
    """Where nobody is writing, what the block writes is this person's: a worker ends what a person began."""
    origin = ORIGIN.get()
    token = ORIGIN.set(origin if origin.actor_id else replace(origin, actor_id=actor_id))
    try:
        yield
    finally:
        ORIGIN.reset(token)


def nudge_consumers() -> None:
    """Tell the workers that there are changes to read; a lost message costs only time."""
    from alliance.celery import nudge

    nudge("matching.follow_changes")

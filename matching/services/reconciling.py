"""The reconciler: needs only the database, finds what messages lost, and may run any number of times at once."""

import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection

from alliance.services.limits import forget_old_attempts
from alliance.services.mail import send_waiting
from alliance.services.notices import follow_news, send_notice_mail
from alliance.services.retries import sweep_keys
from alliance.services.webhooks import deliver_waiting, forget_old_messages
from companies.services.sheets import sweep_sheets
from matching.services.changes import follow_changes
from matching.services.exports import sweep_exports
from matching.services.figures import note_figures
from matching.services.merging import sweep_merged
from matching.services.notices import tell_of_dates
from matching.services.results.naming import name_ids
from matching.services.runs.claims import claimable_runs, fail_exhausted, settled_runs
from matching.services.runs.ending import finish_run
from matching.services.runs.heartbeats import beat, forget_the_dead
from matching.services.runs.nudging import nudge_workers
from matching.services.runs.queueing import queue_nightly_runs
from matching.services.runs.sweeping import put_in_place, sweep

logger = logging.getLogger(__name__)
EVERY = 2.0  # seconds, give or take a quarter, so that several do not march in step
LONGEST_PAUSE = 30.0
MAIL_EVERY = 60.0  # seconds between two looks for mail of notices


def deliver_a_few() -> None:
    """For the days without a broker: a worker is faster."""
    deliver_waiting(seconds=5)


def end_settled() -> None:
    for run_id in settled_runs():
        finish_run(run_id)


def _is_done(step: Callable[[], object]) -> bool:
    """False when it failed, which is logged; raises only when the database is away."""
    try:
        step()
    except Exception as error:
        if isinstance(error, (OperationalError, InterfaceError)) and not connection.is_usable():
            raise
        logger.exception("a step failed: %s", step.__qualname__)
        return False
    return True


@dataclass
class Reconciler:
    """Remembers only when it last called for workers, so that nobody's absence fills the broker, and when it last
    looked for mail."""

    _calls: dict[int, tuple[float, float]] = field(default_factory=dict)
    _mailed: float | None = None

    def once(self) -> int:
        """One round over everything that may have been missed; returns how many steps failed.

        A step that fails keeps no other from being done. Without a database the round ends.
        """
        beat("reconciler", f"{socket.gethostname()}:{os.getpid()}")
        return sum(not _is_done(step) for step in self._steps())

    def _steps(self) -> tuple[Callable[[], object], ...]:
        return (
            follow_changes,
            self._tell,
            queue_nightly_runs,
            send_waiting,
            deliver_a_few,
            forget_old_messages,
            forget_old_attempts,
            sweep_merged,
            sweep_sheets,
            sweep_exports,
            sweep_keys,
            fail_exhausted,
            end_settled,
            self._call_workers,
            name_ids,
            sweep,
            put_in_place,
            note_figures,
            forget_the_dead,
        )

    def _tell(self) -> None:
        """Notices of what is new, and at times the mails that speak of them."""
        follow_news()
        tell_of_dates()
        now = time.monotonic()
        if self._mailed is None or now - self._mailed >= MAIL_EVERY:
            send_notice_mail()
            self._mailed = now

    def _call_workers(self) -> None:
        """Nudge runs with free chunks, less and less often while nothing helps."""
        now = time.monotonic()
        waiting = claimable_runs()
        self._calls = {run: call for run, call in self._calls.items() if run in waiting}
        for run_id, chunks in waiting.items():
            due, pause = self._calls.get(run_id, (now, EVERY))
            if due <= now:
                nudge_workers(run_id, chunks)
                self._calls[run_id] = (now + pause, min(2 * pause, LONGEST_PAUSE))

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. A database that is away is waited for."""
        pause = EVERY
        while not stop.is_set():
            try:
                self.once()
                pause = EVERY
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database does not answer: %s", error)
                connection.close()
                pause = min(2 * pause, LONGEST_PAUSE)
            stop.wait(pause * random.uniform(0.75, 1.25))  # noqa: S311 (spreads the load, guards nothing)

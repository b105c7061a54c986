"""Runs: the row is the queue, messages are hints.

`create_run` writes a run with its chunk 0. A worker that claims chunk 0 freezes the input and cuts the rest;
the others compute from the frozen input alone and write under their fence; whoever finds no open chunk ends
the run and moves the pointers. `matching.services.reconciling` finds what a lost message named.
"""

from matching.services.runs.ending import finish_run
from matching.services.runs.following import Progress, follow_run
from matching.services.runs.preparing import prepare_kernel, warm_up
from matching.services.runs.queueing import ask_for_run, cancel_run, create_run, queue_nightly_runs, retry_run
from matching.services.runs.supplying import lay_out_supply, prepare_nightly_supply, prepare_supply
from matching.services.runs.sweeping import sweep
from matching.services.runs.working import work_on_run, work_on_small_runs

__all__ = [
    "Progress",
    "ask_for_run",
    "cancel_run",
    "create_run",
    "finish_run",
    "follow_run",
    "lay_out_supply",
    "prepare_kernel",
    "prepare_nightly_supply",
    "prepare_supply",
    "queue_nightly_runs",
    "retry_run",
    "sweep",
    "warm_up",
    "work_on_run",
    "work_on_small_runs",
]

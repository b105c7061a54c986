"""What messages start. They are hints: each task finds its work in the database, or finds none."""

import gc
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_ready
from django.conf import settings

from alliance.services.notices import follow_news, send_notice_mail
from matching.services.changes import follow_and_match
from matching.services.exports import work_on_export
from matching.services.notices import tell_of_dates
from matching.services.runs import (
    lay_out_supply,
    prepare_kernel,
    prepare_nightly_supply,
    queue_nightly_runs,
    warm_up,
    work_on_run,
    work_on_small_runs,
)

# Below the lease: whoever claims next never meets the old owner.
LIMIT = max(settings.MATCH_LEASE_SECONDS - 10, 5)
LIMIT_OF_SUPPLIES = 900


@shared_task(name="matching.work_on_run", time_limit=LIMIT, soft_time_limit=None)
def work_on_run_task(run_id: int) -> None:
    work_on_run(run_id)


@shared_task(name="matching.work_on_small_runs", time_limit=LIMIT, soft_time_limit=None)
def work_on_small_runs_task(run_ids: list[int]) -> None:
    work_on_small_runs(run_ids)


@shared_task(name="matching.follow_changes", time_limit=LIMIT)
def follow_changes_task() -> None:
    follow_and_match(patience=0.5)
    follow_news()


@shared_task(name="matching.send_notices", time_limit=LIMIT)
def send_notices_task() -> None:
    tell_of_dates()
    send_notice_mail()


@shared_task(name="matching.work_on_export", time_limit=1800)
def work_on_export_task(export_id: int) -> None:
    work_on_export(export_id)


@shared_task(name="matching.lay_out_supply", time_limit=LIMIT_OF_SUPPLIES)
def lay_out_supply_task(version: str) -> None:
    lay_out_supply(version)


@shared_task(name="matching.prepare_nightly_supply", time_limit=LIMIT_OF_SUPPLIES)
def prepare_nightly_supply_task() -> None:
    prepare_nightly_supply()


@shared_task(name="matching.nightly", time_limit=LIMIT)
def nightly_task() -> None:
    queue_nightly_runs()


@worker_init.connect
def warm_up_once(**_: Any) -> None:
    """Before the pool's processes are made, which then have it: each would need seconds for it in its first runs.

    What is there by then is never garbage: looking for circles in it takes a process a quarter of a second with two
    million capabilities, and copies the pages that all of them share.
    """
    warm_up()
    gc.collect()
    gc.freeze()


@worker_ready.connect
def prepare_kernel_once(**_: Any) -> None:
    prepare_kernel()

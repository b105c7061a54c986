"""Messages that only hurry: losing all of them costs time and nothing else."""

MOST = 8  # more workers than this find the work without being told


def nudge_for_small_runs(run_ids: list[int]) -> None:
    """Tell one worker of runs that it may do together."""
    from alliance.celery import nudge

    nudge("matching.work_on_small_runs", run_ids)


def nudge_to_lay_out(version: str) -> None:
    """Tell one worker that a supply was written."""
    from alliance.celery import nudge

    nudge("matching.lay_out_supply", version)


def nudge_workers(run_id: int, chunks: int = 1) -> None:
    """Tell as many workers as there are chunks for that a run has work."""
    from alliance.celery import nudge

    for _ in range(min(chunks, MOST)):
        nudge("matching.work_on_run", run_id)

"""Chunks of a large file judged by several processes.

Who a row is, is told in the process that has the database; reading cells, judging them and writing what COPY wants
is done by forked workers, which know what that process knew when the file began. They never touch its connection.
"""

import gc
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from django.db import connection

from matching.services.bundle.problems import BadRow, FileError

MOST_WORKERS = 4
Chunk = TypeVar("Chunk")


@dataclass(slots=True)
class Verdict:
    """What became of a chunk: what is wrong, COPY text per table, what the importer must hear."""

    problems: list[BadRow] = field(default_factory=list)
    notes: list[BadRow] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)


Judge = Callable[[Any], Verdict]
_judge: Judge | None = None  # in a worker: what it does, inherited by the fork


def in_order(judge: Judge, chunks: Iterable[Chunk]) -> Iterator[Verdict]:
    """The verdict on each chunk, in the order of the chunks; the first one here, further ones by workers.

    A few chunks are on their way at a time, so memory does not grow with the file.
    """
    waiting = iter(chunks)
    for chunk in waiting:
        yield judge(chunk)
        break
    second = next(waiting, None)
    if second is None:
        return
    workers = _workers()
    if workers < 2:
        yield judge(second)
        yield from map(judge, waiting)
        return
    yield from _by_workers(judge, second, waiting, workers)


def _workers() -> int:
    """0 where forking is not safe (other threads) or not allowed (a daemon, as Celery's workers are)."""
    if threading.active_count() > 1 or multiprocessing.current_process().daemon:
        return 0
    return min(MOST_WORKERS, len(os.sched_getaffinity(0)))


def _by_workers(judge: Judge, first: Chunk, rest: Iterator[Chunk], workers: int) -> Iterator[Verdict]:
    global _judge  # noqa: PLW0603 - how a fork inherits it
    _judge = judge
    gc.freeze()  # collecting would copy pages that parent and children share
    under_way: deque[Future[Verdict]] = deque()
    fork = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(workers, mp_context=fork, initializer=_begin) as pool:
            under_way.append(pool.submit(_work, first))
            broken: FileError | None = None
            try:
                for chunk in rest:
                    under_way.append(pool.submit(_work, chunk))
                    if len(under_way) > 2 * workers:
                        yield under_way.popleft().result()
            except FileError as error:  # what was read before is judged all the same
                broken = error
            while under_way:
                yield under_way.popleft().result()
            if broken:
                raise broken
    finally:
        _judge = None
        gc.unfreeze()


def _begin() -> None:
    connection.execute_wrappers.append(_refuse)


def _refuse(*_args: Any) -> NoReturn:
    raise RuntimeError("a worker has no connection of its own")


def _work(chunk: Any) -> Verdict:
    if _judge is None:
        raise RuntimeError("forked without work")
    return _judge(chunk)

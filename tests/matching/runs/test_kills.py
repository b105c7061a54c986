"""Real worker and reconciler processes, killed in the middle of a run: the results are those of a calm one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from alliance.choices import ChunkState
from alliance.models import Alliance
from matching.models import MatchRun, RunChunk
from matching.services.runs import create_run
from tests.matching.runs.conftest import match_now, rows_twice

pytestmark = [pytest.mark.worker, pytest.mark.xdist_group("committed")]

LEASE = 6
WORKER = "-m celery -A alliance worker --loglevel WARNING --without-gossip --without-mingle --concurrency 2"
RECONCILER = "manage.py reconcile"


def own_broker() -> str:
    """Another database of the test's Valkey for each test process: nobody else's messages, nobody else's flush."""
    number = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 15
    return f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{number}"


class Workshop:
    """Worker and reconciler processes on the test's database."""

    def __init__(self, folder: Path) -> None:
        at = connection.settings_dict
        address = f"postgresql://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
        self.broker = redis.Redis.from_url(own_broker())
        self.environ = os.environ | {
            "DATABASE_URL": address,
            "REDIS_URL": own_broker(),
            "DJANGO_SETTINGS_MODULE": "alliance.settings",
            "MATCH_LEASE_SECONDS": str(LEASE),
            "MATCH_CHUNK_DEMANDS": "1",
        }
        self.log = (folder / "processes.log").open("w")
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *command.split()],
            cwd=settings.BASE_DIR,
            env=self.environ,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """The process and all its children, at once and without a word."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def close(self) -> None:
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGCONT)
                self.kill(process)
        self.broker.flushdb()
        self.broker.close()
        self.log.close()


@pytest.fixture
def workshop(region: Alliance, tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop(tmp_path)
    yield shop
    shop.close()


def wait_for(what: str, holds: Callable[[], bool], shop: Workshop, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            shop.log.flush()
            pytest.fail(f"{what} did not happen in {seconds} s; {Path(shop.log.name).read_text()[-3000:]}")
        time.sleep(0.02)


def chunks_done(run: MatchRun) -> int:
    return RunChunk.objects.filter(run=run, state=ChunkState.DONE).count()


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def kill_the_worker(shop: Workshop, worker: subprocess.Popen[bytes]) -> None:
    shop.kill(worker)
    shop.start(WORKER)


def kill_a_child(shop: Workshop, worker: subprocess.Popen[bytes]) -> None:
    os.kill(children_of(worker)[0], signal.SIGKILL)


def flush_the_broker(shop: Workshop, worker: subprocess.Popen[bytes]) -> None:
    shop.broker.flushdb()


def stall_past_the_lease(shop: Workshop, worker: subprocess.Popen[bytes]) -> None:
    """The whole worker sleeps, another takes its chunk, then it wakes up and finishes what it had."""
    stop_with_a_chunk_in_hand(worker)
    shop.start(WORKER)
    time.sleep(LEASE + 1)
    os.killpg(worker.pid, signal.SIGCONT)


def stop_with_a_chunk_in_hand(worker: subprocess.Popen[bytes]) -> None:
    """Between two chunks it would hold nothing, and the other worker would finish the run meanwhile."""
    for _ in range(50):
        os.killpg(worker.pid, signal.SIGSTOP)
        time.sleep(0.05)  # what was on its way to the database arrives
        if RunChunk.objects.filter(state=ChunkState.CLAIMED).exists():
            return
        os.killpg(worker.pid, signal.SIGCONT)
        time.sleep(0.02)
    pytest.fail("no chunk was in hand")


def kill_everything(shop: Workshop, worker: subprocess.Popen[bytes]) -> None:
    for process in shop.running:
        shop.kill(process)
    shop.broker.flushdb()
    shop.start(WORKER)
    shop.start(RECONCILER)


@pytest.mark.parametrize(
    "blow", [kill_the_worker, kill_a_child, flush_the_broker, stall_past_the_lease, kill_everything]
)
def test_the_results_are_those_of_an_undisturbed_run(
    region: Alliance,
    digest: Any,
    workshop: Workshop,
    blow: Callable[[Workshop, subprocess.Popen[bytes]], None],
) -> None:
    match_now(region)
    calm = digest()
    run = create_run(region, cause="asked")
    worker = workshop.start(WORKER)
    workshop.start(RECONCILER)
    wait_for("a tenth of the chunks", lambda: chunks_done(run) >= 10, workshop)
    run.refresh_from_db()
    assert not run.ended, "the blow falls in the middle"
    blow(workshop, worker)

    def ended() -> bool:
        run.refresh_from_db()
        return run.ended

    wait_for("the end of the run", ended, workshop)
    assert run.state == "finished"
    assert run.chunks_total > 50
    assert digest() == calm
    assert rows_twice() == {}
    assert not RunChunk.objects.filter(run=run).exclude(state=ChunkState.DONE).exists()

"""`make run` from the outside: a small project, the real launcher, real workers, real signals."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from alliance.embedded import processes
from alliance.embedded.home import Home
from alliance.embedded.postgres import Postgres
from alliance.embedded.processes import Record

CHECKOUT = Path(__file__).resolve().parents[3]
TOY = Path(__file__).parent / "toy"
COMMANDS = ("migrate", "import_region", "demo_people", "demo_work", "match", "reconcile")

pytestmark = [pytest.mark.worker, pytest.mark.long]


class Project:
    """A checkout whose application is tiny and whose launcher is ours."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.port = processes.free_port()
        self.environ = environ | {"PORT": str(self.port)}
        self.output = folder / "output.txt"
        self.launcher: subprocess.Popen[bytes] | None = None
        package = folder / "alliance"
        commands = package / "management" / "commands"
        commands.mkdir(parents=True)
        shutil.copytree(CHECKOUT / "alliance" / "embedded", package / "embedded")
        for name in ("celery.py", "serving.py", "wsgi.py"):
            shutil.copy(CHECKOUT / "alliance" / name, package)
        shutil.copy(CHECKOUT / "manage.py", folder)
        (folder / "docker").mkdir()
        shutil.copy(CHECKOUT / "docker" / "gunicorn.py", folder / "docker")
        for name in ("settings.py", "urls.py", "tasks.py"):
            shutil.copy(TOY / name, package)
        for name in COMMANDS:
            shutil.copy(TOY / "command.py", commands / f"{name}.py")
        for place in (package, commands, commands.parent):
            (place / "__init__.py").touch()

    @property
    def home(self) -> Home:
        return Home((self.folder / ".run").resolve())

    def start(self, **more: str) -> None:
        with self.output.open("wb") as output:
            self.launcher = subprocess.Popen(
                [sys.executable, "-m", "alliance.embedded", "run"],
                cwd=self.folder,
                env=self.environ | more,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def up(self, **more: str) -> float:
        """Seconds from the start to the printed address."""
        began = time.monotonic()
        self.start(**more)
        self.wait_for(lambda: "Stop: Ctrl-C" in self.said(), 60)
        return time.monotonic() - began

    def wait_for(self, true: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, self.said()
            assert self.launcher is None or self.launcher.poll() is None, self.said()
            time.sleep(0.05)

    def send(self, number: int) -> None:
        assert self.launcher is not None
        os.killpg(self.launcher.pid, number)  # as a terminal does

    def end(self, number: int = signal.SIGINT, seconds: float = 15) -> int:
        assert self.launcher is not None
        self.send(number)
        code = self.launcher.wait(seconds)
        self.launcher = None
        return code

    def fails(self, **more: str) -> str:
        """What it says when it cannot start."""
        self.start(**more)
        assert self.launcher is not None
        assert self.launcher.wait(60) == 1
        self.launcher = None
        return self.said()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as response:
            return response.read().decode()

    def answers(self, path: str = "readyz") -> bool:
        with contextlib.suppress(OSError):
            self.get(path)
            return True
        return False

    def child(self, name: str) -> int:
        record = Record.load(self.home.root / "pids" / f"{name}.json")
        assert record is not None
        return record.pid

    def left(self) -> list[str]:
        """Command lines of whatever of ours still runs."""
        groups = set()
        for path in (self.home.root / "pids").glob("*.json"):
            record = Record.load(path)
            if record is not None and (record.alive() or record.group_remains()):
                groups.add(path.stem)
        cluster = Postgres(self.home).cluster
        marks = (str(self.folder), str(self.home.root), cluster, f"127.0.0.1:{self.port}")
        return [*groups, *(line for _, line in processes.commands() if any(mark in line for mark in marks))]

    def calls(self) -> list[str]:
        return (self.folder / "calls.txt").read_text().splitlines()

    def clean(self) -> None:
        if self.launcher is not None:
            with contextlib.suppress(ProcessLookupError):
                self.send(signal.SIGKILL)
            self.launcher.wait()
        if not (self.folder / ".run").exists():
            return
        code = (
            "from alliance.embedded.home import Home; from alliance.embedded.session import Session\n"
            "from alliance.embedded.children import end_leftovers\n"
            "home = Home.of_checkout(); end_leftovers(home); s = Session(home); s.open(); assert s.close()"
        )
        subprocess.run([sys.executable, "-c", code], cwd=self.folder, env=self.environ, check=True)
        shutil.rmtree(self.home.root)


@pytest.fixture
def project(tmp_path: Path, outside: dict[str, str]) -> Iterator[Project]:
    made = Project(tmp_path / "checkout", outside)
    yield made
    made.clean()


def test_first_run_second_run_and_an_end_that_leaves_nothing(project: Project) -> None:
    project.up()
    said = project.said()
    assert f"http://127.0.0.1:{project.port}" in said
    assert "admin@example.org  the-password" in said
    assert project.answers()
    once = ["migrate", "import_region data/reference", "import_region data/sample-region", "demo_people"]
    assert project.calls()[:4] == once
    assert sorted(project.calls()[4:]) == ["demo_work", "match", "reconcile"]
    assert project.end() == 0
    assert project.left() == []

    assert project.up() < 15
    assert project.calls()[7:] == ["migrate", "reconcile"]
    assert "admin@example.org  the-password" in project.said()
    began = time.monotonic()
    assert project.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 8
    assert project.left() == []


def test_what_is_killed_is_started_again(project: Project) -> None:
    project.up()
    before = {name: project.child(name) for name in ("web", "worker", "beat", "reconciler")}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    for name, pid in before.items():
        project.wait_for(lambda name=name, pid=pid: project.child(name) != pid, 10)
    project.wait_for(project.answers, 15)

    for name in ("postgres", "valkey"):
        record = Record.load(project.home.root / f"{name}.json")
        assert record is not None
        os.kill(record.pid, signal.SIGKILL)
    project.wait_for(lambda: "Started again after a sudden end: postgres" in project.said(), 10)
    project.wait_for(lambda: re.search("sudden end: .*valkey", project.said()) is not None, 10)
    project.wait_for(project.answers, 15)
    sent = int(project.get("readyz"))
    project.wait_for(lambda: project.answers("send"), 10)
    project.wait_for(lambda: int(project.get("readyz")) > sent, 30)  # the worker found the new broker
    assert project.end() == 0
    assert project.left() == []


def test_servers_that_lose_their_port_take_everything_with_them(project: Project) -> None:
    project.up()
    record = Record.load(project.home.root / "postgres.json")
    assert record is not None
    assert project.launcher is not None
    os.kill(project.launcher.pid, signal.SIGSTOP)
    os.kill(record.pid, signal.SIGKILL)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deadline = time.monotonic() + 5
        while True:
            try:
                stranger.bind(("127.0.0.1", record.port))
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        stranger.listen()
        os.kill(project.launcher.pid, signal.SIGCONT)
        project.wait_for(lambda: "another address" in project.said(), 15)
        project.wait_for(project.answers, 20)
    assert project.end() == 0
    assert project.left() == []


def test_a_killed_launcher_leaves_nothing_that_the_next_cannot_clean(project: Project) -> None:
    project.up()
    before = {name: project.child(name) for name in ("web", "worker")}
    assert project.end(signal.SIGKILL) == -signal.SIGKILL
    os.kill(before["worker"], signal.SIGKILL)  # its pool processes live on without it
    assert project.answers()
    project.up()
    assert "Ended what an earlier run left behind" in project.said()
    assert project.child("web") != before["web"]
    assert project.end() == 0
    assert project.left() == []


def test_a_second_launcher_names_the_first(project: Project) -> None:
    project.up()
    assert project.launcher is not None
    again = subprocess.run(
        [sys.executable, "-m", "alliance.embedded", "run"],
        cwd=project.folder,
        env=project.environ,
        capture_output=True,
        text=True,
    )
    assert again.returncode == 1
    assert (
        f"already running here as process {project.launcher.pid} on http://127.0.0.1:{project.port}"
        in again.stderr
    )
    assert "Traceback" not in again.stderr
    command = [sys.executable, "manage.py", "migrate"]
    assert subprocess.run(command, cwd=project.folder, env=project.environ).returncode == 0
    assert project.answers()  # the command found the servers in use and left them up
    assert project.end() == 0
    assert project.left() == []


def test_a_taken_port_is_named_before_anything_starts(project: Project) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", project.port))
        stranger.listen()
        said = project.fails()
    assert f"Port {project.port} is taken" in said
    assert f"make run PORT={project.port + 1}" in said
    assert "Starting" not in said
    assert "PORT is 'http'" in project.fails(PORT="http")


@pytest.mark.parametrize("step", ["migrate", "import_region"])
def test_a_failing_step_shows_its_words_and_stops_everything(project: Project, step: str) -> None:
    said = project.fails(FAIL=step)
    assert f"{step} was told to fail" in said
    assert "Traceback" not in said
    assert project.left() == []
    project.up()  # and the next run begins where it failed
    assert "import_region data/sample-region" in project.calls()
    assert project.end() == 0


def test_a_child_that_never_starts_ends_the_run(project: Project) -> None:
    (project.folder / "alliance" / "urls.py").write_text("raise RuntimeError('no such page')\n")
    (project.folder / "alliance" / "wsgi.py").write_text("raise RuntimeError('no such program')\n")
    said = project.fails()
    assert "web does not start" in said
    assert "no such program" in said
    assert project.left() == []


def test_ctrl_c_during_a_step_stops_at_once(project: Project) -> None:
    project.start(SLOW="60")
    project.wait_for(lambda: "Matching the demands" in project.said(), 30)
    assert project.end() == 0
    assert project.left() == []


def test_a_second_ctrl_c_does_not_wait_for_the_deaf(project: Project) -> None:
    project.up(DEAF="1")
    project.wait_for(lambda: "reconcile" in project.calls(), 10)
    time.sleep(0.5)
    assert project.launcher is not None
    began = time.monotonic()
    project.send(signal.SIGINT)
    project.wait_for(lambda: "Stopping" in project.said(), 5)
    assert project.end() == 0
    assert time.monotonic() - began < 4
    assert project.left() == []


def test_given_servers_replace_the_embedded_ones(project: Project) -> None:
    given = {"DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": os.environ["REDIS_URL"]}
    name = f"launcher_{os.getpid()}"
    with psycopg.connect(given["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"create database {name}")
        try:
            given["DATABASE_URL"] = urlsplit(given["DATABASE_URL"])._replace(path=f"/{name}").geturl()
            project.up(**given)
            assert "Starting PostgreSQL" not in project.said()
            assert "import_region data/sample-region" in project.calls()
            assert project.end() == 0
            assert not (project.home.root / "postgres").exists()
            assert not (project.home.root / "valkey").exists()

            (project.home.root / "state.json").unlink()  # another checkout meets a database with data
            count = len(project.calls())
            project.up(**given)
            assert "The database has data already" in project.said()
            assert not any("import_region" in call for call in project.calls()[count:])
            assert project.end() == 0
        finally:
            connection.execute(f"drop database {name} with (force)")


def test_given_servers_that_do_not_answer_are_named(project: Project) -> None:
    given = {"DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": os.environ["REDIS_URL"]}
    nowhere = processes.free_port()
    said = project.fails(**given | {"DATABASE_URL": f"postgres://me:hidden@127.0.0.1:{nowhere}/x"})
    assert "DATABASE_URL does not lead to a database" in said
    assert "hidden" not in said
    said = project.fails(**given | {"REDIS_URL": f"redis://127.0.0.1:{nowhere}/0"})
    assert "REDIS_URL does not lead to a Redis" in said

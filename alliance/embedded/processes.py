"""Processes seen from outside: is this still the one that was started, how to end it, which port is free."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Below the range from which Linux and macOS take ports of outgoing connections: a port chosen here
# is still free when a killed server comes back to it.
PORTS = range(20000, 32000)
Signals = tuple[tuple[int, float], ...]  # what to send, and how many seconds to wait after it


# Kept until reaped: a started server outlives the object that started it, and must not become a zombie.
_OURS: "dict[int, subprocess.Popen[bytes]]" = {}


def spawn(command: list[str], log: Path, folder: Path, environ: Mapping[str, str], **as_user: Any) -> int:
    """Starts a process in a session of its own (Ctrl-C in our terminal does not reach it)."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environ),
            start_new_session=True,
            **as_user,
        )
    _OURS[process.pid] = process
    return process.pid


def exit_status(pid: int) -> int | None:
    """Of a process started by `spawn`; None while it runs."""
    return _OURS[pid].poll()


def reap() -> None:
    """Takes note of every process of ours that somebody else has ended."""
    for process in _OURS.values():
        process.poll()


def identity(pid: int) -> str | None:
    """When the process started, as text to compare; None when it is gone or a zombie.

    A process id alone is reused by the system; id and start together are not.
    """
    if pid in _OURS and _OURS[pid].poll() is not None:
        return None
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
        # The first thread is a zombie while the others still die, and until then ports stay taken.
        gone = fields[0] in "ZX" and int(fields[17]) <= 1
        return None if gone else f"{boot()}:{fields[19]}"
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"LC_ALL": "C"},
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return started.strip() if state and not state.startswith("Z") else None


def boot() -> str:
    """Differs after a restart of the machine, when process ids begin anew."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def commands() -> Iterator[tuple[int, str]]:
    """Process id and command line of everything that runs and may be looked at."""
    if Path("/proc/self/cmdline").exists():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                    yield int(entry.name), line.strip()
        return
    for row in subprocess.run(
        ["ps", "-axo", "pid=,command="], check=False, capture_output=True, text=True
    ).stdout.splitlines():
        pid, _, line = row.strip().partition(" ")
        yield int(pid), line


@dataclass(frozen=True)
class Record:
    """A started process as written to a file, so that a later launcher finds it again."""

    pid: int
    started: str
    port: int = 0

    @classmethod
    def of(cls, pid: int, port: int = 0) -> "Record":
        return cls(pid, identity(pid) or "", port)

    @classmethod
    def load(cls, path: Path) -> "Record | None":
        """None for a file that is missing, half-written or of another version."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def save(self, path: Path) -> None:
        write_atomically(path, json.dumps(asdict(self)))

    def group_remains(self) -> bool:
        """Its own children outlived it: nobody has its id, somebody has its group."""
        same_boot = bool(self.started) and self.started.startswith(boot())
        return same_boot and identity(self.pid) is None and send_group(self.pid, 0)

    def alive(self) -> bool:
        return bool(self.started) and identity(self.pid) == self.started


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """The old or the new text is there after a crash, never half of one."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    scratch.replace(path)


def send(pid: int, number: int) -> bool:
    """False when there is nobody to receive the signal."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def send_group(pid: int, number: int) -> bool:
    """Signals the group led by `pid`, also when its leader is gone and its children are not."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def wait_gone(record: Record, seconds: float) -> bool:
    """Waits for the end."""
    deadline = time.monotonic() + seconds
    while True:
        if not record.alive():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)


def end(record: Record, signals: Signals) -> None:
    """Sends each signal and waits its seconds; what is left of the group is killed."""
    for number, seconds in signals:
        if not record.alive():
            break
        send(record.pid, number)
        if wait_gone(record, seconds):
            break
    send_group(record.pid, signal.SIGKILL)
    wait_gone(record, 5)


def port_is_free(port: int) -> bool:
    """Whether a server could listen there now (a port in TIME_WAIT counts as free, as servers see it)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """The preferred port when it is free, else another: clients that reconnect keep their address."""
    if preferred and port_is_free(preferred):
        return preferred
    for port in random.sample(PORTS, 200):
        if port_is_free(port):
            return port
    raise OSError("200 ports were tried on 127.0.0.1 and none is free")


def log_tail(path: Path, offset: int = 0, lines: int = 12) -> str:
    """The end of what a log received after `offset`."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(offset if offset <= size else 0, size - 20_000))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""

"""The embedded Valkey, the broker of `make run`."""

import contextlib
import os
import shutil
import signal
import socket
import time
from pathlib import Path

from alliance.embedded import processes
from alliance.embedded.binaries import valkey_program
from alliance.embedded.errors import EmbeddedError
from alliance.embedded.server import Server

CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{data}"
daemonize no
set-proc-title no
save ""
appendonly {durable}
appendfsync everysec
aof-load-truncated yes
maxmemory-policy noeviction
databases 16
"""


class Valkey(Server):
    """Listens on a loopback port with a password; keeps what it accepted."""

    name = "valkey"
    stop_signals = ((signal.SIGTERM, 10.0),)

    @property
    def url(self) -> str:
        return f"redis://:{self.home.secrets['password']}@127.0.0.1:{self.port}/0"

    @property
    def configuration(self) -> Path:
        return self.home.root / "valkey.conf"

    def command(self, port: int) -> list[str]:
        return [str(valkey_program(self.home)), str(self.configuration)]

    def prepare(self, port: int) -> None:
        self.data.mkdir(exist_ok=True)
        self.home.give(self.data)
        durable = "yes" if self.durable else "no"
        text = CONFIGURATION.format(
            port=port,
            password=self.home.secrets["password"],
            data=self.data,
            durable=durable,
        )
        processes.write_atomically(self.configuration, text)
        self.home.give(self.configuration)

    def probe(self, port: int) -> bool:
        """PING, and that it is ours: another checkout's server would refuse the password."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
                connection.sendall(f"AUTH {self.home.secrets['password']}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = connection.recv(256)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def clear(self) -> None:
        for pid, command in processes.commands():
            if "valkey-server" in command and command.endswith(str(self.configuration)):
                left = processes.Record.of(pid)
                processes.send(pid, signal.SIGTERM)
                if not processes.wait_gone(left, 5):
                    processes.send(pid, signal.SIGKILL)
                    processes.wait_gone(left, 5)

    def _start(self) -> None:
        """A log torn by a full disk or a dead machine must not stop the program: the queue is a hint,
        the database is the truth. The unreadable queue is put aside."""
        try:
            super()._start()
        except EmbeddedError as error:
            if "Bad file format" not in str(error) and "Unexpected end of file" not in str(error):
                raise
            aside = self.data.with_name(f"valkey.unreadable-{time.time_ns()}")
            with contextlib.suppress(FileNotFoundError):
                os.rename(self.data, aside)
            for old in sorted(self.home.root.glob("valkey.unreadable-*"))[:-1]:
                shutil.rmtree(old)
            super()._start()

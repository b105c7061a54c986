"""Readers of the API, each a thread with a kept connection: asks, reads, thinks, asks again. No Django in here.

Run as a program of its own (`python matching/services/benchmark/clients.py`), plan as JSON on stdin, what was measured
as JSON on stdout: neither its memory nor its interpreter is the server's.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

TIME_OUT = 30.0


@dataclass(slots=True)
class Plan:
    """address: host:port. visits: kind → paths to choose from. Times in seconds; a token for each client."""

    address: str
    tokens: list[str]
    visits: dict[str, list[str]]
    clients: int
    think: float
    seconds: float
    seed: int = 1


@dataclass(slots=True)
class Seen:
    """Milliseconds by kind of request and by address, and what went wrong."""

    took: dict[str, list[float]] = field(default_factory=dict)
    addresses: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def note(self, kind: str, path: str, took: float) -> None:
        """Rows are told by their list, pages of a list by the list."""
        base, _mark, query = path.partition("?")
        words = "&".join(word for word in query.split("&") if word and not word.startswith("cursor="))
        name = f"{base.rstrip('/').rpartition('/')[0]}/…/" if kind == "detail" else base
        pages = "" if words == query else " (further pages)"
        self.took.setdefault(kind, []).append(took)
        self.addresses.setdefault(f"{name}?{words}{pages}" if words or pages else name, []).append(took)

    def add(self, other: Seen) -> None:
        for own, more in ((self.took, other.took), (self.addresses, other.addresses)):
            for name, times in more.items():
                own.setdefault(name, []).extend(times)
        self.errors += other.errors


class Reader:
    """One client. Rows of lists become the next details; a list's next page is read one time in three."""

    def __init__(self, plan: Plan, number: int, until: float) -> None:
        self.plan, self.until = plan, until
        self.rng = random.Random(plan.seed * 1000 + number)  # noqa: S311 - the same visits every time
        self.token = plan.tokens[number % len(plan.tokens)]
        self.seen = Seen()
        self.details: list[str] = []
        self.next = ""
        self.connection = http.client.HTTPConnection(plan.address, timeout=TIME_OUT)

    def run(self) -> None:
        time.sleep(self.rng.random() * self.plan.think)  # they do not all come at once
        while time.monotonic() < self.until:
            kind, path = self._choose()
            self._ask(kind, path)
            time.sleep(self.plan.think)
        self.connection.close()

    def _choose(self) -> tuple[str, str]:
        kind = self.rng.choice(["list", "detail", "search"])
        if kind == "detail" and self.details:
            return kind, self.rng.choice(self.details)
        if kind == "list" and self.next and self.rng.random() < 0.33:
            return kind, self.next
        kind = "list" if kind == "detail" else kind
        return kind, self.rng.choice(self.plan.visits[kind])

    def _ask(self, kind: str, path: str) -> None:
        began = time.perf_counter()
        try:
            self.connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.seen.errors.append(f"{path}: {type(error).__name__}")
            self.connection.close()
            return
        took = (time.perf_counter() - began) * 1000
        self.seen.note(kind, path, took)
        if answer.status != 200:
            self.seen.errors.append(f"{path}: {answer.status}")
        elif kind != "detail":
            self._remember(path, json.loads(body))

    def _remember(self, path: str, page: dict[str, Any]) -> None:
        base = path.partition("?")[0]
        names = [row.get("id") or row["code"] for row in page["results"]]
        self.details = [f"{base}{name}/" for name in names] or self.details
        address = page.get("next") or ""
        self.next = address.partition(self.plan.address)[2] if address else ""


def visit(plan: Plan) -> Seen:
    """All clients at once until time is up."""
    until = time.monotonic() + plan.seconds
    readers = [Reader(plan, number, until) for number in range(plan.clients)]
    threads = [threading.Thread(target=reader.run) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = Seen()
    for reader in readers:
        seen.add(reader.seen)
    return seen


def main() -> None:
    seen = visit(Plan(**json.load(sys.stdin)))
    json.dump({"took": seen.took, "addresses": seen.addresses, "errors": seen.errors}, sys.stdout)


if __name__ == "__main__":
    main()

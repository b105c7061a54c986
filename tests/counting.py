"""What a run of the suite counted, told at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any


def summary(told: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """One line for each kind of count: sums of numbers; requests with their statuses and the slowest one."""
    numbers: Counter[str] = Counter()
    requests: dict[str, list[dict[str, Any]]] = {}
    for name, value in told:
        if isinstance(value, int):
            numbers[name] += value
        elif isinstance(value, dict):
            requests.setdefault(name, []).append(value)
    for name, total in sorted(numbers.items()):
        yield f"{name}: {total}"
    for name, rows in sorted(requests.items()):
        yield _of_requests(name, rows)


def _of_requests(name: str, rows: list[dict[str, Any]]) -> str:
    statuses: Counter[int] = Counter()
    for row in rows:
        statuses.update({int(status): number for status, number in row["statuses"].items()})
    slowest = max(rows, key=lambda row: float(row["slowest"]))
    total, operations = sum(row["cases"] for row in rows), len({row["operation"] for row in rows})
    told = ", ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))
    return (
        f"{name}: {total} requests to {operations} operations ({told}); "
        f"slowest {slowest['slowest']:.2f} s, {slowest['operation']}"
    )

"""The figures as a table, with the machine and versions they were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from django.db import connection

from matching.services.benchmark.measure import Figures
from matching.services.benchmark.ways import Way

TARGET_SECONDS, TARGET_MEMORY = 60.0, 2048.0


def report(figures: Figures, workers: int) -> str:
    kernel, sql = (
        per_second(figures.lines, figures.kernel_seconds),
        per_second(figures.sql_lines, figures.sql_seconds),
    )
    rows = [
        ("import of the bundle", f"{figures.import_seconds:.1f} s", f"{figures.capabilities:,} capabilities"),
        (
            f"matched and stored, {workers} workers",
            f"{figures.run_seconds:.1f} s",
            f"{met(figures.run_seconds, TARGET_SECONDS)} 60 s; {figures.demands:,} demands, {figures.lines:,} lines",
        ),
        (
            "memory of all, at most",
            f"{figures.memory:.0f} MB",
            f"{met(figures.memory, TARGET_MEMORY)} 2,048 MB",
        ),
        ("encoding, one process", f"{figures.encode_seconds:.1f} s", "database rows to arrays"),
        (
            "kernel, one process",
            f"{figures.kernel_seconds:.1f} s",
            f"{kernel:,.0f} lines/s with near misses, relaxations, sites, pipelines",
        ),
        (
            "one SQL statement, one process",
            f"{figures.sql_seconds:.1f} s",
            f"{sql:,.0f} lines/s, hard rules, score and best 20 only, on {figures.sql_lines:,} lines",
        ),
        ("kernel : SQL", f"{kernel / sql:.1f} ×" if sql else "–", "lines per second"),
        (
            "best 20 of these lines",
            "the same" if not figures.differences else "DIFFERENT",
            f"{figures.differences} lines differ",
        ),
    ]
    width = max(len(name) for name, _, _ in rows)
    body = "\n".join(f"{name:<{width}}  {value:>10}  {note}" for name, value, note in rows)
    return f"{machine()}\n\n{body}"


def report_ways(shape: str, feasible: float, ways: list[Way]) -> str:
    """One shape: lines a second of one process, and how many times the best-20 kernel is faster."""
    first = ways[0].per_second
    head = f"best 20 of 10,000 capabilities, {shape}: {feasible:,.0f} feasible on average"
    rows = [
        f"{way.name:<44}{way.per_second:>12,.1f}{way.per_cpu or float('nan'):>14,.1f}{first / way.per_second:>10,.1f} ×"
        f"  {way.lines:>6,} lines, {way.differ} differ"
        for way in ways
    ]
    return "\n".join([head, f"{'':<44}{'lines/s':>12}{'by CPU time':>14}", *rows])


def per_second(count: int, seconds: float) -> float:
    return count / seconds if seconds else 0.0


def met(value: float, target: float) -> str:
    return "under" if value < target else "OVER"


def machine() -> str:
    cpu = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [int(line.split()[1]) / 2**20 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    names = ", ".join(f"{name} {version(name)}" for name in ("Django", "numpy", "psycopg"))
    return (
        f"Python {platform.python_version()}, {names}, PostgreSQL {server}\n"
        f"{os.cpu_count()} cores{', ' + cpu[0] if cpu else ''}{f', {memory[0]:.0f} GB' if memory else ''}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []

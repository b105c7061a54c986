"""schemathesis over the whole committed document, as people of several roles.

`make fuzz` sends 25,000 requests over five seeds (HOSTILE=all; FUZZ_CASES for another number); the ordinary suite a few
of each operation, always the same ones.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.cases import Ground, labels, operations, quiet_connections, run
from tests.cast import World

ALL = os.environ.get("HOSTILE") == "all"
CASES = int(os.environ.get("FUZZ_CASES", "25000"))
SEEDS, EACH = (range(1, 6), -(-CASES // 5 // len(labels()))) if ALL else (range(1), 4)


@pytest.fixture(scope="module")
def ground(shared_world: World) -> Iterator[Ground]:
    with quiet_connections():
        yield Ground(shared_world)


def test_schemathesis_reads_every_operation() -> None:
    assert set(operations()) == set(labels())
    assert len(labels()) >= 79


@pytest.mark.parametrize("number", SEEDS)
@pytest.mark.parametrize("label", labels())
def test_requests_made_from_the_document(
    ground: Ground, label: str, number: int, record_property: Any
) -> None:
    tally = run(ground, label, number, EACH, timed=ALL)
    record_property(
        "fuzz",
        {
            "operation": label,
            "cases": tally.cases,
            "statuses": dict(tally.statuses),
            "slowest": tally.slowest,
        },
    )
    assert tally.cases >= EACH
    assert not tally.wrong, "\n".join(f"{words}\n    {where}" for words, where in tally.wrong.items())

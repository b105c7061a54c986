"""Matches, near misses and sites are stored as one row of arrays for a line or a demand, and read one by one."""

from datetime import date
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction

from alliance.models import Alliance
from matching.encoding import encode
from matching.kernel import Code, Kind, code_name
from matching.kernel.solve import Solver
from matching.models import (
    DemandSites,
    LineMatches,
    LineMisses,
    Match,
    MatchRun,
    NearMiss,
    Relaxation,
    SiteMatch,
)
from matching.services.results.copying import LONG, Column, copy_columns, listed, listed_texts, texts
from tests.matching.runs.conftest import match_now

MIGRATIONS = ("0026_matches_as_arrays", "0027_near_misses_and_sites_as_arrays", "0029_relaxations_as_arrays")
READ = {
    Match: LineMatches,
    NearMiss: LineMisses,
    SiteMatch: DemandSites,
}


def stored() -> dict[str, list[Any]]:
    return {model.__name__: _rows(model) for model in (*READ, Relaxation)}


def _rows(model: Any) -> list[Any]:
    names = [each.name for each in model._meta.fields if each.name != "id"]
    return sorted(model.objects.values_list(*names), key=repr)  # of two that are alike as far one may be None


def found_by(alliance: Alliance, run: MatchRun) -> dict[str, list[Any]]:
    """What the kernel finds, in the columns of the rows."""
    frozen = encode(alliance.pk, run.as_of)
    assert frozen is not None
    results, ids, of_line = Solver(frozen.problem).solve(), frozen.identities, frozen.problem.lines.demand
    best, near, sites = results.matches, results.near_misses, results.sites
    names = [
        code_name(code, ids.keys[key] if key >= 0 else "")
        for code, key in zip(near.code.tolist(), near.key.tolist(), strict=True)
    ]

    def paired(rows: Any) -> list[Any]:
        told = (ids.demands[of_line[rows.line]], ids.lines[rows.line], rows.rank, ids.capabilities[rows.capability],
                ids.suppliers[rows.capability])  # fmt: skip
        return [column.tolist() for column in told]

    columns: dict[str, list[Any]] = {
        "Match": [*paired(best), best.score.tolist(), *best.terms.T.tolist()],
        "NearMiss": [*paired(near), names, near.shortfall.tolist()],
        "SiteMatch": [
            ids.demands[sites.demand].tolist(), sites.rank.tolist(), ids.sites[sites.site].tolist(),
            sites.score.tolist(), *sites.terms.T.tolist(),
            *([date.fromordinal(day) for day in days.tolist()] for days in (sites.window_start, sites.window_end)),
        ],
    }  # fmt: skip
    rules = results.relaxations
    names = [
        code_name(code, ids.keys[key] if key >= 0 else "")
        for code, key in zip(rules.code.tolist(), rules.key.tolist(), strict=True)
    ]
    ends = (_threshold(frozen, *each) for each in zip(
        *(column.tolist() for column in (rules.code, rules.key, rules.nearest, rules.nearest_b)), strict=True)
    )  # fmt: skip
    far = (_threshold(frozen, *each) for each in zip(
        *(column.tolist() for column in (rules.code, rules.key, rules.all, rules.all_b)), strict=True)
    )  # fmt: skip
    line = [column.tolist() for column in (ids.demands[of_line[rules.line]], ids.lines[rules.line])]
    columns["Relaxation"] = [*line, names, rules.capabilities.tolist(), rules.firms.tolist(), [*ends], [*far]]
    return {
        name: sorted(zip([run.pk] * len(told[0]), *told, strict=True), key=repr)
        for name, told in columns.items()
    }


def _threshold(frozen: Any, code: int, key: int, a: float, b: float) -> Any:
    """As the page gets it: a number, two, a choice's name, a day."""
    if np.isnan(a):
        return None
    if code == Code.TIME:
        return date.fromordinal(int(a)).isoformat()
    if code == Code.SPEC and frozen.problem.component_keys.kind[key] == Kind.ORDERED:
        return frozen.identities.choices[key][int(a)]
    return a if np.isnan(b) else [a, b]


def test_what_the_kernel_found_is_read_and_kept_by_the_migrations(region: Alliance) -> None:
    """Every id, rank, name and number to the last bit; each row with an id of its own."""
    run = match_now(region)
    before = stored()
    assert before == found_by(region, run)
    assert {name: len(rows) > 100 for name, rows in before.items()} == dict.fromkeys(before, True)
    for model in READ:
        rows: Any = model._default_manager
        ids = list(rows.values_list("pk", flat=True))
        assert len(set(ids)) == len(ids)
        assert {row.pk for row in rows.filter(pk__in=ids[:2])} == set(ids[:2])
    migrations = [import_module(f"matching.migrations.{name}") for name in MIGRATIONS]
    with transaction.atomic(), connection.cursor() as cursor:
        for migration in reversed(migrations):
            for statement in migration.BACKWARDS:
                cursor.execute(statement)
        assert stored() == before
        for table in READ.values():
            cursor.execute(f"DELETE FROM {table._meta.db_table}")
        for migration in migrations:
            for statement in migration.FORWARDS:
                cursor.execute(statement)
        assert stored() == before


@pytest.mark.parametrize("most", [3, LONG])
def test_lists_of_any_length_arrive_as_they_were(db: None, most: int) -> None:
    """Short rows are sent by looking at bytes, long ones in pieces; empty lists and nulls between them."""
    dice = np.random.default_rng(most)
    counts = np.append(dice.integers(0, most + 1, 40), [0, most])
    ends = np.append(0, np.cumsum(counts))
    numbers, pairs = dice.integers(-(2**60), 2**60, ends[-1]), dice.random((ends[-1], 2))
    empty = dice.random(len(counts)) < 0.5
    said = texts(["y" * int(each % 7) for each in numbers])
    words = texts(["x" * (at % 4) for at in range(len(counts))])
    columns = {
        "place": Column(np.arange(len(counts)), "int8"),
        "numbers": listed(numbers, ends, "int8"),
        "word": Column(words, "text", empty),
        "pairs": listed(pairs, ends, "float8"),
        "said": listed_texts(said, ends),
        "perhaps": listed_texts(said, ends, numbers % 3 == 0),
        "few": listed(numbers % 1000, ends, "int4"),
        "days": listed(numbers % 1000 + 730_000, ends, "date"),
        "day": Column(np.arange(len(counts)) + 730_000, "date", empty),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE laid (place bigint, numbers bigint[], word text, pairs float8[], day date,"
            " said text[], days date[], perhaps text[], few integer[])"
        )
        assert copy_columns("laid", columns) == len(counts)
        cursor.execute(
            "SELECT numbers, word, pairs, day IS NULL, said, days, perhaps, few FROM laid ORDER BY place"
        )
        rows = cursor.fetchall()
    for at, (got, word, two, none, each, days, perhaps, few) in enumerate(rows):
        part = slice(ends[at], ends[at + 1])
        assert got == numbers[part].tolist()
        assert two == pairs[part].tolist()
        assert each == [text.decode() for text in said[part].tolist()]
        gone = (numbers[part] % 3 == 0).tolist()
        assert perhaps == [None if no else text for no, text in zip(gone, each, strict=True)]
        assert few == (numbers[part] % 1000).tolist()
        assert [day.toordinal() for day in days] == (numbers[part] % 1000 + 730_000).tolist()
        assert word == (None if empty[at] else "x" * (at % 4))
        assert none == empty[at]

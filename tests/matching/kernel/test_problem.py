"""The door of the kernel: every way a Problem can be wrong is refused with the array's name."""

from __future__ import annotations

import dataclasses
import io
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from matching.kernel import (
    Certificates,
    Code,
    Lists,
    Op,
    Problem,
    ProblemError,
    Requirements,
    Specs,
    code_name,
    problem,
)
from matching.kernel.tables import Table
from tests.matching.kernel.makers import Shape, small_problem
from tests.matching.kernel.tiny import (
    AS_OF,
    BRAKE,
    CELL,
    IP,
    MASS,
    SHAPE,
    TEMP,
    TORQUE,
    tiny,
    want,
    worked_example,
)

NAN = float("nan")


def changed(table: Any, path: str, value: Any) -> Any:
    """A copy of the table with one array replaced, without the checks of the door."""
    name, _, rest = path.partition(".")
    if rest:
        value = changed(getattr(table, name), rest, value)
    return dataclasses.replace(table, **{name: value})


BAD: list[tuple[str, Any, str]] = [
    ("as_of", 0, "as_of: is not a date"),
    ("places.travel", np.full((5, 5), 30.0) * np.nan, "places.travel: is not finite"),
    ("places.travel", np.full((5, 5), 31.0), "places.travel: is not 30 from a city to itself"),
    ("places.travel", np.full((5, 4), 30.0), "places.travel: has 4 entries where 5"),
    ("places.member", [True] * 4, "places.member: has 4 entries where 5 are expected"),
    ("places.roles", [32] * 5, "places.roles: is above 31"),
    ("component_keys.kind", [9] * 6, "component_keys.kind: is above 4"),
    ("component_keys.n_choices", [0, 0, 0, 0, 3, 0], "component_keys.n_choices: does not suit the kind"),
    ("component_keys.n_choices", [0, 0, 65, 0, 3, 0], "component_keys.n_choices: is above 64"),
    ("types.parent", [1, 0, -1], "types.parent: has a cycle"),
    ("types.parent", [0, 0, -1], "types.parent: has a cycle"),
    ("types.parent", [-1, 3, -1], "types.parent: points outside"),
    ("types.role", [4, 6, 0], "types.role: is more than one role"),
    ("types.has_key", [[True] * 6, [False] * 6, [False] * 6], "types.has_key: lacks a key of the parent"),
    ("scenario_types.parent", [2, 0, 1], "scenario_types.parent: has a cycle"),
    ("organisations.on_time", [0, 9, 5, 1], "organisations.on_time: is above completed"),
    ("organisations.completed", [-1, 8, 5, 3], "organisations.completed: is below 0"),
    ("capabilities.type", [3] * 6, "capabilities.type: points outside"),
    ("capabilities.firm", [-1] * 6, "capabilities.firm: points outside"),
    ("capabilities.free", [NAN] * 6, "capabilities.free: is not finite"),
    ("capabilities.price", [0.0] * 6, "capabilities.price: is not above 0"),
    ("capabilities.price", [float("inf")] * 6, "capabilities.price: is not finite"),
    ("capabilities.volume_days", [-1] * 6, "capabilities.volume_days: is below 0"),
    ("capabilities.valid_until", [9_999_999] * 6, "capabilities.valid_until: is not a date"),
    ("capabilities.specs", Specs([1, 0], [0, 0], [1.0, 1.0], [1.0, 1.0], [0, 0]), "is not sorted"),
    ("capabilities.specs", Specs([0, 0], [0, 0], [1.0, 1.0], [1.0, 1.0], [0, 0]), "or has a pair twice"),
    ("capabilities.specs", Specs([0], [TORQUE], [2.0], [1.0], [0]), "specs.hi: is missing or below lo"),
    ("capabilities.specs", Specs([0], [TORQUE], [NAN], [1.0], [0]), "specs.lo: is missing"),
    (
        "capabilities.specs",
        Specs([0], [SHAPE], [NAN], [NAN], [8]),
        "specs.mask: has a bit beyond the choices",
    ),
    (
        "capabilities.specs",
        Specs([0], [BRAKE], [NAN], [NAN], [3]),
        "specs.mask: is not 0, 1 (false) or 2 (true)",
    ),
    ("capabilities.specs", Specs([6], [TORQUE], [1.0], [1.0], [0]), "capabilities.specs.row: points outside"),
    ("capabilities.specs", Specs([0], [6], [1.0], [1.0], [0]), "capabilities.specs.key: points outside"),
    ("capabilities.certificates", Certificates([0, 0], [4, 4], [0, 0]), "certificates.row: is not sorted"),
    ("demands.need_by", [0], "demands.need_by: is not a date"),
    ("demands.fleet", [0.0], "demands.fleet: is not above 0"),
    ("demands.trial_days", [0], "demands.trial_days: is not above 0"),
    ("demands.deployment", [-2], "demands.deployment: points outside"),
    ("demands.excluded", Lists.of([[4]]), "demands.excluded.item: points outside"),
    ("demands.excluded", Lists([0, 2], [1, 1]), "demands.excluded.item: is not sorted, or has a pair twice"),
    ("demands.excluded", Lists([0, 0, 0], []), "demands.excluded.start: has 3 entries where 2"),
    (
        "demands.site_requirements",
        Requirements.of([[want(TORQUE, Op.GE, 1.0)] * 2]),
        "has two hard requirements",
    ),
    ("lines.demand", [0, 1], "lines.demand: points outside"),
    ("lines.quantity", [0.0, 1.0], "lines.quantity: is not above 0"),
    ("lines.rate", [1.0, -1.0], "lines.rate: is not above 0"),
    ("lines.target", [0.0, NAN], "lines.target: is not above 0"),
    ("lines.certificates", Lists([0, 2, 1], [3]), "lines.certificates.start: is not rising"),
    ("lines.certificates", Lists([0, 1, 2], [3]), "lines.certificates.start: does not span"),
    ("sites.windows.closes", [AS_OF, AS_OF + 300], "sites.windows.closes: is before opens"),
    ("sites.windows.opens", [AS_OF + 50, AS_OF + 40], "sites.windows.opens: is not sorted"),
    ("sites.fleet_capacity", [-1.0], "sites.fleet_capacity: is below 0"),
    ("weights.line", [0.0] * 7, "weights.line: has no weight above 0"),
    ("weights.site", [1.0] * 4, "weights.site: has 4 entries where 5"),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD)
def test_a_bad_array_is_refused_by_name(path: str, value: Any, message: str) -> None:
    bad = changed(worked_example(), path, value)
    with pytest.raises(ProblemError) as caught:
        bad.validate()
    assert message in str(caught.value)


BAD_WANTS = [
    ((TORQUE, Op.ONE_OF, NAN, NAN, 1, True, 1, 0.2), "op: does not suit the kind"),
    ((SHAPE, Op.GE, 1.0, NAN, 0, True, 1, 0.2), "op: does not suit the kind"),
    ((IP, Op.COVERS, 1.0, 2.0, 0, True, 1, 0.2), "op: does not suit the kind"),
    ((BRAKE, Op.ONE_OF, NAN, NAN, 1, True, 1, 0.2), "op: does not suit the kind"),
    ((TORQUE, Op.IS, NAN, NAN, 1, True, 1, 0.2), "op: does not suit the kind"),
    ((TORQUE, 6, 1.0, NAN, 0, True, 1, 0.2), "op: is above 5"),
    ((TORQUE, Op.GE, NAN, NAN, 0, True, 1, 0.2), "a: is missing"),
    ((TORQUE, Op.GE, float("inf"), NAN, 0, True, 1, 0.2), "a: is not finite"),
    ((TORQUE, Op.BETWEEN, 1.0, NAN, 0, True, 1, 0.2), "b: is missing or below a"),
    ((TEMP, Op.COVERS, 2.0, 1.0, 0, True, 1, 0.2), "b: is missing or below a"),
    ((IP, Op.GE, 4.0, NAN, 0, True, 1, 0.2), "a: is not the position of a choice"),
    ((IP, Op.LE, 0.5, NAN, 0, True, 1, 0.2), "a: is not the position of a choice"),
    ((SHAPE, Op.ONE_OF, NAN, NAN, 0, True, 1, 0.2), "mask: is empty"),
    ((SHAPE, Op.ONE_OF, NAN, NAN, 9, True, 1, 0.2), "mask: has a bit beyond the choices"),
    ((BRAKE, Op.IS, NAN, NAN, 3, True, 1, 0.2), "mask: is not 0, 1 (false) or 2 (true)"),
    ((TORQUE, Op.GE, 1.0, NAN, 0, True, 0, 0.2), "weight: is not above 0"),
    ((TORQUE, Op.GE, 1.0, NAN, 0, True, 1, 0.0), "tolerance: is not above 0"),
]


@pytest.mark.parametrize(("entry", "message"), BAD_WANTS)
def test_a_bad_requirement_is_refused(entry: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=r"lines\.requirements") as caught:
        tiny([], [{"wants": [entry]}])
    assert message in str(caught.value)
    with pytest.raises(ProblemError, match=r"sites\.conditions"):
        tiny([], [{}], sites=[{"wants": [entry]}])


def test_a_key_the_line_s_type_has_not_and_a_second_hard_one_are_refused() -> None:
    with pytest.raises(ProblemError, match=r"lines.requirements.key: is not a parameter of the line's type"):
        tiny([], [{"type": CELL, "wants": [want(TORQUE, Op.GE, 1.0)]}])
    with pytest.raises(ProblemError, match="two hard requirements in one row"):
        tiny([], [{"wants": [want(MASS, Op.GE, 1.0), want(MASS, Op.LE, 2.0)]}])
    tiny([], [{"wants": [want(MASS, Op.GE, 1.0), want(MASS, Op.LE, 2.0, hard=False)]}])


def test_a_demand_without_lines_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"lines.demand: leaves a demand without lines"):
        tiny([], [{}], demands=[{}, {}])


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: Lists([0, 1], [1.5]), "do not fit int32"),
        (lambda: Lists([0, 1], [2**40]), "int32"),
        (lambda: Lists([0, 1], [NAN]), "do not fit int32"),
        (lambda: Lists([0, 1], ["a"]), "is not int32"),
        (lambda: Specs([0], [0], ["x"], [1.0], [0]), "is not float64"),
        (lambda: Specs([0], [0], [1.0], [1.0], [-1]), "uint64"),
    ],
)
def test_a_value_that_would_change_its_type_is_refused(build: Any, reason: str) -> None:
    with pytest.raises(ProblemError, match=reason):
        build()


def test_arrays_are_read_only_and_none_is_nan() -> None:
    clean = tiny([{"price": None}], [{}])
    assert np.isnan(clean.capabilities.price[0])
    with pytest.raises(ValueError, match="read-only"):
        clean.capabilities.price[0] = 1.0


def test_builders_sort_and_merge() -> None:
    merged = Certificates.of([1, 0, 1, 1], [2, 2, 2, 3], [AS_OF, 0, AS_OF + 5, AS_OF])
    assert [merged.row.tolist(), merged.code.tolist(), merged.expires.tolist()] == [
        [0, 1, 1],
        [2, 2, 3],
        [0, AS_OF + 5, AS_OF],
    ]
    assert Certificates.of([0, 0], [1, 1], [AS_OF, 0]).expires.tolist() == [0]  # 0 never expires
    assert Lists.of([[3, 1, 3], []]).item.tolist() == [1, 3]
    assert Lists.of([[3, 1, 3], []]).start.tolist() == [0, 2, 2]


def test_code_names() -> None:
    names = [code_name(code) for code in Code if code != Code.SPEC]
    assert names == [
        "type",
        "state",
        "reach",
        "self",
        "certification",
        "moq",
        "capacity",
        "time",
        "price",
        "scenario",
        "fleet",
        "window",
    ]
    assert code_name(Code.SPEC, "rated_torque") == "spec:rated_torque"


def test_bytes_that_are_no_problem_are_refused() -> None:
    blob = worked_example().to_bytes()
    out = io.BytesIO()
    np.savez(out, format=np.int64(99), as_of=np.int64(AS_OF))
    other = io.BytesIO()
    np.savez(other, format=np.int64(1), as_of=np.int64(AS_OF))
    pickled = io.BytesIO()
    np.savez(pickled, format=np.array([{}], dtype=object))
    for bad in (b"", b"junk", blob[:-200], out.getvalue(), other.getvalue(), pickled.getvalue()):
        with pytest.raises(ProblemError):
            Problem.from_bytes(bad)


def test_a_tampered_blob_is_validated_again() -> None:
    arrays = dict(worked_example().arrays())
    arrays["capabilities.city"] = np.full(6, 99, np.int32)
    out = io.BytesIO()
    np.savez(out, format=np.int64(1), as_of=np.int64(AS_OF), **arrays)  # type: ignore[arg-type]
    with pytest.raises(ProblemError, match=r"capabilities\.city"):
        Problem.from_bytes(out.getvalue())


def test_generated_problems_pass_the_door() -> None:
    for seed in range(20):
        generated = small_problem(random.Random(seed), Shape())
        parts = {item.name: getattr(generated, item.name) for item in dataclasses.fields(generated)}
        assert all(isinstance(part, Table) for name, part in parts.items() if name != "as_of")
        assert problem(**parts).equals(generated)


def test_the_kernel_needs_no_framework() -> None:
    """NumPy and the standard library only: no Django, no database, no clock."""
    code = (
        "import sys, matching.kernel.solve, matching.kernel.reference;"
        "bad = {'django', 'celery', 'psycopg', 'rest_framework', 'alliance', 'companies', 'scenarios'};"
        "print(sorted(bad & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

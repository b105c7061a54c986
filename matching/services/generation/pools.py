"""What a parameter of a type tree may be offered as, and what may be asked of it, prepared once per type.

Values come from short grids of three significant digits, as in catalogues: equal values (ties) are common.
Offers are ready-made JSON fragments in rising order, so that a capability is a few picks and no formatting.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from matching.services.generation.units import OTHER_UNITS, plain, with_unit

OFFERS: Final = 200
GRID: Final = 48
MISSING: Final = 0.1
TEMPERATURES: Final = (
    (5.0, 35.0), (0.0, 40.0), (0.0, 50.0), (-10.0, 40.0), (-10.0, 50.0), (-10.0, 60.0), (-20.0, 50.0),
    (-20.0, 60.0), (-25.0, 55.0), (-20.0, 70.0), (-30.0, 60.0), (-30.0, 70.0), (-40.0, 70.0), (-40.0, 85.0),
)  # fmt: skip
TEMPERATURES_ASKED: Final = (
    (5.0, 35.0),
    (0.0, 40.0),
    (-5.0, 40.0),
    (-10.0, 45.0),
    (-20.0, 50.0),
    (-40.0, 60.0),
)
# Where the tree has no typical values: a plausible span by unit.
SPANS: Final[Mapping[str, tuple[float, float]]] = {
    "N*m": (0.5, 500), "mm": (1, 500), "kN": (0.5, 200), "um": (1, 100), "V": (12, 400),
    "rpm": (50, 6000), "kg": (0.5, 500), "h": (10, 2000), "percent": (0.5, 90), "W": (50, 5000),
    "CNY": (300, 50000), "Hz": (1000, 1000000), "m": (1, 300), "m/s": (0.5, 5), "m**2": (50, 20000),
    "kg/m**2": (200, 5000), "m**2/h": (300, 5000), "km": (1, 20), "kW": (10, 1000), "deg": (1, 30),
    "kPa": (20, 95), "ms": (1, 200), "1/h": (0.2, 4), "1": (1, 100),
}  # fmt: skip
KEY_SPANS: Final[Mapping[str, tuple[float, float]]] = {
    "floor_area": (100, 20000), "clear_height": (2.2, 14), "floor_load": (300, 4000),
    "passage_width": (0.7, 6), "max_slope": (0.5, 15), "humidity": (10, 95), "hours_per_day": (4, 24),
    "power_supply": (10, 800), "noise": (45, 85), "voltage_range": (4.8, 60), "vacuum": (20, 95),
    "projects": (1, 200), "hardness": (20, 65), "layers": (1, 24), "depth_error": (0.5, 4),
    "list_price": (300, 20000), "lift_height": (50, 1200),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pool:
    """One parameter: `grid` is what may be asked, low to high; `offers` are JSON fragments, low to high."""

    key: str
    unit: str
    kind: str
    better: str
    ordered: bool
    choices: tuple[str, ...]
    grid: tuple[Any, ...]
    offers: tuple[str, ...]


def _span(param: Mapping[str, Any]) -> tuple[float, float]:
    low, high = param.get("typical_min"), param.get("typical_max")
    if low is None or high is None:
        return KEY_SPANS.get(param["key"]) or SPANS.get(param["unit"], (1, 100))
    if low == high:
        return (low * 0.5, high * 1.5) if low else (0, 1)
    return low, high


def _numbers(param: Mapping[str, Any]) -> tuple[float, ...]:
    low, high = _span(param)
    steps = [step / (GRID - 1) for step in range(GRID)]
    if low > 0 and high / low > 8:
        values = [low * (high / low) ** step for step in steps]
    else:
        values = [low + (high - low) * step for step in steps]
    whole = param["unit"] == "1" and float(low).is_integer() and float(high).is_integer()
    return tuple(sorted({float(round(value)) if whole else float(format(value, ".3g")) for value in values}))


def _cell(rng: Random, values: tuple[float, ...], unit: str, share: float) -> Any:
    """One number or a pair, now and then written in another unit of the same dimension."""
    others = OTHER_UNITS.get(unit)
    if others and rng.random() < share:
        name, convert = rng.choice(others)
        texts = [with_unit(value, name, convert) for value in values]
        if all(text is not None for text in texts):
            return texts if len(texts) > 1 else texts[0]
    bare = [json.loads(plain(value)) for value in values]
    return bare if len(bare) > 1 else bare[0]


def _ranges(rng: Random, param: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    if param["unit"] == "degC":
        return TEMPERATURES
    numbers = _numbers(param)
    half = len(numbers) // 2
    pairs = {(rng.choice(numbers[:half]), rng.choice(numbers[half:])) for _ in range(GRID)}
    return tuple(sorted(pairs, key=lambda pair: (pair[1], -pair[0])))


def _choice_offers(rng: Random, choices: tuple[str, ...], *, ordered: bool) -> list[list[str]]:
    """Ordered: one level, at times with its neighbour; else one to four of the list."""
    if not ordered:
        most = min(4, len(choices))
        return [rng.sample(choices, rng.randint(1, most)) for _ in range(OFFERS)]
    levels = [step * len(choices) // OFFERS for step in range(OFFERS)]
    return [list(choices[max(0, level - (rng.random() < 0.25)) : level + 1]) for level in levels]


def build_pool(rng: Random, param: Mapping[str, Any]) -> Pool:
    """Everything the generator needs to know about one parameter."""
    kind, unit = param["kind"], param["unit"]
    choices = tuple(param.get("choices", ()))
    ordered = bool(param.get("ordered"))
    grid: tuple[Any, ...]
    values: list[Any]
    if kind == "bool":
        grid = (True, False)
        values = [rng.random() < 0.7 for _ in range(OFFERS)]
    elif kind == "choice":
        grid = choices
        values = list(_choice_offers(rng, choices, ordered=ordered))
    else:
        numbers = kind == "number"
        grid = tuple((value,) for value in _numbers(param)) if numbers else _ranges(rng, param)
        values = [_cell(rng, grid[step * len(grid) // OFFERS], unit, 0.08) for step in range(OFFERS)]
        if kind == "range" and unit != "degC":  # a bare number is the range [x, x]
            values[:: OFFERS // 10] = [pair[1] for pair in grid[: len(values[:: OFFERS // 10])]]
    texts = (f"{json.dumps(param['key'])}: {json.dumps(value, ensure_ascii=False)}" for value in values)
    better = param.get("better", "none")
    return Pool(param["key"], unit, kind, better, ordered, choices, grid, tuple(texts))


def specs_json(rng: Random, pools: Iterable[Pool], size: float) -> str:
    """The JSON object of one offer. `size` (0 to 1) draws its values together: big parts are big."""
    random = rng.random
    parts = [pool.offers[int((size + random()) * 0.5 * OFFERS)] for pool in pools if random() >= MISSING]
    if random() < 0.01 and parts:
        key = parts[-1].split(":", 1)[0]
        parts[-1] = f"{key}: null"
    return "{" + ", ".join(parts) + "}"


def _level(rng: Random, pool: Pool, low: float, high: float) -> int:
    return min(len(pool.grid) - 1, int(rng.uniform(low, high) * len(pool.grid)))


def _ask_number(rng: Random, pool: Pool, *, hard: bool, higher: float) -> tuple[str, Any]:
    lenient = 0.2 + higher if hard else 0.35
    strict = 0.58 + higher if hard else 0.75
    if pool.kind == "range":
        if pool.unit == "degC":
            return "covers", _cell(rng, rng.choice(TEMPERATURES_ASKED[: 5 if hard else 6]), pool.unit, 0.1)
        low, high = pool.grid[_level(rng, pool, lenient, strict)]
        inside = (low + (high - low) * 0.3, high - (high - low) * 0.3)
        return rng.choice(("covers", "between")), _cell(rng, inside, pool.unit, 0.1)
    if pool.better == "lower":
        return "<=", _cell(rng, pool.grid[_level(rng, pool, 1 - strict, 1 - lenient)], pool.unit, 0.1)
    if pool.better == "higher" or rng.random() < 0.3:
        return ">=", _cell(rng, pool.grid[_level(rng, pool, lenient, strict)], pool.unit, 0.1)
    if rng.random() < 0.05:
        return "=", _cell(rng, pool.grid[_level(rng, pool, 0.3, 0.7)], pool.unit, 0.1)
    start = _level(rng, pool, 0.2, 0.45)
    stop = min(len(pool.grid) - 1, start + max(1, len(pool.grid) // 3))
    return "between", _cell(rng, (pool.grid[start][0], pool.grid[stop][0]), pool.unit, 0.1)


def requirement(rng: Random, pool: Pool, *, hard: bool, higher: float = 0.0) -> dict[str, Any]:
    """One requirement on a parameter; hard ones are met by most offers that state a value, unless set higher."""
    op: str
    value: Any
    if pool.kind == "bool":
        op, value = "is", rng.random() < 0.8
    elif pool.kind == "choice" and pool.ordered and rng.random() < 0.85:
        at_least = pool.better != "lower" and rng.random() < 0.9
        op = ">=" if at_least else "<="
        value = pool.choices[_level(rng, pool, 0.1, 0.6) if at_least else _level(rng, pool, 0.5, 0.95)]
    elif pool.kind == "choice":
        least = len(pool.choices) // 3
        op, value = "one_of", rng.sample(pool.choices, rng.randint(max(1, least), max(1, least * 2)))
    else:
        op, value = _ask_number(rng, pool, hard=hard, higher=higher)
    row: dict[str, Any] = {"key": pool.key, "op": op, "value": value}
    if not hard:
        row["hard"] = False
        if rng.random() < 0.7:
            row["weight"] = rng.choice((1, 2, 2, 3, 3, 4, 5, 2.5))
        if rng.random() < 0.4:
            row["tolerance"] = rng.choice((0.05, 0.1, 0.3, 0.5))
    elif rng.random() < 0.2:
        row["hard"] = True
    return row


def requirements(
    rng: Random, pools: tuple[Pool, ...], most: int, strictness: float = 0.0
) -> list[dict[str, Any]]:
    """Up to `most` parameters; about half hard, and at times the same key once more as a stricter wish.

    strictness: -1 (nothing is hard) over 0 (as described) to 1 (all is hard, and higher).
    """
    rows = []
    share = 0.55 + strictness * (0.45 if strictness > 0 else 0.55)
    for pool in rng.sample(pools, min(len(pools), rng.randint(0 if most < 4 else 1, most))):
        hard = rng.random() < share
        rows.append(requirement(rng, pool, hard=hard, higher=max(0.0, strictness) * 0.3))
        if hard and rng.random() < 0.15:
            rows.append(requirement(rng, pool, hard=False))
    return rows

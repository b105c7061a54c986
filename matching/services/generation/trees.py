"""The two type trees of the reference data as the generator uses them."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from matching.services.generation.pools import Pool, build_pool


@dataclass(frozen=True, slots=True)
class TreeType:
    """One type with the pools of its own and its ancestors' parameters."""

    code: str
    name: str
    unit_price: float
    leaf: bool
    pools: tuple[Pool, ...]

    def pool(self, key: str) -> Pool | None:
        return next((pool for pool in self.pools if pool.key == key), None)


def load_tree(path: Path, rng: Random) -> list[TreeType]:
    """All types in the order of the file."""
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["types"]
    by_code = {row["code"]: row for row in rows}
    parents = {row["parent"] for row in rows}
    own = {row["code"]: {param["key"]: build_pool(rng, param) for param in row["params"]} for row in rows}
    types = []
    for row in rows:
        pools: dict[str, Pool] = {}
        node: dict[str, Any] | None = row
        while node is not None:  # a type's own parameter hides an ancestor's of the same key
            pools = own[node["code"]] | pools
            node = by_code.get(node["parent"])
        price = round(10 ** rng.uniform(1.5, 4.3), 0)
        leaf = row["code"] not in parents
        types.append(TreeType(row["code"], row["name_zh"], price, leaf, tuple(pools.values())))
    return types

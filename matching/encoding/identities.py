"""The database ids and names behind the positions of a frozen problem."""

import io
import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
ARRAYS = ("demands", "lines", "capabilities", "suppliers", "sites")


@dataclass(frozen=True)
class Identities:
    """Ids by position; ``suppliers``: the organisation of each capability; ``keys``, ``choices``: component keys."""

    demands: Ids
    lines: Ids
    capabilities: Ids
    suppliers: Ids
    sites: Ids
    keys: list[str]
    choices: list[list[str]]

    def to_bytes(self) -> bytes:
        out = io.BytesIO()
        names = json.dumps([self.keys, self.choices]).encode()
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ARRAYS}
        np.savez(out, names=np.frombuffer(names, np.uint8), **arrays)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, blob: bytes) -> Self:
        with np.load(io.BytesIO(blob), allow_pickle=False) as archive:
            keys, choices = json.loads(archive["names"].tobytes())
            arrays: dict[str, Any] = {name: archive[name] for name in ARRAYS}
        return cls(**arrays, keys=keys, choices=choices)

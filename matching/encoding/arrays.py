"""Arrays in one file that processes map: first what lies where, then each array at a border of 64 bytes.

One file for all that is read together: a worker maps some 150 of them, not 2,400, which took it a second.
"""

import json
import mmap
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from matching.encoding.columns import Array

BORDER = 64
LENGTH = 8  # bytes that say how long the head is


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write over whatever is there. OSError when there is no room."""
    head, end = {}, 0
    for name, array in arrays.items():
        head[name] = (array.dtype.str, array.shape, end)
        end = _border(end + array.nbytes)
    told = json.dumps(head).encode()
    begin = _border(LENGTH + len(told))
    with path.open("wb") as file:
        file.write(len(told).to_bytes(LENGTH, "little") + told)
        for name, array in arrays.items():
            file.seek(begin + head[name][2])
            if array.size:
                file.write(np.ascontiguousarray(array).data)
        file.truncate(begin + end)


def map_arrays(path: Path) -> dict[str, Array]:
    """Private to this process where it writes; else its pages are one copy for all. FileNotFoundError."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    length = int.from_bytes(mapped[:LENGTH], "little")
    begin = _border(LENGTH + length)
    return {
        name: np.ndarray(shape, kind, mapped, begin + at)
        for name, (kind, shape, at) in json.loads(mapped[LENGTH : LENGTH + length]).items()
    }


def _border(at: int) -> int:
    return -(-at // BORDER) * BORDER

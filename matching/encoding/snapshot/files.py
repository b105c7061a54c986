"""The snapshot on disk: a folder of plain arrays for each version, and a manifest that says which one counts.

A version is written whole beside the others, then the manifest is replaced by renaming: a crash leaves the old one.
Files of former versions are unlinked; processes that have them mapped keep them until they let go.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from matching.encoding.snapshot.offers import COLUMNS, Offers

FORMAT = 2  # of the files; another one is not read
MANIFEST = "manifest.json"
REST = [item.name for item in fields(Offers) if item.name not in ("columns", "codes")]


def save(folder: Path, offers: Offers, moment: str) -> None:
    """Write a version and make it the one that counts. `moment`: the database's snapshot that it is exact for."""
    version = f"{os.getpid()}-{uuid4().hex[:12]}"
    place = folder / version
    place.mkdir(parents=True)
    arrays = {f"column-{name}": array for name, array in offers.columns.items()}
    arrays |= {name: getattr(offers, name) for name in REST}
    for name, array in arrays.items():
        with (place / f"{name}.npy").open("wb") as file:
            np.save(file, array)
            file.flush()
            os.fsync(file.fileno())
    manifest = {
        "format": FORMAT,
        "version": version,
        "moment": moment,
        "codes": offers.codes,
        "rows": len(offers),
    }
    fresh = folder / f"{MANIFEST}.{version}"
    with fresh.open("w") as file:
        json.dump(manifest, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(folder / MANIFEST)
    for other in folder.iterdir():
        if other.is_dir() and other.name != version:
            shutil.rmtree(other, ignore_errors=True)


def load(folder: Path) -> tuple[Offers, str] | None:
    """The version that counts, mapped into memory, and its moment; None when there is none that can be read."""
    for _attempt in range(3):  # a newer version may replace it between two looks
        try:
            manifest = json.loads((folder / MANIFEST).read_text())
            if manifest["format"] != FORMAT:
                return None
            place = folder / manifest["version"]
            arrays = {path.stem: np.load(path, mmap_mode="r") for path in place.glob("*.npy")}
            columns = {name: arrays[f"column-{name}"] for name in COLUMNS}
            rest: dict[str, Any] = {name: arrays[name] for name in REST}
        except (OSError, ValueError, KeyError):
            continue
        if all(len(column) == manifest["rows"] for column in columns.values()):
            return Offers(columns, **rest, codes=list(manifest["codes"])), str(manifest["moment"])
    return None


@contextmanager
def writing(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Whether this process may write now: one at a time on a machine; a dead one lets go."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True

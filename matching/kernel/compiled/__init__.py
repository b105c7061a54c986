"""§3, §4 and §6 compiled (numba), for many lines of one block at once: the rows of the NumPy path, faster.

Compiling takes a minute of a core, once for each version of the code on a machine: ``python -m
matching.kernel.compiled`` does it and leaves a mark; workers begin it when they start. Until the mark is there, without
numba, for small problems and with MATCH_COMPILED=0 the NumPy path does the work.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matching.kernel.compiled.solver import CompiledSolver
    from matching.kernel.prepare import Prepared
    from matching.kernel.problem import Problem

WORTH_IT = 2_000_000  # pairs of a line and a capability of its very type; NumPy does them in a second or two
READY = "ready"
BUILT_BY = ("numba", "llvmlite", "numpy")


@cache
def cache_folder() -> Path:
    """Compiled code is kept by what it was compiled from, where, and by what.

    numba looks at one file, but loops call into others. It keeps code apart for every place that sources lie in: a mark
    of another checkout says nothing about this one, whose workers would each compile everything.
    """
    told = os.environ.get("NUMBA_CACHE_DIR")
    here = Path(__file__).resolve().parent
    # What has loops, and what calls them to have them compiled.
    sources = [path.read_bytes() for path in sorted(here.glob("*.py")) if path.name != "__init__.py"]
    what = [source for source in sources if b"@njit" in source or b"def example" in source]
    what += [
        str(here).encode(),
        sys.version.encode(),
        _processor(),
        *(version(name).encode() for name in BUILT_BY),
    ]
    digest = hashlib.sha256(b"\0".join(what)).hexdigest()[:16]
    user = os.getuid() if hasattr(os, "getuid") else 0
    base = Path(told) if told else Path(tempfile.gettempdir()) / f"matching-kernel-{user}"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not told and hasattr(os, "getuid") and base.lstat().st_uid != user:
        base = Path(tempfile.mkdtemp())  # somebody else was there first: what lies there is not ours to run
    folder = base / digest
    folder.mkdir(exist_ok=True)
    return folder


def _processor() -> bytes:
    """What it can do: code for one kind runs on no other, and the folder may be shared by machines."""
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return platform.processor().encode()
    return b"".join(line for line in lines if line.startswith((b"flags", b"Features", b"model name")))[:5000]


def is_wanted() -> bool:
    """Not without numba, nor where MATCH_COMPILED=0."""
    return os.environ.get("MATCH_COMPILED", "1") != "0" and find_spec("numba") is not None


def is_ready() -> bool:
    """Whether everything was compiled by this code's own processes: workers never do."""
    return is_wanted() and (cache_folder() / READY).exists()


def has_compiled(problem: Problem, wanted: bool | None = None, *, common: bool = False) -> bool:
    """Whether to use the compiled loops: as wanted; by default when they are ready and worth it.

    common: what the loops need lies ready for all problems over one supply, so that they always are.
    """
    if wanted is not None:
        return wanted
    if common:
        return is_ready()
    offered = np.bincount(problem.capabilities.type, minlength=len(problem.types.parent))
    worth_it = int(offered[problem.lines.type].sum()) >= WORTH_IT
    return worth_it and is_ready()


def compiled_solver(prepared: Prepared) -> CompiledSolver:
    """Imported when first needed."""
    from matching.kernel.compiled.solver import CompiledSolver

    return CompiledSolver(prepared)

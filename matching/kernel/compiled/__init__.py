"""§3, §4 and §6 compiled (numba), for many lines of one block at once: the rows of the NumPy path, faster.

Compiling takes a minute of a core, once for each version of the code on a machine: ``python -m
matching.kernel.compiled`` does it and leaves a mark. Runs use NumPy unless MATCH_COMPILED=1 says otherwise (and the
mark is there, and the problem large): the one full run measured with four compiled workers took far too long, see
docs/performance.md.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matching.kernel.compiled.pipelines import CompiledPipelines
    from matching.kernel.compiled.tables import CompiledLines
    from matching.kernel.prepare import Prepared
    from matching.kernel.problem import Problem

WORTH_IT = 2_000_000  # pairs of a line and a capability of its very type; NumPy does them in a second or two
READY = "ready"


@cache
def cache_folder() -> Path:
    """Compiled code is kept by what it was compiled from: numba looks at one file, but loops call into others."""
    told = os.environ.get("NUMBA_CACHE_DIR")
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    user = os.getuid() if hasattr(os, "getuid") else 0
    base = Path(told) if told else Path(tempfile.gettempdir()) / f"matching-kernel-{user}"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not told and hasattr(os, "getuid") and base.lstat().st_uid != user:
        base = Path(tempfile.mkdtemp())  # somebody else was there first: what lies there is not ours to run
    folder = base / digest
    folder.mkdir(exist_ok=True)
    return folder


def has_compiled(problem: Problem, wanted: bool | None = None) -> bool:
    """Whether to use the compiled loops: as wanted; by default only when asked for, ready and worth it."""
    if wanted is not None:
        return wanted
    if os.environ.get("MATCH_COMPILED") != "1":
        return False
    offered = np.bincount(problem.capabilities.type, minlength=len(problem.types.parent))
    worth_it = int(offered[problem.lines.type].sum()) >= WORTH_IT
    return worth_it and find_spec("numba") is not None and (cache_folder() / READY).exists()


def compiled_parts(prepared: Prepared) -> tuple[CompiledLines, CompiledPipelines]:
    """Imported when first needed."""
    from matching.kernel.compiled.pipelines import CompiledPipelines
    from matching.kernel.compiled.tables import CompiledLines

    return CompiledLines(prepared), CompiledPipelines(prepared)

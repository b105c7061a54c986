"""§3 and §4 compiled (numba), for many lines of one block at once: the same rows as ``kernel.lines``, faster.

Where numba is not installed, and for what is small, ``kernel.lines`` does the work: compiled code has to be loaded
(a second or two; half a minute when this machine has not compiled this version yet).
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matching.kernel.compiled.tables import CompiledLines
    from matching.kernel.prepare import Prepared
    from matching.kernel.problem import Problem

WORTH_IT = 2_000_000  # pairs of a line and a capability of its very type; NumPy does them in a second or two


def has_compiled(problem: Problem, wanted: bool | None = None) -> bool:
    """Whether to use the compiled loops: as wanted, by default where numba is there and it pays."""
    if wanted is not None:
        return wanted
    offered = np.bincount(problem.capabilities.type, minlength=len(problem.types.parent))
    return int(offered[problem.lines.type].sum()) >= WORTH_IT and find_spec("numba") is not None


def compiled_lines(prepared: Prepared) -> CompiledLines:
    """Imported when first needed."""
    from matching.kernel.compiled.tables import CompiledLines

    return CompiledLines(prepared)

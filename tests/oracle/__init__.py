"""An independent recomputation of a region's matches, written from `docs/matching.md` alone.

It shares no code with the application: standard library only, plain loops over dataclasses, its own CSV reader
and its own unit parser. `oracle_rows` gives the rows of `export_matches`, `compare` names every difference.
"""

from tests.oracle.bundle import read_bundles
from tests.oracle.compare import compare
from tests.oracle.rows import COLUMNS, oracle_rows, write_rows

__all__ = ["COLUMNS", "compare", "oracle_rows", "read_bundles", "write_rows"]

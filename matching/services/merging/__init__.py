"""Making one entry of two, and two again."""

from matching.services.merging.moving import Preview, merge_firms, preview_merge, sweep_merged
from matching.services.merging.undoing import DAYS, may_undo, undo_merge

__all__ = ["DAYS", "Preview", "may_undo", "merge_firms", "preview_merge", "sweep_merged", "undo_merge"]

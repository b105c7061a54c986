"""Large exports: asked for, written by a worker, fetched while the asker may still see all of it, swept away."""

from matching.services.exports.asking import ask_for_export, end_export, fetched
from matching.services.exports.working import sweep_exports, work_on_export

__all__ = ["ask_for_export", "end_export", "fetched", "sweep_exports", "work_on_export"]

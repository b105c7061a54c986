"""How fast the matcher is, beside the same work done by one SQL statement on the same rows."""

from matching.services.benchmark.measure import Figures, measure
from matching.services.benchmark.workers import work_together, work_until_done

__all__ = ["Figures", "measure", "work_together", "work_until_done"]

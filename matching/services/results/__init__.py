"""What the kernel found, written as rows of a run."""

from matching.services.results.writing import rows_by_demand, write_results

__all__ = ["rows_by_demand", "write_results"]

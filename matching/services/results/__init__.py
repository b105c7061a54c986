"""What the kernel found, written as rows of a run."""

from matching.services.results.writing import write_results

__all__ = ["write_results"]

"""Whole regions as bundles of files: in (`import_region`) and out (`export_region`)."""

from matching.services.bundle.exporter import export_region
from matching.services.bundle.importer import ImportReport, import_region
from matching.services.bundle.problems import BadRow, BundleError

__all__ = ["BadRow", "BundleError", "ImportReport", "export_region", "import_region"]

"""Imports a region bundle: all of it in one transaction, or nothing and a list of every bad row."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from psycopg import sql

from alliance import changes
from alliance.errors import ConflictError
from alliance.services import rebuild_geography
from matching.services.bundle.context import Context
from matching.services.bundle.demands import DemandLines, Demands, check_published
from matching.services.bundle.layout import COMPONENT_TYPES, ORDER, SCENARIO_TYPES
from matching.services.bundle.loading import TableImport
from matching.services.bundle.organisations import Organisations
from matching.services.bundle.places import Alliances, Certifications, Cities, Memberships, TravelTimes
from matching.services.bundle.problems import BadRow, BundleError, FileError
from matching.services.bundle.queries import execute
from matching.services.bundle.reading import MODELS
from matching.services.bundle.sites import Sites, SiteWindows
from matching.services.bundle.source import Source, digest, open_bundle
from matching.services.bundle.supply import Capabilities, Facilities
from matching.services.bundle.tree_use import orphans
from matching.services.bundle.trees import TreeImport

_IMPORTERS: dict[str, type[TableImport]] = {
    importer.file: importer
    for importer in (
        Cities,
        TravelTimes,
        Certifications,
        Alliances,
        Memberships,
        Organisations,
        Facilities,
        Capabilities,
        Sites,
        SiteWindows,
        Demands,
        DemandLines,
    )
}
_VERSIONED = (
    "alliances.csv",
    "organisations.csv",
    "facilities.csv",
    "capabilities.csv",
    "sites.csv",
    "demands.csv",
)
_ANALYZE_FROM = 1_000


@dataclass
class ImportReport:
    """What an import did, by file, and what it noticed; `changed` is false when everything was there already."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[BadRow] = field(default_factory=list)
    sha256: str = ""

    @property
    def changed(self) -> bool:
        return any(number for counts in self.counts.values() for number in counts.values())


def import_region(path: Path) -> ImportReport:
    """Load a bundle. Raises `BundleError` with every bad row, and then nothing is changed."""
    try:
        with open_bundle(path) as source:
            return _import(source, _files_of(source))
    except FileError as error:
        raise BundleError([BadRow(path.name, error.row, error.column, error.message)]) from error


def _files_of(source: Source) -> list[str]:
    names = source.names()
    unknown = [n for n in names if n.lower().endswith((".csv", ".json")) and n not in ORDER]
    if unknown:
        raise BundleError([BadRow(n, 0, "", _("A bundle has no file of this name.")) for n in unknown])
    files: list[str] = [name for name in ORDER if name in names]
    if not files:
        raise FileError(_("There is no file of a region bundle here: cities.csv, organisations.csv, …"))
    return files


def _import(source: Source, files: list[str]) -> ImportReport:
    context = Context(source, files)
    try:
        with transaction.atomic():
            _lock(files)
            _load_all(context)
            if context.problems:
                raise BundleError(context.problems.rows)
            return _finish(context)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") in ("55P03", "40P01", "40001"):
            raise ConflictError(
                _("Somebody else is writing the same rows. Try again in a moment.")
            ) from error
        raise


def _lock(files: list[str]) -> None:
    """Readers go on; writers of these tables wait, so that what was judged stays true until it is written."""
    tables = [MODELS[file]._meta.db_table for file in files if file in MODELS]
    tables += [f"companies_{name}" for name in ("componenttype", "componentkey") if COMPONENT_TYPES in files]
    tables += [f"scenarios_{name}" for name in ("scenariotype", "scenariokey") if SCENARIO_TYPES in files]
    execute(sql.SQL("SET LOCAL lock_timeout = '30s'"))
    # Everything is matched again after an import: how its rows were is of no use (matching.models.FormerRow).
    execute(sql.SQL("SET LOCAL matching.former_rows = 'off'"))
    # For hash joins with, and indexes on, millions of rows; one import runs at a time.
    execute(sql.SQL("SET LOCAL work_mem = '64MB'"))
    execute(sql.SQL("SET LOCAL maintenance_work_mem = '256MB'"))
    # Indexes are made while nothing else of the import runs.
    execute(sql.SQL("SET LOCAL max_parallel_maintenance_workers = 4"))
    if tables:
        names = sql.SQL(", ").join(sql.Identifier(table) for table in sorted(tables))
        execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names))


def _load_all(context: Context) -> None:
    for file in ORDER:
        if file in (COMPONENT_TYPES, SCENARIO_TYPES):
            TreeImport(context, file).run()
        elif file in context.files:
            _IMPORTERS[file](context).run()
    check_published(context)
    if context.sound and context.trees_changed:
        for file, sets in context.parameters.items():
            for name, key in orphans(file, sets):
                message = _("“%(name)s” still states “%(key)s”, which its type would not have.")
                context.problems.add(file, 0, key, message % {"name": name, "key": key})


def _finish(context: Context) -> ImportReport:
    for file in _VERSIONED:
        if file in context.touched:
            context.touched[file].raise_versions(MODELS[file], context.create(file))
    report = ImportReport(notes=context.problems.notes, sha256=digest(context.source, context.files))
    for file in ORDER:
        counts = _counts(context, file)
        if counts is not None and (file in context.files or any(counts.values())):
            report.counts[file] = counts
    if report.changed:
        rebuild_geography()
        after: dict[str, Any] = {"files": report.counts, "sha256": report.sha256}
        changes.record("import", "import", report.sha256, after=after)
    _analyze(report)
    context.clean_up()
    return report


def _counts(context: Context, file: str) -> dict[str, int] | None:
    """Created, updated, removed. A demand whose line changed counts as updated, too."""
    count = context.counts.get(file)
    if file in context.touched:
        created = context.create(file)
        updated = context.touched[file].count_without(created)
        removed = count.removed if count else 0
        return {"created": created.count(), "updated": updated, "removed": removed}
    if count is None:
        return None
    return {"created": count.created, "updated": count.updated, "removed": count.removed}


def _analyze(report: ImportReport) -> None:
    """Statistics for the queries that follow a large import at once; autovacuum would come later."""
    for file, counts in report.counts.items():
        if file in MODELS and counts["created"] >= _ANALYZE_FROM:
            execute(sql.SQL("ANALYZE {}").format(sql.Identifier(MODELS[file]._meta.db_table)))

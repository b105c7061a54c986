"""Writing a checked sheet: set-based, in the caller's transaction; what was before is kept for undoing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Now

from alliance.changes import record
from companies.models import (
    Capability,
    CapabilityCertificate,
    CapabilityTerms,
    Facility,
    SheetImport,
    SheetRows,
)
from companies.services.capabilities import why_not_publish
from companies.services.evidence import end_changed
from companies.services.sheets.checking import Line, Report
from companies.services.sheets.comparing import FIELDS, TERMS, State, difference, stored_states
from companies.services.sheets.telling import plain, published_of, tell_each

BATCH = 1000
COLUMNS = tuple(name.removesuffix("_id") for name in FIELDS)


Tell = Callable[[float], object]


def _quiet(part: float) -> None:
    pass


def store(sheet: SheetImport, report: Report, tell: Tell = _quiet) -> dict[str, int]:
    """New rows, changed rows; one change for the whole sheet, and what undoing needs. `tell` hears which part of it is
    done, from 0 to 1."""
    publish = not why_not_publish(sheet.organisation)
    new = [line for line in report.lines if line.existing is None]
    old = {line.existing: line for line in report.lines if line.existing is not None}
    list(Capability.objects.select_for_update(no_key=True).filter(pk__in=old).order_by("pk").values("pk"))
    stored = stored_states(old)
    differences = {pk: difference(line, stored[pk]) for pk, line in old.items()}
    changes = {pk: values for pk, values in differences.items() if values}
    if publish:
        _plants_are_open(new)
    tell(0.1)
    made = _make(sheet, new, publish, lambda part: tell(0.1 + 0.4 * part))
    was_published = published_of(changes)
    overwrite(changes, lambda part: tell(0.5 + 0.3 * part))
    before = {str(pk): {name: stored[pk][name] for name in values} for pk, values in changes.items()}
    versions = dict(Capability.objects.filter(pk__in=[*made, *changes]).values_list("pk", "version"))
    kept = {"made": made, "changed": before, "versions": versions}
    SheetRows.objects.filter(sheet=sheet).update(before=plain(kept))
    tell(0.8)
    end_changed([*made, *changes])
    counts = {"new": len(made), "changed": len(changes), "same": len(old) - len(changes), "errors": 0}
    if made or changes:
        # One row for all of it; the matcher reads it as "anything may have changed".
        tell(0.9)
        record("imported", "capabilities", str(sheet.organisation.public_id), after=counts)
        told = {pk: (before[str(pk)], values) for pk, values in changes.items()}
        tell_each("imported", made, told, was_published)
    return counts | {"rows": len(report.lines)}


def _plants_are_open(lines: list[Line]) -> None:
    """Where a plant was archived since the sheet was looked at, it is looked at again: then its rows are problems."""
    plants = {line.checked.values["facility"].pk for line in lines if line.checked is not None}
    held = Facility.objects.select_for_update(no_key=True).filter(pk__in=plants).order_by("pk")
    if any(row.archived_at is not None for row in held):
        raise IntegrityError("a plant was archived meanwhile")


def _make(sheet: SheetImport, lines: list[Line], publish: bool, tell: Tell = _quiet) -> list[int]:
    made: list[int] = []
    for start in range(0, len(lines), BATCH):
        made += _make_some(sheet, lines[start : start + BATCH], publish)
        tell(len(made) / len(lines))
    return made


def _make_some(sheet: SheetImport, lines: list[Line], publish: bool) -> list[int]:
    rows, checks = [], []
    for line in lines:
        checked = line.checked
        assert checked is not None  # noqa: S101 - only checked lines are stored
        values = dict(checked.values)
        values["external_id"] = values["external_id"] or f"c-{uuid4().hex[:10]}"
        rows.append(
            Capability(
                organisation=sheet.organisation,
                published=publish and not checked.missing,
                missing=checked.missing,
                **values,
            )
        )
        checks.append(checked)
    Capability.objects.bulk_create(rows, batch_size=BATCH)
    pairs = list(zip(rows, checks, strict=True))
    CapabilityTerms.objects.bulk_create(
        (CapabilityTerms(capability=row, **checked.terms) for row, checked in pairs), batch_size=BATCH
    )
    _certify({row.pk: checked.certificates or [] for row, checked in pairs})
    return [row.pk for row in rows]


def _certify(held: dict[int, list[Any]]) -> None:
    CapabilityCertificate.objects.bulk_create(
        (
            CapabilityCertificate(capability_id=pk, code=code, known=known, expires_on=expires)
            for pk, several in held.items()
            for code, known, expires in several
        ),
        batch_size=BATCH,
    )


def overwrite(changes: dict[int, State], tell: Tell = _quiet) -> None:
    """Each capability's new values, only the columns that change; the version counts on."""
    keys = list(changes)
    for start in range(0, len(keys), BATCH):
        _overwrite_some({pk: changes[pk] for pk in keys[start : start + BATCH]})
        tell(min(1.0, (start + BATCH) / len(keys)))


def _overwrite_some(changes: dict[int, State]) -> None:
    names = {name for values in changes.values() for name in values}
    columns = [column for name, column in zip(FIELDS, COLUMNS, strict=True) if name in names]
    if columns:
        rows = Capability.objects.in_bulk(changes)
        for pk, row in rows.items():
            for name, value in changes[pk].items():
                if name in FIELDS:
                    setattr(row, name, value)
            # A row that lost what publishing needs becomes a draft again.
            row.published = row.published and not row.missing
        _rewrite(Capability, rows.values(), "id", [*columns, "published"])
    Capability.objects.filter(pk__in=changes).update(version=F("version") + 1, updated_at=Now())
    amounts = [name for name in TERMS if name in names]
    if amounts:
        terms = CapabilityTerms.objects.in_bulk(changes)
        for pk, told in terms.items():
            for name in amounts:
                setattr(told, name, changes[pk].get(name, getattr(told, name)))
        _rewrite(CapabilityTerms, terms.values(), "capability", amounts)
    held = {pk: values["certificates"] for pk, values in changes.items() if "certificates" in values}
    if held:
        CapabilityCertificate.objects.filter(capability__in=held).delete()
        _certify(held)


def _rewrite(model: Any, rows: Iterable[Any], key: str, columns: list[str]) -> None:
    """Rows that are there, as one statement that finds each by its key: a tenth of the time of `bulk_update`, which
    writes a case for each row and column."""
    model.objects.bulk_create(rows, update_conflicts=True, unique_fields=[key], update_fields=columns)

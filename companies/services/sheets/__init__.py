"""Capabilities by spreadsheet: reading, mapping columns, checking, saving in one step, undoing, writing sheets."""

from companies.services.sheets.columns import Target, fields_for, guess
from companies.services.sheets.saving import confirm, undo
from companies.services.sheets.uploading import (
    cancel,
    choose_columns,
    map_headings,
    mend,
    upload,
    upload_from_program,
)
from companies.services.sheets.working import sweep_sheets, work_on_sheet
from companies.services.sheets.writing import capabilities_sheet, commented_sheet, template_sheet

__all__ = [
    "Target",
    "cancel",
    "capabilities_sheet",
    "choose_columns",
    "commented_sheet",
    "confirm",
    "fields_for",
    "guess",
    "map_headings",
    "mend",
    "sweep_sheets",
    "template_sheet",
    "undo",
    "upload",
    "upload_from_program",
    "work_on_sheet",
]

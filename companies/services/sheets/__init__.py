"""Capabilities by spreadsheet: reading, mapping columns, checking, saving in one step, undoing, writing sheets."""

from companies.services.sheets.columns import Target, fields_for, guess
from companies.services.sheets.saving import confirm, undo
from companies.services.sheets.uploading import choose_columns, mend, upload
from companies.services.sheets.working import sweep_sheets, work_on_sheet
from companies.services.sheets.writing import capabilities_sheet, commented_sheet, template_sheet

__all__ = [
    "Target",
    "capabilities_sheet",
    "choose_columns",
    "commented_sheet",
    "confirm",
    "fields_for",
    "guess",
    "mend",
    "sweep_sheets",
    "template_sheet",
    "undo",
    "upload",
    "work_on_sheet",
]

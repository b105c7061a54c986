"""A demand's lines by spreadsheet: template, upload, check, saving in one step, undoing, export."""

from matching.services.bills.columns import fields_for
from matching.services.bills.saving import confirm, undo
from matching.services.bills.uploading import choose_columns, mend, upload
from matching.services.bills.writing import commented_sheet, lines_sheet, template_sheet

__all__ = [
    "choose_columns",
    "commented_sheet",
    "confirm",
    "fields_for",
    "lines_sheet",
    "mend",
    "template_sheet",
    "undo",
    "upload",
]

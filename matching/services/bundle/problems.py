"""What is wrong with a bundle, row by row, and the error that carries all of it."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.errors import DomainError


@dataclass(frozen=True, slots=True)
class BadRow:
    """`row` as a spreadsheet numbers it (the header is row 1; in a tree, the place of the type); 0: the whole file."""

    file: str
    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = self.file
        if self.row:
            where += _(", row %(row)d") % {"row": self.row}
        if self.column:
            where += _(", column %(column)s") % {"column": self.column}
        return f"{where}: {self.reason}"


class CellError(Exception):
    """A cell cannot be read; the message says why and what to write instead."""


class FileError(Exception):
    """A file cannot be read any further."""

    def __init__(self, message: str, row: int = 0, column: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.row = row
        self.column = column


@dataclass
class Problems:
    """Bad rows stop the import; notes are told and do not."""

    rows: list[BadRow] = field(default_factory=list)
    notes: list[BadRow] = field(default_factory=list)

    def add(self, file: str, row: int, column: str, reason: str) -> None:
        self.rows.append(BadRow(file, row, column, reason))

    def note(self, file: str, row: int, column: str, reason: str) -> None:
        self.notes.append(BadRow(file, row, column, reason))

    def sort_from(self, place: int) -> None:
        """Those from this place on by row: what is said of a row stays in its order."""
        self.rows[place:] = sorted(self.rows[place:], key=lambda bad: bad.row)

    def __bool__(self) -> bool:
        return bool(self.rows)


class BundleError(DomainError):
    """The bundle was refused and nothing was changed. `rows` lists everything that is wrong with it."""

    code = "bad_bundle"

    def __init__(self, rows: list[BadRow]) -> None:
        count = len(rows)
        super().__init__(
            ngettext(
                "Nothing was imported: %(count)d row is wrong.",
                "Nothing was imported: %(count)d rows are wrong.",
                count,
            )
            % {"count": count}
        )
        self.rows = rows

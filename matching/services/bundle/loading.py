"""How one CSV file is loaded: read, judge, stage, merge. What is special to a file is in its own class."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from django.utils.translation import gettext as _
from psycopg import sql

from companies.specs import SpecError
from matching.services.bundle.cells import Column
from matching.services.bundle.context import Context, Count
from matching.services.bundle.copying import Record, copy_text
from matching.services.bundle.csv_rows import MAX_CELL, Table, cell_too_large, in_chunks, read_csv
from matching.services.bundle.judging import Verdict, in_order
from matching.services.bundle.layout import COLUMNS, KEYS
from matching.services.bundle.lookups import Names
from matching.services.bundle.problems import CellError, FileError
from matching.services.bundle.queries import fetch
from matching.services.bundle.reading import MODELS, stored_rows
from matching.services.bundle.staging import Staged, StagedRows, StagedSets, Touched

CHUNK = 5_000


@dataclass(slots=True)
class Row:
    """One row: the cells that could be read, and, once it is known who it is, its id."""

    number: int
    values: dict[str, Any]
    good: bool = True
    id: int = 0
    is_new: bool = False


class Seen(NamedTuple):
    """A row on its way to be judged: its cells, whose it is (id 0: nobody can tell), values that are settled."""

    number: int
    cells: list[str]
    id: int
    is_new: bool
    settled: dict[str, Any]


@dataclass(slots=True)
class ChildSet:
    """Child rows on their way: where they are staged, and the ids of the parents whose sets are replaced."""

    staged: StagedSets
    records: list[Record]


class TableImport:
    """Rows of one file into one model and its children."""

    file: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]  # of the model, in the order of `record`
    on_insert: ClassVar[dict[str, str]] = {}
    ahead: ClassVar[bool] = False  # rows point at later rows of the same file
    leaf: ClassVar[bool] = False  # no file points at its rows: their names are not kept

    def __init__(self, context: Context) -> None:
        self.context = context
        self.model = MODELS[self.file]
        self.columns = {column.name: column for column in COLUMNS[self.file]}
        self.header: list[str] = []
        self.absent: list[Column] = []
        self.seen: dict[Hashable, int] = {}
        self.new: set[int] = set()
        self.children: list[ChildSet] = []

    @property
    def names(self) -> Names:
        return self.context.lookups[self.file]

    def bad(self, row: Row, column: str, reason: str) -> None:
        row.good = False
        self.context.problems.add(self.file, row.number, column, reason)

    def note(self, row: Row, column: str, reason: str) -> None:
        self.context.problems.note(self.file, row.number, column, reason)

    # --- the run -----------------------------------------------------------------------------------
    def run(self) -> None:
        before = len(self.context.problems.rows)
        self.listed = Touched("listed")
        self.staged = StagedRows(self.model, self.fields, self.on_insert)
        self.set_up()
        try:
            if self.ahead:
                self._look_ahead()
            with self.context.source.open(self.file) as stream:
                self._load(self._open(stream))
        except FileError as error:
            self.context.problems.add(self.file, error.row, error.column, error.message)
        self.context.problems.sort_from(before)
        if len(self.context.problems.rows) > before:
            self.names.incomplete = True
        self.finish()
        if self.context.sound:
            self._merge()
        self.staged.drop()
        self.listed.drop()
        for child in self.children:
            child.staged.drop()

    def _open(self, stream: Any) -> Table:
        table = read_csv(stream, list(self.columns), KEYS[self.file])
        self.header = table.header
        self.absent = [column for column in self.columns.values() if column.name not in table.header]
        return table

    def _load(self, table: Table) -> None:
        self._prepare()
        for verdict in in_order(self.judge, self._chunks(table)):
            self.context.problems.rows += verdict.problems
            self.context.problems.notes += verdict.notes
            for told in verdict.told:
                self.hear(told)
            if self.context.sound:
                for staged, text in zip(self._tables(), verdict.texts, strict=True):
                    staged.write(text)

    def _prepare(self) -> None:
        """Look up here whatever judging will ask for: a worker cannot read the database."""
        lookups = self.context.lookups
        for file in ("organisations.csv", "certifications.csv", *(c.refers for c in self.columns.values())):
            if file:
                lookups[file]
        if self.leaf and not self.absent_keys():
            lookups.leave_out(self.file)
        self.stored = fetch(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(self.staged.table))[0][0]

    def absent_keys(self) -> bool:
        """Whether the file does not say all of what a row is called, so that the database has to be asked."""
        return False

    def _chunks(self, table: Table) -> Iterator[list[Seen]]:
        """Rows of which it is known whose they are."""
        for chunk in in_chunks(table.rows, CHUNK):
            rows = [self._recognise(number, cells) for number, cells in chunk]
            known = [row for row in rows if self._identify(row)]
            self._find_ids(known)
            self._give_ids(known)
            kept = self._kept(known)
            yield [
                Seen(row.number, cells, row.id, row.is_new, self.settled(row) | kept.get(row.id, {}))
                if row.id
                else Seen(row.number, cells, 0, False, {})
                for row, (_number, cells) in zip(rows, chunk, strict=True)
            ]

    def _kept(self, rows: Sequence[Row]) -> dict[int, dict[str, Any]]:
        """Values of absent columns of rows that are there already."""
        old = [row.id for row in rows if not row.is_new]
        if not self.absent or not old:
            return {}
        names = [column.name for column in self.absent]
        return {
            pk: {name: values[name] for name in names} for pk, values in stored_rows(self.file, old).items()
        }

    # --- judging (perhaps in another process) -------------------------------------------------------
    def judge(self, chunk: Sequence[Seen]) -> Verdict:
        """What is wrong with the rows, and what is to be written. Nothing here reads or writes the database."""
        problems = self.context.problems
        mark, noted = len(problems.rows), len(problems.notes)
        pairs = [(self._read(seen.number, seen.cells), seen) for seen in chunk]
        known = [self._settle(row, seen) for row, seen in pairs if seen.id]
        verdict = Verdict()
        for row in known:
            if row.good:
                self.check(row)
                if (told := self.tell(row)) is not None:
                    verdict.told.append(told)
        if self.context.sound:
            verdict.texts = self._texts(known)
        verdict.problems, verdict.notes = problems.rows[mark:], problems.notes[noted:]
        del problems.rows[mark:], problems.notes[noted:]
        return verdict

    def _settle(self, row: Row, seen: Seen) -> Row:
        """Fill absent columns: with what is stored, or, in a new row, with the default."""
        row.id, row.is_new = seen.id, seen.is_new
        row.values.update(seen.settled)
        for column in self.absent:
            if not row.is_new:
                continue
            if column.needed:
                self.bad(
                    row, column.name, _("A new row needs the column “%(name)s”.") % {"name": column.name}
                )
            else:
                row.values[column.name] = column.empty()
        return row

    def _texts(self, rows: Sequence[Row]) -> list[bytes]:
        main = copy_text((row.id, *self.record(row), row.is_new) for row in rows)
        for row in rows:
            self.collect(row)
        texts = [main, *(copy_text(child.records) for child in self.children)]
        for child in self.children:
            child.records.clear()
        return texts

    def _tables(self) -> list[Staged]:
        """Where the texts go, in their order."""
        return [self.staged, *(child.staged for child in self.children)]

    def _look_ahead(self) -> None:
        """Register what the file will name, in its order; what is wrong is said in the reading proper."""
        keys: dict[Hashable, None] = {}
        with self.context.source.open(self.file) as stream:
            table = self._open(stream)
            places = [table.header.index(name) for name in KEYS[self.file]]
            for _number, cells in table.rows:
                if len(cells) > max(places) and (key := cells[places[0]].strip()):
                    keys[key] = None
        fresh = [name for name in keys if name not in self.names.ids]
        for name, pk in zip(fresh, self.context.ids(self.model, len(fresh)), strict=True):
            self.names.add(name, pk)
            self.new.add(pk)

    # --- reading -----------------------------------------------------------------------------------
    def _recognise(self, number: int, cells: list[str]) -> Row:
        """Only what says whose row it is; what is wrong with the cells is said by `_read`."""
        row = Row(number, {})
        if len(cells) < len(self.header):
            return row
        for name, place in self._naming():
            try:
                if not cell_too_large(cells[place]):
                    row.values[name] = self._cell(self.columns[name], cells[place].strip())
            except CellError:
                continue
        return row

    def _naming(self) -> list[tuple[str, int]]:
        """The columns that say whose row it is, and where they are."""
        return [(name, self.header.index(name)) for name in KEYS[self.file]]

    def _read(self, number: int, cells: list[str]) -> Row:
        row = Row(number, {})
        if len(cells) != len(self.header):
            self.bad(
                row,
                "",
                _("The row has %(cells)d cells, the header %(columns)d.")
                % {"cells": len(cells), "columns": len(self.header)},
            )
            if len(cells) < len(self.header):
                return row
        for name, cell in zip(self.header, cells, strict=False):
            column = self.columns[name]
            if cell_too_large(cell):
                self.bad(row, name, _("A cell is larger than %(size)d kB.") % {"size": MAX_CELL // 1024})
                continue
            try:
                row.values[name] = self._cell(column, cell.strip())
            except CellError as error:
                self.bad(row, name, str(error))
        return row

    def _cell(self, column: Column, cell: str) -> Any:
        if not cell:
            if column.needed:
                raise CellError(_("The cell is empty."))
            return column.empty()
        value = column.read(cell)
        return self.context.lookups[column.refers].find(value) if column.refers else value

    # --- who is it ---------------------------------------------------------------------------------
    def key(self, row: Row) -> Hashable | None:
        """What the row is called; None where that cannot be told."""
        parts = tuple(row.values.get(name) for name in KEYS[self.file])
        if any(part is None for part in parts):
            return None
        return parts[0] if len(parts) == 1 else parts

    def _identify(self, row: Row) -> bool:
        key = self.key(row)
        if key is None:
            self.names.incomplete = True
            return False
        if key in self.seen:
            self.bad(
                row,
                KEYS[self.file][0],
                _("This is there already, in row %(row)d.") % {"row": self.seen[key]},
            )
            return False
        self.seen[key] = row.number
        row.values["_key"] = key
        return True

    def _find_ids(self, rows: Sequence[Row]) -> None:
        """Ids of rows that are there already."""
        for row in rows:
            row.id = self.names.ids.get(row.values["_key"], 0)
            row.is_new = not row.id or row.id in self.new

    def _give_ids(self, rows: Sequence[Row]) -> None:
        fresh = [row for row in rows if not row.id]
        for row, pk in zip(fresh, self.context.ids(self.model, len(fresh)), strict=True):
            row.id = pk
            self.names.add(row.values["_key"], pk)

    def settled(self, row: Row) -> dict[str, Any]:
        """Values that recognising the row has settled."""
        return {}

    # --- staging -----------------------------------------------------------------------------------
    def _merge(self) -> None:
        touched, created = self.context.touch(self.file), self.context.create(self.file)
        self.listed.add_from(self.staged.all_rows())
        created.add_from(self.staged.new_rows())
        self.before_merge()
        count = self.staged.merge(touched)
        for child in self.children:
            child.staged.merge(self.listed, touched, created)
        self.context.counts[self.file] = Count(created=count)
        self.after_merge()

    def child(self, model: Any, parent: str, *fields: str, keep: str = "") -> list[Record]:
        """Declare a set of children; the list takes their records, parent id first."""
        child = ChildSet(StagedSets(model, parent, fields, keep), [])
        self.children.append(child)
        return child.records

    # --- what a file adds --------------------------------------------------------------------------
    def set_up(self) -> None:
        """Declare children."""

    def check(self, row: Row) -> None:
        """Rules across columns; turns values into their stored form. What is to be remembered goes by `tell`."""

    def tell(self, row: Row) -> Any:
        """What the importer itself must hear of a row that was checked; None: nothing."""
        return None

    def hear(self, told: Any) -> None:
        """What `tell` said, in the order of the rows, where the database is."""

    def record(self, row: Row) -> Record:
        raise NotImplementedError

    def collect(self, row: Row) -> None:
        """Put the row's children into their lists."""

    def finish(self) -> None:
        """Rules across rows, once all are read."""

    def before_merge(self) -> None: ...

    def after_merge(self) -> None: ...

    # --- helpers of several files ------------------------------------------------------------------
    def point(self, row: Row) -> None:
        if (row.values["latitude"] is None) != (row.values["longitude"] is None):
            self.bad(row, "latitude", _("Give latitude and longitude, or neither."))

    def certificates(self, row: Row) -> Iterator[tuple[Any, ...]]:
        known = self.context.lookups["certifications.csv"].ids
        for code, expires in row.values["certifications"]:
            yield row.id, code, code in known, expires

    def flag_unknown(self, row: Row, codes: Iterable[str]) -> None:
        names = self.context.lookups["certifications.csv"]
        for code in codes:
            if code not in names.ids and not names.incomplete:
                self.note(
                    row,
                    "certifications",
                    _("“%(code)s” is not in the list of certifications. It is kept as written.")
                    % {"code": code},
                )

    def specs(self, row: Row, column: str, read: Any, tree: str, type_column: str | None) -> None:
        """Put the canonical form of a JSON column in its place; says what is wrong in the user's words."""
        sets = self.context.parameters.get(tree)
        type_id = row.values.get(type_column) if type_column else 0
        if sets is None or type_id is None:
            row.values[column] = None
            return
        parameters = sets.of(type_id) if type_column else sets.by_key
        try:
            row.values[column] = read(parameters, row.values[column])
        except SpecError as error:
            self.bad(row, column, f"{error.field}: {error.message}" if error.field else error.message)

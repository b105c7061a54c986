"""Staged rows and their merge: COPY into a temporary table, then a few statements that touch only what differs.

A row that already says the same is not written, so an import of what is there changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg import sql

from matching.services.bundle.bulk import loading
from matching.services.bundle.copying import Record, copy_text
from matching.services.bundle.queries import execute, fetch


def column_of(model: type[Model], field: str) -> str:
    return str(model._meta.get_field(field).column)  # type: ignore[union-attr]


def new_ids(model: type[Model], count: int) -> list[int]:
    """Primary keys for rows about to be created, ascending."""
    query = "SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass)) FROM generate_series(1, %s)"
    rows = fetch(sql.SQL(query), [model._meta.db_table, model._meta.pk.column, count])
    return sorted(row[0] for row in rows)


def pk_column(model: type[Model]) -> str:
    """The column of the primary key (Django's stubs leave room for none)."""
    return str(model._meta.pk.column)


class Staged:
    """Rows of one model on their way into it; `flags`: what is said of each besides, yes or no."""

    def __init__(self, model: type[Model], fields: Sequence[str], flags: Sequence[str] = ()) -> None:
        self.model = model
        self.table = sql.Identifier(model._meta.db_table)
        self.columns = [column_of(model, field) for field in fields]
        self.stage = sql.Identifier(f"stage_{model._meta.db_table}_{self.columns[0]}")
        self.flags = flags
        self._create()

    def _create(self) -> None:
        said = [sql.SQL("NULL::boolean AS {}").format(sql.Identifier(flag)) for flag in self.flags]
        execute(
            sql.SQL(
                "CREATE TEMP TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
            ).format(
                stage=self.stage,
                columns=sql.SQL(", ").join([self.names(self.columns), *said]),
                table=self.table,
            )
        )

    @staticmethod
    def names(columns: Iterable[str], prefix: str = "") -> sql.Composed:
        if prefix:
            return sql.SQL(", ").join(sql.Identifier(prefix, column) for column in columns)
        return sql.SQL(", ").join(sql.Identifier(column) for column in columns)

    def copy(self, records: Iterable[Record]) -> None:
        self.write(copy_text(records))

    def write(self, text: bytes) -> None:
        """What `copy_text` made of records."""
        if not text:
            return
        columns = self.names([*self.columns, *self.flags])
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(self.stage, columns)
        with connection.cursor() as cursor, cursor.copy(query) as copy:
            copy.write(text)

    def analyze(self) -> None:
        execute(sql.SQL("ANALYZE {}").format(self.stage))

    def drop(self) -> None:
        execute(sql.SQL("DROP TABLE {}").format(self.stage))


class StagedRows(Staged):
    """Main rows: the importer has given every one its id, and says which of them are new."""

    def __init__(
        self, model: type[Model], fields: Sequence[str], on_insert: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(model, [model._meta.pk.name, *fields], flags=["is_new"])
        self.on_insert = list((on_insert or {}).items())
        self.pk = pk_column(model)
        self.values = self.columns[1:]
        names = {field.name for field in model._meta.get_fields()}
        self.versioned = "version" in names
        self.has_public_id = "public_id" in names

    def merge(self, touched: "Touched") -> int:
        """Write what differs; returns how many rows are new. Ids of changed ones go to `touched`."""
        self.analyze()
        changed = fetch(
            sql.SQL(
                "UPDATE {table} AS t SET {sets} FROM {stage} AS s "
                "WHERE t.{pk} = s.{pk} AND NOT s.is_new AND ({old}) IS DISTINCT FROM ({new}) RETURNING t.{pk}"
            ).format(
                table=self.table,
                stage=self.stage,
                pk=sql.Identifier(self.pk),
                sets=sql.SQL(", ").join(
                    sql.SQL("{0} = s.{0}").format(sql.Identifier(column)) for column in self.values
                ),
                old=self._row("t"),
                new=self._row("s"),
            )
        )
        touched.add(row[0] for row in changed)
        return self._insert()

    def all_rows(self) -> sql.Composed:
        return sql.SQL("SELECT {} FROM {}").format(sql.Identifier(self.pk), self.stage)

    def new_rows(self) -> sql.Composed:
        return sql.SQL("SELECT {} FROM {} WHERE is_new").format(sql.Identifier(self.pk), self.stage)

    def _row(self, alias: str) -> sql.Composed:
        return sql.SQL("ROW({})").format(self.names(self.values, alias))

    def _insert(self) -> int:
        generated = [*self.on_insert, *([("public_id", "gen_random_uuid()")] if self.has_public_id else [])]
        if self.versioned:
            generated += [("version", "1"), ("created_at", "now()"), ("updated_at", "now()")]
        insert = sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM {stage} WHERE is_new ORDER BY {pk}"
        ).format(
            table=self.table,
            columns=self.names([*self.columns, *(name for name, _made in generated)]),
            values=sql.SQL(", ").join(
                [self.names(self.columns), *(sql.SQL(made) for _name, made in generated)]
            ),
            stage=self.stage,
            pk=sql.Identifier(self.pk),
        )
        with loading(self.table, self.stage):
            return execute(insert)


class StagedSets(Staged):
    """Rows that belong to a parent and are replaced as a set: certificates, requirements, windows, …"""

    def __init__(self, model: type[Model], parent: str, fields: Sequence[str], keep: str = "") -> None:
        super().__init__(model, [parent, *fields])
        # The order of the file: ids of new rows follow it.
        execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY").format(self.stage)
        )
        self.parent = sql.Identifier(self.columns[0])
        self.keep = sql.SQL(keep) if keep else sql.SQL("TRUE")

    def merge(self, parents: "Touched", touched: "Touched", new: "Touched | None" = None) -> None:
        """Replace the sets of those parents whose set differs; `new` parents have none yet and are not touched."""
        self.analyze()
        if new is not None:
            self._insert(new)
            if new.count() == parents.count():
                return
        ids = [row[0] for row in self._different(parents, new)]
        if ids:
            touched.add(ids)
            different = Touched("different")
            different.add(ids)
            self._replace(different)
            different.drop()

    def _different(self, parents: "Touched", new: "Touched | None") -> list[Any]:
        columns = self.names(self.columns)
        staged = sql.SQL("SELECT {columns} FROM {stage}").format(columns=columns, stage=self.stage)
        if new is not None:
            staged += sql.SQL(
                " AS s WHERE NOT EXISTS (SELECT FROM {new} AS n WHERE n.id = s.{parent})"
            ).format(parent=self.parent, new=new.table)
        there = sql.SQL(
            "SELECT {columns} FROM {table} AS t WHERE {keep} AND t.{parent} IN (SELECT id FROM {parents}{but})"
        ).format(
            columns=self.names(self.columns, "t"),
            table=self.table,
            keep=self.keep,
            parent=self.parent,
            parents=parents.table,
            but=sql.SQL(" EXCEPT SELECT id FROM {}").format(new.table) if new is not None else sql.SQL(""),
        )
        query = (
            "SELECT DISTINCT {parent} FROM "
            "(({staged} EXCEPT ALL {there}) UNION ALL ({there} EXCEPT ALL {staged})) AS different"
        )
        return fetch(sql.SQL(query).format(parent=self.parent, staged=staged, there=there))

    def _replace(self, parents: "Touched") -> None:
        """Joined to a table of parents: a long array would be searched row by row."""
        execute(
            sql.SQL(
                "DELETE FROM {table} AS t USING {parents} AS p WHERE {keep} AND t.{parent} = p.id"
            ).format(table=self.table, keep=self.keep, parent=self.parent, parents=parents.table)
        )
        self._insert(parents)

    def _insert(self, parents: "Touched") -> None:
        with loading(self.table, self.stage):
            execute(
                sql.SQL(
                    "INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage} AS s "
                    "JOIN {parents} AS p ON p.id = s.{parent} ORDER BY s.seq"
                ).format(
                    table=self.table,
                    columns=self.names(self.columns),
                    stage=self.stage,
                    parents=parents.table,
                    parent=self.parent,
                )
            )


class Touched:
    """A growing set of ids in a temporary table, so that statements can join it."""

    def __init__(self, name: str) -> None:
        self.table = sql.Identifier(f"touched_{name}")
        execute(sql.SQL("CREATE TEMP TABLE {} (id bigint PRIMARY KEY) ON COMMIT DROP").format(self.table))

    def add(self, ids: Iterable[int]) -> None:
        values = list(ids)
        if values:
            execute(
                sql.SQL("INSERT INTO {} SELECT unnest(%s::bigint[]) ON CONFLICT DO NOTHING").format(
                    self.table
                ),
                [values],
            )

    def add_from(self, query: sql.Composable, parameters: Sequence[Any] = ()) -> None:
        execute(sql.SQL("INSERT INTO {} {} ON CONFLICT DO NOTHING").format(self.table, query), parameters)

    def ids(self) -> list[int]:
        return [row[0] for row in fetch(sql.SQL("SELECT id FROM {} ORDER BY id").format(self.table))]

    def count(self) -> int:
        return int(fetch(sql.SQL("SELECT count(*) FROM {}").format(self.table))[0][0])

    def raise_versions(self, model: type[Model], new: "Touched") -> None:
        """One new version and time for every changed row that was there before."""
        execute(
            sql.SQL(
                "UPDATE {table} SET version = version + 1, updated_at = now() "
                "WHERE {pk} IN (SELECT id FROM {touched} EXCEPT SELECT id FROM {new})"
            ).format(
                table=sql.Identifier(model._meta.db_table),
                pk=sql.Identifier(pk_column(model)),
                touched=self.table,
                new=new.table,
            )
        )

    def count_without(self, others: "Touched") -> int:
        query = "SELECT count(*) FROM (SELECT id FROM {} EXCEPT SELECT id FROM {}) AS d"
        return int(fetch(sql.SQL(query).format(self.table, others.table))[0][0])

    def drop(self) -> None:
        execute(sql.SQL("DROP TABLE {}").format(self.table))

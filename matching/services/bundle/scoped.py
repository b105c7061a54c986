"""Files whose rows are called by an id that is unique within an organisation."""

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

from psycopg import sql

from matching.services.bundle.loading import Row, TableImport
from matching.services.bundle.lookups import Scoped
from matching.services.bundle.problems import CellError
from matching.services.bundle.queries import fetch
from matching.services.bundle.staging import column_of


class ScopedImport(TableImport):
    """Rows whose external id is unique within an organisation."""

    scope: ClassVar[str]  # the column that leads to the organisation
    owned_by: ClassVar[str] = "organisation"  # the model's field for it

    def owner(self, scope_id: int) -> int | None:
        """The organisation behind the scope column's id."""
        raise NotImplementedError

    def key(self, row: Row) -> Hashable | None:
        name = row.values.get("external_id")
        if name is None:
            return None
        if self.scope not in self.header:
            return self._stored_key(row, name)
        scope_id = row.values.get(self.scope)
        owner = self.owner(scope_id) if scope_id is not None else None
        return None if owner is None else (owner, self._own_name(owner, name))

    def _own_name(self, owner: int, name: str) -> str:
        """`organisation/id` in the row's own column means the id."""
        if "/" not in name:
            return name
        organisations = self.context.lookups["organisations.csv"].ids
        for place, character in enumerate(name):
            if character == "/" and organisations.get(name[:place]) == owner and name[place + 1 :]:
                return name[place + 1 :]
        return name

    def _stored_key(self, row: Row, name: str) -> Hashable | None:
        """Without the scope column a row can only mean one that is there."""
        names = self.context.lookups.scoped(self.file)
        try:
            pk = names.find(name)
        except CellError as error:
            self.bad(row, "external_id", str(error))
            return None
        if pk is None:
            return None
        owner = names.owners[pk]
        return owner, self._own_name(owner, name)

    def _naming(self) -> list[tuple[str, int]]:
        names = [name for name in ("external_id", self.scope) if name in self.header]
        return [(name, self.header.index(name)) for name in names]

    def absent_keys(self) -> bool:
        return self.scope not in self.header

    def settled(self, row: Row) -> dict[str, Any]:
        owner, name = row.values["_key"]
        return {"_owner": owner, "external_id": name}

    def _find_ids(self, rows: Sequence[Row]) -> None:
        if not self.leaf or self.absent_keys():
            super()._find_ids(rows)
            return
        found = self._ids_in_database([row.values["_key"] for row in rows]) if self.stored else {}
        for row in rows:
            row.id = found.get(row.values["_key"], 0)
            row.is_new = not row.id

    def _ids_in_database(self, keys: Sequence[Any]) -> dict[Any, int]:
        query = sql.SQL(
            "SELECT t.{owner}, t.external_id, t.id FROM unnest(%s::bigint[], %s::text[]) AS k(owner, name) "
            "JOIN {table} AS t ON t.{owner} = k.owner AND t.external_id = k.name"
        ).format(owner=sql.Identifier(column_of(self.model, self.owned_by)), table=self.staged.table)
        owners, names = [owner for owner, _name in keys], [name for _owner, name in keys]
        return {(owner, name): pk for owner, name, pk in fetch(query, [owners, names])}

    def _give_ids(self, rows: Sequence[Row]) -> None:
        if self.leaf and not self.absent_keys():
            fresh = [row for row in rows if not row.id]
            for row, pk in zip(fresh, self.context.ids(self.model, len(fresh)), strict=True):
                row.id = pk
            return
        super()._give_ids(rows)
        self.context.lookups.scoped(self.file).here.update(row.id for row in rows)

    def organisation_of(self, file: str, pk: int) -> int | None:
        names: Scoped = self.context.lookups.scoped(file)
        return names.owners.get(pk)

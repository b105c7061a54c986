"""`key__among=subquery`: the same rows as `key__in=subquery`, asked row by row.

The database answers IN by reading the whole subquery into memory first: right where many rows are asked, but tens of
milliseconds for a region's results where a page has fifty rows. A scalar subquery is never read ahead.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Field, Lookup


@Field.register_lookup
class Among(Lookup):
    """The subquery selects one column."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        key, key_params = self.process_lhs(compiler, connection)
        rows, row_params = self.process_rhs(compiler, connection)
        sql = f"(SELECT 1 FROM {rows} AS among(key) WHERE among.key = {key} LIMIT 1) = 1"  # noqa: S608
        return sql, (*row_params, *key_params)


@Field.register_lookup
class Within(Lookup):
    """`key__within=subquery`: the same rows as `key__in=subquery`, never made a join of: the database reads the keys
    once and looks each row's up. For long lists of keys of which it cannot know how long they are, as of arrays."""

    lookup_name = "within"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        key, key_params = self.process_lhs(compiler, connection)
        rows, row_params = self.process_rhs(compiler, connection)
        return f"({key} IN {rows}) IS TRUE", (*key_params, *row_params)


class Keys:
    """Keys for `one_of`, written once: what Django looks through one by one, and again for each part of a query."""

    def __init__(self, keys: Iterable[int]) -> None:
        self.text = "{" + ",".join(map(str, map(int, keys))) + "}"


@Field.register_lookup
class OneOf(Lookup):
    """`key__one_of=[…]`: as `in`, but the keys are one value of the query: thousands of them cost nothing to write.

    Also of an array that the database makes itself: it then looks each key up, where `in` may read the whole table.
    """

    lookup_name = "one_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        key, params = self.process_lhs(compiler, connection)
        if not self.rhs_is_direct_value():
            keys, more = self.process_rhs(compiler, connection)
            return f"{key} = ANY({keys})", (*params, *more)
        # As one text: the driver looks at each number of a list.
        told = self.rhs if isinstance(self.rhs, Keys) else Keys(self.rhs)
        return f"{key} = ANY(%s::bigint[])", (*params, told.text)

"""Loading a large table that is empty: its indexes and foreign keys are made afterwards, all at once.

A row at a time every foreign key costs a look-up at the end of the transaction, and every index a descent. In one go
a key is one join and an index one sort. Others wait for such a table until the import ends, which is why only a table
without rows, where nobody can miss any, is loaded like this.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from matching.services.bundle.queries import execute, fetch

BULK_FROM = 20_000

# Foreign keys of the table, and unique constraints that no foreign key of another table leans on.
_CONSTRAINTS = """
    SELECT c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
    WHERE c.conrelid = %s::regclass AND (c.contype = 'f' OR (c.contype = 'u' AND NOT EXISTS (
        SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid)))
    ORDER BY c.contype = 'f', c.conname
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
    WHERE i.indrelid = %s::regclass AND NOT i.indisprimary
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('u', 'x', 'f'))
    ORDER BY 1
"""


@contextmanager
def loading(table: sql.Identifier, stage: sql.Identifier) -> Iterator[None]:
    """Insert inside. Constraints that the rows break are told when this ends (`IntegrityError`)."""
    if not _pays(table, stage):
        yield
        return
    # What waits to be checked at the end is checked now: a table with such rows cannot be altered.
    execute(sql.SQL("SET CONSTRAINTS ALL IMMEDIATE"))
    execute(sql.SQL("SET CONSTRAINTS ALL DEFERRED"))
    name = table.as_string(None)
    constraints, indexes = fetch(sql.SQL(_CONSTRAINTS), [name]), fetch(sql.SQL(_INDEXES), [name])
    for constraint, _made in constraints:
        execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, sql.Identifier(constraint)))
    for index, _made in indexes:
        execute(sql.SQL("DROP INDEX " + index))
    yield
    for _index, made in indexes:
        execute(sql.SQL(made))
    for constraint, made in constraints:
        execute(sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} " + made).format(table, sql.Identifier(constraint)))


def _pays(table: sql.Identifier, stage: sql.Identifier) -> bool:
    many = sql.SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT %s) AS s").format(stage)
    if fetch(many, [BULK_FROM])[0][0] < BULK_FROM:
        return False
    return not fetch(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table))[0][0]

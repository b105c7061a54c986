"""Rules as queries, each made once for all viewers of a shape, and their SQL written once: both cost milliseconds, and
a page asks for many."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, Q, QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.where import WhereNode

from alliance.access.shapes import Shape, is_complete, shape_of
from alliance.viewer import Viewer

#: (a model's `Row`, viewer) → condition
Rule = Callable[[Any, Any], Q]
#: Sets of names under which a rule is kept written.
MOST_NAMES = 64
Rows = TypeVar("Rows", bound=QuerySet[Any])

#: Attributes of a query that say nothing about its rows, or that are compared otherwise.
APART = {"base_table", "alias_map", "alias_refcount", "table_map", "where"}


def narrowed(rows: Rows, rule: Rule, viewer: Viewer) -> Rows:
    """Those of the rows for which the rule holds."""
    if not _says_nothing(rows.query):
        return rows.filter(rule(rows.model.access, viewer))
    found: Rows = rows._chain()  # type: ignore[attr-defined]
    shape = shape_of(viewer)
    found.query = _filled(_query(rows.model, rule, shape.stand_in), shape)  # type: ignore[arg-type]
    return found


def reasons_of(rule: Q) -> tuple[Q, list[Q]]:
    """A rule as what holds in any case, and reasons of which one is enough."""
    if rule.negated:
        return Q(), [rule]
    parts = [part if isinstance(part, Q) else Q(part) for part in rule.children]
    if rule.connector == Q.OR:
        return Q(), [Q(rest, reason) for rest, reasons in map(reasons_of, parts) for reason in reasons]
    for place, part in enumerate(parts):
        if part.connector == Q.OR and not part.negated:
            return Q(*parts[:place], *parts[place + 1 :]), reasons_of(part)[1]
    return Q(), [rule]


def by_reason(rows: Rows, rule: Rule, viewer: Viewer) -> list[Rows]:
    """The same rows in parts that may overlap, for one reason of the rule each; made once for a shape."""
    if not _says_nothing(rows.query):
        rest, reasons = reasons_of(rule(rows.model.access, viewer))
        return [rows.filter(rest, reason) for reason in reasons]
    found: list[Rows] = []
    shape = shape_of(viewer)
    for query in _reasons(rows.model, rule, shape.stand_in):  # type: ignore[arg-type]
        found.append(rows._chain())  # type: ignore[attr-defined]
        found[-1].query = _filled(query, shape)
    return found


@lru_cache(maxsize=512)
def _reasons(model: type[Model], rule: Rule, viewer: Viewer) -> tuple[Query, ...]:
    rest, reasons = reasons_of(rule(model.access, viewer))  # type: ignore[attr-defined]
    queries = [model._base_manager.filter(rest, reason).query for reason in reasons]
    # What cannot be a reason for this viewer (no bureau's, nobody's firm) is not asked about.
    queries = [query for query in queries if _says_something(query)] or queries[:1]
    for query in queries:
        query.where = _node(Written(query.where))
    return tuple(queries)


def _says_something(query: Query) -> bool:
    try:
        query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    except EmptyResultSet:
        return False
    return True


@lru_cache(maxsize=512)
def _query(model: type[Model], rule: Rule, viewer: Viewer) -> Query:
    """A rule depends on the viewer alone and holds look-ups, never rows that it has read: those would stay."""
    query: Query = model._base_manager.filter(rule(model.access, viewer)).query  # type: ignore[attr-defined]
    query.where = _node(Written(query.where))
    return query


def _filled(query: Query, shape: Shape) -> Query:
    """A query of the shape's stand-in, whose conditions are written, as the viewer's."""
    found: Query = query.clone()
    (written,) = query.where.children
    found.where = _node(Filled(written, shape))  # type: ignore[arg-type]
    return found


def prepared(rows: Rows, build: Callable[[Any, Viewer], Any], viewer: Viewer) -> Rows:
    """`build(rows, viewer)`, made once for a shape where the rows are simply all of a model. Like a rule, it holds
    look-ups and never rows that it has read; what it says of a row beside its rule is a wrapped condition."""
    if not _says_nothing(rows.query):
        return build(rows, viewer)
    found: Rows = rows._chain()  # type: ignore[attr-defined]
    shape = shape_of(viewer)
    found.query = _filled(_prepared(rows.model, build, shape.stand_in), shape)  # type: ignore[arg-type]
    for name, said in found.query.annotations.items():
        found.query.annotations[name] = said.copy()
        found.query.annotations[name].expression = Filled(said.expression, shape)  # type: ignore[attr-defined]
    return found


@lru_cache(maxsize=512)
def _prepared(model: type[Model], build: Callable[[Any, Viewer], Any], viewer: Viewer) -> Query:
    query: Query = build(model._default_manager.all(), viewer).query
    query.where = _node(Written(query.where))
    for said in query.annotations.values():
        said.expression = Written(said.expression)  # type: ignore[attr-defined]
    return query


def _node(part: Any) -> WhereNode:
    return WhereNode([part])


class Written:
    """A part of a query's conditions whose SQL is kept; under other names for its tables it is written anew, once.

    It leads to nothing outside of itself, so that nothing of it has to be looked up again where it becomes part of
    another query.
    """

    contains_aggregate = False
    contains_over_clause = False
    is_summary = False

    def __init__(self, where: WhereNode) -> None:
        self.where = where
        self.sql: tuple[str, tuple[Any, ...]] | type[Exception] | None = None
        self.renamed: dict[frozenset[tuple[str, str]], Written] = {}

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        if self.sql is None:
            try:
                sql, params = compiler.compile(self.where)  # type: ignore[arg-type]
            except (EmptyResultSet, FullResultSet) as told:
                self.sql = type(told)
            else:
                if not is_complete(sql, params):
                    raise LookupError("a rule writes ids of a viewer where they cannot be filled in")
                self.sql = sql, tuple(params)
        if not isinstance(self.sql, tuple):
            raise self.sql
        return self.sql[0], list(self.sql[1])

    def clone(self) -> Written:
        return self

    def resolve_expression(self, *_args: Any, **_kwargs: Any) -> Written:
        """Asked of a condition that is told of each row, where its query becomes part of another one."""
        return self

    def relabeled_clone(self, names: dict[str, str]) -> Written:
        key = frozenset(names.items())
        if key not in self.renamed:
            if len(self.renamed) >= MOST_NAMES:
                self.renamed.clear()
            self.renamed[key] = Written(self.where.relabeled_clone(names))  # type: ignore[arg-type]
        return self.renamed[key]

    def replace_expressions(self, replacements: dict[Any, Any]) -> Written:
        return self

    def get_refs(self) -> set[str]:
        return set()


class Filled(Written):
    """The same for one viewer: what was written for all of a shape, with the viewer's ids."""

    def __init__(self, written: Written, shape: Shape) -> None:
        self.written, self.shape = written, shape

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        sql, params = self.written.as_sql(compiler, connection)
        return sql, self.shape.filled(params)

    def relabeled_clone(self, names: dict[str, str]) -> Filled:
        return Filled(self.written.relabeled_clone(names), self.shape)


def _says_nothing(query: Query) -> bool:
    """Nothing was asked yet but "all rows"."""
    return type(query) is Query and not query.where and _said(query) == _said(Query(query.model))


def _said(query: Query) -> dict[str, Any]:
    return {name: value for name, value in vars(query).items() if name not in APART}

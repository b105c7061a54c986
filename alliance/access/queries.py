"""Rules as queries, each made once for a viewer: making one costs milliseconds, and a page asks for many."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.sql import Query

from alliance.viewer import Viewer

#: (a model's `Row`, viewer) → condition
Rule = Callable[[Any, Any], Q]
Rows = TypeVar("Rows", bound=QuerySet[Any])

#: Attributes of a query that say nothing about its rows, or that are compared otherwise.
APART = {"base_table", "alias_map", "alias_refcount", "table_map", "where"}


def narrowed(rows: Rows, rule: Rule, viewer: Viewer) -> Rows:
    """Those of the rows for which the rule holds."""
    if not _says_nothing(rows.query):
        return rows.filter(rule(rows.model.access, viewer))
    found: Rows = rows._chain()  # type: ignore[attr-defined]
    found.query = _query(rows.model, rule, viewer).clone()  # type: ignore[arg-type]
    return found


@lru_cache(maxsize=512)
def _query(model: type[Model], rule: Rule, viewer: Viewer) -> Query:
    """A rule depends on the viewer alone and holds look-ups, never rows that it has read: those would stay."""
    return model._base_manager.filter(rule(model.access, viewer)).query  # type: ignore[attr-defined]


def _says_nothing(query: Query) -> bool:
    """Nothing was asked yet but "all rows"."""
    return type(query) is Query and not query.where and _said(query) == _said(Query(query.model))


def _said(query: Query) -> dict[str, Any]:
    return {name: value for name, value in vars(query).items() if name not in APART}

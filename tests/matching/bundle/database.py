"""Every row of every table that a bundle can write, to see that nothing (or just this) changed."""

from typing import Any

from django.apps import apps
from django.db import connection

APPS = ("alliance", "companies", "scenarios", "matching")


def everything() -> dict[str, list[Any]]:
    """Rows as text by table, sorted: timestamps, versions, ids and all."""
    tables = [model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()]
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            found[table] = sorted(row[0] for row in cursor.fetchall())
    return found


def differing(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> set[str]:
    """Tables with another content."""
    return {table for table in before if before[table] != after[table]}

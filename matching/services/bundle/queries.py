"""Statements put together from parts."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg import sql


def execute(query: sql.Composable, parameters: Sequence[Any] = ()) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.rowcount


def fetch(query: sql.Composable, parameters: Sequence[Any] = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()

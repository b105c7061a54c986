"""Servers that the user named by DATABASE_URL and REDIS_URL: do they answer, is there data."""

import hashlib
from collections.abc import Mapping
from typing import Any

from alliance.embedded.errors import EmbeddedError

OLDEST = 15


def check(environ: Mapping[str, str], *, database: bool, broker: bool) -> None:
    """Says which variable is wrong before a dozen processes do."""
    if database:
        check_database(environ["DATABASE_URL"])
    if broker:
        check_broker(environ["REDIS_URL"])


def check_database(url: str) -> None:
    with connect(url) as connection:
        version = connection.info.server_version // 10000
        if version < OLDEST:
            raise EmbeddedError(
                f"DATABASE_URL names PostgreSQL {version}; version {OLDEST} or later is needed."
            )
        encoding = connection.execute("show server_encoding").fetchone()
        if encoding is None or encoding[0] != "UTF8":
            raise EmbeddedError(f"The database of DATABASE_URL is encoded in {encoding}; UTF8 is needed.")


def connect(url: str) -> Any:
    import psycopg

    try:
        return psycopg.connect(url, connect_timeout=5, autocommit=True)
    except psycopg.Error as error:
        raise EmbeddedError(f"DATABASE_URL does not lead to a database: {str(error).strip()}") from error


def check_broker(url: str) -> None:
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise EmbeddedError(f"REDIS_URL does not lead to a Redis or Valkey: {error}") from error


def has_data(url: str) -> bool:
    """Whether somebody has used this database before (call after migrating)."""
    with connect(url) as connection:
        row = connection.execute("select exists (select from alliance_city)").fetchone()
        return bool(row[0])


def fingerprint(url: str) -> str:
    """Tells databases apart in a file without writing their passwords there."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]

"""Every write by any way in leaves a change row with who, by which token, in which request, and what changed.

The permission matrix knows every route that writes, with a body that is accepted; PostgreSQL knows which tables a
request wrote to. Whatever is not bookkeeping has its change row in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from alliance.changes import record
from alliance.models import ApiToken, Change
from tests.api.test_writes import body
from tests.cast import World
from tests.matrix.roles import ROLES, TOKENS, client
from tests.matrix.routes import address
from tests.matrix.row import Row
from tests.matrix.rows import ROWS

#: tables whose rows are no facts about anybody's work
BOOKKEEPING: dict[str, str] = {
    "alliance_change": "the audit itself",
    "django_session": "who is signed in where",
    "alliance_user": "the alliance that one's own screen shows",
    "alliance_listsetting": "the columns and the first filter of one's own lists",
    "alliance_apitoken": "when a token was last used; routes of tokens are looked at all the same",
}
#: routes that write and take it back again, to show what would come of it
SHOWN_ONLY = {"api:match-preview"}
TOUCHED = """
    SELECT relname, n_tup_ins + n_tup_upd + n_tup_del
    FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
"""
#: bookkeeping elsewhere, the matter itself here
LOOKED_AT = {
    **{key: {"alliance_apitoken"} for key in ("api:token-list", "api:token-detail", "api:token-rotate")},
    **{
        key: {"alliance_apitoken"}
        for key in ("tokens", "token-revoke", "token-rotate", "organisation-tokens")
    },
    **{key: {"alliance_user"} for key in ("account", "erase", "two-steps", "member-edit")},
}


def touched() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED)
        return {str(name): int(number) for name, number in cursor.fetchall()}


#: where the matrix sends what changes nothing, or nothing at all
BODIES: dict[tuple[str, str], Callable[[World], dict[str, Any]]] = {
    ("PUT", "api:facility-detail"): lambda world: body(world, "facilities"),
    ("PUT", "api:capability-detail"): lambda world: body(world, "capabilities"),
    ("PUT", "api:site-detail"): lambda world: body(world, "sites"),
    ("PUT", "api:organisation-detail"): lambda world: {"name_zh": "企业", "city": "990200"},
    ("PATCH", "api:facility-detail"): lambda world: {"name": "Another name"},
    ("PATCH", "api:capability-detail"): lambda world: {"title": "Another title"},
    ("PATCH", "api:site-detail"): lambda world: {"name": "Another name"},
    ("PATCH", "api:demand-detail"): lambda world: {"title": "Another title"},
    ("PATCH", "api:organisation-detail"): lambda world: {"contact": {"phone": "028 9"}},
    ("POST", "api:facility-bulk"): lambda world: {"rows": [body(world, "facilities")]},
    ("POST", "api:capability-bulk"): lambda world: {"rows": [body(world, "capabilities")]},
    ("POST", "api:site-bulk"): lambda world: {"rows": [body(world, "sites")]},
    ("POST", "api:demand-bulk"): lambda world: {"rows": [body(world, "demands")]},
}


def writer(row: Row) -> str:
    """A role that this row lets in: a program for endpoints where one may."""
    order = ("write_token", "service_token", "foreign_token", *ROLES) if row.api else {*ROLES} - TOKENS
    let_in = [role for role in sorted(order) if role in row.ok and row.expected(role) == row.yes]
    given = (row.method, row.route) in BODIES
    return next((role for role in (*let_in, *row.other) if given or row.expected(role) < 400), "")


def accepted(row: Row) -> bool:
    return row.method != "GET" and (row.yes < 400 or (row.method, row.route) in BODIES) and bool(writer(row))


WRITES = [row for row in ROWS if accepted(row)]
#: what the cast's rows are in no state for, and an upload, which is a form: their own tests have other ones
ELSEWHERE = {
    ("api:import-list", "POST"),
    ("api:match-run-cancel", "POST"),
    ("api:match-run-retry", "POST"),
    ("api:facility-detail", "DELETE"),
    ("api:demand-detail", "PUT"),
}


def test_most_writes_are_walked() -> None:
    assert len(WRITES) > 80
    assert {(row.route, row.method) for row in ROWS if row.api and row.method != "GET"} <= {
        (row.route, row.method) for row in WRITES
    } | ELSEWHERE


@pytest.mark.parametrize("row", WRITES, ids=lambda row: f"{row.method} {row.route} {row.target}".strip())
def test_a_write_leaves_its_row(shared_world: World, row: Row) -> None:
    role = writer(row)
    asker, url = client(shared_world, role), address(shared_world, row)
    last = Change.objects.order_by("-id").values_list("id", flat=True).first() or 0
    with transaction.atomic():
        before = touched()
        made = BODIES.get((row.method, row.route), row.body)
        data = made(shared_world) if made else {}
        if row.api:
            headers = {"if-match": "*"} if row.target else {}
            answer: Any = getattr(asker, row.method.lower())(
                url, data, content_type="application/json", headers=headers
            )
        else:
            answer = asker.post(url, data)
        after = touched()
        rows = [*Change.objects.filter(id__gt=last)]
        transaction.set_rollback(True)
    if (row.method, row.route) in BODIES:
        assert answer.status_code < 300, answer.content
    else:
        assert answer.status_code == row.expected(role)
    told = {name for name in BOOKKEEPING if name not in LOOKED_AT.get(row.route, ())}
    written = {name for name, number in after.items() if number != before.get(name, 0)} - told
    if written and row.route not in SHOWN_ONLY:
        assert rows, f"{sorted(written)} were written without a change row"
    for each in rows:
        _says_who(shared_world, role, each)


def _says_who(world: World, role: str, row: Change) -> None:
    who = ROLES[role]
    assert row.request_id
    assert row.verb
    assert row.kind
    if who.startswith("token:"):
        token = ApiToken.objects.get(token_key=world.tokens[who.removeprefix("token:")][:15])
        assert row.token == str(token.public_id)
        assert row.actor_id == token.user_id
    elif who:
        assert row.actor_id == world.people[who].pk
        assert not row.token


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alliance_change SET verb = 'nothing'",
        "UPDATE alliance_change SET actor_id = NULL WHERE id = (SELECT max(id) FROM alliance_change)",
        "DELETE FROM alliance_change",
        "DELETE FROM alliance_change WHERE false OR id = (SELECT max(id) FROM alliance_change)",
        "TRUNCATE alliance_change",
        "TRUNCATE alliance_change CASCADE",
    ],
)
def test_the_database_refuses_to_change_it(shared_world: World, statement: str) -> None:
    with connection.cursor() as cursor:  # TRUNCATE waits for checks that are still to come
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    record("changed", "city", "990100", before={"name_en": "A"}, after={"name_en": "B"})
    before = [*Change.objects.order_by("id").values()]
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert [*Change.objects.order_by("id").values()] == before
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")

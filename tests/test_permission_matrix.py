"""Every address × every role: the answer is the one of tests/matrix/rows.py; what is foreign looks missing."""

import re
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse

from tests.cast import World
from tests.matrix.roles import ROLES, client
from tests.matrix.routes import address, methods, routes
from tests.matrix.row import Row
from tests.matrix.rows import ROWS

# What may differ between two answers that say the same: ids of requests, tokens against forgery.
NOISE = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|value=\"[A-Za-z0-9]{64}\"|nonce=\"[^\"]+\""
)
CATCH_ALL = "^api/"
# Django's own form views take PUT for an empty POST: the form is shown again with its errors.
SAME_AS_POST = {
    *((name, "PUT") for name in ("login", "password_change", "password_reset", "password_reset_confirm")),
    # A broken link says so before it looks at the method.
    *(("password_reset_confirm", method) for method in ("PATCH", "DELETE")),
}


def ask(world: World, role: str, row: Row, *, missing: bool = False) -> HttpResponse:
    """One request, undone afterwards."""
    asker, url = client(world, role), address(world, row, missing)
    with transaction.atomic():
        if row.method == "GET":
            answer: Any = asker.get(url)
        elif row.api:
            body = row.body(world) if row.body else {}
            whatever = {"if-match": "*"} if row.target else {}
            answer = asker.generic(
                row.method, url, _json(body), content_type="application/json", headers=whatever
            )
        else:
            answer = asker.post(url, row.body(world) if row.body else {})
        if answer.streaming:
            assert b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    return answer


def _json(body: dict[str, Any]) -> str:
    import json

    return json.dumps(body)


def test_every_route_has_a_row() -> None:
    have = {row.route for row in ROWS}
    missing = {name for name, _view in routes() if name not in have and name != CATCH_ALL}
    assert not missing, f"routes without a row in tests/matrix/rows.py: {sorted(missing)}"


def test_every_method_of_the_api_has_a_row() -> None:
    have = {(row.route, row.method) for row in ROWS}
    offered = {(name, method) for name, view in routes() for method in methods(view)}
    assert not offered - have
    assert (
        not {row for row in have if row[0].startswith("api:")}
        - offered
        - {
            ("api:schema", "GET"),
            ("api:docs", "GET"),
        }
    )


def test_every_operation_of_the_schema_is_in_the_matrix() -> None:
    from drf_spectacular.generators import SchemaGenerator

    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    operations = {
        (path, method.upper()) for path, item in paths.items() for method in item if method != "parameters"
    }
    counted = Counter(name for name, view in routes() if name.startswith("api:") for _method in methods(view))
    assert len(operations) == sum(counted.values())


def test_rows_name_real_routes() -> None:
    assert {row.route for row in ROWS} <= {name for name, _view in routes()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.route} {row.target}".strip())
def test_matrix(shared_world: World, row: Row, record_property: Any) -> None:
    """Every role's status; and what is foreign has the status, body and headers of a row that does not exist."""
    wrong: dict[str, object] = {}
    for role in ROLES:
        answer, wanted = ask(shared_world, role, row), row.expected(role)
        if answer.status_code != wanted:
            wrong[role] = (answer.status_code, wanted)
        elif wanted == 404 and row.target:
            missing = ask(shared_world, role, row, missing=True)
            if _told(answer) != _told(missing):
                wrong[role] = (_told(answer), _told(missing))
    record_property("cells of the permission matrix", len(ROLES))
    assert wrong == {}


def _told(answer: HttpResponse) -> tuple[int, bytes, set[str]]:
    body = NOISE.sub(b"", answer.content).replace(b"990100", b"").replace(b"nothing", b"")
    return answer.status_code, body, set(answer.headers)


@pytest.mark.parametrize("role", ["anonymous", "owner", "platform"])
def test_pages_answer_no_method_that_is_not_in_the_table(shared_world: World, role: str) -> None:
    """A method that nobody wrote a row for is refused, never run."""
    have = {(row.route, row.method) for row in ROWS}
    for row in {row.route: row for row in ROWS if not row.api}.values():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if (row.route, method) in have | SAME_AS_POST:
                continue
            with transaction.atomic():
                answer = client(shared_world, role).generic(method, address(shared_world, row))
                transaction.set_rollback(True)
            assert answer.status_code in (302, 405), (row.route, method, answer.status_code)


def test_unknown_api_addresses_are_problems_for_everybody(shared_world: World) -> None:
    for role in ROLES:
        answer = client(shared_world, role).get("/api/v1/nothing/")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_only_the_platform_admin_enters_admin(shared_world: World) -> None:
    from django.contrib import admin
    from django.urls import reverse

    names = ["index", *(f"{m._meta.app_label}_{m._meta.model_name}_changelist" for m in admin.site._registry)]
    for role in ROLES:
        for name in names:
            status = client(shared_world, role).get(reverse(f"admin:{name}")).status_code
            assert status == (200 if role == "platform" else 302), (role, name)

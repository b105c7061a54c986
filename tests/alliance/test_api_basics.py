"""What all endpoints share: tokens and scopes, problem details, pages, strict bodies, rates, health."""

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from alliance.models import ApiToken, Change, City
from alliance.rest.database import answer_of
from alliance.services.tokens import issue_token, revoke_token
from tests.cast import World
from tests.factories import make_city, make_token
from tests.judge import Judge

JSON = "application/json"
PROBLEM = "application/problem+json"
ASKED = {"name": "ERP", "scopes": ["read"], "days": 30}


# --- tokens ---------------------------------------------------------------------------------------
def test_a_token_is_shown_once_and_kept_as_a_digest(world: World, signed_in: Any) -> None:
    browser = signed_in("lab_owner")
    answer = browser.post("/api/v1/tokens/", ASKED, content_type=JSON)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    text = answer.json()["token"]
    row = ApiToken.objects.get(public_id=answer.json()["id"])
    assert text not in (row.digest, row.token_key, str(row.public_id))
    for place in ("/api/v1/tokens/", f"/api/v1/tokens/{row.public_id}/"):
        assert text[:15] not in browser.get(place).content.decode()
    assert Client(headers={"authorization": f"Bearer {text}"}).get("/api/v1/demands/").status_code == 200
    assert Change.objects.filter(kind="token", verb="issue", object_id=str(row.public_id)).count() == 1
    assert text not in str(list(Change.objects.values_list("after", flat=True)))


def test_a_revoked_token_ends_at_once(world: World, signed_in: Any) -> None:
    token, text = issue_token(world.person("lab_owner"), **ASKED)
    program = Client(headers={"authorization": f"Bearer {text}"})
    assert program.get("/api/v1/cities/").status_code == 200
    assert signed_in("lab_owner").delete(f"/api/v1/tokens/{token.public_id}/").status_code == 204
    assert program.get("/api/v1/cities/").status_code == 401
    assert Change.objects.filter(kind="token", verb="revoke").count() == 1


def test_an_expired_token_is_refused_and_stays_in_the_list(world: World, signed_in: Any) -> None:
    text = make_token(world.people["lab_owner"], "read", expiry=timezone.now() - timedelta(seconds=1))
    answer = Client(headers={"authorization": f"Bearer {text}"}).get("/api/v1/cities/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    (row,) = signed_in("lab_owner").get("/api/v1/tokens/").json()["results"]
    assert row["expired"] is True


def test_the_last_use_is_visible(world: World, signed_in: Any) -> None:
    _token, text = issue_token(world.person("lab_owner"), **ASKED)
    browser = signed_in("lab_owner")
    assert browser.get("/api/v1/tokens/").json()["results"][0]["last_used"] is None
    Client(headers={"authorization": f"Bearer {text}"}).get("/api/v1/cities/")
    assert browser.get("/api/v1/tokens/").json()["results"][0]["last_used"] is not None


@pytest.mark.parametrize(
    ("scopes", "code"), [(("read",), "needs_write"), (("write",), None), ((), "needs_read")]
)
def test_scopes_narrow_what_a_token_may(world: World, scopes: tuple[str, ...], code: str | None) -> None:
    text = make_token(world.people["alliance_admin"], *scopes)
    program = Client(headers={"authorization": f"Bearer {text}"})
    posted = program.post("/api/v1/match-runs/", {"alliance": "north"}, content_type=JSON)
    assert posted.status_code == (202 if "write" in scopes else 403)
    read = program.get("/api/v1/cities/")
    assert read.status_code == (200 if "read" in scopes else 403)
    if code:
        assert code in (posted.json().get("code"), read.json().get("code"))


def test_a_token_of_a_suspended_firm_opens_nothing(world: World) -> None:
    firm = world.organisations["supplier"]
    text = make_token(world.people["supplier_owner"], "read")
    firm.suspended = True
    firm.save()
    answer = Client(headers={"authorization": f"Bearer {text}"}).get("/api/v1/demands/")
    assert answer.status_code == 403
    assert answer.json()["code"] == "no_organisation"


def test_changes_made_with_a_token_name_it(world: World, with_token: Any) -> None:
    answer = with_token("alliance_admin:write").post(
        "/api/v1/match-runs/", {"alliance": "north"}, content_type=JSON
    )
    assert answer.status_code == 202
    change = Change.objects.filter(kind="run").latest("id")
    token = ApiToken.objects.get(token_key=world.tokens["alliance_admin:write"][:15])
    assert change.actor_id == world.people["alliance_admin"].pk
    assert change.token == str(token.public_id)
    assert change.request_id == answer.headers["X-Request-ID"]


def test_at_most_fifty_tokens(world: World) -> None:
    from alliance.errors import DomainError

    person = world.person("lab_owner")
    for _number in range(50):
        make_token(person, "read")
    with pytest.raises(DomainError):
        issue_token(person, **ASKED)


def test_nobody_revokes_a_foreign_token(world: World) -> None:
    from alliance.errors import NotFoundError

    token = ApiToken.objects.get(token_key=world.tokens["lab_editor:read"][:15])
    with pytest.raises(NotFoundError):
        revoke_token(world.person("alliance_admin"), token.public_id)
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_a_session_needs_the_forgery_token(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["lab_owner"], backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post("/api/v1/tokens/", ASKED, content_type=JSON)
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == PROBLEM


# --- runs -----------------------------------------------------------------------------------------
def test_asking_for_a_run_says_where_to_follow_it(world: World, signed_in: Any) -> None:
    browser = signed_in("alliance_admin")
    answer = browser.post("/api/v1/match-runs/", {"alliance": "north"}, content_type=JSON)
    assert answer.status_code == 202
    followed = browser.get(answer.headers["Location"]).json()
    assert followed["id"] == answer.json()["id"]
    assert followed["state"] == "queued"
    assert followed["progress"] == {
        "chunks_total": 0,
        "chunks_done": 0,
        "demands_total": 0,
        "demands_done": 0,
    }
    cancelled = browser.post(f"{answer.headers['Location']}cancel/", {}, content_type=JSON)
    assert cancelled.json()["state"] == "cancelled"
    assert browser.post(f"{answer.headers['Location']}cancel/", {}, content_type=JSON).status_code == 409
    assert browser.post(f"{answer.headers['Location']}retry/", {}, content_type=JSON).status_code == 202


def test_a_lab_whose_run_is_covered_by_a_larger_one_is_not_sent_to_a_missing_page(
    world: World, signed_in: Any
) -> None:
    signed_in("alliance_admin").post("/api/v1/match-runs/", {"alliance": "north"}, content_type=JSON)
    lab = signed_in("lab_owner")
    body = {"demand": str(world.demands["open"].public_id)}
    answer = lab.post("/api/v1/match-runs/", body, content_type=JSON)
    assert answer.status_code == 202
    assert answer.json()["id"] is None
    assert lab.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "alliance"),
        ({"alliance": "north", "demand": "00000000-0000-0000-0000-000000000000"}, "alliance"),
        ({"alliance": "nothing"}, "alliance"),
        ({"demand": "00000000-0000-0000-0000-000000000000"}, "demand"),
        ({"alliance": "north", "as_of": "tomorrow"}, "as_of"),
        ({"alliance": "north", "state": "finished"}, "state"),
    ],
)
def test_a_bad_request_for_a_run_names_the_field(world: World, signed_in: Any, body: Any, field: str) -> None:
    answer = signed_in("alliance_admin").post("/api/v1/match-runs/", body, content_type=JSON)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


# --- problems -------------------------------------------------------------------------------------
def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == answer.headers["X-Request-ID"] != ""
    assert set(body) <= {"type", "title", "status", "code", "detail", "request_id", "errors"}
    return body


def test_every_refusal_is_a_problem(world: World, signed_in: Any, settings: Any) -> None:
    browser = signed_in("lab_owner")
    problem(Client().get("/api/v1/cities/"), 401, "not_authenticated")
    problem(signed_in("nobody").get("/api/v1/cities/"), 403, "no_organisation")
    problem(browser.get("/api/v1/cities/000000/"), 404, "not_found")
    problem(browser.get("/api/v1/nothing/"), 404, "not_found")
    problem(browser.get("/api/nothing"), 404, "not_found")
    problem(browser.put("/api/v1/cities/"), 405, "method_not_allowed")
    problem(browser.get("/api/v1/cities/", headers={"accept": "text/html"}), 406, "not_acceptable")
    problem(browser.post("/api/v1/tokens/", "<x/>", content_type="text/xml"), 415, "unsupported_media_type")
    problem(browser.post("/api/v1/tokens/", b"[" * 9999, content_type=JSON), 400, "parse_error")
    big = b'"' + b"a" * (6 * 1024 * 1024) + b'"'
    problem(browser.post("/api/v1/tokens/", big, content_type=JSON), 413, "too_large")
    body = problem(browser.get("/api/v1/cities/?limit=x&role=boss"), 400, "invalid")
    assert {error["field"] for error in body["errors"]} == {"limit"}


def test_errors_speak_the_askers_language(world: World, signed_in: Any) -> None:
    browser = signed_in("lab_owner")
    english = browser.get("/api/v1/cities/?role=boss", headers={"accept-language": "en"}).json()
    assert "valid choice" in english["errors"][0]["message"]
    chinese = browser.get("/api/v1/cities/?role=boss", headers={"accept-language": "zh-hans"}).json()
    assert english["errors"][0]["message"] != chinese["errors"][0]["message"]


def test_a_crash_is_a_problem_without_inner_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from alliance.api import CityViewSet

    def crash(self: Any, request: Any) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(CityViewSet, "list", crash)
    browser = Client(raise_request_exception=False)
    browser.force_login(world.people["lab_owner"], backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.get("/api/v1/cities/")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == PROBLEM
    assert "secret words" not in answer.content.decode()


STATES = [("23505", 409), ("23503", 409), ("23P01", 409), ("40001", 409), ("40P01", 409), ("55P03", 409)]
STATES += [
    ("23502", 400),
    ("23514", 400),
    ("22003", 400),
    ("22P02", 400),
    ("57014", 503),
    ("57P01", 503),
    ("53300", 503),
]


@pytest.mark.parametrize(("state", "status"), STATES)
def test_the_databases_refusals_have_one_table(state: str, status: int) -> None:
    error = OperationalError() if status == 503 else IntegrityError()
    error.__cause__ = type("Cause", (Exception,), {"sqlstate": state})()
    answer = answer_of(error)
    assert answer is not None
    assert answer.status == status


def test_a_defect_of_ours_stays_a_crash() -> None:
    error = DatabaseError()
    error.__cause__ = type("Cause", (Exception,), {"sqlstate": "42703"})()
    assert answer_of(error) is None


# --- pages ----------------------------------------------------------------------------------------
def test_pages_by_cursor_have_every_row_once_both_ways(world: World, signed_in: Any) -> None:
    for number in range(7):
        make_city(f"98{number:04d}", f"City {number}", "市")
    browser = signed_in("lab_owner")
    forward, place = [], "/api/v1/cities/?limit=3"
    pages = []
    while place:
        page = browser.get(place).json()
        pages.append(page)
        forward += [row["code"] for row in page["results"]]
        place = page["next"]
    assert forward == sorted(City.objects.values_list("code", flat=True))
    assert pages[0]["previous"] is None
    back = browser.get(pages[-1]["previous"]).json()
    assert [row["code"] for row in back["results"]] == [row["code"] for row in pages[-2]["results"]]


def test_a_cursor_of_another_order_or_list_is_a_404(world: World, signed_in: Any) -> None:
    browser = signed_in("lab_owner")
    place = browser.get("/api/v1/capabilities/?limit=1").json()["next"]
    cursor = place.rsplit("cursor=", 1)[1]
    assert browser.get(f"/api/v1/capabilities/?limit=1&cursor={cursor}").status_code == 200
    assert browser.get(f"/api/v1/capabilities/?limit=1&sort=title&cursor={cursor}").status_code == 404
    assert browser.get(f"/api/v1/cities/?cursor={cursor}").status_code == 404
    assert browser.get(f"/api/v1/capabilities/?cursor={cursor[:-2]}").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "organisations",
        "capabilities",
        "demands",
        "matches",
        "pipelines",
        "verdicts",
        "sites",
        "introductions",
    ],
)
def test_a_list_costs_the_same_queries_for_one_row_and_for_many(
    world: World, signed_in: Any, name: str, django_assert_max_num_queries: Any
) -> None:
    browser = signed_in("supplier_owner" if name == "verdicts" else "alliance_admin")
    counts = []
    for limit in (1, 200):
        with django_assert_max_num_queries(40) as found:
            assert browser.get(f"/api/v1/{name}/?limit={limit}").status_code == 200
        counts.append(len(found))
    # The one more is the cursor's public id when there is a next page.
    assert counts[1] <= counts[0] <= counts[1] + 3


def test_lists_never_count(world: World, signed_in: Any, django_assert_max_num_queries: Any) -> None:
    browser = signed_in("alliance_admin")
    for name in ("organisations", "capabilities", "demands", "matches"):
        with django_assert_max_num_queries(40) as found:
            browser.get(f"/api/v1/{name}/")
        assert not any(
            "COUNT(" in query["sql"] or "OFFSET" in query["sql"] for query in found.captured_queries
        )


# --- rates ----------------------------------------------------------------------------------------
def test_each_token_has_a_rate_of_its_own(world: World, with_token: Any, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"token": 3, "person": 3, "anonymous": 2}
    program, other = with_token("lab_editor:read"), with_token("lab_editor:write")
    with time_machine.travel("2026-11-21T08:00:10Z", tick=False):
        answers = [program.get("/api/v1/cities/") for _number in range(4)]
    assert answers[0].status_code == 200
    body = problem(answers[-1], 429, "throttled")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert body["detail"]
    assert other.get("/api/v1/cities/").status_code == 200


def test_a_forged_forwarded_address_does_not_help(world: World, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"token": 3, "person": 3, "anonymous": 2}
    with time_machine.travel("2026-11-21T08:00:10Z", tick=False):
        answers = [
            Client().get("/api/v1/schema/", headers={"x-forwarded-for": f"10.0.0.{number}"}).status_code
            for number in range(4)
        ]
    assert answers[-1] == 429


# --- schema and documentation ---------------------------------------------------------------------
def test_answers_fit_their_schema(world: World, signed_in: Any) -> None:
    """Every list and detail of the demand's side and of a supplier against the OpenAPI document."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    document = json.loads(json.dumps(document, default=str))
    judge = Judge(document)
    checked = 0
    for who in ("alliance_admin", "supplier_owner", "lab_owner"):
        browser = signed_in(who)
        for path, item in document["paths"].items():
            if "{" in path or "get" not in item:
                continue
            body = browser.get(path).json()
            _check(judge, item["get"], body)
            detail = document["paths"].get(f"{path}{{id}}/") or document["paths"].get(f"{path}{{code}}/")
            for row in body["results"][:5]:
                place = f"{path}{row.get('id', row.get('code'))}/"
                _check(judge, detail["get"], browser.get(place).json())
                checked += 1
    assert checked > 60


def _check(judge: Judge, operation: dict[str, Any], body: Any) -> None:
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert [*judge.validator(schema).iter_errors(body)] == []


def test_the_schema_is_complete_and_without_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    from drf_spectacular.validation import validate_schema

    document = SchemaGenerator().get_schema(request=None, public=True)
    assert document["openapi"].startswith("3.1")
    validate_schema(document)
    assert "arning" not in capsys.readouterr().err
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert {"400", "401", "403", "404", "429"} <= set(operation["responses"]), (path, method)


def test_the_document_is_made_once_for_each_language(monkeypatch: pytest.MonkeyPatch) -> None:
    place, known = "/api/v1/schema/", dict(settings.LANGUAGES)
    told = {each: Client().get(place, {"lang": each}) for each in known}
    assert len({answer.content for answer in told.values()}) == len(known) == 2
    assert [answer.headers["Content-Type"] for answer in told.values()] == ["application/json"] * 2

    def again(*args: Any, **more: Any) -> None:
        raise AssertionError("the document is made again")

    monkeypatch.setattr(SchemaGenerator, "get_schema", again)
    for asked in ({"lang": "en"}, {"lang": "xx", "version": "7"}, {"lang": "../en"}, {"lang": "x" * 5000}):
        answer = Client().get(place, asked, headers={"accept-language": "en"})
        assert (answer.status_code, answer.content) == (200, told["en"].content)
    chinese = Client().get(place, headers={"accept-language": "zh-CN"})
    assert chinese.content == told["zh-hans"].content
    assert "Accept-Language" in chinese.headers["Vary"]


@pytest.mark.django_db
def test_documentation_needs_no_outside_host_and_no_inline_script() -> None:
    import re

    answer = Client().get("/api/v1/docs/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", page)
    script = Client().get("/api/v1/docs/?script=")
    assert script.headers["Content-Type"].startswith("application/javascript")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


# --- watchers -------------------------------------------------------------------------------------
def test_alive_asks_no_database() -> None:
    """This test has no database: a query would fail it."""
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_reports_each_part() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok"},
    }


@pytest.mark.django_db
def test_a_lost_broker_degrades_and_does_not_stop(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(redis.RedisError):
        redis.Redis.from_url(settings.REDIS_URL).ping()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


@pytest.mark.django_db
def test_a_missing_migration_is_not_ready() -> None:
    with connection.cursor() as cursor:
        newest = "SELECT max(name) FROM django_migrations WHERE app = 'matching'"
        cursor.execute(f"DELETE FROM django_migrations WHERE app = 'matching' AND name = ({newest})")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "pending"


@pytest.mark.django_db
def test_asking_whether_it_is_ready_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watchers ask every few seconds: the migrations of the program are read from its files once."""
    first = Client().get("/readyz")

    def again(*args: Any, **more: Any) -> None:
        raise AssertionError("the migrations are read again")

    monkeypatch.setattr(MigrationLoader, "build_graph", again)
    with CaptureQueriesContext(connection) as asked:
        assert Client().get("/readyz").json() == first.json()
    assert len(asked) <= 3


@pytest.mark.django_db
def test_a_dead_database_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **more: Any) -> None:
        raise OperationalError("no")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")

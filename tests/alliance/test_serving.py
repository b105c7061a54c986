"""Limits of the web service that workers and commands do not have, and what browsers may keep of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import OperationalError, connections
from django.test import Client

from alliance.rest.database import answer_of
from alliance.serving import limit_statements
from tests.cast import World

ROOT = Path(__file__).resolve().parents[2]
SAYS = """
import sys
if sys.argv[1] == "web":
    import alliance.wsgi
else:
    import django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW " + sys.argv[2])
    print(cursor.fetchone()[0])
"""


def limit(of: str, name: str = "statement_timeout", **environ: str) -> str:
    said = subprocess.run(
        [sys.executable, "-c", SAYS, of, name],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "alliance.settings"} | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.strip()


def test_statements_of_the_web_service_have_a_limit_and_others_none() -> None:
    assert limit("web") == "30s"
    assert limit("web", WEB_STATEMENT_SECONDS="7") == "7s"
    assert limit("web", WEB_STATEMENT_SECONDS="0") == "0"
    assert limit("command") == "0"


def test_a_statement_of_the_web_service_takes_one_processor() -> None:
    assert limit("web", "max_parallel_workers_per_gather") == "0"
    assert limit("command", "max_parallel_workers_per_gather") != "0"


@pytest.mark.django_db
def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    options = dict(connections.settings["default"]["OPTIONS"])
    monkeypatch.setitem(connections.settings["default"], "OPTIONS", options)
    monkeypatch.setattr(site, "WEB_STATEMENT_SECONDS", 1)
    limit_statements()
    web = connections.create_connection("default")
    try:
        with pytest.raises(OperationalError) as told, web.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
    finally:
        web.close()
    answer = answer_of(told.value)
    assert answer is not None
    assert (answer.status, answer.code) == (503, "unavailable")


# --- what browsers keep ------------------------------------------------------------------------------------------
def test_nobody_keeps_pages_of_who_is_signed_in(world: World, signed_in: Callable[[str], Client]) -> None:
    """Else Back shows them to the next person at the computer, who has not signed in."""
    lab = signed_in("lab_owner")
    demand = world.demands["open"].public_id
    for place in ("/", "/demands/", f"/demands/{demand}/", "/account/", "/firms/", "/no such page/"):
        answer = lab.get(place)
        assert answer.headers["Content-Type"].startswith("text/html"), place
        assert answer.headers["Cache-Control"] == "private, no-store", place
    refused = lab.post("/account/erase/")
    assert refused.status_code == 302
    assert lab.post("/account/", {"email": "nonsense"}).headers["Cache-Control"] == "private, no-store"


def test_what_may_be_kept_stays_so(world: World, signed_in: Callable[[str], Client]) -> None:
    lab = signed_in("lab_owner")
    assert "Cache-Control" not in Client().get("/accounts/reset/").headers
    style = lab.head("/static/alliance/app.css")
    assert style.headers["Cache-Control"].startswith("max-age=")
    place = f"/api/v1/demands/{world.demands['open'].public_id}/"
    answer = lab.get(place)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "Cache-Control" not in answer.headers
    assert answer.headers["ETag"]

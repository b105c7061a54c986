"""Headers that a proxy would write, forged by who calls: no address of theirs counts, and no link leads to them."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as site_settings
from django.test import Client

from alliance.models import Mail
from tests.cast import World
from tests.factories import make_token
from tests.live.site import LiveSite

EVIL = "evil.example.org"
#: what a proxy might say of where it was asked, as a liar would say it
LIES = {
    "x-forwarded-host": EVIL,
    "forwarded": f"for=10.0.0.1;host={EVIL};proto=https",
    "x-forwarded-server": EVIL,
    "x-original-host": EVIL,
    "x-host": EVIL,
    "x-forwarded-port": "444",
    "x-forwarded-prefix": "/evil",
    "x-forwarded-proto": "https",
    "x-original-url": "/healthz",
    "x-rewrite-url": "/healthz",
}
PLACE = "/api/v1/capabilities/"


def test_no_link_of_an_answer_leads_where_a_header_says(world: World, with_token: Any) -> None:
    erp = with_token("supplier_editor:write")
    first = erp.get(f"{PLACE}?limit=1", headers=LIES)
    assert first.json()["next"].startswith("http://testserver/api/v1/capabilities/?")
    made = erp.post(
        "/api/v1/facilities/",
        {"name": "Plant 2", "city": "990200"},
        content_type="application/json",
        headers=LIES,
    )
    assert made.headers["Location"].startswith("http://testserver/api/v1/facilities/")
    assert EVIL not in made.content.decode() + str(made.headers)


@pytest.mark.parametrize(
    "host", [EVIL, f"testserver@{EVIL}", f"testserver.{EVIL}", f"{EVIL}#testserver", "a b"]
)
def test_a_host_that_is_not_ours_is_refused(world: World, with_token: Any, host: str) -> None:
    answer = with_token("supplier_editor:read").get(f"{PLACE}?limit=1", headers={"host": host})
    assert answer.status_code == 400
    assert EVIL not in answer.content.decode()


def test_a_mail_leads_to_the_site_whatever_was_asked(world: World, settings: Any) -> None:
    """Also under another of the site's own names: a link from inside must not go out into the world."""
    settings.SITE_URL = "https://robots.example.cn"
    person = world.people["lab_owner"]
    person.email = "lab@example.org"
    person.save()
    lies = LIES | {"host": "localhost"}
    assert Client().post("/accounts/reset/", {"email": person.email}, headers=lies).status_code == 302
    text = Mail.objects.get(to=person.email).body
    links = [word for word in text.split() if "://" in word]
    assert links
    assert all(link.startswith("https://robots.example.cn/accounts/reset/") for link in links), links


#: what callers write into a header that counts for a proxy's word, at each of many requests
NAMES = ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "x-client-ip", "client-ip", "via"]


@time_machine.travel("2026-11-21T08:00:10Z", tick=False)
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_no_header_gets_anybody_more_requests(
    world: World, with_token: Any, settings: Any, proxies: int
) -> None:
    """A token is counted as itself; who has none by the address that the nearest proxy of ours wrote last."""
    settings.API_REQUESTS_PER_MINUTE = {"token": 3, "person": 3, "anonymous": 3}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    ours = {0: "", 1: ", 9.9.9.9", 2: ", 9.9.9.9, 10.0.0.1"}[proxies]
    program, nobody = with_token("lab_editor:read"), Client()
    for asker, refused in ((program, 429), (nobody, 429)):
        answers = []
        for number in range(6):
            lies = dict.fromkeys(NAMES, f"{number}.7.7.7")
            lies["x-forwarded-for"] = f"1.1.1.{number}, 2.2.{number}.2{ours}"
            answers.append(asker.get("/api/v1/cities/", headers=lies).status_code)
        assert answers[3:] == [refused] * 3, (proxies, answers)


@time_machine.travel("2026-11-21T08:00:10Z", tick=False)
def test_wrong_tokens_are_counted_too(world: World, settings: Any) -> None:
    """Guessing costs the guesser the same as asking: it used to be free."""
    settings.API_REQUESTS_PER_MINUTE = {"token": 3, "person": 3, "anonymous": 3}
    guesses = [
        Client().get("/api/v1/cities/", headers={"authorization": f"Bearer {number:064x}"})
        for number in range(5)
    ]
    assert [answer.status_code for answer in guesses] == [401, 401, 401, 429, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in guesses] == ["2", "1", "0", "0", "0"]
    assert "Retry-After" in guesses[-1].headers


@time_machine.travel("2026-11-21T08:00:10Z", tick=False)
def test_what_a_token_may_not_do_counts_as_well(world: World, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"token": 3, "person": 3, "anonymous": 3}
    program = Client(headers={"authorization": f"Bearer {make_token(world.people['lab_owner'])}"})
    assert [program.get("/api/v1/cities/").status_code for _number in range(5)] == [403, 403, 403, 429, 429]


@time_machine.travel("2026-11-21T08:00:10Z", tick=False)
def test_one_subscriber_has_one_address(settings: Any) -> None:
    """A network of IPv6 has more addresses than anybody could count."""
    settings.API_REQUESTS_PER_MINUTE = {"token": 3, "person": 3, "anonymous": 3}
    answers = [
        Client(REMOTE_ADDR=f"2400:3200:1:2:{number:x}::1").get("/api/v1/schema/").status_code
        for number in range(5)
    ]
    assert answers[3:] == [429, 429]
    assert Client(REMOTE_ADDR="2400:3200:1:3::1").get("/api/v1/schema/").status_code == 200


def test_only_a_site_behind_tls_believes_in_it(world: World, with_token: Any) -> None:
    """SITE_URL of these tests is http: there is no proxy that could have taken TLS away."""
    answer = with_token("supplier_editor:read").get(
        f"{PLACE}?limit=1", headers={"x-forwarded-proto": "https"}
    )
    assert answer.json()["next"].startswith("http://")
    assert "Strict-Transport-Security" not in answer.headers


# --- the server in front of Django --------------------------------------------------------------------------------
@pytest.mark.worker
def test_the_server_believes_no_neighbour_either(live_site: LiveSite, live_world: World) -> None:
    """A proxy on the same machine may pass on what a caller wrote: SCRIPT_NAME would move every address, and with it
    what the proxy forbids by its path."""
    token = live_world.tokens["supplier:service"]
    for path, lies, status in (
        (f"{PLACE}?limit=1", {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on"}, 200),
        (f"{PLACE}?limit=1", {"SCRIPT_NAME": "/api", "PATH_INFO": "/healthz"}, 200),
        ("/open/api/v1/capabilities/", {"SCRIPT_NAME": "/open"}, 404),
    ):
        request = urllib.request.Request(  # noqa: S310
            live_site.url + path, headers={**lies, "Authorization": f"Bearer {token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                found, told = answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            found, told = error.code, {}
        assert found == status, (path, lies)
        if told:
            assert told["next"].startswith(f"{live_site.url}{PLACE}?")


def test_both_ways_to_serve_say_so() -> None:
    root = Path(site_settings.BASE_DIR)
    assert '\nforwarded_allow_ips = ""\n' in (root / "docker" / "gunicorn.py").read_text()
    assert "--config docker/gunicorn.py" in (root / "alliance" / "embedded" / "children.py").read_text()

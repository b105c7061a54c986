"""Webhooks by the API: a scope of their own, the secret once, versions, the log."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from alliance.models import Webhook, WebhookMessage
from alliance.services.webhooks import change_webhook
from tests import factories as make
from tests.cast import World

pytestmark = pytest.mark.django_db
PLACE = "/api/v1/webhooks/"
NEW = {"name": "ERP", "url": "https://erp.example.org/in", "events": ["match.found", "run.finished"]}


def program(world: World, name: str = "lab_editor", *scopes: str) -> Client:
    token = make.make_token(world.people[name], *(scopes or ("webhooks",)))
    return Client(headers={"authorization": f"Bearer {token}"})


def post(asker: Client, place: str, body: Any = None, **headers: str) -> Any:
    return asker.post(place, body or {}, content_type="application/json", headers=headers)


@pytest.mark.parametrize("scopes", [("read",), ("write",), ("read", "write")])
def test_other_scopes_do_not_reach_webhooks(world: World, scopes: tuple[str, ...]) -> None:
    asker = program(world, "lab_editor", *scopes)
    for answer in (asker.get(PLACE), post(asker, PLACE, NEW), asker.get("/api/v1/webhook-messages/")):
        assert answer.status_code == 403
        assert answer.json()["code"] == "needs_webhooks"


def test_the_scope_of_webhooks_reaches_nothing_else(world: World) -> None:
    assert program(world).get("/api/v1/demands/").status_code == 403


def test_the_secret_is_in_the_first_answer_only(world: World) -> None:
    asker = program(world)
    made = post(asker, PLACE, NEW)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    secret = made.json()["secret"]
    hook = Webhook.objects.get(name="ERP")
    assert hook.secret == secret
    shown = asker.get(f"{PLACE}{hook.public_id}/")
    assert secret not in shown.content.decode()
    rotated = post(asker, f"{PLACE}{hook.public_id}/rotate/").json()["secret"]
    hook.refresh_from_db()
    assert (hook.secret, hook.old_secret) == (rotated, secret)


def test_the_same_key_makes_one_webhook(world: World) -> None:
    asker = program(world)
    first, second = (post(asker, PLACE, NEW, idempotency_key="one") for _ in range(2))
    assert first.json() == second.json()
    assert Webhook.objects.filter(name="ERP").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://x.example.org/"),
        ("url", 5),
        ("events", ["everything"]),
        ("events", []),
        ("name", ""),
        ("to", "x"),
    ],
)
def test_what_cannot_be_is_refused_by_name(world: World, field: str, value: Any) -> None:
    answer = post(program(world), PLACE, NEW | {field: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(field)


def test_a_change_names_the_version_it_is_for(world: World) -> None:
    asker, place = program(world), f"{PLACE}{world.webhooks['lab'].public_id}/"
    tag = asker.get(place).headers["ETag"]
    shown = asker.get(place).json()

    def put(body: Any, **headers: str) -> Any:
        return asker.put(place, body, content_type="application/json", headers=headers)

    assert put(NEW).status_code == 428
    changed = put(shown | {"name": "Renamed"}, if_match=tag)
    assert changed.status_code == 200, changed.content
    assert changed.json()["name"] == "Renamed"
    assert put(NEW, if_match=tag).status_code == 412
    again = asker.patch(
        place,
        {"enabled": False},
        content_type="application/json",
        headers={"if-match": changed.headers["ETag"]},
    )
    assert again.json()["enabled"] is False
    assert post(asker, f"{place}test/").status_code == 409
    assert asker.delete(place, headers={"if-match": tag}).status_code == 412
    assert asker.delete(place, headers={"if-match": again.headers["ETag"]}).status_code == 204
    assert asker.get(place).status_code == 404


def test_the_log_is_read_and_messages_sent_again(world: World) -> None:
    asker, row = program(world), world.webhook_messages["lab"]
    WebhookMessage.objects.filter(pk=row.pk).update(state="failed")
    listed = asker.get(
        "/api/v1/webhook-messages/", {"state": "failed", "webhook": str(row.webhook.public_id)}
    )
    assert [each["id"] for each in listed.json()["results"]] == [str(row.public_id)]
    assert asker.get(f"/api/v1/webhook-messages/{row.public_id}/").json()["tries"] == []
    assert post(asker, f"/api/v1/webhook-messages/{row.public_id}/again/").json()["state"] == "waiting"


def test_another_firm_sees_none_of_it(world: World) -> None:
    asker = program(world, "rival_owner")
    assert asker.get(PLACE).json()["results"] == []
    assert asker.get(f"{PLACE}{world.webhooks['lab'].public_id}/").status_code == 404
    assert (
        asker.get(f"/api/v1/webhook-messages/{world.webhook_messages['lab'].public_id}/").status_code == 404
    )
    assert post(asker, f"{PLACE}{world.webhooks['lab'].public_id}/test/").status_code == 404


def test_an_organisations_own_token_keeps_its_webhooks(world: World) -> None:
    token = make.make_token(
        world.people["lab_owner"], "webhooks", organisation=world.organisations["lab"], service=True
    )
    asker = Client(headers={"authorization": f"Bearer {token}"})
    assert post(asker, PLACE, NEW).status_code == 201
    assert asker.get(PLACE).json()["results"][0]["organisation"]["id"] == str(
        world.organisations["lab"].public_id
    )


def test_deleting_names_the_version_that_was_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that comes between reading the row and locking it is not swept away with the webhook."""
    from alliance.api import webhooks as endpoint

    hook, asker = world.webhooks["lab"], program(world)
    delete = endpoint.delete_webhook

    def late(row: Webhook, **told: Any) -> None:
        change_webhook(row, user=world.person("lab_owner"), name="Renamed meanwhile")
        delete(row, **told)

    with monkeypatch.context() as patched:
        patched.setattr(endpoint, "delete_webhook", late)
        answer = asker.delete(f"{PLACE}{hook.public_id}/", headers={"if-match": f'"{hook.version}"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    hook.refresh_from_db()
    assert hook.name == "Renamed meanwhile"
    answer = asker.delete(f"{PLACE}{hook.public_id}/", headers={"if-match": f'"{hook.version}"'})
    assert answer.status_code == 204


def test_a_webhook_that_is_to_rest_never_listens(world: World) -> None:
    """Made and switched off in one step: nobody could be told something in between."""
    made = post(program(world), PLACE, NEW | {"enabled": False})
    assert (made.status_code, made.json()["enabled"], made.headers["ETag"]) == (201, False, '"1"')

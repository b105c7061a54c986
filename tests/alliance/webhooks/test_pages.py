"""The pages of webhooks: the secret once, the log, each step, errors at their fields."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from alliance.models import Webhook, WebhookAttempt, WebhookMessage
from tests.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(signed_in: Any) -> Any:
    found = signed_in("lab_owner")
    found.cookies["django_language"] = "en"
    return found


def new(world: World) -> str:
    return reverse("organisation-webhooks", args=[world.organisations["lab"].public_id])


def test_the_secret_of_a_new_webhook_is_shown_once(keeper: Any, world: World) -> None:
    asked = {"name": "ERP", "url": "https://erp.example.org/in", "events": ["match.found", "run.finished"]}
    first = keeper.post(new(world), asked)
    hook = Webhook.objects.get(name="ERP")
    assert hook.secret in first.content.decode()
    assert first.headers["Cache-Control"] == "no-store"
    again = keeper.get(new(world)).content.decode()
    assert "ERP" in again
    assert hook.secret not in again
    assert hook.secret not in keeper.get(reverse("webhook", args=[hook.public_id])).content.decode()


def test_errors_stand_at_their_fields(keeper: Any, world: World) -> None:
    answer = keeper.post(
        new(world), {"name": "ERP", "url": "http://erp.example.org/", "events": ["match.found"]}
    )
    assert answer.status_code == 400
    assert "The address begins with https://." in answer.content.decode()
    assert Webhook.objects.count() == 1


def step(keeper: Any, world: World, **values: Any) -> Any:
    return keeper.post(reverse("webhook", args=[world.webhooks["lab"].public_id]), values)


def test_every_step_does_what_it_says(keeper: Any, world: World) -> None:
    hook = world.webhooks["lab"]
    old = hook.secret
    step(keeper, world, step="test")
    assert WebhookMessage.objects.filter(webhook=hook, event="webhook.test").count() == 1
    shown = step(keeper, world, step="rotate").content.decode()
    hook.refresh_from_db()
    assert hook.secret != old
    assert hook.secret in shown
    assert (hook.old_secret, hook.old_secret in shown) == (old, False)
    step(keeper, world, step="switch")
    hook.refresh_from_db()
    assert not hook.enabled
    assert step(keeper, world, step="test").status_code == 409
    step(keeper, world, step="switch")
    changed = {"name": "Other", "url": "https://other.example.org/", "events": ["match.lost"]}
    hook.refresh_from_db()
    assert step(keeper, world, **changed, version=hook.version).status_code == 302
    assert step(keeper, world, **changed | {"name": "Late"}, version=hook.version).status_code == 400
    hook.refresh_from_db()
    assert (hook.name, hook.events) == ("Other", ["match.lost"])
    assert step(keeper, world, step="delete").status_code == 302
    assert not Webhook.objects.exists()


def test_the_log_shows_what_was_sent_and_sends_it_again(keeper: Any, world: World) -> None:
    message = WebhookMessage.objects.get()
    message.state = "failed"
    message.save()
    WebhookAttempt.objects.create(
        message=message,
        url="https://x/",
        headers={"webhook-id": "m1"},
        body='{"a": 1}',
        status=500,
        response="oh <no>",
    )
    page = keeper.get(reverse("webhook", args=[world.webhooks["lab"].public_id])).content.decode()
    assert "webhook-id: m1" in page
    assert "oh &lt;no&gt;" in page
    assert step(keeper, world, step="again", message=str(message.public_id)).status_code == 302
    message.refresh_from_db()
    assert message.state == "waiting"
    assert step(keeper, world, step="again", message="x").status_code == 404


def test_the_log_takes_as_many_queries_for_many_messages(
    keeper: Any, world: World, django_assert_max_num_queries: Any
) -> None:
    place = reverse("webhook", args=[world.webhooks["lab"].public_id])
    keeper.get(place)
    counted = []
    for more in (0, 5):
        for number in range(more):
            row = WebhookMessage.objects.create(
                webhook=world.webhooks["lab"],
                source=f"m{number}",
                event="run.finished",
                subject="x",
                payload={},
            )
            WebhookAttempt.objects.create(message=row, url="https://x/", headers={}, body="{}", status=200)
        with django_assert_max_num_queries(60) as queries:
            page = keeper.get(place).content.decode()
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert len(re.findall("Send again", page)) == 6

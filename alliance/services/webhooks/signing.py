"""Signatures as Standard Webhooks defines them; its public library makes and verifies them."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook as Signer

from alliance.models import Webhook, WebhookMessage


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def signed_headers(message: WebhookMessage, body: str, now: datetime) -> dict[str, Any]:
    """Headers of one attempt. Every old secret that still counts has signed too."""
    hook, number = message.webhook, str(message.public_id)
    keys = [hook.secret, *(secret for secret, _until in promised(hook, now))]
    at = now.astimezone(UTC)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "robot-alliance-webhooks/1",
        "webhook-id": number,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(key).sign(number, at, body) for key in keys),
    }


def promised(hook: Webhook, now: datetime) -> list[tuple[str, str]]:
    """(old secret, until when as ISO 8601) of those whose day is not over, the latest first."""
    told = [(hook.old_secret, hook.old_secret_until.isoformat())] if hook.old_secret_until else []
    told += [(secret, until) for secret, until in hook.earlier_secrets]
    return [(secret, until) for secret, until in told if datetime.fromisoformat(until) > now]

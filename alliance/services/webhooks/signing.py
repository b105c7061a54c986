"""Signatures as Standard Webhooks defines them; its public library makes and verifies them."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook as Signer

from alliance.models import WebhookMessage


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def signed_headers(message: WebhookMessage, body: str, now: datetime) -> dict[str, Any]:
    """Headers of one attempt. While an old secret still counts, both have signed."""
    hook, number = message.webhook, str(message.public_id)
    keys = [hook.secret]
    if hook.old_secret_until is not None and hook.old_secret_until > now:
        keys.append(hook.old_secret)
    at = now.astimezone(UTC)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "robot-alliance-webhooks/1",
        "webhook-id": number,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(key).sign(number, at, body) for key in keys),
    }

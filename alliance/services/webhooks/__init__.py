"""Telling other systems: who is told what (`collecting`), where requests may go (`addresses`), how they are sent."""

from alliance.services.webhooks.collecting import EVENTS
from alliance.services.webhooks.delivering import deliver_waiting, forget_old_messages
from alliance.services.webhooks.subscribing import (
    change_webhook,
    create_webhook,
    delete_webhook,
    rotate_secret,
    send_again,
    send_test,
)

__all__ = [
    "EVENTS",
    "change_webhook",
    "create_webhook",
    "delete_webhook",
    "deliver_waiting",
    "forget_old_messages",
    "rotate_secret",
    "send_again",
    "send_test",
]

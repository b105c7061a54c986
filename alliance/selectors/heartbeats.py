"""Who has given a sign of life lately."""

from datetime import timedelta

from django.db.models.functions import Now

from alliance.models import Heartbeat


def alive(*, kind: str, host: str, within: timedelta) -> bool:
    """Whether a process of this kind on this machine was heard of; by the database's clock."""
    return Heartbeat.objects.filter(
        kind=kind, name__startswith=f"{kind} {host}:", at__gte=Now() - within
    ).exists()

"""Signs of life of workers and reconcilers."""

from datetime import timedelta

from django.db.models.functions import Now

from alliance.models import Heartbeat

KEPT = timedelta(days=1)


def beat(kind: str, name: str) -> None:
    Heartbeat.objects.update_or_create(name=f"{kind} {name}", defaults={"kind": kind, "at": Now()})


def forget_the_dead() -> None:
    Heartbeat.objects.filter(at__lt=Now() - KEPT).delete()

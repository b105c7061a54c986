"""Signs of life of workers and reconcilers."""

from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now

from alliance.models import Heartbeat

KEPT = timedelta(days=1)


# One statement, whose commit does not wait for the disk: a worker says it before each run, and the run's readers wait
# for it.
BEAT = """
    INSERT INTO alliance_heartbeat (name, kind, at)
    SELECT %s, %s, statement_timestamp() WHERE set_config('synchronous_commit', 'off', true) = 'off'
    ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, at = excluded.at
"""


def beat(kind: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [f"{kind} {name}", kind])


def forget_the_dead() -> None:
    Heartbeat.objects.filter(at__lt=Now() - KEPT).delete()

"""A task whose effect the tests can see."""

from celery import shared_task
from django.db import connection


@shared_task
def mark() -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into marks default values")

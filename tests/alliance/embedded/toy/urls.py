"""A page that needs the database, and one that sends a task."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from alliance.celery import app


def ready(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from marks")
        return HttpResponse(str(cursor.fetchone()[0]))


def send(request: HttpRequest) -> HttpResponse:
    app.send_task("alliance.tasks.mark")
    return HttpResponse("sent")


urlpatterns = [path("readyz", ready), path("send", send)]

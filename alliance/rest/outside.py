"""Answers where no endpoint was reached, and the two addresses that watchers ask."""

from __future__ import annotations

from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from alliance.rest.problems import plain_problem


def _of_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


@csrf_exempt
@login_not_required
def unknown_endpoint(request: HttpRequest) -> HttpResponse:
    """No such address below /api/; one that only lacks its last slash is named, for methods that can follow."""
    if request.method in ("GET", "HEAD") and not request.path_info.endswith("/"):
        try:
            known = resolve(f"{request.path_info}/").func is not unknown_endpoint
        except Resolver404:
            known = False
        if known:
            return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    return not_found(request, None)


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    if _of_api(request):
        return plain_problem(request, 404, "not_found", _("There is nothing here."))
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    if _of_api(request):
        return plain_problem(request, 400, "invalid", _("The request cannot be read."))
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Any) -> HttpResponse:
    if _of_api(request):
        return plain_problem(request, 403, "permission_denied", _("This is not allowed."))
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _of_api(request):
        return plain_problem(request, 500, "error", _("Something went wrong on our side."))
    return defaults.server_error(request)


# --- watchers ---------------------------------------------------------------------------------------
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether requests can be served: database and migrations must be well; a lost broker only degrades."""
    checks = {"database": _database(), "migrations": "unknown", "broker": _broker()}
    if checks["database"] == "ok":
        checks["migrations"] = _migrations()
    ready = checks["database"] == checks["migrations"] == "ok"
    status = ("ok" if checks["broker"] == "ok" else "degraded") if ready else "down"
    body = {"status": status, "checks": checks}
    return JsonResponse(body, status=200 if ready else 503, headers={"Cache-Control": "no-store"})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "down"
    return "ok"


Key = tuple[str, str]


@cache
def _in_the_code() -> dict[Key, frozenset[Key]]:
    """Every migration of this program, with those that it replaces; read once, they change with the program only."""
    loader = MigrationLoader(None)
    return {key: frozenset(found.replaces) for key, found in loader.graph.nodes.items() if found is not None}


def _migrations() -> str:
    try:
        applied = set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError:
        return "down"
    for key, replaced in _in_the_code().items():
        if key not in applied and not (replaced and replaced <= applied):
            return "pending"
    return "ok"


def _broker() -> str:
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
        with client:
            client.ping()
    except redis.RedisError:
        return "degraded"
    return "ok"

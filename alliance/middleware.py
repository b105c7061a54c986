"""What every request passes: broken text refused, the writer known, domain errors in plain words."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import structlog
from django.contrib.auth import logout
from django.db import DatabaseError
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from alliance.changes import ORIGIN, Origin
from alliance.errors import DomainError, TooManyError
from alliance.rest.database import answer_of

Handler = Callable[[HttpRequest], HttpResponse]


class RefuseBrokenTextMiddleware:
    """PostgreSQL cannot store NUL, and a path that is not UTF-8 has no meaning here: both end with a 400."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        raw = unquote_to_bytes(request.META.get("QUERY_STRING", "")) + unquote_to_bytes(request.path)
        if b"\x00" in raw or not _is_utf8(raw):
            return bad_request(request)
        return self.get_response(request)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def bad_request(request: HttpRequest) -> HttpResponse:
    """The 400 of an address that cannot be read; it must not depend on session or database."""
    detail = "The address or its query contains bytes that are not text."
    if request.path.startswith("/api/"):
        body = {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "code": "invalid",
            "detail": detail,
            "request_id": "",
        }
        return JsonResponse(body, status=400, content_type="application/problem+json")
    return HttpResponse(detail, status=400, content_type="text/plain; charset=utf-8")


class SuspendedMiddleware:
    """A person whose account was suspended while signed in is signed out."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and not request.user.is_active:
            logout(request)
        return self.get_response(request)


class RequestContextMiddleware:
    """Changes written in this request name its person and id."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        actor = request.user.pk if request.user.is_authenticated else None
        previous = ORIGIN.set(Origin(actor_id=actor, request_id=request_id))
        try:
            response = self.get_response(request)
        finally:
            ORIGIN.reset(previous)
        response.headers.setdefault("X-Request-ID", request_id)
        if (rate := getattr(request, "rate", None)) is not None:
            for name, value in rate.headers.items():
                response.headers[name] = value
        return response


class DomainErrorMiddleware:
    """A broken rule on a page becomes a page that says so (REST has its own handler)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            response = _told(request, exception.status, exception.message)
            if isinstance(exception, TooManyError):
                response["Retry-After"] = str(exception.wait)
            return response
        answer = answer_of(exception) if isinstance(exception, DatabaseError | ProtectedError) else None
        return None if answer is None else _told(request, answer.status, answer.detail)


def _told(request: HttpRequest, status: int, message: str) -> HttpResponse:
    context = {"message": message, "status": status, "title": _("This cannot be done")}
    response = render(request, "errors/domain.html", context, status=status)
    if status == 503:
        response["Retry-After"] = "5"
    return response

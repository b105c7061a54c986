"""What every request passes: broken text refused, the writer known, domain errors in plain words."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import structlog
from django.conf import settings
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


class RefuseHugeBodyMiddleware:
    """A body larger than any upload may be is refused before a byte of it is read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length[:15]) > settings.MOST_BODY_BYTES:
            return bad_request(request, 413, "The request is larger than anything this site takes.")
        return self.get_response(request)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def bad_request(
    request: HttpRequest,
    status: int = 400,
    detail: str = "The address or its query contains bytes that are not text.",
) -> HttpResponse:
    """The answer to what cannot be read; it must not depend on session or database."""
    if request.path.startswith("/api/"):
        title = "Bad Request" if status == 400 else "Content Too Large"
        code = "invalid" if status == 400 else "too_large"
        body = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": code,
            "detail": detail,
            "request_id": "",
        }
        return JsonResponse(body, status=status, content_type="application/problem+json")
    return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8")


class SuspendedMiddleware:
    """A person whose account was suspended while signed in is signed out."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and not request.user.is_active:
            logout(request)
        return self.get_response(request)


class KeepNoPagesMiddleware:
    """After signing out at a shared computer, Back shows nothing: no browser or proxy keeps pages of who is signed in.

    What says itself how long it may be kept (a poll with its ETag), files and JSON stay as they are.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated  # signing out ends with nobody
        response = self.get_response(request)
        if signed_in and response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


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

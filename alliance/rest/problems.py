"""Problem details (RFC 9457): the only shape of an error on the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseError
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

from alliance.errors import DomainError, NotFoundError, TooManyError
from alliance.rest.database import Answer, answer_of

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: gettext_lazy("Bad request"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    406: gettext_lazy("Not acceptable"),
    409: gettext_lazy("Conflict"),
    412: gettext_lazy("Changed meanwhile"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Unsupported media type"),
    422: gettext_lazy("Another request"),
    428: gettext_lazy("Which version?"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Server error"),
    503: gettext_lazy("Not available now"),
}


def problem(
    request: HttpRequest | None,
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """The members of one problem; `errors` names what is wrong with which field."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": str(TITLES.get(status, TITLES[400])),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
    }
    if errors:
        body["errors"] = errors
    return body


def problem_details(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know stays a 500."""
    found = described(exc, context["request"]._request)
    return None if found is None else _response(*found)


Described = tuple[dict[str, Any], dict[str, str]]


def described(exc: Exception, request: HttpRequest | None) -> Described | None:
    """The problem behind an exception, and headers; None for a defect of ours."""
    if isinstance(exc, Http404 | NotFoundError):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if isinstance(exc, DomainError):
        wait = {"Retry-After": str(exc.wait)} if isinstance(exc, TooManyError) else {}
        return problem(request, exc.status, exc.code, exc.message, list(_field_errors(exc.errors))), wait
    if isinstance(exc, DatabaseError | ProtectedError):
        answer = answer_of(exc)
        return None if answer is None else _of_database(request, answer)
    if isinstance(exc, exceptions.APIException):
        return _of_framework(request, exc)
    return None


def _response(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _of_database(request: HttpRequest | None, answer: Answer) -> Described:
    headers = {"Retry-After": "5"} if answer.status == 503 else {}
    return problem(request, answer.status, answer.code, answer.detail), headers


def _of_framework(request: HttpRequest | None, exc: exceptions.APIException) -> Described:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(exc, exceptions.ValidationError):
        errors = list(_field_errors(exc.get_full_details()))
        return problem(request, 400, "invalid", _("The request has errors."), errors), headers
    code = exc.get_codes()
    return problem(request, exc.status_code, str(code), str(exc.detail)), headers


def _field_errors(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested errors, or a domain error's, as a flat list of field, message, code."""
    if isinstance(details, dict) and {"message", "code"} == set(details):
        yield {"field": path, "message": str(details["message"]), "code": str(details["code"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            step = "" if name == "non_field_errors" else str(name)
            yield from _field_errors(inner, f"{path}.{step}" if path and step else path or step)
    elif isinstance(details, list):
        for inner in details:
            yield from _field_errors(inner, path)
    else:
        yield {"field": path, "message": str(details), "code": "invalid"}


def plain_problem(request: HttpRequest, status: int, code: str, detail: str) -> JsonResponse:
    """The same shape where no endpoint was reached: unknown addresses, broken requests, crashes."""
    return JsonResponse(problem(request, status, code, detail), status=status, content_type=CONTENT_TYPE)

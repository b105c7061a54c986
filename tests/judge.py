"""Every answer of the API, judged by the committed OpenAPI document: status, content type, headers and body.

The suite's own client asks through `watch`, so that each test that sends a request to `/api/v1/` is a test of the
document too: an answer that it does not tell of, or a body that was taken although the document forbids it, fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

FILE = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"
PROBLEM = "application/problem+json"
#: described by themselves, or not described because they are no part of what programs use
OUTSIDE = ("/api/v1/schema/", "/api/v1/docs/")
#: what the document cannot list: an address or a method that it does not have
UNLISTED = {400, 401, 403, 404, 405, 406, 413, 429}


class MisfitError(AssertionError):
    """An answer and the document say different things."""


class Judge:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._paths = [
            (_pattern(path), path, item)
            for path, item in sorted(document["paths"].items(), key=lambda pair: pair[0].count("{"))
        ]
        self._validators: dict[str, Any] = {}

    # --- what the document says ---
    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any] | None]:
        """(address with its names, operation); an address or method that is not there has none."""
        for pattern, name, item in self._paths:
            if pattern.fullmatch(path):
                return name, item.get(method.lower())
        return "", None

    def validator(self, schema: dict[str, Any]) -> Any:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[key]

    def resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        found = part
        while "$ref" in found:
            place: Any = self.document
            for step in found["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            found = place
        return found

    # --- what it says of an answer ---
    def wrong(self, method: str, path: str, answer: Any) -> Iterator[str]:
        """Everything in this answer that the document does not say."""
        name, operation = self.operation(method, path)
        status = answer.status_code
        if operation is None:
            if status not in UNLISTED:
                yield f"{status} where there is no operation"
            responses = {str(status): {"$ref": "#/components/responses/Error404"}}
        else:
            responses = operation["responses"]
        if (
            status == 500 and operation is not None
        ):  # made on purpose: a real one is raised in the test itself
            responses = {"500": {"$ref": "#/components/responses/Error503"}}
        if status == 405:
            if operation is not None:
                yield f"405 for a method that {name} has"
            if "Allow" not in answer.headers:
                yield "405 without Allow"
            responses = {"405": {"$ref": "#/components/responses/Error404"}}
        told = responses.get(str(status))
        if told is None:
            yield f"the status {status} is not documented"
            return
        yield from self._body(self.resolved(told), method, answer)
        yield from self._headers(self.resolved(told), answer)

    def _body(self, told: dict[str, Any], method: str, answer: Any) -> Iterator[str]:
        content = told.get("content")
        if not content:
            if answer.content:
                yield "a body where none is documented"
            return
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if kind not in content:
            yield f"the content type {kind!r} is not documented"
            return
        if method == "HEAD":
            return
        try:
            body = json.loads(answer.content, parse_constant=_no_constant)
        except ValueError as error:
            yield f"the body is not JSON: {error}"
            return
        for error in list(self.validator(content[kind]["schema"]).iter_errors(body))[:5]:
            yield f"body at {'/'.join(map(str, error.instance_path)) or 'its root'}: {error.message[:400]}"
        if kind == PROBLEM and body.get("status") != answer.status_code:
            yield f"the body says {body.get('status')}"

    def _headers(self, told: dict[str, Any], answer: Any) -> Iterator[str]:
        for name, header in told.get("headers", {}).items():
            header = self.resolved(header)
            text = answer.headers.get(name)
            if text is None:
                if header.get("required"):
                    yield f"the header {name} is missing"
                continue
            schema = header["schema"]
            value = int(text) if schema.get("type") == "integer" and text.isdecimal() else text
            if not self.validator(schema).is_valid(value):
                yield f"the header {name} is {text!r}"

    # --- what it says of a request that was taken ---
    def taken(self, method: str, path: str, data: bytes, answer: Any) -> Iterator[str]:
        """What the document forbids in the body of a request that was answered with success."""
        _name, operation = self.operation(method, path)
        asked = (operation or {}).get("requestBody", {})
        if "application/json" not in asked.get("content", ()):  # none, or a form with a file
            return
        if not 200 <= answer.status_code < 300 or "Idempotent-Replayed" in answer.headers:
            return
        if not data:
            if asked.get("required"):
                yield "a request without its body was taken"
            return
        body = _trimmed(json.loads(data.decode("utf-8-sig")))
        schema = asked["content"]["application/json"]["schema"]
        refused = _refused_rows(answer)
        for error in list(self.validator(schema).iter_errors(body))[:5]:
            if [*error.instance_path][:1] == ["rows"] and {*error.instance_path} & refused:
                continue
            where = "/".join(map(str, error.instance_path)) or "its root"
            yield f"taken, but the document forbids the request at {where}: {error.message[:400]}"


def _trimmed(told: Any) -> Any:
    """Spaces around a text are cut off before it is looked at, as `docs/api.md` says."""
    if isinstance(told, dict):
        return {name: _trimmed(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_trimmed(value) for value in told]
    return told.strip() if isinstance(told, str) else told


def _refused_rows(answer: Any) -> set[int]:
    """Rows of a bulk request that were refused by themselves, each as the document says."""
    told = json.loads(answer.content) if answer.content[:1] == b"{" else {}
    rows = told.get("results", []) if "refused" in told else []
    return {row["row"] for row in rows if row["result"] == "refused"}


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path))
    )


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


@cache
def judge() -> Judge:
    return Judge(json.loads(FILE.read_text()))


def complain(method: str, path: str, answer: Any, data: bytes = b"") -> None:
    """Fails with everything that does not fit."""
    if (
        not path.startswith("/api/v1/")
        or path in OUTSIDE
        or method not in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ):
        return
    found = [*judge().wrong(method, path, answer), *judge().taken(method, path, data, answer)]
    if found:
        raise MisfitError(
            f"{method} {path[:200]} → {answer.status_code}: {'; '.join(found)}\n"
            f"sent {data[:600]!r}\ngot {answer.content[:600]!r}"
        )


@contextmanager
def watch() -> Iterator[None]:
    """While it lasts, whatever Django's test client is answered by the API is judged."""
    from django.test import Client

    original: Callable[..., Any] = Client.request

    def request(self: Any, **environ: Any) -> Any:
        data = environ.get("wsgi.input")
        sent = (
            data.read()
            if data is not None and environ.get("CONTENT_TYPE", "").startswith("application/json")
            else b""
        )
        if data is not None and sent:
            environ["wsgi.input"] = type(data)(sent)
        answer = original(self, **environ)
        if not answer.streaming:
            complain(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), answer, sent)
        return answer

    Client.request = request  # type: ignore[method-assign]
    try:
        yield
    finally:
        Client.request = original  # type: ignore[method-assign]

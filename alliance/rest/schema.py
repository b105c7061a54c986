"""The OpenAPI description: parameters from the filter sets, errors as problems, tokens as bearer."""

from __future__ import annotations

import re
from copy import copy
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from alliance.rest.bulk import BulkShown, bulk_of, examples_of
from alliance.rest.fieldwords import words_for
from alliance.rest.inputs import StrictSerializer
from alliance.rest.patches import loosen
from alliance.rest.problems import TITLES
from alliance.rest.views import MAY_BE_EMPTY

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldErrorShown"}},
    },
}
ERRORS = {
    "400": "A parameter, a field or the body is wrong; `errors` names which.",
    "401": "No valid token or session.",
    "403": "The token's scope or the caller's role does not allow this.",
    "404": "Missing, or not for the caller: the two look the same.",
    "406": "What Accept asks for is not spoken here.",
    "429": "Too many requests; Retry-After says when to come back.",
    "503": "The database did not answer in time.",
}
WRITE_ERRORS = {
    "409": "The row is not in a state that allows this, or somebody was first.",
    "413": "The body is too large.",
    "415": "This Content-Type is not read here.",
}
CONDITION_ERRORS = {
    "412": "The row has changed since the version in If-Match.",
    "428": "If-Match is needed: the ETag of the row as it was read.",
}
RETRY_ERRORS = {"422": "The Idempotency-Key was sent before with another request."}
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="the ETag of the row as it was read"
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="`*`: only if there is none yet; ETags: only if it is at none of these versions",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200},
    OpenApiParameter.HEADER,
    description="sent again with the same key within a day, the request is answered as before and does nothing",
)
LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    description="rows on a page, 1 to 200",
)
#: what comes back
PAGE = "A page of rows, and where the pages before and after it are."
EACH = "An answer for each row."
ANSWERS = {
    "200": "As it is now.",
    "201": "It was made; `Location` is its address where it has one.",
    "202": "It is queued; `Location` says where to follow it where there is such a place.",
    "204": "It is done, and there is nothing to say.",
}
ONE = "The row of this address."
#: what the operations are about
TAGS = {
    "reference": "Cities, alliances and types: read-only.",
    "companies": "Firms, their plants and what they can make.",
    "demands": "What labs need.",
    "scenarios": "Where robots are tried.",
    "results": "What fits together, for who may see it.",
    "runs": "The matcher at work.",
    "introductions": "Firms brought together, step by step.",
    "jobs": "Large files in and out, in the background.",
    "changes": "What has changed, for who keeps a copy.",
    "tokens": "What programs sign in with.",
    "webhooks": "Your own system is told what happens.",
}
#: what stands in an address
PATH = {
    "id": "the public id, as answers show it",
    "code": "the code, as lists show it",
    "external_id": "your own name for the row: no slash in it",
}
ETAG = OpenApiParameter(
    "ETag",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="the version of the row",
)
LEFT = "RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset (seconds) come with every answer."
WRITES = ("create", "update", "partial_update", "by_external_id")


class BearerTokens(OpenApiAuthenticationExtension):
    target_class = "alliance.rest.authentication.ScopedTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        words = gettext("A token from the page of your tokens (/account/tokens/), without the word Bearer.")
        return {"type": "http", "scheme": "bearer", "description": words}


class Schema(AutoSchema):
    """What `ReadViewSet` does, said in OpenAPI."""

    @property
    def _action(self) -> str:
        return str(getattr(self.view, "action", ""))

    @property
    def _writes(self) -> bool:
        return hasattr(self.view, "asked") and self._action in (*WRITES, "bulk", "destroy")

    @property
    def _once(self) -> bool:
        """Whether an Idempotency-Key is heard."""
        return hasattr(getattr(self.view, self._action, None), "once")

    @property
    def _conditional(self) -> bool:
        handler = getattr(self.view, self._action, None)
        by_id = self._writes and self._action in ("update", "partial_update", "destroy")
        return by_id or hasattr(handler, "conditional")

    def get_request_serializer(self) -> Any:
        if self._writes and self._action in WRITES:
            view: Any = self.view
            return view.asked(partial=self._action == "partial_update")
        if self._writes and self._action == "bulk":
            return bulk_of(self.view.asked)  # type: ignore[attr-defined]
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        if not self._writes:
            return super().get_response_serializers()
        view: Any = self.view
        shown = view.detail_serializer_class or view.serializer_class
        if self._action == "bulk":
            return BulkShown
        if self._action == "destroy":
            return {204: None}
        codes = {"create": [201], "by_external_id": [200, 201]}.get(self._action, [200])
        return dict.fromkeys(codes, shown)

    def get_examples(self) -> list[Any]:
        """Of a bulk request: rows of what the resource's own example is."""
        if self._writes and self._action == "bulk":
            return examples_of(self.view.asked)  # type: ignore[attr-defined]
        return super().get_examples()

    def get_override_parameters(self) -> list[Any]:
        """In the reader's language."""
        found = [copy(each) for each in (*self._headers(), *self._query())]
        for each in found:
            each.description = gettext(each.description) if each.description else each.description
        return found

    def _headers(self) -> list[Any]:
        found = []
        if self._conditional:
            found.append(_required(IF_MATCH))
        if self._writes and self._action == "by_external_id":
            found += [IF_MATCH, IF_NONE_MATCH]
        if self._once:
            found.append(IDEMPOTENCY_KEY)
        shows_version = hasattr(self.view, "asked") or hasattr(self.view, "shows_version")
        if shows_version and self._action in (*WRITES, "retrieve", "steps"):
            found.append(ETAG)
        return found

    def _query(self) -> list[Any]:
        view = self.view
        if not (self._is_list_view() and hasattr(view, "filters")):
            return []
        chosen = view.filters(None, queryset=view.filters._meta.model._default_manager.none())
        named = [_parameter(name, each) for name, each in chosen.filters.items()]
        return [
            *named,
            LIMIT,
            OpenApiParameter("cursor", OpenApiTypes.STR, description="from `next` or `previous`"),
        ]

    def _resolve_path_parameters(self, variables: Any) -> Any:
        found = super()._resolve_path_parameters(variables)
        for each in found:
            each["description"] = gettext(PATH[each["name"]])
        return found

    def get_description(self) -> str:  # type: ignore[override]
        """What `alliance.rest.words` has in the reader's language."""
        words = super().get_description()
        told = gettext(words) if words else ""
        return f"{gettext(ONE)}\n\n{told}" if self._action == "retrieve" else told

    def get_summary(self) -> str:
        """The first sentence, beside the address."""
        return re.split(r"(?<=[.。])\s|[;；。:：]", self.get_description())[0].rstrip(".")

    def _is_list_view(self, serializer: Any = None) -> bool:
        return getattr(self.view, "action", "") == "list"

    def _get_paginator(self) -> Any:
        return None

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        found = {"200": PAGE} if self._is_list_view() else {"200": EACH} if self._action == "bulk" else {}
        for status, told in bodies.items():
            told["description"] = gettext({**ANSWERS, **found}[status])
        if self._is_list_view():
            content = bodies["200"]["content"]["application/json"]
            content["schema"] = _page_of(content["schema"])
        writes = self.method not in ("GET", "HEAD")
        errors = ERRORS | (WRITE_ERRORS if writes else {})
        if self._conditional:
            errors = errors | CONDITION_ERRORS
        if self._writes and self._action == "by_external_id":
            errors = errors | {"412": CONDITION_ERRORS["412"]}
        if self._once:
            errors = errors | RETRY_ERRORS
        if hasattr(getattr(self.view, self._action, None), "refuses"):
            errors = errors | {"409": WRITE_ERRORS["409"]}
        for status in errors:
            bodies.setdefault(status, {"$ref": f"#/components/responses/Error{status}"})
        return bodies


def _required(parameter: OpenApiParameter) -> OpenApiParameter:
    return OpenApiParameter(
        parameter.name, parameter.type, parameter.location, required=True, description=parameter.description
    )


def _parameter(name: str, each: Any) -> OpenApiParameter:
    kind = {"UUIDFilter": OpenApiTypes.UUID, "KeyFilter": OpenApiTypes.UUID, "DateFilter": OpenApiTypes.DATE}
    kind["IsoDateTimeFilter"] = OpenApiTypes.DATETIME
    words = str(each.label or "")
    if type(each).__name__ == "NumberFilter":
        return OpenApiParameter(name, OpenApiTypes.NUMBER, description=words)
    choices = each.extra.get("choices")
    if choices and not callable(choices):
        values = [key for key, _words in choices if key != ""]
        return OpenApiParameter(name, OpenApiTypes.STR, description=words, enum=values)
    text: Any = {"type": "string"} if name in MAY_BE_EMPTY else {"type": "string", "pattern": r"\S"}
    told = (kind[part.__name__] for part in type(each).__mro__ if part.__name__ in kind)
    return OpenApiParameter(name, next(told, text), description=words)


def _page_of(row_list: dict[str, Any]) -> dict[str, Any]:
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["next", "previous", "results"],
        "properties": {"next": link, "previous": link, "results": row_list},
    }


#: status → the code that its problem has, most of the time
CODES = {
    "400": "invalid",
    "401": "not_authenticated",
    "403": "needs_write",
    "404": "not_found",
    "406": "not_acceptable",
    "409": "conflict",
    "412": "stale",
    "413": "too_large",
    "415": "unsupported_media_type",
    "422": "idempotency_key_reused",
    "428": "if_match_required",
    "429": "throttled",
    "503": "unavailable",
}
REQUEST_ID = "4f3c2b1a-0d9e-4c8b-a7f6-5e4d3c2b1a09"


def _error(status: str, words: str) -> dict[str, Any]:
    """One of each status; what is wrong with the fields stands in a 400."""
    told = {"title": str(TITLES[int(status)]), "status": int(status), "code": CODES[status], "detail": words}
    told = {"type": "about:blank", **told, "request_id": REQUEST_ID}
    if status == "400":
        wrong = {"field": "limit", "message": gettext("A whole number from 1 to %(most)d.") % {"most": 200}}
        told["errors"] = [{**wrong, "code": "invalid"}]
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"schema": schema, "examples": {CODES[status]: {"value": told}}}
    return {"description": words, "content": {"application/problem+json": content}}


def add_problem(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """A post-processing hook: the errors that operations refer to, and shapes that several of them share."""
    head = result.get("info", {})
    if head.get("description"):
        head["description"] = gettext(head["description"])
    result["tags"] = [{"name": name, "description": words} for name, words in TAGS.items()]
    parts = result.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    loosen(schemas)
    result["info"]["description"] = gettext(result["info"]["description"])
    schemes = parts.get("securitySchemes", {})
    # A browser's session cannot be typed in: what people are asked for first is the token.
    parts["securitySchemes"] = {name: schemes[name] for name in sorted(schemes, key=lambda n: n != "token")}
    every = ERRORS | WRITE_ERRORS | CONDITION_ERRORS | RETRY_ERRORS
    parts["responses"] = {
        f"Error{status}": _error(status, gettext(words)) for status, words in sorted(every.items())
    }
    return result


#: what base classes say of themselves is nothing about the body
UNTOLD = {StrictSerializer.__doc__, "An answer; nothing is written through it."}
ECHO = re.compile(r"^\* `([^`]*)` - \1?$")


def say(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """A post-processing hook: every description in the reader's language, fields that have none by their names."""
    for title, schema in result["components"]["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            if words := words_for(title, name):
                schema["properties"][name] = {"description": words, **field}
    for part in list(result):
        result[part] = _said(result[part])
    return result


def _said(node: Any) -> Any:
    """A copy with its words: shared parts of the document are constants of this module."""
    if isinstance(node, list):
        return [_said(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {name: _said(inner) for name, inner in node.items() if name != "description"}
    words = node.get("description")
    for each in found.get("oneOf", []):
        if "default" in each:  # of all the alternatives, not of the first one
            found.setdefault("default", each.pop("default"))
    if isinstance(words, dict):  # a field of this name
        found["description"] = _said(words)
    elif words is not None and ((told := _words(str(words))) or not words):
        found["description"] = told
    return found


def _words(text: str) -> str:
    """In the reader's language; lists of values that only repeat themselves are left out."""
    if text in UNTOLD:
        return ""
    lines = [line for line in text.split("\n") if not ECHO.match(line)]
    kept = "\n".join(lines).strip()
    return gettext(kept) if kept else ""

"""The OpenAPI description: parameters from the filter sets, errors as problems, tokens as bearer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

PROBLEM = {
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
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "code"],
                "properties": {name: {"type": "string"} for name in ("field", "message", "code")},
            },
        },
    },
}
ERRORS = {
    "400": "A parameter, a field or the body is wrong; `errors` names which.",
    "401": "No valid token or session.",
    "403": "The token's scope or the caller's role does not allow this.",
    "404": "Missing, or not for the caller: the two look the same.",
    "406": "Only application/json is spoken.",
    "429": "Too many requests; Retry-After says when to come back.",
    "503": "The database did not answer in time.",
}
WRITE_ERRORS = {
    "409": "The row is not in a state that allows this, or somebody was first.",
    "413": "The body is too large.",
    "415": "Only application/json is read.",
}


class BearerTokens(OpenApiAuthenticationExtension):
    target_class = "alliance.rest.authentication.ScopedTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Schema(AutoSchema):
    """What `ReadViewSet` does, said in OpenAPI."""

    def get_override_parameters(self) -> list[Any]:
        view = self.view
        if not (self._is_list_view() and hasattr(view, "filters")):
            return []
        chosen = view.filters(None, queryset=view.filters._meta.model._default_manager.none())
        named = [_parameter(name, each) for name, each in chosen.filters.items()]
        return [
            *named,
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
            OpenApiParameter("cursor", OpenApiTypes.STR, description="from `next` or `previous`"),
        ]

    def _is_list_view(self, serializer: Any = None) -> bool:
        return getattr(self.view, "action", "") == "list"

    def _get_paginator(self) -> Any:
        return None

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if self._is_list_view():
            content = bodies["200"]["content"]["application/json"]
            content["schema"] = _page_of(content["schema"])
        writes = self.method not in ("GET", "HEAD")
        for status, words in {**ERRORS, **(WRITE_ERRORS if writes else {})}.items():
            bodies.setdefault(status, _error(words))
        return bodies


def _parameter(name: str, each: Any) -> OpenApiParameter:
    kind = {"UUIDFilter": OpenApiTypes.UUID, "KeyFilter": OpenApiTypes.UUID, "DateFilter": OpenApiTypes.DATE}
    words = str(each.label or "")
    if type(each).__name__ == "NumberFilter":
        return OpenApiParameter(name, OpenApiTypes.NUMBER, description=words)
    choices = each.extra.get("choices")
    if choices and not callable(choices):
        return OpenApiParameter(
            name, OpenApiTypes.STR, description=words, enum=[key for key, _words in choices]
        )
    return OpenApiParameter(name, kind.get(type(each).__name__, OpenApiTypes.STR), description=words)


def _page_of(row_list: dict[str, Any]) -> dict[str, Any]:
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["next", "previous", "results"],
        "properties": {"next": link, "previous": link, "results": row_list},
    }


def _error(words: str) -> dict[str, Any]:
    return {
        "description": words,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def add_problem(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """A post-processing hook: the shape that every error refers to."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    return result

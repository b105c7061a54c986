"""`ETag` and `If-Match`: a change names the version that it was made for."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException


class NeedsVersionError(APIException):
    status_code = 428
    default_code = "if_match_required"

    def __init__(self) -> None:
        super().__init__(_("Send the ETag of the row that you read as If-Match."))


class StaleError(APIException):
    status_code = 412
    default_code = "stale"

    def __init__(self) -> None:
        super().__init__(_("The row has changed since you read it: read it again."))


def etag(row: Any) -> str:
    return f'"{row.version}"'


def wanted_version(request: Any, row: Any, *, required: bool) -> int | None:
    """The version that the change is for: the row's own, or None where the caller does not care."""
    text = request.headers.get("If-Match")
    if text is None:
        if required:
            raise NeedsVersionError
        return None
    return version_named(text, row)


def version_named(text: str, row: Any) -> int:
    """`*` is whatever there is. Proxies that compress mark tags as weak; the version is the same."""
    if not _names(text, row):
        raise StaleError
    return int(row.version)


def _names(text: str, row: Any) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in text.split(",")}
    return "*" in tags or etag(row) in tags


def refuse_existing(request: Any, row: Any) -> None:
    """`If-None-Match` on an upsert: not over any row (`*`), or not over these versions. `If-Match` on nothing: there is
    no such version."""
    unwanted = request.headers.get("If-None-Match")
    if row is not None and unwanted is not None and _names(unwanted, row):
        raise StaleError
    if row is None and "If-Match" in request.headers:
        raise StaleError

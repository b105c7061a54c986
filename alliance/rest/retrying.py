"""`Idempotency-Key`: the same request sent again is answered as before and does nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from alliance.models import ApiToken
from alliance.services.retries import Answer, remember, remembered, rights_of

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("Location", "ETag", "Cache-Control")
MAX_LENGTH = 200
Handler = Callable[..., Response]


def once(handler: Handler) -> Handler:
    """Wraps an operation of a viewset: the effect and its answer are one transaction."""

    @wraps(handler)
    def run(self: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(self, request, *args, **kwargs)
        _check(key)
        who, digest, rights = principal_of(request), _digest(request), rights_of(request.user)
        with transaction.atomic():
            before = remembered(who, key, digest, rights)
            if before is not None:
                return Response(
                    before.body, before.status, headers={**before.headers, "Idempotent-Replayed": "true"}
                )
            answer = handler(self, request, *args, **kwargs)
            told = json.loads(JSONRenderer().render(answer.data)) if answer.data is not None else None
            headers = {name: str(answer.headers[name]) for name in KEPT_HEADERS if name in answer.headers}
            remember(who, key, digest, Answer(answer.status_code, told, headers), rights)
        return answer

    run.once = True  # type: ignore[attr-defined]
    return run


def principal_of(request: Any) -> str:
    """Who asks, as keys and jobs name it."""
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.public_id}"
    return f"person:{request.user.pk}"


def _check(key: str) -> None:
    if not (0 < len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
        raise ValidationError({HEADER: _("1 to %(most)d printable ASCII characters.") % {"most": MAX_LENGTH}})


def _digest(request: Any) -> str:
    """Of method, address and what the body says, however it is written."""
    body = json.dumps(request.data, sort_keys=True, ensure_ascii=True, default=_of_file)
    return sha256(f"{request.method} {request.get_full_path()}\n{body}".encode()).hexdigest()


def _of_file(file: Any) -> str:
    """A file of a form, by its name and content; it is read again afterwards."""
    digest = sha256(file.name.encode())
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()

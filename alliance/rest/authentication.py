"""Tokens: who calls, in whose name changes are written, and when a token was last used."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from rest_framework import exceptions

from alliance.changes import ORIGIN, Origin
from alliance.services.tokens import note_use
from alliance.viewer import Acting


class ScopedTokenAuthentication(TokenAuthentication):
    """A knox token with scopes. Expired ones stay in the list until their owner removes them."""

    def authenticate(self, request: Any) -> Any:
        found = super().authenticate(request)
        if found is not None:
            user, token = found
            if token.organisation_id is not None:
                user.acting = Acting(token.organisation_id, token.service)
            note_use(token)
            before = ORIGIN.get()
            ORIGIN.set(Origin(actor_id=user.pk, token=str(token.public_id), request_id=before.request_id))
        return found

    def authenticate_credentials(self, token: bytes) -> Any:
        text = ""
        with suppress(UnicodeDecodeError):
            text = token.decode("ascii")
        if not text:
            raise exceptions.AuthenticationFailed(_("Invalid token."))
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: Any) -> bool:
        return bool(auth_token.expired)

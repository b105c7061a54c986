"""Who may call at all: a person who belongs somewhere, by session or by a token of the right scope."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from alliance.models import ApiToken
from alliance.selectors import viewer_of


class TokenScope(BasePermission):
    """Signed in, in an organisation that is not suspended; a token needs `read` or `write`, or what the view names."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if not request.user.is_authenticated:
            raise NotAuthenticated
        if not viewer_of(request.user).known:
            raise PermissionDenied(
                _("Your account belongs to no active organisation."), code="no_organisation"
            )
        if isinstance(request.auth, ApiToken):
            reads = request.method in SAFE_METHODS or getattr(view, "only_reads", False)
            needed = getattr(view, "scope", "read" if reads else "write")
            if needed not in request.auth.scopes:
                raise PermissionDenied(_("The token's scope does not allow this."), code=f"needs_{needed}")
        return True

"""A modest limit for each caller: so many requests a minute, counted, not remembered one by one."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

from alliance.models import ApiToken

WINDOW = 60


class PerCaller(BaseThrottle):
    """A window of a minute for each token, each session's person, each anonymous address."""

    waits = 0.0

    def allow_request(self, request: Any, view: Any) -> bool:
        now = time.time()
        caller, limit = self._caller(request)
        key = f"rate:{caller}:{int(now // WINDOW)}"
        if cache.add(key, 1, WINDOW * 2):
            return True
        try:
            used = cache.incr(key)
        except ValueError:  # it left the cache in between
            return True
        self.waits = WINDOW - now % WINDOW
        return bool(used <= limit)

    def _caller(self, request: Any) -> tuple[str, int]:
        limits = settings.API_REQUESTS_PER_MINUTE
        if isinstance(request.auth, ApiToken):
            return f"token:{request.auth.public_id}", limits["token"]
        if request.user.is_authenticated:
            return f"person:{request.user.pk}", limits["person"]
        return f"address:{self.get_ident(request)}", limits["anonymous"]

    def wait(self) -> float:
        return self.waits

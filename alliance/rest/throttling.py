"""A limit for each caller: so many requests a minute, counted once for all processes, not remembered one by one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from alliance.models import ApiToken
from alliance.rest.rates import CountingCache
from alliance.services.limits import plain_address

WINDOW = 60
MUTED_SECONDS = 5.0
logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rate:
    """What is left of a caller's window: `reset` is in seconds from now."""

    limit: int
    left: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        told = {"Limit": self.limit, "Remaining": self.left, "Reset": self.reset}
        return {f"RateLimit-{name}": str(value) for name, value in told.items()}


class _Shared:
    """Remembers when the shared counter last failed: for a while this process counts alone."""

    muted_until = 0.0


def count(key: str) -> int:
    """One request more; how many there are now. Without the shared counter each process counts its own."""
    if time.monotonic() >= _Shared.muted_until:
        try:
            return _add("rates", key)
        except (RedisError, OSError) as error:
            _Shared.muted_until = time.monotonic() + MUTED_SECONDS
            logger.warning("requests are counted by each process alone", error=str(error))
    return _add("default", key)


def _add(cache: str, key: str) -> int:
    counter = caches[cache]
    if isinstance(counter, CountingCache):
        return counter.count(key, WINDOW * 2)
    if counter.add(key, 1, WINDOW * 2):
        return 1
    try:
        return int(counter.incr(key))
    except ValueError:  # it left the cache in between
        return 1


class Counted:
    """For views: every request counts, also one whose token is wrong or whose sender may not do what it asks for."""

    def perform_authentication(self, request: Any) -> None:
        try:
            super().perform_authentication(request)  # type: ignore[misc]
        finally:  # nobody by then where it failed: counted by address
            super().check_throttles(request)  # type: ignore[misc]

    def check_throttles(self, request: Any) -> None:
        """It has been counted: REST framework would do it after it has asked for rights."""


class PerCaller(BaseThrottle):
    """A window of a minute for each token, each session's person, each anonymous address."""

    waits = 0.0

    def allow_request(self, request: Any, view: Any) -> bool:
        now = time.time()
        caller, limit = self._caller(request)
        used = count(f"rate:{caller}:{int(now // WINDOW)}")
        self.waits = WINDOW - now % WINDOW
        request._request.rate = Rate(limit, max(0, limit - used), max(1, round(self.waits)))
        return used <= limit

    def _caller(self, request: Any) -> tuple[str, int]:
        limits = settings.API_REQUESTS_PER_MINUTE
        if isinstance(request.auth, ApiToken):
            return f"token:{request.auth.public_id}", limits["token"]
        if request.user.is_authenticated:
            return f"person:{request.user.pk}", limits["person"]
        return f"address:{plain_address(self.get_ident(request) or '')}", limits["anonymous"]

    def wait(self) -> float:
        return self.waits

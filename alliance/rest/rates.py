"""A cache that also counts: what every request waits for, in one round trip instead of three."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache


class CountingCache(RedisCache):
    """Django's cache in Redis."""

    @cached_property
    def _client(self) -> Any:
        """Made once: it holds no connection, those are in its pool, of each process its own."""
        return self._cache.get_client(write=True)

    def count(self, key: str, seconds: int) -> int:
        """One more under this key, which is forgotten so long after its first; how many there are now."""
        name = self.make_and_validate_key(key)
        with self._client.pipeline(transaction=False) as both:
            both.set(name, 0, ex=seconds, nx=True)
            both.incr(name)
            _first, number = both.execute()
        return int(number)

"""Writes of the alliance app."""

from alliance.services.geography import rebuild_geography

__all__ = ["rebuild_geography"]

"""Which models have a history, by the word that changes call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """`related`: kinds of changes that are told under the id of the same row."""

    name: str
    model: Any
    url_name: str
    related: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    KINDS[kind.name] = kind

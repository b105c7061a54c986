"""Two people at once: what somebody else has saved otherwise than it is typed here, and whose is to stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict


@dataclass(frozen=True)
class Clash:
    """A field that somebody else has saved otherwise than it is typed here."""

    field: str
    name: str
    mine: str
    theirs: str


def chosen(data: QueryDict) -> bool:
    """The sender has seen both and says for each field whose is to stand."""
    return any(name.startswith("pick-") for name in data)


def take_theirs(
    data: QueryDict, stored: QueryDict, boxes: Mapping[str, Sequence[str]] | None = None
) -> QueryDict:
    """After a conflict: what is typed, with the stored text where the other's was chosen.

    `boxes`: the boxes of a field that has several or is called otherwise.
    """
    mixed = data.copy()
    for name in list(data):
        if name.startswith("pick-") and data.get(name) == "theirs":
            field = name.removeprefix("pick-")
            for each in (boxes or {}).get(field, [field]):
                mixed.setlist(each, stored.getlist(each))
    return mixed

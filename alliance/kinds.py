"""Which models have a history, files and threads, by the word that changes call them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Ids = Callable[[Any], Iterable[int | None]]


def _nobody(row: Any) -> Iterable[int | None]:
    return ()


@dataclass(frozen=True)
class Kind:
    """`related`: kinds of changes that are told under the id of the same row.

    Each a function of a row: `holders`, ids of the organisations that may hang files on it; `cities`, ids of the
    cities whose bureaus are on its thread, and `bureaus`, of bureaus that are; `parties`, of all organisations that
    talk with each other once both firms have accepted; `title`, what those who read its history call it.
    `staged`: an introduction opens its files to the other side. `owner`: id of the organisation whose row it is, on
    which the bureau of its city may hang files; `asked`: and a bureau may ask that organisation about it.
    `place`: the kind of the row that it stands at; a change that deletes it says under this name which one it was.
    """

    name: str
    model: Any
    url_name: str
    related: tuple[str, ...] = ()
    history: bool = True
    holders: Ids = _nobody
    cities: Ids = _nobody
    bureaus: Ids = _nobody
    parties: Ids = _nobody
    staged: bool = True
    owner: Callable[[Any], int | None] = lambda row: None
    asked: bool = False
    title: Callable[[Any], str] = str
    place: str = ""

    @property
    def has_files(self) -> bool:
        return self.holders is not _nobody

    @property
    def has_thread(self) -> bool:
        return self.cities is not _nobody or self.bureaus is not _nobody


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    KINDS[kind.name] = kind


def kind_of(row: Any) -> Kind:
    """The kind of a row; LookupError if its model has none."""
    found = next((kind for kind in KINDS.values() if isinstance(row, kind.model)), None)
    if found is None:
        raise LookupError(f"{type(row).__name__} is not among the kinds")
    return found

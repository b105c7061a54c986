"""Bytes on disk under FILES_DIR: written beside, made durable, and moved to their place in one step."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.errors import DomainError, NotFoundError, UnavailableError
from alliance.models import Attachment

MOST_BYTES = 20 * 1024 * 1024
INCOMING = "incoming"
ORPHAN_AGE = timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """An upload that has come in whole but belongs to no row yet."""

    path: Path
    size: int
    sha256: str


@contextmanager
def incoming(chunks: Iterable[bytes]) -> Iterator[Part]:
    """The upload as a file of its own for the length of the block, whatever happens in it.

    DomainError beyond 20 MB, as soon as that many bytes have come; UnavailableError if the disk does not take it.
    """
    path = settings.FILES_DIR / INCOMING / uuid.uuid4().hex
    try:
        yield _written(path, chunks)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def _written(path: Path, chunks: Iterable[bytes]) -> Part:
    digest, size = hashlib.sha256(), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise DomainError(_("The file is larger than 20 MB."), field="file")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UnavailableError(_("The file could not be stored: try again later."), field="file") from error
    return Part(path, size, digest.hexdigest())


def new_place() -> str:
    """Where the next file goes, below FILES_DIR: random, without the name that people gave it."""
    name = uuid.uuid4().hex
    return f"{name[:2]}/{name}"


def settle(part: Part, place: str) -> None:
    """Move it to its place: the last step before the row's transaction ends."""
    target = settings.FILES_DIR / place
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.path.rename(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise UnavailableError(_("The file could not be stored: try again later."), field="file") from error


def opened(place: str) -> BinaryIO:
    """NotFoundError where a restored backup has the row but not the file."""
    try:
        return (settings.FILES_DIR / place).open("rb")
    except OSError as error:
        raise NotFoundError(_("The file is missing in the store. Tell the administrator.")) from error


def sweep_files() -> int:
    """Remove what a crash has left: uploads that never ended, files without a row, a day old. Returns how many."""
    folder: Path = settings.FILES_DIR
    limit = (timezone.now() - ORPHAN_AGE).timestamp()
    removed = 0
    for part in [*folder.glob(f"{INCOMING}/*"), *folder.glob("[0-9a-f][0-9a-f]/*")]:
        with contextlib.suppress(FileNotFoundError):
            if part.stat().st_mtime > limit:
                continue
            place = part.relative_to(folder).as_posix()
            if not Attachment.objects.filter(path=place).exists():
                part.unlink()
                removed += 1
    return removed

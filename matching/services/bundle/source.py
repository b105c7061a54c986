"""A bundle as named byte streams: a folder or a .zip, with guards against hostile archives."""

import hashlib
import io
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from django.utils.translation import gettext as _

from matching.services.bundle.problems import FileError

MAX_TOTAL = 8 * 2**30
MAX_RATIO = 200
RATIO_FROM = 2**20  # below a megabyte a ratio says nothing
MAX_ENTRIES = 1000
_READ = 2**16


class Source(Protocol):
    """The files at the top of a bundle; every file can be opened more than once."""

    def names(self) -> list[str]: ...

    def open(self, name: str) -> IO[bytes]: ...


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        if sum(f.stat().st_size for f in path.iterdir() if f.is_file()) > MAX_TOTAL:
            raise FileError(_("The bundle is larger than 8 GB."))

    def names(self) -> list[str]:
        return sorted(f.name for f in self.path.iterdir() if f.is_file())

    def open(self, name: str) -> IO[bytes]:
        return (self.path / name).open("rb")


class _Inflating(io.RawIOBase):
    """A zip entry that counts while it inflates: what the archive claims about sizes is not believed."""

    def __init__(self, stream: IO[bytes], packed: int, budget: "Archive", name: str) -> None:
        self.stream = stream
        self.packed = max(packed, 1)
        self.budget = budget
        self.name = name
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self.stream.read(min(len(buffer), _READ))
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise FileError(_("The archive is damaged here.")) from error
        except Exception as error:  # zlib.error, lzma.LZMAError: neither is an OSError
            if type(error).__module__ not in ("zlib", "lzma", "_lzma"):
                raise
            raise FileError(_("The archive is damaged here.")) from error
        self.count += len(data)
        if self.count > RATIO_FROM and self.count > self.packed * MAX_RATIO:
            raise FileError(_("The file inflates to more than 200 times its size: it is not read."))
        self.budget.inflated(self.name, self.count)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.stream.close()
        super().close()


class Archive:
    """A zip whose entries lie at its top or all in one folder."""

    def __init__(self, path: Path) -> None:
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FileError(_("This is not a .zip archive that can be read.")) from error
        self.sizes: dict[str, int] = {}
        self.entries = self._check(self.zip.infolist())

    def _check(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        if len(infos) > MAX_ENTRIES:
            raise FileError(_("The archive has more than 1000 entries."))
        files = [info for info in infos if not info.is_dir()]
        for info in infos:
            _refuse_odd_entry(info)
        kept = [info for info in files if not info.filename.startswith("__MACOSX/")]
        folders = {info.filename.split("/", 1)[0] for info in kept if "/" in info.filename}
        top = [info for info in kept if "/" not in info.filename]
        prefix = "" if top or len(folders) != 1 else folders.pop() + "/"
        entries: dict[str, zipfile.ZipInfo] = {}
        for info in kept:
            name = info.filename.removeprefix(prefix)
            if "/" in name:
                continue
            if name in entries:
                raise FileError(_("The archive has two entries named %(name)s.") % {"name": name})
            entries[name] = info
        return entries

    def names(self) -> list[str]:
        return sorted(self.entries)

    def open(self, name: str) -> IO[bytes]:
        info = self.entries[name]
        try:
            stream = self.zip.open(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise FileError(_("The archive is damaged here.")) from error
        return io.BufferedReader(_Inflating(stream, info.compress_size, self, name), _READ)

    def inflated(self, name: str, count: int) -> None:
        """Note how far an entry has inflated; an entry read twice counts once."""
        self.sizes[name] = max(count, self.sizes.get(name, 0))
        if sum(self.sizes.values()) > MAX_TOTAL:
            raise FileError(_("The bundle is larger than 8 GB."))

    def close(self) -> None:
        self.zip.close()


def _refuse_odd_entry(info: zipfile.ZipInfo) -> None:
    name = info.filename
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in info.orig_filename or re.match(r"[A-Za-z]:", name):
        raise FileError(_("The archive's entry %(name)s points outside of it.") % {"name": name[:200]})
    if stat.S_ISLNK(info.external_attr >> 16):
        raise FileError(_("The archive's entry %(name)s is a link.") % {"name": name[:200]})
    if info.flag_bits & 1:
        raise FileError(_("The archive is protected by a password."))


@contextmanager
def open_bundle(path: Path) -> Iterator[Source]:
    """The folder or archive at a path."""
    if path.is_dir():
        yield Folder(path)
        return
    if not path.exists():
        raise FileError(_("There is no folder or .zip at this path."))
    archive = Archive(path)
    try:
        yield archive
    finally:
        archive.close()


def digest(source: Source, names: list[str]) -> str:
    """SHA-256 over the names and bytes of these files, the same for a folder and its archive."""
    whole = hashlib.sha256()
    for name in names:
        single = hashlib.sha256()
        with source.open(name) as stream:
            while block := stream.read(_READ):
                single.update(block)
        whole.update(f"{name}\n{single.hexdigest()}\n".encode())
    return whole.hexdigest()

"""What a file is, by its content; its name only has to agree. What cannot be told by content is refused."""

from __future__ import annotations

import re
import struct
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.errors import DomainError

OFFICE = "application/vnd.openxmlformats-officedocument"
# Whoever saves it has 255 bytes for a name: sixty Chinese characters fit.
NAME_BYTES = 180
# A ZIP's list of entries is read into memory: it stays small, and no entry may be a bomb for whoever unpacks it.
MOST_ENTRIES = 10_000
MOST_DIRECTORY = 2 * 1024 * 1024
MOST_RATIO = 200
_TAIL = 65_557
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x07"
#: invisible characters that reorder a name, so that "fdp.exe" reads "exe.pdf"
_TRICKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')


@dataclass(frozen=True)
class Form:
    """A kind of content: what it is called, how it is served, which endings a name may have (the first is added)."""

    word: str
    content_type: str
    endings: tuple[str, ...]


PDF = Form("PDF", "application/pdf", ("pdf",))
PNG = Form("PNG", "image/png", ("png",))
JPEG = Form("JPEG", "image/jpeg", ("jpg", "jpeg"))
XLSX = Form("XLSX", f"{OFFICE}.spreadsheetml.sheet", ("xlsx",))
DOCX = Form("DOCX", f"{OFFICE}.wordprocessingml.document", ("docx",))
STEP = Form("STEP", "model/step", ("step", "stp", "p21"))
ZIP = Form("ZIP", "application/zip", ("zip",))
FORMS = (PDF, PNG, JPEG, XLSX, DOCX, STEP, ZIP)
ACCEPT = ",".join(f".{ending}" for form in FORMS for ending in form.endings)
_STARTS = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG), (b"PK\x03\x04", ZIP))


def recognised(path: Path, name: str) -> tuple[Form, str]:
    """The form of the file and its cleaned name. DomainError if it is none of FORMS, or its name says another one."""
    stem, ending = _split(cleaned(name))
    with path.open("rb") as file:
        form = _form(file, ending)
    if form in (XLSX, DOCX) and ending in ZIP.endings:
        form = ZIP
    if ending and ending not in form.endings:
        words = _("The name ends with .%(ending)s, but the content is %(form)s.")
        raise DomainError(words % {"ending": ending[:20], "form": form.word}, field="file")
    return form, f"{stem}.{ending or form.endings[0]}"


def cleaned(name: str) -> str:
    """A name without folders, invisible characters and what other systems forbid; never empty, never hidden."""
    text = unicodedata.normalize("NFC", name.replace("\\", "/")).rsplit("/", 1)[-1]
    text = _FORBIDDEN.sub("_", _TRICKS.sub("", text))
    text = " ".join("".join(c for c in text if unicodedata.category(c) not in ("Cs", "Cn", "Co")).split())
    return text.lstrip(". ") or "file"


def _split(name: str) -> tuple[str, str]:
    pure = PurePath(name)
    ending = pure.suffix.lower().lstrip(".")
    # "Rev. 3 final" has no ending: one is short and has letters or digits only.
    if not re.fullmatch(r"[a-z0-9]{1,8}", ending):
        return _short(name), ""
    return _short(pure.stem), ending


def _short(stem: str) -> str:
    return stem.encode()[:NAME_BYTES].decode(errors="ignore").rstrip(". ") or "file"


def _form(file: BinaryIO, ending: str) -> Form:
    head = file.read(512)
    if not head:
        raise DomainError(_("The file is empty."), field="file")
    for start, form in _STARTS:
        if head.startswith(start):
            return _package(file) if form is ZIP else form
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"ISO-10303-21;"):
        return STEP
    raise DomainError(_refusal(ending), field="file")


#: By ending: what to do with a file that cannot be taken. Its content alone does not tell these apart.
INSTEAD = {
    ("csv", "txt", "tsv", "md"): gettext_lazy("Save the table as XLSX, or print the text as PDF."),
    ("dxf", "dwg", "iges", "igs", "stl", "sldprt", "sldasm", "prt", "x_t", "catpart"): gettext_lazy(
        "Save the model as STEP, or put the drawing into a ZIP."
    ),
    ("doc", "wps", "rtf", "odt", "pages"): gettext_lazy("Save it as PDF or DOCX."),
    ("xls", "et", "ods", "numbers"): gettext_lazy("Save it as XLSX."),
    ("ppt", "pptx", "dps", "odp", "key"): gettext_lazy("Save it as PDF."),
    ("gif", "bmp", "tif", "tiff", "webp", "heic", "heif", "svg"): gettext_lazy(
        "Save the picture as PNG or JPEG."
    ),
    ("rar", "7z", "gz", "tgz", "tar", "xz"): gettext_lazy("Pack it as ZIP."),
    ("exe", "msi", "bat", "cmd", "js", "vbs", "apk", "dll", "html", "htm", "lnk"): gettext_lazy(
        "Programs and web pages are not taken: send the document itself, as PDF."
    ),
}


def _refusal(ending: str) -> str:
    """Why it is not taken, and what to do instead."""
    for endings, words in INSTEAD.items():
        if ending in endings:
            return _("Files of the kind .%(ending)s are not taken here. %(instead)s") % {
                "ending": ending,
                "instead": words,
            }
    return _("This is none of %(forms)s by its content. Put other files into a ZIP.") % {
        "forms": ", ".join(form.word for form in FORMS)
    }


def _package(file: BinaryIO) -> Form:
    """A ZIP, or the office document that it holds."""
    _small_directory(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise DomainError(_("The ZIP is damaged."), field="file") from error
    size = file.seek(0, 2)
    if sum(entry.file_size for entry in entries) > MOST_RATIO * size:
        raise DomainError(_("The ZIP unpacks to more than 200 times its size."), field="file")
    names = {entry.filename for entry in entries}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise DomainError(_("Documents with macros are not taken."), field="file")
    if "[Content_Types].xml" in names:
        if "xl/workbook.xml" in names:
            return XLSX
        if "word/document.xml" in names:
            return DOCX
    return ZIP


def _small_directory(file: BinaryIO) -> None:
    """The list of entries is looked at before it is read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise DomainError(_("The ZIP is damaged."), field="file")
    if tail[max(0, at - 20) : at].startswith(_END64):
        # Its own counts would be believed instead of those looked at here; nothing of 20 MB needs it.
        raise DomainError(_("The ZIP is of the kind for huge files (ZIP64). Pack it again."), field="file")
    entries, length = struct.unpack("<HL", tail[at + 10 : at + 16])
    if entries == 0:
        raise DomainError(_("The ZIP is empty."), field="file")
    if entries > MOST_ENTRIES or length > MOST_DIRECTORY:
        raise DomainError(_("The ZIP has too many entries: at most 10,000."), field="file")
    file.seek(0)

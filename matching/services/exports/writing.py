"""Lines of a table as bytes of a file, piece by piece: memory does not grow with rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from alliance.choices import Exported, ExportFormat
from alliance.http.files import csv_pieces, xlsx_pieces
from matching.selectors.exports import TABLES, Line


def pieces(form: str, resource: str, lines: Iterable[Line]) -> Iterator[bytes]:
    columns = TABLES[Exported(resource)].columns
    if form == ExportFormat.JSONL:
        return _json_lines(columns, lines)
    body = ([_flat(line[name]) for name in columns] for line in lines)
    return (csv_pieces if form == ExportFormat.CSV else xlsx_pieces)(resource, list(columns), body)


def _json_lines(columns: Sequence[str], lines: Iterable[Line]) -> Iterator[bytes]:
    for line in lines:
        told = {name: line[name] for name in columns}
        yield json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n"


def _flat(value: Any) -> Any:
    """What a cell cannot hold is JSON in it."""
    if isinstance(value, dict | list):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False) if value else ""
    return value

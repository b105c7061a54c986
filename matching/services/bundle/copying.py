"""Records as the text that COPY reads. Worker processes make it; the process with the connection passes it on."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Record = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Json:
    """A value for a JSON column (a plain list is an array)."""

    value: Any


def json_value(value: Any) -> Json:
    return Json(value)


def copy_text(records: Iterable[Record]) -> bytes:
    """One line a record. TypeError for a value that no bundle column holds."""
    lines = ["\t".join([_WRITERS[type(value)](value) for value in record]) for record in records]
    return ("\n".join(lines) + "\n").encode() if lines else b""


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _json(value: Json) -> str:
    return _text(json.dumps(value.value, ensure_ascii=False))


def _array(values: Sequence[str]) -> str:
    quoted = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
    return _text("{" + ",".join(quoted) + "}")


class _Writers(dict[type, Callable[[Any], str]]):
    def __missing__(self, kind: type) -> Callable[[Any], str]:
        """Subclasses of what is known (choices are texts)."""
        for known in (str, date):
            if issubclass(kind, known):
                self[kind] = self[known]
                return self[kind]
        raise TypeError(f"{kind.__name__} is no value of a bundle")


_WRITERS = _Writers(
    {
        type(None): lambda value: "\\N",
        bool: lambda value: "t" if value else "f",
        int: str,
        float: repr,
        str: _text,
        date: date.isoformat,
        list: _array,
        Json: _json,
    }
)

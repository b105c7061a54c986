"""The client: one method for each thing that programs do with rows."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from robot_alliance.transport import Answer, Send, UnreachableError, over_http

BULK = 1000
WAITS = (429, 503)
LONGEST_WAIT = 60.0


class ProblemError(Exception):
    """The server refused: `errors` says which field and why; `request_id` is what its operators ask for."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.detail = str(body.get("detail", ""))
        self.errors: list[dict[str, str]] = list(body.get("errors", []))
        self.request_id = str(body.get("request_id", ""))
        told = "; ".join(f"{error['field']}: {error['message']}" for error in self.errors)
        super().__init__(f"{status} {self.code}: {told or self.detail}")


class StaleError(ProblemError):
    """Somebody has changed the row since it was read: read it again."""


class Row(dict[str, Any]):
    """What the server says of a row, and the version that it says it of."""

    etag: str = ""


@dataclass
class Feed:
    """A page of changes; keep `cursor` for the next time."""

    changes: list[dict[str, Any]]
    cursor: str
    more: bool


class Client:
    """`token` with the scopes that the calls need; `language` of messages: zh-hans or en."""

    def __init__(
        self,
        address: str,
        token: str,
        *,
        language: str = "zh-hans",
        tries: int = 6,
        send: Send | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.root = f"{address.rstrip('/')}/api/v1/"
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json, application/problem+json",
            "Accept-Language": language,
            "User-Agent": "robot-alliance-client/0.1",
        }
        self._tries, self._send, self._sleep = tries, send or over_http, sleep

    # --- reading ---
    def get(self, resource: str, id: str) -> Row:
        return self._row(self._ask("GET", f"{resource}/{quote(id, safe='')}/"))

    def list(self, resource: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """Every row, page by page. `filters` as the documentation names them."""
        place: str | None = f"{resource}/" + (f"?{urlencode(filters)}" if filters else "")
        while place:
            page = self._ask("GET", place).json
            yield from page["results"]
            place = self._next(page["next"])

    def _next(self, address: str | None) -> str | None:
        """Only what stands behind the address is taken: the token goes to the configured host."""
        if address is None:
            return None
        parts = urlsplit(address)
        return f"{parts.path.split('/api/v1/', 1)[-1]}?{parts.query}"

    def changes(self, cursor: str = "", *, limit: int = 200) -> Feed:
        """What has changed since a place in the feed; without one only the place from which to read on."""
        query = {"cursor": cursor, "limit": limit} if cursor else {"start": "now"}
        told = self._ask("GET", f"changes/?{urlencode(query)}").json
        return Feed(told["results"], told["cursor"], told["more"])

    def preview(self, **what: Mapping[str, Any]) -> dict[str, Any]:
        """`demand={…}` or `capability={…}`: what it would match if it were published. Nothing is stored."""
        found: dict[str, Any] = self._ask("POST", "match-preview/", what).json
        return found

    # --- writing ---
    def create(self, resource: str, body: Mapping[str, Any], *, key: str = "") -> Row:
        """Make a row. `key` names the attempt across restarts of the program; else each call is one."""
        return self._row(
            self._ask("POST", f"{resource}/", body, {"Idempotency-Key": key or str(uuid.uuid4())})
        )

    def upsert(self, resource: str, external_id: str, body: Mapping[str, Any]) -> Row:
        """Make the row of this name, or write over it."""
        return self._row(self._ask("PUT", f"{resource}/by-external-id/{quote(external_id, safe='')}/", body))

    def bulk(
        self, resource: str, rows: Iterable[Mapping[str, Any]], *, atomic: bool = True
    ) -> Iterator[dict[str, Any]]:
        """Many rows, a thousand at a time; an answer for each, `row` counted over all. `atomic` holds per thousand."""
        waiting, before = list(rows), 0
        while waiting:
            part, waiting = waiting[:BULK], waiting[BULK:]
            told = self._ask(
                "POST",
                f"{resource}/bulk/",
                {"atomic": atomic, "rows": part},
                {"Idempotency-Key": str(uuid.uuid4())},
            ).json
            yield from ({**row, "row": row["row"] + before} for row in told["results"])
            before += len(part)

    def change(self, resource: str, row: Row, **fields: Any) -> Row:
        """Change some fields of a row as it was read; StaleError if it is another by now."""
        return self._row(self._ask("PATCH", f"{resource}/{row['id']}/", fields, {"If-Match": row.etag}))

    def remove(self, resource: str, row: Row) -> None:
        """Put a row away."""
        self._ask("DELETE", f"{resource}/{row['id']}/", None, {"If-Match": row.etag})

    def step(self, introduction: Row, move: str, **said: Any) -> Row:
        """Do a step of an introduction."""
        headers = {"If-Match": introduction.etag, "Idempotency-Key": str(uuid.uuid4())}
        place = f"introductions/{introduction['id']}/steps/"
        return self._row(self._ask("POST", place, {"move": move, **said}, headers))

    # --- files ---
    def import_capabilities(
        self,
        name: str,
        file: bytes,
        *,
        mode: str = "check",
        columns: Mapping[str, str] | None = None,
        seconds: float = 600,
        key: str = "",
    ) -> Row:
        """Send a workbook, CSV or JSON lines and wait for its check, or with `mode="save"` until it is saved.

        The answer's `state` says what became of it, `problems` what is wrong where; `confirm` saves it.
        """
        fields = {"mode": mode, "columns": json.dumps(dict(columns or {}))}
        kind, body = _form(fields, name, file)
        headers = {"Content-Type": kind, "Idempotency-Key": key or str(uuid.uuid4())}
        row = self._row(self._ask("POST", "imports/", body, headers))
        return self._settled("imports", row, ("checking", "saving"), seconds)

    def confirm(self, imported: Row, *, seconds: float = 600) -> Row:
        """Save a checked import."""
        headers = {"If-Match": imported.etag, "Idempotency-Key": str(uuid.uuid4())}
        told = self._ask("POST", f"imports/{imported['id']}/steps/", {"move": "confirm"}, headers)
        return self._settled("imports", self._row(told), ("checking", "saving"), seconds)

    def export(self, resource: str, format: str = "jsonl", *, seconds: float = 600, **filters: Any) -> bytes:
        """All that a list shows in one file (csv, xlsx, jsonl), written in the background and fetched."""
        body = {"resource": resource, "format": format, "filters": {k: str(v) for k, v in filters.items()}}
        asked = self._ask("POST", "exports/", body, {"Idempotency-Key": str(uuid.uuid4())})
        row = self._settled("exports", self._row(asked), ("waiting", "working"), seconds)
        return self._ask("GET", f"exports/{row['id']}/file/").body

    def _settled(self, resource: str, row: Row, unsettled: tuple[str, ...], seconds: float) -> Row:
        """The row once nobody works on it any more; TimeoutError where that takes longer."""
        waited, pause = 0.0, 0.5
        while row["state"] in unsettled:
            if waited >= seconds:
                raise TimeoutError(f"{resource} {row['id']} is still {row['state']}")
            self._sleep(pause)
            waited, pause = waited + pause, min(2 * pause, 10.0)
            row = self.get(resource, row["id"])
        return row

    # --- one request ---
    def _row(self, answer: _Told) -> Row:
        row = Row(answer.json)
        row.etag = answer.headers.get("etag", "")
        return row

    def _ask(
        self, method: str, place: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> _Told:
        """Sent again while nobody answers or the server asks for patience; each try is the same request."""
        sent = dict(self._headers) | dict(headers or {})
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        safe = method in ("GET", "PUT") or "Idempotency-Key" in sent or place == "match-preview/"
        for attempt in range(self._tries):
            last = attempt == self._tries - 1
            try:
                answer = self._send(method, self.root + place, sent, data)
            except UnreachableError:
                if last or not safe:
                    raise
                self._sleep(_pause(attempt))
                continue
            if last or not _worth_waiting(answer):
                return _checked(answer)
            self._sleep(min(float(answer.headers.get("retry-after", _pause(attempt))), LONGEST_WAIT))
        raise AssertionError("the last try returns or raises")


class _Told:
    def __init__(self, answer: Answer) -> None:
        self.headers, self.body = answer.headers, answer.body

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else {}


def _form(fields: Mapping[str, str], name: str, file: bytes) -> tuple[str, bytes]:
    """The content type and the body of a form with a file."""
    mark = uuid.uuid4().hex
    plain = "".join(c if c.isprintable() and c not in '"\\' else "_" for c in name)
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{plain}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return f"multipart/form-data; boundary={mark}", "".join(
        parts
    ).encode() + file + f"\r\n--{mark}--\r\n".encode()


def _worth_waiting(answer: Answer) -> bool:
    return answer.status in WAITS or (answer.status == 409 and b'"in_flight"' in answer.body)


def _checked(answer: Answer) -> _Told:
    if answer.status < 300:
        return _Told(answer)
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = {}
    kind = StaleError if answer.status == 412 else ProblemError
    raise kind(answer.status, body if isinstance(body, dict) else {})


def _pause(attempt: int) -> float:
    """Twice as long each time, give or take a half, so that many clients do not come back together."""
    return min(LONGEST_WAIT, 0.5 * 2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311 (spreads, guards nothing)

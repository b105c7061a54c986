"""The feed of changes for programs: which rows of the viewer's have changed or gone since a place in it.

The place is an encrypted cursor: it counts nothing for whoever holds it. What the viewer does not see does not appear;
a row appears as removed when it was taken back or deleted and the viewer would see it if it had not been.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from alliance.access import formerly, once_open, once_there
from alliance.choices import Confidentiality
from alliance.errors import NotFoundError
from alliance.kinds import KINDS
from alliance.models import Change

#: kinds of rows that the API shows → where
RESOURCES = {
    "organisation": "organisations",
    "facility": "facilities",
    "capability": "capabilities",
    "site": "sites",
    "demand": "demands",
    "introduction": "introductions",
}
BATCH, MOST_BATCHES = 1000, 10
Place = tuple[int, int]

READ = """
    SELECT id, transaction, at, kind, object_id, before, after FROM alliance_change
    WHERE (transaction, id) > (%s, %s) AND transaction < %s AND kind = ANY(%s)
    ORDER BY transaction, id LIMIT %s
"""


@dataclass(frozen=True)
class Item:
    """A row that changed, or that is no longer there for the viewer."""

    at: datetime
    kind: str
    id: str
    removed: bool

    @property
    def resource(self) -> str:
        return RESOURCES[self.kind]


@dataclass
class Feed:
    """`more`: there is more to read at once."""

    items: list[Item] = field(default_factory=list)
    cursor: str = ""
    more: bool = False


def horizon() -> int:
    """The oldest running transaction: a slower one's rows come later, and are never skipped."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def newest() -> Feed:
    """Nothing, and the place from which to read on: for who copies everything first."""
    return Feed(cursor=seal((horizon() - 1, 2**62)))


def read_feed(user: Any, cursor: str, limit: int) -> Feed:
    """What changed after the cursor ("" from the beginning), oldest first, each row once with its last change."""
    place, end = unseal(cursor) if cursor else (0, 0), horizon()
    names = _names()
    found: dict[tuple[str, str], Item] = {}
    for _batch in range(MOST_BATCHES):
        rows = list(Change.objects.raw(READ, [*place, end, list(names), BATCH]))
        told = _told(user, rows, names)
        for row in rows:
            key = (names[row.kind], row.object_id)
            if key in told and key not in found and len(found) >= limit:
                return Feed(list(found.values()), seal(place), more=True)
            place = (row.transaction, row.pk)
            if key in told:
                found.pop(key, None)
                found[key] = Item(row.at, *key, removed=told[key])
        if len(rows) < BATCH:
            return Feed(list(found.values()), seal(place))
    return Feed(list(found.values()), seal(place), more=True)


def _names() -> dict[str, str]:
    """Kind of a change → kind of the row that it is told of."""
    names = {name: name for name in RESOURCES}
    return names | {also: name for name in RESOURCES for also in KINDS[name].related}


def _told(user: Any, rows: Sequence[Change], names: dict[str, str]) -> dict[tuple[str, str], bool]:
    """(kind, id) → whether it is gone, of the rows that the viewer is told of."""
    asked: dict[str, set[UUID]] = defaultdict(set)
    ended: dict[str, set[UUID]] = defaultdict(set)
    deleted: dict[str, dict[UUID, dict[str, Any]]] = defaultdict(dict)
    narrowed: set[UUID] = set()
    for row in rows:
        try:
            public_id = UUID(row.object_id)
        except ValueError:
            continue
        kind, before, after = names[row.kind], row.before or {}, row.after or {}
        asked[kind].add(public_id)
        if before.get("published") is True and after.get("published") is False:
            ended[kind].add(public_id)
        if before.get("published") is True and before.get("confidentiality") == Confidentiality.OPEN:
            narrowed.add(public_id)
        if row.after is None and before.get(KINDS[kind].place):
            deleted[kind][public_id] = before
    told: dict[tuple[str, str], bool] = {}
    for kind, ids in asked.items():
        model = KINDS[kind].model
        seen = _ids(model.objects.visible_to(user).filter(public_id__in=ids))
        gone = ended[kind] - seen
        if gone:
            gone = _ids(model.objects.filter(formerly(model.access, user), public_id__in=gone))
        if kind == "demand" and narrowed - seen:
            gone |= _ids(model.objects.filter(once_open(user), public_id__in=narrowed - seen))
        if deleted[kind]:
            gone |= _missed(user, kind, deleted[kind])
        told |= {(kind, str(each)): False for each in seen} | {(kind, str(each)): True for each in gone}
    return told


def _missed(user: Any, kind: str, deleted: dict[UUID, dict[str, Any]]) -> set[UUID]:
    """Those of the deleted rows that the viewer saw: nothing of them is left but the place they stood at."""
    there = _ids(KINDS[kind].model.objects.filter(public_id__in=deleted))
    lost = {key: before for key, before in deleted.items() if key not in there}
    name = KINDS[kind].place
    places = KINDS[name].model
    found: set[UUID] = set()
    for published in (True, False):
        stood = {key: before[name] for key, before in lost.items() if before.get("published") is published}
        if stood:
            seen = once_there(places.access, user, published=published)
            shown = {*map(str, _ids(places.objects.filter(seen, public_id__in=set(stood.values()))))}
            found |= {key for key, place in stood.items() if place in shown}
    return found


def _ids(rows: Any) -> set[UUID]:
    return set(rows.values_list("public_id", flat=True))


# --- the cursor ----------------------------------------------------------------------------------------------
def seal(place: Place) -> str:
    """Encrypted with a new number each time: two cursors of one place have nothing in common."""
    nonce = secrets.token_bytes(12)
    plain = b"".join(part.to_bytes(8, "big", signed=True) for part in place)
    body = nonce + _mixed(plain, nonce)
    return base64.urlsafe_b64encode(body + _mark(body)).decode()


def unseal(text: str) -> Place:
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    body, mark = raw[:28], raw[28:]
    if len(raw) != 44 or not hmac.compare_digest(mark, _mark(body)):
        raise NotFoundError("no such place")
    plain = _mixed(body[12:], body[:12])
    return int.from_bytes(plain[:8], "big", signed=True), int.from_bytes(plain[8:], "big", signed=True)


def _mixed(data: bytes, nonce: bytes) -> bytes:
    stream = blake2b(nonce, key=_key(b"feed stream"), digest_size=len(data)).digest()
    return bytes(one ^ other for one, other in zip(data, stream, strict=True))


def _mark(body: bytes) -> bytes:
    return blake2b(body, key=_key(b"feed mark"), digest_size=16).digest()


def _key(purpose: bytes) -> bytes:
    return blake2b(settings.SECRET_KEY.encode(), person=purpose.ljust(16)[:16], digest_size=32).digest()

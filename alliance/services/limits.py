"""How often something may be tried: counted in the database, so that all processes count together.

Every try is counted before it is made: any number of them at once never get past the limit. What succeeds is given
back. Windows are fixed spans of the database's clock.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from dataclasses import dataclass

from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from alliance.errors import TooManyError
from alliance.models import Attempt

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Limit:
    """`most` tries in windows of `seconds`."""

    most: int
    seconds: int


#: what → by whom → limit. Offices and fairs share one address: limits by address are wide, those by account narrow.
LIMITS: dict[str, dict[str, Limit]] = {
    "sign in": {
        "account": Limit(100, HOUR),
        "account from address": Limit(10, 15 * MINUTE),
        "address": Limit(200, 15 * MINUTE),
        "known device": Limit(20, 15 * MINUTE),
    },
    "code": {"account": Limit(10, HOUR), "known device": Limit(10, HOUR)},
    "password": {"account": Limit(10, HOUR)},
    "reset": {"account": Limit(5, HOUR), "address": Limit(60, HOUR)},
    "register": {"address": Limit(120, HOUR)},
    "look up": {"address": Limit(300, HOUR)},
    "invitation": {"address": Limit(120, HOUR)},
    "confirm": {"account": Limit(10, HOUR), "recipient": Limit(5, DAY)},
    "invite": {"account": Limit(60, HOUR), "recipient": Limit(5, DAY)},
}

COUNT = """
    INSERT INTO alliance_attempt (what, key, ends, count)
    SELECT w, k, to_timestamp((floor(extract(epoch FROM now()) / s) + 1) * s), 1
    FROM unnest(%s::text[], %s::text[], %s::int[]) AS asked(w, k, s) ORDER BY w, k
    ON CONFLICT (what, key, ends) DO UPDATE SET count = alliance_attempt.count + 1
    RETURNING id, what, count, greatest(1, ceil(extract(epoch FROM ends - now())))::int
"""


@dataclass(frozen=True)
class Taken:
    """Tries that were counted."""

    rows: tuple[int, ...]

    def give_back(self) -> None:
        """It succeeded: only failures count."""
        Attempt.objects.filter(pk__in=self.rows, count__gt=0).update(count=F("count") - 1)


def count_try(what: str, **who: str) -> Taken:
    """Count one try for each of `who` (names as in LIMITS, "_" for a blank); TooManyError when one has had its share.

    Call it outside of a transaction that may roll back, or the try is forgotten.
    """
    limits = {name: LIMITS[what][name.replace("_", " ")] for name in who}
    kinds = {f"{what}: {name.replace('_', ' ')}": limit for name, limit in limits.items()}
    keys = [_digest(kind, subject) for kind, subject in zip(kinds, who.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [list(kinds), keys, [limit.seconds for limit in limits.values()]])
        rows = cursor.fetchall()
    over = [wait for _pk, kind, count, wait in rows if count > kinds[kind].most]
    if over:
        minutes = max(1, -(-max(over) // MINUTE))
        words = _("Too many attempts. Try again in %(minutes)d minutes.") % {"minutes": minutes}
        raise TooManyError(words, wait=max(over))
    return Taken(tuple(pk for pk, *_rest in rows))


def _digest(kind: str, subject: str) -> str:
    return salted_hmac("alliance.attempt", f"{kind}\n{subject}", algorithm="sha256").hexdigest()


def plain_name(text: str) -> str:
    """A sign-in name or mail address as it is counted: the ways to write it are one."""
    return unicodedata.normalize("NFKC", text).strip().casefold()[:300]


def plain_address(text: str) -> str:
    """An address as it is counted: a network of IPv6 belongs to one subscriber."""
    plain = text.strip()
    if plain.startswith("["):  # some proxies add the port
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def forget_old_attempts() -> int:
    """Windows that are over; returns how many went."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alliance_attempt WHERE ends < now()")
        return int(cursor.rowcount)

"""Where a webhook may go: public addresses only, whatever form hides an inside one.

A name is resolved once and the connection goes to the address that was checked: a name that answers differently the
second time (DNS rebinding) is never asked a second time.
"""

from __future__ import annotations

import socket
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from alliance.errors import DomainError

LONGEST = 500
RESOLVE_SECONDS = 5.0
# Prefixes that carry an IPv4 address in their last 32 bits: mapped, compatible, NAT64 (RFC 6052).
CARRIERS = [ip_network("::ffff:0:0/96"), ip_network("::/96"), ip_network("64:ff9b::/96")]
# Tunnels and translations that end wherever their maker says (Teredo, NAT64 for local use), addresses of protocols, and
# of sites as they once were: not every Python calls them private.
NOWHERE = [ip_network(text) for text in ("2001::/32", "64:ff9b:1::/48", "192.0.0.0/24", "fec0::/10")]
ISATAP = {0x00005EFE, 0x02005EFE}


class RefusedAddressError(Exception):
    """The name leads nowhere, or to an address that is not public; said in English, shown in the reader's language."""


@dataclass(frozen=True)
class Target:
    """Where to connect: the address that was checked, and the name that its certificate must bear."""

    host: str
    address: str
    port: int


def clean_url(text: str) -> str:
    """The address of a webhook, checked as far as that is possible without asking for its name.

    Raises DomainError at "url".
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        raise _wrong(_("This is not an address.")) from None
    if len(text) > LONGEST or any(character <= " " or character in '\\"<>`' for character in text):
        raise _wrong(_("This is not an address."))
    if parts.scheme != "https":
        raise _wrong(_("The address begins with https://."))
    if parts.username is not None or parts.password is not None:
        raise _wrong(_("Leave name and password out of the address: requests are signed."))
    if parts.fragment or port == 0:
        raise _wrong(_("This is not an address."))
    query = f"?{parts.query}" if parts.query else ""
    place = f"[{host}]" if ":" in host else host
    return f"https://{place}{'' if port in (None, 443) else f':{port}'}{parts.path or '/'}{query}"


def _wrong(message: str) -> DomainError:
    return DomainError(message, field="url")


def _host(name: str) -> str:
    if not name:
        raise ValueError
    return name if ":" in name else name.encode("idna").decode("ascii").lower()


def target_of(url: str) -> Target:
    """Resolve the name once; every address that it has must be allowed. Raises RefusedAddressError."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        found = _resolved(host, port)
    except (OSError, UnicodeError) as error:  # TimeoutError among them
        raise RefusedAddressError(gettext_noop("the name is not known")) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(allowed(address) for address in addresses):
        raise RefusedAddressError(gettext_noop("the address is not public"))
    return Target(host, addresses[0], port)


def _resolved(host: str, port: int) -> Any:
    """What `getaddrinfo` says, which knows no limit: who runs a name's server may keep it silent, and would hold the
    messages of all others up. Its thread ends by itself when the resolver gives up."""
    answer: Future[Any] = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # raised again for who waits
            answer.set_exception(error)

    Thread(target=ask, name="name of a webhook", daemon=True).start()
    return answer.result(RESOLVE_SECONDS)


def allowed(text: str) -> bool:
    """A public unicast address, or one of the networks that the operator of this site has named."""
    try:
        address = ip_address(text)
    except ValueError:  # with a zone (fe80::1%eth0)
        return False
    if any(address in network for network in settings.WEBHOOK_NETWORKS):
        return True
    return _public(address)


def _public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if any(address in network for network in NOWHERE):
        return False
    if isinstance(address, IPv4Address):
        return True
    return all(_public(inner) for inner in _inside(address))


def _inside(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address carries."""
    last = int(address) & 0xFFFFFFFF
    carried = any(address in network for network in CARRIERS)
    isatap = (int(address) >> 32) & 0xFFFFFFFF in ISATAP
    found = [IPv4Address(last)] if carried or isatap else []
    return [*found, *filter(None, [address.sixtofour])]

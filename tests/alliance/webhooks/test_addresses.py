"""No request reaches an inside address, whatever form hides it."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_network
from typing import Any

import pytest

from alliance.errors import DomainError
from alliance.services.webhooks import addresses, sending
from alliance.services.webhooks.addresses import RefusedAddressError, allowed, clean_url, target_of

INSIDE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::808:808",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2600::5efe:127.0.0.1",
    "2600::200:5efe:10.0.0.1", "fec0::1", "not an address", "",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "223.5.5.5", "2600:9000::1", "2400:3200::1", "2002:808:808::1"]


@pytest.mark.parametrize("address", INSIDE)
def test_inside_addresses_are_refused(address: str) -> None:
    assert not allowed(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert allowed(address)


def test_only_the_networks_that_the_site_names_are_excepted(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network("10.20.0.0/16")]
    assert allowed("10.20.3.4")
    assert not allowed("10.21.3.4")
    assert not allowed("::ffff:10.20.3.4")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "017700000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[64:ff9b::127.0.0.1]",
        "[fe80::1%25lo]",
        "[::1%25lo]",
        "0",
        "00",
        "0x7f000001",
        "0X7F.0.0.1",
        "0x7f.0.0x0.0x1",
        "127.0.1",
        "127.0.0.01",
        "127.65535",
        "localhost.",
        "LOCALHOST",
        "127.0.0.1.",
        "１２７.０.０.１",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "ｌｏｃａｌｈｏｓｔ",
        "127.0.0.1%2f.example.org",
        "localhost%00.example.org",
        "localhost\u00ad",
    ],
)
def test_no_spelling_of_this_machine_is_a_target(host: str) -> None:
    """Neither as it is typed nor as it is stored; what cannot be stored is refused before."""
    with pytest.raises(RefusedAddressError):
        target_of(f"https://{host}/")
    with pytest.raises((RefusedAddressError, DomainError)):
        target_of(clean_url(f"https://{host}/"))


class Canary:
    """Listens on this machine and counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]

    def visited(self) -> bool:
        try:
            self.socket.accept()[0].close()
        except TimeoutError:
            return False
        return True


@pytest.fixture
def canary() -> Any:
    found = Canary()
    yield found
    found.socket.close()


def test_a_name_that_changes_its_mind_is_asked_once(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when it is checked, this machine when a second look is taken."""
    asked: list[str] = []

    def resolve(host: str, port: int, *_rest: Any, **_more: Any) -> list[Any]:
        asked.append(host)
        address = "203.0.114.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    went: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_rest: Any) -> Any:
        went.append(address)
        raise OSError("not from a test")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    answer = sending.send(f"https://rebind.example.org:{canary.port}/", b"{}", {})
    assert not answer.ok
    assert asked == ["rebind.example.org"]
    assert went == [("203.0.114.1", canary.port)]
    assert not canary.visited()


def test_one_inside_address_among_public_ones_is_enough(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, canary.port)) for name in ("8.8.8.8", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    assert (
        sending.send(f"https://both.example.org:{canary.port}/", b"{}", {}).error
        == "the address is not public"
    )
    assert not canary.visited()


def test_a_server_of_names_that_keeps_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is still being asked for when the message has its answer."""
    silent, asked = threading.Event(), threading.Event()

    def resolve(*_args: Any, **_more: Any) -> list[Any]:
        asked.set()
        silent.wait(60)
        return []

    monkeypatch.setattr(addresses, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    answer = sending.send("https://silent.example.org/", b"{}", {})
    assert asked.is_set()
    assert not silent.is_set()
    assert (answer.status, answer.error) == (None, "the name is not known")
    silent.set()


#: trick → what a name that looks public leads to; each of them a form of this machine or of one inside
TRICKS = {
    "loopback": "127.0.0.1", "loopback of version 6": "::1", "this host": "0.0.0.0", "unspecified": "::",  # noqa: S104
    "mapped": "::ffff:127.0.0.1", "compatible": "::127.0.0.1", "6to4": "2002:7f00:1::", "NAT64": "64:ff9b::7f00:1",
    "NAT64 of a site": "64:ff9b:1::7f00:1", "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "ISATAP": "2600::5efe:127.0.0.1", "carrier's": "100.64.0.1", "private": "10.0.0.1", "link": "169.254.169.254",
    "link of version 6": "fe80::1", "unique local": "fc00::1", "site local": "fec0::1", "multicast": "224.0.0.1",
    "multicast of version 6": "ff02::1", "reserved": "240.0.0.1", "broadcast": "255.255.255.255",
    "documentation": "192.0.2.1", "benchmarks": "198.18.0.1",
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_leads_a_request_to_the_canary(
    canary: Canary, monkeypatch: pytest.MonkeyPatch, trick: str
) -> None:
    """Nothing is even tried: not to the address, and not to what is wrapped in it."""
    address = TRICKS[trick]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, canary.port))]
    went: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    monkeypatch.setattr(socket, "create_connection", lambda place, *_rest: went.append(place))
    answer = sending.send(f"https://public.example.org:{canary.port}/", b"{}", {})
    assert (answer.status, answer.error) == (None, "the address is not public")
    assert went == []
    assert not canary.visited()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_nothing_arrives_at_an_inside_address(canary: Canary, host: str) -> None:
    answer = sending.send(f"https://{host}:{canary.port}/", b"{}", {})
    assert answer.status is None
    assert answer.error == "the address is not public"
    assert not canary.visited()


@pytest.mark.parametrize(
    "text",
    [
        "", "http://example.org/", "ftp://example.org/", "https://", "https:///path", "example.org", "https://a b/",
        "https://user:word@example.org/", "https://user@example.org/", "https://example.org/#part",
        "https://example.org:99999/", "https://example.org:0/", "https://[::1/", "https://exa\\mple.org/",
        "https://example.org/\r\nHost: other", "https://example.org/\0", "javascript:alert(1)",
        "https://" + "a" * 64 + ".org/", "https://example.org/" + "a" * 500, "https://a..b/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(DomainError) as caught:
        clean_url(text)
    assert caught.value.field == "url"


def test_addresses_are_written_one_way() -> None:
    assert clean_url(" https://Example.ORG:443 ") == "https://example.org/"
    assert clean_url("https://例子.中国/接收?a=1") == "https://xn--fsqu00a.xn--fiqs8s/接收?a=1"

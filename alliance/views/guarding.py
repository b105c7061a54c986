"""Who is knocking: the address, the browser that this person has signed in with before, and a door that waits."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from alliance.errors import TooManyError
from alliance.models import User
from alliance.services.limits import plain_address, plain_name

DEVICE_DAYS = 180
_SIGNER = signing.TimestampSigner(salt="known-device")


def client_address(request: HttpRequest) -> str:
    """The asker's address. What X-Forwarded-For says counts only as far as NUM_PROXIES proxies of ours wrote it."""
    said = request.META.get("HTTP_X_FORWARDED_FOR", "")
    hops = [hop for hop in said.split(",") if hop.strip()]
    if settings.NUM_PROXIES and hops:
        return plain_address(hops[-min(settings.NUM_PROXIES, len(hops))])
    return plain_address(request.META.get("REMOTE_ADDR", ""))


def _cookie(name: str) -> str:
    """A cookie for each person of a shared browser; it does not tell whose."""
    return "device-" + salted_hmac("alliance.device", plain_name(name), algorithm="sha256").hexdigest()[:12]


def known_device(request: HttpRequest, name: str) -> str:
    """The number of this browser for the person of that name, "" when that person never signed in here."""
    cookie = _cookie(name)
    try:
        return str(_SIGNER.unsign(f"{cookie}:{request.COOKIES[cookie]}", max_age=DEVICE_DAYS * 86_400))
    except (KeyError, signing.BadSignature):
        return ""


def remember_device(request: HttpRequest, response: HttpResponse, person: User) -> None:
    """Tries from here are counted apart from now on: nobody elsewhere can lock this person out here.

    It opens nothing: password and code are asked for as ever.
    """
    cookie = _cookie(person.username)
    value = _SIGNER.sign(f"{cookie}:{secrets.token_hex(8)}").partition(":")[2]
    response.set_cookie(
        cookie,
        value,
        max_age=DEVICE_DAYS * 86_400,
        httponly=True,
        secure=settings.SECURE,
        samesite="Lax",
    )


def counted_by(request: HttpRequest, name: str) -> dict[str, str]:
    """By whom a sign-in of `name` is counted: the known device alone, or the account and the address."""
    account, device = plain_name(name), known_device(request, name)
    if device:
        return {"known_device": f"{account}\n{device}"}
    address = client_address(request)
    return {"account": account, "account_from_address": f"{account}\n{address}", "address": address}


def too_many(request: HttpRequest, error: TooManyError) -> HttpResponse:
    """The page of a door that stays shut for a while; the same for people that exist and that do not."""
    response = render(request, "registration/locked.html", {"message": error.message}, status=429)
    response["Retry-After"] = str(error.wait)
    return response

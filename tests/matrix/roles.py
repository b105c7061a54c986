"""Everybody who asks: a person's session, a token, or nobody."""

from __future__ import annotations

from django.conf import settings
from django.test import Client

from tests.cast import World

#: role → person of tests/cast.py (a session), "token:…" (a token), or "" (nobody)
ROLES = {
    "anonymous": "",
    "suspended": "suspended",
    "shut_out": "shut_out_owner",
    "nobody": "nobody",
    "viewer": "supplier_viewer",
    "editor": "supplier_editor",
    "owner": "supplier_owner",
    "lab": "lab_owner",
    "rival": "rival_owner",
    "other": "outside_owner",
    "city_bureau": "lead_official",
    "partner_bureau": "partner_official",
    "other_bureau": "outside_official",
    "admin": "alliance_admin",
    "platform": "platform_admin",
    "read_token": "token:lab_editor:read",
    "write_token": "token:lab_editor:write",
    "foreign_token": "token:outside_owner:write",
    "suspended_token": "token:suspended:write",
    "service_token": "token:supplier:service",
}

OUT = {"anonymous", "suspended", "suspended_token"}
PLACELESS = {"shut_out", "nobody"}
TOKENS = {role for role, who in ROLES.items() if who.startswith("token:")}
EVERYBODY = set(ROLES)
KNOWN = EVERYBODY - OUT - PLACELESS

SUPPLIER = {"viewer", "editor", "owner", "service_token"}
LAB = {"lab", "read_token", "write_token"}
LEAD = {"city_bureau", "admin"}
BUREAUS = LEAD | {"partner_bureau"}
NORTH = SUPPLIER | {"rival"} | LAB | BUREAUS
SOUTH = {"other", "foreign_token", "other_bureau"}
DEMAND_SIDE = LAB | BUREAUS | {"platform"}


def client(world: World, role: str) -> Client:
    """A program or browser of this role. Signing in is done once: a browser of one's own, the session shared."""
    who = ROLES[role]
    if who.startswith("token:"):
        return Client(headers={"authorization": f"Bearer {world.tokens[who.removeprefix('token:')]}"})
    browser = Client()
    if who:
        session = world.sessions.get(who) or _sign_in(world, who)
        browser.cookies[settings.SESSION_COOKIE_NAME] = session
    return browser


def _sign_in(world: World, who: str) -> str:
    browser = Client()
    browser.force_login(world.person(who), backend="django.contrib.auth.backends.ModelBackend")
    world.sessions[who] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return world.sessions[who]

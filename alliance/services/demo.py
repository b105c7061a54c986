"""Demo people: one for each role of docs/visibility.md, placed by what the data says and not by fixed ids.

Alliance knows nothing of capabilities and demands: who supplies, asks or opens sites is read from the roles
of the organisations.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Count, QuerySet

from alliance.choices import MemberRole, OrganisationKind, OrganisationRole
from alliance.models import Alliance, AllianceReach, CityCare, Organisation, User
from alliance.services.people import create_person, join_organisation, random_password, set_password


@dataclass(frozen=True)
class Part:
    """A demo person: the name to sign in with, who that is, and in which organisation."""

    username: str
    who: str
    organisation: Organisation | None = None
    role: str = ""


@dataclass(frozen=True)
class Cast:
    part: Part
    password: str


def make_demo_people(path: Path) -> list[Cast]:
    """Every part is played afterwards, and `path` (readable by its owner only) has the passwords.

    Whoever exists keeps the password that the file says; one that the file does not know is set anew.
    """
    known = _read(path)
    cast = []
    with transaction.atomic():
        for part in parts():
            person = User.objects.filter(username=part.username).first()
            password = known.get(part.username, "")
            if person is None or not password or not person.check_password(password):
                password = password or random_password()
                person = _placed(person, part, password)
            if part.organisation is not None:
                join_organisation(person, part.organisation, part.role)
            cast.append(Cast(part, password))
        _write(path, cast)
    return cast


# Invented people, marked as such wherever they are named, by the end of the user name; the platform admin first.
NAMES = {
    "": "管理员（示例）",
    "lead": "林岚（示例）",
    "official": "周敏（示例）",
    "partner": "何川（示例）",
    "lab": "陈砚（示例）",
    "supplier-owner": "唐毅（示例）",
    "supplier-editor": "罗茜（示例）",
    "supplier-viewer": "吴岳（示例）",
    "operator": "蒋宁（示例）",
}


def _placed(person: User | None, part: Part, password: str) -> User:
    if person is None:
        admin = part.organisation is None
        name = NAMES["" if admin else next(key for key in NAMES if key and part.username.endswith(f"-{key}"))]
        return create_person(part.username, password=password, display_name=name, platform_admin=admin)
    set_password(person, password)
    return person


# --- who plays what ---------------------------------------------------------------------------------
def parts() -> Iterator[Part]:
    """The parts that the present data can fill, alliance by alliance."""
    yield Part("admin", "platform admin")
    taken: set[int] = set()
    for alliance in Alliance.objects.order_by("id"):
        for part in _of_alliance(alliance, taken):
            if part.organisation is not None:
                yield part


def _of_alliance(alliance: Alliance, taken: set[int]) -> Iterator[Part]:
    slug, name = alliance.slug, alliance.name_en or alliance.slug
    lead = _bureau(alliance.lead_city_id)
    yield Part(f"{slug}-lead", f"alliance admin, {name}", lead, MemberRole.ALLIANCE_ADMIN)
    yield Part(f"{slug}-official", f"official of the lead city, {name}", lead, MemberRole.OFFICIAL)
    yield Part(
        f"{slug}-partner", f"official of a partner city, {name}", _partner(alliance), MemberRole.OFFICIAL
    )
    lab = _firm(alliance, OrganisationRole.RND, "demands", taken)
    yield Part(f"{slug}-lab", f"owner of a lab, {name}", lab, MemberRole.OWNER)
    supplier = _firm(alliance, OrganisationRole.MANUFACTURER, "capabilities", taken)
    for role in (MemberRole.OWNER, MemberRole.EDITOR, MemberRole.VIEWER):
        yield Part(f"{slug}-supplier-{role}", f"{role} of a supplier, {name}", supplier, role)
    operator = _firm(alliance, OrganisationRole.OPERATOR, "sites", taken)
    yield Part(f"{slug}-operator", f"owner of a site operator, {name}", operator, MemberRole.OWNER)


def _bureau(city_id: int) -> Organisation | None:
    care = CityCare.objects.filter(city=city_id).order_by("bureau_id").first()
    return care.bureau if care else None


def _partner(alliance: Alliance) -> Organisation | None:
    """The bureau of the first listed city with production that is not the lead city's own bureau."""
    lead = _bureau(alliance.lead_city_id)
    rows = alliance.cities.exclude(city=alliance.lead_city_id)
    for row in sorted(rows, key=lambda row: ("production" not in row.roles, row.pk)):
        bureau = _bureau(row.city_id)
        if bureau is not None and bureau != lead:
            return bureau
    return None


def _firm(alliance: Alliance, role: str, busy_with: str, taken: set[int]) -> Organisation | None:
    """The verified firm of this role in the alliance that has most to show, each firm once."""
    reach = AllianceReach.objects.filter(alliance=alliance).values("city_id")
    firms = Organisation.objects.filter(
        kind=OrganisationKind.FIRM, fictitious=True, suspended=False, city__in=reach, roles__contains=[role]
    ).exclude(pk__in=taken)
    chosen = _busiest(firms, busy_with)
    if chosen is not None:
        taken.add(chosen.pk)
    return chosen


def _busiest(firms: QuerySet[Organisation], relation: str) -> Organisation | None:
    """By how many rows hang on it; the relation is another app's, known here by its name only."""
    return firms.annotate(busy=Count(relation)).order_by("-verified", "-busy", "id").first()


# --- the file ---------------------------------------------------------------------------------------
def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    rows = (
        line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    )
    return {row[0]: row[1] for row in rows if len(row) >= 2}


def _write(path: Path, cast: list[Cast]) -> None:
    """Replaced in one step; never readable by others, not even while it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wide = max(len(each.part.username) for each in cast)
    lines = ["# demo sign-ins: name, password, who"]
    lines += [f"{each.part.username:<{wide}}  {each.password}  {each.part.who}" for each in cast]
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    fresh.replace(path)

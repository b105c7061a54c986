"""Tellers of introductions: proposed, answered, moved, declined."""

from __future__ import annotations

from typing import Any

from alliance.choices import IntroductionState as State
from alliance.choices import NoticeGroup
from alliance.models import Change, CityCare, User
from alliance.services.notices.telling import News, everybody, members_of, those_who_see, told_to
from matching.models import Answer, Introduction, Project

GROUP = NoticeGroup.INTRODUCTIONS.value
#: How far an introduction is: the newest says it all.
STANDS = frozenset(
    f"introduction {word}" for word in ("proposed", "answered", "moved", "declined", "reopened", "overdue")
)


def introduction(change: Change) -> list[News]:
    """Everybody who works on it, but for who did it. Of a project's proposals the lab and the bureaus hear once."""
    row = Introduction.objects.get(public_id=change.object_id)
    parties = {row.lab_id, row.supplier_id, row.lab_bureau_id, row.supplier_bureau_id}
    people = members_of(parties, but=change.actor_id)
    if change.verb == "proposed" and row.project_id is not None:
        concerned = _beside_the_project(row, people)
    else:
        concerned = everybody(people)
    rows = Introduction.objects.filter(pk=row.pk)
    seeing = those_who_see(concerned, rows)
    return told_to(seeing, GROUP, key_of(change), change, params_of(change), replaces=STANDS)


def _beside_the_project(row: Introduction, people: dict[int, list[User]]) -> list[User]:
    """The supplier, and whoever of the bureaus does not see the project as a whole."""
    projects = Project.objects.filter(introductions=row)
    bureaus = {key: people.get(key, []) for key in (row.lab_bureau_id, row.supplier_bureau_id)}
    told = {person.pk for person in those_who_see(everybody(bureaus), projects)}
    supplier = people.get(row.supplier_id, [])
    return supplier + [person for person in everybody(bureaus) if person.pk not in told]


def key_of(change: Change) -> str:
    """What happened, by the states before and after."""
    if change.verb == "proposed":
        return "introduction proposed"
    before, after = (change.before or {}).get("state"), (change.after or {}).get("state")
    if after == State.DECLINED:
        return "introduction declined"
    if before == State.DECLINED:
        return "introduction reopened"
    if before == State.PROPOSED:
        return "introduction answered"
    return "introduction moved"


def params_of(change: Change) -> dict[str, Any]:
    after = change.after or {}
    told = {name: after.get(name) for name in ("state", "due_on", "version")}
    sides = [side for side in ("lab", "supplier") if after.get(f"{side}_accepted")]
    return told | ({"side": sides[0]} if len(sides) == 1 else {})


def project(change: Change) -> list[News]:
    """A pipeline was introduced as a whole: the lab and the bureaus of all its parties."""
    if change.verb != "proposed":
        return []
    row = Project.objects.get(public_id=change.object_id)
    parties = set(row.introductions.values_list("lab_id", "lab_bureau_id", "supplier_bureau_id"))
    people = everybody(members_of({key for keys in parties for key in keys}, but=change.actor_id))
    rows = Project.objects.filter(pk=row.pk)
    told = {"count": row.introductions.count()}
    return told_to(those_who_see(people, rows), GROUP, "project proposed", change, told)


def answer(change: Change) -> list[News]:
    """A maker answers a demand: its lab, and the bureau that looks after the lab's city."""
    if change.verb != "answered":
        return []
    row = Answer.objects.select_related("demand").get(public_id=change.object_id)
    caring = CityCare.objects.filter(city=row.demand.lab_city_id).values_list("bureau_id", flat=True)
    people = everybody(members_of({row.demand.owner_id, *caring}, but=change.actor_id))
    rows = Answer.objects.filter(pk=row.pk)
    return told_to(those_who_see(people, rows), GROUP, "answer given", change)

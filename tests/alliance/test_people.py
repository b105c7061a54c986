"""The first admin, demo people, memberships: made once, recorded, never by accident."""

import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from alliance.errors import ConflictError, DomainError
from alliance.models import ApiToken, Change, Membership, User
from alliance.services.demo import make_demo_people
from alliance.services.people import bootstrap, create_person, join_organisation, suspend_person
from tests.cast import World

PASSWORD = "a-good-long-secret-42"


@pytest.mark.django_db
def test_bootstrap_makes_one_platform_admin_and_refuses_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("bootstrap", username="root", email="root@example.org")
    password = capsys.readouterr().out.strip().rsplit(" ", 1)[-1]
    person = User.objects.get(username="root")
    assert person.is_superuser
    assert person.is_staff
    assert person.check_password(password)
    assert Change.objects.filter(kind="person", verb="create", object_id=str(person.pk)).count() == 1
    with pytest.raises(CommandError):
        call_command("bootstrap", username="second")
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "email", "password"),
    [("", "", PASSWORD), ("a b", "", PASSWORD), ("root", "nonsense", PASSWORD), ("root", "", "short")],
)
def test_bootstrap_refuses_bad_input_and_makes_nobody(username: str, email: str, password: str) -> None:
    with pytest.raises(DomainError):
        bootstrap(username, email=email, password=password)
    assert not User.objects.exists()
    assert not Change.objects.exists()


def test_a_taken_name_is_a_conflict(world: World) -> None:
    with pytest.raises(ConflictError):
        create_person("lab_owner", password=PASSWORD)


def test_roles_of_a_bureau_do_not_exist_in_a_firm(world: World) -> None:
    with pytest.raises(DomainError):
        join_organisation(world.people["nobody"], world.organisations["lab"], "admin")
    with pytest.raises(DomainError):
        join_organisation(world.people["nobody"], world.organisations["lead_bureau"], "owner")
    assert not Membership.objects.filter(user=world.people["nobody"]).exists()


def test_joining_twice_is_recorded_once(world: World) -> None:
    person, lab = world.people["nobody"], world.organisations["lab"]
    for role in ("viewer", "viewer", "editor"):
        join_organisation(person, lab, role)
    assert Membership.objects.get(user=person).role == "editor"
    assert [
        *Change.objects.filter(kind="person", object_id=person.pseudonym)
        .order_by("id")
        .values_list("verb", flat=True)
    ] == [
        "join",
        "change role",
    ]


def test_a_suspended_person_loses_session_and_tokens(world: World, signed_in: Any, with_token: Any) -> None:
    browser, program = signed_in("lab_editor"), with_token("lab_editor:read")
    assert browser.get("/api/v1/cities/").status_code == program.get("/api/v1/cities/").status_code == 200
    suspend_person(world.people["lab_editor"])
    assert browser.get("/api/v1/cities/").status_code == 401
    assert program.get("/api/v1/cities/").status_code == 401
    assert not ApiToken.objects.filter(user=world.people["lab_editor"]).exists()


def test_demo_people_play_every_role_and_can_sign_in(world: World, tmp_path: Path) -> None:
    User.objects.filter(is_superuser=True).delete()
    path = tmp_path / "deep" / "demo-people.txt"
    cast = make_demo_people(path)
    names = {each.part.username for each in cast}
    assert {"admin", "north-lead", "north-official", "north-partner", "north-lab", "north-operator"} <= names
    assert {f"north-supplier-{role}" for role in ("owner", "editor", "viewer")} <= names
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    roles = dict(Membership.objects.filter(user__username__in=names).values_list("user__username", "role"))
    assert roles["north-lead"] == "admin"
    assert roles["north-partner"] == "official"
    for each in cast:
        assert each.password in path.read_text()
        assert Client().login(username=each.part.username, password=each.password)


def test_demo_people_again_change_nothing(world: World, tmp_path: Path) -> None:
    User.objects.filter(is_superuser=True).delete()
    path = tmp_path / "demo-people.txt"
    make_demo_people(path)
    before, changes = path.read_bytes(), Change.objects.count()
    make_demo_people(path)
    assert path.read_bytes() == before
    assert Change.objects.count() == changes


def test_demo_people_need_the_embedded_servers_or_a_word(world: World, tmp_path: Path, settings: Any) -> None:
    User.objects.filter(is_superuser=True).delete()
    settings.EMBEDDED = False
    with pytest.raises(CommandError):
        call_command("demo_people", file=tmp_path / "x.txt")
    assert not User.objects.filter(username="admin").exists()
    call_command("demo_people", demo=True, file=tmp_path / "x.txt")
    assert User.objects.get(username="admin").is_superuser

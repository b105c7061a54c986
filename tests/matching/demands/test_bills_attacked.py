"""Sheets that were made to hurt: each is a plain refusal or a named problem, never an error of the server."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from alliance.errors import ConflictError
from matching.services.bills import confirm
from matching.services.bills.states import line_states
from tests.cast import World, build_world
from tests.matching.demands.test_bills import HEAD, checked, row, table

NASTY = [
    "😀" * 50, "=cmd|' /C calc'!A0", "≥", "≥ ≥ 12", "≥ 1e400", "≥ -", "≥ NaN", "~", "| | |",
    "( )", "（软", "≥ 12 (weight 99)", "≥ 12 (tolerance 0%)", "≥ 12 (tolerance -5%)", "10 ~ 20 ~ 30", "20 ~ 10",
    "是 | 否", "≥ 12 | ≥ 13", "\u202e12", "１２", "≥１２", "9" * 3000, "12;" * 900, "<script>alert(1)</script>",
]  # fmt: skip


@pytest.mark.parametrize("place", ["torque", "quantity", "id", "type", "day", "points", "certificates"])
def test_no_cell_is_an_error_of_the_server(
    world: World, signed_in: Callable[[str], Client], place: str
) -> None:
    """Each nasty cell in a row of its own; those with NUL refuse the file, the others are problems or values."""
    demand, lab = world.demands["draft"], signed_in("lab_editor")
    rows = [row(f"a-{number}", **{place: cell}) for number, cell in enumerate(NASTY)]
    sheet = checked(world, demand, table(*rows))
    at = f"/bills/{sheet.public_id}/"
    page = lab.get(at)
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    assert lab.get(at + "?comments=1").status_code == 200
    told = {f"at:!{number}:9": cell for number, cell in enumerate(NASTY, start=2)}
    assert lab.post(at + "mend/", told | {"at:!2": "x", "at:": "y"}).status_code == 302
    sheet.refresh_from_db()
    saved = lab.post(at + "confirm/", {"version": str(sheet.version)})
    assert saved.status_code == (409 if sheet.problems else 302)
    assert lab.get(f"/demands/{demand.public_id}/bill/file/?form=xlsx").status_code == 200


def test_nul_is_refused(world: World, signed_in: Callable[[str], Client]) -> None:
    lab, place = signed_in("lab_editor"), f"/demands/{world.demands['draft'].public_id}/bill/"
    for blob in (table(row("a\0b")), table(*[row(f"a-{n}") for n in range(99)], row("a\0b"))):
        assert lab.post(place, {"file": SimpleUploadedFile("x.csv", blob)}).status_code == 400
    sheet = checked(world, world.demands["draft"], table(row("a-1", torque="12")))
    assert lab.post(f"/bills/{sheet.public_id}/mend/", {"at:!2:9": "a\0b"}).status_code in (302, 400)
    assert lab.get(f"/bills/{sheet.public_id}/").status_code == 200


@pytest.mark.usefixtures("committed_db")
def test_two_people_confirm_and_one_wins() -> None:
    world = build_world()
    demand = world.demands["draft"]
    sheet = checked(world, demand, table(row("a-1"), row("a-2"), head=HEAD))
    told: list[Any] = []

    def press(name: str) -> None:
        try:
            told.append(confirm(sheet, user=world.person(name), version=sheet.version)["new"])
        except ConflictError:
            told.append("late")
        finally:
            connection.close()

    both = [Thread(target=press, args=(name,)) for name in ("lab_editor", "lab_owner")]
    for each in both:
        each.start()
    for each in both:
        each.join(20)
    assert sorted(map(str, told)) == ["2", "late"]
    assert [s["external_id"] for s in line_states(demand)][-2:] == ["a-1", "a-2"]

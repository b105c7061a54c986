"""Work for the demo people: through the services, once, and only where the sample's people are."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from alliance.models import Alliance, Attachment, Change, Message, Organisation, Verification
from matching.models import ActionItem, Introduction, Meeting, Project
from matching.services.demo import make_demo_work
from tests import factories as make
from tests.cast import World


@pytest.fixture
def sample(world: World) -> World:
    """The north as a sample region: fictitious firms, its demo people, nothing done yet."""
    Introduction.objects.all().delete()
    Project.objects.all().delete()
    Alliance.objects.filter(slug="north").update(as_of=make.AS_OF)
    Organisation.objects.filter(kind="firm").update(fictitious=True)
    for role, place, seat in (
        ("official", "lead_bureau", "official"),
        ("lab", "lab", "owner"),
        ("supplier-owner", "supplier", "owner"),
        ("operator", "operator", "owner"),
    ):
        make.make_person(f"north-{role}", (world.organisations[place], seat))
    return world


def test_every_first_page_has_something(sample: World) -> None:
    before = Change.objects.count()
    assert make_demo_work() == ["north"]
    rows = Introduction.objects.all()
    today = timezone.localdate()
    assert {"delivered", "signed"} <= set(rows.values_list("state", flat=True))
    assert rows.exclude(due_on=None).filter(due_on__gte=today).exists()
    assert all(row.created_at < timezone.now() - timedelta(hours=20) for row in rows)
    delivered = rows.get(state="delivered")
    assert delivered.created_at.date() <= delivered.delivered_on <= today
    assert [step.at for step in delivered.steps.order_by("id")] == sorted(
        step.at for step in delivered.steps.all()
    )
    meeting = Meeting.objects.latest("pk")
    assert ActionItem.objects.filter(meeting=meeting).count() == 2
    assert Verification.objects.filter(state="waiting", organisation__name_zh__contains="谐跃").count() == 1
    assert Change.objects.count() > before, "the services recorded it"
    page = Client()
    page.force_login(sample.person("north-official"), backend="django.contrib.auth.backends.ModelBackend")
    assert page.get("/").status_code == 200


def test_again_changes_nothing(sample: World) -> None:
    make_demo_work()
    before = (
        Introduction.objects.count(),
        Meeting.objects.count(),
        Organisation.objects.count(),
        Change.objects.count(),
    )
    assert make_demo_work() == []
    now = (
        Introduction.objects.count(),
        Meeting.objects.count(),
        Organisation.objects.count(),
        Change.objects.count(),
    )
    assert now == before


def test_real_regions_are_left_alone(world: World) -> None:
    """Without the sample's people nothing is made, whatever is matched there; and only on embedded servers."""
    Alliance.objects.update(as_of=make.AS_OF)
    before = Change.objects.count()
    assert make_demo_work() == []
    assert Change.objects.count() == before
    with pytest.raises(CommandError):
        call_command("demo_work")


def test_where_they_talk_there_are_words_and_a_drawing(sample: World) -> None:
    with patch("matching.services.demo.TALKING", 7):
        make_demo_work()
    pair = Introduction.objects.get(state="delivered")
    said = Message.objects.filter(object_id=pair.public_id)
    assert list(said.order_by("id").values_list("audience", flat=True)) == ["parties", "parties", "bureaus"]
    file = Attachment.objects.get(object_id=pair.public_id)
    assert file.content_type == "application/pdf"
    blob = (settings.FILES_DIR / file.path).read_bytes()
    assert blob[int(blob.split()[-2]) :].startswith(b"xref"), "readers find its table"

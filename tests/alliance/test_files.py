"""Files on rows: what is taken, who opens it from which stage on, and that row and bytes come and go together."""

from __future__ import annotations

import io
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from alliance.choices import FileStage
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError, UnavailableError
from alliance.models import Attachment, Change, JoinRequest, User, Viewing
from alliance.services.attachments import attach, restore_file, withdraw_file
from alliance.services.sniffing import cleaned
from alliance.services.storing import MOST_BYTES, sweep_files
from matching.services.introductions import Step, take_step
from tests.cast import World
from tests.matrix.roles import client

PDF = b"%PDF-1.7 a drawing"
SignedIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Any) -> Path:
    """A store of its own; what the cast has hung up stays in the old one."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"


def files_in(store: Path) -> set[Path]:
    return {path for path in store.rglob("*") if path.is_file()}


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else b""


def packed(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, blob in entries:
            archive.writestr(name, blob)
    return buffer.getvalue()


TYPES = ("[Content_Types].xml", b"<Types/>")
XLSX = packed(TYPES, ("xl/workbook.xml", b"<workbook/>"))
DOCX = packed(TYPES, ("word/document.xml", b"<document/>"))
STEP = b"\xef\xbb\xbf\r\nISO-10303-21;\nHEADER;"
TAKEN = [
    ("a.pdf", PDF, "application/pdf", "a.pdf"),
    ("a.PNG", b"\x89PNG\r\n\x1a\n....", "image/png", "a.png"),
    ("photo.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg", "photo.jpeg"),
    ("table.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "table.xlsx"),
    ("t.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "t.docx"),
    ("table.zip", XLSX, "application/zip", "table.zip"),
    ("part.stp", STEP, "model/step", "part.stp"),
    ("all.zip", packed(("a.dxf", b"0")), "application/zip", "all.zip"),
    ("图纸 第3版", PDF, "application/pdf", "图纸 第3版.pdf"),
    ("../../etc/passwd.pdf", PDF, "application/pdf", "passwd.pdf"),
    ("C:\\x\\y.pdf", PDF, "application/pdf", "y.pdf"),
    ("fdp.\u202eexe.pdf", PDF, "application/pdf", "fdp.exe.pdf"),
    ('a"b\r\nX: y.pdf', PDF, "application/pdf", "a_b__X_ y.pdf"),
    ("..", PDF, "application/pdf", "file.pdf"),
    ("x" * 400 + ".pdf", PDF, "application/pdf", "x" * 180 + ".pdf"),
    ("图" * 400 + ".pdf", PDF, "application/pdf", "图" * 60 + ".pdf"),
]
REFUSED = [
    ("a.exe", b"MZ\x90"),
    ("a.pdf", b"MZ\x90"),
    ("a.html", b"<!doctype html><script>alert(1)</script>"),
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("a.txt", b"hello"),
    ("a.csv", "名称,数量\n".encode()),
    ("a.exe", PDF),
    ("a.jar", packed(("META-INF/MANIFEST.MF", b"x"))),
    ("a.xlsx", packed(("x", b"1"))),
    ("a.xlsm", packed(TYPES, ("xl/workbook.xml", b""), ("xl/vbaProject.bin", b""))),
    ("a.xlsx", packed(TYPES, ("xl/workbook.xml", b""), ("xl/vbaProject.bin", b""))),
    ("bomb.zip", packed(("zeros", b"0" * 5_000_000))),
    ("cut.zip", packed(("x", b"1"))[:-10]),
    ("junk.zip", b"PK\x03\x04" + b"junk" * 100),
    ("many.zip", packed(*((str(n), b"") for n in range(10_001)))),
    ("empty.zip", packed()),
    ("empty.pdf", b""),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "blob", "content_type", "told"), TAKEN)
def test_what_is_taken(
    world: World, store: Path, name: str, blob: bytes, content_type: str, told: str
) -> None:
    row = attach(world.demands["open"], [blob], user=world.person("lab_editor"), name=name)
    assert (row.name, row.content_type, row.size) == (told, content_type, len(blob))
    assert (store / row.path).read_bytes() == blob
    assert len(row.name) <= 200


@pytest.mark.parametrize(("name", "blob"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_refused(world: World, store: Path, name: str, blob: bytes) -> None:
    before, stored = Attachment.objects.count(), files_in(store)
    with pytest.raises(DomainError) as error:
        attach(world.demands["open"], [blob], user=world.person("lab_editor"), name=name)
    assert error.value.field == "file"
    assert Attachment.objects.count() == before
    assert files_in(store) == stored


def test_names() -> None:
    assert cleaned("a\x00b\ud800.pdf") == "a_b.pdf"
    assert cleaned("  . hidden ") == "hidden"
    assert cleaned("") == "file"


@pytest.mark.django_db
def test_twenty_megabytes_and_not_a_byte_more(world: World, store: Path) -> None:
    user, demand = world.person("lab_editor"), world.demands["open"]
    read, stored = [], files_in(store)

    def chunks(total: int) -> Iterator[bytes]:
        yield PDF
        for _ in range(0, total - len(PDF), 65_536):
            read.append(1)
            yield b"x" * 65_536

    with pytest.raises(DomainError, match="20"):
        attach(demand, chunks(10 * MOST_BYTES), user=user, name="a.pdf")
    assert len(read) < MOST_BYTES / 65_536 + 2
    assert files_in(store) == stored
    whole = attach(demand, [PDF, b"x" * (MOST_BYTES - len(PDF))], user=user, name="a.pdf")
    assert whole.size == MOST_BYTES


@pytest.mark.django_db
def test_no_row_without_file_and_no_file_without_row(world: World, store: Path) -> None:
    user, demand = world.person("lab_editor"), world.demands["open"]
    before, stored = Attachment.objects.count(), files_in(store)
    with patch("pathlib.Path.rename", side_effect=OSError(28, "full")), pytest.raises(UnavailableError):
        attach(demand, [PDF], user=user, name="a.pdf")
    with patch("alliance.services.attachments.record", side_effect=RuntimeError), pytest.raises(RuntimeError):
        attach(demand, [PDF], user=user, name="a.pdf")
    assert Attachment.objects.count() == before
    assert files_in(store) == stored
    row = attach(demand, [PDF], user=user, name="a.pdf")
    with pytest.raises(ConflictError):
        attach(demand, [PDF], user=user, name="again.pdf")
    assert files_in(store) - stored == {store / row.path}


@pytest.mark.django_db
def test_a_disk_that_does_not_take_it(world: World, settings: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    settings.FILES_DIR = blocked
    with pytest.raises(UnavailableError):
        attach(world.demands["open"], [PDF], user=world.person("lab_editor"), name="a.pdf")


@pytest.mark.django_db
def test_the_sweep_removes_what_crashes_left_and_nothing_else(world: World, store: Path) -> None:
    row = attach(world.demands["open"], [PDF], user=world.person("lab_editor"), name="a.pdf")
    old = time.time() - 90_000
    for place in ("incoming/dead", "ab/orphan", "ab/young"):
        (store / place).parent.mkdir(exist_ok=True)
        (store / place).write_bytes(b"x")
        os.utime(store / place, (old, old))
    os.utime(store / "ab/young")
    os.utime(store / row.path, (old, old))
    assert sweep_files() == 2
    assert (store / row.path).exists()
    assert (store / "ab/young").exists()
    assert not (store / "ab/orphan").exists()


@pytest.mark.django_db
def test_who_may_attach(world: World) -> None:
    demand, pair = world.demands["open"], world.introductions["open"]
    for name, row, error in (
        ("lab_viewer", demand, ForbiddenError),
        ("partner_official", demand, ForbiddenError),  # the bureau of another city
        ("partner_official", world.sites["open"], ForbiddenError),
        ("lead_official", world.organisations["supplier"], ForbiddenError),
        ("rival_owner", demand, ForbiddenError),
        ("outside_owner", demand, NotFoundError),
        ("rival_owner", pair, NotFoundError),
        ("supplier_viewer", pair, ForbiddenError),
    ):
        with pytest.raises(error):
            attach(row, [PDF], user=world.person(name), name="a.pdf")
    for number, (name, row, owner) in enumerate(
        (
            ("supplier_editor", pair, "supplier"),
            ("lead_official", pair, "lead_bureau"),
            ("lab_owner", world.projects["open"], "lab"),
            ("partner_official", world.projects["open"], "partner_bureau"),
            ("operator_owner", world.sites["open"], "operator"),
            ("supplier_owner", world.organisations["supplier"], "supplier"),
            ("draft_owner", world.verifications["draft"], "draft"),
        )
    ):
        found = attach(row, [PDF + bytes([number])], user=world.person(name), name="a.pdf", stage=1)
        assert found.owner == world.organisations[owner]


def seen_by(world: World, file: Attachment) -> set[str]:
    asked = (
        "lab_viewer",
        "supplier_viewer",
        "rival_owner",
        "lead_official",
        "partner_official",
        "platform_admin",
    )
    return {
        name
        for name in asked
        if Attachment.objects.visible_to(world.person(name)).filter(pk=file.pk).exists()
    }


@pytest.mark.django_db
def test_stages_open_files_step_by_step_and_close_them_again(world: World) -> None:
    pair, lab = world.introductions["open"], world.person("lab_editor")
    names = {
        stage: attach(world.demands["open"], [PDF + bytes([stage])], user=lab, name="a.pdf", stage=stage)
        for stage in FileStage.values
        if stage != FileStage.OWNER
    }
    own = {"lab_viewer", "lead_official"}
    other = {"supplier_viewer", "partner_official"}
    assert all(seen_by(world, file) == own for file in names.values())
    for who in ("lab_owner", "supplier_owner"):
        pair = take_step(pair, "accept", user=world.person(who))
    assert seen_by(world, names[FileStage.ACCEPTED]) == own | other
    assert seen_by(world, names[FileStage.CONFIDENTIAL]) == own
    pair = take_step(pair, "agree", user=world.person("lead_official"))
    assert seen_by(world, names[FileStage.CONFIDENTIAL]) == own | other
    assert seen_by(world, names[FileStage.CLOSED]) == own
    take_step(pair, "decline", user=world.person("lab_owner"), step=Step(reason="no"))
    assert all(seen_by(world, file) == own for file in names.values())


@pytest.mark.django_db
def test_a_bureau_hangs_files_on_rows_in_its_care_and_says_who_opens_them(world: World) -> None:
    """The table of docs/visibility.md: the bureau itself; whose row it is; others by an introduction's stage."""
    official = world.person("lead_official")
    row, pair = world.demands["open"], world.introductions["open"]
    files = {
        stage: attach(row, [PDF + bytes([stage])], user=official, name="a.pdf", stage=stage)
        for stage in FileStage.values
    }
    bureau = {"lead_official"}
    assert {stage: seen_by(world, file) for stage, file in files.items()} == {
        FileStage.ACCEPTED: bureau | {"lab_viewer"},
        FileStage.CONFIDENTIAL: bureau | {"lab_viewer"},
        FileStage.OWNER: bureau | {"lab_viewer"},
        FileStage.CLOSED: bureau,
    }
    for who in ("lab_owner", "supplier_owner"):
        pair = take_step(pair, "accept", user=world.person(who))
    met = {"supplier_viewer", "partner_official"}
    assert seen_by(world, files[FileStage.ACCEPTED]) == bureau | {"lab_viewer"} | met
    take_step(pair, "agree", user=official)
    assert seen_by(world, files[FileStage.CONFIDENTIAL]) == bureau | {"lab_viewer"} | met
    assert seen_by(world, files[FileStage.OWNER]) == bureau | {"lab_viewer"}
    assert seen_by(world, files[FileStage.CLOSED]) == bureau
    # Its own people read it, and do not change it; withdrawn it is the bureau's alone.
    with pytest.raises(ForbiddenError):
        withdraw_file(files[FileStage.OWNER], user=world.person("lab_owner"))
    withdraw_file(files[FileStage.OWNER], user=official)
    assert seen_by(world, files[FileStage.OWNER]) == bureau
    restore_file(files[FileStage.OWNER], user=official)


@pytest.mark.django_db
def test_the_page_says_who_will_open_a_bureaus_file_before_it_is_hung(
    world: World, signed_in: SignedIn, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "en"
    lab = world.organisations["lab"]
    for kind, row, whose in (
        ("demand", world.demands["introduction"], lab),
        ("organisation", lab, lab),
        ("site", world.sites["open"], world.organisations["operator"]),
    ):
        place = reverse("files", args=[kind, row.public_id])
        page = signed_in("lead_official").get(place, headers={"accept-language": "en"}).content.decode()
        assert f"our bureau and {whose.name_en}, at once" in page
        form = {"file": SimpleUploadedFile("a.pdf", PDF + kind.encode()), "stage": str(FileStage.OWNER)}
        assert signed_in("lead_official").post(place, form).status_code == 302
        file = Attachment.objects.get(kind=kind, object_id=row.public_id)
        assert (file.owner, file.row_owner) == (world.organisations["lead_bureau"], whose)
    # A bureau elsewhere reads the hidden demand, and is offered no form that would name its lab.
    place = reverse("files", args=["demand", world.demands["introduction"].public_id])
    page = signed_in("partner_official").get(place).content.decode()
    assert lab.name_en not in page
    assert 'type="file"' not in page
    form = {"file": SimpleUploadedFile("a.pdf", PDF), "stage": str(FileStage.OWNER)}
    assert signed_in("partner_official").post(place, form).status_code == 403
    # For everybody else that choice does not exist.
    place = reverse("files", args=["demand", world.demands["open"].public_id])
    form = {"file": SimpleUploadedFile("a.pdf", PDF), "stage": str(FileStage.OWNER)}
    assert signed_in("lab_owner").post(place, form).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("list.csv", "XLSX"),
        ("notes.txt", "PDF"),
        ("part.dxf", "STEP"),
        ("part.SLDPRT", "STEP"),
        ("old.doc", "DOCX"),
        ("old.xls", "XLSX"),
        ("photo.heic", "PNG"),
        ("all.rar", "ZIP"),
        ("setup.exe", "PDF"),
        ("what.xyz", "ZIP"),
        ("nothing", "ZIP"),
    ],
)
def test_what_is_refused_says_what_to_do_instead(
    world: World, settings: Any, name: str, instead: str
) -> None:
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"), pytest.raises(DomainError) as refused:
        attach(world.demands["open"], [b"neither this nor that"], user=world.person("lab_owner"), name=name)
    assert instead in refused.value.message
    assert refused.value.field == "file"


@pytest.mark.django_db
def test_documents_of_a_verification_are_for_the_firm_and_its_bureau(
    world: World, signed_in: SignedIn
) -> None:
    row = world.verifications["draft"]
    page = reverse("verification", args=[row.public_id])
    place = reverse("files", args=["verification", row.public_id])
    browser = signed_in("draft_owner")
    assert page in browser.get(reverse("firm", args=[row.organisation.public_id])).content.decode()
    upload = SimpleUploadedFile("营业执照.pdf", PDF)
    answer = browser.post(place, {"file": upload})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{page}#files"
    file = Attachment.objects.get(name="营业执照.pdf")
    assert file.stage == FileStage.CLOSED
    for name, status in (("partner_official", 200), ("lead_official", 404), ("platform_admin", 404)):
        answer = signed_in(name).get(reverse("file", args=[file.public_id]))
        assert (answer.status_code, bytes_of(answer)) == (status, PDF if status == 200 else b""), name
    assert "营业执照.pdf" in signed_in("partner_official").get(page).content.decode()


@pytest.mark.django_db
def test_a_download_is_never_a_page_and_is_noted(world: World, signed_in: SignedIn) -> None:
    file = attach(world.verifications["draft"], [PDF], user=world.person("draft_owner"), name='a "b" 图.pdf')
    place = reverse("file", args=[file.public_id])
    answer = signed_in("partner_official").get(place)
    assert bytes_of(answer) == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "private, no-store"
    seen = Viewing.objects.get(kind="attachment", object_id=file.public_id)
    assert seen.person == world.people["partner_official"]
    assert bytes_of(signed_in("draft_owner").get(place)) == PDF
    assert Viewing.objects.filter(object_id=file.public_id).count() == 1
    page = signed_in("draft_owner").get(
        reverse("verification", args=[world.verifications["draft"].public_id])
    )
    assert str(world.people["partner_official"]) in page.content.decode()
    (settings.FILES_DIR / file.path).unlink()
    assert signed_in("draft_owner").get(place).status_code == 404


@pytest.mark.django_db
def test_withdrawn_files_close_and_come_back(world: World) -> None:
    pair, editor = world.introductions["open"], world.person("supplier_editor")
    file = attach(pair, [PDF], user=editor, name="a.pdf", stage=FileStage.ACCEPTED)
    for who in ("lab_owner", "supplier_owner"):
        take_step(pair, "accept", user=world.person(who))
    assert "lab_viewer" in seen_by(world, file)
    withdraw_file(file, user=editor)
    assert seen_by(world, file) == {"supplier_viewer", "partner_official"}
    with pytest.raises(ConflictError):
        withdraw_file(file, user=editor)
    with pytest.raises(ForbiddenError):
        restore_file(file, user=world.person("partner_official"))
    twin = attach(pair, [PDF], user=editor, name="b.pdf")
    with pytest.raises(ConflictError):
        restore_file(file, user=editor)
    withdraw_file(twin, user=editor)
    restore_file(file, user=editor)
    assert "lab_viewer" in seen_by(world, file)
    verbs = Change.objects.filter(kind="attachment", object_id=str(file.public_id)).order_by("id")
    assert list(verbs.values_list("verb", flat=True)) == ["attached", "withdrawn", "restored"]


@pytest.mark.django_db
def test_limits_of_a_row_and_of_an_organisation(world: World) -> None:
    demand, user = world.demands["open"], world.person("lab_editor")
    with patch("alliance.services.attachments.MOST_ON_A_ROW", 1), pytest.raises(ConflictError):
        attach(demand, [PDF], user=user, name="a.pdf")
    with patch("alliance.services.attachments.MOST_OF_AN_ORGANISATION", 20), pytest.raises(ConflictError):
        attach(demand, [PDF], user=user, name="a.pdf")


def test_pages_ask_as_often_for_one_file_as_for_many(world: World, django_assert_num_queries: Any) -> None:
    site, user = world.sites["open"], world.person("operator_owner")
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    place = reverse("site", args=[site.public_id])
    attach(site, [PDF], user=user, name="a.pdf")
    with CaptureQueriesContext(
        connection,
    ) as one:
        browser.get(place)
    for number in range(3):
        attach(site, [PDF + bytes([number])], user=user, name=f"{number}.pdf")
    with django_assert_num_queries(len(one)):
        assert browser.get(place).content.count(b'class="b" href="/files/') == 4


def test_a_refused_upload_says_why_on_its_page(world: World) -> None:
    place = reverse("files", args=["introduction", world.introductions["open"].public_id])
    browser = client(world, "editor")
    answer = browser.post(place, {"file": SimpleUploadedFile("a.exe", b"MZ"), "stage": "1"})
    assert answer.status_code == 400
    assert "ZIP" in answer.content.decode()
    answer = browser.post(place, {"file": SimpleUploadedFile("a.pdf", PDF), "stage": "7"})
    assert answer.status_code == 400
    answer = browser.post(place, {"stage": "1"})
    assert answer.status_code == 400
    assert browser.get(reverse("files", args=["nothing", world.demands["open"].public_id])).status_code == 404
    assert (
        browser.get(
            reverse("files", args=["capability", world.capabilities["supplier"].public_id])
        ).status_code
        == 404
    )


def test_a_body_larger_than_any_upload_is_not_read(world: World) -> None:
    answer = client(world, "editor").generic("POST", "/", CONTENT_LENGTH=str(10**12))
    assert answer.status_code == 413
    answer = client(world, "editor").generic("POST", "/api/v1/tokens/", CONTENT_LENGTH=str(10**12))
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_a_claim_is_shown_with_documents_to_the_bureau_alone(world: World, signed_in: SignedIn) -> None:
    claim = JoinRequest.objects.create(
        kind="claim", organisation=world.organisations["bystander"], person=world.people["nobody"], uscc=""
    )
    place, browser = reverse("waiting"), signed_in("nobody")

    def send(row: JoinRequest, number: int, who: Client = browser) -> int:
        file = SimpleUploadedFile(f"授权书 {number}.pdf", PDF + bytes([number]))
        return who.post(place, {"request": str(row.public_id), "file": file}).status_code

    assert send(claim, 0) == 302
    assert "授权书 0.pdf" in browser.get(place).content.decode()
    # A request to join needs none; nobody shows anything in the name of others.
    assert send(world.join_requests["supplier"], 1) == 409
    assert send(claim, 1, signed_in("rival_owner")) == 404
    file = Attachment.objects.get(kind="join request")
    assert file.owner == world.organisations["partner_bureau"]
    link = reverse("file", args=[file.public_id])
    for name, status in (
        ("partner_official", 200),
        ("nobody", 404),
        ("bystander_owner", 404),
        ("lead_official", 404),
    ):
        answer = signed_in(name).get(link)
        assert (answer.status_code, bytes_of(answer)[:5]) == (status, b"%PDF-" if status == 200 else b""), (
            name
        )
    assert link in signed_in("partner_official").get(reverse("verifications")).content.decode()
    assert [send(claim, number) for number in range(1, 6)] == [302, 302, 302, 302, 409]
    answer = signed_in("partner_official").post(reverse("file-step", args=[file.public_id, "withdraw"]))
    assert answer.headers["Location"] == reverse("verifications")
    JoinRequest.objects.filter(pk=claim.pk).update(state="refused")
    assert send(claim, 9) == 409


@pytest.mark.django_db
def test_a_firm_that_waits_is_led_to_its_documents(world: World, signed_in: SignedIn) -> None:
    place = reverse("verification", args=[world.verifications["draft"].public_id])
    assert place in signed_in("draft_owner").get("/").content.decode()
    assert "/verifications/" not in signed_in("supplier_owner").get("/").content.decode()


@pytest.mark.usefixtures("committed_db")
def test_two_who_attach_the_same_at_once_leave_one_row_and_one_file(world: World, store: Path) -> None:
    stored, done = files_in(store), []
    ready = threading.Barrier(2)

    def send() -> None:
        try:
            user = User.objects.get(username="lab_editor")
            ready.wait()
            attach(world.demands["open"], [PDF, b" at once"], user=user, name="a.pdf")
            done.append("won")
        except ConflictError:
            done.append("told")
        finally:
            connection.close()

    both = [threading.Thread(target=send) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(done) == ["told", "won"]
    assert len(files_in(store) - stored) == 1

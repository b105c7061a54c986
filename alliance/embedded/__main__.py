"""`python -m alliance.embedded run | serve | env`."""

import shlex
import signal
import sys

from alliance.embedded.errors import EmbeddedError
from alliance.embedded.session import ensure

USAGE = """\
python -m alliance.embedded run     everything: servers, workers, web (what `make run` does)
python -m alliance.embedded serve   only the servers, until Ctrl-C
python -m alliance.embedded env     the servers' addresses, as `export` lines for a shell
"""


def main(arguments: list[str]) -> int:
    if arguments not in (["run"], ["serve"], ["env"]):
        print(USAGE, end="", file=sys.stderr)
        return 2
    try:
        if arguments == ["run"]:
            from alliance.embedded.launcher import run

            return run()
        environ: dict[str, str] = {}
        ensure(environ)
        for name in sorted(environ):
            print(f"export {name}={shlex.quote(environ[name])}", flush=True)
        if arguments == ["serve"]:
            signal.pause()
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

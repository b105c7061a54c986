#!/usr/bin/env python
"""Django's commands; without DATABASE_URL they use, and start if need be, the embedded servers."""

import os
import sys

# These read only the code: no server, no secret. The settings know the same names.
OFFLINE = {
    "makemessages",
    "compilemessages",
    "generate_region",
    "help",
    "collectstatic",
    "spectacular",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")
    if len(sys.argv) > 1 and sys.argv[1] not in OFFLINE:
        from alliance.embedded import EmbeddedError, ensure

        try:
            ensure()
        except EmbeddedError as error:
            sys.exit(str(error))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

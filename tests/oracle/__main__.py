"""`python -m tests.oracle BUNDLE [BUNDLE …] --alliance SLUG --as-of DATE OUT`."""

import argparse
from datetime import date
from pathlib import Path

from tests.oracle.bundle import read_bundles
from tests.oracle.rows import oracle_rows, write_rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument(
        "bundles", nargs="+", type=Path, metavar="BUNDLE", help="folders, in the order of import"
    )
    parser.add_argument("--alliance", required=True)
    parser.add_argument("--as-of", required=True, type=date.fromisoformat)
    parser.add_argument("out", type=Path, metavar="OUT")
    options = parser.parse_intermixed_args()
    rows = oracle_rows(read_bundles(options.bundles), options.alliance, options.as_of)
    write_rows(options.out, rows)
    for name, found in rows.items():
        print(f"{name}: {len(found)} rows")


if __name__ == "__main__":
    main()

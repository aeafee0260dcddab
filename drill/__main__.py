"""`python -m drill`: the long drill on an embedded PostgreSQL in a folder of its own, which is removed afterwards."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from drill.town import LONG, SHORT, run
from regulars.base import embedded
from regulars.base.embedded.folder import Folder


def _kill_postgres(folder: Path) -> None:
    """Kill the postmaster, as a machine that is out of memory would."""
    known = Folder(folder)
    written = known.data(known.state()) / "postmaster.pid"
    os.kill(int(written.read_text().splitlines()[0]), signal.SIGKILL)


def _note(tell: Callable[[str], None], what: str, more: str) -> None:
    tell(f"{what}: {more}")


def main() -> int:
    """Hold the drill and print its report; 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m drill", description=__doc__)
    parser.add_argument("--short", action="store_true", help="120 baskets, and a server that is away for two seconds")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="draw the same baskets again")
    asked = parser.parse_args()
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)  # noqa: T201 - for people

    with tempfile.TemporaryDirectory(prefix="regulars-drill-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        with embedded.using(folder / "postgres") as server:
            plan, nurse = SHORT if asked.short else LONG, partial(_note, tell)
            with embedded.nursing(server, bindir=None, port=None, tell=nurse):
                crash = partial(_kill_postgres, folder / "postgres")
                report = asyncio.run(run(server.url, folder, plan, seed=asked.seed, tell=tell, crash=crash))
    print(report.write())  # noqa: T201 - for people
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Ports for servers that are started later, or come and go: they must still be free then."""

import os
import socket
from random import Random
from typing import Final

__all__ = ["find_port"]

PORTS: Final = range(20_000, 30_000)
"""None that the system gives away: between the look and the use somebody would be given it."""
WORKERS_MAX: Final = 16
_given: Final = set[int]()


def find_port() -> int:
    """Find a port that nobody listens on, and that no other process of this run of tests will find."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ours = PORTS[worker % WORKERS_MAX :: WORKERS_MAX]
    die = Random()  # noqa: S311 - any will do
    while True:
        port = die.choice(ours)
        with socket.socket() as asked:
            if port not in _given and asked.connect_ex(("127.0.0.1", port)):
                _given.add(port)
                return port

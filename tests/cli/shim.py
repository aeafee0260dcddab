"""Calls a warm `regulars` (see `warm.py`). As a program, `shim.py ADDRESS WORDS...`, it is the command that is found.

It imports next to nothing: to start is all that it costs.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

__all__ = ["DIED", "Call"]

DIED = -9
"""The status of a call that ended without one."""


class Call:
    """A call that is under way: its words, and the files that are its stdin, stdout and stderr."""

    def __init__(
        self, address: str, words: Sequence[str], *, folder: str, env: Mapping[str, str], files: Sequence[int]
    ) -> None:
        told = json.dumps({"words": list(words), "folder": folder, "env": dict(env)}).encode()
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(address)
        # A byte carries the files, so that however much there is to tell is read in parts.
        socket.send_fds(self._line, [b"."], list(files))
        self._line.sendall(told + b"\n")
        self._said = self._line.makefile("rb")
        self.pid = int(self._said.readline())

    def wait(self, seconds_max: float | None = None) -> int:
        """Wait until its process is gone; gives its status. TimeoutError where that takes longer."""
        self._line.settimeout(seconds_max)
        with self._line, self._said:
            said = self._said.read()
        return int(said) if said else DIED


def call(address: str, words: Sequence[str]) -> int:
    """Call from a shell: with its files, folder and environment, and the signals that it sends."""
    folder = os.getcwd()  # noqa: PTH109 - pathlib takes longer to load than all of this
    made = Call(address, words, folder=folder, env=os.environ, files=(0, 1, 2))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda sent, _: os.kill(made.pid, sent))
    return made.wait()


if __name__ == "__main__":
    sys.exit(call(sys.argv[1], sys.argv[2:]))

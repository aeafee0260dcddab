"""`regulars` without its start: a process that has all of it loaded forks once for each call.

Loading is most of what a short command costs, and tests give hundreds. A call made here is a process of its own as any
other, with its own words, environment, folder and output, and it is over when its process is. What it does not show,
that a command also finds all that it imports when it starts from nothing, is seen where tests and pages start it cold.

As a program, `warm.py ADDRESS`, it is the process that forks, until its stdin ends.
"""

import atexit
import fcntl
import gc
import json
import os
import random
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

__all__ = ["find_bin", "is_warm"]

COLD: Final = frozenset({"demo", "serve", "worker"})
"""What runs for long, or is many processes: its start is the least of it."""
LOADED: Final = ("asyncpg", "uvicorn", "uvloop", "regulars.interfaces.http.app", "regulars.interfaces.http.serve")
LOADING_SECONDS_MAX: Final = 300
QUEUE: Final = 64
LINE: Final = 999
"""The number of a call's line to who made it: the last of its files that is closed."""
STATUS_OF_A_BUG: Final = 1
SHIM: Final = """#!/bin/sh
exec {python} -IS {program} {address} "$@"
"""


def is_warm(words: Sequence[object], env: Mapping[str, str]) -> bool:
    """Whether a warm call does the same: not with other packages than ours, nor where it starts a town."""
    told = {name: value for name, value in env.items() if name.startswith("PYTHON")}
    ours = {name: value for name, value in os.environ.items() if name.startswith("PYTHON")}
    return told == ours and str(next(iter(words), "")) not in COLD


@cache
def find_bin() -> Path:
    """Find the folder with `regulars`, as a command that calls, and `address`; starts at first what it calls.

    That ends when this process does, and takes the folder along.
    """
    bin_ = Path(tempfile.mkdtemp(prefix="regulars-warm-"))
    bin_.chmod(0o711)
    address, shim = bin_ / "address", bin_ / "regulars"
    program = Path(__file__).with_name("shim.py")
    shim.write_text(SHIM.format(python=sys.executable, program=program, address=address), encoding="utf-8")
    shim.chmod(0o700)
    # Its stdin ends with this process, however that ends.
    serving = subprocess.Popen([sys.executable, __file__, address], stdin=subprocess.PIPE)
    until = time.monotonic() + LOADING_SECONDS_MAX
    while not address.exists():
        assert serving.poll() is None, "what commands import cannot be loaded; why is said above"
        assert time.monotonic() < until, f"nothing is loaded after {LOADING_SECONDS_MAX} s"
        time.sleep(0.02)
    atexit.register(serving.communicate)
    return bin_


def serve(address: Path) -> None:
    """Load everything, and fork for each call. Comes back in the process of a call, with all that was asked for set."""
    load()
    tasks = Path("/proc/self/task")
    assert not tasks.exists() or len(list(tasks.iterdir())) == 1, "what a thread holds would be held in a fork for ever"
    gc.collect()
    # What looks for garbage would copy every page that is shared.
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(address) + ".new")
        door.listen(QUEUE)
        # From here on who connects is heard.
        Path(str(address) + ".new").rename(address)
        while True:
            ready, _, _ = select.select([door, sys.stdin], [], [])
            if sys.stdin in ready:
                shutil.rmtree(address.parent)
                os._exit(0)
            line, _ = door.accept()
            while reap():
                pass
            if os.fork() == 0:
                break
            line.close()
    become(line)


def load() -> None:
    """Import what commands import."""
    main = import_module("regulars.interfaces.cli.main")
    for name in (*(f"regulars.interfaces.cli.{each}" for each in main.NAMES), *LOADED):
        import_module(name)


def reap() -> bool:
    """Take leave of a call that is over; tells whether there was one."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def become(line: socket.socket) -> None:
    """Be the process that was called for, to its end."""
    _, files, _, _ = socket.recv_fds(line, 1, 3)
    with line.makefile("rb") as reading:
        told = json.loads(reading.readline())
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    kept = fcntl.fcntl(line.fileno(), fcntl.F_DUPFD_CLOEXEC, LINE)
    line.close()
    os.write(kept, f"{os.getpid()}\n".encode())
    os.environ.clear()
    os.environ.update(told["env"])
    time.tzset()
    random.seed()
    os.chdir(told["folder"])
    command = Path(sys.executable).with_name("regulars")
    sys.argv = [str(command), *told["words"]]
    sys.path[0] = str(command.parent)
    # Processes that the call starts would load this file: theirs is the program that was called.
    sys.modules["__main__"] = ModuleType("__main__")

    status = run()
    atexit._run_exitfuncs()  # noqa: SLF001 - Python itself does so, but not in a process that is left at once
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.write(kept, str(status).encode())
    os._exit(0)


def run() -> int:
    """Do what the command's own file does; gives the status that Python would end with."""
    main = import_module("regulars.interfaces.cli.main")
    try:
        main.app()
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - whatever it is, Python shows it and ends with this
        traceback.print_exc()
        return STATUS_OF_A_BUG
    return 0


if __name__ == "__main__":
    serve(Path(sys.argv[1]))

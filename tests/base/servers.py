"""What the tests of the embedded PostgreSQL share: places for it, and processes that use it."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import msgspec
import pytest

from regulars.base import embedded
from regulars.base.errors import Refusal

SOURCE = Path(embedded.__file__).parents[3]
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
IS_ROOT = os.geteuid() == 0
MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes it ours alone
MEMORY_BYTES_MIN = 2 << 30
# What is killed here are processes, never the machine: memory is as good as a disk, and does not wear the test out.
ROOM = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN else None

needs_root = pytest.mark.skipif(not IS_ROOT, reason="needs root: to mount a small disk, or to become somebody else")


def make_folder() -> Path:
    """Make a place that PostgreSQL's account can pass to, which pytest's own, below a closed folder, is not."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-embedded-", dir=ROOM))
    folder.chmod(0o711)
    return folder


def remove_folder(folder: Path) -> None:
    embedded.stop(folder)
    state = folder / "postgres.json"
    away = msgspec.json.decode(state.read_bytes()).get("away") if state.exists() else None
    if away is not None:
        shutil.rmtree(Path(away).parent)
    shutil.rmtree(folder)


def ask(url: str, *statements: str) -> Any:  # noqa: ANN401 - the last statement decides
    """Run statements, each committed by itself, and give the value of the last."""

    async def work() -> object:
        connection = await asyncpg.connect(url, timeout=60)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(work())


PROGRAM = """
import sys, time
from pathlib import Path
from regulars.base import embedded
folder = Path(sys.argv[1])
"""
HOLD = "server = embedded.start(folder); print(server.started_by_us, flush=True); sys.stdin.read()"
USE = (
    "with embedded.using(folder) as server:\n"
    "    print(server.started_by_us, flush=True)\n"
    "    while True: time.sleep(0.01)"
)


@contextmanager
def process(code: str, folder: Path, path: Path = SOURCE) -> Generator[subprocess.Popen[str]]:
    """Another process that runs a line or two with our code."""
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + code, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(SOURCE), *sys.path])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    # Leaving the block of a Popen closes its pipes and waits for it.
    with child:
        try:
            yield child
        finally:
            child.kill()


def read_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def leave(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(120) == 0


def postmaster(folder: Path) -> int:
    state = msgspec.json.decode((folder / "postgres.json").read_bytes())
    data = Path(state["away"]) if state["away"] else folder / "postgres"
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def wait_until(fact: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Tell whether a process is gone altogether; a zombie is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def refused(kind: type[Refusal], folder: Path, port: int | None = None) -> Refusal:
    with pytest.raises(kind) as caught:
        embedded.start(folder, port=port)
    assert embedded.status(folder) is None
    return caught.value

"""The product in a process of its own, with a place where it kills itself: `python -m tests.faults.process {...}`.

The place is between two of its own functions, wrapped here; the product knows nothing of it. Before it dies it leaves a
line in a file, so that it is seen to have died there and of that.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from regulars.base.db import Database
from regulars.base.secret import Secret
from regulars.base.settings import Settings
from regulars.kernel import ledger, spine
from tests.faults import canaries
from tests.invariants.history import SECRET, make_house

__all__ = ["PLACES", "Orders", "run_process"]

ROOT: Final = Path(__file__).parents[2]

# The package offers a function of the same name.
record: Final[Any] = import_module("regulars.kernel.spine.record")


class Orders(Struct, frozen=True, kw_only=True):
    """What the process is to do, and where it is to die."""

    what: Literal["serve", "sweep"]
    url: str
    folder: str
    """Where the line is left that tells of the death."""
    port: int = 0
    place: str = ""
    after: int = 1
    """Die there the so-manieth time."""
    sweep_batch: int = 500
    at: datetime | None = None
    """Sweep as of then."""


def before_commit(die: Callable[[], None]) -> None:
    """Everything is written, nothing is committed."""
    real = record.record_many

    async def record_many(*given: Any, **more: Any) -> Any:  # noqa: ANN401
        outcomes = await real(*given, **more)
        die()
        return outcomes

    record.record_many = record_many


def between_writes(die: Callable[[], None]) -> None:
    """Entries and lots are written; the journal with its keys is not."""
    real = ledger.write

    async def write(*given: Any) -> None:  # noqa: ANN401
        await real(*given)
        die()

    ledger.write = write


def before_answer(die: Callable[[], None]) -> None:
    """Committed, and nobody was told."""
    real = spine.record

    async def record_told(*given: Any, **more: Any) -> Any:  # noqa: ANN401
        outcomes = await real(*given, **more)
        die()
        return outcomes

    spine.record = record_told


def after_transaction(die: Callable[[], None]) -> None:
    """One transaction of several is committed."""
    real = Database.run

    async def run(self: Database, work: Any) -> Any:  # noqa: ANN401
        done = await real(self, work)
        die()
        return done

    Database.run = run


PLACES: Final[Mapping[str, Callable[[Callable[[], None]], None]]] = MappingProxyType(
    {each.__name__: each for each in (before_commit, between_writes, before_answer, after_transaction)}
)


def arm(orders: Orders) -> None:
    """Wrap the function at the place of death."""
    left = orders.after

    def die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            (Path(orders.folder) / "died").write_text(orders.place)
            os.kill(os.getpid(), signal.SIGKILL)

    PLACES[orders.place](die)


async def sweep(orders: Orders) -> int:
    """Bring what is due, and tell how much that was."""
    database = await Database.open(orders.url)
    try:
        return await spine.bring_due(database, make_house(), at=orders.at)
    finally:
        await database.close()


def main(orders: Orders) -> None:
    """Serve until told to stop, or sweep once."""
    canaries.apply()
    record.SWEEP_BATCH = orders.sweep_batch
    if orders.place:
        arm(orders)
    if orders.what == "serve":
        settings = Settings(
            data_dir=Path(orders.folder), database_url=orders.url, port=orders.port, secret=Secret.single(SECRET)
        )
        # A sweeper starts sooner without it.
        import_module("regulars.interfaces.http").serve(settings, tell=lambda address: print(address, flush=True))  # noqa: T201 - heard by who started us
    else:
        print(asyncio.run(sweep(orders)), flush=True)  # noqa: T201 - as above


async def run_process(orders: Orders) -> asyncio.subprocess.Process:
    """Begin a process of the product. What it logs goes into `log`, beside its other files."""
    with (Path(orders.folder) / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.process", msgspec.json.encode(orders).decode()),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"},
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Orders))

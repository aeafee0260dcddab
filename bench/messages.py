"""How many notices a second one worker hands over to a mail server on this machine, and that a kill -9 doubles none.

Run it as .venv/bin/python bench/messages.py [--notices 5000]; in a quiet hour with --notices 100000. It starts a
PostgreSQL of its own in a folder that is removed afterwards, enrols members (one for five notices), queues the notices,
and lets `regulars worker` send them to a sink in this process. Half-way the worker is killed with SIGKILL and another
takes over; what arrived is then laid beside what the database says. The sink's share is in the figure too.
"""

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, cast
from uuid import UUID

import uvloop

from regulars.base import ids
from regulars.base.db import Database, Tx
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.features import messages
from regulars.kernel import members
from regulars.kernel.nouns import Identifier

EACH = 5
BATCH = 500
STILL_SECONDS_MAX = 60
RULE = messages.Rule(channels=("email",))
NAMED = re.compile(rb"(?mi)^message-id:\s*<([0-9a-f]{32})@")


class Sink(asyncio.Protocol):
    """Says yes to everything, as soon as all of it is there, and counts messages by their names."""

    arrived: ClassVar[Counter[bytes]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        # The fast loop's transports are none of asyncio's classes.
        self.transport = cast("asyncio.Transport", transport)
        self.buffer, self.is_mail = b"", False
        self.transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer line by line; a mail ends with a dot alone."""
        self.buffer += data
        while True:
            end = b"\r\n.\r\n" if self.is_mail else b"\r\n"
            told, found, rest = self.buffer.partition(end)
            if not found:
                return
            self.buffer = rest
            if self.is_mail:
                name = NAMED.search(told)
                Sink.arrived[name[1] if name else b""] += 1
                self.is_mail = False
                self.transport.write(b"250 taken\r\n")
            else:
                self.is_mail = told.upper() == b"DATA"
                self.transport.write(b"354 go on\r\n" if self.is_mail else b"250 ok\r\n")


@contextlib.contextmanager
def working(folder: Path, port: int) -> Generator[subprocess.Popen[bytes]]:
    """Let `regulars worker` work."""
    env = {
        **os.environ,
        "REGULARS_DATA_DIR": str(folder),
        "REGULARS_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "REGULARS_PUBLIC_URL": "https://points.example.com",
    }
    command = [str(Path(sys.executable).with_name("regulars")), "worker", "--every", "1"]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:  # noqa: S603
        try:
            yield running
        finally:
            running.kill()


async def prepare(database: Database, settings: Settings, notices: int) -> None:
    """Enrol members and queue notices for them."""
    keyring = settings.load_secret().derive()
    at = datetime.now(UTC)
    found: list[UUID] = []
    begun = time.perf_counter()
    while len(found) < notices // EACH:

        async def enrol(tx: Tx, first: int = len(found)) -> list[UUID]:
            return [
                await members.enrol(
                    tx,
                    keyring,
                    [Identifier(kind="email", value=f"m{number}@example.com")],
                    id=ids.new_id(),
                    at=at,
                    source="bench",
                )
                for number in range(first, min(first + BATCH, notices // EACH))
            ]

        found += await database.run(enrol)
    print(f"{len(found):,} members enrolled in {time.perf_counter() - begun:.1f} s")
    begun = time.perf_counter()
    await database.run(lambda tx: messages.put_rule(tx, "usable", RULE, at=at))
    content = {"currency": "points", "points": 1250, "at": at.isoformat()}
    for start in range(0, len(found), BATCH // EACH):
        planned = [
            messages.Planned(member=member, kind="usable", reference=f"bench {number}", content=content)
            for member in found[start : start + BATCH // EACH]
            for number in range(EACH)
        ]
        await database.run(
            lambda tx, planned=planned: messages.queue(tx, planned, {"usable": RULE}, new_id=ids.new_id, at=at)
        )
    seconds = time.perf_counter() - begun
    print(f"{len(found) * EACH:,} notices queued in {seconds:.1f} s: {len(found) * EACH / seconds:,.0f} a second")


async def wait_for(count: int) -> None:
    """Wait until so many mails arrived, or no more do."""
    last, since = -1, time.perf_counter()
    while Sink.arrived.total() < count:
        if Sink.arrived.total() != last:
            last, since = Sink.arrived.total(), time.perf_counter()
        assert time.perf_counter() - since < STILL_SECONDS_MAX, f"only {last} of {count} arrived"
        await asyncio.sleep(0.01)


async def send(database: Database, folder: Path, port: int, notices: int) -> None:
    """Send, kill half-way, send the rest, and lay what arrived beside what the database says."""
    with working(folder, port) as first:
        await wait_for(1)
        begun = time.perf_counter()
        await wait_for(notices // 2)
        first_half = Sink.arrived.total()
        seconds = time.perf_counter() - begun
        first.send_signal(signal.SIGKILL)
        first.wait()
    print(f"{first_half:,} mails in {seconds:.1f} s: {first_half / seconds:,.0f} a second; then the worker was killed")
    # What the dead one had in hand would be given to others in some minutes: here at once.
    async with database.transaction() as tx:
        await tx.run("UPDATE messages.message SET held_until = $1 WHERE holder IS NOT NULL", datetime.now(UTC))
    before = Sink.arrived.total()
    with working(folder, port):
        begun = time.perf_counter()
        left = notices
        while left:
            await asyncio.sleep(0.1)
            async with database.snapshot() as read:
                figures = await messages.read_figures(read)
            left = figures.waiting + figures.in_hand
        seconds = time.perf_counter() - begun
    rest = Sink.arrived.total() - before
    print(f"{rest:,} mails in {seconds:.1f} s by the second worker, with its start")
    async with database.snapshot() as read:
        rows = await read.rows("SELECT state, array_agg(id) AS ids FROM messages.message GROUP BY state")
    states = {row["state"]: {each.hex.encode() for each in row["ids"]} for row in rows}
    sent, doubtful = states.get("sent", set()), states.get("doubtful", set())
    doubled = sum(count - 1 for count in Sink.arrived.values())
    lost = len(sent - Sink.arrived.keys())
    print(f"{len(sent):,} are sent, {len(doubtful)} doubtful (of these {len(doubtful & Sink.arrived.keys())} arrived)")
    print(f"{doubled} doubled, {lost} said to be sent and lost, {notices - len(sent) - len(doubtful)} forgotten")
    assert doubled == lost == notices - len(sent) - len(doubtful) == 0


async def measure(notices: int) -> None:
    """Do it all in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-messages-"))
    try:
        settings = Settings(data_dir=folder)
        async with open_database(settings) as database:
            await prepare(database, settings, notices)
            server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
            async with server:
                await send(database, folder, server.sockets[0].getsockname()[1], notices)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How many notices a second one worker hands over.")
    parser.add_argument("--notices", type=int, default=5_000, help="how many; five for each member")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(parser.parse_args().notices // EACH * EACH))

"""How many events a second one worker's loop delivers to a receiver on this machine, which answers at once.

Run it as .venv/bin/python bench/webhooks.py [--events 5000] [--members 500]. It starts a PostgreSQL of its own in a
folder that is removed afterwards, records purchases, and measures reading the journal and sending apart. The receiver
runs in the same process, so its share is in the figure too; where others use the machine, the CPU tells more.
"""

import argparse
import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import cast

import uvloop

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.features import webhooks
from regulars.features.webhooks.jobs import deliver_due, gather_new
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Identifier, Line

PROGRAM = """
program: bench
name: {en: Bench, zh-CN: 测试}
time_zone: UTC
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: never}
    value: {minor: 1, per_points: 1}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 100}
"""
BATCH = 250
ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Receiver(asyncio.Protocol):
    """Answers every request as soon as all of it is there, and counts."""

    received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with a connection."""
        # The fast loop's transports are none of asyncio's classes.
        self.transport = cast("asyncio.Transport", transport)
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Take what comes; a body is as long as its header says."""
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        while found:
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(rest) < length:
                return
            Receiver.received += 1
            self.transport.write(ANSWER)
            self.buffer = rest[length:]
            head, found, rest = self.buffer.partition(b"\r\n\r\n")


async def record(place: spine.Workplace, events: int, members: int) -> None:
    """Record as many purchases as there are to be events."""
    at = datetime.now(UTC)
    async with place.database.transaction() as tx:
        document = program.parse(PROGRAM)
        await spine.publish(tx, document, live_from=at - timedelta(days=1), by="bench", at=at)
    for start in range(0, events, BATCH):
        facts = [
            Activity(
                id=f"r-{number}",
                source="bench",
                kind="purchase",
                occurred_at=at,
                member=Identifier(kind="card", value=f"{number % members}"),
                lines=(Line(sku="tea", amount_minor=1_000),),
            )
            for number in range(start, min(events, start + BATCH))
        ]
        await place.database.run(lambda tx, facts=facts: spine.record_many(tx, place.house, facts, datetime.now(UTC)))


async def add(database: Database, place: spine.Workplace, port: int) -> None:
    """Add the one webhook."""
    at = datetime.now(UTC)
    told = webhooks.Webhook(
        id=ids.new_id(),
        url=f"http://127.0.0.1:{port}/",
        description="bench",
        kinds=("purchase.recorded",),
        is_enabled=True,
        reason="",
        failing_since=None,
        version=1,
        created_at=at,
        changed_at=at,
    )
    policy = webhooks.Policy.of(place.settings)
    await database.run(lambda tx: webhooks.add(tx, policy, place.house.keyring, told, at=at))


async def measure(folder: Path, events: int, members: int) -> None:
    """Record, read and send, and print how long each took."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = Settings(
        data_dir=folder, webhooks_allow=(ip_network("127.0.0.0/8"),), webhooks_ports=(port,), webhooks_http=True
    )
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    async with open_database(settings) as database:
        place = spine.Workplace(database=database, house=house, settings=settings, stopping=asyncio.Event())
        await add(database, place, port)
        await record(place, events, members)
        began = time.perf_counter()
        while await gather_new(place):
            pass
        read, spent = time.perf_counter(), time.process_time()
        while await deliver_due(place):
            pass
        sent, spent = time.perf_counter(), time.process_time() - spent
    assert Receiver.received == events, f"{Receiver.received} of {events} arrived"
    print(f"{events} events of {members} members: read at {events / (read - began):,.0f}/s,", end=" ")
    print(f"delivered at {events / (sent - read):,.0f}/s, {spent * 1000 / events:.1f} ms of this process's CPU each")
    server.close()


def main() -> None:
    """Read what is asked for, and measure in a folder that is removed."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--events", type=int, default=5_000)
    asking.add_argument("--members", type=int, default=500)
    asked = asking.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    folder.chmod(0o711)
    try:
        uvloop.run(measure(folder / "data", asked.events, asked.members))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

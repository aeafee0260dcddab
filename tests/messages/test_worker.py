"""A worker that is killed while it sends doubles nothing; two that send at once neither; and the command line."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.features import messages
from regulars.interfaces.cli.main import app
from regulars.kernel import members
from regulars.kernel.nouns import Identifier
from tests.cli.calls import Shell
from tests.cli.conftest import shell, shop
from tests.messages.sink import Sink, run_sink
from tests.messages.test_bounces import write

__all__ = ["shell", "shop"]

COUNT = 200
SECONDS_MAX = 120


@pytest.fixture
async def sink() -> AsyncGenerator[Sink]:
    async with run_sink(Sink()) as made:
        yield made


def find_keyring(shell: Shell) -> Keyring:
    """The keys of the installation that the shell calls."""
    return Settings.read(shell.env).load_secret().derive()


async def queue(database: Database, keyring: Keyring, count: int) -> list[UUID]:
    """Have a notice said by mail to so many members."""
    at = datetime.now(UTC) - timedelta(seconds=5)
    ids: list[UUID] = []
    rule = messages.Rule(channels=("email",))
    async with database.transaction() as tx:
        await messages.put_rule(tx, "usable", rule, at=at)
        for number in range(count):
            told = [Identifier(kind="email", value=f"m{number}@example.com")]
            ids.append(await members.enrol(tx, keyring, told, id=new_id(), at=at, source="t"))
        content = {"currency": "points", "points": 5, "at": at.isoformat()}
        planned = [messages.Planned(member=each, kind="usable", reference="x", content=content) for each in ids]
        await messages.queue(tx, planned, {"usable": rule}, new_id=new_id, at=at)
    return ids


async def wait_for(sink: Sink, count: int) -> None:
    until = time.monotonic() + SECONDS_MAX
    while len(sink.raw) < count:
        assert time.monotonic() < until, f"{len(sink.raw)} arrived"
        await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_a_worker_that_is_killed_while_it_sends_doubles_nothing(
    shop: Shell, sink: Sink, database: Database
) -> None:
    await queue(database, find_keyring(shop), COUNT)
    with shop.started("worker", "--every", "0.1", REGULARS_SMTP_URL=sink.url) as running:
        await wait_for(sink, COUNT // 4)
        running.send_signal(signal.SIGKILL)
        await asyncio.to_thread(running.wait)
    assert len(sink.raw) < COUNT, "it was killed half-way"
    # What the dead one had in hand is given to others: not in minutes, but now.
    async with database.transaction() as tx:
        held = await tx.run("UPDATE messages.message SET held_until = $1 WHERE holder IS NOT NULL", datetime.now(UTC))
    assert held != "UPDATE 0", "it died with messages in hand"
    with shop.started("worker", "--every", "0.1", REGULARS_SMTP_URL=sink.url) as running:
        await asyncio.to_thread(wait_until_empty, shop)
        running.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(running.wait, SECONDS_MAX) == 0
    ids = sink.ids
    assert len(ids) == len(set(ids)), "nothing came twice"
    async with database.snapshot() as read:
        rows = await read.rows("SELECT state, array_agg(id) AS ids FROM messages.message GROUP BY state")
    states = {row["state"]: {each.hex for each in row["ids"]} for row in rows}
    doubtful = states.pop("doubtful", set())
    assert len(doubtful) <= messages.LINES, "at most one for each line that it had open"
    assert set(states) == {"sent"}
    assert states["sent"] <= set(ids), "what is said to be sent has arrived"
    assert set(ids) <= states["sent"] | doubtful
    assert len(states["sent"] | doubtful) == COUNT, "nobody is forgotten: each was sent, or waits for somebody to look"


def wait_until_empty(shell: Shell) -> None:
    until = time.monotonic() + SECONDS_MAX
    while True:
        figures = shell("messages", "list", "--json").value["figures"]
        if figures["waiting"] + figures["in_hand"] == 0:
            return
        assert time.monotonic() < until, figures


async def call(shell: Shell, *words: str | Path) -> Result:
    """Call a command in this process: a command runs a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, [str(word) for word in words], env=dict(shell.env))


async def test_what_became_of_messages_on_the_command_line(shop: Shell, sink: Sink, database: Database) -> None:
    await queue(database, find_keyring(shop), 3)
    listed = json.loads((await call(shop, "messages", "list", "--json")).stdout)
    first, second, third = [each["id"] for each in listed["messages"]]
    assert listed["figures"]["waiting"] == 3
    async with database.transaction() as tx:
        for message, state in ((first, "failed"), (second, "doubtful"), (third, "sent")):
            set_state = "UPDATE messages.message SET state = $2, ended_at = created_at WHERE id = $1"
            await tx.run(set_state, UUID(message), state)
    assert "1 were given up, 1 are doubtful" in (await call(shop, "messages", "list")).stdout
    assert "1 messages wait" in (await call(shop, "messages", "again")).stderr
    assert (await call(shop, "messages", "again")).exit_code == 1, "there is none any more"
    assert "1 messages wait" in (await call(shop, "messages", "again", "--state", "doubtful")).stderr
    report = shop.folder / "bounce.eml"
    report.write_bytes(write(UUID(third)))
    strange = shop.write("other.eml", "Subject: hello\n\nhello")
    taken = await call(shop, "messages", "bounces", report, strange)
    assert "other.eml: This mail is no report" in taken.stderr
    assert "1 addresses are left alone" in taken.stderr
    listed_file = shop.write("gone.txt", "\ufeffann@example.com\nbob@example.com\n\n")
    added = await call(shop, "messages", "suppress", listed_file, "--reason", "bounced")
    assert "1 addresses are new on the list" in added.stderr, "the one that bounced is on it"

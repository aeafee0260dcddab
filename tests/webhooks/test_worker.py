"""A worker that is killed while it sends loses nothing; the command line; and jobs that are found by their file."""

import asyncio
import json
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner, Result

from regulars import features
from regulars.base.db import Database
from regulars.base.errors import DatabaseUnavailable
from regulars.interfaces.cli.main import app
from regulars.interfaces.worker.work import find_jobs, keep_at
from regulars.kernel import spine
from tests.cli.calls import Shell
from tests.cli.conftest import shell, shop
from tests.settled import settle
from tests.webhooks.receiver import Received, Receiver

__all__ = ["shell", "shop"]

SECONDS_MAX = 120
MEMBERS, EACH = 20, 4


def write_facts(count: int) -> str:
    at = datetime.now(UTC) - timedelta(hours=1)
    facts = [
        {
            "id": f"r-{number}",
            "source": "till",
            "kind": "purchase",
            "occurred_at": (at + timedelta(seconds=number)).isoformat(),
            "member": {"identifier": {"kind": "card", "value": f"{number % MEMBERS}"}},
            "lines": [{"sku": "tea", "amount_minor": 100}],
        }
        for number in range(count)
    ]
    return "".join(json.dumps(fact) + "\n" for fact in facts)


async def call(shell: Shell, receiver: Receiver, *words: str | Path) -> Result:
    """Call a command in this process: a command runs a loop of its own."""
    told = [str(word) for word in words]
    return await asyncio.to_thread(CliRunner().invoke, app, told, env={**shell.env, **allowing(receiver)})


def allowing(receiver: Receiver) -> dict[str, str]:
    return {
        "REGULARS_WEBHOOKS_ALLOW": "127.0.0.0/8",
        "REGULARS_WEBHOOKS_PORTS": str(receiver.port),
        "REGULARS_WEBHOOKS_HTTP": "yes",
    }


async def wait_for(receiver: Receiver, count: int) -> None:
    until = time.monotonic() + SECONDS_MAX
    for _ in iter(lambda: len({each.id for each in receiver.received}) < count, False):
        assert time.monotonic() < until, f"{len(receiver.received)} arrived"
        await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_a_worker_that_is_killed_while_it_sends_loses_nothing(
    shop: Shell, receiver: Receiver, database: Database
) -> None:
    made = json.loads(
        (await call(shop, receiver, "webhooks", "add", receiver.url, "--json", "--kind", "p*.recorded")).stdout
    )
    done = await call(shop, receiver, "replay", shop.write("facts.ndjson", write_facts(MEMBERS * EACH)))
    assert done.exit_code == 0, done.stderr
    slow = asyncio.Event()

    def answer(told: Received) -> int | bytes:
        # From the tenth on nobody is answered any more: the worker dies with messages under way.
        return b"HTTP/1.1 200 " if len(receiver.received) > 10 and not slow.is_set() else 204

    receiver.answer = answer
    with shop.started("worker", "--every", "0.1", **allowing(receiver)) as running:
        await wait_for(receiver, 15)
        running.send_signal(signal.SIGKILL)
        await asyncio.to_thread(running.wait)
    slow.set()
    # The lease of the dead one ends: not a minute from now, but now.
    async with database.transaction() as tx:
        leased = await tx.run("UPDATE webhooks.lane SET due_at = $1 WHERE holder IS NOT NULL", datetime.now(UTC))
    assert leased != "UPDATE 0", "it died with messages in hand"
    with shop.started("worker", "--every", "0.1", **allowing(receiver)) as running:
        await wait_for(receiver, MEMBERS * EACH)
        running.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(running.wait, SECONDS_MAX) == 0
    ids = [each.id for each in receiver.received]
    assert len(set(ids)) == MEMBERS * EACH, "nothing was lost"
    doubled = len(ids) - len(set(ids))
    assert 0 < doubled <= MEMBERS, "only what was in hand when it died came twice: one of each member at most"
    check_order(receiver)
    assert (await call(shop, receiver, "webhooks", "check")).exit_code == 0
    listed = json.loads((await call(shop, receiver, "webhooks", "deliveries", made["webhook"]["id"], "--json")).stdout)
    assert {each["state"] for each in listed["deliveries"]} == {"delivered"}


def check_order(receiver: Receiver) -> None:
    """One member's events came first in the order in which they happened, whatever came twice."""
    seen: dict[str, list[int]] = {}
    for each in dict.fromkeys(told.id for told in receiver.received):
        told = next(told for told in receiver.received if told.id == each)
        seen.setdefault(told.member, []).append(told.json["data"]["balances"]["points"])
    assert len(seen) == MEMBERS
    assert all(balances == sorted(balances) and len(balances) == EACH for balances in seen.values())


async def test_from_adding_one_to_sending_again(shop: Shell, receiver: Receiver, database: Database) -> None:
    added = await call(shop, receiver, "webhooks", "add", receiver.url, "--kind", "purchase.recorded")
    assert added.stdout.startswith("whsec_")
    await call(shop, receiver, "replay", shop.write("facts.ndjson", write_facts(1)))
    receiver.answer = lambda _: 410
    await settle(database)
    assert "1 messages were sent." in (await call(shop, receiver, "webhooks", "deliver")).stderr
    listed = json.loads((await call(shop, receiver, "webhooks", "list", "--json")).stdout)
    (webhook,) = listed["webhooks"]
    assert (webhook["reason"], listed["figures"]["failed"]) == ("gone", 1)
    assert "disabled: gone" in (await call(shop, receiver, "webhooks", "list")).stdout
    again = await call(shop, receiver, "webhooks", "replay", webhook["id"])
    assert "1 are sent once more" in again.stderr
    assert "waiting" in (await call(shop, receiver, "webhooks", "deliveries", webhook["id"])).stdout
    refused = await call(shop, receiver, "webhooks", "add", "https://127.0.0.1:1/")
    assert (refused.exit_code, "Nothing is sent to port 1" in refused.stderr) == (1, True)


def test_jobs_are_found_by_their_file() -> None:
    assert {"webhooks.gather", "webhooks.deliver"} <= {job.name for job in find_jobs(features)}
    empty = ModuleType("nothing")
    empty.__path__ = []
    assert find_jobs(empty) == []


async def test_a_job_goes_on_until_told_to_stop_and_a_bug_ends_it(database: Database, tmp_path: Path) -> None:
    told: list[str] = []
    place = spine.Workplace(database=database, house=None, settings=None, stopping=asyncio.Event())  # pyright: ignore[reportArgumentType]
    outcomes: list[int | Exception] = [3, DatabaseUnavailable("Away."), 0, 2]

    async def run(at: spine.Workplace) -> int:
        outcome = outcomes.pop(0)
        if not outcomes:
            at.stopping.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    job = spine.Job(name="a test", run=run, pause_seconds=0, says="{count} done")
    await keep_at(job, place, told.append)
    assert told == ["3 done", "a test: Away. It is tried again in 0.5 s.", "2 done"]
    outcomes.append(ValueError("a bug"))
    place.stopping.clear()
    with pytest.raises(ValueError, match="a bug"):
        await keep_at(job, place, told.append)

"""A backup goes into another server, which counts transactions anew: whoever reads the journal goes on where it was."""

from regulars import features
from regulars.base.plugs import find_plugs
from regulars.features import audit
from regulars.interfaces.cli.check import check_books
from regulars.interfaces.cli.db import settle_places
from tests.spine.conftest import buy
from tests.webhooks.conftest import Hooks

# As though the server of the backup had come this much further than the one that it is put into.
FURTHER = 1_000_000_000
JOURNAL = "UPDATE activity.journal SET xid = CAST(CAST(CAST(CAST(xid AS text) AS bigint) + $1 AS text) AS xid8)"
ENTRIES = "UPDATE audit.entry SET xid = CAST(CAST(CAST(CAST(xid AS text) AS bigint) + $1 AS text) AS xid8)"
PLACES = ("webhooks.reader", "webhooks.wish", "fraud.reader", "audit.place")


async def move_to_another_server(hooks: Hooks) -> None:
    async with hooks.shop.database.transaction() as tx:
        await tx.run(JOURNAL, FURTHER)
        await tx.run(ENTRIES, FURTHER)
        await tx.run("UPDATE audit.seal SET horizon = horizon + $1", FURTHER)
        for table in PLACES:
            await tx.run(f"UPDATE {table} SET low = low + $1, high = high + $1 WHERE high > 0", FURTHER)
    await hooks.shop.database.run(settle_places)


async def test_what_was_unread_is_read_and_what_comes_too_and_nothing_twice(hooks: Hooks) -> None:
    await hooks.shop.receipt(buy("r-0", 500))
    made = await hooks.add("*.recorded")
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather(1)
    before = [each.event for each in await hooks.deliveries(made)]
    assert len(before) == 1
    late = await hooks.shop.receipt(buy("r-2", 500))
    await move_to_another_server(hooks)
    new = await hooks.shop.receipt(buy("r-3", 500))
    await hooks.gather(2)
    events = [each.event for each in await hooks.deliveries(made)]
    assert events[:1] == before
    assert [each.hex in event for each, event in zip((late.activity, new.activity), events[1:], strict=True)] == [
        True
    ] * 2
    report = await check_books(hooks.shop.database)
    assert report.faults == (), "the proof still knows from where on the endpoint asked"
    assert await hooks.deliver() == 3


async def test_the_chain_of_the_audit_goes_on(hooks: Hooks) -> None:
    database = hooks.shop.database

    async def note(what: str) -> None:
        told = dict.fromkeys(("actor_name", "network", "agent", "route", "object", "reason", "code", "request_id"), "")
        entry = audit.Noted(
            **told,
            at=hooks.at,
            actor_kind="system",
            what=what,
            outcome="done",
            status=200,
            actor_id=None,
            agreed_by=None,
            changes={},
        )
        await database.run(lambda tx: audit.append(tx, entry))
        await hooks.settle()

    await note("sealed before")
    assert await database.run(audit.seal) == 1
    await note("open")
    await move_to_another_server(hooks)
    await note("after")
    assert await database.run(audit.seal) == 2
    async with database.snapshot() as read:
        verdict = await audit.verify(read)
    assert verdict.faults == ()
    assert (verdict.sealed, verdict.unsealed) == (3, 0)


async def test_every_room_that_counts_on_transactions_says_what_becomes_of_them(hooks: Hooks) -> None:
    async with hooks.shop.database.snapshot() as read:
        rows = await read.rows(
            "SELECT DISTINCT table_schema AS room FROM information_schema.columns"
            " WHERE udt_name = 'xid8' AND table_schema <> 'pg_catalog'"
            " UNION SELECT table_schema FROM information_schema.columns WHERE column_name IN ('low', 'high', 'seq')"
            " GROUP BY table_schema, table_name HAVING count(*) = 3"
        )
    rooms = {row["room"] for row in rows}
    assert {"activity", "webhooks"} < rooms
    # The journal's own are settled last, by the spine.
    assert rooms - {"activity"} == find_plugs(features, "restored").keys()

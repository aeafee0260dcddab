"""What went wrong in other ledgers, by the name of the product and its issue: each must not go wrong here.

Races are made, not hoped for: the member's row is held until the database itself says that everybody waits for it.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from regulars.base import clock
from regulars.base.db import Database, Read, Tx
from regulars.base.errors import CommitUnknown, DatabaseUnavailable
from regulars.base.migrations import find
from regulars.kernel import ledger, members, program, spine
from regulars.kernel.nouns import Activity, Identifier, Receipt
from tests.spine.conftest import PROGRAM, Shop, ask, buy
from tests.spine.test_commands import do, earn, refuse

PATIENCE_SECONDS = 120


def points(kind: str, name: str, amount: int, shop: Shop, **more: str) -> Activity:
    """Ask for points of card 7."""
    return ask(kind, name, at=shop.at, currency="points", points=amount, **more)


async def wait_for_blocked(shop: Shop, count: int) -> None:
    """Wait until so many transactions wait for another one's lock: they are all under way at once."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with shop.database.snapshot() as read:
                blocked = await read.value(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            if blocked == count:
                return
            await asyncio.sleep(0.01)


async def race(shop: Shop, member: UUID, facts: Sequence[Activity]) -> list[spine.Outcome]:
    """Send each fact on a connection of its own; all of them stand at the member's door when it opens."""
    async with asyncio.TaskGroup() as group, shop.database.transaction() as tx:
        await members.lock_many(tx, [member])
        tasks = [group.create_task(shop.send(fact)) for fact in facts]
        await wait_for_blocked(shop, len(facts))
    return [task.result()[0] for task in tasks]


def codes(outcomes: Sequence[spine.Outcome]) -> list[str]:
    return sorted(outcome.refusal.code if outcome.refusal else "done" for outcome in outcomes)


async def count(shop: Shop, table: str, where: str = "TRUE") -> int:
    async with shop.database.snapshot() as read:
        return await read.value(f"SELECT count(*) FROM {table} WHERE {where}")


async def hold(shop: Shop, name: str, amount: int, **more: int | bool | str) -> str:
    posted = (await do(shop, "hold", name, currency="points", points=amount, **more)).postings[0]
    return str(posted.hold)


# -- holds -------------------------------------------------------------------------------------------------------------


async def test_holds_at_the_same_time_never_exceed_the_balance(shop: Shop) -> None:
    # Blnk 181: holds ignored other holds; 6 of 1,000 were accepted on a balance of 5,000.
    member = (await earn(shop, "1", 5_000)).member
    outcomes = await race(shop, member, [points("hold", f"h{n}", 1_000, shop) for n in range(6)])
    assert codes(outcomes) == ["done"] * 5 + ["points_not_enough"]
    standing = await shop.standing(member)
    assert (standing.shown, standing.available, standing.held) == (5_000, 0, 5_000)


@pytest.mark.parametrize("end", ["captured", "released", "run out"])
async def test_what_has_ended_cannot_be_used(shop: Shop, end: str) -> None:
    # Blnk 182: a rejected hold could still be committed, and overdrew the balance.
    member = (await earn(shop, "1", 100)).member
    held = await hold(shop, "h", 100, valid_seconds=60)
    if end == "run out":
        shop.later(seconds=60)
    else:
        await do(shop, "capture" if end == "captured" else "release", "e", hold=held)
    before = await shop.standing(member)
    for name in ("a", "b"):
        assert await refuse(shop, "capture", f"c{name}", hold=held, points=1) == "hold_ended"
        assert await refuse(shop, "release", f"r{name}", hold=held) == "hold_ended"
    after = await shop.standing(member)
    assert after.shown == before.shown == (0 if end == "captured" else 100)


async def test_a_hold_ends_once_whoever_captures_and_releases_at_the_same_time(shop: Shop) -> None:
    # Blnk PR 43: a hold was voided twice. Blnk PR 171: partial commits at one time read the same remainder.
    member = (await earn(shop, "1", 100)).member
    held = await hold(shop, "h", 100)
    captures = [ask("capture", f"c{n}", at=shop.at, hold=held, points=30) for n in range(4)]
    releases = [ask("release", f"r{n}", at=shop.at, hold=held) for n in range(2)]
    outcomes = await race(shop, member, [captures[0], releases[0], *captures[1:], releases[1]])
    captured = -sum(p.points for o in outcomes if o.receipt for p in o.receipt.postings if p.kind == "redeem")
    closers = [o for o in outcomes if o.receipt and o.receipt.kind == "release"]
    assert captured <= 100
    assert len(closers) == 1, "four parts of 30 cannot end a hold of 100, so one release did"
    standing = await shop.standing(member)
    assert (standing.shown, standing.available, standing.held) == (100 - captured, 100 - captured, 0)


async def test_points_of_a_hold_that_ran_out_can_be_used_before_any_sweeper_comes(shop: Shop) -> None:
    # TigerBeetle 2118: an expired hold still reserved until the next pulse.
    await earn(shop, "1", 100)
    await hold(shop, "h", 100, valid_seconds=60)
    shop.later(seconds=59)
    assert await refuse(shop, "redeem", "r", currency="points", points=1) == "points_not_enough"
    shop.later(seconds=1)
    await do(shop, "redeem", "r", currency="points", points=100)


async def test_points_come_back_when_the_order_never_does(shop: Shop) -> None:
    # Punchh, "timed out / failed online orders resulting in loss of rewards": the points were eaten.
    member = (await earn(shop, "1", 100)).member
    await hold(shop, "order", 80)
    shop.later(minutes=15)
    assert await spine.bring_due(shop.database, shop.house, at=shop.at) == 1
    standing = await shop.standing(member)
    assert (standing.shown, standing.available, standing.held) == (100, 100, 0)


# -- the same thing again ----------------------------------------------------------------------------------------------


async def test_a_refund_sent_many_times_at_once_is_done_once_and_answered_alike(shop: Shop) -> None:
    # Blnk 152: the same refund was applied again and again.
    member = (await earn(shop, "1", 100)).member
    await do(shop, "redeem", "r", currency="points", points=60)
    outcomes = await race(shop, member, [ask("reverse", "v", at=shop.at, origin="r")] * 5)
    assert len({outcome.receipt.activity for outcome in outcomes if outcome.receipt}) == 1
    assert [outcome.receipt for outcome in outcomes] == [outcomes[0].receipt] * 5
    assert [outcome.repeated for outcome in outcomes].count(False) == 1
    assert (await shop.standing(member)).shown == 100


async def test_a_refund_under_other_names_is_refused_but_once(shop: Shop) -> None:
    # Blnk 152 and Formance's stress test: every transaction reverted twice at once, exactly one may win.
    member = (await earn(shop, "1", 100)).member
    await do(shop, "redeem", "r", currency="points", points=60)
    facts = [ask("reverse", f"v{n}", at=shop.at, origin="r", points=60) for n in range(5)]
    assert codes(await race(shop, member, facts)) == ["done"] + ["reversal_too_large"] * 4
    assert (await shop.standing(member)).shown == 100


async def test_a_retry_after_points_ended_gets_the_stored_answer(shop: Shop) -> None:
    # Formance Wallets PR 109: a pending debit retried across an expiry built another body, and was a conflict.
    member = (await earn(shop, "1", 100)).member
    shop.later(days=99)
    await earn(shop, "2", 10)
    first = await shop.receipt(fact := points("redeem", "r", 40, shop))
    shop.later(days=3)
    again = (await shop.send(fact))[0]
    assert (again.receipt, again.repeated) == (first, True)
    assert (await shop.standing(member)).shown == 10


class Cable:
    """A wire to the database that can be cut in the very moment of a commit."""

    def __init__(self, url: str, *, answer: bool) -> None:
        self.url, self.answer = urlsplit(url), answer
        self.cuts = 0
        self.armed = False

    @asynccontextmanager
    async def plug(self) -> AsyncGenerator[str]:
        """Lay it; gives the address at this end."""
        server = await asyncio.start_server(self.carry, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        login, _, _ = self.url.netloc.rpartition("@")
        yield f"postgresql://{login}@{host}:{port}{self.url.path}?sslmode=disable"
        server.close()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host = parse_qs(self.url.query).get("host", [self.url.hostname or ""])[0]
        port = int(parse_qs(self.url.query).get("port", [self.url.port or 5432])[0])
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self.connect()
        committing = asyncio.Event()

        async def there() -> None:
            while data := await reader.read(65_536):
                if self.armed and b"COMMIT\0" in data:
                    committing.set()
                    if not self.answer:
                        break
                far_writer.write(data)

        async def back() -> None:
            while data := await far_reader.read(65_536):
                if committing.is_set():
                    break
                writer.write(data)

        ends = [asyncio.ensure_future(there()), asyncio.ensure_future(back())]
        _, others = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        self.cuts += committing.is_set()
        for other in others:
            other.cancel()
        await asyncio.wait(ends)
        for end in (writer, far_writer):
            end.close()


@pytest.mark.parametrize("answer", [True, False], ids=["the answer is lost", "the commit is lost"])
async def test_a_wire_cut_in_the_commit_is_not_retried_and_sending_again_does_it_once(
    shop: Shop, database_url: str, answer: bool
) -> None:
    # Midaz PR 2485: a client library silently retried after a read timeout, and money moved twice.
    # Formance stack PR 1634, 1636: the same key after a crash between the effect and its answer.
    member = (await earn(shop, "1", 100)).member
    cable, fact = Cable(database_url, answer=answer), points("redeem", "r", 40, shop)
    async with cable.plug() as url:
        remote = await Database.open(url)
        cable.armed = True
        with pytest.raises(CommitUnknown):
            await remote.run(lambda tx: spine.record_many(tx, shop.house, [fact], shop.at))
        await remote.close()
    assert cable.cuts == 1, "the wire was cut once, and nobody sent it a second time"
    assert await count(shop, "activity.key", "id = 'r'") == (1 if answer else 0)
    outcome = (await shop.send(fact))[0]
    assert (outcome.repeated, outcome.refusal) == (answer, None)
    assert (await shop.standing(member)).shown == 60


async def test_whoever_is_killed_before_the_commit_leaves_the_way_to_the_next_with_the_same_id(shop: Shop) -> None:
    # Formance stack PR 1634: the same key sent again while the first was dying.
    member = (await earn(shop, "1", 100)).member
    fact, begun = points("redeem", "r", 40, shop), asyncio.Future[int]()

    async def die(tx: Tx) -> None:
        assert codes(await spine.record_many(tx, shop.house, [fact], shop.at)) == ["done"]
        begun.set_result(await tx.value("SELECT pg_backend_pid()"))
        await wait_for_blocked(shop, 1)
        async with shop.database.snapshot() as read:
            assert await read.value("SELECT pg_terminate_backend($1)", begun.result())
        await tx.value("SELECT 1")

    first = asyncio.ensure_future(shop.database.run(die))
    await begun
    second = asyncio.ensure_future(shop.send(fact))
    with pytest.raises(DatabaseUnavailable):
        await first
    outcome = (await second)[0]
    assert (outcome.repeated, outcome.refusal) == (False, None)
    assert await count(shop, "activity.key", "id = 'r'") == 1
    assert (await shop.standing(member)).shown == 60


async def test_a_key_is_unique_from_the_first_migration_on(shop: Shop) -> None:
    # Formance migration 7: the index was not unique at first, and duplicates were nulled later.
    first = next(m for m in find() if "activity.key" in m.text)
    assert "CONSTRAINT key_pkey PRIMARY KEY (source, id)" in first.text
    async with shop.database.snapshot() as read:
        columns = await read.value(
            "SELECT array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.key_column_usage"
            " WHERE table_schema = 'activity' AND constraint_name = 'key_pkey'"
        )
        now = await clock.now(read)
    assert columns == ["source", "id"]
    # Two members, so that no lock of a member keeps them apart: only the index does.
    seven, eight = buy("1", 100, at=now), buy("1", 100, card="8", at=now)
    await shop.send(*(buy(f"hello {card}", card=card) for card in ("7", "8")))
    async with asyncio.TaskGroup() as group, shop.database.transaction() as tx:
        assert (await spine.record_many(tx, shop.house, [seven], now))[0].receipt is not None
        second = group.create_task(spine.record(shop.database, shop.house, [eight]))
        await wait_for_blocked(shop, 1)
    assert codes(second.result()) == ["key_reused"]
    assert await count(shop, "activity.journal", "kind = 'purchase' AND occurred_at > '2026-06-01'") == 1


# -- others at work ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edit_first", [True, False])
async def test_an_edit_at_the_same_time_does_not_undo_a_redemption(shop: Shop, edit_first: bool) -> None:
    # Midaz PR 2444: a settings PATCH wrote back a stale snapshot and undid a debit.
    member = (await earn(shop, "1", 100)).member
    redeem = points("redeem", "r", 40, shop)

    async def edit(tx: Tx) -> None:
        await members.add_identifier(
            tx, shop.house.keyring, member, Identifier(kind="email", value="a@example.com"), at=shop.at
        )
        document = program.parse(PROGRAM.replace("Corner Shop", "Corner Store"))
        await spine.publish(tx, document, live_from=shop.at, by="test", at=shop.at)

    async def use(tx: Tx) -> None:
        assert codes(await spine.record_many(tx, shop.house, [redeem], shop.at)) == ["done"]

    first, second = (edit, use) if edit_first else (use, edit)
    async with asyncio.TaskGroup() as group, shop.database.transaction() as tx:
        await first(tx)
        group.create_task(shop.database.run(second))
        await wait_for_blocked(shop, 1)
    assert (await shop.standing(member)).shown == 60
    async with shop.database.snapshot() as read:
        assert len(await members.identifiers(read, shop.house.keyring, member)) == 2
    assert await count(shop, "program.release") == 2


async def test_a_deadlock_is_tried_again_and_never_called_too_few_points(shop: Shop) -> None:
    # Five Bells 402: a serialization failure was reported as insufficient funds.
    cards = ("7", "8")
    ids = [(await earn(shop, card, 100, card=card)).member for card in cards]
    meeting, attempts = asyncio.Barrier(2), [0, 0]

    async def work(tx: Tx, mine: int) -> list[spine.Outcome]:
        attempts[mine] += 1
        await members.lock_many(tx, [ids[mine]])
        if attempts[mine] == 1:
            await meeting.wait()
        other = points("redeem", f"r{mine}", 100, shop, card=cards[1 - mine])
        return await spine.record_many(tx, shop.house, [other], shop.at)

    both = await asyncio.gather(*(shop.database.run(lambda tx, mine=mine: work(tx, mine)) for mine in (0, 1)))
    assert sorted(attempts) == [1, 2], "each held what the other wanted, and one was sent back"
    assert [codes(outcomes) for outcomes in both] == [["done"], ["done"]]


async def test_everything_a_member_sees_is_of_one_moment(shop: Shop) -> None:
    # TigerBeetle 2693: a balance and the list of its holds could not be read together.
    member = (await earn(shop, "1", 100)).member

    async def look(read: Read) -> tuple[int, int, int, int]:
        standing = (await ledger.standing(read, member, at=shop.at))[0]
        lots = [lot for lot in await ledger.lots(read, member, most=50) if lot.currency == "points"]
        newest = (await ledger.statement(read, member, currency="points", most=1))[0]
        assert standing.shown == newest["balance"]
        assert standing.version == newest["version"]
        assert standing.available == sum(lot.remaining for lot in lots) == standing.shown - standing.held
        return standing.shown, standing.available, standing.held, standing.version

    async with shop.database.snapshot() as read:
        before = await look(read)
        for n in range(3):
            # Each has ended before we look again.
            await do(shop, "redeem", f"r{n}", currency="points", points=10)
            await hold(shop, f"h{n}", 5)
            assert await look(read) == before
    async with shop.database.snapshot() as read:
        assert await look(read) == (70, 55, 15, before[3] + 3)


async def test_what_is_owed_to_members_is_known_in_money(shop: Shop) -> None:
    # ERPNext 12631: users asked for deferred income, not just a count of points.
    await earn(shop, "1", 100)
    await do(shop, "redeem", "r", currency="points", points=30)
    await hold(shop, "h", 20)
    async with shop.database.snapshot() as read:
        row = next(row for row in await ledger.outstanding(read, at=shop.at) if row["currency"] == "points")
        lot = next(
            lot for lot in await ledger.lots(read, (await owner(shop)).member, most=9) if lot.currency == "points"
        )
    # Half a cent for a point, in millionths of a cent, kept with the lot since its issue.
    assert (lot.value_micro, lot.amount, lot.funder) == (500_000, 100, "house")
    assert row["value_micro"] == lot.remaining * 500_000 == 50 * 500_000


async def owner(shop: Shop) -> Receipt:
    return await shop.receipt(buy("hello", at=shop.at))

"""Clearing away: what was kept long enough goes, members who never come back are told first, and a hold stops both."""

from datetime import timedelta
from uuid import UUID

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features import privacy
from regulars.features.privacy.clear import MEMBERSHIP_ENDING
from regulars.features.privacy.jobs import JOBS
from regulars.kernel import members
from tests.privacy.test_books import prove
from tests.spine.conftest import START, Shop, buy


async def turn_clock(shop: Shop, **span: int) -> None:
    """Let the sandbox's time pass too, by which clearing goes."""
    shop.later(**span)
    await shop.database.run(lambda tx: clock.set_now(tx, shop.at))


async def begin(shop: Shop, **days: int) -> None:
    await shop.database.run(lambda tx: clock.begin_sandbox(tx, shop.at))

    async def put(tx: Tx) -> None:
        names = {f"privacy.{name}_member": value for name, value in days.items()}
        await privacy.set_period_days(tx, names, by="test", at=shop.at)

    await shop.database.run(put)


async def clear(shop: Shop) -> privacy.Round:
    done = await privacy.clear(shop.database, shop.house)
    assert done is not None
    return done


async def state_of(shop: Shop, member: UUID) -> str:
    async with shop.database.snapshot() as read:
        return (await members.get(read, member)).state


async def test_who_never_comes_back_is_told_and_then_forgotten(shop: Shop) -> None:
    gone, back = await shop.receipt(buy("a", 1000)), await shop.receipt(buy("b", 1000, card="8"))
    held, busy = await shop.receipt(buy("c", 1000, card="9")), await shop.receipt(buy("d", 1000, card="10"))
    await begin(shop, inactive=365, warned=30)
    await turn_clock(shop, days=364)
    assert (await clear(shop)).warned == 0
    await shop.receipt(buy("e", 1000, card="10", at=shop.at))
    await turn_clock(shop, days=2)
    first = await clear(shop)
    assert (first.warned, first.erased) == (3, 0)
    async with shop.database.snapshot() as read:
        told = await read.rows("SELECT member_id, body FROM activity.journal WHERE kind = $1", MEMBERSHIP_ENDING)
    assert {row["member_id"] for row in told} == {gone.member, back.member, held.member}
    assert (await clear(shop)).warned == 0, "each is told once"

    await turn_clock(shop, days=10)
    await shop.receipt(buy("f", 100, card="8", at=shop.at))

    async def hold(tx: Tx) -> privacy.LegalHold:
        return await privacy.place_hold(tx, held.member, matter="7", by="test", at=shop.at, new_id=shop.house.new_id)

    placed = await shop.database.run(hold)
    await turn_clock(shop, days=21)
    second = await clear(shop)
    assert (second.erased, second.returned, second.spared, second.warned) == (1, 1, 1, 0)
    states = [await state_of(shop, each.member) for each in (gone, back, held, busy)]
    assert states == ["erased", "active", "active", "active"]
    await shop.database.run(lambda tx: privacy.end_hold(tx, placed.id, by="test", at=shop.at))
    assert (await clear(shop)).erased == 1
    assert await state_of(shop, held.member) == "erased"
    async with shop.database.snapshot() as read:
        listed = await privacy.list_erasures(read, before=(shop.at + timedelta(days=1), UUID(int=0)), most=10)
    assert {each.asked_by for each in listed} == {"retention"}
    await prove(shop)


async def test_nobody_is_forgotten_where_nobody_said_so(shop: Shop) -> None:
    await shop.receipt(buy("a", 1000))
    await begin(shop)
    await turn_clock(shop, days=5_000)
    done = await clear(shop)
    assert (done.warned, done.erased) == (0, 0)


async def test_old_things_go_by_their_periods_and_nothing_of_whoever_is_held(shop: Shop) -> None:
    member = (await shop.receipt(buy("a", 1000))).member
    await begin(shop)
    add = (
        "INSERT INTO audit.act (actor_id, seq, at, member_id, activity_id, kind, source, name)"
        " VALUES (gen_random_uuid(), $1, $2, $3, gen_random_uuid(), 'adjust', 'desk', 'n')"
    )
    other = (await shop.receipt(buy("b", 1000, card="8"))).member

    async def write(tx: Tx) -> None:
        for number, who in enumerate((member, other)):
            await tx.run(add, number, START, who)
        await privacy.place_hold(tx, member, matter="7", by="test", at=shop.at, new_id=shop.house.new_id)

    await shop.database.run(write)
    await turn_clock(shop, days=1_094)
    lines = {line.name: line for line in (await clear(shop)).lines}
    assert (lines["audit.act"].cleared, lines["audit.act"].outcome) == (0, "cleared")
    assert (lines["fraud.signal"].outcome, lines["privacy.inactive_member"].outcome) == ("kept", "kept")
    await turn_clock(shop, days=2)
    assert {line.name: line.cleared for line in (await clear(shop)).lines}["audit.act"] == 1
    async with shop.database.snapshot() as read:
        assert await read.value("SELECT array_agg(member_id) FROM audit.act") == [member]
        rounds = await privacy.list_rounds(read, before=2**60, most=10)
    assert [done.at.date() for _, done in rounds] == [shop.at.date(), shop.at.date() - timedelta(days=2)]


async def test_the_worker_clears_once_a_day(shop: Shop) -> None:
    await begin(shop)
    assert await privacy.clear(shop.database, shop.house, every=timedelta(hours=23)) is not None
    await turn_clock(shop, hours=22)
    assert await privacy.clear(shop.database, shop.house, every=timedelta(hours=23)) is None
    await turn_clock(shop, hours=2)
    assert await privacy.clear(shop.database, shop.house, every=timedelta(hours=23)) is not None
    assert [job.name for job in JOBS] == ["privacy.clear"]

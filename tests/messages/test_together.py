"""Two workers at once send each message once, and keep to the caps of whoever has several."""

import asyncio
from datetime import timedelta

from regulars.base.ids import new_id
from tests.messages.conftest import Desk


async def test_two_workers_double_nothing(desk: Desk) -> None:
    members = [await desk.enrol(f"m{number}@example.com") for number in range(30)]
    await desk.rule("news", "email", cap_most=2, cap_days=7)
    for member in members:
        await desk.allow(member)
        for _ in range(3):
            await desk.say(member)
    sent = await asyncio.gather(*(desk.send() for _ in range(3)))
    assert sum(sent) == 60
    assert len(set(desk.sink.ids)) == len(desk.sink.ids) == 60
    assert {desk.sink.to.count(each) for each in desk.sink.to} == {2}, "the cap holds, whoever sends"


async def test_what_somebody_has_in_hand_is_not_taken_by_another(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email")
    await desk.say(member)
    holder = desk.shop.house.new_id()
    async with desk.shop.database.transaction() as tx:
        statement = "UPDATE messages.message SET state = 'claimed', holder = $1, held_until = $2"
        await tx.run(statement, holder, desk.at + timedelta(minutes=2))
    assert await desk.send() == 0
    desk.at += timedelta(minutes=3)
    assert await desk.send() == 1, "whoever had it is gone: nothing was begun, so it is sent"


async def test_what_was_begun_by_who_is_gone_is_doubtful(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email")
    await desk.say(member)
    holder = desk.shop.house.new_id()
    async with desk.shop.database.transaction() as tx:
        statement = "UPDATE messages.message SET state = 'sending', holder = $1, held_until = $2"
        await tx.run(statement, holder, desk.at + timedelta(minutes=5))
    assert await desk.send() == 0
    assert [each.state for each in await desk.look()] == ["sending"], "it may be on its way at this moment"
    desk.at += timedelta(minutes=6)
    assert await desk.send() == 0
    assert await desk.states() == [("email", "doubtful", "cut_off")]


async def test_whoever_is_told_to_stop_finishes_what_is_under_way(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email")
    for _ in range(10):
        await desk.say(member)
    desk.lines = 1

    def taken(number: int) -> str:
        if number == 3:
            desk.stopping.set()
        return "250 taken"

    desk.sink.taken = taken
    assert await desk.send() == 3
    states = [each.state for each in await desk.look()]
    assert sorted(states) == ["sent"] * 3 + ["waiting"] * 7, "the rest was given back at once"
    desk.stopping.clear()
    assert await desk.send() == 7


async def test_whoever_is_gone_is_not_written_to(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.say(member)
    await desk.say(new_id())
    async with desk.shop.database.transaction() as tx:
        await tx.run("UPDATE members.member SET state = 'erased', wrapped_key = NULL WHERE id = $1", member)
    assert await desk.send() == 0
    assert {(each.state, each.reason) for each in await desk.look()} == {("skipped", "no_member")}


async def test_an_address_that_would_be_two_reaches_nobody(desk: Desk) -> None:
    for address in ("a,b@example.com", "<x>y@example.com", '"q@example.com'):
        member = await desk.enrol(address)
        await desk.allow(member)
        await desk.say(member)
    await desk.send()
    assert desk.sink.to == []
    mails = [each for each in await desk.look() if each.channel == "email"]
    assert {(each.state, each.reason) for each in mails} == {("failed", "address")}

"""From what a till sends to one member each: in order, once, and whatever else goes on."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.kernel.members import (
    IdentifierInvalid,
    MemberUnknown,
    add_identifier,
    get,
    lock_many,
    lookup,
    resolve_many,
)
from regulars.kernel.nouns import Identifier
from tests.members.story import AT, KEYRING, card, merge, phone, resolve, resolve_one


async def count(database: Database, table: str) -> int:
    async with database.snapshot() as read:
        return await read.value(f"SELECT count(*) FROM members.{table}")


async def until_waiting(database: Database, sessions: int) -> None:
    for _ in range(10_000):
        async with database.snapshot() as read:
            waiting = await read.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        if waiting == sessions:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("they do not wait")


@pytest.mark.smoke
async def test_unknown_cards_become_members_with_the_ids_handed_in(database: Database) -> None:
    new_ids = [new_id() for _ in range(3)]
    async with database.transaction() as tx:
        first = await resolve_many(
            tx,
            KEYRING,
            [card(1), phone("+86 138 0013 8000"), card(2)],
            auto_enrol=True,
            new_ids=new_ids,
            at=AT,
            source="till",
        )
    async with database.transaction() as tx:
        again = await resolve(tx, [card("2"), phone("008613800138000"), card(" 1 ")])

    assert first == new_ids
    assert again == new_ids[::-1]
    async with database.snapshot() as read:
        member = await get(read, new_ids[0])
    assert (member.state, member.region, member.joined_at) == ("active", "", AT)
    assert (member.household_id, member.merged_into) == (None, None)


async def test_one_card_in_a_batch_is_one_member_however_often_and_however_spelt(database: Database) -> None:
    refs = [card("12 34"), card(9), card("1234"), card("12-34")]
    new_ids = [new_id() for _ in refs]
    async with database.transaction() as tx:
        answers = await resolve_many(tx, KEYRING, refs, auto_enrol=True, new_ids=new_ids, at=AT, source="till")

    assert answers == [new_ids[0], new_ids[1], new_ids[0], new_ids[0]]
    assert await count(database, "member") == await count(database, "identifier") == 2


async def test_each_reference_has_its_own_answer(database: Database) -> None:
    async with database.transaction() as tx:
        known = await resolve_one(tx, card(1))
    stranger = new_id()
    async with database.transaction() as tx:
        answers = await resolve(tx, [stranger, known, phone("nonsense"), card(2), card(1)], auto_enrol=False)

    assert isinstance(answers[0], MemberUnknown)
    assert answers[0].context == {"member": str(stranger)}
    assert answers[1] == known
    assert isinstance(answers[2], IdentifierInvalid)
    assert isinstance(answers[3], MemberUnknown)
    assert answers[3].context == {"kind": "card"}
    assert answers[4] == known
    assert await count(database, "member") == 1


async def test_a_bad_reference_does_not_keep_others_from_being_enrolled(database: Database) -> None:
    async with database.transaction() as tx:
        bad, unknown, good = await resolve(tx, [phone("nonsense"), new_id(), card(1)])

    assert isinstance(bad, IdentifierInvalid)
    assert isinstance(unknown, MemberUnknown)
    assert isinstance(good, UUID)


async def test_nothing_asked_is_nothing_done(database: Database) -> None:
    async with database.transaction() as tx:
        assert await resolve(tx, []) == []
        assert await lock_many(tx, []) == {}
        assert tx.statements == 0


@pytest.mark.parametrize("auto_enrol", [True, False])
async def test_statements_do_not_grow_with_the_batch(database: Database, auto_enrol: bool) -> None:
    spent: list[list[int]] = []
    for size in (1, 500):
        refs = [card(f"{size}-{number}") for number in range(size)]
        spent.append([])
        for _ in range(2):  # new, then known
            async with database.transaction() as tx:
                answers = await resolve(tx, refs, auto_enrol=auto_enrol)
                spent[-1].append(tx.statements)
            assert len({answer for answer in answers if isinstance(answer, UUID)}) == (size if auto_enrol else 0)

    assert spent[0] == spent[1]
    assert spent[0] == ([4, 2] if auto_enrol else [1, 1])


async def test_two_that_enrol_the_same_cards_at_once_end_with_one_member_each(database: Database) -> None:
    cards = [card(number) for number in range(40)]

    async def enrol_all(turn: int) -> list[object]:
        # Each brings them in another order: they must wait for each other, not cross.
        refs = cards[turn:] + cards[:turn] if turn % 2 else cards[turn:][::-1] + cards[:turn][::-1]
        async with database.transaction() as tx:
            answers = dict(zip([ref.value for ref in refs], await resolve(tx, refs), strict=True))
        return [answers[each.value] for each in cards]

    outcomes = await asyncio.gather(*(enrol_all(turn * 5) for turn in range(6)))

    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert len(set(outcomes[0])) == 40
    assert await count(database, "member") == await count(database, "identifier") == 40


async def test_batches_that_bring_cards_in_opposite_orders_do_not_cross(database: Database) -> None:
    cards = sorted((card(number) for number in range(3)), key=lambda each: KEYRING.blind(each.kind, each.value))

    async def enrol_all(refs: list[Identifier]) -> list[object]:
        async with database.transaction() as tx:
            return [*await resolve(tx, refs)]

    # Somebody holds the one in the middle, so that both have begun, and stand before it, when it becomes free.
    async with database.transaction() as tx:
        middle = await resolve_one(tx, cards[1])
        up = asyncio.create_task(enrol_all(cards))
        await until_waiting(database, 1)
        down = asyncio.create_task(enrol_all(cards[::-1]))
        await until_waiting(database, 2)

    answers = await up
    assert answers[1] == middle
    assert await down == answers[::-1]
    assert await count(database, "member") == 3


async def test_the_second_waits_for_the_first_and_takes_its_member(database: Database) -> None:
    async with database.transaction() as first:
        winner = await resolve_one(first, card(1))

        async def come_second() -> list[object]:
            async with database.transaction() as second:
                return [*await resolve(second, [card(1), card(2)])]

        waiting = asyncio.create_task(come_second())
        await until_waiting(database, 1)
        assert not waiting.done()

    answers = await waiting
    assert answers[0] == winner
    assert answers[1] != winner
    assert await count(database, "member") == 2


async def test_the_second_enrols_when_the_first_gives_up(database: Database) -> None:
    class GivenUp(Exception):
        """The transaction ends without its effects."""

    async def come_second() -> UUID:
        async with database.transaction() as tx:
            return await resolve_one(tx, card(1))

    async def give_up_while_the_second_waits(came: list[asyncio.Task[UUID]]) -> None:
        async with database.transaction() as first:
            await resolve_one(first, card(1))
            came.append(asyncio.create_task(come_second()))
            await until_waiting(database, 1)
            raise GivenUp

    came: list[asyncio.Task[UUID]] = []
    with pytest.raises(GivenUp):
        await give_up_while_the_second_waits(came)

    winner = await came[0]
    async with database.snapshot() as read:
        assert await lookup(read, KEYRING, card(1)) == winner
    assert await count(database, "member") == await count(database, "identifier") == 1


async def test_the_merged_are_followed_to_the_one_kept(database: Database) -> None:
    async with database.transaction() as tx:
        a, b, c, alone = [await resolve_one(tx, card(name)) for name in "abcd"]
        await merge(tx, a, b)
        await merge(tx, b, c)

    async with database.transaction() as tx:
        answers = await resolve(tx, [card("a"), a, b, card("b"), c, card("d")], auto_enrol=False)
        assert answers == [c, c, c, c, c, alone]
        assert tx.statements == 2
        # Identifiers, members, and one more for each merge whose end nobody named.
        assert await resolve_one(tx, card("a"), auto_enrol=False) == c
        assert tx.statements == 2 + 4
        locked = await lock_many(tx, [a, c])
    assert (locked[a].state, locked[a].merged_into) == ("merged", b)
    assert (locked[c].state, locked[c].merged_into) == ("active", None)
    async with database.snapshot() as read:
        assert await lookup(read, KEYRING, card("a")) == c


async def test_a_circle_of_merges_is_a_bug_that_ends(database: Database) -> None:
    async with database.transaction() as tx:
        a, b = await resolve_one(tx, card("a")), await resolve_one(tx, card("b"))
        await merge(tx, a, b)
        await merge(tx, b, a)
        with pytest.raises(RuntimeError, match="circle"):
            await resolve(tx, [a])


async def test_locks_are_taken_in_the_order_of_ids(database: Database) -> None:
    ids = sorted(new_id() for _ in range(3))
    async with database.transaction() as tx:
        for number, member in enumerate(reversed(ids)):  # the table has them the other way round
            await resolve_many(tx, KEYRING, [card(number)], auto_enrol=True, new_ids=[member], at=AT, source="till")

    async def lock(wanted: list[UUID]) -> list[UUID]:
        async with database.transaction() as tx:
            return list(await lock_many(tx, wanted))

    async with database.transaction() as tx:
        await lock_many(tx, [ids[1]])
        up, down = asyncio.create_task(lock(ids)), asyncio.create_task(lock([*ids[::-1], new_id()]))
        await until_waiting(database, 2)
        # Both stand before the middle one, or behind who does: the last is free, the first is not.
        async with database.transaction() as other:
            free = "SELECT id FROM members.member WHERE id = ANY($1::uuid[]) FOR UPDATE SKIP LOCKED"
            assert [row["id"] for row in await other.rows(free, ids)] == [ids[2]]

    assert await up == await down == ids


async def test_a_card_stored_under_an_older_key_is_found_and_not_enrolled_twice(database: Database) -> None:
    old = Keyring.derive({1: b"1" * 32}, current=1)
    renewed = Keyring.derive({1: b"1" * 32, 2: b"2" * 32}, current=2)
    async with database.transaction() as tx:
        member = await resolve_one(tx, card(1), keyring=old)
        assert await resolve_one(tx, card(1), keyring=renewed) == member
        await add_identifier(tx, renewed, member, card(1), at=AT)
        await add_identifier(tx, renewed, member, card(2), at=AT)
        assert await resolve_one(tx, card(2), keyring=renewed) == member

    async with database.snapshot() as read:
        rows = await read.rows("SELECT blind_key_id FROM members.identifier ORDER BY blind_key_id")
    assert [row["blind_key_id"] for row in rows] == [1, 2]


async def test_looking_up_never_enrols(database: Database) -> None:
    async with database.snapshot() as read:
        with pytest.raises(MemberUnknown) as caught:
            await lookup(read, KEYRING, card(4711))
        with pytest.raises(IdentifierInvalid):
            await lookup(read, KEYRING, phone("nonsense"))

    assert "4711" not in f"{caught.value!r} {caught.value.detail} {caught.value.context}"


async def test_newcomers_join_when_they_first_came_whoever_else_is_in_the_transaction(database: Database) -> None:
    refs = [card(1), card(2), card(1)]
    times = [AT + timedelta(days=2), AT + timedelta(days=5), AT + timedelta(days=1)]
    async with database.transaction() as tx:
        new_ids = [new_id() for _ in refs]
        first, second, again = await resolve_many(
            tx, KEYRING, refs, auto_enrol=True, new_ids=new_ids, at=AT, source="till", times=times
        )
        assert first == again
        assert isinstance(first, UUID)
        assert isinstance(second, UUID)
        joined = [(await get(tx, member)).joined_at - AT for member in (first, second)]
    assert joined == [timedelta(days=1), timedelta(days=5)]

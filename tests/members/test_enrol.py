"""The desk enrols a member, adds a way to find one, and sees no more than it must."""

import asyncio
from datetime import timedelta

import pytest

from regulars.base.crypto import Keyring, Tampered
from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.base.ids import new_id
from regulars.kernel.members import (
    IdentifierInvalid,
    IdentifiersExceeded,
    IdentifierTaken,
    MemberErased,
    MemberMerged,
    MemberUnknown,
    add_identifier,
    enrol,
    get,
    identifiers,
    lookup,
)
from regulars.kernel.members.model import IDENTIFIERS_MAX
from regulars.kernel.nouns import Identifier
from tests.members.story import AT, KEYRING, card, merge, phone


@pytest.mark.smoke
async def test_a_member_is_found_by_each_identifier_and_shown_masked(database: Database) -> None:
    member = new_id()
    async with database.transaction() as tx:
        answer = await enrol(
            tx,
            KEYRING,
            [phone("+86 138 0013 8000"), card(771234), card("77 1234")],
            id=member,
            at=AT,
            source="desk",
            region="cn",
        )
        await add_identifier(
            tx, KEYRING, member, Identifier(kind="email", value="Li@Example.com"), at=AT + timedelta(days=1)
        )

    assert answer == member
    async with database.snapshot() as read:
        assert (await get(read, member)).region == "cn"
        assert await lookup(read, KEYRING, phone("+8613800138000")) == member
        assert await lookup(read, KEYRING, Identifier(kind="email", value="li@example.com")) == member
        found = await identifiers(read, KEYRING, member)
        assert [(each.kind, each.value, each.added_at) for each in found] == [
            ("card", "••••234", AT),
            ("phone", "••••8000", AT),
            ("email", "••••.com", AT + timedelta(days=1)),
        ]
        assert len({each.id for each in found}) == len(found)


async def test_a_member_may_be_nobody_in_particular(database: Database) -> None:
    async with database.transaction() as tx:
        member = await enrol(tx, KEYRING, [], id=new_id(), at=AT, source="desk")
        assert await identifiers(tx, KEYRING, member) == []


async def test_a_taken_identifier_is_refused_and_nothing_is_left(database: Database) -> None:
    async with database.transaction() as tx:
        owner = await enrol(tx, KEYRING, [card(1)], id=new_id(), at=AT, source="desk")
        other = await enrol(tx, KEYRING, [card(2)], id=new_id(), at=AT, source="desk")

    with pytest.raises(IdentifierTaken) as caught:
        async with database.transaction() as tx:
            await enrol(tx, KEYRING, [phone("+8613800138000"), card(1)], id=new_id(), at=AT, source="desk")
    assert caught.value.context == {"kinds": ["card"]}
    async with database.transaction() as tx:
        with pytest.raises(IdentifierTaken):
            await add_identifier(tx, KEYRING, other, card(1), at=AT)
        await add_identifier(tx, KEYRING, owner, card(1), at=AT + timedelta(days=9))

    async with database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM members.member") == 2
        assert [each.added_at for each in await identifiers(read, KEYRING, owner)] == [AT]


@pytest.mark.parametrize("way", ["enrol", "add"])
async def test_of_two_at_once_one_is_refused(database: Database, way: str) -> None:
    async with database.transaction() as tx:
        known = [await enrol(tx, KEYRING, [], id=new_id(), at=AT, source="desk") for _ in range(2)]

    async def come(turn: int) -> str:
        try:
            async with database.transaction() as tx:
                if way == "enrol":
                    await enrol(tx, KEYRING, [card(1), card(f"own-{turn}")], id=new_id(), at=AT, source="desk")
                else:
                    await add_identifier(tx, KEYRING, known[turn], card(1), at=AT)
                # Longer than the other needs to look and find nothing: it waits at the write.
                await asyncio.sleep(0.2)
        except IdentifierTaken as refusal:
            return refusal.code
        return "done"

    assert sorted(await asyncio.gather(come(0), come(1))) == ["done", "identifier_taken"]
    async with database.snapshot() as read:
        orphans = await read.value(
            "SELECT count(*) FROM members.identifier AS i WHERE NOT EXISTS"
            " (SELECT FROM members.member AS m WHERE m.id = i.member_id)"
        )
        assert await read.value("SELECT count(*) FROM members.member") == (3 if way == "enrol" else 2)
        assert orphans == 0


async def test_who_cannot_be_given_an_identifier(database: Database) -> None:
    async with database.transaction() as tx:
        kept, gone, erased = [await enrol(tx, KEYRING, [], id=new_id(), at=AT, source="desk") for _ in range(3)]
        await merge(tx, gone, kept)
        await tx.run("UPDATE members.member SET state = 'erased', wrapped_key = NULL WHERE id = $1", erased)
        with pytest.raises(MemberMerged) as caught:
            await add_identifier(tx, KEYRING, gone, card(1), at=AT)
        assert caught.value.context["kept"] == str(kept)
        with pytest.raises(MemberErased):
            await add_identifier(tx, KEYRING, erased, card(1), at=AT)
        with pytest.raises(MemberErased):
            await identifiers(tx, KEYRING, erased)
        for nobody in (add_identifier(tx, KEYRING, new_id(), card(1), at=AT), identifiers(tx, KEYRING, new_id())):
            with pytest.raises(MemberUnknown):
                await nobody
        with pytest.raises(MemberUnknown):
            await get(tx, new_id())


async def test_a_member_has_so_many_identifiers_and_no_more(database: Database) -> None:
    many = [card(number) for number in range(IDENTIFIERS_MAX)]
    async with database.transaction() as tx:
        with pytest.raises(IdentifiersExceeded):
            await enrol(tx, KEYRING, [*many, card("more")], id=new_id(), at=AT, source="desk")
        member = await enrol(tx, KEYRING, many, id=new_id(), at=AT, source="desk")
        await add_identifier(tx, KEYRING, member, many[0], at=AT)  # has it already
        with pytest.raises(IdentifiersExceeded):
            await add_identifier(tx, KEYRING, member, card("more"), at=AT)


async def test_a_sealed_identifier_opens_only_with_the_installations_key_and_in_its_own_row(database: Database) -> None:
    async with database.transaction() as tx:
        one = await enrol(tx, KEYRING, [card(1111)], id=new_id(), at=AT, source="desk")
        two = await enrol(tx, KEYRING, [card(2222)], id=new_id(), at=AT, source="desk")
        with pytest.raises(Tampered):
            await identifiers(tx, Keyring.derive({1: b"another master key, also 32 bytes"}, current=1), one)
        await tx.run("UPDATE members.identifier SET kind = 'phone' WHERE member_id = $1", two)
        with pytest.raises(Tampered):
            await identifiers(tx, KEYRING, two)
        # Whoever can write to the database still cannot pass one member's card off as another's,
        await tx.run("UPDATE members.identifier SET member_id = $2 WHERE member_id = $1", two, one)
        with pytest.raises(Tampered):
            await identifiers(tx, KEYRING, one)
        # nor give a member the key of another.
        await tx.run(
            "UPDATE members.member SET wrapped_key = (SELECT wrapped_key FROM members.member WHERE id = $1)"
            " WHERE id = $2",
            one,
            two,
        )
        with pytest.raises(Tampered):
            await identifiers(tx, KEYRING, two)


async def test_every_refusal_keeps_the_value_to_itself(database: Database) -> None:
    secret = "+8613800138000"
    async with database.transaction() as tx:
        await enrol(tx, KEYRING, [phone(secret)], id=new_id(), at=AT, source="desk")
        other = await enrol(tx, KEYRING, [], id=new_id(), at=AT, source="desk")
        refusals: list[Refusal] = []
        for asked in (
            enrol(tx, KEYRING, [phone(secret)], id=new_id(), at=AT, source="desk"),
            add_identifier(tx, KEYRING, other, phone(secret), at=AT),
            lookup(tx, KEYRING, card(secret)),
            lookup(tx, KEYRING, phone(secret[3:])),
        ):
            with pytest.raises(Refusal) as caught:
                await asked
            refusals.append(caught.value)

    assert [type(refusal) for refusal in refusals] == [
        IdentifierTaken,
        IdentifierTaken,
        MemberUnknown,
        IdentifierInvalid,
    ]
    for refusal in refusals:
        assert secret[3:] not in f"{refusal} {refusal!r} {refusal.detail} {refusal.context}"
        assert refusal.__context__ is None

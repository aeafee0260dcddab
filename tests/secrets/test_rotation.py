"""A new master key takes the place of the old one while clients enrol and buy, and nothing is lost."""

import asyncio
import hashlib
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from regulars.base.crypto import Keyring, Tampered, open_sealed, seal
from regulars.base.db import Database, Tx
from regulars.base.ids import new_id
from regulars.base.rewrap import SLICE, count_stale, find_plugs, list_strangers, rewrap
from regulars.features import access, repeats, signing, staff, tasks, webhooks
from regulars.features.coupons import own, partners
from regulars.features.coupons.codes import Terms, add_codes
from regulars.features.coupons.pool import name_pool
from regulars.features.repeats.model import Answered
from regulars.features.staff import approvals
from regulars.features.staff.store import add_errand, take_errand
from regulars.features.webhooks.model import Webhook
from regulars.kernel import limits, members, spine
from regulars.kernel.members.store import get_key, place_of
from regulars.kernel.nouns import Identifier
from regulars.kernel.spine.check import check
from tests.spine.conftest import Shop, buy, shop

__all__ = ["shop"]

OLD, NEW = bytes(range(32)), hashlib.sha256(b"new").digest()
BEFORE = Keyring.derive({1: OLD}, current=1)
KNOWN = Keyring.derive({1: OLD, 2: NEW}, current=1)
TURNED = Keyring.derive({1: OLD, 2: NEW}, current=2)
AFTER = Keyring.derive({2: NEW}, current=2, retired={1: BEFORE.retire(1)})
BYTES = """
SELECT format('%s.%s.%s', n.nspname, c.relname, a.attname) AS name
FROM pg_attribute AS a
INNER JOIN pg_class AS c ON a.attrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE a.atttypid = 'bytea'::regtype AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
    AND n.nspname !~ '^pg_|information_schema'
"""


# Nothing is put there by `fill`: how they are sealed is only tried by their own rooms' tests.
UNFILLED = {
    "entrance.attempt.contact_wrapped",
    "entrance.change.new_wrapped",
    "entrance.change.old_wrapped",
    "entrance.message.body_wrapped",
    "fraud.appeal.text_wrapped",
}


async def fill(database: Database, keyring: Keyring, at: datetime) -> Mapping[str, object]:
    """Put a row wherever something is sealed; tell what must be found again."""
    async with database.transaction() as tx:
        invited = await staff.invite(
            tx, keyring, email="ann@example.com", name="Ann", roles=["owner"], bound=None, by="test", at=at
        )
        assert invited.account is not None
        await add_errand(tx, keyring, b"e" * 32, nonce="n", verifier="verified", ends_at=at + timedelta(hours=1))
        issued = await access.issue_key(
            tx, id=new_id(), name="signs", scopes=["activities:write"], at=at, store=None, signing=keyring
        )
        kid = (await signing.find_signer(tx, keyring, at=at)).kid

        async def once(_: Tx) -> Answered:
            return Answered(status=201, body=b"told once")

        await repeats.do_once(tx, keyring, once, name=("till", "a"), digest=b"d" * 32, at=at)
        hooked = Webhook(
            id=new_id(),
            url="https://example.com/in",
            description="",
            kinds=("*",),
            is_enabled=True,
            reason="",
            failing_since=None,
            version=1,
            created_at=at,
            changed_at=at,
        )
        told = await webhooks.add(tx, webhooks.Policy(), keyring, hooked, at=at)
        asked = approvals.Asked(method="POST", path="/v1/x", query="", content_type="application/json", body=b"{}")
        waits = await approvals.ask(tx, keyring, asked, action="keys", scope="keys:write", by=invited.account.id, at=at)
        codes = await partners.seal_codes(keyring, "cinema", "spring", ["ABC-1"], None)
        await limits.fill_pool(
            tx,
            name_pool("cinema"),
            "spring",
            codes.sealed,
            wrapped_key=codes.wrapped_key,
            known=(),
            valid_until=None,
            at=at,
        )
        mine = Terms(coupon="ten", batch="by-hand", member=new_id())
        await add_codes(tx, keyring, ["MINE-17"], mine, at=at)
        file = tasks.File(name="cards.csv", content=b"card\n7\n")
        task = await tasks.start_task(
            tx, keyring, new_id(), "import", b"{}", title="cards", by="a test", at=at, files=(file,)
        )
    await staff.look_at_link(database, keyring, invited.token, at=at)
    return {
        "task": task.id,
        "kid": kid,
        "hook": told,
        "issued": issued,
        "approval": waits.id,
        "account": invited.account.id,
        "member": mine.member,
    }


async def test_every_column_of_bytes_is_sealed_anew_or_says_why_not(database: Database) -> None:
    async with database.snapshot() as read:
        there = {row["name"] for row in await read.rows(BYTES)}
    made = [f"{each.table}.{each.column}" for plug in find_plugs() for each in plug.made]
    apart = [name for plug in find_plugs() for name in plug.apart]
    assert len(set(made + apart)) == len(made) + len(apart)
    assert set(made + apart) == there, "each column of bytes stands in MADE or APART of its room's module `rewrap`"
    assert all(reason for plug in find_plugs() for reason in plug.apart.values())


async def test_everything_sealed_is_read_with_the_new_key_alone(shop: Shop) -> None:
    made = await fill(shop.database, BEFORE, shop.at)
    await shop.receipt(buy("one", 1000))
    async with shop.database.snapshot() as read:
        before = {each.what: each.rows for each in await count_stale(read, TURNED)}
    sealed = {f"{each.table}.{each.column}" for plug in find_plugs() for each in plug.made}
    assert set(before) == sealed - UNFILLED
    with pytest.raises(Tampered):
        await rewrap(shop.database, AFTER)

    assert await rewrap(shop.database, TURNED) == sum(before.values())
    assert await rewrap(shop.database, TURNED) == 0
    async with shop.database.transaction() as tx:
        assert await count_stale(tx, AFTER) == []
        found = await staff.find_person(tx, AFTER, "ann@example.com")
        assert (found.id, found.name) == (made["account"], "Ann")
        assert await take_errand(tx, AFTER, b"e" * 32, at=shop.at) == ("n", "verified")
        assert (await signing.find_signer(tx, AFTER, at=shop.at)).kid == made["kid"]
        assert await members.lookup(tx, AFTER, Identifier(kind="card", value="7"))
        assert isinstance(made["member"], UUID)
        (mine,) = await limits.own_codes(tx, made["member"], most=2)
        assert AFTER.unwrap(mine.sealed, own.place_of(mine.digest)) == b"MINE-17"
        assert isinstance(made["task"], UUID)
        assert await tasks.open_file(tx, AFTER, made["task"], "cards.csv") == b"card\n7\n"


async def test_clients_enrol_and_buy_while_the_key_is_changed(shop: Shop) -> None:
    """Three clients, restarted one after the other as an operator would; the old key is gone in the end."""
    chance = random.Random(7)
    houses = dict.fromkeys(range(3), shop.house)
    bought: list[str] = []
    stop = asyncio.Event()

    async def client(number: int) -> None:
        round_ = 0
        while not stop.is_set():
            # A few cards that all of them bring at once, known and new.
            cards = {f"{chance.randrange(40)}x{len(bought) // 60}" for _ in range(6)}
            facts = [buy(f"{number}-{round_}-{card}", 100, card=card) for card in cards]
            done = await spine.record(shop.database, houses[number], facts, replay=True)
            assert all(each.receipt is not None for each in done), done
            bought.extend(cards)
            round_ += 1
            await asyncio.sleep(0)

    async def wait_for(more: int) -> None:
        goal = len(bought) + more
        while len(bought) < goal:
            assert not any(task.done() for task in tasks), tasks
            await asyncio.sleep(0.005)

    async def restart(keyring: Keyring) -> None:
        for number in houses:
            houses[number] = replace(houses[number], keyring=keyring)
            await wait_for(40)

    tasks = [asyncio.create_task(client(number)) for number in houses]
    await wait_for(100)
    await restart(KNOWN)
    await restart(TURNED)
    moved = await rewrap(shop.database, TURNED)
    await wait_for(40)
    async with shop.database.snapshot() as read:
        assert await count_stale(read, TURNED) == []
    await restart(AFTER)
    stop.set()
    await asyncio.gather(*tasks)

    assert moved > 0
    async with shop.database.snapshot() as read:
        found = {card: await members.lookup(read, AFTER, Identifier(kind="card", value=card)) for card in set(bought)}
        assert await members.count(read) == len(set(found.values())) == len(set(bought))
        assert (await check(read)).faults == ()
        assert await members.identifiers(read, AFTER, next(iter(found.values())))


async def test_two_who_know_both_keys_never_enrol_one_card_twice(shop: Shop) -> None:
    """One process makes values with the old key and one with the new, and both meet the same new card."""
    for number in range(12):
        card = Identifier(kind="card", value=f"twice-{number}")

        async def enrol(keyring: Keyring, card: Identifier = card) -> UUID:
            async def work(tx: Tx) -> UUID:
                found = await members.resolve_many(
                    tx, keyring, [card], auto_enrol=True, new_ids=[new_id()], at=shop.at, source="till"
                )
                assert isinstance(found[0], UUID)
                return found[0]

            return await shop.database.run(work)

        first, second = await asyncio.gather(enrol(KNOWN), enrol(TURNED))
        assert first == second


async def test_what_is_interrupted_goes_on_where_it_was(shop: Shop) -> None:
    many = [buy(f"b{number}", 100, card=f"c{number}") for number in range(SLICE + 20)]
    await spine.record(shop.database, shop.house, many, replay=True)

    class Killed(Exception):
        pass

    def kill(what: str, rows: int) -> None:
        if what == "members.identifier.blind":
            raise Killed(rows)

    with pytest.raises(Killed, match=str(SLICE)):
        await rewrap(shop.database, TURNED, tell=kill)
    async with shop.database.snapshot() as read:
        left = {each.what: each.rows for each in await count_stale(read, TURNED)}
    assert left["members.identifier.blind"] == 20
    assert await rewrap(shop.database, TURNED) == sum(left.values())


async def test_a_process_that_does_not_know_the_key_is_seen(database_url: str) -> None:
    knows = await Database.open(database_url, keys=(2, 1))
    async with knows.snapshot() as read:
        assert await list_strangers(read, TURNED) == []
    behind = await Database.open(database_url)
    async with knows.snapshot() as read:
        assert await list_strangers(read, TURNED) == ["regulars"]
    await behind.close()
    await knows.close()


async def test_a_forgotten_member_is_nobody_and_the_books_balance(shop: Shop) -> None:
    """To forget the key is to forget the person: neither what they were found by nor personal fields can be opened."""
    member = (await shop.receipt(buy("one", 1000))).member
    async with shop.database.transaction() as tx:
        key = await get_key(tx, BEFORE, member)
        await tx.run(
            "INSERT INTO activity.personal (member_id, activity_id, salt, cipher)"
            " SELECT $1, j.id, $2, $3 FROM activity.journal AS j WHERE j.member_id = $1 LIMIT 1",
            member,
            b"s" * 16,
            seal(key, b"Li Lei, West Lake 1", b"personal"),
        )
        await tx.run("UPDATE members.member SET state = 'erased', wrapped_key = NULL WHERE id = $1", member)
    async with shop.database.snapshot() as read:
        rows = await read.rows("SELECT cipher FROM members.identifier UNION ALL SELECT cipher FROM activity.personal")
        assert len(rows) == 2
        for row in rows:
            for keyring in (BEFORE, TURNED):
                for keys in keyring.keys.values():
                    for opener in (keys.wrap, keys.blind, keys.token):
                        for place in (place_of(member, "card"), member.bytes, b"personal"):
                            with pytest.raises(Tampered):
                                open_sealed(opener, row["cipher"], place)
        with pytest.raises(members.MemberErased):
            await members.identifiers(read, BEFORE, member)
        assert (await check(read)).faults == ()
        assert (await shop.standing(member)).shown > 0
    # What nobody can open is nobody's: it does not keep an old key in use.
    await rewrap(shop.database, TURNED)
    async with shop.database.snapshot() as read:
        assert await count_stale(read, TURNED) == []

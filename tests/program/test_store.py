"""Versions and memories in the database: which version decides when, and what is remembered byte for byte."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import pytest

from regulars.base.db import Database
from regulars.kernel.program import (
    NoProgram,
    ProgramInvalid,
    Versions,
    content_hash,
    find_damaged,
    memories,
    parse,
    publish,
    save_memories,
)
from tests.program.story import BASE, HEAD, STARS, TIERS

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW = parse(HEAD + BASE), parse(HEAD + BASE + STARS)


async def release(database: Database, document: object, live_from: datetime) -> bool:
    async with database.transaction() as tx:
        published = await publish(tx, document, live_from=live_from, by="ana", at=AT)  # pyright: ignore[reportArgumentType]
    assert published.hash == content_hash(document)  # pyright: ignore[reportArgumentType]
    assert published.release.live_from <= live_from
    return published.is_new


@pytest.mark.smoke
async def test_version_decides_from_its_start_until_the_next(database: Database) -> None:
    assert await release(database, OLD, AT)
    assert await release(database, NEW, AT + DAY)
    async with database.snapshot() as read:
        releases = await Versions().read(read)
    assert releases.plan_at(AT).hash == content_hash(OLD)
    assert releases.plan_at(AT + DAY - timedelta(microseconds=1)).hash == content_hash(OLD)
    assert releases.plan_at(AT + DAY).hash == content_hash(NEW)
    assert releases.plan_at(AT + 400 * DAY).document == NEW
    with pytest.raises(NoProgram) as refused:
        releases.plan_at(AT - DAY)
    assert refused.value.code == "no_program"


async def test_publishing_again_changes_nothing_and_going_back_does(database: Database) -> None:
    assert await release(database, OLD, AT)
    assert not await release(database, OLD, AT)
    assert not await release(database, OLD, AT + DAY)  # decides then already
    assert await release(database, NEW, AT + DAY)
    assert await release(database, OLD, AT + 2 * DAY)
    assert await release(database, NEW, AT)  # of two that start together, the later published
    async with database.snapshot() as read:
        releases = await Versions().read(read)
        assert await read.value("SELECT count(*) FROM program.version") == 2
    assert releases.plan_at(AT).hash == content_hash(NEW)
    assert releases.plan_at(AT + 2 * DAY).hash == content_hash(OLD)


async def test_two_who_publish_at_once_make_one_release(database: Database) -> None:
    assert sorted(await asyncio.gather(*(release(database, OLD, AT) for _ in range(4)))) == [False] * 3 + [True]


async def test_known_versions_cost_one_statement(database: Database) -> None:
    await release(database, OLD, AT)
    versions = Versions()
    async with database.snapshot() as read:
        await versions.read(read)
        before = read.statements
        first = await versions.read(read)
        assert read.statements - before == 1
    await release(database, NEW, AT + DAY)
    async with database.snapshot() as read:
        second = await versions.read(read)
        assert read.statements == 2
    assert second.plan_at(AT) is first.plan_at(AT)


async def test_id_of_an_offer_stays_with_its_mechanic(database: Database) -> None:
    await release(database, parse(HEAD + STARS + TIERS), AT)
    other = parse(HEAD + BASE.replace("id: base", "id: tiers"))
    async with database.transaction() as tx:
        with pytest.raises(ProgramInvalid, match="mechanic 'tiers'; give this one another id"):
            await publish(tx, other, live_from=AT, by="ana", at=AT)


async def test_memories_come_back_as_the_bytes_that_were_saved(database: Database) -> None:
    ana, bob = uuid4(), uuid4()
    data = '{"name":"熟客\\u0000"}'.encode()
    async with database.transaction() as tx:
        await save_memories(tx, [(ana, "tiers", b"{}"), (bob, "tiers", data), (bob, "other", b"[1]")], AT)
    async with database.transaction() as tx:
        await save_memories(tx, [(ana, "tiers", data)], AT + DAY)
        await save_memories(tx, [], AT)
    async with database.snapshot() as read:
        assert await memories(read, [ana, uuid4()]) == {(ana, "tiers"): data}
        assert await memories(read, [ana, bob]) == {(ana, "tiers"): data, (bob, "tiers"): data, (bob, "other"): b"[1]"}
        assert read.statements == 2
        row = await read.row("SELECT digest, updated_at FROM program.memory WHERE member_id = $1", ana)
    assert row is not None
    assert (row["digest"], row["updated_at"]) == (sha256(data).digest(), AT + DAY)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("""UPDATE program.memory SET data = '{"latest":1}'""", "the memory of offer tiers of member "),
        ("UPDATE program.memory SET digest = sha256('')", "the memory of offer tiers of member "),
        ("UPDATE program.version SET document = jsonb_set(document, '{money}', '\"EUR\"')", "the programme version "),
        ("UPDATE program.version SET document = document - 'money'", "the programme version "),
    ],
)
async def test_damage_is_found(database: Database, damage: str, said: str) -> None:
    await release(database, OLD, AT)
    async with database.transaction() as tx:
        await save_memories(tx, [(uuid4(), "tiers", b"{}")], AT)
        assert await find_damaged(tx) == []
    async with database.transaction() as tx:
        await tx.run(damage)
        (found,) = await find_damaged(tx)
    assert found.startswith(said)

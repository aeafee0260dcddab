"""The keys that sign: made once, rotated, distrusted; and codes that use points once."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from regulars.base.crypto import Keyring, Tampered
from regulars.base.db import Database
from regulars.features import signing
from tests.vouchers.test_tokens import VOUCHER

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RING = Keyring.derive({1: b"k" * 32}, current=1)


async def sign(database: Database, at: datetime) -> str:
    async with database.transaction() as tx:
        return signing.sign_voucher(VOUCHER, await signing.find_signer(tx, RING, at=at))


async def read(database: Database, token: str) -> signing.Voucher:
    async with database.snapshot() as snapshot:
        return signing.read_voucher(token, await signing.find_public(snapshot))


async def test_processes_that_begin_at_once_make_one_key(database: Database) -> None:
    tokens = await asyncio.gather(*(sign(database, NOW) for _ in range(5)))
    assert len(set(tokens)) == 1
    assert await read(database, tokens[0]) == VOUCHER


async def test_the_key_is_sealed(database: Database) -> None:
    await sign(database, NOW)
    async with database.transaction() as tx:
        with pytest.raises(Tampered):
            await signing.find_signer(tx, Keyring.derive({1: b"l" * 32}, current=1), at=NOW)


async def test_a_new_key_is_published_before_it_signs_and_old_tokens_count_on(database: Database) -> None:
    begins = NOW + timedelta(days=1)
    old = await sign(database, NOW)
    async with database.transaction() as tx:
        made = await signing.rotate(tx, RING, at=NOW, since=begins)
        first, second = await signing.list_keys(tx, RING, at=NOW)
        assert (first.ends, second) == (begins, made)
        with pytest.raises(signing.RotationPending):
            await signing.rotate(tx, RING, at=NOW, since=begins)
    assert await sign(database, begins - timedelta(seconds=1)) == old
    new = await sign(database, begins)
    assert new != old
    assert await read(database, old) == await read(database, new) == VOUCHER


async def test_distrust_ends_all_that_the_old_keys_signed(database: Database) -> None:
    old = await sign(database, NOW)
    async with database.transaction() as tx:
        await signing.rotate(tx, RING, at=NOW, since=NOW + timedelta(days=1))
        made = await signing.rotate(tx, RING, at=NOW, since=NOW, distrust_others=True)
        assert await signing.list_keys(tx, RING, at=NOW) == [made]
    with pytest.raises(signing.VoucherInvalid):
        await read(database, old)
    assert await read(database, await sign(database, NOW)) == VOUCHER


async def test_a_code_uses_points_for_one_activity(database: Database) -> None:
    code = signing.Code(member=uuid4(), issued_at=NOW)

    async def claim(name: str) -> str:
        try:
            await database.run(lambda tx: signing.claim_code(tx, "RM1.a.b", code, source="till", id=name))
        except signing.CodeReplayed:
            return ""
        return name

    won = [name for name in await asyncio.gather(*(claim(f"r{n}") for n in range(8))) if name]
    assert len(won) == 1
    assert await claim(won[0]) == won[0]
    assert await claim("another") == ""

"""Whoever gets hold of the tables has nothing: no number, no spelling of it, no digest that can be tried."""

import base64
import hashlib
from io import BytesIO
from typing import Any, cast

from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.kernel.members import add_identifier, enrol, set_traits
from regulars.kernel.members.store import make_newcomer
from regulars.kernel.nouns import Identifier, TraitChange
from tests.members.story import AT, KEYRING, phone, resolve_one

PHONE = "+8613800138000"
EMAIL = "li.lei@example.com"
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'members' ORDER BY 1"


async def dump(database: Database) -> str:
    """Write out each table of the room as text with COPY, as a dump does."""
    text = BytesIO()
    async with database.snapshot() as read:
        for row in await read.rows(TABLES):
            wire = cast("Any", read._lease.use())  # the runner has no use for COPY TO
            await wire.copy_from_table(row["table_name"], schema_name="members", output=text, format="text")
    return text.getvalue().decode()


def spell_out(value: str) -> set[str]:
    """Spell a value in every way that would give it away."""
    raw = value.encode()
    digests = [hashlib.new(name, raw).digest() for name in ("md5", "sha1", "sha256", "sha512")]
    return {
        spelling
        for content in (raw, *digests)
        for spelling in (content.hex(), base64.b64encode(content).decode(), repr(content)[2:-1])
    }


async def test_a_dump_tells_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        member = await resolve_one(tx, phone(PHONE))
        await add_identifier(tx, KEYRING, member, Identifier(kind="email", value=EMAIL), at=AT)
        await enrol(tx, KEYRING, [phone("+8613900139000")], id=new_id(), at=AT, source="desk")
        await set_traits(tx, [(member, TraitChange(name="tier", value="gold", since=AT), new_id())])
    text = await dump(database)

    assert str(member) in text
    assert KEYRING.blind("phone", PHONE).hex() in text  # the test can find what is there
    for value in (PHONE, PHONE[1:], PHONE[3:], EMAIL, "li.lei", "+8613900139000"):
        for spelling in spell_out(value):
            assert spelling not in text


async def test_the_keys_are_not_in_the_dump_either(database: Database) -> None:
    async with database.transaction() as tx:
        member = await resolve_one(tx, phone(PHONE))
        wrapped = await tx.value("SELECT wrapped_key FROM members.member WHERE id = $1", member)
    key = KEYRING.unwrap(wrapped, member.bytes)
    text = await dump(database)

    assert wrapped.hex() in text
    assert key.hex() not in text
    (keys,) = KEYRING.keys.values()
    assert all(secret.hex() not in text for secret in (keys.blind, keys.wrap, keys.token))


def test_a_forgotten_key_cannot_be_made_again() -> None:
    member = new_id()

    assert make_newcomer(KEYRING, member).key != make_newcomer(KEYRING, member).key


def test_what_is_shown_by_accident_shows_nothing() -> None:
    newcomer = make_newcomer(KEYRING, new_id())

    assert repr(newcomer.key)[2:-1] not in repr(newcomer)
    assert newcomer.key.hex() not in repr(newcomer)
    assert repr(newcomer) == f"Newcomer(id={newcomer.id})"

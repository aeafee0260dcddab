"""Of whoever was forgotten nothing is found any more: not in a dump, not in a log, in no way of writing it."""

import base64
import hashlib
import logging
import urllib.parse
from datetime import UTC, datetime

import pytest

from regulars.base.crypto import Tampered
from regulars.interfaces.http.log import JsonLines
from regulars.kernel import members
from regulars.kernel.nouns import Identifier
from tests.entry.conftest import guests, house, published, purchase, settings, site
from tests.entry.guests import Guests
from tests.http import conftest
from tests.http.site import Purchase
from tests.privacy.test_books import prove_all

__all__ = ["guests", "house", "published", "purchase", "settings", "site"]

PHONE, MAIL, CARD, NICK = "13800138000", "zhang.wei@example.com", "6225 8801 2345", "张伟伟 Erased-Wei"
MARKS = (PHONE, MAIL, "zhang.wei", CARD.replace(" ", ""), NICK, "张伟伟", "Erased-Wei")
TABLES = """
SELECT
    format('%I.%I', n.nspname, c.relname) AS name,
    array_agg(format('%I', a.attname)) FILTER (WHERE a.atttypid = 'bytea'::regtype) AS bytes
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
GROUP BY n.nspname, c.relname
"""


@pytest.fixture(autouse=True)
def told_traits(monkeypatch: pytest.MonkeyPatch) -> None:
    program = conftest.PROGRAM.replace("offers:", "catalog: {traits: [birthday, nickname]}\noffers:")
    monkeypatch.setattr(conftest, "PROGRAM", program)


def write_variously(text: str) -> set[bytes]:
    """Write a text as it might have been kept."""
    plain = text.encode()
    return {
        plain,
        text.upper().encode(),
        plain[::-1],
        text.encode("utf-16-le"),
        text.encode("gb18030"),
        plain.hex().encode(),
        base64.b64encode(plain).rstrip(b"=")[:-1],
        urllib.parse.quote(text).encode(),
        text.encode("unicode_escape"),
        hashlib.sha256(plain).hexdigest().encode(),
        hashlib.sha256(plain).digest(),
        hashlib.md5(plain).hexdigest().encode(),
    }


def find_marks(written: bytes) -> set[str]:
    return {mark for mark in MARKS if any(each in written for each in write_variously(mark))}


async def dump(guests: Guests) -> bytes:
    """Write out every row of every table, as text, and every column of bytes as it is."""
    out: list[bytes] = []
    async with guests.site.database.snapshot() as read:
        for row in await read.rows(TABLES):
            rows = await read.rows(f"SELECT t::text AS words FROM {row['name']} AS t")
            out += [each["words"].encode() for each in rows]
            for column in row["bytes"] or ():
                rows = await read.rows(f"SELECT {column} AS found FROM {row['name']}")
                out += [each["found"] or b"" for each in rows]
    return b"\n".join(out)


async def live(guests: Guests, purchase: Purchase) -> tuple[str, str]:
    """Enrol, be told of, buy, sign in; gives the member and the session's token."""
    client = guests.site.client
    kinds = {"phone": f"+86{PHONE}", "email": MAIL, "card": CARD}
    body = {"identifiers": [{"kind": kind, "value": value} for kind, value in kinds.items()]}
    enrolled = await client.post("/v1/members", json=body, headers={"Idempotency-Key": "enrol"})
    assert enrolled.status_code == 201, enrolled.text
    member = enrolled.json()["id"]
    told = {
        "source": "crm",
        "occurred_at": datetime.now(UTC).isoformat(),
        "traits": {"nickname": NICK, "birthday": "07-23"},
    }
    traits = await client.put(f"/v1/members/{member}/traits", json=told, headers={"Idempotency-Key": "t-1"})
    assert traits.status_code == 201, traits.text
    bought = await client.post(
        "/v1/activities", json=purchase("a") | {"member": {"identifier": {"kind": "email", "value": MAIL}}}
    )
    assert bought.status_code == 201, bought.text
    token = await guests.sign_in(MAIL)
    assert (await guests.change(token, "zhang.wei@example.org")).status_code == 200
    await guests.work()
    return member, token


async def test_nothing_is_found_of_whoever_was_forgotten(
    guests: Guests, purchase: Purchase, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    member, token = await live(guests, purchase)
    before = await dump(guests)
    assert {NICK, "Erased-Wei"} <= find_marks(before), "what is looked for is found where it is"
    at = f"/v1/members/{member}"
    shown = (await guests.site.client.get(f"{at}/erasure")).json()
    done = await guests.site.client.post(f"{at}/erasure", json={"confirm": shown["confirm"]})
    assert done.status_code == 200, done.text
    assert done.json()["forgotten"]["entrance"] >= 2

    after = await dump(guests)
    assert find_marks(after) == set()
    assert b"07-23" not in b"\n".join(line for line in after.split(b"\n") if member.encode() in line)
    lines = "\n".join(JsonLines().format(record) for record in caplog.records if record.name.startswith("regulars"))
    assert "/v1/members/{member}/erasure" in lines, "the log was listened to"
    assert find_marks(lines.encode()) == set()
    assert "07-23" not in lines

    # Blind indexes and wrapped keys that were there are gone, whatever they looked like.
    async with guests.site.database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM members.identifier WHERE member_id = $1::uuid", member) == 0
        assert await read.value("SELECT wrapped_key IS NULL FROM members.member WHERE id = $1::uuid", member)
        with pytest.raises(members.MemberUnknown):
            await members.lookup(read, guests.site.house.keyring, Identifier(kind="email", value=MAIL))
    for blind in guests.site.house.keyring.blinds("phone", f"+86{PHONE}"):
        assert blind.value in before
        assert blind.value not in after
    assert (await guests.send("GET", "/v1/me", by=token)).status_code == 401
    await prove_all(guests.site.database)


async def test_what_was_sealed_under_the_members_key_does_not_open_even_where_a_copy_is_left(guests: Guests) -> None:
    member = await guests.enrol(("email", MAIL))
    async with guests.site.database.snapshot() as read:
        row = await read.row("SELECT cipher FROM members.identifier WHERE member_id = $1", member)
        assert row is not None
    shown = (await guests.site.client.get(f"/v1/members/{member}/erasure")).json()
    assert (
        await guests.site.client.post(f"/v1/members/{member}/erasure", json={"confirm": shown["confirm"]})
    ).status_code == 200
    keyring = guests.site.house.keyring
    with pytest.raises(Tampered):
        keyring.unwrap(row["cipher"], member.bytes)
    async with guests.site.database.snapshot() as read:
        with pytest.raises(members.MemberErased):
            await members.identifiers(read, keyring, member)


async def test_a_member_forgets_themselves_after_a_fresh_proof(guests: Guests, purchase: Purchase) -> None:
    member, token = await live(guests, purchase)
    shown = (await guests.send("GET", "/v1/me/erasure", by=token)).json()
    assert (shown["member"], [each["points"] for each in shown["currencies"]]) == (member, [12])
    confirm = {"confirm": shown["confirm"]}
    guests.later(hours=1)
    refused = await guests.send("POST", "/v1/me/erasure", confirm, by=token)
    assert refused.status_code == 403, "a session alone is not enough"
    guests.later(hours=-1)
    done = await guests.send("POST", "/v1/me/erasure", confirm, by=token)
    assert (done.status_code, done.json()["asked_by"]) == (200, "member")
    assert (await guests.send("GET", "/v1/me", by=token)).status_code == 401

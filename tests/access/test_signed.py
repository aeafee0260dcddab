"""A key that signs is never sent: what it signed is taken as it was, for five minutes, and nothing else is."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.features import access

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYRING = Keyring.derive({1: bytes(range(32))}, current=1)
DATE = "2026-03-01T20:00:10+08:00"
ASKED = {"method": "POST", "target": "/v1/activities?a=1", "date": DATE, "body": b'{"id": "r-1"}'}


async def issue(database: Database, *, signing: Keyring | None = KEYRING) -> str:
    async with database.transaction() as tx:
        issued = await access.issue_key(
            tx, id=new_id(), name="erp", scopes=["activities:write"], at=NOON, signing=signing
        )
    assert issued.key.signed_only is (signing is not None)
    return issued.token


def gate_at(database: Database, at: datetime) -> access.Gate:
    return access.Gate(database, keyring=KEYRING, now=lambda: at, elapsed=lambda: 0.0)


async def send(gate: access.Gate, header: str, **asked: object) -> access.Key:
    scheme, _, credentials = header.partition(" ")
    assert scheme == access.SIGNED_SCHEME
    return await gate.admit_signed(access.read_signed(credentials, **(ASKED | asked)))  # type: ignore[arg-type]


async def test_what_it_signed_is_taken(database: Database) -> None:
    token = await issue(database)
    header = access.sign(token, **ASKED)  # type: ignore[arg-type]
    gate = gate_at(database, NOON)
    for _ in range(2):
        key = await send(gate, header)
        assert (key.name, key.scopes) == ("erp", ("activities:write",))
    assert token.split("_")[2] not in header


def test_the_signature_is_what_the_page_says_it_is() -> None:
    token = f"rk_{'a' * 10}_{'b' * 52}"
    signed = f"POST\n/v1/activities?a=1\n{DATE}\n{hashlib.sha256(b'{}').hexdigest()}"
    expected = hmac.new(token.encode(), signed.encode(), "sha256").hexdigest()
    header = access.sign(token, method="POST", target="/v1/activities?a=1", date=DATE, body=b"{}")
    assert header == f'regulars-hmac-sha256 key="{"a" * 10}", signature="{expected}"'


CHANGES: list[Mapping[str, object]] = [
    {"method": "GET"},
    {"target": "/v1/activities"},
    {"target": "/v1/activities?a=2"},
    {"body": b'{"id": "r-2"}'},
    {"body": b""},
    {"date": "2026-03-01T20:00:11+08:00"},
    {"date": "2026-03-01T12:00:10Z"},  # the same moment, and not what was signed
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
async def test_what_was_changed_on_the_way_is_not(database: Database, change: Mapping[str, object]) -> None:
    header = access.sign(await issue(database), **ASKED)  # type: ignore[arg-type]
    with pytest.raises(access.SignatureInvalid):
        await send(gate_at(database, NOON), header, **change)


@pytest.mark.parametrize(("seconds", "is_taken"), [(-291, False), (-290, True), (0, True), (310, True), (311, False)])
async def test_for_five_minutes(database: Database, seconds: int, is_taken: bool) -> None:
    header = access.sign(await issue(database), **ASKED)  # type: ignore[arg-type]
    gate = gate_at(database, NOON + timedelta(seconds=seconds))
    if is_taken:
        await send(gate, header)
        return
    with pytest.raises(access.SignatureInvalid, match="clock"):
        await send(gate, header)


@pytest.mark.parametrize("date", ["", "yesterday", "2026-03-01T12:00:10", "x" * 5000])
async def test_a_date_that_says_no_moment(database: Database, date: str) -> None:
    header = access.sign(await issue(database), **(ASKED | {"date": date}))  # type: ignore[arg-type]
    with pytest.raises(access.SignatureInvalid):
        await send(gate_at(database, NOON), header, date=date)


async def test_the_token_itself_opens_nothing_once_it_is_seen(database: Database) -> None:
    token = await issue(database)
    with pytest.raises(access.SignatureInvalid, match="never sent"):
        await gate_at(database, NOON).admit(token)


async def test_a_key_that_is_sent_signs_nothing_nor_does_a_revoked_one(database: Database) -> None:
    sent = await issue(database, signing=None)
    gate = gate_at(database, NOON)
    with pytest.raises(access.KeyInvalid):
        await send(gate, access.sign(sent, **ASKED))  # type: ignore[arg-type]
    token = await issue(database)
    async with database.transaction() as tx:
        await access.revoke_key(tx, token.split("_")[1], at=NOON)
    with pytest.raises(access.KeyInvalid):
        await send(gate, access.sign(token, **ASKED))  # type: ignore[arg-type]


async def test_nothing_that_is_kept_signs(database: Database) -> None:
    token = await issue(database)
    async with database.snapshot() as read:
        kept = str([[*row.values()] for row in await read.rows("SELECT * FROM access.key")])
    assert token.split("_")[1] in kept
    assert token.split("_")[2] not in kept
    other = access.Gate(database, keyring=Keyring.derive({1: b"k" * 32}, current=1), now=lambda: NOON)
    with pytest.raises(Exception, match="does not open"):
        await send(other, access.sign(token, **ASKED))  # type: ignore[arg-type]


def test_httpx_writes_the_target_as_it_is_signed() -> None:
    request = httpx.Request("GET", "http://x/v1/members/a%20b?q=%E7%86%9F")
    assert request.url.raw_path.decode() == "/v1/members/a%20b?q=%E7%86%9F"

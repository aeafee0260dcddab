"""A key opens what its scopes say, until it expires or is revoked, and nothing that is stored can open a door."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from regulars.base.db import Database
from regulars.base.errors import DatabaseUnavailable
from regulars.base.ids import new_id
from regulars.features import access

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Hours:
    """The two clocks of a gate, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return float(self.seconds)


async def issue(
    database: Database,
    *,
    scopes: Sequence[str] = ("members:read",),
    expires_at: datetime | None = None,
    name: str = "till 7",
    store: str | None = None,
) -> access.Issued:
    async with database.transaction() as tx:
        return await access.issue_key(
            tx, id=new_id(), name=name, scopes=scopes, at=NOON, expires_at=expires_at, store=store
        )


async def check(database: Database, token: str, at: datetime = NOON) -> access.Key:
    async with database.snapshot() as read:
        return await access.check_key(read, token, at=at)


async def test_a_key_is_known_by_its_token(database: Database) -> None:
    issued = await issue(database, scopes=["members:write", "members:read", "members:read"], store="s1")
    key = await check(database, issued.token)
    assert key == issued.key
    assert key.scopes == ("members:read", "members:write")
    assert key.store == "s1"
    assert re.fullmatch(r"rk_[a-z2-7]{10}_[a-z2-7]{52}", issued.token)
    assert issued.token.split("_")[1] == key.prefix


async def test_the_token_is_nowhere_but_with_its_owner(database: Database) -> None:
    issued = await issue(database)
    secret = issued.token.split("_")[2]
    async with database.snapshot() as read:
        row = await read.row("SELECT key::text AS row FROM access.key AS key")
    assert row is not None
    assert secret not in row["row"]
    assert secret not in repr(issued)
    assert secret.encode().hex() not in row["row"]


async def test_two_keys_differ(database: Database) -> None:
    one, other = await issue(database), await issue(database)
    assert one.token != other.token
    assert one.key.prefix != other.key.prefix
    async with database.snapshot() as read:
        assert [key.id for key in await access.list_keys(read)] == [one.key.id, other.key.id]


async def test_what_is_not_a_key_opens_nothing(database: Database) -> None:
    token = (await issue(database)).token
    prefix = token.split("_")[1]
    wrong = [
        "",
        "rk__",
        token[:-1],
        token + "a",
        token.upper(),
        token + "\n",
        f"rk_{prefix}_{'a' * 52}",
        f"rk_{'a' * 10}_{token.split('_')[2]}",
        f"rk_{prefix}_{'a' * 51}' OR",
        "x" * 100_000,
    ]
    answers = set()
    for each in wrong:
        with pytest.raises(access.KeyInvalid) as refused:
            await check(database, each)
        answers.add(refused.value.detail)
    assert len(answers) == 1, "the answer tells nobody what was wrong"


async def test_a_key_ends_when_it_said(database: Database) -> None:
    end = NOON + timedelta(hours=1)
    issued = await issue(database, expires_at=end)
    assert (await check(database, issued.token, at=end - timedelta(microseconds=1))).expires_at == end
    with pytest.raises(access.KeyInvalid):
        await check(database, issued.token, at=end)


async def test_a_revoked_key_stays_revoked(database: Database) -> None:
    issued = await issue(database)
    async with database.transaction() as tx:
        revoked = await access.revoke_key(tx, issued.key.prefix, at=NOON)
        again = await access.revoke_key(tx, issued.key.prefix, at=NOON + timedelta(days=1))
    assert revoked == again
    assert revoked.revoked_at == NOON
    with pytest.raises(access.KeyInvalid):
        await check(database, issued.token)


async def test_nobody_revokes_what_is_not_there(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(access.KeyUnknown):
            await access.revoke_key(tx, "aaaaaaaaaa", at=NOON)


@pytest.mark.parametrize(
    "asked",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["members:read\n"]},
        {"scopes": [f"members:{'x' * 31}a"]},
        {"scopes": [f"members:a{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(101)]},
        {"name": ""},
        {"name": " "},
        {"name": "a\x00b"},
        {"name": "x" * 101},
        {"store": ""},
        {"expires_at": NOON},
        {"expires_at": datetime(2030, 1, 1)},  # noqa: DTZ001 - that is what is refused
    ],
)
async def test_a_key_that_nobody_could_use_is_refused(database: Database, asked: dict) -> None:
    with pytest.raises(access.KeyUnusable):
        await issue(database, **asked)


async def test_a_remembered_key_needs_no_database(database: Database, database_url: str) -> None:
    hours = Hours()
    other = await Database.open(database_url)
    gate = access.Gate(other, now=hours.now, elapsed=hours.elapsed)
    issued = await issue(database)
    assert await gate.admit(issued.token) == issued.key
    await other.close()
    hours.seconds = access.Gate.REMEMBERED_SECONDS - 1
    assert await gate.admit(issued.token) == issued.key


async def test_a_revocation_is_respected_in_half_a_minute(database: Database) -> None:
    hours = Hours()
    gate = access.Gate(database, now=hours.now, elapsed=hours.elapsed)
    issued = await issue(database)
    await gate.admit(issued.token)
    async with database.transaction() as tx:
        await access.revoke_key(tx, issued.key.prefix, at=NOON)
    hours.seconds = access.Gate.REMEMBERED_SECONDS
    assert hours.seconds <= 30
    for _ in range(2):
        with pytest.raises(access.KeyInvalid):
            await gate.admit(issued.token)


async def test_a_remembered_key_still_ends_on_time(database: Database) -> None:
    hours = Hours()
    gate = access.Gate(database, now=hours.now, elapsed=hours.elapsed)
    issued = await issue(database, expires_at=NOON + timedelta(seconds=5))
    await gate.admit(issued.token)
    hours.seconds = 5
    with pytest.raises(access.KeyInvalid):
        await gate.admit(issued.token)


async def test_a_new_key_works_at_once_even_if_it_was_tried_before(database: Database) -> None:
    gate = access.Gate(database, now=Hours().now)
    with pytest.raises(access.KeyInvalid):
        await gate.admit(f"rk_{'a' * 10}_{'b' * 52}")
    assert await gate.admit((await issue(database)).token)


async def test_the_memory_of_a_gate_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.Gate, "REMEMBERED_MAX", 2)
    gate = access.Gate(database, now=Hours().now)
    for issued in [await issue(database) for _ in range(4)]:
        await gate.admit(issued.token)
    assert len(gate._remembered) == 2


async def test_the_last_use_is_noted_apart_from_requests(database: Database) -> None:
    hours = Hours()
    gate = access.Gate(database, now=hours.now, elapsed=hours.elapsed)
    issued = await issue(database)
    await gate.admit(issued.token)
    hours.seconds = 7
    await gate.admit(issued.token)
    assert (await check(database, issued.token)).last_used_at is None
    assert await gate.note_uses() == 1
    assert (await check(database, issued.token)).last_used_at == NOON + timedelta(seconds=7)
    assert await gate.note_uses() == 0, "what was noted is not written again"


async def test_of_two_servers_the_later_use_stays(database: Database) -> None:
    late, early = Hours(), Hours()
    late.seconds = 60
    issued = await issue(database)
    for hours in (late, early):
        gate = access.Gate(database, now=hours.now, elapsed=hours.elapsed)
        await gate.admit(issued.token)
        await gate.note_uses()
    assert (await check(database, issued.token)).last_used_at == late.now()


async def test_uses_that_could_not_be_written_are_kept(database: Database, database_url: str) -> None:
    other = await Database.open(database_url)
    gate = access.Gate(other, now=Hours().now)
    await gate.admit((await issue(database)).token)
    await other.close()
    with pytest.raises(DatabaseUnavailable):
        await gate.note_uses()
    assert len(gate._used) == 1

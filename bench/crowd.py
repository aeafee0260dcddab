"""A crowd: so many members with purchases, lots and memories, as if each had been recorded.

A hundred members buy by the one path, and straight SQL makes the others from them: the same entries, lots, accounts,
receipts and seals under other ids, so that `regulars check` finds the books right. Only what is sealed under a member's
own key cannot be made so: those values are the hundred's, and nothing here opens them.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import msgspec
from msgspec.structs import replace

from bench.baskets import make_basket
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.interfaces.http.wire import ActivityIn
from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Identifier, Line

SAMPLE: Final = 100
"""Members who really buy. One of them reached a level a year and a month ago, which is now to be looked at again."""
LEAVING: Final = 14
"""Of the sample, those whose points end: as many as have one lot for each of the sample, all from the same month."""
PURCHASES: Final = 5
"""Baskets of a household of the Complete Journey in a month."""
SILVER_MINOR: Final = 160_000
MARK: Final = "c0ffee00"
"""How the ids of the sample begin. The number of the copy takes its place, in every column and text."""
SLICE: Final = 250
"""Copies made in one transaction."""
LANES: Final = 2

ID = "cast(lpad(to_hex(copy.number), 8, '0') || substr(cast(kept.{name} AS text), 9) AS uuid)"
TEXT = "replace(cast(kept.{name} AS text), '" + MARK + "', lpad(to_hex(copy.number), 8, '0'))"
COPIES = "FROM generate_series(cast($1 AS bigint), cast($2 AS bigint)) AS copy (number) CROSS JOIN {table} AS kept"
TABLES: Final[dict[str, str]] = {
    "members.member": "id",
    "members.trait": "member_id activity_id",
    "ledger.account": "member_id",
    "ledger.entry": "member_id activity_id",
    "ledger.lot": "member_id activity_id",
    "ledger.allocation": "member_id",
    "program.memory": "member_id",
    "activity.due": "member_id parent_id",
}
"""By table: the columns that are ids of the sample. All other columns are copied as they are."""
# The keyed digest of a card, spelt out: SHA-256 over one pad of the key and, inside, over the other and the words.
IDENTIFIERS = f"""
INSERT INTO members.identifier (kind, blind, blind_key_id, member_id, cipher, added_at)
SELECT
    kept.kind,
    sha256($3 || sha256($4 || convert_to(cast(copy.number * {SAMPLE} + kept.place AS text), 'UTF8'))),
    kept.blind_key_id, {ID.format(name="member_id")}, kept.cipher, kept.added_at
{COPIES.format(table="crowd.identifier")}
"""
JOURNAL = f"""
WITH told AS MATERIALIZED (
    SELECT
        kept.seq, copy.number, {ID.format(name="member_id")} AS member_id, {ID.format(name="id")} AS id, kept.kind,
        kept.occurred_at, kept.recorded_at, kept.program, kept.source, {TEXT.format(name="name")} AS name,
        {TEXT.format(name="body")} AS body, {TEXT.format(name="receipt")} AS receipt
    {COPIES.format(table="crowd.journal")}
),
sealed AS MATERIALIZED (SELECT told.*, sha256(convert_to(told.body, 'UTF8')) AS digest FROM told),
named AS (
    INSERT INTO activity.key (source, id, member_id, activity_id, digest)
    SELECT source, name, member_id, id, digest FROM sealed
)
INSERT INTO activity.journal (member_id, id, kind, occurred_at, recorded_at, program, body, receipt, seal)
SELECT
    member_id, id, kind, occurred_at, recorded_at, program, cast(body AS json), cast(receipt AS json),
    sha256(digest || convert_to(receipt, 'UTF8'))
FROM sealed
ORDER BY number, seq
"""  # noqa: S608 - our own names
KEPT = f"""
CREATE SCHEMA crowd;
CREATE TABLE crowd.identifier AS
SELECT identifier.*, row_number() OVER (ORDER BY substr(cast(member_id AS text), 25)) - 1 AS place
FROM members.identifier AS identifier WHERE cast(member_id AS text) LIKE '{MARK}-%';
CREATE TABLE crowd.journal AS
SELECT journal.*, key.source, key.id AS name
FROM activity.journal AS journal INNER JOIN activity.key AS key ON journal.id = key.activity_id
WHERE cast(journal.member_id AS text) LIKE '{MARK}-%';
"""  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days of a crowd: all of one month a year and a month ago, so that what was earned then ended a month ago."""

    bought: datetime
    """The fourth of that month: the first purchases, and a level for one in a hundred."""
    later: datetime
    """Three months after: what others bought, which neither ends nor is looked at again yet."""
    review: datetime
    """When the level of one in a hundred is due to be looked at again, and no points end yet."""

    @classmethod
    def before(cls, now: datetime) -> "Days":
        """Reckon back from a moment."""
        months = now.year * 12 + now.month - 1 - 13
        first = datetime(months // 12, months % 12 + 1, 4, 15, tzinfo=UTC)
        return cls(bought=first, later=first + timedelta(days=92), review=first + timedelta(days=372))


def make_history(days: Days) -> list[Activity]:
    """Make what the sample buys, in the order of time."""
    die = random.Random(17)  # noqa: S311 - baskets, no secrets
    facts: list[Activity] = []
    for place in range(SAMPLE):
        times = PURCHASES if place < LEAVING else 1
        began = days.bought if place < LEAVING else days.later
        for number in range(times):
            at = began + timedelta(days=4 * number, minutes=place)
            basket = make_basket(die, lines=2, at=at.isoformat())
            fact = msgspec.convert({**basket, "id": f"{MARK}-{place}-{number}"}, ActivityIn).to_activity()
            if number == 0 and (place == 0 or (place % 3 == 1 and place > LEAVING)):
                # So much that a level is reached: one in a hundred did early on, and others later.
                dear = Line(sku="dear", amount_minor=SILVER_MINOR, categories=("GROCERY",))
                fact = replace(fact, lines=(*fact.lines, dear))
            facts.append(replace(fact, member=Identifier(kind="card", value=f"{MARK}-{place:03d}")))
    return sorted(facts, key=lambda fact: fact.occurred_at)


def mark_ids() -> UUID:
    """Make an id that begins with the mark, and is otherwise as any other."""
    return type(made := new_id())(f"{MARK}{str(made)[8:]}")


async def make_crowd(database: Database, house: spine.House, url: str, count: int, *, now: datetime) -> int:
    """Make so many members (hundreds of them), each with a card of their number; gives how many activities they have.

    The programme must be published, and nobody else be at work.
    """
    assert count % SAMPLE == 0, "a crowd comes in hundreds"
    marked = spine.House(keyring=house.keyring, versions=house.versions, new_id=mark_ids)
    facts = make_history(Days.before(now))
    outcomes = await spine.record(database, marked, facts, replay=True)
    refused = [each.refusal for each in outcomes if each.refusal is not None]
    assert not refused, refused[0]
    pads = pad_key(house, "card")
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(KEPT)
        statements = [IDENTIFIERS, JOURNAL]
        for table, ids in TABLES.items():
            schema, _, name = table.partition(".")
            await connection.execute(
                f"CREATE TABLE crowd.{schema}_{name} AS SELECT * FROM {table}"  # noqa: S608 - our own names
                f" WHERE cast({ids.split()[0]} AS text) LIKE '{MARK}-%'"
            )
            statements.append(await copy_table(connection, table, ids.split()))
    finally:
        await connection.close()
    # The members first: traits are tied to them.
    statements.sort(key=lambda statement: "members.member " not in statement)
    copies = count // SAMPLE
    bounds = [copies * lane // LANES for lane in range(LANES + 1)]
    await asyncio.gather(*(fill(url, statements, range(*part), pads) for part in pairwise(bounds)))
    return copies * len(facts)


async def copy_table(connection: Any, table: str, ids: Sequence[str]) -> str:  # noqa: ANN401 - the driver is untyped
    """Write the statement that copies a table's rows under other ids."""
    schema, _, name = table.partition(".")
    rows = await connection.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2"
        " ORDER BY ordinal_position",
        schema,
        name,
    )
    columns = [row[0] for row in rows]
    chosen = [ID.format(name=column) if column in ids else f"kept.{column}" for column in columns]
    copies = COPIES.format(table=f"crowd.{schema}_{name}")
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(chosen)} {copies}"


async def fill(url: str, statements: Sequence[str], numbers: range, pads: tuple[bytes, bytes]) -> None:
    """Make copies by their numbers, slice by slice."""
    connection: Any = await asyncpg.connect(url)
    try:
        for start in range(numbers.start, numbers.stop, SLICE):
            part = (start, min(start + SLICE, numbers.stop) - 1)
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement, *part, *(pads if statement is IDENTIFIERS else ()))
    finally:
        await connection.close()


def pad_key(house: spine.House, kind: str) -> tuple[bytes, bytes]:
    """Give what the keyed digest of an identifier begins with: outside, and inside with the kind."""
    key = house.keyring.keys[house.keyring.current].blind.ljust(64, b"\0")
    name = kind.encode()
    outside, inside = (bytes(byte ^ pad for byte in key) for pad in (0x5C, 0x36))
    return outside, inside + len(name).to_bytes(2, "big") + name

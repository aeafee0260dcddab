"""A shop whose every row can be laid out, so that what a step changed, or must not have changed, can be seen."""

import asyncio
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
import uvloop

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.kernel import ledger, program, spine
from regulars.kernel.nouns import Activity, Identifier
from tests.conftest import make_database
from tests.spine.conftest import Shop

TABLES: Final = {
    "account": "ledger.account",
    "entry": "ledger.entry",
    "lot": "ledger.lot",
    "allocation": "ledger.allocation",
    "hold": "ledger.hold",
    "hold_lot": "ledger.hold_lot",
    "key": "activity.key",
    # The seal covers what was said and answered.
    "journal": "(SELECT member_id, id, seq, kind, recorded_at, origin_id, parent_id, seal FROM activity.journal)",
    "due": "activity.due",
    "ceiling": "limits.ceiling",
    "claim": "limits.claim",
    "memory": "program.memory",
    "member": "members.member",
    "identifier": "members.identifier",
    "trait": "members.trait",
    "household": "members.household",
    "home": "members.household_member",
}
DUMP: Final = " UNION ALL ".join(
    f"SELECT '{name}', row_to_json(t)::text FROM {table} AS t" for name, table in TABLES.items()
)
MADE: Final = (
    "ledger.account", "ledger.entry", "ledger.lot", "ledger.allocation", "ledger.hold", "ledger.hold_lot",
    "activity.key", "activity.journal", "activity.due", "limits.claim", "program.memory", "members.trait",
    "members.household_member", "members.household", "members.identifier", "members.member",
)  # fmt: skip
"""Tables that fill as members act. To delete from small tables is faster than to truncate them, until they swell."""
TRUNCATE_EVERY: Final = 40
EMPTY: Final = "; ".join(f"DELETE FROM {table}" for table in MADE)
SHRINK: Final = f"TRUNCATE {', '.join(MADE)} CASCADE"


@dataclass(frozen=True, kw_only=True)
class Dump:
    """Every row of the kernel, as text, with its table."""

    rows: frozenset[tuple[str, str]]

    @cached_property
    def tables(self) -> Mapping[str, Sequence[str]]:
        """The same by table."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, text in self.rows:
            found[name].append(text)
        return found

    def of(self, table: str) -> list[dict[str, Any]]:
        """The rows of one table."""
        return [msgspec.json.decode(text) for text in self.tables[table]]


@dataclass(slots=True, kw_only=True)
class World:
    """One database for all sequences: each begins with nobody in it."""

    runner: asyncio.Runner
    database: Database
    house: spine.House
    sequences: int = 0

    def publish(self, text: str, *, live_from: datetime) -> None:
        """Make a programme live."""

        async def work() -> None:
            async with self.database.transaction() as tx:
                await spine.publish(tx, program.parse(text), live_from=live_from, by="test", at=live_from)

        self.runner.run(work())

    def begin(self, cards: Sequence[str], at: datetime) -> dict[str, UUID]:
        """Forget everybody, and enrol members with these cards."""

        async def work() -> dict[str, UUID]:
            async with self.database.transaction() as tx:
                emptying = EMPTY if self.sequences % TRUNCATE_EVERY else SHRINK
                await tx.script(f"{emptying}; UPDATE limits.ceiling SET taken = 0, reserved = 0", seconds_max=60)
            hello = [buy(f"hello {card}", card=card, at=at) for card in cards]
            outcomes = await self.database.run(lambda tx: spine.record_many(tx, self.house, hello, at))
            return {card: made.receipt.member for card, made in zip(cards, outcomes, strict=True) if made.receipt}

        self.sequences += 1
        return self.runner.run(work())

    def place(self, members: Sequence[UUID], *, state: str) -> None:
        """Put members into a state."""

        async def work() -> None:
            async with self.database.transaction() as tx:
                await tx.run("UPDATE members.member SET state = $2 WHERE id = ANY($1)", members, state)

        self.runner.run(work())

    def send(self, facts: Sequence[Activity], at: datetime) -> list[spine.Outcome]:
        """Record facts at this ledger time."""
        return self.runner.run(self.database.run(lambda tx: spine.record_many(tx, self.house, facts, at)))

    def sweep(self, at: datetime) -> int:
        """Do for everybody what is due."""
        return self.runner.run(spine.bring_due(self.database, self.house, at=at))

    def look(self, members: Sequence[UUID], at: datetime) -> tuple[Dump, dict[UUID, list[ledger.Standing]]]:
        """Read every row, and how members stand, at one moment."""

        async def work() -> tuple[Dump, dict[UUID, list[ledger.Standing]]]:
            async with self.database.snapshot() as read:
                rows = frozenset((row[0], row[1]) for row in await read.rows(DUMP))
                return Dump(rows=rows), {member: await ledger.standing(read, member, at=at) for member in members}

        return self.runner.run(work())

    def check(self) -> tuple[Any, ...]:
        """Run the product's own proof of everything."""
        from regulars.kernel.spine.check import check

        async def work() -> tuple[Any, ...]:
            async with self.database.snapshot() as read:
                return (await check(read)).faults

        return self.runner.run(work())


def buy(id: str, *amounts: int, card: str, at: datetime, **more: Any) -> Activity:  # noqa: A002, ANN401
    """A purchase with one line for each amount."""
    from regulars.kernel.nouns import Line

    lines = tuple(Line(sku=f"sku-{n}", amount_minor=amount) for n, amount in enumerate(amounts, start=1))
    member = Identifier(kind="card", value=card)
    return Activity(id=id, source="till", kind="purchase", occurred_at=at, member=member, lines=lines, **more)


@pytest.fixture
def world(server_url: str, template: str) -> Generator[World]:
    """A database that many sequences share, on a loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        databases = make_database(server_url, template)
        database = runner.run(Database.open(runner.run(anext(databases)), pool_max=2))
        house = spine.House(
            keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
        )
        yield World(runner=runner, database=database, house=house)
        runner.run(database.close())
        runner.run(finish(databases))


async def finish(databases: Any) -> None:  # noqa: ANN401
    async with aclosing(databases):
        assert await anext(databases, None) is None


# -- what must be true of the rows, reckoned without SQL ---------------------------------------------------------------


def prove(dump: Dump) -> None:
    """Assert I1 to I9 and I12 of every member, from the rows alone: what is stored is what entries come to."""
    entries, allocations = dump.of("entry"), dump.of("allocation")
    lots = {(lot["member_id"], lot["currency"], lot["number"]): lot for lot in dump.of("lot")}
    holds, parts = dump.of("hold"), dump.of("hold_lot")
    prove_accounts(dump.of("account"), entries)
    prove_lots(lots, entries, allocations, parts)
    prove_holds(holds, parts)
    prove_ends(dump.of("account"), lots, holds)
    journal = {row["id"] for row in dump.of("journal")}
    keys = [row["activity_id"] for row in dump.of("key")]
    assert len(keys) == len(set(keys)), "I8: an activity has one key"
    assert set(keys) == journal, "I8: what has a key was recorded, and the reverse"
    assert {entry["activity_id"] for entry in entries} <= journal, "I11: what moved points was recorded"
    for ceiling in dump.of("ceiling"):
        claims = [claim for claim in dump.of("claim") if claim["ceiling_id"] == ceiling["id"]]
        assert ceiling["taken"] == sum(claim["amount"] for claim in claims) <= ceiling["amount"], "I13"


def prove_accounts(accounts: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]]) -> None:
    """I1, I2, I3: entries add up, one by one."""
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    chains: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        sums[entry["member_id"], entry["currency"], entry["activity_id"], entry["kind"]] += entry["amount"]
        chains[entry["member_id"], entry["currency"], entry["account"]].append(entry)
    assert not any(sums.values()), "I1: entries of an activity add up to nothing"
    stored = {(a["member_id"], a["currency"], a["account"]): a for a in accounts}
    assert chains.keys() <= stored.keys(), "I2"
    for key, account in stored.items():
        balance, at = 0, ""
        for version, entry in enumerate(sorted(chains[key], key=lambda each: each["version"]), start=1):
            balance += entry["amount"]
            assert (entry["version"], entry["balance"]) == (version, balance), f"I2: {entry}"
            assert entry["at"] >= at, f"time went back: {entry}"
            at = entry["at"]
            assert (balance >= 0) if key[2] == "points" else (balance <= 0) if key[2] == "arrears" else True, "I3"
        assert (account["version"], account["balance"]) == (len(chains[key]), balance), f"I2, I12: {account}"


def prove_lots(
    lots: Mapping[tuple[str, str, int], Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
    allocations: Sequence[Mapping[str, Any]],
    parts: Sequence[Mapping[str, Any]],
) -> None:
    """I3 to I6 and I12: what is left and lost of every lot follows from its allocations and holds."""
    named = {(e["member_id"], e["currency"], e["account"], e["version"]): e for e in entries}
    left, lost = {key: lot["amount"] for key, lot in lots.items()}, dict.fromkeys(lots, 0)
    moved: dict[tuple[str, str, str, int], int] = defaultdict(int)
    owing: dict[tuple[tuple[str, str, int], int], int] = defaultdict(int)
    for each in sorted(allocations, key=lambda each: each["version"]):
        key, by = (each["member_id"], each["currency"], each["lot"]), (each["member_id"], each["currency"])
        moved[*by, each["account"], each["version"]] += each["amount"]
        if each["account"] == "breakage":
            lost[key] += each["amount"]
            continue
        left[key] += each["amount"]
        if named[*by, "points", each["version"]]["kind"] == "expire":
            lost[key] -= each["amount"]
        owing[key, each["undoes"] or each["version"]] += each["amount"]
    assert all(open_ <= 0 for open_ in owing.values()), "I6: no more comes back than was taken"
    for part in parts:
        left[part["owner_id"], part["currency"], part["lot"]] -= part["amount"] - part["captured"] - part["released"]
    for key, lot in lots.items():
        assert (lot["remaining"], lot["expired"]) == (left[key], lost[key]), f"I12: {lot}"
        assert 0 <= lot["remaining"] <= lot["amount"] - lot["expired"], f"I4: {lot}"
        assert named[key[0], key[1], "points", key[2]]["amount"] == lot["amount"], f"I5: {lot}"
    for key, entry in named.items():
        if key[2] == "points":
            issued = (key[0], key[1], key[3]) in lots
            assert moved[key] == (0 if issued else entry["amount"]), f"I5: {entry}"


def prove_holds(holds: Sequence[Mapping[str, Any]], parts: Sequence[Mapping[str, Any]]) -> None:
    """I7: captured, released and open make up what was held; an end is final."""
    for hold in holds:
        mine = [part for part in parts if part["hold_id"] == hold["id"]]
        for column in ("amount", "captured", "released"):
            assert sum(part[column] for part in mine) == hold[column], f"I7: {hold}"
        left = hold["amount"] - hold["captured"] - hold["released"]
        assert (hold["state"] == "open") == (left > 0) == (hold["ended_at"] is None), f"I7: {hold}"
        assert hold["ended_at"] is None or hold["ended_at"] >= hold["held_at"], f"I7: {hold}"


def prove_ends(
    accounts: Sequence[Mapping[str, Any]],
    lots: Mapping[tuple[str, str, int], Mapping[str, Any]],
    holds: Sequence[Mapping[str, Any]],
) -> None:
    """I9: the sweeper looks in time at whatever ends."""
    ends = [(key[0], key[1], lot["expires_at"]) for key, lot in lots.items() if lot["remaining"] and lot["expires_at"]]
    ends += [(hold["member_id"], hold["currency"], hold["settle_until"]) for hold in holds if hold["state"] == "open"]
    due = {(a["member_id"], a["currency"]): a["due_at"] for a in accounts if a["account"] == "points"}
    for member, currency, at in ends:
        known = due[member, currency]
        assert known is not None, "I9"
        assert datetime.fromisoformat(known) <= datetime.fromisoformat(at), "I9"


# -- one shop with its own database, for tests of single stories -------------------------------------------------------


@pytest.fixture
async def shop(database: Database) -> Shop:
    """A shop with the small programme."""
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    made = Shop(database=database, house=house)
    await made.publish()
    return made

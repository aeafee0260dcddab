"""Rows of the ledger drawn by chance, few and close together: whatever a query may mix up lies side by side.

They keep the constraints of the tables and no other rule, so that a query is seen to look at what it names, and not at
what happens to go with it. Each is written in the wrong order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from random import Random
from uuid import UUID

from msgspec.structs import astuple

from regulars.base.db import Read, Tx
from regulars.kernel.ledger import store
from regulars.kernel.ledger.model import Account, Allocation, Entry, Hold, HoldPart, Lot
from tests.ledger.story import day

__all__ = ["ACCOUNTS", "CURRENCIES", "MEMBERS", "Rows", "draw_rows", "forget_order"]

MEMBERS = tuple(UUID(f"01900000-0000-7000-8000-0000000000{number:02}") for number in range(1, 6))
CURRENCIES = ("coins", "miles", "points", "stars")
ACCOUNTS = ("arrears", "breakage", "points")
KINDS = ("expire", "issue", "redeem", "return")
AccountKey = tuple[UUID, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is in the tables."""

    accounts: dict[AccountKey, Account]
    entries: Sequence[Entry]
    lots: Sequence[Lot]
    holds: Sequence[Hold]
    allocations: Sequence[Allocation]

    async def write(self, tx: Tx) -> None:
        """Put them into empty tables."""
        accounts = [(*key, *astuple(kept)) for key, kept in self.accounts.items()]
        columns = ("member_id", "currency", "account", "version", "balance", "at", "due_at")
        await tx.copy("ledger", "account", columns, accounts)
        await tx.copy("ledger", "entry", store.ENTRY, map(astuple, self.entries))
        await tx.copy("ledger", "lot", store.LOT, map(astuple, self.lots))
        await tx.copy("ledger", "allocation", store.ALLOCATION, map(astuple, self.allocations))
        names = ("member_id", "id", "currency", "amount", "captured", "released", "state")
        times = ("held_at", "valid_until", "settle_until", "ended_at")
        await tx.copy("ledger", "hold", (*names, *times), (astuple(hold)[:-1] for hold in self.holds))
        columns = ("member_id", "hold_id", "currency", "owner_id", "lot", "amount", "captured", "released")
        parts = [
            (hold.member, hold.id, hold.currency, *astuple(part))
            for hold in self.holds
            for part in reversed(hold.parts)
        ]
        await tx.copy("ledger", "hold_lot", columns, parts)

    def entry(self, member: UUID, currency: str, account: str, version: int) -> Entry:
        """Find one entry."""
        key = (member, currency, account, version)
        return next(e for e in self.entries if (e.member, e.currency, e.account, e.version) == key)

    def lot(self, member: UUID, currency: str, number: int) -> Lot:
        """Find one lot."""
        key = (member, currency, number)
        return next(lot for lot in self.lots if (lot.member, lot.currency, lot.number) == key)


async def forget_order(read: Read) -> None:
    """Let the database find rows in no order but the one that is asked for: what it sorts by itself hides mistakes."""
    ways = ["enable_sort", "enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan", "enable_mergejoin"]
    await read.rows("SELECT set_config(way, 'off', TRUE) FROM unnest(cast($1 AS text[])) AS way", ways)


def draw_rows(seed: int) -> Rows:
    """Draw all of them."""
    chance = Random(seed)  # noqa: S311 - the same each time
    entries = [
        entry
        for member, currency, account in product(MEMBERS, CURRENCIES, ACCOUNTS)
        # Not everybody has everything.
        if chance.random() < (0.5 if account == "arrears" else 0.9)
        for entry in _draw_entries(chance, member, currency, account)
    ]
    accounts = {
        (e.member, e.currency, e.account): Account(
            version=e.version, balance=e.balance, at=e.at, due_at=_perhaps(chance, -2, 2)
        )
        for e in entries
    }
    lots = [_draw_lot(chance, e) for e in entries if e.account == "points" and chance.random() < 0.8]
    holds = [_draw_hold(chance, number, lots) for number in range(40)]
    allocations = [
        _draw_allocation(chance, lot, entry)
        for lot in lots
        for entry in entries
        if entry.account != "arrears"
        and (entry.member, entry.currency) == (lot.member, lot.currency)
        and chance.random() < 0.4
    ]
    backwards = dict(sorted(accounts.items(), reverse=True))
    for rows in (entries, lots, holds, allocations):
        chance.shuffle(rows)
    return Rows(accounts=backwards, entries=entries, lots=lots, holds=holds, allocations=allocations)


def _draw_entries(chance: Random, member: UUID, currency: str, account: str) -> list[Entry]:
    found: list[Entry] = []
    balance, at = 0, -3
    for version in range(1, chance.randint(3, 7)):
        amount = chance.randint(1, 9) * (-1 if account == "arrears" else 1)
        balance, at = balance + amount, at + chance.randint(0, 2)
        found.append(
            Entry(
                member=member,
                currency=currency,
                account=account,
                version=version,
                activity=_name(chance),
                kind=chance.choice(KINDS),
                amount=amount,
                balance=balance,
                at=day(at),
            )
        )
    return found


def _draw_lot(chance: Random, entry: Entry) -> Lot:
    amount, issued = chance.randint(1, 9), chance.randint(-4, -1)
    remaining = chance.choice([0, amount, chance.randint(0, amount)])
    with_parent = chance.random() < 0.4
    return Lot(
        member=entry.member,
        currency=entry.currency,
        number=entry.version,
        amount=amount,
        remaining=remaining,
        expired=chance.randint(0, amount - remaining),
        issued_at=day(issued),
        usable_from=day(max(issued, chance.randint(-4, 2))),
        expires_at=_perhaps(chance, issued + 1, 2),
        priority=chance.randint(0, 3),
        activity=_name(chance),
        offer=chance.choice(["base", "bonus", "spring"]),
        program="p1",
        funder=chance.choice(["bakery", "dairy", "farm", "house"]),
        value_micro=chance.randint(0, 3),
        parent_member=chance.choice(MEMBERS) if with_parent else None,
        parent_number=chance.randint(1, 6) if with_parent else None,
    )


def _draw_hold(chance: Random, number: int, lots: Sequence[Lot]) -> Hold:
    member = MEMBERS[number % len(MEMBERS)]
    # The last holds nobody else's points, and nobody else holds theirs.
    lots = [lot for lot in lots if (lot.member == MEMBERS[-1]) == (member == MEMBERS[-1])] or lots
    first = chance.choice(lots)
    named = {(lot.member, lot.number): lot for lot in lots if lot.currency == first.currency and chance.random() < 0.05}
    named[first.member, first.number] = first
    is_open = chance.random() < 0.6
    parts: list[HoldPart] = []
    for lot in named.values():
        amount = chance.randint(2, 9)
        captured = chance.randint(0, amount - 1)
        released = amount - captured - (chance.randint(1, amount - captured) if is_open else 0)
        parts.append(HoldPart(owner=lot.member, lot=lot.number, amount=amount, captured=captured, released=released))
    parts.sort(key=lambda part: (part.owner, part.lot))
    held, valid = chance.randint(-4, -2), chance.randint(-1, 1)
    return Hold(
        member=member,
        # Two members may have holds of the same name.
        id=UUID(int=number // 2 + 1),
        currency=first.currency,
        amount=sum(part.amount for part in parts),
        captured=sum(part.captured for part in parts),
        released=sum(part.released for part in parts),
        state="open" if is_open else chance.choice(["captured", "released", "expired"]),
        held_at=day(held),
        valid_until=day(valid),
        settle_until=day(valid + chance.randint(0, 1)),
        ended_at=None if is_open else day(1),
        parts=tuple(parts),
    )


def _draw_allocation(chance: Random, lot: Lot, entry: Entry) -> Allocation:
    undoes = chance.randint(1, entry.version - 1) if entry.version > 1 and chance.random() < 0.5 else None
    return Allocation(
        member=lot.member,
        currency=lot.currency,
        lot=lot.number,
        account=entry.account,
        version=entry.version,
        amount=chance.randint(1, 9) * (1 if undoes else chance.choice([1, -1])),
        undoes=undoes,
    )


def _perhaps(chance: Random, first: int, last: int) -> datetime | None:
    return day(chance.randint(first, last)) if chance.random() < 0.8 else None


def _name(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128))

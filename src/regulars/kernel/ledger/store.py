"""The ledger's rows: read what the locked members hold into a book, and write a book's changes. The room's only SQL."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import astuple

from regulars.base.db import ConstraintBroken, Read, Record, Tx
from regulars.base.sql import load
from regulars.kernel.ledger.book import AccountKey, Book, Place
from regulars.kernel.ledger.model import POINTS, Account, Allocation, Hold, HoldPart, Lot

__all__ = [
    "Standing",
    "Turn",
    "due_members",
    "issued_by_offer",
    "lots",
    "moved",
    "open_holds",
    "open_members",
    "outstanding",
    "partners",
    "read_accounts",
    "read_lineage",
    "read_taken",
    "revoked_vouchers",
    "standing",
    "statement",
    "totals",
    "turning",
    "voucher_states",
    "write",
]

SQL = load("regulars.kernel.ledger")

# What is appended goes in by COPY: the client's share of it costs less than half of arrays in a statement. The columns
# stand in the order of the fields of their values.
ENTRY: Final = ("member_id", "currency", "account", "version", "activity_id", "kind", "amount", "balance", "at")
ALLOCATION: Final = ("member_id", "currency", "lot", "account", "version", "amount", "undoes")
LOT: Final = (
    "member_id",
    "currency",
    "number",
    "amount",
    "remaining",
    "expired",
    "issued_at",
    "usable_from",
    "expires_at",
    "priority",
    "activity_id",
    "offer",
    "program",
    "funder",
    "value_micro",
    "parent_member",
    "parent_number",
)
HOLD: Final = (
    "member_id",
    "id",
    "currency",
    "amount",
    "captured",
    "released",
    "state",
    "held_at",
    "valid_until",
    "settle_until",
    "ended_at",
    "purpose",
    "revoked_at",
    "used_by",
)
HOLD_LOT: Final = ("member_id", "hold_id", "owner_id", "currency", "lot", "amount", "captured", "released")


class Standing(Struct, frozen=True, kw_only=True):
    """What one member holds in one currency at one moment."""

    currency: str
    shown: int
    """Points less what is owed: what the member is shown."""
    available: int
    pending: int
    held: int
    owed: int
    next_expiry: datetime | None
    next_expiry_points: int
    version: int
    """Of the points account: grows by one with each entry."""


async def read_accounts(read: Read, members: Sequence[UUID]) -> Book:
    """Read the accounts of locked members. One statement. Lots and holds come with `open_members`."""
    accounts: dict[AccountKey, Account] = {}
    places: dict[AccountKey, Place] = {}
    owner = UUID(int=0)
    rows = await SQL.rows(read, "accounts", members=members)
    for member, currency, name, version, balance, at, due_at, place in rows:
        # Each row comes with an id of its own, and a hash takes long to make: rows of a member share the first one's.
        owner = owner if member == owner else member
        key = (owner, currency, name)
        accounts[key] = Account(version=version, balance=balance, at=at, due_at=due_at)
        places[key] = place
    book = Book(accounts)
    book.places = places
    return book


async def open_members(
    read: Read,
    book: Book,
    members: Iterable[UUID],
    *,
    lots: Iterable[tuple[UUID, str, int]] = (),
    holds: Iterable[UUID] = (),
) -> None:
    """Read lots and holds of members of the book into it: the open ones, and those named. At most three statements."""
    opened = sorted(set(members) - book.opened)
    if not opened:
        return
    held = await _holds(read, opened, list(holds))
    named = [*lots, *((part.owner, hold.currency, part.lot) for hold in held for part in hold.parts)]
    owners, currencies, numbers = _columns(sorted(set(named)), 3)
    rows = await SQL.rows(read, "open_lots", members=opened, owners=owners, currencies=currencies, numbers=numbers)
    book.open(opened, [_lot(row) for row in rows], held)


async def read_taken(read: Read, book: Book, entries: Sequence[tuple[UUID, str, int]]) -> list[tuple[UUID, str, int]]:
    """Read what entries (member, currency, version) took from which lots; gives those lots. None for none."""
    if not entries:
        return []
    members, currencies, versions = _columns(entries, 3)
    rows = await SQL.rows(read, "allocations_of", members=members, currencies=currencies, versions=versions)
    book.taken_before += [
        Allocation(
            member=row["member_id"],
            currency=row["currency"],
            lot=row["lot"],
            account=POINTS,
            version=row["version"],
            amount=row["amount"],
            undoes=row["undoes"],
        )
        for row in rows
    ]
    return [(row["member_id"], row["currency"], row["lot"]) for row in rows]


async def read_lineage(read: Read, book: Book, lots: Collection[tuple[UUID, str, int]]) -> None:
    """Read into the book which lots these (member, currency, number) came from, up to the first. None for none."""
    if not lots:
        return
    members, currencies, numbers = _columns(sorted(lots), 3)
    rows = await SQL.rows(read, "lineage", members=members, currencies=currencies, numbers=numbers)
    book.parents |= {(row[0], row[1], row[2]): (row[3], row[1], row[4]) for row in rows}


async def partners(read: Read, members: Sequence[UUID], ids: Sequence[UUID]) -> set[UUID]:
    """Tell whom these members are bound to by open holds, or by those named: whoever holds, and whose points are held.

    Who that is never changes for a hold, so it may be read before anybody is locked. One statement.
    """
    rows = await SQL.rows(read, "partners", members=members, ids=ids)
    return {member for row in rows for member in (row["member_id"], row["owner_id"])}


async def _holds(read: Read, members: Sequence[UUID], ids: Sequence[UUID]) -> list[Hold]:
    rows = await SQL.rows(read, "holds", members=members, ids=ids)
    if not rows:
        return []
    found = [(row["member_id"], row["id"]) for row in rows]
    parts: dict[tuple[UUID, UUID], list[HoldPart]] = {key: [] for key in found}
    for part in await SQL.rows(read, "hold_lots", members=[k[0] for k in found], ids=[k[1] for k in found]):
        parts[part["member_id"], part["hold_id"]].append(
            HoldPart(
                owner=part["owner_id"],
                lot=part["lot"],
                amount=part["amount"],
                captured=part["captured"],
                released=part["released"],
            )
        )
    return [
        Hold(
            member=row["member_id"],
            id=row["id"],
            currency=row["currency"],
            amount=row["amount"],
            captured=row["captured"],
            released=row["released"],
            state=row["state"],
            held_at=row["held_at"],
            valid_until=row["valid_until"],
            settle_until=row["settle_until"],
            ended_at=row["ended_at"],
            purpose=row["purpose"],
            revoked_at=row["revoked_at"],
            used_by=row["used_by"],
            parts=tuple(parts[row["member_id"], row["id"]]),
        )
        for row in rows
    ]


def _lot(row: Record) -> Lot:
    # By position, as LOT has them: a batch reads tens of thousands, and names are looked up for each value.
    return Lot(
        member=row[0],
        currency=row[1],
        number=row[2],
        amount=row[3],
        remaining=row[4],
        expired=row[5],
        issued_at=row[6],
        usable_from=row[7],
        expires_at=row[8],
        priority=row[9],
        activity=row[10],
        offer=row[11],
        program=row[12],
        funder=row[13],
        value_micro=row[14],
        parent_member=row[15],
        parent_number=row[16],
    )


async def write(tx: Tx, book: Book) -> None:
    """Write what the book changed: a bounded number of statements, whatever the number of changes.

    Raises ConstraintBroken when an account is no longer as it was read, which a lock on its member rules out.
    """
    await _write_accounts(tx, book)
    if book.entries:
        await tx.copy("ledger", "entry", ENTRY, map(astuple, book.entries))
    await _write_lots(tx, book)
    if book.allocations:
        await tx.copy("ledger", "allocation", ALLOCATION, map(astuple, book.allocations))
    await _write_holds(tx, book, [book.holds[key] for key in book.touched_holds if key in book.holds])


async def _write_holds(tx: Tx, book: Book, touched: Sequence[Hold]) -> None:
    added = [hold for hold in touched if (hold.member, hold.id) not in book.held]
    moved = [hold for hold in touched if (hold.member, hold.id) in book.held]
    if added:
        await tx.copy("ledger", "hold", HOLD, (astuple(hold)[:-1] for hold in added))
        parts = [(h.member, h.id, p.owner, h.currency, *astuple(p)[1:]) for h in added for p in h.parts]
        await tx.copy("ledger", "hold_lot", HOLD_LOT, parts)
    if moved:
        await SQL.run(
            tx,
            "move_holds",
            members=[hold.member for hold in moved],
            ids=[hold.id for hold in moved],
            captureds=[hold.captured for hold in moved],
            releaseds=[hold.released for hold in moved],
            states=[hold.state for hold in moved],
            ended_ats=[hold.ended_at for hold in moved],
            revoked_ats=[hold.revoked_at for hold in moved],
            used_bys=[hold.used_by for hold in moved],
        )
        changed = [(hold, part) for hold in moved for part in hold.parts]
        await SQL.run(
            tx,
            "move_hold_lots",
            members=[hold.member for hold, _ in changed],
            ids=[hold.id for hold, _ in changed],
            owners=[part.owner for _, part in changed],
            lots=[part.lot for _, part in changed],
            captureds=[part.captured for _, part in changed],
            releaseds=[part.released for _, part in changed],
        )


async def _write_accounts(tx: Tx, book: Book) -> None:
    added: list[tuple[object, ...]] = []
    moved: list[tuple[object, ...]] = []
    for key, account in book.accounts.items():
        before = book.stored.get(key)
        if before is None:
            added.append((*key, account.version, account.balance, account.at, account.due_at))
        elif before is not account:
            place, old = book.places[key], before.version
            moved.append((place, key[0], old, account.version, account.balance, account.at, account.due_at))
    if added:
        members, currencies, accounts, versions, balances, ats, due_ats = _columns(added, 7)
        await SQL.run(
            tx,
            "add_accounts",
            members=members,
            currencies=currencies,
            accounts=accounts,
            versions=versions,
            balances=balances,
            ats=ats,
            due_ats=due_ats,
        )
    if moved:
        places, members, olds, versions, balances, ats, due_ats = _columns(moved, 7)
        status = await SQL.run(
            tx,
            "move_accounts",
            places=places,
            members=members,
            olds=olds,
            versions=versions,
            balances=balances,
            ats=ats,
            due_ats=due_ats,
        )
        if status != f"UPDATE {len(moved)}":
            message = f"{len(moved)} accounts were to move from the versions read, but the database says {status}"
            raise ConstraintBroken(message, constraint="account_version", table="account", sqlstate="")


async def _write_lots(tx: Tx, book: Book) -> None:
    touched = [lot for lot in (book.lots[m, c].get(n) for m, c, n in book.touched_lots) if lot is not None]
    added = [lot for lot in touched if (lot.member, lot.currency, lot.number) in book.issued]
    moved = [lot for lot in touched if (lot.member, lot.currency, lot.number) not in book.issued]
    if added:
        await tx.copy("ledger", "lot", LOT, map(astuple, added))
    if moved:
        await SQL.run(
            tx,
            "move_lots",
            members=[lot.member for lot in moved],
            currencies=[lot.currency for lot in moved],
            numbers=[lot.number for lot in moved],
            remainings=[lot.remaining for lot in moved],
            expireds=[lot.expired for lot in moved],
            usable_froms=[lot.usable_from for lot in moved],
            ends=[lot.expires_at for lot in moved],
        )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Turn rows into columns, also when there are none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


async def due_members(read: Read, *, at: datetime, most: int) -> list[UUID]:
    """List members with a lot or hold that ends by `at`: those of so many accounts at most, the soonest ones."""
    return [row["member_id"] for row in await SQL.rows(read, "due_members", at=at, most=most)]


class Turn(Struct, frozen=True, kw_only=True):
    """Points of a member that turn at one moment: they end, or become usable."""

    member: UUID
    currency: str
    at: datetime
    points: int


async def turning(
    read: Read,
    name: Literal["ending", "becoming_usable"],
    *,
    since: datetime,
    until: datetime,
    after: Turn | None,
    most: int,
) -> list[Turn]:
    """List what ends or becomes usable in (since, until], in order; `after` goes on from there."""
    place = after or Turn(member=UUID(int=0), currency="", at=since, points=0)
    rows = await SQL.rows(
        read,
        name,
        since=since,
        until=until,
        after_member=place.member,
        after_currency=place.currency,
        after_at=place.at,
        most=most,
    )
    return [Turn(member=row[0], currency=row[1], at=row[2], points=row[3]) for row in rows]


async def standing(read: Read, member: UUID, *, at: datetime) -> list[Standing]:
    """Tell what a member holds at a moment, by currency. Points that have run out count for nothing, swept or not."""
    return [Standing(**dict(row.items())) for row in await SQL.rows(read, "standing", member=member, at=at)]


async def statement(
    read: Read,
    member: UUID,
    *,
    currency: str | None = None,
    before: tuple[datetime, str, str, int] | None = None,
    most: int,
) -> list[Record]:
    """List a member's own entries, newest first; `before` is the place to go on from."""
    at, before_currency, account, version = before or (None, None, None, None)
    return await SQL.rows(
        read,
        "statement",
        member=member,
        currency=currency,
        before_at=at,
        before_currency=before_currency,
        before_account=account,
        before_version=version,
        most=most,
    )


async def lots(
    read: Read, member: UUID, *, used_up: bool = False, after: tuple[str, int] | None = None, most: int
) -> list[Lot]:
    """List a member's lots by currency and number; `after` is the (currency, number) to go on from."""
    currency, number = after or (None, None)
    rows = await SQL.rows(
        read, "lots", member=member, used_up=used_up, after_currency=currency, after_number=number, most=most
    )
    return [_lot(row) for row in rows]


async def open_holds(read: Read, member: UUID) -> list[Hold]:
    """List a member's open holds, with the lots that they name, oldest first."""
    return sorted(await _holds(read, [member], []), key=lambda hold: (hold.held_at, hold.id))


async def revoked_vouchers(read: Read, *, at: datetime, most: int) -> list[UUID]:
    """List vouchers that are still within their time and must not be taken: used, or cancelled. The latest first."""
    return [row["id"] for row in await SQL.rows(read, "revoked_vouchers", at=at, most=most)]


async def voucher_states(read: Read, member: UUID, vouchers: Sequence[UUID]) -> dict[UUID, str]:
    """Tell what became of vouchers: open, captured, expired, or cancelled; nothing of one that the member never had."""
    rows = await SQL.rows(read, "voucher_states", member=member, vouchers=vouchers)
    return {row["id"]: row["state"] for row in rows}


async def totals(read: Read) -> dict[tuple[str, str], int]:
    """Sum the books: (currency, account) to balance. Each currency adds up to zero."""
    return {(row["currency"], row["account"]): row["balance"] for row in await SQL.rows(read, "totals")}


async def outstanding(read: Read, *, at: datetime) -> list[Record]:
    """Sum what all members hold at a moment, by currency: available, pending, ended, value_micro."""
    return await SQL.rows(read, "outstanding", at=at)


async def moved(read: Read) -> list[Record]:
    """Sum the entries on points accounts by currency and kind: points, entries."""
    return await SQL.rows(read, "moved")


async def issued_by_offer(read: Read, *, most: int) -> list[Record]:
    """Rank offers by the points they issued: currency, offer, points, lots."""
    return await SQL.rows(read, "issued_by_offer", most=most)

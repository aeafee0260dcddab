"""The book of one transaction: what the locked members hold, and every change to it. No I/O in here.

A verb changes the book in memory; the store writes the changes at the end, all together. `mark` and `undo` take a
refused step back, so that a refusal leaves no trace. Every move has two legs, so entries sum to zero by construction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel.ledger.model import (
    ARREARS,
    BREAKAGE,
    ISSUANCE,
    NEVER,
    POINTS,
    Account,
    Allocation,
    AmountInvalid,
    Entry,
    Hold,
    Lot,
    Stamp,
    Taken,
    use_order,
)
from regulars.kernel.nouns import AMOUNT_MAX, Posted, Posting

__all__ = ["AccountKey", "Book", "Mark", "Place", "check_points"]

AccountKey = tuple[UUID, str, str]
LotKey = tuple[UUID, str, int]
HoldKey = tuple[UUID, UUID]
Place = tuple[int, int]
"""Where a row lies in its table, as the database counts."""

Mark = tuple[int, int, int]
ABSENT: Final = object()


class Book:
    """Accounts, lots and holds of the members that this transaction has locked.

    `accounts` has every account of those members. `lots` and `holds` need only be there for members listed in
    `opened` (see `open`): a verb that spends, restores or ends points asserts that its member is.
    """

    def __init__(self, accounts: Mapping[AccountKey, Account]) -> None:
        self.stored: Final = accounts
        self.places: dict[AccountKey, Place] = {}
        """Where what is stored lay when it was read: the store finds it there again."""
        self.accounts: dict[AccountKey, Account] = dict(accounts)
        self.lots: dict[tuple[UUID, str], dict[int, Lot]] = {}
        self.holds: dict[HoldKey, Hold] = {}
        self.held: set[HoldKey] = set()
        """Holds that were there before this transaction."""
        self.opened: set[UUID] = set()
        self.taken_before: list[Allocation] = []
        """Stored allocations that a reversal of this transaction speaks of."""
        self.parents: dict[LotKey, LotKey] = {}
        """Which lots others came from that need not be here: what the undoing of a merge follows."""
        self.entries: list[Entry] = []
        self.allocations: list[Allocation] = []
        self.issued: set[LotKey] = set()
        self.touched_lots: set[LotKey] = set()
        self.touched_holds: set[HoldKey] = set()
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._times: dict[UUID, datetime] = {}
        self._currencies: dict[UUID, set[str]] = {}
        # By member: holds that they made or that are on their points; by the id of a hold: who made one. A step that is
        # taken back leaves names here of holds that are not there.
        self._bound: dict[UUID, dict[HoldKey, None]] = {}
        self._makers: dict[UUID, dict[UUID, None]] = {}
        self._names = {POINTS}
        for (member, currency, name), account in self.accounts.items():
            last = self._times.get(member)
            if last is None or account.at > last:
                self._times[member] = account.at
            known = self._currencies.get(member)
            if known is None:
                self._currencies[member] = {currency}
            else:
                known.add(currency)
            self._names.add(name)

    def open(self, members: Iterable[UUID], lots: Iterable[Lot], holds: Iterable[Hold]) -> None:
        """Add the lots and holds of members whose accounts are here. Before the first change to those members."""
        self.opened.update(members)
        for lot in lots:
            self.lots.setdefault((lot.member, lot.currency), {})[lot.number] = lot
        for hold in holds:
            self.holds[hold.member, hold.id] = hold
            self.held.add((hold.member, hold.id))
            self._bind(hold)
            # A hold makes no entry, but time does not go back behind it either.
            last = max(hold.held_at, hold.ended_at or hold.held_at)
            self._times[hold.member] = max(last, self._times.get(hold.member, last))

    def _bind(self, hold: Hold) -> None:
        key = (hold.member, hold.id)
        self._makers.setdefault(hold.id, {})[hold.member] = None
        for member in (hold.member, *(part.owner for part in hold.parts)):
            self._bound.setdefault(member, {})[key] = None

    # -- taking steps back ---------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """Remember this point; `undo` comes back to it."""
        return (len(self._undo), len(self.entries), len(self.allocations))

    def undo(self, mark: Mark) -> None:
        """Forget everything that changed since the mark."""
        changes, entries, allocations = mark
        while len(self._undo) > changes:
            where, key, old = self._undo.pop()
            if old is ABSENT:
                del where[key]
            else:
                where[key] = old
        del self.entries[entries:]
        del self.allocations[allocations:]

    def _put(self, where: dict[Any, Any], key: object, value: object) -> None:
        self._undo.append((where, key, where.get(key, ABSENT)))
        where[key] = value

    # -- reading -------------------------------------------------------------------------------------------------

    def time(self, member: UUID, at: datetime) -> datetime:
        """Ledger time for this member: what was handed in, but never earlier than the last entry."""
        last = self._times.get(member)
        return at if last is None or at > last else last

    def balance(self, member: UUID, currency: str, account: str = POINTS) -> int:
        """Balance of one account; zero where it was never moved."""
        found = self.accounts.get((member, currency, account))
        return found.balance if found else 0

    def shown(self, member: UUID, currency: str) -> int:
        """What the member is shown: points less arrears."""
        return self.balance(member, currency) + self.balance(member, currency, ARREARS)

    def moves(self, member: UUID) -> int:
        """How many entries the member's accounts have had: it grows with each."""
        keys = ((member, currency, name) for currency in self._currencies.get(member, ()) for name in self._names)
        return sum(account.version for key in keys if (account := self.accounts.get(key)) is not None)

    def balances(self, member: UUID) -> dict[str, int]:
        """The shown balance of each currency that this member ever had."""
        return {currency: self.shown(member, currency) for currency in sorted(self._currencies.get(member, ()))}

    def due_at(self, member: UUID) -> datetime:
        """No lot or hold of this member ends before this moment (`NEVER` when none ends)."""
        ends = NEVER
        for currency in self._currencies.get(member, ()):
            account = self.accounts.get((member, currency, POINTS))
            if account is not None and account.due_at is not None and account.due_at < ends:
                ends = account.due_at
        return ends

    def currencies(self, member: UUID) -> list[str]:
        """The currencies that this member ever had, in order."""
        return sorted(self._currencies.get(member, ()))

    def lot(self, member: UUID, currency: str, number: int) -> Lot | None:
        """One lot of an opened member."""
        assert member in self.opened
        return self.lots.get((member, currency), {}).get(number)

    def child(self, member: UUID, currency: str, parent: UUID, number: int) -> int:
        """Number of the (first) lot in which an opened member got what another's lot held; 0 where there is none."""
        assert member in self.opened
        lots = self.lots.get((member, currency), {}).values()
        return min(
            (lot.number for lot in lots if (lot.parent_member, lot.parent_number) == (parent, number)), default=0
        )

    def parent(self, lot: LotKey) -> LotKey | None:
        """The lot that another came from, by (member, currency, number); None for one that was issued."""
        member, currency, number = lot
        found = self.lots.get((member, currency), {}).get(number)
        if found is None or found.parent_member is None or found.parent_number is None:
            return self.parents.get(lot)
        return (found.parent_member, currency, found.parent_number)

    def open_lots(self, member: UUID, currency: str) -> list[Lot]:
        """Lots of an opened member with something left, in the order of use."""
        assert member in self.opened
        lots = self.lots.get((member, currency), {}).values()
        return sorted((lot for lot in lots if lot.remaining > 0), key=use_order)

    def ended_lots(self, member: UUID, currency: str, at: datetime) -> list[Lot]:
        """Lots of an opened member with something left whose time is over."""
        return [lot for lot in self.open_lots(member, currency) if lot.expires_at and lot.expires_at <= at]

    # -- writing -------------------------------------------------------------------------------------------------

    def move(
        self,
        member: UUID,
        currency: str,
        legs: tuple[str, str],
        points: int,
        *,
        kind: str,
        by: Stamp,
    ) -> tuple[int, int]:
        """Move points from one account of a member to another; gives both entries' versions."""
        assert points > 0
        source, target = legs
        return (
            self._enter((member, currency, source), -points, kind, by),
            self._enter((member, currency, target), points, kind, by),
        )

    def _enter(self, key: AccountKey, amount: int, kind: str, by: Stamp) -> int:
        at = by.at
        account = self.accounts.get(key)
        if account is None:
            version, balance, due_at = 1, amount, None
            self._currencies.setdefault(key[0], set()).add(key[1])
            self._names.add(key[2])
        else:
            assert at >= account.at
            version, balance, due_at = account.version + 1, account.balance + amount, account.due_at
        if abs(balance) > AMOUNT_MAX:
            message = "The balance would grow beyond 2^53 points, more than can be counted exactly."
            raise AmountInvalid(message, currency=key[1])
        self._put(self.accounts, key, Account(version=version, balance=balance, at=at, due_at=due_at))
        self._put(self._times, key[0], at)
        self.entries.append(
            Entry(
                member=key[0],
                currency=key[1],
                account=key[2],
                version=version,
                activity=by.activity,
                kind=kind,
                amount=amount,
                balance=balance,
                at=at,
            )
        )
        return version

    def put_lot(self, lot: Lot) -> None:
        """Keep a lot's new state."""
        lots = self.lots.setdefault((lot.member, lot.currency), {})
        self._put(lots, lot.number, lot)
        self.touched_lots.add((lot.member, lot.currency, lot.number))

    def put_new_lot(self, lot: Lot) -> None:
        """Keep a lot that an entry of this book issued."""
        self.issued.add((lot.member, lot.currency, lot.number))
        self.put_lot(lot)
        if lot.remaining > 0:
            self.bring_due_forward(lot.member, lot.currency, lot.expires_at)

    def ensure_account(self, member: UUID, currency: str, *, at: datetime) -> None:
        """Let a member have a points account, without an entry: a hold on a pool may be all they ever have."""
        key = (member, currency, POINTS)
        if key not in self.accounts:
            self._put(self.accounts, key, Account(version=0, balance=0, at=at))
            self._currencies.setdefault(member, set()).add(currency)

    def put_hold(self, hold: Hold) -> None:
        """Keep a hold's new state."""
        last = max(hold.held_at, hold.ended_at or hold.held_at)
        self._put(self._times, hold.member, max(last, self._times.get(hold.member, last)))
        if (hold.member, hold.id) not in self.holds:
            self._bind(hold)
        self._put(self.holds, (hold.member, hold.id), hold)
        self.touched_holds.add((hold.member, hold.id))

    def allocate(
        self, lot: Lot, version: int, amount: int, *, account: str = POINTS, undoes: int | None = None
    ) -> None:
        """Write down that an entry took from (negative) or gave back to (positive) a lot."""
        self.allocations.append(
            Allocation(
                member=lot.member,
                currency=lot.currency,
                lot=lot.number,
                account=account,
                version=version,
                amount=amount,
                undoes=undoes,
            )
        )

    def bring_due_forward(self, member: UUID, currency: str, ends: datetime | None) -> None:
        """Note that something of this account may end at `ends`."""
        account = self.accounts[(member, currency, POINTS)]
        if ends is not None and (account.due_at is None or ends < account.due_at):
            self._put(self.accounts, (member, currency, POINTS), replace(account, due_at=ends))

    def recompute_due(self, member: UUID, currency: str) -> None:
        """Set the account's next end from its open lots and holds (of an opened member)."""
        key = (member, currency, POINTS)
        account = self.accounts.get(key)
        if account is None:
            return
        ends = [lot.expires_at for lot in self.open_lots(member, currency) if lot.expires_at is not None]
        ends += [h.settle_until for h in self.holds_on(member, currency) if h.state == "open"]
        due_at = min(ends, default=None)
        if due_at != account.due_at:
            self._put(self.accounts, key, replace(account, due_at=due_at))

    def taken(self, member: UUID, currency: str, version: int) -> Taken:
        """Tell how much of each lot an entry took and has not got back, in the order in which it took them."""
        parts: dict[int, int] = {}
        for allocation in (*self.taken_before, *self.allocations):
            mine = (allocation.member, allocation.currency, allocation.account) == (member, currency, POINTS)
            if mine and version in {allocation.version, allocation.undoes}:
                parts[allocation.lot] = parts.get(allocation.lot, 0) - allocation.amount
        lots = self.lots.get((member, currency), {})
        return Taken(version=version, parts=dict(sorted(parts.items(), key=lambda part: use_order(lots[part[0]]))))

    def holds_on(self, member: UUID, currency: str) -> list[Hold]:
        """The holds that an opened member made, and those that others have on the member's points, oldest first."""
        assert member in self.opened
        known = (self.holds.get(key) for key in self._bound.get(member, ()))
        found = (hold for hold in known if hold is not None and hold.currency == currency)
        return sorted(found, key=lambda hold: (hold.held_at, hold.id))

    def holds_of(self, member: UUID, currency: str) -> list[Hold]:
        """The holds of an opened member that this book knows, oldest first."""
        return [hold for hold in self.holds_on(member, currency) if hold.member == member]

    def makers(self, id: UUID) -> list[UUID]:  # noqa: A002 - the glossary's word for it
        """The members who made a hold of this id, as far as they are here."""
        return [member for member in self._makers.get(id, ()) if (member, id) in self.holds]

    # -- issuing: the only verb of the hot path ------------------------------------------------------------------

    def issue(
        self,
        member: UUID,
        posting: Posting,
        *,
        program: str,
        by: Stamp,
        kind: str = "issue",
        house: str = ISSUANCE,
    ) -> Posted:
        """Give points as a new lot. What the member owes is paid first, out of the new lot."""
        points, currency = check_points(posting.points), posting.currency
        assert posting.expires_at is None or posting.expires_at > by.at
        _, number = self.move(member, currency, (house, POINTS), points, kind=kind, by=by)
        lot = Lot(
            member=member,
            currency=currency,
            number=number,
            amount=points,
            remaining=points,
            issued_at=by.at,
            usable_from=posting.usable_from or by.at,
            expires_at=posting.expires_at,
            priority=posting.priority,
            activity=by.activity,
            offer=posting.offer,
            program=program,
            funder=posting.funder,
            value_micro=posting.value_micro,
        )
        settled = self.settle(lot, by=by)
        return Posted(
            currency=currency,
            points=points,
            offer=posting.offer,
            kind=kind,
            lot=number,
            version=number,
            settled=settled,
            usable_from=posting.usable_from,
            expires_at=posting.expires_at,
            lines=posting.lines,
        )

    def settle(self, lot: Lot, *, by: Stamp) -> int:
        """Keep a new lot, after paying out of it what its member owes; gives the points that went there."""
        settled = min(-self.balance(lot.member, lot.currency, ARREARS), lot.remaining)
        if settled > 0:
            legs = (POINTS, ARREARS)
            version, _ = self.move(lot.member, lot.currency, legs, settled, kind="settle", by=by)
            self.allocate(lot, version, -settled)
            lot = replace(lot, remaining=lot.remaining - settled)
        self.put_new_lot(lot)
        return max(settled, 0)

    # -- ending --------------------------------------------------------------------------------------------------

    def expire(self, member: UUID, currency: str, *, by: Stamp) -> Posted | None:
        """End the lots that have run out by then. However late it is called, it ends the same points."""
        ended = self.ended_lots(member, currency, by.at)
        points = sum(lot.remaining for lot in ended)
        if points == 0:
            self.recompute_due(member, currency)
            return None
        legs = (POINTS, BREAKAGE)
        version, _ = self.move(member, currency, legs, points, kind="expire", by=by)
        for lot in ended:
            self.allocate(lot, version, -lot.remaining)
            self.put_lot(replace(lot, remaining=0, expired=lot.expired + lot.remaining))
        self.recompute_due(member, currency)
        return Posted(currency=currency, points=-points, kind="expire", version=version)


def check_points(points: int) -> int:
    """Give back the points if they can be booked."""
    if not 0 < points <= AMOUNT_MAX:
        message = f"Points must be a whole number from 1 to {AMOUNT_MAX}, not {points}."
        raise AmountInvalid(message, points=points)
    return points

"""Taking the books: every lot gets the amount set aside for it, once; then one snapshot is rolled forward."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from regulars.base.db import Database, Read, Tx
from regulars.features.money.deferral import allocate, carry_on
from regulars.features.money.flows import Flows
from regulars.features.money.forward import Forward, roll_forward, tie
from regulars.features.money.model import (
    MONTHS_OF_YEAR,
    BooksBehind,
    Deferral,
    Estimate,
    EstimateMissing,
    MonthInvalid,
    Months,
    name_month,
    pick_estimate,
)
from regulars.features.money.store import (
    add_deferrals,
    lock_book,
    move_book,
    read_deferrals,
    read_deferrals_of,
    read_estimates,
)
from regulars.kernel import activity as journal
from regulars.kernel.ledger import money as ledger
from regulars.kernel.ledger.money import IssuedLot, LotKey
from regulars.kernel.program import Releases, Versions

__all__ = ["OWN", "Books", "read_history", "take_books"]

OWN: Final = frozenset({"house"})
"""Funders whose points are a part of our own price. What others fund is owed by them."""
ACTIVITIES_MAX: Final = 1_000
"""Activities read at once, with all their lines."""
MEMBER_FIRST: Final = UUID(int=0)

Sales = Mapping[UUID, int]
"""By activity: what was paid, in minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The roll-forwards up to a moment, tied to lots, holds and accounts."""

    money: str
    """Currency of the money."""
    until: datetime
    """What happened before this is in."""
    last: str
    """The last month."""
    is_over: bool
    """Whether `until` is its end."""
    forwards: Sequence[Forward]
    """By currency, funder and month, from the first month on."""
    owed_points: Mapping[str, int]
    """By currency: points that members owe (arrears) at that moment."""
    flows: Flows
    estimates: Mapping[str, Sequence[Estimate]]


async def take_books(
    database: Database,
    versions: Versions,
    *,
    at: datetime,
    month: int | None = None,
    own: frozenset[str] = OWN,
    progress: Callable[[int], None] | None = None,
) -> Books:
    """Take every lot issued by the end of a month (by `at`, ledger time now, where that is earlier) into the books.

    None: the month of `at`. Asked again, later, it answers the same. `progress` is told how many members are done.
    Raises EstimateMissing, MonthInvalid, NoProgram, MoveUnknown, BooksUntied, BooksBehind.
    """
    async with database.snapshot() as read:
        releases = await versions.read(read)
        first_at = await ledger.read_first_at(read)
    months = _lay_out(releases, first_at or at, month, at)
    until = months.until
    async with database.transaction() as tx:
        await lock_book(tx)
        estimates = await read_estimates(tx)
        await move_book(tx, until=until)
    await _set_aside(database, until=until, estimates=estimates, own=own, progress=progress)
    async with database.snapshot() as read:
        flows = Flows(months=months)
        async for members in _windows(read):
            await _gather(read, members, flows, until=until)
        forwards = roll_forward(flows, estimates)
        balances = await ledger.read_balances(read, until=until)
        last = name_month(months.last)
        tie(forwards, last, balances=balances, rewound=await ledger.rewind(read, until=until))
    return Books(
        money=releases.plan_at(at).document.money,
        until=until,
        last=last,
        is_over=until < at,
        forwards=forwards,
        owed_points={c: -points for (c, account), points in balances.items() if account == "arrears" and points},
        flows=flows,
        estimates=estimates,
    )


async def read_history(database: Database, versions: Versions, *, at: datetime) -> Flows:
    """Sum what moved points up to `at` without setting anything aside: enough to judge how many are used."""
    async with database.snapshot() as read:
        releases = await versions.read(read)
        flows = Flows(months=_lay_out(releases, await ledger.read_first_at(read) or at, None, at))
        async for members in _windows(read):
            parts = await ledger.read_parts(read, members, until=at)
            for lot in await ledger.read_lots(read, members, until=at):
                flows.put(lot, parts.get(lot.key, ()), None)
    return flows


def _lay_out(releases: Releases, first_at: datetime, month: int | None, at: datetime) -> Months:
    """Find where months begin: each in the time zone of the programme that was live then, so that none moves later."""
    releases.plan_at(at)

    def start_of(index: int) -> datetime:
        year, place = divmod(index, MONTHS_OF_YEAR)
        day = date(year, place + 1, 1)
        noon = datetime(year, place + 1, 1, 12, tzinfo=at.tzinfo)
        release = releases.release_at(noon) or releases.all[0]
        return releases.plans[release.hash].calendar.start_of(day.toordinal())

    def month_of(moment: datetime) -> int:
        index = moment.year * MONTHS_OF_YEAR + moment.month - 1
        if start_of(index) > moment:
            return index - 1
        return index + 1 if start_of(index + 1) <= moment else index

    first, now = month_of(first_at), month_of(at)
    last = now if month is None else month
    if not first <= last <= now:
        raise MonthInvalid(
            f"{name_month(last)} is not in the books: they go from {name_month(first)} to {name_month(now)}."
        )
    starts = [start_of(index) for index in range(first, last + 2)]
    # The present month ends now, for what happened and for what is estimated.
    return Months(first=first, starts=(*starts[:-1], min(starts[-1], at)))


async def _windows(read: Read) -> AsyncGenerator[list[UUID]]:
    after = MEMBER_FIRST
    while members := await ledger.list_members(read, after=after):
        yield members
        after = members[-1]


async def _gather(read: Read, members: Sequence[UUID], flows: Flows, *, until: datetime) -> None:
    lots = await ledger.read_lots(read, members, until=until)
    parts = await ledger.read_parts(read, members, until=until)
    deferrals = await read_deferrals(read, members)
    for lot in lots:
        if lot.value_micro and lot.key not in deferrals:
            raise BooksBehind("Points were issued while the books were being taken. Ask again.", member=str(lot.member))
        flows.put(lot, parts.get(lot.key, ()), deferrals.get(lot.key))


async def _set_aside(
    database: Database,
    *,
    until: datetime,
    estimates: Mapping[str, Sequence[Estimate]],
    own: frozenset[str],
    progress: Callable[[int], None] | None,
) -> None:
    """Write what is set aside for lots that have nothing yet: first those that were issued, then those handed on."""
    done, after = 0, MEMBER_FIRST
    handed_on: list[IssuedLot] = []
    while True:
        async with database.transaction() as tx:
            members = await ledger.list_members(tx, after=after)
            if not members:
                break
            lots = await ledger.read_lots(tx, members, until=until)
            known = await read_deferrals(tx, members)
            new = [lot for lot in lots if lot.value_micro and lot.key not in known]
            handed_on += [lot for lot in new if lot.parent is not None]
            await _set_aside_issued(tx, [lot for lot in new if lot.parent is None], estimates, own)
        after, done = members[-1], done + len(members)
        if progress is not None:
            progress(done)
    while handed_on:
        async with database.transaction() as tx:
            left = await _set_aside_handed_on(tx, handed_on)
        if len(left) == len(handed_on):
            raise BooksBehind("Points were handed on out of lots that are not in the books. Ask again.")
        handed_on = left


async def _set_aside_issued(
    tx: Tx, lots: Sequence[IssuedLot], estimates: Mapping[str, Sequence[Estimate]], own: frozenset[str]
) -> None:
    sales = await _read_sales(tx, lots)
    by_activity: dict[UUID, list[IssuedLot]] = {}
    for lot in lots:
        by_activity.setdefault(lot.activity, []).append(lot)
    made: list[Deferral] = []
    for activity, together in by_activity.items():
        holding = {lot.currency: _hold_to(estimates, lot) for lot in together}
        made += allocate(together, holding, sale_minor=sales.get(activity, 0), own=own)
    await add_deferrals(tx, made)


def _hold_to(estimates: Mapping[str, Sequence[Estimate]], lot: IssuedLot) -> Estimate:
    estimate = pick_estimate(estimates, lot.currency, lot.issued_at)
    if estimate is None:
        raise EstimateMissing(
            f"Nobody has said yet how many of the {lot.currency} will be used. Look at what history suggests:"
            f" regulars books propose {lot.currency}. Then say it: regulars books estimate {lot.currency} --rate 850"
            " --by NAME --note WHY.",
            currency=lot.currency,
        )
    return estimate


async def _read_sales(read: Read, lots: Sequence[IssuedLot]) -> dict[UUID, int]:
    """Read what was paid in the purchases that issued these lots."""
    issuing = sorted({(lot.member, lot.activity) for lot in lots if lot.kind == "issue"})
    sales: dict[UUID, int] = {}
    for place in range(0, len(issuing), ACTIVITIES_MAX):
        receipts = await journal.receipts(read, issuing[place : place + ACTIVITIES_MAX])
        names = [(receipt.source, receipt.id) for receipt in receipts.values()]
        for past in (await journal.originals(read, names)).values():
            sales[past.activity] = sum(line.amount_minor for line in past.body.lines)
    return sales


async def _set_aside_handed_on(tx: Tx, children: Sequence[IssuedLot]) -> list[IssuedLot]:
    """Carry on what parents set free; gives the children whose parents are themselves still to come."""
    parents = sorted({child.parent for child in children if child.parent is not None})
    deferrals = await read_deferrals_of(tx, parents)
    known: list[LotKey] = [key for key in parents if key in deferrals]
    issued, parts, siblings = await ledger.read_handed_on(tx, known)
    made: dict[LotKey, Deferral] = {}
    for key in known:
        made |= carry_on(deferrals[key], issued.get(key, 0), parts.get(key, ()), siblings.get(key, ()))
    wanted = [made[child.key] for child in children if child.key in made]
    await add_deferrals(tx, wanted)
    return [child for child in children if child.key not in made]

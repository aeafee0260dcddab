"""Points as money: what is owed month by month, the postings for the finance system, estimates, what is set aside."""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Final, TypeVar
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.features import money
from regulars.features.money import Books, Deferral, Estimate, Forward, Proposal, Transaction
from regulars.interfaces.http.kit import answer, door, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid, Fault, Overloaded, ParameterInvalid
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members
from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.program import NoProgram

__all__ = ["router"]

PAGE_MAX: Final = 200
SPAN_MAX: Final = 60
"""Months in one answer."""
KEPT_MAX: Final = 4
CSV: Final = "text/csv"
BEANCOUNT: Final = "text/plain"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet run a text instead of showing it."""

router = APIRouter(tags=["Money"])

BOOKS_REFUSALS: Final = (
    money.MonthInvalid,
    money.EstimateMissing,
    money.BooksBehind,
    money.BooksUntied,
    money.MoveUnknown,
    NoProgram,
)

CURRENCY: Final = r"^[a-z][a-z0-9_.-]{0,63}$"
Currency = Annotated[str, Meta(max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
Number = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Place = tuple[Currency, Number]
read_place = msgspec.json.Decoder(Place)

MONTH: Final = r"^[0-9]{4}-[0-9]{2}$"
Month = Annotated[
    str | None, Query(pattern=MONTH, description="Last month, such as 2026-03; left out: the present one so far.")
]
First = Annotated[
    str | None, Query(pattern=MONTH, description="First month that is shown; left out: only the last one.")
]
Own = Annotated[
    tuple[str, ...],
    Query(
        max_length=20,
        description="A funder whose points are a part of our own price; may be given again. Left out: `house`. Ask"
        " with the same ones each time: what is set aside is written once.",
    ),
]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]


FORWARD_HEAD: Final = (
    "month",
    "currency",
    "funder",
    "line",
    "points",
    "value_micro",
    "set_aside_micro",
    "rows",
    "estimate",
    "rate_permille",
)
Monthly = TypeVar("Monthly", Forward, Transaction)


class ForwardsView(Struct, frozen=True, kw_only=True):
    """What was owed month by month, what moved it, and what is owed at the end."""

    money: str
    """ISO 4217 code. `_micro` are millionths of its minor unit."""
    until: datetime
    """What happened before this is in."""
    is_over: bool
    """Whether the last month is over: then the same question has this answer for ever."""
    forwards: tuple[Forward, ...]
    owed_points: dict[str, int]
    """By currency: points that members owe at that moment. They are no part of what is owed to members."""


class PostingsView(Struct, frozen=True, kw_only=True):
    """Postings for the finance system, by month, currency and funder. Each transaction comes to nothing."""

    until: datetime
    is_over: bool
    transactions: tuple[Transaction, ...]


class EstimatePage(Struct, frozen=True, kw_only=True):
    """A part of the estimates, by currency and number."""

    estimates: tuple[Estimate, ...]
    next: str | None


class DeferralPage(Struct, frozen=True, kw_only=True):
    """A part of what was set aside for a member's lots, by currency and lot."""

    deferrals: tuple[Deferral, ...]
    next: str | None


class Desk:
    """Where the books are taken, for one at a time. Months that are over come out the same again, so some are kept."""

    def __init__(self) -> None:
        self.busy = asyncio.Lock()
        self.kept: dict[tuple[int, frozenset[str]], Books] = {}

    async def take(self, request: Request, month: str | None, own: Sequence[str]) -> Books:
        """Take the books up to a month. Raises Overloaded while somebody else does."""
        index = None if month is None else money.read_month(month)
        funders = frozenset(own) if own else money.OWN
        if index is not None and (index, funders) in self.kept:
            return self.kept[index, funders]
        versions = house_of(request).versions
        async with self._alone(request) as at:
            books = await money.take_books(database_of(request), versions, at=at, month=index, own=funders)
        if index is not None and books.is_over:
            while len(self.kept) >= KEPT_MAX:
                del self.kept[next(iter(self.kept))]
            self.kept[index, funders] = books
        return books

    async def propose(self, request: Request, currency: str) -> Proposal | None:
        """Judge how many points will be used by what became of earlier ones. Raises Overloaded."""
        async with self._alone(request) as at:
            flows = await money.read_history(database_of(request), house_of(request).versions, at=at)
        # The month that is not over yet would count as one in which little was used.
        return money.propose(flows.sums, currency, last=flows.months.last - 1)

    @asynccontextmanager
    async def _alone(self, request: Request) -> AsyncGenerator[datetime]:
        # All members are read: twice at once would take twice as long, and the tills would wait.
        if self.busy.locked():
            raise Overloaded("The books are being read for somebody else. Ask again in a moment.")
        async with self.busy:
            async with database_of(request).snapshot() as read:
                at = await clock.now(read)
            yield at


class ProposalView(Struct, frozen=True, kw_only=True):
    """What history suggests."""

    proposal: Proposal | None
    """Null where no such points were issued in a month that is over."""


@router.get("/v1/money/forwards")
@door(scope="money:read", gives={200: ForwardsView}, refuses=BOOKS_REFUSALS)
async def read_forwards(request: Request, month: Month = None, first: First = None, own: Own = ()) -> Response:
    """Roll what is owed to members forward: opening, what moved it, closing, in points and in money.

    Tied to the lots, the holds and the accounts, or refused. What is set aside for points is written down the first
    time that their month is asked for, and stays; asked again for a month that is over, the answer is the same.
    """
    books = await _desk_of(request).take(request, month, own)
    return answer(
        ForwardsView(
            money=books.money,
            until=books.until,
            is_over=books.is_over,
            forwards=tuple(_choose(books.forwards, books.last, first)),
            owed_points=dict(books.owed_points),
        )
    )


@router.get("/v1/money/forwards.csv")
@door(scope="money:read", gives={200: CSV}, refuses=BOOKS_REFUSALS)
async def write_forwards(request: Request, month: Month = None, first: First = None, own: Own = ()) -> Response:
    """Write the roll-forward for a spreadsheet: a line each for opening, every movement, breakage, closing."""
    books = await _desk_of(request).take(request, month, own)
    rows = (row for forward in _choose(books.forwards, books.last, first) for row in _list_rows(forward))
    return _write_csv(FORWARD_HEAD, rows, name=f"forwards-{books.last}")


@router.get("/v1/money/postings")
@door(scope="money:read", gives={200: PostingsView}, refuses=BOOKS_REFUSALS)
async def read_postings(request: Request, month: Month = None, first: First = None, own: Own = ()) -> Response:
    """Read the postings for the finance system."""
    books = await _desk_of(request).take(request, month, own)
    transactions = tuple(_choose(_post(books), books.last, first))
    return answer(PostingsView(until=books.until, is_over=books.is_over, transactions=transactions))


@router.get("/v1/money/postings.csv")
@door(scope="money:read", gives={200: CSV}, refuses=BOOKS_REFUSALS)
async def write_postings(request: Request, month: Month = None, first: First = None, own: Own = ()) -> Response:
    """Write the postings for a spreadsheet: one line each, debit and credit apart."""
    books = await _desk_of(request).take(request, month, own)
    text = money.write_csv(list(_choose(_post(books), books.last, first)))
    return _attach(text, media=CSV, name=f"postings-{books.last}.csv")


@router.get("/v1/money/postings.beancount")
@door(scope="money:read", gives={200: BEANCOUNT}, refuses=BOOKS_REFUSALS)
async def write_beancount(request: Request, month: Month = None, own: Own = ()) -> Response:
    """Write the postings of all months as beancount text, with the liability asserted after every month."""
    books = await _desk_of(request).take(request, month, own)
    return _attach(money.write_beancount(_post(books)), media=BEANCOUNT, name=f"postings-{books.last}.beancount")


@router.get("/v1/money/estimates")
@door(scope="money:read", gives={200: EstimatePage}, refuses=(CursorInvalid,))
async def read_estimates(request: Request, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """Read who judged, when and why, how many points will be used."""
    after = None if cursor is None else read_cursor(cursor, read_place)
    async with database_of(request).snapshot() as read:
        found = await _list_estimates(read, after)
    return answer(EstimatePage(estimates=tuple(found[:limit]), next=_next_estimate(found, limit)))


@router.get("/v1/money/estimates.csv")
@door(scope="money:read", gives={200: CSV}, refuses=(CursorInvalid,))
async def write_estimates(request: Request, cursor: Cursor = None, limit: Limit = PAGE_MAX) -> Response:
    """Write the estimates for a spreadsheet. Where there are more, the header Link names the next page."""
    after = None if cursor is None else read_cursor(cursor, read_place)
    async with database_of(request).snapshot() as read:
        found = await _list_estimates(read, after)
    rows = (msgspec.structs.asdict(each).values() for each in found[:limit])
    return _write_csv(Estimate.__struct_fields__, rows, name="estimates", following=_next_estimate(found, limit))


@router.get("/v1/money/proposals/{currency}")
@door(scope="money:read", gives={200: ProposalView}, refuses=(money.MoveUnknown, NoProgram))
async def read_proposal(request: Request, currency: Annotated[str, Path(pattern=CURRENCY)]) -> Response:
    """Read what became of earlier points, and the rate that this suggests. Nothing is stored; a person decides."""
    return answer(ProposalView(proposal=await _desk_of(request).propose(request, currency)))


@router.get("/v1/members/{member}/deferrals")
@door(scope="money:read", gives={200: DeferralPage}, refuses=(members.MemberUnknown, CursorInvalid))
async def read_deferrals(request: Request, member: UUID, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """Read what was set aside for each of a member's lots. It stays, whatever is estimated later.

    Lots that no month was taken for yet have nothing here, and neither have points that are worth no money.
    """
    after = None if cursor is None else read_cursor(cursor, read_place)
    async with database_of(request).snapshot() as read:
        found = await _list_deferrals(read, member, after)
    return answer(DeferralPage(deferrals=tuple(found[:limit]), next=_next_deferral(found, limit)))


@router.get("/v1/members/{member}/deferrals.csv")
@door(scope="money:read", gives={200: CSV}, refuses=(members.MemberUnknown, CursorInvalid))
async def write_deferrals(request: Request, member: UUID, cursor: Cursor = None, limit: Limit = PAGE_MAX) -> Response:
    """Write what was set aside for a member's lots. Where there are more, the header Link names the next page."""
    after = None if cursor is None else read_cursor(cursor, read_place)
    async with database_of(request).snapshot() as read:
        found = await _list_deferrals(read, member, after)
    rows = (msgspec.structs.asdict(each).values() for each in found[:limit])
    return _write_csv(Deferral.__struct_fields__, rows, name="deferrals", following=_next_deferral(found, limit))


def _desk_of(request: Request) -> Desk:
    """The desk of this server. Made with the first question, in the loop that answers them all."""
    state = request.app.state
    if not hasattr(state, "desk"):
        state.desk = Desk()
    desk: Desk = state.desk
    return desk


def _choose(found: Sequence[Monthly], last: str, first: str | None) -> Iterator[Monthly]:
    """Choose the months from `first` on. Raises ParameterInvalid when that is no month, or too many of them."""
    begin = money.read_month(first or last)
    if not 0 <= money.read_month(last) - begin < SPAN_MAX:
        fault = Fault(path="query.first", message=f"The first month is at most {SPAN_MAX - 1} before {last}.")
        raise ParameterInvalid(f"{fault.path}: {fault.message}", errors=(fault,))
    return (each for each in found if money.read_month(each.month) >= begin)


def _post(books: Books) -> list[Transaction]:
    return money.post(books.forwards, money=books.money)


def _list_rows(forward: Forward) -> Iterator[Sequence[object]]:
    """Lay out one month of one currency and funder: the lines between opening and closing add up to it."""
    place, judged = (forward.month, forward.currency, forward.funder), (forward.estimate, forward.rate_permille)
    opening, closing = forward.opening, forward.closing
    yield (*place, "opening", opening.points, opening.value_micro, opening.liability_micro, 0, *judged)
    for moved in forward.movements:
        yield (*place, moved.category, moved.points, moved.value_micro, moved.deferred_micro, moved.parts, *judged)
    yield (*place, "breakage ahead", 0, 0, -forward.ahead_micro, 0, *judged)
    yield (*place, "estimate", 0, 0, -forward.restated_micro, 0, *judged)
    yield (*place, "closing", closing.points, closing.value_micro, closing.liability_micro, 0, *judged)


async def _list_estimates(read: Read, after: Place | None) -> list[Estimate]:
    made = await money.read_estimates(read)
    found = sorted((each for several in made.values() for each in several), key=lambda it: (it.currency, it.number))
    return [each for each in found if after is None or (each.currency, each.number) > after]


def _next_estimate(found: Sequence[Estimate], limit: int) -> str | None:
    return write_cursor((found[limit - 1].currency, found[limit - 1].number)) if len(found) > limit else None


async def _list_deferrals(read: Read, member: UUID, after: Place | None) -> list[Deferral]:
    await members.get(read, member)
    kept = await money.read_deferrals(read, [member])
    return [kept[key] for key in sorted(kept) if after is None or key[1:] > after]


def _next_deferral(found: Sequence[Deferral], limit: int) -> str | None:
    return write_cursor((found[limit - 1].currency, found[limit - 1].lot)) if len(found) > limit else None


def _write_csv(
    head: Sequence[str], rows: Iterable[Iterable[object]], *, name: str, following: str | None = None
) -> Response:
    """Write a table (RFC 4180). No text in it can run as a formula."""
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(head)
    out.writerows([_write_cell(each) for each in row] for row in rows)
    return _attach(text.getvalue(), media=CSV, name=f"{name}.csv", following=following)


def _write_cell(value: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def _attach(text: str, *, media: str, name: str, following: str | None = None) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if following is not None:
        headers["Link"] = f'<?cursor={following}>; rel="next"'
    return Response(text, headers=headers, media_type=media)

"""The day's end: what tills counted and their files list is held against the ledger, difference by difference."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features import estate, reconciliation
from regulars.features.access import Key
from regulars.features.reconciliation import DayReport, Difference, FileSale, State
from regulars.interfaces.http.estate import Cursor, Limit, StorePath
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.once import write_once
from regulars.interfaces.http.problems import StoreForbidden
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.program import NoProgram

__all__ = ["router"]

READ: Final = "reconciliation:read"
WRITE: Final = "reconciliation:write"
EXPORT_MAX: Final = 50_000
DECIDED_MAX: Final = 1_000
CSV: Final = "text/csv"
DAY_FIRST: Final = date(1, 1, 1)
NOBODY: Final = UUID(int=0)

DAY_REFUSALS: Final = (reconciliation.DayInvalid, NoProgram)

router = APIRouter(tags=["Reconciliation"])
T = TypeVar("T")

DayPath = Annotated[date, Path(description="The store's business day, such as 2026-03-01.")]
First = Annotated[date, Query(description="First day.")]
Last = Annotated[date, Query(description="Last day.")]
Store = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Of this store only.")]
Owner = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Of this owner only.")]
States = Annotated[
    list[State] | None,
    Query(max_length=5, description="In this state; may be given again. Left out: `found` and `assigned`."),
]
Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Source = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00]*$")]
Named = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
read_place = msgspec.json.Decoder(tuple[date, UUID])
read_day_place = msgspec.json.Decoder(tuple[date, str])


class TillDayIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a till counted on a day. It names what it does `<till>-<number>`."""

    store: Named = ""
    """Left out: that of the key."""
    source: Source = ""
    """Left out: that of the till, where it is registered, else `till/<store>`."""
    first: Amount
    last: Amount
    """Its first and last number of the day; both 0 where it did nothing."""
    count: Annotated[int, Meta(ge=0, le=reconciliation.NUMBERS_MAX)]
    """Sales among them, without returns."""
    gross_minor: Amount
    due_minor: Amount


class SalesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the list of sales of a day."""

    file: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    """Your name of the list, the same for all its parts. Another name takes the place of the whole list."""
    sales: Annotated[tuple[FileSale, ...], Meta(max_length=reconciliation.ROWS_MAX)]


class Taken(Struct, frozen=True, kw_only=True):
    """How many sales were taken."""

    sales: int


class DecisionIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to become of differences."""

    differences: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=DECIDED_MAX)]
    state: State
    """`assigned`, `accepted_loss` or `resolved`."""
    owner: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    """Who looks after it, or answers for it."""
    note: Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*$")] = ""


class DifferencePage(Struct, frozen=True, kw_only=True):
    """A part of the differences, oldest day first."""

    differences: tuple[Difference, ...]
    next: str | None


class DayPage(Struct, frozen=True, kw_only=True):
    """A part of the days, oldest first. What their tills counted, the day itself tells."""

    days: tuple[DayReport, ...]
    next: str | None


read_till_day = msgspec.json.Decoder(TillDayIn)
read_sales = msgspec.json.Decoder(SalesIn)
read_decision = msgspec.json.Decoder(DecisionIn)


@router.post("/v1/tills/{till}/days/{day}")
@door(
    scope="activities:write",
    takes=TillDayIn,
    gives={200: reconciliation.TillReport},
    refuses=(StoreForbidden, reconciliation.ReportInvalid, *DAY_REFUSALS),
    examples={
        "A day": {"store": "367", "first": 1041, "last": 1187, "count": 143, "gross_minor": 991240, "due_minor": 970115}
    },
)
async def report_till(request: Request, till: StorePath, day: DayPath) -> Response:
    """Take down what a till counted on a day, for the reconciliation. Sent again, the later word counts."""
    told = await read_body(request, read_till_day)
    store = _choose_store(key_of(request), told.store, till)
    return answer(await _write(request, store, _reporting(told, store, till, day)))


@router.put("/v1/stores/{store}/days/{day}/sales/{part}")
@door(
    scope=WRITE,
    takes=SalesIn,
    gives={200: Taken},
    refuses=(StoreForbidden, reconciliation.SaleListInvalid, *DAY_REFUSALS),
    examples={
        "One sale": {
            "file": "tlog-2026-03-01",
            "sales": [
                {
                    "id": "t17-1041",
                    "source": "till/367",
                    "till": "t17",
                    "occurred_at": "2026-03-01T09:30:00+08:00",
                    "due_minor": 561,
                    "is_shown": True,
                }
            ],
        }
    },
)
async def put_sales(
    request: Request,
    store: StorePath,
    day: DayPath,
    part: Annotated[int, Path(ge=1, le=reconciliation.PARTS_MAX, description="From 1 on.")],
) -> Response:
    """Put a part of the list of what was sold on a day, as the point of sale has it: up to 5,000 sales at a time."""
    told = await read_body(request, read_sales)
    _choose_store(key_of(request), store)

    async def put(tx: Tx, zone: ZoneInfo, _: datetime) -> None:
        await reconciliation.list_sales(tx, told.sales, store=store, day=day, zone=zone, file=told.file, part=part)

    await _write(request, store, put)
    return answer(Taken(sales=len(told.sales)))


@router.post("/v1/stores/{store}/days/{day}/reconcile")
@door(scope=WRITE, gives={200: DayReport}, refuses=(StoreForbidden, *DAY_REFUSALS))
async def reconcile(request: Request, store: StorePath, day: DayPath) -> Response:
    """Compare a day, as often as you like: what was decided stays, what has come meanwhile is fixed by itself."""
    _choose_store(key_of(request), store)

    async def compare(tx: Tx, zone: ZoneInfo, at: datetime) -> DayReport:
        return await reconciliation.reconcile(tx, store=store, day=day, zone=zone, at=at)

    return answer(await _write(request, store, compare))


@router.get("/v1/stores/{store}/days/{day}")
@door(scope=READ, gives={200: DayReport}, refuses=(StoreForbidden, reconciliation.DayUnknown))
async def read_day(request: Request, store: StorePath, day: DayPath) -> Response:
    """Read how a day stands: what tills counted, differences by kind and state, and whether it is settled."""
    _choose_store(key_of(request), store)
    async with database_of(request).snapshot() as read:
        report = await reconciliation.show_day(read, store, day)
    return answer(report)


@router.get("/v1/days")
@door(scope=READ, gives={200: DayPage}, refuses=(StoreForbidden,))
async def list_days(
    request: Request, *, first: First, last: Last, store: Store = "", cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """List how days stand: of one store, or of all."""
    after = read_cursor(cursor, read_day_place) if cursor else (DAY_FIRST, "")
    store = _choose_store(key_of(request), store) if store or key_of(request).store else ""
    async with database_of(request).snapshot() as read:
        days = await reconciliation.list_days(read, first=first, last=last, store=store, after=after, most=limit)
        counts = await reconciliation.read_counts(read, first=first, last=last, store=store)
    return answer(_page_days(days, counts, limit))


@router.get("/v1/differences")
@door(scope=READ, gives={200: DifferencePage}, refuses=(StoreForbidden,))
async def list_differences(
    request: Request,
    *,
    first: First,
    last: Last,
    state: States = None,
    store: Store = "",
    owner: Owner = "",
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List differences that are open, or in the states asked for."""
    after = read_cursor(cursor, read_place) if cursor else (DAY_FIRST, NOBODY)
    found = await _search(request, days=(first, last), states=state, of=(store, owner), after=after, most=limit)
    place = write_cursor((found[-1].day, found[-1].id)) if len(found) == limit else None
    return answer(DifferencePage(differences=tuple(found), next=place))


@router.get("/v1/differences/export")
@door(scope=READ, gives={200: CSV}, refuses=(StoreForbidden,))
async def export_differences(
    request: Request, *, first: First, last: Last, state: States = None, store: Store = "", owner: Owner = ""
) -> Response:
    """Export differences as CSV, at most 50,000. A text that a spreadsheet would run gets an apostrophe before it."""
    found = await _search(
        request, days=(first, last), states=state, of=(store, owner), after=(DAY_FIRST, NOBODY), most=EXPORT_MAX
    )
    return Response(reconciliation.write_csv(found), media_type=CSV)


@router.post("/v1/differences/decide")
@door(
    scope=WRITE,
    takes=DecisionIn,
    gives={200: DifferencePage},
    keyed=True,
    refuses=(StoreForbidden, reconciliation.DecisionInvalid, reconciliation.DifferenceUnknown),
    examples={
        "Somebody looks after it": {
            "differences": ["0198a6a2-6f4b-7c11-9a58-4c1d7c0f5a3e"],
            "state": "assigned",
            "owner": "Ann Li",
        },
        "It is lost": {
            "differences": ["0198a6a2-6f4b-7c11-9a58-4c1d7c0f5a3e"],
            "state": "accepted_loss",
            "owner": "Ann Li",
            "note": "voucher shown at two tills during the outage",
        },
    },
)
async def decide(request: Request) -> Response:
    """Assign differences, accept them as lost, or call them resolved: all of them, or none."""
    told = await read_body(request, read_decision)
    return await write_once(request, _deciding(told, key_of(request)))


def _choose_store(key: Key, store: str, till: str | None = None) -> str:
    """Answer the store that is spoken for: the one that is named, or else the key's. Raises StoreForbidden."""
    if key.store not in {None, store or key.store} or not (store or key.store):
        message = f"This API key speaks for the store {key.store!r} only." if key.store else "Name the store."
        raise StoreForbidden(message, store=key.store)
    if till is not None and key.till not in {None, till}:
        raise StoreForbidden(f"This API key speaks for the till {key.till!r} only.", store=key.store, till=key.till)
    return store or key.store or ""


async def _write(request: Request, store: str, work: Callable[[Tx, ZoneInfo, datetime], Awaitable[T]]) -> T:
    """Do work on a day in a transaction, by the store's clock."""
    versions = house_of(request).versions

    async def write(tx: Tx) -> T:
        at = await clock.now(tx)
        return await work(tx, await estate.zone_of(tx, versions, store, at=at), at)

    return await database_of(request).run(write)


def _reporting(
    told: TillDayIn, store: str, till: str, day: date
) -> Callable[[Tx, ZoneInfo, datetime], Awaitable[reconciliation.TillReport]]:
    async def report(tx: Tx, zone: ZoneInfo, at: datetime) -> reconciliation.TillReport:
        known = await estate.find_till(tx, store, till)
        source = told.source or (known.source if known else estate.default_source(store))
        counted = reconciliation.TillReport(
            till=till,
            source=source,
            first=told.first,
            last=told.last,
            count=told.count,
            gross_minor=told.gross_minor,
            due_minor=told.due_minor,
        )
        return await reconciliation.report_till(tx, counted, store=store, day=day, zone=zone, at=at)

    return report


def _deciding(told: DecisionIn, key: Key) -> Callable[[Tx], Awaitable[DifferencePage]]:
    async def write(tx: Tx) -> DifferencePage:
        at = await clock.now(tx)
        ids, note = set(told.differences), told.note
        found = await reconciliation.decide(tx, ids, state=told.state, owner=told.owner, note=note, at=at)
        # Refused after it was written: the transaction takes it back.
        for each in {difference.store for difference in found}:
            _choose_store(key, each)
        return DifferencePage(differences=tuple(found), next=None)

    return write


async def _search(  # noqa: PLR0917 - what one may look for
    request: Request,
    days: tuple[date, date],
    states: list[State] | None,
    of: tuple[str, str],
    after: tuple[date, UUID],
    most: int,
) -> list[Difference]:
    store, owner = of
    key = key_of(request)
    async with database_of(request).snapshot() as read:
        return await reconciliation.search_differences(
            read,
            first=days[0],
            last=days[1],
            states=states or reconciliation.OPEN_STATES,
            store=_choose_store(key, store) if store or key.store else "",
            owner=owner,
            after=after,
            most=most,
        )


def _page_days(
    days: list[reconciliation.Day], counts: dict[tuple[str, date], list[reconciliation.Count]], limit: int
) -> DayPage:
    shown = [reconciliation.sum_up(each, (), counts.get((each.store, each.day), ())) for each in days]
    place = write_cursor((days[-1].day, days[-1].store)) if len(days) == limit else None
    return DayPage(days=tuple(shown), next=place)

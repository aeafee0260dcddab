"""Vouchers that tills took and should not have: who looks into them finds them here."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.features.reconciliation.export import write_cell
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid, StoreForbidden
from regulars.interfaces.http.state import database_of
from regulars.kernel.activity.sales import Conflict, list_conflicts
from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.spine.vouchers import LATE, REVOKED, TWICE

__all__ = ["router"]

READ: Final = "reconciliation:read"
CSV: Final = "text/csv"
PAGE_MAX: Final = 500
EXPORT_MAX: Final = 50_000
CODES: Final = (TWICE, LATE, REVOKED)
Code = Literal["presented_twice", "presented_late", "presented_after_cancel"]
DAY_LAST: Final = date(9998, 12, 31)

router = APIRouter(tags=["Vouchers"])

First = Annotated[date, Query(description="Shown on this day (UTC) or later.")]
Last = Annotated[date, Query(description="Shown on this day (UTC) or before.")]
Codes = Annotated[
    list[Code] | None, Query(max_length=3, description="For this reason; may be given again. Left out: any.")
]
Store = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Taken in this store only.")]
Whose = Annotated[UUID | None, Query(description="Of this member only.")]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
read_place = msgspec.json.Decoder(tuple[Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]])


class ConflictPage(Struct, frozen=True, kw_only=True):
    """A part of the vouchers that were taken and should not have been, the last recorded first."""

    conflicts: tuple[Conflict, ...]
    next: str | None


@router.get("/v1/vouchers/conflicts")
@door(scope=READ, gives={200: ConflictPage}, refuses=(StoreForbidden, CursorInvalid))
async def list_voucher_conflicts(  # noqa: PLR0917 - what one may look for
    request: Request,
    first: First = date.min,
    last: Last = DAY_LAST,
    code: Codes = None,
    store: Store = "",
    member: Whose = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List vouchers that were shown twice, too late, or after they were cancelled, and what each cost the house.

    A member whose voucher was shown twice has the trait `review.voucher`, which the member's page shows.
    """
    before = AMOUNT_MAX if cursor is None else read_cursor(cursor, read_place)[0]
    found = await _search(request, (first, last), code, (store, member), before=before, most=limit + 1)
    place = write_cursor((found[limit - 1].seq,)) if len(found) > limit else None
    return answer(ConflictPage(conflicts=tuple(found[:limit]), next=place))


@router.get("/v1/vouchers/conflicts/export")
@door(scope=READ, gives={200: CSV}, refuses=(StoreForbidden,))
async def export_voucher_conflicts(  # noqa: PLR0917 - what one may look for
    request: Request,
    first: First = date.min,
    last: Last = DAY_LAST,
    code: Codes = None,
    store: Store = "",
    member: Whose = None,
) -> Response:
    """Export the same as CSV, at most 50,000. A text that a spreadsheet would run gets an apostrophe before it."""
    found = await _search(request, (first, last), code, (store, member), before=AMOUNT_MAX, most=EXPORT_MAX)
    return Response(_write(found), media_type=CSV)


async def _search(
    request: Request,
    days: tuple[date, date],
    codes: Sequence[str] | None,
    of: tuple[str, UUID | None],
    *,
    before: int,
    most: int,
) -> list[Conflict]:
    store, member = of
    bound = key_of(request).store
    if bound not in {None, store or bound}:
        raise StoreForbidden(f"This API key speaks for the store {bound!r} only.", store=bound)
    async with database_of(request).snapshot() as read:
        return await list_conflicts(
            read,
            codes or CODES,
            since=datetime.combine(days[0], time.min, UTC),
            until=datetime.combine(min(days[1], DAY_LAST), time.min, UTC) + timedelta(days=1),
            before=before,
            most=most,
            store=store or bound or "",
            member=member,
        )


def _write(found: Sequence[Conflict]) -> str:
    head = [name for name in Conflict.__struct_fields__ if name != "seq"]
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(head)
    for each in found:
        rows.writerow([write_cell(getattr(each, name)) for name in head])
    return text.getvalue()

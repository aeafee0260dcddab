"""The audit: who did what, searched and exported; and what a person did in the journal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.features import audit
from regulars.interfaces.http.kit import answer, door, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.state import database_of

__all__ = ["router"]

READ: Final = "audit:read"
PAGE_MAX: Final = 200
EXPORT_MAX: Final = 50_000
LAST: Final = 2**62
BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 1, 1, tzinfo=UTC)
CSV: Final = "text/csv"
LINES: Final = "application/x-ndjson"

router = APIRouter(tags=["Audit"])

Text = Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$")]
Who = Annotated[UUID | None, Query(description="By this person or key, or agreed to by this person.")]
Outcomes = Annotated[audit.Outcome | None, Query(description="That ended so.")]
Moment = Annotated[datetime, Query(description="With the offset from UTC.")]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
Format = Annotated[Literal["csv", "ndjson"], Query(description="For a spreadsheet, or a JSON object a line.")]
read_place = msgspec.json.Decoder(tuple[Annotated[int, Meta(ge=0, le=LAST)]])


class AuditPage(Struct, frozen=True, kw_only=True):
    """A part of the audit, the newest first."""

    entries: tuple[audit.Entry, ...]
    next: str | None


class ActPage(Struct, frozen=True, kw_only=True):
    """A part of what a person sent as activities, the newest first."""

    acts: tuple[audit.Act, ...]
    next: str | None


@router.get("/v1/audit")
@door(scope=READ, gives={200: AuditPage}, refuses=(CursorInvalid,))
async def list_audit(  # noqa: PLR0913, PLR0917 - what one may look for
    request: Request,
    actor: Who = None,
    object: Text = "",  # noqa: A002 - the field's name
    what: Text = "",
    outcome: Outcomes = None,
    since: Moment = BEGIN,
    until: Moment = END,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List who did what, newest first: by whom, to what (ids as in the address), by which route, how it ended, when.

    What came in as activities is in the journal; what a person sent of that is listed by `/v1/audit/activities`.
    """
    before = LAST if cursor is None else read_cursor(cursor, read_place)[0]
    found = await _search(request, actor, (object, what, outcome), (since, until), before=before, most=limit)
    place = write_cursor((found[-1].id,)) if len(found) == limit else None
    return answer(AuditPage(entries=tuple(found), next=place))


@router.get("/v1/audit/export")
@door(scope=READ, gives={200: CSV})
async def export_audit(  # noqa: PLR0917 - what one may look for
    request: Request,
    actor: Who = None,
    object: Text = "",  # noqa: A002 - the field's name
    what: Text = "",
    outcome: Outcomes = None,
    since: Moment = BEGIN,
    until: Moment = END,
    format: Format = "csv",  # noqa: A002 - as others call it
) -> Response:
    """Export the same, at most 50,000, as CSV or (`format=ndjson`) as JSON lines.

    A text that a spreadsheet would run gets an apostrophe before it.
    """
    found = await _search(request, actor, (object, what, outcome), (since, until), before=LAST, most=EXPORT_MAX)
    if format == "csv":
        return Response(audit.write_csv(found), media_type=CSV)
    return Response(audit.write_lines(found), media_type=LINES)


@router.get("/v1/audit/activities")
@door(scope=READ, gives={200: ActPage}, refuses=(CursorInvalid,))
async def list_acts(
    request: Request,
    actor: Annotated[UUID, Query(description="The person.")],
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the activities that a person sent, newest first. The worker reads them out of the journal, in a moment."""
    before = LAST if cursor is None else read_cursor(cursor, read_place)[0]
    async with database_of(request).snapshot() as read:
        found = await audit.list_acts(read, actor, before=before, most=limit)
    return answer(ActPage(acts=tuple(found), next=write_cursor((found[-1].seq,)) if len(found) == limit else None))


async def _search(
    request: Request,
    actor: UUID | None,
    named: tuple[str, str, str | None],
    times: tuple[datetime, datetime],
    *,
    before: int,
    most: int,
) -> Sequence[audit.Entry]:
    since, until = (each if each.tzinfo else each.replace(tzinfo=UTC) for each in times)
    async with database_of(request).snapshot() as read:
        return await audit.search(
            read,
            before=before,
            since=since,
            until=until,
            actor=actor,
            object=named[0],
            what=named[1],
            outcome=named[2] or "",
            most=most,
        )

"""A member's own file: everything that is kept of them, signed, to read here or to take along."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.features import moving
from regulars.interfaces.beside import find_signing, list_beside
from regulars.interfaces.http.kit import door
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members

__all__ = ["CSV", "OwnFileSigned", "answer_file", "router"]

JSON: Final = "application/json"
CSV: Final = "text/csv"
SCOPE: Final = "members:export"

router = APIRouter(tags=["Members"])


class OwnFile(Struct, frozen=True, kw_only=True):
    """Everything of a member, by table, as of one moment."""

    format: Literal["regulars-member-1"]
    member: UUID
    written_at: datetime
    tables: dict[str, tuple[dict[str, Any], ...]]


class OwnFileSigned(Struct, frozen=True, kw_only=True):
    """A member's own file. The signature is of the very bytes of `document`."""

    document: OwnFile
    signature: moving.Seal


@router.get("/v1/members/{member}/file")
@door(scope=SCOPE, gives={200: OwnFileSigned}, refuses=(members.MemberUnknown,))
async def write_file(request: Request, member: UUID) -> Response:
    """Write everything of a member into a file that is signed, identifiers in the clear: their right to a copy.

    There is a table for each sort of thing. `regulars export verify` says whether a file is as it was signed.
    """
    return await answer_file(request, member, "json")


@router.get("/v1/members/{member}/file.csv")
@door(scope=SCOPE, gives={200: CSV}, refuses=(members.MemberUnknown,))
async def write_file_csv(request: Request, member: UUID) -> Response:
    """Write the same file for a spreadsheet: a line for each value, with its table, row and field.

    The last line is the signature.
    """
    return await answer_file(request, member, "csv")


async def answer_file(request: Request, member: UUID, form: Literal["json", "csv"]) -> Response:
    """Answer a member's own file, to be kept and not shown. Raises MemberUnknown."""
    data = await _write(request, member, form)
    headers = {"Content-Disposition": f'attachment; filename="{member}.{form}"', "Cache-Control": "no-store"}
    return Response(data, headers=headers, media_type=JSON if form == "json" else CSV)


async def _write(request: Request, member: UUID, form: Literal["json", "csv"]) -> bytes:
    database, house = database_of(request), house_of(request)
    sign = await find_signing(database, house)
    async with database.snapshot() as read:
        return await moving.write_own(
            read,
            house.keyring,
            member,
            at=await clock.now(read),
            sign=sign,
            form=form,
            beside=list_beside(),
        )

"""Conditions for forms: a text read as rows, rows written as text, and what they may speak of."""

import asyncio
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.programs import NAMED
from regulars.interfaces.http.state import database_of
from regulars.kernel import program
from regulars.kernel.program.conditions import ConditionInvalid
from regulars.kernel.program.conditions.rows import AllRows, AnyRows, read_rows, write_rows
from regulars.kernel.program.fields import FieldTold, list_fields

__all__ = ["router"]

TEXT_MAX: Final = 2_000

router = APIRouter(tags=["Programme"])

Version = Annotated[
    str,
    Query(
        pattern=r"^([0-9a-f]{6,64}|live)$",
        description="Whose stores, categories, traits and currencies: a version's hash, or `live`.",
    ),
]


class ConditionText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition as it stands in an offer's `when`; empty: none."""

    text: Annotated[str, Meta(max_length=TEXT_MAX)]


class ConditionRows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition as rows."""

    rows: AllRows | AnyRows


class ConditionRead(Struct, frozen=True, kw_only=True):
    """A condition, as rows where rows can say it."""

    kind: Literal["rows", "by_hand"]
    """`by_hand`: only the text says it; show it as a text to edit."""
    rows: AllRows | AnyRows | None
    """Written again, they mean the very same as the text."""


class ConditionWritten(Struct, frozen=True, kw_only=True):
    """A condition as text; empty where the rows ask for nothing: then leave `when` out."""

    text: str


class FieldsView(Struct, frozen=True, kw_only=True):
    """What conditions may speak of."""

    version: str
    """Hash of the version that it was read from."""
    fields: tuple[FieldTold, ...]


read_text = msgspec.json.Decoder(ConditionText)
read_condition_rows = msgspec.json.Decoder(ConditionRows)
ROWS: Final = {
    "rows": {
        "type": "all",
        "rows": [
            {"type": "field", "field": "basket.total", "operator": ">=", "value": 5000},
            {"type": "field", "field": "member.tier", "operator": "in", "value": ["gold", "black"]},
        ],
    }
}


@router.post("/v1/conditions/read")
@door(
    scope="program:read",
    takes=ConditionText,
    gives={200: ConditionRead},
    refuses=(ConditionInvalid,),
    examples={"Two rows": {"text": 'basket.total >= 5000 && member.tier == "gold"'}},
)
async def read_condition(request: Request) -> Response:
    """Read a condition as rows: all or any of a field, an operator and a value, in groups.

    Only its grammar is looked at; whether its fields exist is said by `POST /v1/programs/check`.
    """
    sent = await read_body(request, read_text)
    rows = read_rows(sent.text)
    return answer(ConditionRead(kind="by_hand" if rows is None else "rows", rows=rows))


@router.post("/v1/conditions/write")
@door(
    scope="program:read",
    takes=ConditionRows,
    gives={200: ConditionWritten},
    refuses=(ConditionInvalid,),
    examples={"Two rows": ROWS},
)
async def write_condition(request: Request) -> Response:
    """Write rows as a condition. Read again, it gives the same rows, without groups that hold one or none."""
    sent = await read_body(request, read_condition_rows)
    return answer(ConditionWritten(text=write_rows(sent.rows)))


@router.get("/v1/conditions/fields")
@door(scope="program:read", gives={200: FieldsView}, refuses=NAMED)
async def list_condition_fields(request: Request, version: Version = "live") -> Response:
    """List what conditions may speak of, with what people call it, its sort, and the values that it may have."""
    async with database_of(request).snapshot() as read:
        hash_ = await program.find_version(read, version, at=await clock.now(read))
        document = await program.read_document(read, hash_)
    return answer(FieldsView(version=hash_, fields=await asyncio.to_thread(list_fields, document)))

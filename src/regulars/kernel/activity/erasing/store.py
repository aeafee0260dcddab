"""The only SQL by which a row of the journal changes. The owner of the tables may do it, and nobody who serves."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read, Tx
from regulars.base.sql import parse
from regulars.kernel.activity.store import Past, read_body, read_receipt, write_json
from regulars.kernel.nouns import Body, Receipt

__all__ = ["QUERIES", "Retold", "last_seen", "list_told", "rewrite"]

ROOM: Final = "regulars.kernel.activity"
FILE_NAME: Final = "erasing.sql"

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


class Retold(Struct, frozen=True, kw_only=True):
    """An activity as it is to be from now on."""

    member: UUID
    activity: UUID
    body: Body
    receipt: Receipt


async def list_told(read: Read, ids: Sequence[UUID], *, kind: str) -> list[Past]:
    """List the activities of a kind that members have, oldest first."""
    return [
        Past(
            member=row["member_id"],
            activity=row["id"],
            body=read_body(row["body"]),
            receipt=read_receipt(row["receipt"]),
        )
        for row in await QUERIES.rows(read, "told", ids=ids, kind=kind)
    ]


async def rewrite(tx: Tx, ids: Sequence[UUID], retold: Sequence[Retold]) -> None:
    """Put activities in the place of what they were, sealed anew, and drop what was kept apart for these members.

    The digests of the old words go too: what few values may have been can be found by trying them all.
    """
    bodies, receipts = [write_json(each.body) for each in retold], [write_json(each.receipt) for each in retold]
    digests = [hashlib.sha256(body).digest() for body in bodies]
    named = {"members": [each.member for each in retold], "ids": [each.activity for each in retold]}
    seals = [hashlib.sha256(digest + receipt).digest() for digest, receipt in zip(digests, receipts, strict=True)]
    if retold:
        await QUERIES.run(
            tx,
            "rewrite",
            bodies=[body.decode() for body in bodies],
            receipts=[receipt.decode() for receipt in receipts],
            seals=seals,
            **named,
        )
        await QUERIES.run(tx, "rename", digests=digests, **named)
    await QUERIES.run(tx, "drop_personal", ids=ids)


async def last_seen(read: Read, ids: Sequence[UUID], *, but: Sequence[str]) -> dict[UUID, datetime]:
    """Say when members last did something, but for activities of these kinds. Whoever never did is left out."""
    return {row["member_id"]: row["at"] for row in await QUERIES.rows(read, "last_seen", ids=ids, but=but)}

"""The only SQL of approvals."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Record, Tx
from regulars.base.sql import parse
from regulars.features.staff.approvals.model import Approval, Asked

__all__ = ["Kept", "add", "end", "find", "find_same", "forget_old", "list_kept", "refuse", "take"]

ROOM: Final = "regulars.features.staff"
FILE_NAME: Final = "approvals.sql"
Kept = tuple[Approval, Asked]

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


async def add(tx: Tx, keyring: Keyring, approval: Approval, asked: Asked) -> None:
    """Write a request that waits, its body sealed."""
    await QUERIES.run(
        tx,
        "add_approval",
        id=approval.id,
        action=approval.action,
        scope=approval.scope,
        method=asked.method,
        path=asked.path,
        query=asked.query,
        content_type=asked.content_type,
        body_wrapped=keyring.wrap(asked.body, place_of(approval.id)),
        body_digest=_digest(keyring, asked),
        asked_by=approval.asked_by,
        at=approval.asked_at,
        ends_at=approval.ends_at,
    )


async def find_same(tx: Tx, keyring: Keyring, asked: Asked, *, by: UUID, at: datetime) -> Approval | None:
    """Find the same request of the same person, while it waits."""
    row = await QUERIES.row(
        tx,
        "find_same",
        asked_by=by,
        method=asked.method,
        path=asked.path,
        query=asked.query,
        body_digest=_digest(keyring, asked),
        at=at,
    )
    return None if row is None else _approval(row, at)


async def find(read: Read, keyring: Keyring, id: UUID, *, at: datetime) -> Kept | None:  # noqa: A002
    """Read a request with its body."""
    row = await QUERIES.row(read, "find_approval", id=id)
    if row is None:
        return None
    asked = Asked(
        method=row["method"],
        path=row["path"],
        query=row["query"],
        content_type=row["content_type"],
        body=keyring.unwrap(row["body_wrapped"], place_of(row["id"])),
    )
    return _approval(row, at), asked


async def list_kept(
    read: Read, *, state: str, only_live: bool, before: UUID, at: datetime, most: int
) -> list[Approval]:
    """List requests, newest first, those before one: of a state, or of all for none."""
    rows = await QUERIES.rows(read, "list_approvals", state=state, only_live=only_live, before=before, at=at, most=most)
    return [_approval(row, at) for row in rows]


async def take(
    tx: Tx,
    id: UUID,  # noqa: A002
    *,
    by: UUID,
    note: str,
    at: datetime,
    until: datetime,
) -> bool:
    """Approve a request and have it until then, to carry it out; False where it is not to be had."""
    row = await QUERIES.row(tx, "take_approval", id=id, decided_by=by, note=note, at=at, taken_until=until)
    return row is not None


async def refuse(tx: Tx, id: UUID, *, by: UUID, note: str, at: datetime) -> bool:  # noqa: A002
    """Refuse a request that waits; False where it does not."""
    return await QUERIES.row(tx, "refuse_approval", id=id, decided_by=by, note=note, at=at) is not None


async def end(tx: Tx, id: UUID, *, by: UUID, status: int, code: str) -> None:  # noqa: A002
    """Write what came of a request that was carried out."""
    state = "done" if status < 400 else "failed"  # noqa: PLR2004 - of HTTP
    await QUERIES.run(tx, "end_approval", id=id, decided_by=by, state=state, status=status, code=code)


async def forget_old(tx: Tx, before: datetime, spared: Sequence[UUID], most: int) -> int:
    """Delete requests that were asked, and ended, before a moment; gives how many. Whom they are about nobody can see.

    So where somebody is spared, nothing is deleted.
    """
    return 0 if spared else len(await QUERIES.rows(tx, "drop_old_approvals", before=before, most=most))


def _approval(row: Record, at: datetime) -> Approval:
    return Approval(
        id=row["id"],
        action=row["action"],
        scope=row["scope"],
        method=row["method"],
        path=row["path"],
        state="ended" if row["state"] == "waiting" and row["ends_at"] <= at else row["state"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        ends_at=row["ends_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        note=row["note"],
        outcome_status=row["outcome_status"],
        outcome_code=row["outcome_code"],
    )


def _digest(keyring: Keyring, asked: Asked) -> bytes:
    return keyring.blind("staff approval", sha256(asked.body).hexdigest())


def place_of(approval: UUID) -> bytes:
    return b"staff/approval/" + approval.bytes

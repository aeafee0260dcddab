"""The only SQL of sessions."""

from datetime import datetime
from importlib.resources import files
from typing import Final, Literal
from uuid import UUID

from regulars.base.db import Read, Record, Tx
from regulars.base.sql import parse
from regulars.features.staff.model import Session

__all__ = [
    "SESSIONS_MAX",
    "Found",
    "Stage",
    "add",
    "count_wrong",
    "end",
    "end_many",
    "find",
    "forget",
    "list_of",
    "rotate",
    "see",
]

SESSIONS_MAX: Final = 100
ROOM: Final = "regulars.features.staff"
FILE_NAME: Final = "sessions.sql"

Stage = Literal["pending", "open"]
Found = tuple[Session, datetime, bool]
"""A session, when its token last changed, and whether it was found by the current one."""

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


async def add(tx: Tx, session: Session, *, stage: Stage, digest: bytes) -> None:
    """Write a new session."""
    await QUERIES.run(
        tx,
        "add_session",
        id=session.id,
        account_id=session.account,
        stage=stage,
        digest=digest,
        at=session.created_at,
        ends_at=session.ends_at,
        agent=session.agent,
    )


async def find(read: Read, digest: bytes, *, stage: Stage, at: datetime, idle_since: datetime) -> Found | None:
    """Find a live session by the digest of its token."""
    row = await QUERIES.row(read, "find_session", digest=digest, stage=stage, at=at, idle_since=idle_since)
    return None if row is None else (_session(row), row["rotated_at"], row["is_current"])


async def see(tx: Tx, session: UUID, *, at: datetime) -> None:
    """Write that a session is in use."""
    await QUERIES.run(tx, "see_session", id=session, at=at)


async def rotate(
    tx: Tx,
    session: UUID,
    *,
    digest: bytes,
    fresh: bytes,
    at: datetime,
    last_until: datetime,
    proved_at: datetime | None,
) -> bool:
    """Put a new token in the place of one; False where somebody else was faster."""
    row = await QUERIES.row(
        tx,
        "rotate_session",
        id=session,
        digest=digest,
        fresh=fresh,
        at=at,
        last_until=last_until,
        proved_at=proved_at,
    )
    return row is not None


async def count_wrong(tx: Tx, session: UUID) -> int:
    """Count a wrong code, and answer how many there were."""
    return int(await QUERIES.value(tx, "count_wrong", id=session))


async def list_of(read: Read, account: UUID, *, at: datetime, idle_since: datetime) -> list[Session]:
    """List the live sessions of an account, oldest first."""
    rows = await QUERIES.rows(
        read, "list_sessions", account_id=account, at=at, idle_since=idle_since, most=SESSIONS_MAX
    )
    return [_session(row) for row in rows]


async def end(tx: Tx, session: UUID, *, account: UUID, at: datetime) -> bool:
    """End a session of an account; False where there is none."""
    return await QUERIES.row(tx, "end_session", id=session, account_id=account, at=at) is not None


async def end_many(tx: Tx, account: UUID, *, but: UUID | None, at: datetime) -> int:
    """End the sessions of an account but one, and answer how many ended."""
    return len(await QUERIES.rows(tx, "end_sessions", account_id=account, but=but, at=at))


async def forget(tx: Tx, *, before: datetime) -> int:
    """Delete sessions that ended long ago, and answer how many."""
    return len(await QUERIES.rows(tx, "forget_sessions", before=before))


def _session(row: Record) -> Session:
    return Session(
        id=row["id"],
        account=row["account_id"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        proved_at=row["proved_at"],
        ends_at=row["ends_at"],
        agent=row["agent"],
    )

"""Open a session, find whose it is, change its token, and end it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Tx
from regulars.features.staff.model import Account, Session, SessionInvalid, SessionUnknown
from regulars.features.staff.sessions.store import (
    Stage,
    add,
    count_wrong,
    end,
    end_many,
    find,
    list_of,
    see,
)
from regulars.features.staff.sessions.store import rotate as write_rotation
from regulars.features.staff.store import find_account
from regulars.features.staff.tokens import PENDING, SESSION, digest_of, draw

__all__ = [
    "IDLE",
    "LASTS",
    "PROOF",
    "ROTATES",
    "Admitted",
    "admit",
    "end_all",
    "end_one",
    "find_pending",
    "list_open",
    "note_wrong",
    "open_session",
    "rotate",
]

LASTS: Final = timedelta(hours=12)
IDLE: Final = timedelta(minutes=30)
ROTATES: Final = timedelta(hours=1)
GRACE: Final = timedelta(seconds=30)
"""How long the token before a change is still good: for requests that were under way."""
PROOF: Final = timedelta(minutes=10)
"""For how long a proof of who is there is fresh."""
PENDING_LASTS: Final = timedelta(minutes=5)
SEEN_AFTER: Final = timedelta(minutes=1)
WRONG_MAX: Final = 5
AGENT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Who came with a token, and the token that takes its place, if it was time for another."""

    session: Session
    account: Account
    token: str | None = field(repr=False)


async def open_session(
    tx: Tx,
    account: UUID,
    *,
    id: UUID,  # noqa: A002 - the glossary's word for it
    at: datetime,
    agent: str,
    stage: Stage = "open",
) -> tuple[Session, str]:
    """Open a session, or, for stage `pending`, what waits for the second factor; answer it and its token."""
    token = draw(SESSION if stage == "open" else PENDING)
    shown = "".join(sign for sign in agent if sign.isprintable())[:AGENT_MAX]
    ends_at = at + (LASTS if stage == "open" else PENDING_LASTS)
    made = Session(id=id, account=account, created_at=at, seen_at=at, proved_at=at, ends_at=ends_at, agent=shown)
    await add(tx, made, stage=stage, digest=digest_of(token))
    return made, token


async def admit(tx: Tx, keyring: Keyring, token: str, *, at: datetime) -> Admitted:
    """Answer whose session this is, and note that it is in use. Raises SessionInvalid, whatever is wrong with it."""
    digest = digest_of(token)
    found = await find(tx, digest, stage="open", at=at, idle_since=at - IDLE)
    stored = None if found is None else await find_account(tx, keyring, found[0].account)
    if found is None or stored is None or stored.account.state != "active":
        raise invalid()
    session, rotated_at, is_current = found
    if is_current and at - rotated_at >= ROTATES:
        return Admitted(session=session, account=stored.account, token=await rotate(tx, session, token, at=at))
    if at - session.seen_at >= SEEN_AFTER:
        await see(tx, session.id, at=at)
    return Admitted(session=session, account=stored.account, token=None)


async def rotate(tx: Tx, session: Session, token: str, *, at: datetime, proved: bool = False) -> str | None:
    """Change the token of a session, and answer the new one; None where that was done a moment ago.

    `proved`: the person has just shown more than the token.
    """
    fresh = draw(SESSION)
    changed = await write_rotation(
        tx,
        session.id,
        digest=digest_of(token),
        fresh=digest_of(fresh),
        at=at,
        last_until=at + GRACE,
        proved_at=at if proved else None,
    )
    return fresh if changed else None


async def find_pending(tx: Tx, token: str, *, at: datetime) -> Session | None:
    """Find the sign-in that waits for its second factor."""
    found = await find(tx, digest_of(token), stage="pending", at=at, idle_since=at - PENDING_LASTS)
    return None if found is None else found[0]


async def note_wrong(tx: Tx, pending: Session, *, at: datetime) -> None:
    """Count a wrong code of a sign-in that waits, and end it at the fifth."""
    if await count_wrong(tx, pending.id) >= WRONG_MAX:
        await end(tx, pending.id, account=pending.account, at=at)


async def list_open(read: Read, account: UUID, *, at: datetime) -> list[Session]:
    """List what a person has open, oldest first."""
    return await list_of(read, account, at=at, idle_since=at - IDLE)


async def end_one(tx: Tx, session: UUID, *, account: UUID, at: datetime) -> None:
    """End a session of a person. Raises SessionUnknown, also for one of somebody else."""
    if not await end(tx, session, account=account, at=at):
        raise SessionUnknown("You have no open session of this id.")


async def end_all(tx: Tx, account: UUID, *, at: datetime, but: UUID | None = None) -> int:
    """End what a person has open, all but one, and answer how many sessions ended."""
    return await end_many(tx, account, but=but, at=at)


def invalid() -> SessionInvalid:
    """One answer for every session that opens nothing."""
    return SessionInvalid("This session is not known, or has ended. Sign in again.")

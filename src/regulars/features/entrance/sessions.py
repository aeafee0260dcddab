"""What members have open: known by a token that changes often, and ends by itself."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.base.db import Read, Tx
from regulars.features.entrance.model import (
    IDLE,
    LASTS,
    PROOF,
    ROTATES,
    MemberSession,
    MemberSessionInvalid,
    MemberSessionUnknown,
    PresenceNeeded,
)
from regulars.features.entrance.store import add_session, end_sessions, find_session, prove_session, see_session
from regulars.features.entrance.store import end_session as write_end
from regulars.features.entrance.store import list_sessions as read_sessions
from regulars.features.entrance.store import rotate_session as write_rotation
from regulars.features.entrance.tokens import SESSION, digest_of, draw
from regulars.kernel import members

__all__ = [
    "Admitted",
    "admit_member",
    "check_presence",
    "end_all",
    "end_one",
    "list_open",
    "open_session",
    "prove",
]

GRACE: Final = timedelta(seconds=30)
"""How long the token before a change is still good: for requests that were under way."""
SEEN_AFTER: Final = timedelta(minutes=1)
AGENT_MAX: Final = 200
OPEN: Final = frozenset({"active", "frozen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Which member came with a token, and the token that takes its place, if it was time for another."""

    session: MemberSession
    token: str | None = field(repr=False)


async def open_session(
    tx: Tx,
    member: UUID,
    *,
    id: UUID,  # noqa: A002 - the glossary's word for it
    at: datetime,
    agent: str,
) -> tuple[MemberSession, str]:
    """Open a session, and answer it with its token. Whoever got this far has shown that they are there."""
    token = draw(SESSION)
    shown = "".join(sign for sign in agent if sign.isprintable())[:AGENT_MAX]
    made = MemberSession(id=id, member=member, created_at=at, seen_at=at, proved_at=at, ends_at=at + LASTS, agent=shown)
    await add_session(tx, made, digest_of(token))
    return made, token


async def admit_member(tx: Tx, token: str, *, at: datetime) -> Admitted:
    """Answer whose session this is, and note that it is in use. Raises MemberSessionInvalid, whatever is wrong."""
    found = await find_session(tx, digest_of(token), at=at, idle_since=at - IDLE)
    if found is None:
        raise _invalid()
    session, rotated_at, is_current = found
    known = (await members.look_many(tx, [session.member])).get(session.member)
    if known is None or known.state not in OPEN:
        # Merged or gone: whoever it was signs in anew, as who they are now.
        raise _invalid()
    if is_current and at - rotated_at >= ROTATES:
        fresh = draw(SESSION)
        digests = {"digest": digest_of(token), "fresh": digest_of(fresh)}
        changed = await write_rotation(tx, session.id, **digests, at=at, last_until=at + GRACE)
        return Admitted(session=session, token=fresh if changed else None)
    if at - session.seen_at >= SEEN_AFTER:
        await see_session(tx, session.id, at=at)
    return Admitted(session=session, token=None)


def check_presence(session: MemberSession, *, at: datetime) -> None:
    """Raises PresenceNeeded where the member showed too long ago that they are there."""
    if at - session.proved_at > PROOF:
        minutes = int(PROOF.total_seconds()) // 60
        message = (
            "Show that it is you, by a passkey (POST /v1/me/step-up/passkey) or a code (POST /v1/me/step-up/try), and"
            f" repeat this within {minutes} minutes."
        )
        raise PresenceNeeded(message)


async def prove(tx: Tx, session: UUID, *, at: datetime) -> None:
    """Note that the member has just shown that they are there."""
    await prove_session(tx, session, at=at)


async def list_open(read: Read, member: UUID, *, at: datetime) -> list[MemberSession]:
    """List what a member has open, oldest first."""
    return await read_sessions(read, member, at=at, idle_since=at - IDLE)


async def end_one(tx: Tx, session: UUID, *, member: UUID, at: datetime) -> None:
    """End a session of a member. Raises MemberSessionUnknown, also for one of somebody else."""
    if not await write_end(tx, session, member=member, at=at):
        raise MemberSessionUnknown("You have no open session of this id.")


async def end_all(tx: Tx, member: UUID, *, at: datetime, but: UUID | None = None) -> int:
    """End what a member has open, all but one, and answer how many sessions ended."""
    return await end_sessions(tx, member, but=but, at=at)


def _invalid() -> MemberSessionInvalid:
    return MemberSessionInvalid("This session is not known, or has ended. Sign in again.")

"""Ask for a second person, and decide: another one, once, in time."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Tx
from regulars.base.ids import new_id
from regulars.features.staff.approvals.model import (
    Approval,
    ApprovalByOneself,
    ApprovalOver,
    ApprovalUnknown,
    Asked,
)
from regulars.features.staff.approvals.store import add, end, find_same, list_kept
from regulars.features.staff.approvals.store import find as find_kept
from regulars.features.staff.approvals.store import refuse as write_refusal
from regulars.features.staff.approvals.store import take as write_take

__all__ = [
    "APPROVAL_DAYS",
    "Approval",
    "ApprovalByOneself",
    "ApprovalOver",
    "ApprovalUnknown",
    "Asked",
    "ask",
    "find",
    "list_approvals",
    "refuse",
    "settle",
    "take",
]

APPROVAL_DAYS: Final = 7
CARRYING_OUT: Final = timedelta(minutes=2)
"""After that, whoever approved it must have died: it may be taken again."""
LAST: Final = UUID(int=2**128 - 1)


async def ask(tx: Tx, keyring: Keyring, asked: Asked, *, action: str, scope: str, by: UUID, at: datetime) -> Approval:
    """Keep a request until a second person decides, for a week. Asked again while it waits, it is the same one."""
    known = await find_same(tx, keyring, asked, by=by, at=at)
    if known is not None:
        return known
    made = Approval(
        id=new_id(),
        action=action,
        scope=scope,
        method=asked.method,
        path=asked.path,
        state="waiting",
        asked_by=by,
        asked_at=at,
        ends_at=at + timedelta(days=APPROVAL_DAYS),
        decided_by=None,
        decided_at=None,
        note="",
        outcome_status=None,
        outcome_code="",
    )
    await add(tx, keyring, made, asked)
    return made


async def find(read: Read, keyring: Keyring, id: UUID, *, at: datetime) -> tuple[Approval, Asked]:  # noqa: A002
    """Read a request as it came. Raises ApprovalUnknown."""
    found = await find_kept(read, keyring, id, at=at)
    if found is None:
        raise ApprovalUnknown("No approval has this id.")
    return found


async def list_approvals(
    read: Read, *, at: datetime, state: str = "", before: UUID | None = None, most: int
) -> list[Approval]:
    """List requests, newest first, those before one. `waiting` leaves out those that have ended."""
    is_live = state == "waiting"
    return await list_kept(read, state=state, only_live=is_live, before=before or LAST, at=at, most=most)


async def take(
    tx: Tx,
    keyring: Keyring,
    id: UUID,  # noqa: A002
    *,
    by: UUID,
    note: str,
    at: datetime,
) -> tuple[Approval, Asked]:
    """Approve a request, and have it for two minutes to carry it out: of several who approve one does.

    Raises ApprovalUnknown, ApprovalByOneself or ApprovalOver.
    """
    approval, asked = await find(tx, keyring, id, at=at)
    if approval.asked_by == by:
        raise ApprovalByOneself("You asked for this yourself. Somebody else has to agree.")
    if not await write_take(tx, id, by=by, note=note, at=at, until=at + CARRYING_OUT):
        raise _over()
    return approval, asked


async def refuse(tx: Tx, keyring: Keyring, id: UUID, *, by: UUID, note: str, at: datetime) -> Approval:  # noqa: A002
    """Refuse a request; who asked may take it back so too. Raises ApprovalUnknown or ApprovalOver."""
    await find(tx, keyring, id, at=at)
    if not await write_refusal(tx, id, by=by, note=note, at=at):
        raise _over()
    return (await find(tx, keyring, id, at=at))[0]


async def settle(tx: Tx, id: UUID, *, by: UUID, status: int, code: str) -> None:  # noqa: A002
    """Write how a request was answered when it was carried out."""
    await end(tx, id, by=by, status=status, code=code)


def _over() -> ApprovalOver:
    return ApprovalOver("This was decided already, or nobody did within a week.")

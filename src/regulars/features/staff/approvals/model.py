"""The values of approvals, and what is refused."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = ["Approval", "ApprovalByOneself", "ApprovalOver", "ApprovalState", "ApprovalUnknown", "Asked"]

ApprovalState = Literal["waiting", "approved", "done", "failed", "refused", "ended"]


class Approval(Struct, frozen=True, kw_only=True):
    """A request that needs a second person, as those who may decide see it."""

    id: UUID
    action: str
    """adjustments, publishing, keys or mass."""
    scope: str
    """Who decides needs it too."""
    method: str
    path: str
    state: ApprovalState
    """approved: being carried out. done and failed: carried out, and answered so. ended: nobody decided in time."""
    asked_by: UUID
    asked_at: datetime
    ends_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    note: str
    outcome_status: int | None
    """The HTTP status with which it was answered when it was carried out."""
    outcome_code: str
    """The code of the problem, where that was the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request exactly as it came."""

    method: str
    path: str
    query: str
    content_type: str
    body: bytes = field(repr=False)


class ApprovalUnknown(Refusal):
    """No approval has this id."""

    code, kind = "approval_unknown", "not_found"


class ApprovalOver(Refusal):
    """The request was decided already, or nobody did in time."""

    code, kind = "approval_over", "conflict"


class ApprovalByOneself(Refusal):
    """Nobody approves what they asked for themselves."""

    code, kind = "approval_by_oneself", "forbidden"

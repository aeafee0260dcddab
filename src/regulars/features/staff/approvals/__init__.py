"""What waits for a second person: a request as it came, who asked, who agreed, and what came of it."""

from regulars.features.staff.approvals.decide import (
    APPROVAL_DAYS,
    Approval,
    ApprovalByOneself,
    ApprovalOver,
    ApprovalUnknown,
    Asked,
    ask,
    find,
    list_approvals,
    refuse,
    settle,
    take,
)

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

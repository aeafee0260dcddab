"""Who may do what: every scope, and the roles that have it. A scope that no line names is nobody's: a test says so."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

__all__ = ["ROLES", "SCOPES", "Role", "scopes_of"]

Role = Literal["owner", "marketer", "analyst", "service_desk", "store", "auditor", "developer"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


def _to(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


OWNER: Final[frozenset[Role]] = _to("owner")
ALL: Final[frozenset[Role]] = _to(*ROLES)
DESK: Final[frozenset[Role]] = OWNER | _to("service_desk")
COUNTER: Final[frozenset[Role]] = DESK | _to("store")
MARKETING: Final[frozenset[Role]] = OWNER | _to("marketer")
READERS: Final[frozenset[Role]] = ALL - _to("store")
BOOKS: Final[frozenset[Role]] = OWNER | _to("analyst", "auditor")
MACHINES: Final[frozenset[Role]] = OWNER | _to("developer")

# What a till does by itself is the owner's only: a person at a desk has other ways.
SCOPES: Final[Mapping[str, frozenset[Role]]] = MappingProxyType(
    {
        "activities:preview": OWNER | _to("marketer", "analyst", "service_desk", "store", "developer"),
        "activities:write": COUNTER,
        "approvals:read": ALL,
        "approvals:decide": OWNER | _to("marketer", "service_desk", "developer"),
        "audit:read": OWNER | _to("auditor"),
        "burning:write": DESK,
        "consents:read": DESK | _to("auditor"),
        "consents:write": DESK,
        "coupons:give": DESK,
        "coupons:read": READERS,
        "coupons:write": MARKETING,
        "estate:read": ALL,
        "estate:write": MACHINES,
        "figures:read": READERS - _to("service_desk"),
        "fraud:read": DESK | _to("auditor"),
        "fraud:rules": OWNER,
        "fraud:write": DESK,
        "households:read": COUNTER | _to("auditor"),
        "keys:read": MACHINES | _to("auditor"),
        "keys:write": MACHINES,
        # Members have it by themselves; at their doors nobody else is let in, whatever they have.
        "me:own": OWNER,
        "members:code": DESK,
        "members:export": DESK,
        # Lots that are brought are points that were not: the owner's, as points:opening is.
        "members:import": OWNER,
        "members:read": COUNTER | _to("auditor"),
        "members:vouch": DESK,
        "members:write": COUNTER,
        "messages:read": MARKETING | _to("service_desk", "auditor"),
        "messages:write": MARKETING | _to("service_desk"),
        "metrics:read": MACHINES,
        "money:read": BOOKS,
        "points:adjust": DESK,
        "points:capture": OWNER,
        "points:claim": COUNTER,
        "points:convert": DESK,
        "points:donate": DESK,
        "points:gift": DESK,
        "points:hold": OWNER,
        "points:household_join": DESK,
        "points:household_leave": DESK,
        "points:invite": COUNTER,
        "points:merge": DESK,
        "points:opening": OWNER,
        "points:past_purchase": OWNER,
        "points:quote": COUNTER,
        "points:quote_release": COUNTER,
        "points:redeem": COUNTER,
        "points:release": DESK,
        "points:reverse": DESK,
        "points:traits": MARKETING,
        "points:unmerge": DESK,
        "points:voucher": DESK,
        "points:voucher_cancel": DESK,
        "points:voucher_used": COUNTER,
        "privacy:erase": DESK,
        "privacy:read": DESK | _to("auditor"),
        "privacy:write": OWNER,
        "program:draft": MARKETING,
        "program:policy": OWNER,
        "program:read": ALL,
        "program:release": MARKETING,
        "program:review": MARKETING,
        "reconciliation:read": COUNTER | _to("analyst", "auditor"),
        "reconciliation:write": COUNTER,
        "session:own": ALL,
        "staff:read": OWNER | _to("auditor"),
        "staff:write": OWNER,
        "webhooks:read": MACHINES | _to("auditor"),
        "webhooks:write": MACHINES,
        "tasks:read": ALL - _to("store"),
        "tasks:write": OWNER | _to("marketer", "service_desk", "developer"),
        "vouchers:read": COUNTER | _to("auditor"),
    }
)
"""By scope: the roles that have it. The owner has every one."""


def scopes_of(roles: Iterable[Role]) -> tuple[str, ...]:
    """List what somebody with these roles may do, sorted."""
    held = set(roles)
    return tuple(sorted(scope for scope, having in SCOPES.items() if having & held))

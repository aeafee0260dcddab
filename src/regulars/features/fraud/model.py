"""The values of the room: rules and what they say by default, cases, and what is refused. Pure."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from regulars.base.errors import Refusal

__all__ = [
    "DEFAULT",
    "DIMENSIONS",
    "FARM",
    "NEXT",
    "Appeal",
    "CaseDeed",
    "CaseHasNoMember",
    "CaseNeedsAnother",
    "CaseState",
    "CaseStateWrong",
    "CaseUnknown",
    "CaseWhole",
    "Dimension",
    "Evidence",
    "FarmRule",
    "FraudCase",
    "FraudRules",
    "FraudRulesChanged",
    "FraudRulesInvalid",
    "MemberNotFreezable",
    "Notice",
    "VelocityRule",
]

Dimension = Literal["member", "card", "till", "cashier", "cashier_member", "device", "address", "staff"]
DIMENSIONS: Final[tuple[Dimension, ...]] = (
    "member",
    "card",
    "till",
    "cashier",
    "cashier_member",
    "device",
    "address",
    "staff",
)
CaseState = Literal["open", "frozen", "cleared", "confirmed"]
FARM: Final = "referral_farm"
MINUTES_MAX: Final = 60 * 24 * 31
Named = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
Score = Annotated[int, Meta(ge=1, le=100)]


class FraudRulesChanged(Refusal):
    """Somebody else changed the rules meanwhile."""

    code, kind = "fraud_rules_changed", "conflict"


class FraudRulesInvalid(Refusal):
    """The rules contradict each other."""

    code, kind = "fraud_rules_invalid", "invalid"


class CaseUnknown(Refusal):
    """There is no such case."""

    code, kind = "fraud_case_unknown", "not_found"


class CaseStateWrong(Refusal):
    """The case is not in a state in which that can be done."""

    code, kind = "fraud_case_state", "conflict"


class CaseHasNoMember(Refusal):
    """The case is about no single member, so nobody's points can be frozen for it."""

    code, kind = "fraud_case_without_member", "conflict"


class CaseNeedsAnother(Refusal):
    """Somebody else has to decide: the rules ask for two people."""

    code, kind = "fraud_case_needs_another", "forbidden"


class MemberNotFreezable(Refusal):
    """The member left, was merged, or was forgotten."""

    code, kind = "member_not_freezable", "conflict"


class VelocityRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More of something within a while than there should be."""

    id: Named
    per: Dimension
    """By what it is counted: `card`, `cashier`, `device` and `address` are facts in `data` of an activity."""
    counts: Literal["activities", "points", "tills", "members"] = "activities"
    kinds: Annotated[tuple[Named, ...], Meta(max_length=20)] = ("purchase",)
    """Of activities; none: all."""
    more_than: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    minutes: Annotated[int, Meta(ge=1, le=MINUTES_MAX)]
    score: Score
    is_on: bool = True


class FarmRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One referrer with many newcomers who look alike."""

    newcomers_min: Annotated[int, Meta(ge=2, le=1_000)] = 10
    days: Annotated[int, Meta(ge=1, le=90)] = 60
    alike_percent: Annotated[int, Meta(ge=1, le=100)] = 70
    """How many of them share a device, an address or a household, or bought once, for hardly more than they had to."""
    near_percent: Annotated[int, Meta(ge=0, le=100)] = 10
    """How much more than the least of these purchases is hardly more."""
    score: Score = 80
    is_on: bool = True


class FraudRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is looked for, and who decides."""

    velocity: Annotated[tuple[VelocityRule, ...], Meta(max_length=50)]
    farm: FarmRule = FarmRule()
    two_people: bool = False
    """Whether whoever froze a member, or has the case, may not decide it alone."""
    quiet_days: Annotated[int, Meta(ge=0, le=365)] = 30
    """How long a subject that was decided is not brought up again by the same rule."""


DEFAULT: Final = FraudRules(
    velocity=(
        # A cashier who serves one member more often than a household shops at all.
        VelocityRule(id="one_card_at_one_cashier", per="cashier_member", more_than=12, minutes=7 * 1440, score=90),
        VelocityRule(id="member_too_often", per="member", more_than=15, minutes=1440, score=60),
        VelocityRule(id="card_too_often", per="card", more_than=15, minutes=1440, score=60),
        VelocityRule(id="member_at_many_tills", per="member", counts="tills", more_than=6, minutes=60, score=70),
        VelocityRule(id="member_points", per="member", counts="points", more_than=100_000, minutes=1440, score=50),
        VelocityRule(id="till_too_fast", per="till", more_than=240, minutes=60, score=40),
        VelocityRule(id="cashier_too_fast", per="cashier", more_than=240, minutes=60, score=50),
        VelocityRule(
            id="device_of_many", per="device", counts="members", kinds=(), more_than=5, minutes=1440, score=60
        ),
        VelocityRule(
            id="address_of_many", per="address", counts="members", kinds=(), more_than=40, minutes=1440, score=30
        ),
        VelocityRule(id="many_adjustments", per="staff", kinds=("adjust",), more_than=30, minutes=1440, score=60),
        VelocityRule(
            id="large_adjustments",
            per="staff",
            counts="points",
            kinds=("adjust",),
            more_than=50_000,
            minutes=1440,
            score=80,
        ),
    ),
)
"""What is looked for where nobody said otherwise."""

NEXT: Final[Mapping[str, frozenset[CaseState]]] = MappingProxyType(
    {
        "assign": frozenset({"open", "frozen"}),
        "freeze": frozenset({"open"}),
        "clear": frozenset({"open", "frozen"}),
        "confirm": frozenset({"open", "frozen"}),
        "appeal": frozenset({"frozen", "confirmed"}),
    }
)
"""By what is done: the states in which it can be."""


class FraudCase(Struct, frozen=True, kw_only=True):
    """Something that looks like fraud."""

    id: UUID
    rule: str
    dimension: str
    """What the subject is: `member`, `till`, `cashier`, ..."""
    subject: str
    member: UUID | None
    """Whom it is about, where it is about one."""
    state: CaseState
    score: int
    measured: int
    """The most that was counted."""
    allowed: int
    opened_at: datetime
    changed_at: datetime
    seen_at: datetime
    """When what was counted last happened."""
    assigned_to: str
    frozen_by: str
    is_holding: bool
    """Whether the member is frozen for this."""
    version: int


class Evidence(Struct, frozen=True, kw_only=True):
    """An activity that was counted."""

    activity: UUID
    member: UUID
    at: datetime


class CaseDeed(Struct, frozen=True, kw_only=True):
    """What somebody did about a case."""

    version: int
    at: datetime
    what: str
    by: str
    reason: str


class Appeal(Struct, frozen=True, kw_only=True):
    """What the member says to it."""

    at: datetime
    text: str

    def __repr__(self) -> str:
        """Show when, and not what: it is the member's own."""
        return f"Appeal(at={self.at})"


class CaseWhole(Struct, frozen=True, kw_only=True):
    """A case with all that belongs to it."""

    case: FraudCase
    evidence: tuple[Evidence, ...]
    deeds: tuple[CaseDeed, ...]
    appeals: tuple[Appeal, ...]


class Notice(Struct, frozen=True, kw_only=True):
    """What a member is to be told."""

    id: UUID
    member: UUID
    case: UUID
    what: Literal["frozen", "thawed", "confirmed"]
    at: datetime

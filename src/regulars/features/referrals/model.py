"""What a marketer says about a referral programme, why a referral is refused, and what is remembered of each side."""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct, field

from regulars.base.errors import Refusal
from regulars.kernel.program import Id, Selection, Word

__all__ = [
    "REFERRED",
    "Act",
    "Gift",
    "Memory",
    "Referral",
    "ReferralLate",
    "ReferralOfSelf",
    "ReferralRing",
    "ReferralTwice",
    "Reward",
    "Settings",
]

REFERRED: Final = "referred"
"""What a newcomer tells; `to` is the referrer."""
GIFTS_MAX: Final = 10

Points = Annotated[int, Meta(ge=0, le=10**9)]
Number = Annotated[int, Meta(ge=1, le=1_000)]
Days = Annotated[int, Meta(ge=0, le=366)]


class ReferralOfSelf(Refusal):
    """Nobody refers themselves, nor, where the programme says so, somebody of their own household."""

    code, kind = "referral_self", "conflict"


class ReferralLate(Refusal):
    """Whoever is said to be new is not: they joined too long ago, have bought, or have referred others already."""

    code, kind = "referral_late", "conflict"


class ReferralTwice(Refusal):
    """The member has said before who sent them."""

    code, kind = "referral_twice", "conflict"


class ReferralRing(Refusal):
    """The referrer was sent, directly or through others, by the very member who names them."""

    code, kind = "referral_ring", "conflict"


class Gift(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that is given besides points, and that another offer of the programme gives out."""

    kind: Id
    """Such as `coupon` or `badge`."""
    what: Id
    """Its name there."""
    count: Number = 1
    """How many."""


class Reward(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one side gets."""

    currency: Word | None = None
    """The currency of the points."""
    points: Points = 0
    """In minor units of the currency."""
    grants: Annotated[tuple[Gift, ...], Meta(max_length=GIFTS_MAX)] = ()
    """What is given besides."""

    def __post_init__(self) -> None:
        if (self.currency is not None) != (self.points > 0):
            raise ValueError("'currency' and 'points' belong together")

    @property
    def is_nothing(self) -> bool:
        """Whether this side goes without."""
        return not (self.points or self.grants)


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a referral programme. The offer's `on` names the acts that make a referral count."""

    newcomer: Reward = field(default_factory=Reward)
    """What the newcomer gets when the hold is over."""
    referrer: Reward = field(default_factory=Reward)
    """What whoever sent them gets then."""
    lines: Selection = field(default_factory=Selection)
    """The lines that the act must have, and what they must come to; without it, any act will do."""
    within_days: Days = 14
    """A newcomer can say who sent them on the day of joining and so many days after it."""
    days: Days = 30
    """The act must happen on the day on which they said so, or so many days after it."""
    hold_days: Days = 14
    """So many whole days after the act nothing is paid yet: what is brought back in them does not count."""
    within_household: bool = False
    """Whether members of one household may refer each other."""
    most_per_month: Number | None = None
    """How many newcomers a referrer is paid for in one calendar month. None: any number."""

    def __post_init__(self) -> None:
        if self.newcomer.is_nothing and self.referrer.is_nothing:
            raise ValueError("a referral gives something to the 'newcomer', to the 'referrer', or to both")


class Act(Struct, frozen=True, kw_only=True, array_like=True, gc=False, order=True):
    """An act that is large enough, whatever it will count for."""

    moment: int
    """When it happened, in microseconds since 1970."""
    day: int
    """Ordinal of its local date."""
    name: str
    """A digest of its source and id."""


class Referral(Struct, frozen=True, kw_only=True, array_like=True, gc=False, order=True):
    """That a newcomer said who sent them."""

    moment: int
    """Microseconds since 1970."""
    day: int
    by: str
    """The referrer's id."""


class Memory(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What is remembered of one member, as a newcomer and as a referrer."""

    acted: int = 0
    """The first act that was heard of, in microseconds since 1970; 0: none."""
    referral: Referral | None = None
    acts: tuple[Act, ...] = ()
    """Acts of a newcomer that are large enough and not brought back, in order; none any more once it is paid."""
    paid: int = 0
    """The day on which the newcomer got theirs; 0: not yet."""
    void: bool = False
    """The newcomer and the referrer turned out to be one person."""
    sent: int = 0
    """How many newcomers said that this member sent them."""
    ids: tuple[str, ...] = ()
    """Members who have become part of this one, as far as referrals may speak of them."""
    months: Mapping[str, int] = {}
    """By calendar month, such as 2026-03: the newcomers that this member was paid for. The last few months only."""

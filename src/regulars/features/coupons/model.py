"""What a marketer says about a coupon, and what is remembered of those that a member holds."""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct, field

from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.program import Id, Names, Selection, Word

__all__ = [
    "HELD_MAX",
    "Amount",
    "BuyGet",
    "Cheapest",
    "Effect",
    "Held",
    "Memory",
    "MorePoints",
    "Partner",
    "Percent",
    "Settings",
]

HELD_MAX: Final = 200
"""Coupons of one kind that are remembered of a member, used ones among them: the newest."""

DAYS: Final = 30

Permille = Annotated[int, Meta(ge=1, le=1000)]
Money = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
Units = Annotated[int, Meta(ge=1, le=1000)]


class Percent(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag="percent"):
    """A part of what the lines cost, rounded down to a whole minor unit."""

    permille: Permille
    """100 is a tenth."""
    max_minor: Money | None = None
    """The most that is taken off."""


class Amount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="amount"):
    """So much money; never more than the lines cost."""

    minor: Money
    """What is taken off, in minor units of money."""


class Cheapest(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag="cheapest"):
    """The cheapest piece among the lines is free, or cheaper."""

    permille: Permille = 1000
    """The part of its price that is taken off; 1000 is all of it."""


class BuyGet(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag="buy_get"):
    """Of every `buy` + `get` pieces, the `get` cheapest are free, or cheaper. The dearest are put together first."""

    buy: Units
    """How many pieces are paid in full."""
    get: Units = 1
    """How many of each so many are cheaper."""
    permille: Permille = 1000
    """The part of their price that is taken off; 1000 is all of it."""


class MorePoints(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag="points"):
    """What offers of the base phase give for the lines is given `times` over `over` times in all."""

    currency: Word
    """The currency whose points there are more of."""
    times: Units
    """How many times as many points there are in the end, with `over` as a ratio of whole numbers."""
    over: Units = 1
    """What `times` is divided by. It must be less than `times`."""

    def __post_init__(self) -> None:
        if self.times <= self.over:
            raise ValueError("more points are more than there were: 'times' must be greater than 'over'")


class Partner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="partner"):
    """A code of a partner, who takes it: each is handed out once, of a list that is uploaded. It does nothing here."""

    partner: Names
    """Whose codes they are, as people call them."""


Effect = Percent | Amount | Cheapest | BuyGet | MorePoints | Partner


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a coupon."""

    coupon: Id
    """Its name: codes are issued under it, and other offers grant it."""
    title: Names
    effect: Effect
    """What whoever shows it gets."""
    lines: Selection = field(default_factory=Selection)
    """The lines that it speaks of; without it, the whole basket. Minimums of a discount are reckoned before any coupon,
    those of points from what is paid."""
    days: Annotated[int, Meta(ge=1, le=3660)] = DAYS
    """A member who is granted one holds it for so many days, the day of the grant among them."""
    per_purchase: Annotated[int, Meta(ge=1, le=20)] = 1
    """How many of them one purchase takes."""
    everybody: bool = False
    """Everybody has one for each purchase that the offer runs for, and shows it by the name `held:<coupon>:all`."""

    def __post_init__(self) -> None:
        if isinstance(self.effect, Partner) and (
            self.everybody or self.days != DAYS or self.per_purchase > 1 or self.lines != Selection()
        ):
            raise ValueError("the partner says what a code is good for: leave out all but 'coupon', 'title', 'effect'")


class Held(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A coupon in a member's hands. Days are ordinals."""

    since: int
    until: int
    """The last day on which it can be used."""
    used: int = 0
    """The day on which it was used; 0: not."""


class Memory(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The coupons that a member holds or held, by name."""

    held: Mapping[str, Held] = {}
    owed: int = 0
    """Codes of a partner that were granted when none was left. They are handed over once there are some."""

"""The frames of a history, and how it is cut at a day. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import polars as pl

__all__ = ["DAY_MIN", "LINES", "MEMBERS", "History", "build_history"]

DAY_MIN: Final = date(1970, 1, 1)
"""What an empty history begins and ends on."""
LINES: Final[Mapping[str, pl.DataType]] = {
    "member": pl.String(),
    "basket": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "day": pl.Date(),
    "store": pl.String(),
    "sku": pl.String(),
    "type": pl.String(),
    "category": pl.String(),
    "department": pl.String(),
    "brand": pl.String(),
    "quantity": pl.Int64(),
    "paid_minor": pl.Int64(),
    "discount_minor": pl.Int64(),
    "coupon_minor": pl.Int64(),
    "channel": pl.String(),
}
"""Columns of what was sold. `day` is the local date, `quantity` is in pieces, `paid_minor` is what the shop took,
`discount_minor` what the shop gave (on the shelf and by offers), `coupon_minor` what a coupon of others paid."""
MEMBERS: Final[Mapping[str, pl.DataType]] = {"member": pl.String(), "joined": pl.Date()}
"""Columns of members that there always are; others are what is known of them (age, household, …), as text."""
USUAL_SHARE: Final = 0.99
ABSURD_TIMES: Final = 1_000
ABSURD_MIN: Final = 1_000_000
"""A line of more than a thousand times what nearly all others are worth, and of more than this, is a typing error."""
ORDER: Final = ("day", "at", "basket", "member", "sku", "paid_minor", "quantity", "discount_minor", "coupon_minor")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The past of a shop. Frames are sorted, so the same history is the same to the row each time it is read."""

    lines: pl.DataFrame
    """What was sold of merchandise, one row a line: see `LINES`. Quantities are above 0, amounts are not negative."""
    members: pl.DataFrame
    """One row a member: member, joined, and what else is known of them."""
    campaigns: pl.DataFrame | None = None
    """campaign, kind, start, end (days, both included)."""
    targets: pl.DataFrame | None = None
    """campaign, member: whom it wrote to."""
    coupons: pl.DataFrame | None = None
    """coupon, campaign, sku: for what a coupon is."""
    redemptions: pl.DataFrame | None = None
    """member, coupon, campaign, day."""
    displays: pl.LazyFrame | None = None
    """sku, store, week (its first day), display, mailer: where things stood and were advertised. Lazy, for it may have
    tens of millions of rows: filter before collecting."""
    other: pl.DataFrame | None = None
    """What was sold beside merchandise (fuel, services, coupons as lines), in the columns of `lines`. It counts as
    money, and says nothing about what to buy next; its quantities may be volumes."""
    returns: pl.DataFrame | None = None
    """What was brought back, in the columns of `lines`, dated when it came back; amounts are not negative."""
    points: pl.DataFrame | None = None
    """What moved points: see `books.POINTS`."""
    given: pl.DataFrame | None = None
    """What each offer issued in the last year: see `books.GIVEN`. Gone in any look back."""
    discounts: pl.DataFrame | None = None
    """What offers took off prices: offer, member, day, discount_minor, times."""
    levels: pl.DataFrame | None = None
    """What the programme said of members: see `books.LEVELS`."""
    trials: pl.DataFrame | None = None
    """Offers that chance lets some members have: see `books.TRIALS`."""
    assigned: pl.DataFrame | None = None
    """Whom chance let have which: see `books.ASSIGNED`."""
    answers: pl.DataFrame | None = None
    """What members answered: see `told.ANSWERS`."""
    rewards: pl.DataFrame | None = None
    """Which rewards were ordered: see `told.REWARDS`."""
    currency: str = ""
    """ISO code of the money; empty where nobody said."""
    zone: str = "UTC"
    """In which days are days."""
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])
    """Rows that make no sense and are in no frame, by why."""

    @property
    def first(self) -> date:
        """The first day on which something was sold."""
        return _day(self.lines["day"].min())

    @property
    def last(self) -> date:
        """The last day on which something was sold."""
        return _day(self.lines["day"].max())

    @property
    def spending(self) -> pl.DataFrame:
        """All lines that were paid for: merchandise, then the rest."""
        return self.lines if self.other is None else pl.concat([self.lines, self.other])

    def before(self, day: date) -> "History":
        """Forget everything that is dated on that day or later: what a model may see that predicts from then on.

        Members who joined later are gone. A campaign that had begun is there whole: its end was printed on the letter.
        Displays and mailers of weeks that had begun are there.
        """
        begun = None if self.campaigns is None else self.campaigns.filter(pl.col("start") < day)
        known = [] if begun is None else begun["campaign"].to_list()
        return replace(
            self,
            lines=self.lines.filter(pl.col("day") < day),
            members=self.members.filter(pl.col("joined") < day),
            campaigns=begun,
            targets=None if self.targets is None else self.targets.filter(pl.col("campaign").is_in(known)),
            coupons=None if self.coupons is None else self.coupons.filter(pl.col("campaign").is_in(known)),
            redemptions=None if self.redemptions is None else self.redemptions.filter(pl.col("day") < day),
            displays=None if self.displays is None else self.displays.filter(pl.col("week") < day),
            other=None if self.other is None else self.other.filter(pl.col("day") < day),
            returns=None if self.returns is None else self.returns.filter(pl.col("day") < day),
            given=None if self.given is None else self.given.filter(pl.col("until") <= day),
            trials=None if self.trials is None else self.trials.filter(pl.col("start") < day),
            **{name: _cut(getattr(self, name), day) for name in DATED},
        )


DATED: Final = ("points", "discounts", "levels", "answers", "rewards")
"""Frames of which each row has a day, beside those above."""


def _cut(frame: pl.DataFrame | None, day: date) -> pl.DataFrame | None:
    return None if frame is None else frame.filter(pl.col("day") < day)


def build_history(
    lines: pl.DataFrame,
    members: pl.DataFrame | None = None,
    *,
    other: pl.DataFrame | None = None,
    returns: pl.DataFrame | None = None,
    currency: str = "",
    zone: str = "UTC",
    left_out: Mapping[str, int] | None = None,
) -> History:
    """Put lines in order, and leave out, counted, those that cannot be: negative or absurd money, no quantity.

    Columns that are missing are empty. A member of whom only lines are known joined on the day of the first.
    """
    whole = _complete(lines)
    counted = dict(left_out or {})
    negative = (pl.col("paid_minor") < 0) | (pl.col("discount_minor") < 0) | (pl.col("coupon_minor") < 0)
    usual = whole["paid_minor"].quantile(USUAL_SHARE) or 0
    beyond = pl.col("paid_minor") > max(ABSURD_MIN, ABSURD_TIMES * int(usual))
    for why, wrong in (
        # What is not known is compared with nothing: it goes first.
        ("no amount or time", pl.any_horizontal(pl.col("paid_minor", "day", "at").is_null())),
        ("negative amount", negative),
        ("absurd amount", beyond),
        ("no quantity", pl.col("quantity") <= 0),
    ):
        if count := whole.filter(wrong).height:
            counted[why] = counted.get(why, 0) + count
        whole = whole.filter(~wrong)
    rest = None if other is None else _complete(other)
    return History(
        lines=_sort(whole),
        members=_know(whole if rest is None else pl.concat([whole, rest]), members),
        other=None if rest is None else _sort(rest),
        returns=None if returns is None else _sort(_complete(returns)),
        currency=currency,
        zone=zone,
        left_out=counted,
    )


def _complete(lines: pl.DataFrame) -> pl.DataFrame:
    blank = {name: pl.lit("" if kind == pl.String else 0) for name, kind in LINES.items() if name not in lines.columns}
    zero = {"discount_minor", "coupon_minor", "quantity"}
    return lines.with_columns(**blank).select(
        pl.col(name).cast(kind).fill_null("")
        if kind == pl.String
        else (pl.col(name).cast(kind).fill_null(0) if name in zero else pl.col(name).cast(kind))
        for name, kind in LINES.items()
    )


def _know(lines: pl.DataFrame, members: pl.DataFrame | None) -> pl.DataFrame:
    seen = lines.group_by("member").agg(pl.col("day").min().alias("seen"))
    if members is None:
        return seen.rename({"seen": "joined"}).sort("member")
    # Whoever bought before they were written down joined when they bought.
    told = members.join(seen, on="member", how="full", coalesce=True).with_columns(
        joined=pl.min_horizontal("joined", "seen")
    )
    return told.drop("seen").sort("member")


def _sort(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.sort(ORDER)


def _day(value: object) -> date:
    return value if isinstance(value, date) else DAY_MIN

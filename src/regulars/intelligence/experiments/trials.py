"""Trials that are made up over real members, so that what is true is known: for judging learners and tests only."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from regulars.intelligence.history import History

__all__ = ["SPAN_DAYS", "People", "Trial", "describe_people", "invent_trial", "read_spending"]

Numbers = npt.NDArray[Any]

SPAN_DAYS: Final = 28
FIRST_DAYS: Final = 105
"""Before the first day on which members are described there are fifteen weeks."""
LEARNED_SHARE: Final = 0.6
FLAT: Final = 0.03
OFTEN_DAYS: Final = 5
"""The outcome: whether a member shops on at least so many days in the four weeks that follow."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Members as they were on days four weeks apart: what is known (logarithms), whether they then came often."""

    columns: tuple[str, ...]
    known: Numbers
    often: Numbers
    member: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A made-up trial: who was treated by chance, what came, the effect that was put in, and who is learned from."""

    treated: Numbers
    outcome: Numbers
    effect: Numbers
    learned: npt.NDArray[np.bool_]


def describe_people(history: History, cutoff: date) -> People:
    """Describe members every four weeks, as long as the four weeks that follow end before the cutoff."""
    days = (
        history.before(cutoff)
        .lines.group_by("member", "day")
        .agg(
            paid=pl.col("paid_minor").sum() / 100,
            coupons=(pl.col("coupon_minor") > 0).sum(),
            private=(pl.col("brand") == "Private").mean(),
            lines=pl.len(),
        )
        .sort("member", "day")
    )
    spans = ((cutoff - history.first).days - FIRST_DAYS) // SPAN_DAYS
    starts = [cutoff - timedelta(days=SPAN_DAYS * (back + 1)) for back in range(max(spans, 0))]
    told = [_describe(days, start) for start in reversed(starts)]
    if not told:
        return People(columns=(), known=np.zeros((0, 0)), often=np.zeros(0), member=np.zeros(0, dtype=np.int64))
    # Names that are numbers stand in the order of numbers: trials are then made up as they were for published figures.
    whole = (
        pl.concat(told)
        .sort(pl.col("member").str.len_bytes(), "member", "age")
        .with_columns(number=pl.col("member").rle_id().cast(pl.Int64))
    )
    columns = tuple(name for name in whole.columns if name not in {"member", "number", "often"})
    return People(
        columns=columns,
        known=np.log1p(whole.select(columns).to_numpy().astype(np.float64)),
        often=whole["often"].to_numpy().astype(np.float64),
        member=whole["number"].to_numpy(),
    )


def _describe(days: pl.DataFrame, start: date) -> pl.DataFrame:
    age = (start - pl.col("day")).dt.total_days()
    end = start + timedelta(days=SPAN_DAYS)
    after = days.filter(pl.col("day").is_between(start, end, closed="left")).group_by("member").agg(came=pl.len())
    return (
        days.filter(pl.col("day") < start)
        .group_by("member")
        .agg(
            last=age.min(),
            age=age.max(),
            **{f"days_{span}": (age <= span).sum() for span in (14, 28, 56, 91)},
            **{f"paid_{span}": pl.col("paid").filter(age <= span).sum() for span in (28, 91)},
            paid_a_day=pl.col("paid").mean(),
            coupons=pl.col("coupons").sum(),
            private=pl.col("private").mean(),
            lines=pl.col("lines").mean(),
        )
        .join(after, on="member", how="left")
        .with_columns(often=(pl.col("came").fill_null(0) >= OFTEN_DAYS).cast(pl.Int8))
        .drop("came")
    )


def invent_trial(people: People, *, seed: int, flat: bool = False) -> Trial:
    """Treat half by chance and let it work as is known: between -3 and 20 points of a hundred, or the same for all.

    Three members of five are to be learned from, the others to judge by.
    """
    drawn = np.random.default_rng(seed)
    count = len(people.often)
    treated = drawn.integers(0, 2, count).astype(np.float64)
    up, down = drawn.random(count), drawn.random(count)
    members = int(people.member.max()) + 1
    learned = np.zeros(members, dtype=np.bool_)
    learned[drawn.permutation(members)[: int(LEARNED_SHARE * members)]] = True
    if flat:
        effect = np.full(count, FLAT)
        return Trial(
            treated=treated, outcome=people.often + FLAT * treated, effect=effect, learned=learned[people.member]
        )
    effect, usual = _invent_effect(people), float(people.often.mean())
    moved = np.where(
        effect >= 0,
        np.maximum(people.often, up < effect / max(1 - usual, 0.1)),
        people.often * (down > -effect / max(usual, 0.1)),
    )
    outcome = np.where(treated == 1, moved, people.often)
    return Trial(treated=treated, outcome=outcome, effect=effect, learned=learned[people.member])


def _invent_effect(people: People) -> Numbers:
    """Let those be moved who use coupons, came lately and come neither rarely nor often; the keenest are annoyed."""

    def scale(name: str) -> Numbers:
        values = people.known[:, people.columns.index(name)]
        return (values - values.mean()) / max(float(values.std()), 1e-9)

    often = scale("days_28")
    leaning = -2.2 + 0.9 * scale("coupons") - 0.7 * scale("last") + 0.5 * scale("private") - 0.5 * often**2
    return np.clip(0.22 / (1 + np.exp(-leaning)) - 0.03 * (often > 1.2), -0.03, 0.2)  # noqa: PLR2004 - see above


def read_spending(history: History, cutoff: date) -> tuple[Numbers, Numbers]:
    """Give what each known member spent in the four weeks from the cutoff on, and in the thirteen before it."""
    end, start = cutoff + timedelta(days=SPAN_DAYS), cutoff - timedelta(weeks=13)
    day = pl.col("day")
    paid = pl.col("paid_minor")
    told = (
        history.spending.group_by("member")
        .agg(
            known=(day < cutoff).any(),
            after=paid.filter((day >= cutoff) & (day < end)).sum() / 100,
            before=paid.filter((day >= start) & (day < cutoff)).sum() / 100,
        )
        .filter(pl.col("known"))
        .sort("member")
    )
    return told["after"].to_numpy(), told["before"].to_numpy()

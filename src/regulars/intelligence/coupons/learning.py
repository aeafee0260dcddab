"""Learning which coupon a member would use, and when to say only what was bought before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec import Struct

from regulars.intelligence.boosting import Boosted, Line, Settings, fit_line
from regulars.intelligence.coupons.pairs import APART, describe_campaign, list_campaigns
from regulars.intelligence.evaluation import Drift, Progress, Watch, measure_drift, take_watch
from regulars.intelligence.history import History
from regulars.intelligence.ranking import describe_rows, grow_trees, judge_order

__all__ = [
    "VERSION",
    "CouponModel",
    "Learned",
    "TooLittle",
    "describe_all",
    "keep_model",
    "learn_coupons",
    "split_campaigns",
]

VERSION: Final = "coupons-3"
TAKEN_MIN: Final = 100
"""With fewer coupons used, trees learn chance."""
BEFORE_DAYS_MIN: Final = 28
"""A campaign that began earlier in the history than this has nothing before it to be described by."""
NEGATIVES: Final = 40
"""How many coupons that were not used are learned from, for each that was: the rest tell nothing more."""
ORDER_SHARE: Final = 0.4
LINE_SHARE: Final = 0.3
"""Of the chance, on the scale of log-odds; the rest is that of the trees."""
SHRINK: Final = 0.03
"""The inverse of the penalty of the line."""
CHOICE: Final = Settings(
    objective="binary", rounds=400, leaves=8, rows_min=200, columns_share=0.5, rows_share=0.8, seeds=2
)
ORDERING: Final = Settings(
    objective="lambdarank",
    rounds=150,
    leaves=8,
    rate=0.05,
    rows_share=0.8,
    seeds=2,
    more={"lambdarank_truncation_level": 15},
)
PAIR: Final = ("campaign", "member")
WATCHED: Final = 50_000
"""Drift is seen from so many pairs as well as from all."""
OF_CAMPAIGN: Final = ("broad", "reach", "days", "form")
"""What is the same for all of a campaign: that it moved says only that this is another one."""
NEWS_SHARE: Final = 0.1

Floats = npt.NDArray[Any]


class TooLittle(Exception):
    """There is too little history to learn from, or nothing to judge by."""


class CouponModel(Struct, frozen=True, kw_only=True):
    """Whether a coupon is used at all, and the order among those of a member. None: only what was bought before."""

    choice: Boosted | None
    order: Boosted | None
    why: str
    line: Line | None = None
    """Over the columns of `choice`: what is learned from few who used a coupon, it generalises better."""

    def score(self, pairs: pl.DataFrame) -> Floats:
        """Score pairs that were described: log-odds, or an order only."""
        if self.choice is None or self.order is None:
            return np.log(pairs["prior"].to_numpy())
        return self.reckon(pairs) + ORDER_SHARE * self.order.predict(describe_rows(pairs, self.order.columns))

    def foretell(self, pairs: pl.DataFrame) -> Floats | None:
        """Give the chance that each is used; None where nothing was learned that supports one."""
        return None if self.choice is None else 1 / (1 + np.exp(-self.reckon(pairs)))

    def reckon(self, pairs: pl.DataFrame) -> Floats:
        """Give the log-odds that each is used, where it was learned."""
        assert self.choice is not None
        assert self.line is not None
        rows = describe_rows(pairs, self.choice.columns)
        chance = np.clip(self.choice.predict(rows), 1e-9, 1 - 1e-9)
        odds = np.log(chance / (1 - chance))
        return (1 - LINE_SHARE) * odds + LINE_SHARE * self.line.predict(rows.astype(np.float64))


class Learned(Struct, frozen=True, kw_only=True):
    """What was learned on a day: all that is kept of it."""

    learned_on: date
    model: CouponModel
    campaigns: tuple[str, ...]
    """From which it was learned, in the order of time."""
    watch: Watch | None
    """What members and coupons of the latest of them looked like; None where no trees were grown."""

    def has_news(self, ended: Sequence[str]) -> bool:
        """Whether more campaigns are over by now than what was learned holds for: a tenth of those learned from."""
        return len(set(ended) - set(self.campaigns)) > NEWS_SHARE * len(self.campaigns)

    def measure_drift(self, pairs: pl.DataFrame) -> Drift | None:
        """Measure how far pairs, and their chances, are from those of the latest campaigns that were learned from."""
        trees = self.model.choice
        if trees is None or self.watch is None:
            return None
        some = _pick_rows(pairs)
        return measure_drift(self.watch, trees.columns, describe_rows(some, trees.columns), self.model.reckon(some))


def keep_model(model: CouponModel, pairs: pl.DataFrame, day: date) -> Learned:
    """Make of a model, and of the pairs that it was learned from, what is kept."""
    campaigns = pairs["campaign"].unique(maintain_order=True).to_list()
    watch = None
    if model.choice is not None:
        some = _pick_rows(pairs.filter(pl.col("campaign").is_in(_hold(campaigns))))
        rows = describe_rows(some, model.choice.columns)
        watched = [at for at, name in enumerate(model.choice.columns) if not name.startswith(OF_CAMPAIGN)]
        watch = take_watch([model.choice.columns[at] for at in watched], rows[:, watched], model.reckon(some))
    return Learned(learned_on=day, model=model, campaigns=tuple(campaigns), watch=watch)


def _pick_rows(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pick rows evenly: as many as drift is seen from."""
    return pairs.gather_every(max(1, pairs.height // WATCHED))


def _hold(campaigns: Sequence[str]) -> list[str]:
    """Name the last quarter of campaigns."""
    return list(campaigns[-max(1, len(campaigns) // 4) :])


def split_campaigns(history: History, cutoff: date) -> tuple[list[str], list[str]]:
    """Name the campaigns that had ended before the cutoff, and those that began on it or later.

    What ran over the cutoff is in neither. Raises TooLittle where one of them is empty.
    """
    known = list_campaigns(history).filter(pl.col("start") >= history.first + timedelta(days=BEFORE_DAYS_MIN))
    ended = known.filter(pl.col("end") < cutoff)["campaign"].to_list()
    begun = known.filter(pl.col("start") >= cutoff)["campaign"].to_list()
    if not ended or not begun:
        raise TooLittle(f"{len(ended)} campaigns had ended before {cutoff}, and {len(begun)} began after it")
    return ended, begun


def describe_all(history: History, campaigns: Sequence[str], progress: Progress) -> pl.DataFrame:
    """Describe what campaigns offered, one after the other."""
    described: list[pl.DataFrame] = []
    for at, campaign in enumerate(campaigns):
        progress("coupons of campaigns", at, len(campaigns))
        described.append(describe_campaign(history, campaign))
    return pl.concat(described)


def learn_coupons(pairs: pl.DataFrame, *, seed: int = 0, tried: bool = False) -> CouponModel:
    """Learn from campaigns that are over; rows of a campaign stand together, in the order of time.

    The last quarter of the campaigns is kept apart first: where trees are no better on it than what was bought before,
    they are not used. `tried` says that this was done before, with another seed.
    """
    taken = int(pairs["taken"].sum())
    if taken < TAKEN_MIN:
        return CouponModel(choice=None, order=None, why=f"{taken} coupons were used, {TAKEN_MIN} are needed to learn.")
    campaigns = pairs["campaign"].unique(maintain_order=True).to_list()
    held = _hold(campaigns)
    early = pairs.filter(~pl.col("campaign").is_in(held))
    late = pairs.filter(pl.col("campaign").is_in(held))
    if not tried and early["taken"].sum() and late["taken"].sum():
        trial = _grow(early, seed=seed, seeds=1)
        ours, theirs = _gain(late, trial.score(late)), _gain(late, np.log(late["prior"].to_numpy()))
        if ours <= theirs:
            why = f"Trees ordered the latest campaigns no better (nDCG {ours:.3f}) than past purchases ({theirs:.3f})."
            return CouponModel(choice=None, order=None, why=why)
    return _grow(pairs, seed=seed, seeds=CHOICE.seeds)


def _gain(pairs: pl.DataFrame, score: Floats) -> float:
    scored = pairs.select(*PAIR, "coupon", "taken").with_columns(score=pl.Series(score))
    wanted = scored.filter(pl.col("taken") == 1)
    return judge_order(scored, wanted, list(PAIR), "coupon").tell()["ndcg@10"]


def _grow(pairs: pl.DataFrame, *, seed: int, seeds: int) -> CouponModel:
    columns = [name for name in pairs.columns if name not in APART]
    sampled = _sample(pairs, seed)
    used = pairs.filter(pl.col("taken").sum().over(PAIR) > 0)
    wanted, weights = (sampled[name].to_numpy().astype(np.float64) for name in ("taken", "weight"))
    rows = describe_rows(sampled, columns).astype(np.float64)
    return CouponModel(
        line=fit_line(rows, wanted, columns, SHRINK, weight=weights / weights.mean()),
        choice=grow_trees(replace(CHOICE, seeds=seeds), sampled, columns, "taken", weight="weight", first_seed=seed),
        order=grow_trees(replace(ORDERING, seeds=seeds), used, columns, "taken", together=PAIR, first_seed=seed),
        why="",
    )


def _sample(pairs: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Keep all that were used and some of the others, which then count for more."""
    drawn = np.random.default_rng(seed).random(pairs.height)
    kept = (NEGATIVES * pl.col("taken").sum().clip(1) / pl.len()).clip(0, 1).over("campaign")
    taken = pl.col("taken") == 1
    return (
        pairs.with_columns(drawn=pl.Series(drawn), kept=kept)
        .filter(taken | (pl.col("drawn") < pl.col("kept")))
        .with_columns(weight=pl.when(taken).then(1.0).otherwise(1 / pl.col("kept")))
        .drop("drawn", "kept")
    )

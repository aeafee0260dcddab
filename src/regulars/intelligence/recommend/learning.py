"""Learning an order of candidates from earlier days, and when to keep to what was bought before."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec import Struct, structs

from regulars.intelligence.boosting import Boosted, Settings
from regulars.intelligence.evaluation import Drift, Paired, Progress, Watch, compare_means, measure_drift, take_watch
from regulars.intelligence.history import History
from regulars.intelligence.ranking import describe_rows, grow_trees, judge_order
from regulars.intelligence.recommend.baskets import (
    HORIZON_DAYS,
    Baskets,
    Level,
    Target,
    count_baskets,
    find_target,
)
from regulars.intelligence.recommend.features import describe_pairs, score_decayed

Numbers = npt.NDArray[Any]

__all__ = ["HALF_LIFE_DAYS", "VERSION", "Ranker", "learn_order", "pick_members", "score_plainly"]

VERSION: Final = "recommend-1"
# Chosen on cutoffs up to the beginning of week 45.
HALF_LIFE_DAYS: Final[dict[Level, int]] = {"sku": 90, "type": 120}
LESSONS: Final = 5
"""How many earlier days are learned from, four weeks apart."""
HISTORY_DAYS_MIN: Final = 84
"""A day with less before it teaches nothing about habits."""
KEPT: Final = 0.3
"""The share of candidates that were not bought which is learned from: any more say nothing new."""
EVENNESS: Final[dict[Level, float]] = {"sku": 0.0, "type": 0.5}
"""Candidates weigh in chances by the size of the basket that followed, to the power of minus this: with 1 all baskets
weigh the same, however much was in them; with 0 all candidates do."""
TARGETS_MIN: Final = 50
"""With fewer baskets to learn from, or to try on, trees learn chance."""
ORDER: Final = Settings(
    objective="lambdarank",
    rounds=180,
    leaves=31,
    rate=0.06,
    rows_min=150,
    columns_share=0.5,
    shrink=0.0,
    seeds=1,
    more={"lambdarank_truncation_level": 20, "max_bin": 127},
)
CHANCE: Final = Settings(
    objective="binary",
    rounds=200,
    leaves=31,
    rate=0.06,
    rows_min=150,
    columns_share=0.4,
    shrink=0.0,
    seeds=1,
    more={"max_bin": 127},
)
TRIAL_ROUNDS: Final = 0.5
"""Whether trees are worth it is seen with so many of them: more make the gain a little larger."""
WATCHED: Final = 300
"""Drift is seen from the candidates of so many members as well as from all."""
SPREAD_ROWS: Final = 50_000
"""How far scores spread is seen from so many candidates as well as from all."""
PAIR: Final = ("u", "i")


class Ranker(Struct, frozen=True, kw_only=True):
    """An order of candidates: by trees, or by what was bought before where there are none, and why there are none.

    Some trees learned to put in order, others how likely each is; both together are better than either.
    """

    level: Level
    learned_on: date
    order: Boosted | None
    chance: Boosted | None
    scales: tuple[float, float]
    """How far the two spread: so much of each is one part of the score."""
    why: str
    trial: Paired | None = None
    """How much better the trees were than past purchases on the last four weeks (nDCG, the same members)."""
    watch: Watch | None = None
    """What candidates and scores looked like in the last four weeks; None where nothing was learned."""

    def score(self, history: History, baskets: Baskets, members: pl.Series) -> pl.DataFrame:
        """Score candidates for members who have bought: u, i, score."""
        if not self.is_learned:
            return score_plainly(baskets).filter(pl.col("u").is_in(members.implode()))
        return self.score_pairs(describe_pairs(history, baskets, members))

    def score_pairs(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Score pairs that were described."""
        assert self.order is not None
        assert self.chance is not None
        parts = _predict(self.order, self.chance, describe_rows(pairs, self.order.columns))
        score = parts[0] / self.scales[0] + parts[1] / self.scales[1]
        return pairs.select(*PAIR, score=pl.Series(score))

    def measure_drift(self, history: History, baskets: Baskets, members: pl.Series) -> Drift | None:
        """Measure how far candidates of some members, and their scores, are from those that were learned from."""
        if self.order is None or self.watch is None:
            return None
        pairs = describe_pairs(history, baskets, members)
        score = self.score_pairs(pairs)["score"].to_numpy()
        return measure_drift(self.watch, self.order.columns, describe_rows(pairs, self.order.columns), score)

    @property
    def is_learned(self) -> bool:
        """Whether trees say the order."""
        return self.order is not None


def score_plainly(baskets: Baskets) -> pl.DataFrame:
    """Score by what was bought before: the baseline, and what is used where trees are no better."""
    return score_decayed(baskets, HALF_LIFE_DAYS[baskets.level])


def learn_order(history: History, cutoff: date, level: Level, progress: Progress, *, lessons: int = LESSONS) -> Ranker:
    """Learn from days four weeks apart before the cutoff, each with the baskets that followed it.

    Nothing that is dated from the cutoff on is read. The last four weeks are kept apart first: where trees that learned
    from earlier ones are no better there, they are not used.
    """
    known = history.before(cutoff)
    days = [cutoff - timedelta(days=HORIZON_DAYS * (back + 1)) for back in range(lessons)]
    days = [day for day in days if (day - known.first).days >= HISTORY_DAYS_MIN]
    if not known.lines.height or len(days) < 2:  # noqa: PLR2004 - one to learn from and one to try on
        return _keep_plain(level, cutoff, "There are too few weeks of history to learn an order from.")
    progress(f"{level}: what was known on {days[0]}", 0, len(days))
    latest, baskets, target = _teach(history, known, days[0], level)
    plain, wanted = score_plainly(baskets), target.wanted
    earlier: list[pl.DataFrame] = []
    for at, day in enumerate(days[1:], start=1):
        progress(f"{level}: what was known on {day}", at, len(days))
        earlier.append(_thin(_teach(history, known, day, level)[0], at))
    if wanted["u"].n_unique() < TARGETS_MIN:
        return _keep_plain(level, cutoff, "Too few members bought again in the last four weeks to learn from.")
    progress(f"{level}: trees", len(days) - 1, len(days))
    first = _grow(level, cutoff, pl.concat(earlier), share=TRIAL_ROUNDS)
    paired = compare_means(
        judge_order(first.score_pairs(latest), wanted, "u", "i").gain,
        judge_order(plain, wanted, "u", "i").gain,
    )
    if paired.difference <= 0:
        why = f"On the last four weeks trees ordered no better than past purchases ({paired.difference:+.4f} nDCG)."
        return _keep_plain(level, cutoff, why, paired)
    ranker = _grow(level, cutoff, pl.concat([_thin(latest, 0), *earlier]))
    some = latest.filter(pl.col("u").is_in(pick_members(latest["u"].unique().sort()).implode()))
    assert ranker.order is not None
    rows, score = describe_rows(some, ranker.order.columns), ranker.score_pairs(some)["score"].to_numpy()
    return structs.replace(ranker, trial=paired, watch=take_watch(ranker.order.columns, rows, score))


def pick_members(members: pl.Series) -> pl.Series:
    """Pick members evenly out of a sorted list: as many as drift is seen from."""
    return members.gather_every(max(1, members.len() // WATCHED))


def _teach(history: History, known: History, day: date, level: Level) -> tuple[pl.DataFrame, Baskets, Target]:
    """Describe the candidates of a day and mark those that were bought next; members of whom none was are left out."""
    baskets = count_baskets(known, day, level)
    target = find_target(known, baskets)
    pairs = describe_pairs(history, baskets, target.wanted["u"].unique().sort())
    sizes = target.wanted.group_by("u").agg(weight=pl.len() ** -EVENNESS[level])
    marked = pairs.join(target.wanted.with_columns(bought=pl.lit(1, pl.Int8)), on=PAIR, how="left").join(sizes, on="u")
    marked = marked.with_columns(pl.col("bought").fill_null(0), day=pl.lit(day)).sort(*PAIR)
    return marked, baskets, target


def _thin(lesson: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Keep what was bought and a share of the rest, drawn evenly: a share drawn otherwise would bend the order."""
    drawn = np.random.default_rng(seed).random(lesson.height)
    kept = lesson.filter((pl.col("bought") == 1) | pl.Series(drawn < KEPT))
    return kept.filter(pl.col("bought").sum().over("u") > 0)


def _keep_plain(level: Level, day: date, why: str, trial: Paired | None = None) -> Ranker:
    return Ranker(level=level, learned_on=day, order=None, chance=None, scales=(1.0, 1.0), why=why, trial=trial)


def _grow(level: Level, day: date, lessons: pl.DataFrame, *, share: float = 1.0) -> Ranker:
    columns = [name for name in lessons.columns if name not in {*PAIR, "bought", "day", "weight"}]
    orders, chances = (replace(each, rounds=round(each.rounds * share)) for each in (ORDER, CHANCE))
    order = grow_trees(orders, lessons, columns, "bought", together=("day", "u"))
    chance = grow_trees(chances, lessons, columns, "bought", weight="weight")
    some = lessons.gather_every(max(1, lessons.height // SPREAD_ROWS))
    parts = _predict(order, chance, describe_rows(some, columns))
    spread = [max(float(part.std()), 1e-9) for part in parts]
    return Ranker(level=level, learned_on=day, order=order, chance=chance, scales=(spread[0], spread[1]), why="")


def _predict(order: Boosted, chance: Boosted, rows: Numbers) -> tuple[Numbers, Numbers]:
    likely = np.clip(chance.predict(rows), 1e-9, 1 - 1e-9)
    return order.predict(rows), np.log(likely / (1 - likely))

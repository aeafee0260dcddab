"""Whether a member who is active will stay away for four weeks: learned from what was so on earlier days."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec import Struct, structs

from regulars.intelligence.boosting import Boosted, Line, Settings, fit_line, fit_trees
from regulars.intelligence.evaluation import (
    Drift,
    Progress,
    Watch,
    measure_drift,
    measure_log_loss,
    stay_silent,
    take_watch,
)
from regulars.intelligence.fading.features import (
    AHEAD,
    SIMPLE,
    describe_members,
    label_members,
    name_columns,
    to_rows,
)
from regulars.intelligence.fading.places import list_places
from regulars.intelligence.history import History
from regulars.intelligence.profile import list_visits

__all__ = ["VERSION", "Fading", "Learned", "TooLittle", "apply_learned", "learn_fading"]

VERSION: Final = "fading-2"
TREES: Final = Settings(objective="binary", rounds=400, leaves=6, rate=0.02, rows_min=100, columns_share=0.2, seeds=5)
STEP: Final = timedelta(days=14)
"""Between the days from which is learned."""
GROWN_WITH_MIN: Final = timedelta(days=98)
"""How much history there has to be before a day from which is learned."""
LAPSED_MIN: Final = 30
"""With fewer who stayed away, and fewer who came, nothing is learned."""
GROWING: Final = frozenset({"age", "visits", "paid", "letters", "letters_open", "redeemed", "redeemed_ago"})
"""What grows from day to day by itself: that it moved says nothing."""
SHRINK: Final = 0.02
"""The inverse of the penalty of the line over all columns."""
TREES_SHARE: Final = 0.5
"""Of the prediction, on the scale of log-odds; the rest is the line's."""

Floats = npt.NDArray[np.float64]


class TooLittle(ValueError):
    """There is too little history to foretell anything from."""


class Learned(Struct, frozen=True, kw_only=True):
    """What was learned on a day: all that is kept of it."""

    learned_on: date
    trees: Boosted | None
    """None where the baseline did as well on the last days from which is learned."""
    line: Line
    simple: Line
    """The baseline."""
    notes: tuple[str, ...]
    gain: float
    """By how much the log loss on the last days was better than the baseline's."""
    watch: Watch
    """What members and scores looked like on the last day that was learned from."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What is looked at."""
        return SIMPLE if self.trees is None else self.trees.columns

    def predict(self, told: pl.DataFrame) -> Floats:
        """Give the chance of each member that they stay away."""
        if self.trees is None:
            return _to_chance(self.simple.predict(to_rows(told, SIMPLE)))
        return _blend(self.trees, self.line, to_rows(told, self.trees.columns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fading:
    """What was learned, and the members of whom it speaks on a day."""

    cutoff: date
    learned: Learned
    told: pl.DataFrame
    """What is known of each active member on the day."""

    def predict(self) -> Floats:
        """Give the chance of each member of `told` that they stay away."""
        return self.learned.predict(self.told)

    def predict_simple(self) -> Floats:
        """Give the chance as the baseline sees it."""
        return _to_chance(self.learned.simple.predict(to_rows(self.told, SIMPLE)))

    def measure_drift(self) -> Drift | None:
        """Measure how far members and scores are from those that were learned from."""
        columns = self.learned.columns
        return measure_drift(self.learned.watch, columns, to_rows(self.told, columns), self.predict())


def learn_fading(history: History, cutoff: date, progress: Progress = stay_silent) -> Fading:
    """Learn from what happened after earlier days, two weeks apart, all of it before the cutoff. Raises TooLittle.

    Whether trees are better than the baseline is tried on the last of these days, with what was learned from those
    that were over by then; only then is all of it learned from.
    """
    past = history.before(cutoff)
    visits, places = list_visits(past.lines), list_places(past)
    days = _list_days(past.first, cutoff)
    frames: list[pl.DataFrame] = []
    for number, day in enumerate(days):
        progress("fading", number, len(days) + 2)
        frames.append(label_members(describe_members(past, visits, places, day), visits, day))
    told = describe_members(past, visits, places, cutoff)
    known = pl.concat(frames, how="diagonal") if frames else pl.DataFrame({"lapsed": []}, schema={"lapsed": pl.Boolean})
    lapsed = int(known["lapsed"].sum())
    if min(lapsed, known.height - lapsed) < LAPSED_MIN or not told.height:
        raise TooLittle(f"{lapsed} of {known.height} stayed away on {len(days)} earlier days")
    columns = name_columns(told)
    # The four weeks after a day may reach into those after the last one: what would not have been known is not used.
    apart = -(-AHEAD // STEP)
    gain, notes = _try_trees(frames[:-apart], frames[-1], columns)
    progress("fading", len(days) + 1, len(days) + 2)
    goal = known["lapsed"].to_numpy().astype(np.float64)
    rows = to_rows(known, columns)
    learned = Learned(
        learned_on=cutoff,
        trees=fit_trees(TREES, columns, rows, goal) if gain > 0 else None,
        line=fit_line(rows, goal, columns, SHRINK),
        simple=fit_line(to_rows(known, SIMPLE), goal, SIMPLE, 1.0),
        notes=notes,
        gain=gain,
        watch=Watch(rows=0, edges={}, shares={}),
    )
    watched = tuple(name for name in learned.columns if name not in GROWING)
    watch = take_watch(watched, to_rows(frames[-1], watched), learned.predict(frames[-1]))
    return Fading(cutoff=cutoff, learned=structs.replace(learned, watch=watch), told=told)


def apply_learned(learned: Learned, history: History, cutoff: date) -> Fading:
    """Let what was learned before speak of members as they are on a day."""
    past = history.before(cutoff)
    told = describe_members(past, list_visits(past.lines), list_places(past), cutoff)
    return Fading(cutoff=cutoff, learned=learned, told=told)


def _list_days(first: date, cutoff: date) -> list[date]:
    days: list[date] = []
    day = cutoff - AHEAD
    while day - GROWN_WITH_MIN >= first:
        days.append(day)
        day -= STEP
    return days[::-1]


def _try_trees(
    earlier: list[pl.DataFrame], last: pl.DataFrame, columns: tuple[str, ...]
) -> tuple[float, tuple[str, ...]]:
    """Say by how much trees beat the baseline on the last day, and that in words; 0 where it cannot be tried."""
    before = pl.concat(earlier, how="diagonal") if earlier else None
    lapsed = 0 if before is None else int(before["lapsed"].sum())
    if before is None or min(lapsed, before.height - lapsed) < LAPSED_MIN:
        return 0.0, ("The baseline is used: there are too few earlier days to try anything better.",)
    goal = before["lapsed"].to_numpy().astype(np.float64)
    truth = last["lapsed"].to_numpy()
    rows, new = to_rows(before, columns), to_rows(last, columns)
    few = replace(TREES, seeds=1)
    ours = _blend(fit_trees(few, columns, rows, goal), fit_line(rows, goal, columns, SHRINK), new)
    theirs = _to_chance(fit_line(to_rows(before, SIMPLE), goal, SIMPLE, 1.0).predict(to_rows(last, SIMPLE)))
    gain = float((measure_log_loss(truth, theirs) - measure_log_loss(truth, ours)).mean())
    told = "Trees and a line are used" if gain > 0 else "The baseline is used"
    return gain, (f"{told}: on the last earlier day trees were better by {gain:.4f} nats.",)


def _blend(trees: Boosted, line: Line, rows: Floats) -> Floats:
    chance = np.clip(trees.predict(rows), 1e-6, 1 - 1e-6)
    odds = np.log(chance / (1 - chance))
    return _to_chance(TREES_SHARE * odds + (1 - TREES_SHARE) * line.predict(rows))


def _to_chance(odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(odds, -30, 30)))

"""Forecasts of weekly demand: trees over all series at once, tried on the last weeks against a plain average first."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from regulars.intelligence.boosting import Boosted, Settings, fit_trees
from regulars.intelligence.demand.series import HORIZON_WEEKS, Demand
from regulars.intelligence.evaluation import Drift, Watch, measure_drift, take_watch

__all__ = ["VERSION", "Forecast", "Learned", "apply_learned", "average", "forecast_demand", "learn_demand"]

VERSION: Final = "demand-3"

Numbers = npt.NDArray[Any]

# Chosen on cutoffs up to the beginning of week 45.
DECAY: Final = 0.85
WEEKS_MIN: Final = 16
"""What trees learn from has at least so many weeks before it."""
PIECES_SHARE: Final = 0.5
"""Of trees for pieces; the rest is of trees for the ratio to the usual."""
MEMBERS_SHARE: Final = 0.3
"""Of what members who come would buy, in the forecast."""
MIDDLE_SHARE: Final = 0.1
"""Of the middle of the last eight weeks; the rest of the forecast is the trees'."""
MIDDLE_WEEKS: Final = 8
PIECES: Final = Settings(
    objective="tweedie", rounds=220, leaves=31, rate=0.05, rows_min=200, columns_share=0.6, seeds=1,
    more={"tweedie_variance_power": 1.2, "max_bin": 127},
)  # fmt: skip
RATIO: Final = Settings(
    objective="l2", rounds=150, leaves=31, rate=0.05, rows_min=300, columns_share=0.6, seeds=1, more={"max_bin": 127}
)
EVERY: Final = 2
"""Every second week is learned from: weeks beside each other say nearly the same."""
LOW, HIGH = 0.1, 0.9
BANDS: Final = 12
CORRECTION_MAX: Final = 0.05
"""A level that was off in the last weeks is corrected by no more than this."""


class Trees(Struct, frozen=True, kw_only=True):
    """What was grown, and in which order it numbers stores and categories."""

    pieces: Boosted
    ratio: Boosted
    stores: tuple[str, ...]
    categories: tuple[str, ...]


class Bands(Struct, frozen=True, kw_only=True):
    """By rising forecast: up to which, and how far what came lay below and above it, in roots of what was forecast."""

    edges: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class Learned(Struct, frozen=True, kw_only=True):
    """What was learned on a day: all that is kept of it."""

    learned_on: date
    trees: Trees | None
    """None where the average of past weeks stands."""
    level: float
    """By what forecasts of the trees are multiplied."""
    bands: Bands
    watch: Watch | None
    """What series and their forecasts looked like on that day; None without trees."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Pieces of each series in each of the weeks to come, with the range that four of five weeks fall into."""

    pieces: Numbers
    low: Numbers
    high: Numbers
    learned: Learned
    drift: Drift | None
    """How far series are from those that were learned from; None where that cannot be told."""

    @property
    def is_learned(self) -> bool:
        """Whether trees say so, and not the average."""
        return self.learned.trees is not None

    @property
    def why(self) -> str:
        """Why the average stands; empty where it does not."""
        return self.learned.why


def average(demand: Demand, origin: int) -> Numbers:
    """Average the weeks before an origin, each next older one counting 15 % less: the same for all weeks to come."""
    known = demand.sold[:, :origin]
    weight = DECAY ** np.arange(origin)[::-1]
    return np.repeat((known * weight).sum(axis=1, keepdims=True) / weight.sum(), HORIZON_WEEKS, axis=1)


def forecast_demand(demand: Demand) -> Forecast:
    """Forecast the weeks after the last that is known, by what is learned from the weeks that are."""
    return apply_learned(learn_demand(demand), demand)


def learn_demand(demand: Demand) -> Learned:
    """Learn from the weeks that are known.

    The same is done four weeks earlier first. What came then tells how wide the range is and how far the level was off;
    and where trees were no better than the average, the average it is.
    """
    origin = demand.origin
    past = origin - HORIZON_WEEKS
    came, usual = demand.sold[:, past:origin], average(demand, past)
    if past - HORIZON_WEEKS < WEEKS_MIN:
        why = f"{origin} weeks are too few to learn from: the average of past weeks stands."
        return _keep_average(demand, _measure_bands(usual, came), why)
    panel = _lay_out(demand, demand.list_names("store"), demand.list_names("category"))
    tried = _mix(_predict(_learn(panel, past), panel, past), demand, past, demand.by_members[0])
    ours, theirs = _miss(tried, came), _miss(usual, came)
    if ours >= theirs:
        why = f"In the last four weeks trees missed by {ours:.3f} and the average by {theirs:.3f}: the average stands."
        return _keep_average(demand, _measure_bands(usual, came), why)
    off = came.sum() / max(tried.sum(), 1e-9)
    level = float(np.clip(np.sqrt(off), 1 - CORRECTION_MAX, 1 + CORRECTION_MAX))
    trees = _learn(panel, origin)
    rows = _describe(panel, origin, 1)
    return Learned(
        learned_on=demand.weeks[origin],
        trees=trees,
        level=level,
        bands=_measure_bands(tried * level, came),
        watch=take_watch(trees.pieces.columns, rows, trees.pieces.predict(rows)),
        why="",
    )


def apply_learned(learned: Learned, demand: Demand) -> Forecast:
    """Forecast by what was learned before: stores and categories that are new are told by how they sell alone."""
    if learned.trees is None:
        plain = average(demand, demand.origin)
        low, high = _spread(learned.bands, plain)
        return Forecast(pieces=plain, low=low, high=high, learned=learned, drift=None)
    panel = _lay_out(demand, learned.trees.stores, learned.trees.categories)
    grown = _predict(learned.trees, panel, demand.origin)
    pieces = _mix(grown, demand, demand.origin, demand.by_members[1]) * learned.level
    low, high = _spread(learned.bands, pieces)
    drift = None
    if learned.watch is not None:
        rows, trees = _describe(panel, demand.origin, 1), learned.trees.pieces
        drift = measure_drift(learned.watch, trees.columns, rows, trees.predict(rows))
    return Forecast(pieces=pieces, low=low, high=high, learned=learned, drift=drift)


def _keep_average(demand: Demand, bands: Bands, why: str) -> Learned:
    return Learned(learned_on=demand.weeks[demand.origin], trees=None, level=1.0, bands=bands, watch=None, why=why)


def _miss(pieces: Numbers, came: Numbers) -> float:
    return float(np.abs(pieces - came).sum() / max(came.sum(), 1e-9))


def _measure_bands(tried: Numbers, came: Numbers) -> Bands:
    """See how far forecasts of like size were off."""
    edges = np.quantile(tried, np.linspace(0, 1, BANDS + 1)[1:-1])
    band = np.searchsorted(edges, tried)
    off = (came - tried) / np.sqrt(tried + 1)
    found = [np.quantile(off[band == at], (LOW, HIGH)) if (band == at).any() else np.zeros(2) for at in range(BANDS)]
    return Bands(
        edges=tuple(float(edge) for edge in edges),
        low=tuple(float(low) for low, _ in found),
        high=tuple(float(high) for _, high in found),
    )


def _spread(bands: Bands, pieces: Numbers) -> tuple[Numbers, Numbers]:
    """Give the range that four of five fall into, by how far those of like size were off before."""
    wanted = np.searchsorted(np.asarray(bands.edges), pieces)
    width = np.sqrt(pieces + 1)
    # Pieces are whole.
    low = np.ceil(np.maximum(pieces + np.asarray(bands.low)[wanted] * width, 0) - 0.5)
    high = np.floor(np.maximum(pieces + np.asarray(bands.high)[wanted] * width, 0) + 0.5)
    return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Series, with the numbers of their stores and categories, and how all of a category or store sold."""

    demand: Demand
    stores: tuple[str, ...]
    categories: tuple[str, ...]
    numbers: tuple[Numbers, Numbers]
    """Of store and category; not a number for those that were not known when trees were grown."""
    wholes: tuple[tuple[Numbers, Numbers], ...]
    """Of categories and of stores: weekly sums, and which of them is each series'."""


def _lay_out(demand: Demand, stores: tuple[str, ...], categories: tuple[str, ...]) -> _Panel:
    wholes: list[tuple[Numbers, Numbers]] = []
    for column in ("category", "store"):
        group = demand.number(column)
        whole = np.zeros((int(group.max()) + 1, demand.sold.shape[1]))
        np.add.at(whole, group, demand.sold)
        wholes.append((whole, group))
    return _Panel(
        demand=demand,
        stores=stores,
        categories=categories,
        numbers=(demand.place("store", stores), demand.place("category", categories)),
        wholes=tuple(wholes),
    )


def _learn(panel: _Panel, origin: int) -> Trees:
    panels: list[Numbers] = []
    goals: list[Numbers] = []
    for start in range(origin - 1, WEEKS_MIN - 1, -EVERY):
        for ahead in range(1, HORIZON_WEEKS + 1):
            if start + ahead <= origin:
                panels.append(_describe(panel, start, ahead))
                goals.append(panel.demand.sold[:, start + ahead - 1])
    rows, goal = np.concatenate(panels), np.concatenate(goals)
    columns = [f"c{at}" for at in range(rows.shape[1])]
    usual = _usual(rows)
    return Trees(
        pieces=fit_trees(PIECES, columns, rows, goal),
        ratio=fit_trees(RATIO, columns, rows, np.minimum(goal / usual, 8.0)),
        stores=panel.stores,
        categories=panel.categories,
    )


def _predict(trees: Trees, panel: _Panel, origin: int) -> Numbers:
    found: list[Numbers] = []
    for ahead in range(1, HORIZON_WEEKS + 1):
        rows = _describe(panel, origin, ahead)
        ratio = trees.ratio.predict(rows) * _usual(rows)
        found.append(PIECES_SHARE * trees.pieces.predict(rows) + (1 - PIECES_SHARE) * ratio)
    return np.maximum(np.stack(found, axis=1), 0)


def _mix(pieces: Numbers, demand: Demand, origin: int, by_members: Numbers) -> Numbers:
    """Lay what members would buy, and the middle of past weeks, beside what trees say."""
    # Trees know best how much is sold in all.
    level = pieces.sum() / max(HORIZON_WEEKS * by_members.sum(), 1e-9)
    middle = np.median(demand.sold[:, max(0, origin - MIDDLE_WEEKS) : origin], axis=1)
    beside = MEMBERS_SHARE * level * by_members + MIDDLE_SHARE * middle
    return (1 - MEMBERS_SHARE - MIDDLE_SHARE) * pieces + beside[:, np.newaxis]


def _usual(rows: Numbers) -> Numbers:
    return rows[:, USUAL] + 0.5


USUAL: Final = 7


def _describe(panel: _Panel, origin: int, ahead: int) -> Numbers:
    """Describe each series as it was known at an origin, for a week ahead. Only the plan of displays is of later."""
    demand = panel.demand
    known, to = demand.sold[:, :origin], origin + ahead - 1
    last13, last8, last4 = known[:, -13:], known[:, -8:], known[:, -4:]
    weight = DECAY ** np.arange(origin)[::-1]
    decayed = (known * weight).sum(axis=1) / weight.sum()
    told = [known[:, -1], known[:, -2], known[:, -3], known[:, -4]]
    told += [last4.mean(axis=1), last8.mean(axis=1), last13.mean(axis=1), decayed, known.mean(axis=1)]
    told += [last13.std(axis=1), (last13 > 0).mean(axis=1), np.median(last8, axis=1), last13.max(axis=1)]
    told += [last4.mean(axis=1) / (last13.mean(axis=1) + 0.1)]
    for plan in demand.plans:
        now, before = plan[:, to], plan[:, origin - 8 : origin].mean(axis=1)
        told += [now, plan[:, origin - 1], before, now / (before + 0.05), now - plan[:, origin - 1]]
    for whole, group in panel.wholes:
        told += _describe_whole(whole[:, :origin], group)
    told += [np.full(len(known), float(ahead)), *panel.numbers]
    return np.stack(told, axis=1)


def _describe_whole(whole: Numbers, group: Numbers) -> list[Numbers]:
    """Describe how the whole category or store goes."""
    usual = whole[:, -13:].mean(axis=1) + 0.1
    late, last = whole[:, -4:].mean(axis=1) / usual, whole[:, -1] / (whole[:, -8:].mean(axis=1) + 0.1)
    before = whole[:, -4] / (whole[:, -8:].mean(axis=1) + 0.1)
    return [late[group], last[group], before[group], whole[:, -8:].mean(axis=1)[group]]

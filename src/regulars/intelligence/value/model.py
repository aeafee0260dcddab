"""What each member will spend in a time ahead: a blend of four views, brought to the level of the last weeks.

One view says that members go on as they did, one that they go on as they did lately, one is BG/NBD with Gamma-Gamma,
and one is boosted trees that learned from earlier days what came after. How much all spend together moves slowly, and
trees that grew on earlier days do not know it: each view says how the whole is shared, and the last weeks say how much
it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec import Struct

from regulars.intelligence.boosting import Boosted, Settings, fit_trees
from regulars.intelligence.evaluation import Drift, Progress, Watch, measure_drift, stay_silent, take_watch
from regulars.intelligence.history import History
from regulars.intelligence.profile import describe_visits, list_visits
from regulars.intelligence.value.buying import Buying, FitFailed, fit_buying
from regulars.intelligence.value.spending import Spending, fit_spending

__all__ = ["AHEAD_MAX", "VERSION", "Learned", "TooLittle", "Value", "apply_learned", "learn_value", "measure_spend"]

VERSION: Final = "value-2"
AHEAD_MAX: Final = timedelta(days=182)
WINDOW_DAYS: Final = 182
"""Days back from which is reckoned; what is older says little of what comes."""
LATELY_DAYS: Final = 91
WINDOW_DAYS_MIN: Final = 28
MEMBERS_MIN: Final = 30
TRIAL_PART: Final = 3
"""The last third of the history is what blend and baseline are tried on."""
TREES: Final = Settings(
    objective="tweedie",
    rounds=220,
    leaves=12,
    rate=0.03,
    rows_min=60,
    rows_share=0.8,
    shrink=5.0,
    seeds=6,
    more={"tweedie_variance_power": 1.3},
)
"""Some spend nothing, few spend much, and the more is expected the more it varies."""
SHARES: Final[Mapping[str, float]] = {"trees": 0.15, "buying": 0.4, "same": 0.3, "lately": 0.15}
"""How much each view counts: chosen where what was to be foretold ended before any week that is shown."""
DRAWN_WEEKLY: Final = 0.0009
"""By so much of its distance, for each week ahead, a blended prediction is drawn to the mean: whoever spent most spends
less again, and the further ahead, the more."""
MINOR: Final = 100
DAYS_MAX: Final = 4
"""Earlier days from which trees learn, a week apart."""
WEEK_DAYS: Final = 7
BINS: Final = 5
INTERVAL: Final = (0.1, 0.9)
STRETCH: Final = 0.25
KEYS: Final = ("member", "spent")
LONGEST: Final = frozenset({"age", "gap_max"})
"""What every member's past has more of from day to day: that it moved says nothing."""

Floats = npt.NDArray[np.float64]


class TooLittle(ValueError):
    """There is too little history to foretell anything from."""


class Learned(Struct, frozen=True, kw_only=True):
    """What was learned on a day: all that is kept of it. What is fitted in no time (BG/NBD) is fitted each day."""

    learned_on: date
    shares: Mapping[str, float]
    """How much each view counts. Empty where the blend was no better than the baseline on an earlier day."""
    widths: tuple[tuple[float, float, float], ...]
    """By rising prediction: up to which, and by what the prediction is multiplied for the ends of the interval."""
    trees: Boosted | None
    """None where there were too few earlier days."""
    back: int
    """From how many days before a day trees look."""
    step: int
    """Of how many days after it they foretell the spending."""
    watch: Watch | None
    """What members and the predictions of trees looked like on that day; None without trees."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What is foretold as of a day. Money is in minor units, not rounded."""

    cutoff: date
    learned: Learned
    ahead: timedelta
    members: tuple[str, ...]
    views: Mapping[str, Floats]
    """Each view for each member, at the level of the last weeks."""
    simple: Floats
    """The same as before, at its own level."""
    alive: Floats
    """The chance that each is still active, by BG/NBD; not a number where it could not be fitted."""
    buying: Buying | None
    spending: Spending | None
    drift: Drift | None
    """How far members are from those that were learned from; None where that cannot be told."""
    notes: tuple[str, ...]

    def predict(self) -> Floats:
        """Give what each member is expected to spend."""
        return _blend(self.views, self.learned.shares, self.ahead) if self.learned.shares else self.simple

    def predict_simple(self) -> Floats:
        """Give what the baseline expects: the same as before."""
        return self.simple

    def bound(self) -> tuple[Floats, Floats]:
        """Give the ends of the interval in which eight of ten are expected."""
        expected = self.predict()
        widths = self.learned.widths
        place = np.searchsorted([most for most, _, _ in widths[:-1]], expected)
        low = np.array([low for _, low, _ in widths])[place]
        high = np.array([high for _, _, high in widths])[place]
        return expected * low, expected * high


def learn_value(
    history: History, cutoff: date, ahead: timedelta = AHEAD_MAX, progress: Progress = stay_silent
) -> Value:
    """Foretell what each member spends in a time from the cutoff on, from what is dated before. Raises TooLittle.

    Foretold are those who bought within the window before. Whether the blend is better than the same as before is
    tried on an earlier day.
    """
    visits, first = _look_back(history, cutoff)
    progress("value", 0, 3)
    span = (cutoff - first).days
    trial = cutoff - timedelta(days=min(span // TRIAL_PART, ahead.days))
    shares, widths, notes = _try_blend(visits, first, trial, cutoff)
    # Members change meanwhile: the further ahead than was tried, the wider.
    stretch = max(1.0, ahead / (cutoff - trial)) ** STRETCH
    progress("value", 1, 3)
    grown = _grow_trees(visits, first, cutoff, ahead)
    learned = Learned(
        learned_on=cutoff,
        shares=shares,
        widths=tuple((most, low**stretch, high**stretch) for most, low, high in widths),
        trees=grown.trees,
        back=grown.back,
        step=grown.step,
        watch=_take_watch(visits, cutoff, grown),
        notes=notes,
    )
    progress("value", 2, 3)
    return _foretell(learned, visits, first, cutoff, ahead)


def apply_learned(learned: Learned, history: History, cutoff: date, ahead: timedelta = AHEAD_MAX) -> Value:
    """Let what was learned before speak of members as they are on a day. Raises TooLittle."""
    visits, first = _look_back(history, cutoff)
    return _foretell(learned, visits, first, cutoff, ahead)


def _look_back(history: History, cutoff: date) -> tuple[pl.DataFrame, date]:
    """List the visits before a day, and the first day of all; raises TooLittle."""
    past = history.before(cutoff)
    visits = list_visits(past.spending)
    span, members = (cutoff - past.first).days, visits["member"].n_unique()
    if span < WINDOW_DAYS_MIN or members < MEMBERS_MIN:
        raise TooLittle(f"there are {span} days of {members} members")
    return visits, past.first


def _foretell(learned: Learned, visits: pl.DataFrame, first: date, cutoff: date, ahead: timedelta) -> Value:
    grown = _Grown(trees=learned.trees, back=learned.back, step=learned.step)
    made = _see(visits, first, cutoff, ahead, grown)
    return Value(
        cutoff=cutoff,
        ahead=ahead,
        learned=learned,
        members=made.members,
        views=made.views,
        simple=made.simple,
        alive=made.alive,
        buying=made.buying,
        spending=made.spending,
        drift=_measure_drift(learned, visits, cutoff),
        notes=(*learned.notes, *made.notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grown:
    trees: Boosted | None
    back: int
    step: int


def _take_watch(visits: pl.DataFrame, cutoff: date, grown: _Grown) -> Watch | None:
    """Write down what members looked like to the trees on the day on which they were grown."""
    if grown.trees is None:
        return None
    rows = _to_rows(_describe(visits, cutoff, grown.back), grown.trees.columns)
    watched = [at for at, name in enumerate(grown.trees.columns) if name not in LONGEST]
    return take_watch([grown.trees.columns[at] for at in watched], rows[:, watched], grown.trees.predict(rows))


def _measure_drift(learned: Learned, visits: pl.DataFrame, cutoff: date) -> Drift | None:
    if learned.trees is None or learned.watch is None:
        return None
    rows = _to_rows(_describe(visits, cutoff, learned.back), learned.trees.columns)
    return measure_drift(learned.watch, learned.trees.columns, rows, learned.trees.predict(rows))


def measure_spend(visits: pl.DataFrame, members: tuple[str, ...], since: date, until: date) -> Floats:
    """Sum up what members spent from one day on, before another."""
    within = visits.filter((pl.col("day") >= since) & (pl.col("day") < until))
    spent = within.group_by("member").agg(pl.col("paid").sum())
    asked = pl.DataFrame({"member": list(members)}, schema={"member": pl.String})
    return _fill(asked.join(spent, on="member", how="left", maintain_order="left")["paid"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    members: tuple[str, ...]
    views: Mapping[str, Floats]
    simple: Floats
    alive: Floats
    buying: Buying | None
    spending: Spending | None
    notes: tuple[str, ...]


def _see(visits: pl.DataFrame, first: date, cutoff: date, ahead: timedelta, grown: _Grown) -> _Seen:
    """Look at the members as of a day, in each of the ways."""
    window = min(WINDOW_DAYS, (cutoff - first).days)
    lately = min(LATELY_DAYS, window // 2)
    within = visits.filter((pl.col("day") >= cutoff - timedelta(days=window)) & (pl.col("day") < cutoff))
    told = (
        within.group_by("member", maintain_order=True)
        .agg(
            repeats=pl.len().cast(pl.Int64) - 1,
            first=pl.col("day").min(),
            last=pl.col("day").max(),
            paid=pl.col("paid").sum(),
            mean=pl.col("paid").slice(1).mean().fill_null(0),
        )
        .sort("member")
    )
    members = tuple(told["member"].to_list())
    recent = measure_spend(visits, members, cutoff - timedelta(days=lately), cutoff) * (ahead.days / lately)
    simple = _fill(told["paid"]) * (ahead.days / window)
    views = {"same": simple, "lately": recent}
    weeks = [(told["last"] - told["first"]).dt.total_days(), (pl.lit(cutoff) - told["first"]).dt.total_days() - 1]
    repeats, (last, known) = _fill(told["repeats"]), (_fill(told.select(week).to_series()) / 7 for week in weeks)
    notes: list[str] = []
    buying, spending, alive = None, None, np.full(len(members), np.nan)
    try:
        buying, spending = fit_buying(repeats, last, known), fit_spending(repeats, _fill(told["mean"]))
        alive = buying.count_alive(repeats, last, known)
        often = _expect_visits(buying, ahead, repeats, last, known)
        views["buying"] = often * spending.expect(repeats, _fill(told["mean"]))
    except FitFailed as failed:
        notes.append(f"BG/NBD with Gamma-Gamma is left out: {failed}.")
    if grown.trees is not None:
        rows = _describe(visits, cutoff, grown.back, members)
        views["trees"] = grown.trees.predict(_to_rows(rows, grown.trees.columns)) * (MINOR * ahead.days / grown.step)
    else:
        notes.append("Trees are left out: there are too few earlier days to learn from.")
    level = float(recent.sum())
    return _Seen(
        members=members,
        views={name: view * (level / total if (total := float(view.sum())) else 1.0) for name, view in views.items()},
        simple=simple,
        alive=alive,
        buying=buying,
        spending=spending,
        notes=tuple(notes),
    )


def _expect_visits(buying: Buying, ahead: timedelta, repeats: Floats, last: Floats, known: Floats) -> Floats:
    """Expect visits of each; raises FitFailed where the parameters say what cannot be."""
    often = buying.expect(ahead.days / 7, repeats, last, known)
    if not (np.isfinite(often).all() and often.min() >= 0 and often.max() <= ahead.days):
        raise FitFailed("members would come more than once a day")
    return often


def _try_blend(
    visits: pl.DataFrame, first: date, trial: date, cutoff: date
) -> tuple[Mapping[str, float], tuple[tuple[float, float, float], ...], tuple[str, ...]]:
    """Choose between blend and baseline by an earlier day, and see there how far off the chosen one is."""
    ahead = cutoff - trial
    seen = _see(visits, first, trial, ahead, _grow_trees(visits, first, trial, ahead))
    truth = measure_spend(visits, seen.members, trial, cutoff)
    blended = _blend(seen.views, SHARES, ahead)
    errors = [(np.abs(view - truth).mean(), np.sqrt(((view - truth) ** 2).mean())) for view in (seen.simple, blended)]
    # Both count: the one alone is won by whoever predicts the median, the other by whoever gets a few right.
    gain = float(np.mean([1 - ours / max(theirs, 1.0) for theirs, ours in zip(*errors, strict=True)]))
    if gain > 0:
        note = f"The blend is used: on {trial} its errors were {100 * gain:.1f} % smaller than the baseline's."
        return SHARES, _measure_widths(truth, blended), (note,)
    note = f"The baseline is used: on {trial} the errors of the blend were {-100 * gain:.1f} % larger."
    return {}, _measure_widths(truth, seen.simple), (note,)


def _measure_widths(truth: Floats, expected: Floats) -> tuple[tuple[float, float, float], ...]:
    """By equally many members of rising prediction: between which multiples of it eight of ten came to lie."""
    order = np.argsort(expected, kind="stable")
    widths: list[tuple[float, float, float]] = []
    for part in np.array_split(order, BINS):
        if part.size:
            low, high = np.quantile(truth[part] / np.maximum(expected[part], 1.0), INTERVAL)
            widths.append((float(expected[part].max()), float(low), float(high)))
    return tuple(widths)


def _blend(views: Mapping[str, Floats], shares: Mapping[str, float], ahead: timedelta) -> Floats:
    """Mix the views that there are, and draw the mix to its mean."""
    whole = sum(share for name, share in shares.items() if name in views)
    parts = [views[name] * (share / whole) for name, share in shares.items() if name in views]
    mixed = np.sum(np.asarray(parts), axis=0)
    drawn = DRAWN_WEEKLY * ahead.days / WEEK_DAYS
    return (1 - drawn) * mixed + drawn * mixed.mean()


def _grow_trees(visits: pl.DataFrame, first: date, cutoff: date, ahead: timedelta) -> _Grown:
    """Learn from earlier days; with what came after in how many days, and from how many days before each."""
    span = (cutoff - first).days
    back = min(LATELY_DAYS, span // 2)
    step = min(LATELY_DAYS, ahead.days, span - back)
    frames: list[pl.DataFrame] = []
    for number in range(DAYS_MAX):
        day = cutoff - timedelta(days=step + WEEK_DAYS * number)
        if day - timedelta(days=back) < first or step < WEEK_DAYS:
            break
        told = _describe(visits, day, back)
        spent = measure_spend(visits, tuple(told["member"].to_list()), day, day + timedelta(days=step))
        frames.append(told.with_columns(spent=pl.Series(spent)))
    if not frames:
        return _Grown(trees=None, back=back, step=step)
    known = pl.concat(frames)
    columns = tuple(name for name in known.columns if name not in KEYS)
    trees = fit_trees(TREES, columns, _to_rows(known, columns), _fill(known["spent"]) / MINOR)
    return _Grown(trees=trees, back=back, step=step)


def _describe(visits: pl.DataFrame, cutoff: date, back: int, members: tuple[str, ...] | None = None) -> pl.DataFrame:
    """Describe members by as many days before as trees ever see, so that a count means the same on each day."""
    told = describe_visits(visits.filter(pl.col("day") >= cutoff - timedelta(days=back)), cutoff)
    if members is None:
        return told
    return pl.DataFrame({"member": list(members)}).join(told, on="member", how="left", maintain_order="left")


def _to_rows(told: pl.DataFrame, columns: tuple[str, ...]) -> Floats:
    return told.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy()


def _fill(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).fill_null(0.0).to_numpy()

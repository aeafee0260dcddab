"""For whom something works: learners of the effect on each member, and the choice among them, which may be none."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from regulars.intelligence.boosting import Boosted, Settings, fit_trees

__all__ = ["CASES_MIN", "Targeting", "learn_targeting", "measure_qini"]

Numbers = npt.NDArray[Any]

FOLDS: Final = 5
CASES_MIN: Final = 1_000
"""With fewer, differences between members cannot be told from chance."""
SURE: Final = 1.64
"""How many standard errors the foretold differences must show on members who were not learned from: where there are
none, one trial in twenty shows so many."""
AHEAD: Final = 1.0
"""By so many trees must be surer than the curve to be used as well."""
OUTCOME: Final = Settings(
    objective="l2", rounds=80, leaves=8, rate=0.05, rows_min=80, columns_share=0.7, rows_share=0.8, seeds=1
)
EFFECT: Final = Settings(
    objective="l2", rounds=60, leaves=8, rate=0.05, rows_min=80, columns_share=0.7, rows_share=0.8, seeds=1
)
PENALTIES: Final = np.logspace(1, 5, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curve:
    """A ridge regression of the effect on what is known and on its squares."""

    middle: Numbers
    spread: Numbers
    weights: Numbers
    level: float

    def predict(self, rows: Numbers) -> Numbers:
        return self.level + (_widen(rows) - self.middle) / self.spread @ self.weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeting:
    """What is foretold of the effect on each member; without `learner`, that there is nothing to rank."""

    learner: str
    sureness: float
    """How many standard errors the differences showed on members not learned from."""
    mean: float
    parts: tuple[_Curve | Boosted, ...]

    def rank(self, rows: Numbers) -> Numbers | None:
        """Foretell the effect on each; None where members do not differ as far as can be told."""
        return np.mean([part.predict(rows) for part in self.parts], axis=0) if self.parts else None


def learn_targeting(
    rows: Numbers, outcome: Numbers, treated: Numbers, *, chance: float, member: Numbers | None = None, seed: int = 0
) -> Targeting:
    """Learn for whom it works, from those treated by chance (`chance` is how likely that was) and those held out.

    Each candidate is tried on members it did not learn from (`member` numbers whose the rows are). Where none foretells
    differences that are beyond chance there, nobody is ranked: all or nobody is then the better question.
    """
    assert 0 < chance < 1
    w, y = np.asarray(treated, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    fold = _fold(len(y) if member is None else int(member.max()) + 1, seed)
    fold = fold if member is None else fold[member]
    if min(len(y), w.sum() * 2, (1 - w).sum() * 2) < CASES_MIN:
        return Targeting(learner="", sureness=0.0, mean=0.0, parts=())
    effect = _find_effects(rows, y, w, chance, fold)
    tried = {name: np.zeros(len(y)) for name in CANDIDATES}
    for at in range(FOLDS):
        some, rest = fold != at, fold == at
        for name in CANDIDATES:
            tried[name][rest] = _fit(name, rows[some], effect[some]).predict(rows[rest])
    sure = {name: _measure_sureness(effect, foretold, fold) for name, foretold in tried.items()}
    # Decided beforehand, so that nothing is picked for its luck: the curve, and trees too where they are far surer.
    needed = sure["trees"] > max(sure["curve"], SURE) + AHEAD
    together = ("curve", "trees") if needed else ("curve",)
    sureness = max(sure["curve"], sure["trees"] - AHEAD) if needed else sure["curve"]
    mean = float(effect.mean())
    if sureness < SURE:
        return Targeting(learner="", sureness=sureness, mean=mean, parts=())
    parts = tuple(_fit(name, rows, effect) for name in together)
    return Targeting(learner=" + ".join(together), sureness=sureness, mean=mean, parts=parts)


CANDIDATES: Final = ("curve", "trees")


def measure_qini(foretold: Numbers, outcome: Numbers, treated: Numbers) -> float:
    """Measure an order by effect: how much more of the effect comes from its front than chance would find there."""
    order = np.argsort(-foretold, kind="stable")
    y, w = outcome[order], treated[order]
    many, few = np.cumsum(w), np.cumsum(1 - w)
    gained = np.cumsum(y * w) - np.cumsum(y * (1 - w)) * many / np.maximum(few, 1)
    count = len(y)
    return float((gained - gained[-1] * np.arange(1, count + 1) / count).mean() / count)


def _fold(count: int, seed: int) -> Numbers:
    return np.random.default_rng(seed).permutation(count) % FOLDS


def _find_effects(rows: Numbers, y: Numbers, w: Numbers, chance: float, fold: Numbers) -> Numbers:
    """Give each member's effect with noise, but right on average (doubly robust), from models that never saw them."""
    columns = [f"c{at}" for at in range(rows.shape[1])]
    with_it, without = np.zeros(len(y)), np.zeros(len(y))
    for at in range(FOLDS):
        some, rest = fold != at, fold == at
        for found, group in ((with_it, some & (w == 1)), (without, some & (w == 0))):
            found[rest] = fit_trees(OUTCOME, columns, rows[group], y[group]).predict(rows[rest])
    return with_it - without + w * (y - with_it) / chance - (1 - w) * (y - without) / (1 - chance)


def _measure_sureness(effect: Numbers, foretold: Numbers, fold: Numbers) -> float:
    """Tell how surely effects rise with what was foretold, in standard errors; each fold by itself."""
    x = np.zeros(len(foretold))
    for at in range(FOLDS):
        part = foretold[fold == at]
        x[fold == at] = part - part.mean()
    spread = float((x * x).sum())
    if spread <= 0:
        return 0.0
    slope = float((x * effect).sum()) / spread
    left = effect - effect.mean() - slope * x
    return slope * spread / max(float(np.sqrt((x**2 * left**2).sum())), 1e-12)


def _fit(name: str, rows: Numbers, effect: Numbers) -> _Curve | Boosted:
    if name == "trees":
        return fit_trees(EFFECT, [f"c{at}" for at in range(rows.shape[1])], rows, effect)
    return _fit_curve(rows, effect)


def _widen(rows: Numbers) -> Numbers:
    return np.concatenate([rows, rows**2], axis=1)


def _fit_curve(rows: Numbers, effect: Numbers) -> _Curve:
    """Fit a ridge regression, its penalty by leaving each one out in turn."""
    wide = _widen(rows)
    middle, spread = wide.mean(axis=0), wide.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    left, size, right = np.linalg.svd((wide - middle) / spread, full_matrices=False)
    level = float(effect.mean())
    rest = left.T @ (effect - level)
    best, weights = np.inf, np.zeros(wide.shape[1])
    for penalty in PENALTIES:
        shrink = size**2 / (size**2 + penalty)
        missed = (effect - level - left @ (shrink * rest)) / (1 - (left**2) @ shrink - 1 / len(effect))
        loss = float((missed**2).mean())
        if loss < best:
            best, weights = loss, right.T @ (size / (size**2 + penalty) * rest)
    return _Curve(middle=middle, spread=spread, weights=weights, level=level)

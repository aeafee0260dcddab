"""The task `value`: what members spend in up to 26 weeks after any cutoff, from up to 26 weeks before."""

from datetime import date, timedelta
from typing import Final

import numpy as np

from regulars.intelligence.evaluation import Outcome, Progress, Task, compare_means
from regulars.intelligence.history import History
from regulars.intelligence.profile import list_visits
from regulars.intelligence.value.model import AHEAD_MAX, TooLittle, Value, learn_value, measure_spend

__all__ = ["TASKS"]

NAME: Final = "value"
MINOR: Final = 100
"""Errors are told in whole units of money."""


def evaluate(history: History, cutoff: date, progress: Progress) -> Outcome:
    """Foretell from before the cutoff, and compare with what was really spent after it."""
    ahead = min(AHEAD_MAX, history.last - cutoff + timedelta(days=1))
    try:
        learned = learn_value(history, cutoff, ahead, progress)
    except TooLittle as little:
        note = f"Nothing is foretold: {little}."
        return Outcome(task=NAME, cutoff=cutoff, metrics={}, baseline={}, notes=(note,))
    return _judge(learned, history)


def _judge(learned: Value, history: History) -> Outcome:
    truth = measure_spend(
        list_visits(history.spending), learned.members, learned.cutoff, learned.cutoff + learned.ahead
    )
    ours, theirs = learned.predict(), learned.predict_simple()
    low, high = learned.bound()
    metrics = _measure(truth, ours) | {"interval_80_holds": float(((truth >= low) & (truth <= high)).mean())}
    return Outcome(
        task=NAME,
        cutoff=learned.cutoff,
        metrics=metrics,
        baseline=_measure(truth, theirs),
        paired={
            "mae": compare_means(-np.abs(ours - truth) / MINOR, -np.abs(theirs - truth) / MINOR),
            "squared_error": compare_means(-((ours - truth) ** 2) / MINOR**2, -((theirs - truth) ** 2) / MINOR**2),
        },
        counts={"members": truth.size, "days_ahead": learned.ahead.days, "spent_nothing": int((truth == 0).sum())},
        notes=learned.notes,
    )


def _measure(truth: np.ndarray, told: np.ndarray) -> dict[str, float]:
    off = told - truth
    return {
        "mae": float(np.abs(off).mean()) / MINOR,
        "rmse": float(np.sqrt((off**2).mean())) / MINOR,
        "bias_percent": 100 * float(off.sum() / max(float(truth.sum()), 1.0)),
        "gini": _measure_order(truth, told),
        "mean": float(truth.mean()) / MINOR,
    }


def _measure_order(truth: np.ndarray, told: np.ndarray) -> float:
    """Say how well the order is foretold: 1 as if it were known, 0 as if by chance."""
    if not truth.sum():
        return float("nan")

    def lift(order: np.ndarray) -> float:
        return float((np.cumsum(truth[order]) / truth.sum()).mean() - 0.5)

    return lift(np.argsort(-told, kind="stable")) / lift(np.argsort(-truth, kind="stable"))


TASKS: Final = (Task(name=NAME, evaluate=evaluate),)

"""The task `lapse`: who will stay away for 28 days, judged at any cutoff."""

from datetime import date
from typing import Final

import numpy as np

from regulars.intelligence.evaluation import (
    Outcome,
    Progress,
    Task,
    compare_means,
    compare_scores,
    measure_auc,
    measure_calibration,
    measure_log_loss,
)
from regulars.intelligence.fading.features import label_members
from regulars.intelligence.fading.model import Fading, TooLittle, learn_fading
from regulars.intelligence.history import History
from regulars.intelligence.profile import list_visits

__all__ = ["TASKS"]

NAME: Final = "lapse"


def evaluate(history: History, cutoff: date, progress: Progress) -> Outcome:
    """Learn before the cutoff, and compare with who really stayed away after it."""
    try:
        learned = learn_fading(history, cutoff, progress)
    except TooLittle as little:
        note = f"Nothing is foretold: {little}."
        return Outcome(task=NAME, cutoff=cutoff, metrics={}, baseline={}, notes=(note,))
    return _judge(learned, history)


def _judge(learned: Fading, history: History) -> Outcome:
    truth = label_members(learned.told, list_visits(history.lines), learned.cutoff)["lapsed"].to_numpy()
    ours, theirs = learned.predict(), learned.predict_simple()
    return Outcome(
        task=NAME,
        cutoff=learned.cutoff,
        metrics=_measure(truth, ours),
        baseline=_measure(truth, theirs),
        paired={
            "auc": compare_scores(truth, ours, theirs),
            "log_loss": compare_means(-measure_log_loss(truth, ours), -measure_log_loss(truth, theirs)),
        },
        counts={"members": truth.size, "lapsed": int(truth.sum())},
        notes=learned.learned.notes,
    )


def _measure(truth: np.ndarray, chance: np.ndarray) -> dict[str, float]:
    return {
        "auc": measure_auc(truth, chance),
        "log_loss": float(measure_log_loss(truth, chance).mean()),
        "calibration_error": measure_calibration(truth, chance),
        "foretold": float(chance.mean()),
        "happened": float(truth.mean()),
    }


TASKS: Final = (Task(name=NAME, evaluate=evaluate),)

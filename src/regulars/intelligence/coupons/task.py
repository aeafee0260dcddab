"""The task `next-coupon`: which coupons of a campaign a member will use, judged on campaigns after any cutoff."""

from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from regulars.intelligence.coupons.learning import TooLittle, describe_all, learn_coupons, split_campaigns
from regulars.intelligence.evaluation import (
    Outcome,
    Progress,
    Task,
    compare_means,
    compare_scores,
    measure_auc,
    measure_calibration,
)
from regulars.intelligence.history import History
from regulars.intelligence.ranking import Order, judge_order

__all__ = ["SEEDS", "TASKS"]

NAME: Final = "next-coupon"
SEEDS: Final = 5
"""What was not used is sampled: the figures are means over so many fixed samples."""
PAIR: Final = ["campaign", "member"]


def evaluate(history: History, cutoff: date, progress: Progress) -> Outcome:
    """Learn from campaigns that had ended, and judge those that began later, each by what preceded its start."""
    try:
        ended, begun = split_campaigns(history, cutoff)
    except TooLittle as little:
        note = f"Nothing is foretold: {little}."
        return Outcome(task=NAME, cutoff=cutoff, metrics={}, baseline={}, notes=(note,))
    learned = describe_all(history.before(cutoff), ended, progress)
    asked = describe_all(history, begun, progress)
    if not asked["taken"].sum():
        note = "No coupon of the later campaigns was used: there is nothing to judge by."
        return Outcome(task=NAME, cutoff=cutoff, metrics={}, baseline={}, notes=(note,))
    scores: list[npt.NDArray[Any]] = []
    chances: list[npt.NDArray[Any]] = []
    notes: list[str] = []
    for seed in range(SEEDS):
        progress("models", seed, SEEDS)
        model = learn_coupons(learned, seed=seed, tried=bool(chances))
        scores.append(model.score(asked))
        notes.append(model.why)
        chance = model.foretell(asked)
        if chance is not None:
            chances.append(chance)
    return _judge(asked, cutoff, scores, chances, [*{note for note in notes if note}])


def _judge(
    asked: pl.DataFrame,
    cutoff: date,
    scores: list[npt.NDArray[Any]],
    chances: list[npt.NDArray[Any]],
    notes: list[str],
) -> Outcome:
    truth, prior = asked["taken"].to_numpy(), asked["prior"].to_numpy()
    orders = [_order(asked, score) for score in scores]
    base = _order(asked, prior)
    seeds = [{"auc": measure_auc(truth, score), **order.tell()} for score, order in zip(scores, orders, strict=True)]
    metrics = {name: float(np.mean([seed[name] for seed in seeds])) for name in seeds[0]}
    if chances:
        chance = np.mean(chances, axis=0)
        metrics |= {"foretold": float(chance.mean()), "calibration_error": measure_calibration(truth, chance)}
    metrics["happened"] = float(truth.mean())
    together = np.mean(scores, axis=0)
    return Outcome(
        task=NAME,
        cutoff=cutoff,
        metrics=metrics,
        baseline={"auc": measure_auc(truth, prior), **base.tell()},
        paired={
            "auc": compare_scores(truth, together, prior),
            "recall@10": compare_means(np.mean([order.recall for order in orders], axis=0), base.recall),
            "ndcg@10": compare_means(np.mean([order.gain for order in orders], axis=0), base.gain),
        },
        counts={
            "pairs": asked.height,
            "used": int(truth.sum()),
            "campaigns": asked["campaign"].n_unique(),
            "members_who_used": base.recall.size,
        },
        notes=(
            f"Means of {SEEDS} fixed seeds. The baseline is what was bought before × how often coupons were used.",
            *notes,
        ),
    )


def _order(asked: pl.DataFrame, score: npt.NDArray[Any]) -> Order:
    scored = asked.select(*PAIR, "coupon", "taken").with_columns(score=pl.Series(score))
    return judge_order(scored, scored.filter(pl.col("taken") == 1), PAIR, "coupon")


TASKS: Final = (Task(name=NAME, evaluate=evaluate),)

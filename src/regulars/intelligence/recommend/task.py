"""The tasks `next-basket-sku` and `next-basket-type`: what members buy next, judged at any cutoff."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Final

import polars as pl

from regulars.intelligence.evaluation import Outcome, Progress, Task, compare_means
from regulars.intelligence.history import History
from regulars.intelligence.ranking import judge_order
from regulars.intelligence.recommend.baskets import Level, count_baskets, find_target
from regulars.intelligence.recommend.features import describe_pairs
from regulars.intelligence.recommend.learning import learn_order, score_plainly

__all__ = ["TASKS"]


def evaluate(level: Level, history: History, cutoff: date, progress: Progress) -> Outcome:
    """Learn before the cutoff, and judge by the first day-basket of each member in the four weeks from it on.

    Items and members are chosen by what precedes the cutoff: items of ten sales, members of three day-baskets.
    """
    name = f"next-basket-{level}"
    baskets = count_baskets(history.before(cutoff), cutoff, level)
    target = find_target(history, baskets)
    if not target.wanted.height:
        note = "Nobody of whom three day-baskets are known bought known items afterwards: nothing to judge by."
        return Outcome(task=name, cutoff=cutoff, metrics={}, baseline={}, notes=(note,))
    ranker = learn_order(history, cutoff, level, progress)
    members = target.wanted["u"].unique().sort()
    plain = score_plainly(baskets)
    named = plain.select("u", "i")
    scored = plain
    if ranker.is_learned:
        pairs = describe_pairs(history, baskets, members)
        named = pairs.select("u", "i")
        scored = ranker.score_pairs(pairs)
    ours = judge_order(scored, target.wanted, "u", "i")
    theirs = judge_order(plain, target.wanted, "u", "i")
    found = target.wanted.join(named, on=["u", "i"], how="semi").height
    repeated = target.wanted.join(baskets.bought.select("u", "i").unique(), on=["u", "i"], how="semi").height
    return Outcome(
        task=name,
        cutoff=cutoff,
        metrics={
            **ours.tell(),
            "candidate_recall": found / target.wanted.height,
            "repeat_share": repeated / target.wanted.height,
            "known_share": target.covered,
        },
        baseline=theirs.tell(),
        paired={
            "recall@10": compare_means(ours.recall, theirs.recall),
            "ndcg@10": compare_means(ours.gain, theirs.gain),
        },
        counts={
            "members": members.len(),
            "items": baskets.items.height,
            "wanted": target.wanted.height,
            "candidates": named.filter(pl.col("u").is_in(members.implode())).height,
        },
        notes=(
            "The baseline is what the member bought before, each purchase halved every three to four months.",
            *([ranker.why] if ranker.why else []),
        ),
    )


def _judge(level: Level) -> Callable[[History, date, Progress], Outcome]:
    return partial(evaluate, level)


TASKS: Final = (
    Task(name="next-basket-sku", evaluate=_judge("sku")),
    Task(name="next-basket-type", evaluate=_judge("type")),
)

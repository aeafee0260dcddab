"""The step `fading` of a run: who may stay away for the next four weeks, and why."""

from collections import Counter
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from regulars.intelligence.boosting import Shelf
from regulars.intelligence.evaluation import (
    Chart,
    Insight,
    Progress,
    Section,
    Series,
    Step,
    Table,
    Words,
    describe_drift,
    recall,
    tell_since,
)
from regulars.intelligence.fading.features import AHEAD
from regulars.intelligence.fading.model import VERSION, Fading, Learned, TooLittle, apply_learned, learn_fading
from regulars.intelligence.fading.reasons import REASONS, name_reasons
from regulars.intelligence.history import History

__all__ = ["STEPS"]

NAME: Final = "fading"
TITLE: Final[Words] = {"en": "Who is about to stay away", "zh": "谁可能流失"}
THOUSAND: Final = 1_000
EDGES: Final = (0.05, 0.1, 0.2, 0.35, 0.5, 1.0)
LIKELY: Final = 0.35
"""From here on a member is counted as likely to stay away."""


def run(history: History, day: date, progress: Progress) -> Insight:
    """Learn, and foretell for each active member."""
    try:
        learned = learn_fading(history, day, progress)
    except TooLittle as little:
        return _say_why_not(little)
    return _foretell(learned, ())


def resume(history: History, day: date, progress: Progress, shelf: Shelf) -> Insight:
    """Foretell by what was learned before, unless it is old, refused or has drifted: then learn anew and keep that."""
    kept, why = recall(shelf, NAME, VERSION, Learned, day)
    if kept is not None:
        fading = apply_learned(kept, history, day)
        drift = fading.measure_drift()
        if fading.told.height and (drift is None or not drift.is_far):
            return _foretell(fading, (tell_since(kept.learned_on),))
    try:
        fading = learn_fading(history, day, progress)
    except TooLittle as little:
        return _say_why_not(little)
    shelf.put(NAME, VERSION, fading.learned)
    return _foretell(fading, () if why is None else (why,))


def _say_why_not(little: TooLittle) -> Insight:
    why: Words = {
        "en": f"There is too little history to foretell who stays away: {little}.",
        "zh": f"历史数据太少，无法预测流失（{little}）。",
    }
    return Insight(section=Section(title=TITLE, left_out=(why,)), version=VERSION)


def _foretell(learned: Fading, said: tuple[Words, ...]) -> Insight:
    chance, reasons = learned.predict(), name_reasons(learned)
    drift = learned.measure_drift()
    traits = pl.DataFrame(
        {
            "member": learned.told["member"],
            "lapse_permille": np.rint(chance * THOUSAND).astype(np.int64),
            "lapse_reason": reasons,
        }
    )
    likely = int((chance >= LIKELY).sum())
    figures = {"members": float(chance.size), "expected_to_lapse": float(chance.sum()), "likely": float(likely)}
    if drift is not None:
        figures |= {"drift.score": drift.score, "drift.worst_input": drift.worst[1]}
    return Insight(
        section=_tell(learned, chance, reasons, (*said, describe_drift(drift))),
        version=VERSION,
        traits=traits,
        figures=figures,
    )


def _tell(learned: Fading, chance: np.ndarray, reasons: list[str], said: tuple[Words, ...]) -> Section:
    likely = chance >= LIKELY
    why = Counter(code for code, is_likely in zip(reasons, likely, strict=True) if is_likely)
    lower = (0.0, *EDGES[:-1])
    names = [f"{100 * low:.0f}–{100 * high:.0f} %" for low, high in zip(lower, EDGES, strict=True)]
    counts = [int(((chance > low) & (chance <= high)).sum()) for low, high in zip(lower, EDGES, strict=True)]
    return Section(
        title=TITLE,
        tells=(
            {
                "en": f"Of {chance.size:,} active members about {chance.sum():,.0f} will not come in the next"
                f" {AHEAD.days} days; for {int(likely.sum()):,} that is likely.",
                "zh": f"{chance.size:,} 位活跃会员中，预计约 {chance.sum():,.0f} 位在未来 {AHEAD.days} 天内不会到店，"
                f"其中 {int(likely.sum()):,} 位可能性较大。",
            },
        ),
        to_do=(
            {
                "en": "Write to those who are likely to stay away and were worth something, with a holdout: only the"
                " difference to those who were not written to says what it did.",
                "zh": "给可能流失且有价值的会员发消息，并留出对照组：只有与未触达会员的差异才说明效果。",
            },
        ),
        how_sure=(*({"en": note, "zh": _translate(note)} for note in learned.learned.notes), *said),
        charts=(
            Chart(
                title={"en": "Active members by the chance that they stay away", "zh": "活跃会员的流失概率分布"},
                kind="bar",
                x=tuple(names),
                series=(Series(name={"en": "members", "zh": "会员数"}, values=tuple(float(it) for it in counts)),),
            ),
        ),
        tables=(
            Table(
                title={"en": "Why, of those who are likely to", "zh": "主要原因（可能性较大的会员）"},
                columns=({"en": "Reason", "zh": "原因"}, {"en": "Members", "zh": "会员数"}),
                rows=tuple((REASONS[code], f"{count:,}") for code, count in why.most_common()),
            ),
        ),
        left_out=(
            {
                "en": "Whoever has not come for eight weeks is not foretold: they have left already.",
                "zh": "已有八周未到店的会员不做预测：他们已经流失。",
            },
        ),
    )


def _translate(note: str) -> str:
    if note.startswith("Trees"):
        return "采用提升树与线性模型：在最近一次试算中优于基线。"
    return "采用基线模型：更复杂的模型在试算中没有更好，或历史太短。"


STEPS: Final = (Step(name=NAME, run=run, resume=resume, traits=("lapse_permille", "lapse_reason"), order=30),)

"""The step `value` of a run: what members will be worth in the next half year."""

from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
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
from regulars.intelligence.history import History
from regulars.intelligence.value.model import (
    AHEAD_MAX,
    VERSION,
    Learned,
    TooLittle,
    Value,
    apply_learned,
    learn_value,
)

__all__ = ["STEPS"]

NAME: Final = "value"
TENTHS: Final = 10
MINOR: Final = 100
TITLE: Final[Words] = {"en": "What members will be worth", "zh": "会员未来价值"}


def run(history: History, day: date, progress: Progress) -> Insight:
    """Foretell each member's spending in the next 26 weeks."""
    try:
        return _say(learn_value(history, day, AHEAD_MAX, progress), history, ())
    except TooLittle as little:
        return _say_why_not(little)


def resume(history: History, day: date, progress: Progress, shelf: Shelf) -> Insight:
    """Foretell by what was learned before, unless it is old, refused or has drifted: then learn anew and keep that."""
    kept, why = recall(shelf, NAME, VERSION, Learned, day)
    try:
        if kept is not None:
            value = apply_learned(kept, history, day)
            if value.drift is None or not value.drift.is_far:
                return _say(value, history, (tell_since(kept.learned_on), describe_drift(value.drift)))
        value = learn_value(history, day, AHEAD_MAX, progress)
    except TooLittle as little:
        return _say_why_not(little)
    shelf.put(NAME, VERSION, value.learned)
    return _say(value, history, () if why is None else (why,))


def _say_why_not(little: TooLittle) -> Insight:
    why: Words = {
        "en": f"There is too little history to foretell what members spend: {little}.",
        "zh": f"历史数据太少，无法预测会员消费（{little}）。",
    }
    return Insight(section=Section(title=TITLE, left_out=(why,)), version=VERSION)


def _say(learned: Value, history: History, said: tuple[Words, ...]) -> Insight:
    low, high = learned.bound()
    expected = learned.predict()
    traits = pl.DataFrame(
        {
            "member": list(learned.members),
            "value_minor": np.rint(expected).astype(np.int64),
            "value_low_minor": np.rint(low).astype(np.int64),
            "value_high_minor": np.rint(high).astype(np.int64),
            "value_decile": _rank_tenths(expected),
        }
    ).sort("member")
    return Insight(
        section=_tell(learned, expected, history.currency, said),
        version=VERSION,
        traits=traits,
        figures={"expected_minor": float(expected.sum()), "members": float(expected.size)},
    )


def _rank_tenths(expected: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Put equally many members into tenths; 10 are those who are worth most."""
    place = np.empty(expected.size, dtype=np.int64)
    place[np.argsort(expected, kind="stable")] = np.arange(expected.size)
    return place * TENTHS // max(expected.size, 1) + 1


def _tell(learned: Value, expected: npt.NDArray[np.float64], currency: str, said: tuple[Words, ...]) -> Section:
    tenths = _rank_tenths(expected)
    sums = [float(expected[tenths == tenth].sum()) for tenth in range(1, TENTHS + 1)]
    total = max(sum(sums), 1.0)
    months = learned.ahead.days // 30
    top = 100 * sums[-1] / total
    whole = f"{total / MINOR:,.0f} {currency}".strip()
    return Section(
        title=TITLE,
        tells=(
            {
                "en": f"In the next {months} months {expected.size:,} members are expected to spend {whole}; the"
                f" tenth who are worth most bring {top:.0f} % of it.",
                "zh": f"未来 {months} 个月，{expected.size:,} 位会员预计共消费 {whole}，"
                f"其中价值最高的十分之一会员贡献 {top:.0f}%。",
            },
        ),
        to_do=(
            {
                "en": "Keep the two highest tenths: greet them first, and never let their points end unnoticed.",
                "zh": "优先维护价值最高的两档会员：先问候他们，别让他们的积分悄悄过期。",
            },
            {
                "en": "Do not buy the lowest tenth with discounts: even doubled, they would bring little.",
                "zh": "不必用折扣去“买”价值最低的一档：即使翻倍，带来的也很有限。",
            },
        ),
        how_sure=(*({"en": note, "zh": _translate(note)} for note in learned.notes), *said),
        charts=(
            Chart(
                title={"en": "Expected spending by tenth of members", "zh": "各价值档会员的预计消费"},
                kind="bar",
                x=tuple(str(tenth) for tenth in range(1, TENTHS + 1)),
                series=(
                    Series(name={"en": "expected", "zh": "预计"}, values=tuple(round(it / MINOR, 2) for it in sums)),
                ),
                unit={"en": currency, "zh": currency},
            ),
        ),
        tables=(_list_tenths(learned, expected, tenths),),
    )


def _list_tenths(learned: Value, expected: npt.NDArray[np.float64], tenths: npt.NDArray[np.int64]) -> Table:
    low, high = learned.bound()
    rows = [
        (
            str(tenth),
            f"{int((tenths == tenth).sum()):,}",
            f"{expected[tenths == tenth].mean() / MINOR:,.2f}",
            f"{low[tenths == tenth].mean() / MINOR:,.2f} – {high[tenths == tenth].mean() / MINOR:,.2f}",
            _write_share(learned.alive[tenths == tenth]),
        )
        for tenth in range(TENTHS, 0, -1)
        if (tenths == tenth).any()
    ]
    return Table(
        title={"en": "By tenth (10: worth most)", "zh": "分档明细（10 为价值最高）"},
        columns=(
            {"en": "Tenth", "zh": "档"},
            {"en": "Members", "zh": "会员数"},
            {"en": "Expected each", "zh": "人均预计"},
            {"en": "Eight of ten lie between", "zh": "八成会员落在此区间"},
            {"en": "Still active", "zh": "仍活跃的概率"},
        ),
        rows=tuple(rows),
    )


def _write_share(alive: npt.NDArray[np.float64]) -> str:
    return "–" if np.isnan(alive).any() else f"{100 * alive.mean():.0f} %"


def _translate(note: str) -> str:
    for told, ours in (
        ("The blend is used", "采用融合模型：在更早的一天试算，误差小于“与以前相同”的基线。"),
        ("The baseline is used", "采用基线“与以前相同”：融合模型在更早的一天试算时没有更好。"),
        ("BG/NBD", "未采用 BG/NBD 与 Gamma-Gamma：数据不足以拟合。"),
        ("Trees", "未采用提升树：可供学习的历史太短。"),
    ):
        if note.startswith(told):
            return ours
    return note


STEPS: Final = (
    Step(
        name=NAME,
        run=run,
        resume=resume,
        traits=("value_minor", "value_low_minor", "value_high_minor", "value_decile"),
        order=40,
    ),
)

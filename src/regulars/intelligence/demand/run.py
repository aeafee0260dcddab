"""The step `demand` of a run: what stores will sell in the next four weeks, and what that asks of the stock."""

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from regulars.intelligence.boosting import Shelf
from regulars.intelligence.demand.forecast import VERSION, Forecast, Learned, apply_learned, forecast_demand
from regulars.intelligence.demand.series import HORIZON_WEEKS, Demand, TooLittle, count_demand
from regulars.intelligence.demand.stock import advise_stock
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

__all__ = ["STEPS"]

NAME: Final = "demand"
TITLE: Final[Words] = {"en": "What will be sold in the next four weeks", "zh": "未来四周能卖多少"}
WEEKS_SHOWN: Final = 13
ROWS_MAX: Final = 15


def run(history: History, day: date, progress: Progress) -> Insight:
    """Forecast each category of each store; stand for the chain by their sum."""
    try:
        demand = count_demand(history, day)
    except TooLittle as little:
        return _say_why_not(little, history, day)
    progress(NAME, 0, 1)
    return _tell(demand, forecast_demand(demand), history, day, ())


def resume(history: History, day: date, progress: Progress, shelf: Shelf) -> Insight:
    """Forecast by what was learned before, unless it is old, refused or has drifted: then learn anew and keep that."""
    try:
        demand = count_demand(history, day)
    except TooLittle as little:
        return _say_why_not(little, history, day)
    kept, why = recall(shelf, NAME, VERSION, Learned, day)
    if kept is not None:
        forecast = apply_learned(kept, demand)
        if forecast.drift is None or not forecast.drift.is_far:
            said = [tell_since(kept.learned_on), *([] if kept.trees is None else [describe_drift(forecast.drift)])]
            return _tell(demand, forecast, history, day, tuple(said))
    progress(NAME, 0, 1)
    forecast = forecast_demand(demand)
    shelf.put(NAME, VERSION, forecast.learned)
    return _tell(demand, forecast, history, day, () if why is None else (why,))


def _say_why_not(little: TooLittle, history: History, day: date) -> Insight:
    why: Words = {
        "en": f"Nothing is forecast: {little}.",
        "zh": "没有任何“门店×品类”的历史足够长，暂不预测销量。",
    }
    return Insight(section=Section(title=TITLE, tables=_list_stock(history, day), left_out=(why,)), version=VERSION)


def _tell(demand: Demand, forecast: Forecast, history: History, day: date, said: tuple[Words, ...]) -> Insight:
    past = demand.sold[:, max(0, demand.origin - WEEKS_SHOWN) : demand.origin].sum(axis=0)
    coming = forecast.pieces.sum(axis=0)
    expected, usual = float(coming.sum()), float(demand.sold[:, max(0, demand.origin - 4) : demand.origin].sum())
    change = 100 * (expected / usual - 1) if usual > 0 else 0.0
    tells: Words = {
        "en": f"Stores will sell about {expected:,.0f} pieces, {change:+.1f} % on the last four weeks.",
        "zh": f"各门店预计共售出约 {expected:,.0f} 件，比最近四周{'多' if change >= 0 else '少'} {abs(change):.1f}%。",
    }
    sure: Words = {
        "en": "Four of five weeks of a category in a store fall into the range that is shown with it.",
        "zh": "每五个“门店×品类”的周销量，约有四个会落在所列区间内。",
    }
    kept: Words = {"en": forecast.why, "zh": "模型没有胜过历史平均值，因此采用平均值。"}
    weeks = demand.weeks[max(0, demand.origin - WEEKS_SHOWN) :]
    chart = Chart(
        title={"en": "Pieces a week", "zh": "每周销量（件）"},
        kind="line",
        x=tuple(week.isoformat() for week in weeks),
        series=(
            Series(name={"en": "sold", "zh": "已售"}, values=(*past.tolist(), *(None,) * HORIZON_WEEKS)),
            Series(name={"en": "expected", "zh": "预计"}, values=(*(None,) * len(past), *coming.tolist())),
        ),
    )
    order = np.argsort(-forecast.pieces.sum(axis=1), kind="stable")[:ROWS_MAX]
    rows = tuple(
        (
            str(demand.series["store"][int(at)]),
            str(demand.series["category"][int(at)]),
            f"{forecast.pieces[at, 0]:,.0f}",
            f"{forecast.low[at, 0]:,.0f}–{forecast.high[at, 0]:,.0f}",
        )
        for at in order
    )
    table = Table(
        title={"en": "Next week, where most is sold", "zh": "下周销量最大的品类"},
        columns=(
            {"en": "Store", "zh": "门店"},
            {"en": "Category", "zh": "品类"},
            {"en": "Expected", "zh": "预计"},
            {"en": "Range", "zh": "区间"},
        ),
        rows=rows,
    )
    return Insight(
        section=Section(
            title=TITLE,
            tells=(tells,),
            how_sure=(sure, *said) if forecast.is_learned else (kept, sure, *said),
            charts=(chart,),
            tables=(table, *_list_stock(history, day)),
        ),
        version=VERSION,
        figures={"expected_pieces": expected, "change_percent": change, "series": float(demand.series.height)},
    )


def _list_stock(history: History, day: date) -> tuple[Table, ...]:
    """Advise the stock of each reward that was ordered: how long it lasts, and how many to order."""
    if history.rewards is None or not history.rewards.height:
        return ()
    rows: list[tuple[str | Words, ...]] = []
    for (reward,), ordered in history.rewards.group_by("reward", maintain_order=True):
        since = int(ordered.select((pl.lit(day) - pl.col("day").min()).dt.total_days()).item())
        weeks = min(since // 7, WEEKS_SHOWN)
        ago = (pl.lit(day) - pl.col("day")).dt.total_days() - 1
        taken = dict(ordered.group_by(ago // 7).agg(pl.col("ordered").sum()).iter_rows())
        left = ordered.row(0, named=True)["in_stock"]
        advice = advise_stock([taken.get(at, 0) for at in reversed(range(weeks))], left or 0, weeks=HORIZON_WEEKS)
        if advice is None:
            rows.append((str(reward), *("–",) * 3, {"en": "too few weeks to say", "zh": "周数太少，暂不建议"}))
        elif left is None:
            rows.append((str(reward), f"{advice.weekly:.1f}", "–", "–", {"en": "no end to it", "zh": "不限量"}))
        else:
            lasts = "–" if advice.lasts_weeks is None else str(advice.lasts_weeks)
            rows.append((str(reward), f"{advice.weekly:.1f}", f"{left:,}", lasts, f"{advice.order:,}"))
    return (
        Table(
            title={"en": "Rewards: what is left, and how many to order", "zh": "奖励库存与补货建议"},
            columns=(
                {"en": "Reward", "zh": "奖励"},
                {"en": "Ordered a week", "zh": "每周兑换"},
                {"en": "Left", "zh": "剩余"},
                {"en": "Lasts, weeks (9 of 10 times)", "zh": "可用周数（九成把握）"},
                {"en": f"Order for {HORIZON_WEEKS} weeks", "zh": f"未来 {HORIZON_WEEKS} 周建议补货"},
            ),
            rows=tuple(rows),
        ),
    )


STEPS: Final = (Step(name=NAME, run=run, resume=resume, order=60),)

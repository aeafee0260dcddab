"""The step `figures` of a run: growth, activity, retention and what was given, by month, quarter and year."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from regulars.intelligence.evaluation import Chart, Insight, Progress, Section, Series, Step, Table, Words
from regulars.intelligence.figures.model import FIGURES, MISSING, Figure, Grain
from regulars.intelligence.figures.reckon import Reckoned, list_periods, reckon_cohorts, reckon_figures, reckon_flows
from regulars.intelligence.history import History

__all__ = ["STEPS"]

TITLE: Final[Words] = {"en": "What happened", "zh": "经营概况"}
MINOR: Final = 100
MICRO: Final = 1_000_000
GRAINS: Final[tuple[Grain, ...]] = ("month", "quarter", "year")
NAMES: Final[dict[Grain, Words]] = {
    "month": {"en": "By month", "zh": "按月"},
    "quarter": {"en": "By quarter", "zh": "按季度"},
    "year": {"en": "By year", "zh": "按年"},
}
PERIODS_MAX: Final = 12
COHORT_MONTHS: Final = 6


def run(history: History, day: date, progress: Progress) -> Insight:
    """Reckon all figures in all grains."""
    if not history.lines.height:
        why: Words = {"en": "Nothing was sold.", "zh": "没有任何销售。"}
        return Insight(section=Section(title=TITLE, left_out=(why,)))
    found = {grain: reckon_figures(history, day, grain) for grain in GRAINS}
    progress("figures", 1, 2)
    months = found["month"]
    left_out = [_miss(figure) for figure in FIGURES if figure.id not in {reckoned.figure.id for reckoned in months}]
    share: Words = {
        "en": "The share of members in all sales: the journal has the sales to members only.",
        "zh": "会员销售占比：系统只记录会员的销售，没有非会员的数据。",
    }
    return Insight(
        section=Section(
            title=TITLE,
            tells=_tell(months),
            charts=(_draw(months, ("active", "growth")), _draw(months, ("retention", "repeat", "activity"))),
            tables=(
                *(_list_figures(found[grain], grain) for grain in GRAINS),
                *_list_flows(history, day),
                *_list_offers(history),
                _list_cohorts(history, day),
                _list_meanings(months),
            ),
            left_out=(*left_out, share),
        ),
        figures={
            f"{reckoned.figure.id}.{period.name}": value
            for rows in found.values()
            for reckoned in rows
            for period, value in zip(reckoned.periods, reckoned.values, strict=True)
            if value is not None
        },
    )


def _miss(figure: Figure) -> Words:
    why = MISSING[figure.needs[0]]
    return {"en": f"{figure.name['en']}: {why['en']}.", "zh": f"{figure.name['zh']}：{why['zh']}。"}


def _tell(months: Sequence[Reckoned]) -> tuple[Words, ...]:
    told: list[Words] = []
    for reckoned in months:
        if reckoned.figure.id in {"active", "sales", "retention"} and (change := reckoned.compare()) is not None:
            whole = [
                (period.name, value)
                for period, value in zip(reckoned.periods, reckoned.values, strict=True)
                if period.is_whole and value is not None
            ]
            name, value = whole[-1]
            told.append(
                {
                    "en": f"{reckoned.figure.name['en']} in {name}: {_write(reckoned.figure, value)},"
                    f" {change:+.1f} % against the month before.",
                    "zh": f"{name} {reckoned.figure.name['zh']}：{_write(reckoned.figure, value)}，"
                    f"环比 {change:+.1f}%。",
                }
            )
    return tuple(told)


def _draw(months: Sequence[Reckoned], ids: Sequence[str]) -> Chart:
    chosen = [reckoned for id_ in ids for reckoned in months if reckoned.figure.id == id_]
    return Chart(
        title={
            "en": ", ".join(it.figure.name["en"] for it in chosen),
            "zh": "、".join(it.figure.name["zh"] for it in chosen),
        },
        kind="line",
        x=tuple(period.name for period in chosen[0].periods),
        series=tuple(
            Series(
                name=it.figure.name,
                # A month that is not over would look like a fall.
                values=tuple(
                    value if period.is_whole else None for period, value in zip(it.periods, it.values, strict=True)
                ),
            )
            for it in chosen
        ),
    )


def _list_figures(rows: Sequence[Reckoned], grain: Grain) -> Table:
    periods = rows[0].periods[-PERIODS_MAX:]
    columns: list[Words] = [{"en": "Figure", "zh": "指标"}]
    for period in periods:
        name = period.name if period.is_whole else f"{period.name} *"
        columns.append({"en": name, "zh": name})
    changed: tuple[Words, ...] = ({"en": "Change", "zh": "环比"}, {"en": "On the year before", "zh": "同比"})
    columns.extend(changed)
    body: list[tuple[str | Words, ...]] = []
    for reckoned in rows:
        changes = (reckoned.compare(), reckoned.compare_year(grain))
        cells = [_write(reckoned.figure, value) for value in reckoned.values[-PERIODS_MAX:]]
        told = ("–" if change is None else f"{change:+.1f} %" for change in changes)
        body.append((reckoned.figure.name, *cells, *told))
    title = NAMES[grain]
    return Table(
        title={"en": f"{title['en']} (*: not over, not compared)", "zh": f"{title['zh']}（* 未完整，不参与比较）"},
        columns=tuple(columns),
        rows=tuple(body),
    )


def _write(figure: Figure, value: float | None) -> str:
    if value is None:
        return "–"
    if figure.unit == "money":
        return f"{value / MINOR:,.2f}"
    if figure.unit == "percent":
        return f"{value:.1f} %"
    return f"{value:,.0f}" if figure.unit == "count" else f"{value:,.2f}"


def _list_cohorts(history: History, day: date) -> Table:
    rows = [
        (
            name,
            f"{size:,}",
            *(f"{shares[month]:.0f} %" if month < len(shares) else "" for month in range(1, COHORT_MONTHS + 1)),
        )
        for name, size, shares in reckon_cohorts(history, day)
    ]
    columns: list[Words] = [{"en": "First bought in", "zh": "首购月份"}, {"en": "Members", "zh": "会员数"}]
    for month in range(1, COHORT_MONTHS + 1):
        columns.append({"en": f"month {month}", "zh": f"第 {month} 月"})  # noqa: PERF401 - a comprehension loses the type
    return Table(
        title={"en": "Who came back in the months after the first purchase", "zh": "首购后各月的回购比例（同期群）"},
        columns=tuple(columns),
        rows=tuple(rows),
    )


def _list_flows(history: History, day: date) -> list[Table]:
    """List moves between levels in the last quarter that is over, beside those of the one before."""
    periods = [it for it in list_periods(history.first, day, "quarter") if it.until <= day]
    if not periods:
        return []
    late = periods[-1]
    now = {(trait, one, two): count for trait, one, two, count in reckon_flows(history, late.start, late.until)}
    then = {(trait, one, two): count for trait, one, two, count in reckon_flows(history, late.before, late.start)}
    if not now and not then:
        return []
    rows = [
        (trait, one, two, f"{now.get((trait, one, two), 0):,}", f"{then.get((trait, one, two), 0):,}")
        for trait, one, two in sorted({*now, *then}, key=lambda key: (-now.get(key, 0), key))
    ]
    return [
        Table(
            title={"en": f"Who moved between levels in {late.name}", "zh": f"{late.name} 会员等级变动"},
            columns=(
                {"en": "Level of", "zh": "等级体系"},
                {"en": "From", "zh": "原等级"},
                {"en": "To", "zh": "新等级"},
                {"en": "Moves", "zh": "人次"},
                {"en": "In the quarter before", "zh": "上一季度"},
            ),
            rows=tuple(rows),
        )
    ]


def _list_offers(history: History) -> list[Table]:
    """List what each offer cost in the last year that the books tell of: points at their fair value, and prices."""
    if history.given is None or not history.given.height or history.discounts is None:
        return []
    since, until = history.given.row(0, named=True)["start"], history.given.row(0, named=True)["until"]
    # Counted in, and worth nothing: points of levels cost nobody anything.
    given = history.given.group_by("offer").agg(pl.col("times", "points", "worth_micro").sum())
    off = history.discounts.filter(pl.col("day").is_between(since, until, closed="left"))
    off = off.group_by("offer").agg(off=pl.col("discount_minor").sum(), used=pl.col("times").sum())
    both = given.join(off, on="offer", how="full", coalesce=True).fill_null(0)
    both = both.with_columns(cost=pl.col("worth_micro") / MICRO + pl.col("off")).sort("cost", descending=True)
    sales = int(history.lines.filter(pl.col("day").is_between(since, until, closed="left"))["paid_minor"].sum())
    rows = tuple(
        (
            str(row["offer"]),
            f"{row['times'] + row['used']:,}",
            f"{row['points']:,}",
            f"{row['off'] / MINOR:,.2f}",
            f"{row['cost'] / MINOR:,.2f}",
            f"{100 * row['cost'] / max(sales, 1):.2f} %",
        )
        for row in both.iter_rows(named=True)
    )
    return [
        Table(
            title={
                "en": f"What each offer cost, {since} to {until} (what it brought: see the experiments)",
                "zh": f"各项优惠的成本（{since} 至 {until}；带来的效果见“实验”一节）",
            },
            columns=(
                {"en": "Offer", "zh": "优惠"},
                {"en": "Times", "zh": "次数"},
                {"en": "Points", "zh": "积分"},
                {"en": "Off prices", "zh": "减免金额"},
                {"en": "Cost", "zh": "成本"},
                {"en": "Of sales", "zh": "占销售额"},
            ),
            rows=rows,
        )
    ]


def _list_meanings(rows: Sequence[Reckoned]) -> Table:
    return Table(
        title={"en": "What the figures mean", "zh": "指标定义"},
        columns=({"en": "Figure", "zh": "指标"}, {"en": "Definition", "zh": "定义"}, {"en": "SQL", "zh": "SQL"}),
        rows=tuple((it.figure.name, it.figure.means, " ".join(it.figure.sql.split())) for it in rows),
    )


STEPS: Final = (Step(name="figures", run=run, order=10),)

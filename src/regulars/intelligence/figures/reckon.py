"""Reckon figures by month, quarter or year, beside the period before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from typing import Any, Final

import polars as pl

from regulars.intelligence.figures.model import FIGURES, LEVEL_FLOWS, Figure, Grain
from regulars.intelligence.history import History

__all__ = ["Period", "Reckoned", "list_periods", "reckon_cohorts", "reckon_figures", "reckon_flows"]

MONTHS: Final[Mapping[Grain, int]] = {"month": 1, "quarter": 3, "year": 12}
COHORTS_MAX: Final = 12
FLAGS: Final = ("True", "False")
"""What is only said to be so, such as a badge, is no level."""
YEAR_MONTHS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A month, a quarter or a year."""

    name: str
    start: date
    until: date
    """The first day that is not part of it."""
    before: date
    """The start of the one before."""
    is_whole: bool
    """Whether the history covers all of it; else it is not to be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """A figure over periods."""

    figure: Figure
    periods: tuple[Period, ...]
    values: tuple[float | None, ...]
    """None where there is nothing to reckon from."""

    def compare(self) -> float | None:
        """Tell by how many percent the last whole period is above the whole one before; None where nothing is."""
        whole = [it for it, period in zip(self.values, self.periods, strict=True) if period.is_whole]
        if len(whole) < 2 or not whole[-2] or whole[-1] is None:  # noqa: PLR2004 - it takes two
            return None
        return 100 * (whole[-1] / whole[-2] - 1)

    def compare_year(self, grain: Grain) -> float | None:
        """Tell by how many percent the last whole period is above the same of the year before; None without one."""
        whole = [at for at, period in enumerate(self.periods) if period.is_whole]
        back = YEAR_MONTHS // MONTHS[grain]
        if not whole or whole[-1] < back or not self.periods[whole[-1] - back].is_whole:
            return None
        now, then = self.values[whole[-1]], self.values[whole[-1] - back]
        return None if now is None or not then else 100 * (now / then - 1)


def list_periods(first: date, until: date, grain: Grain) -> tuple[Period, ...]:
    """List the periods between two days, the first and the last of which may be cut."""
    months = MONTHS[grain]
    start = date(first.year, (first.month - 1) // months * months + 1, 1)
    found: list[Period] = []
    while start < until:
        end = _add_months(start, months)
        found.append(
            Period(
                name=_name(start, grain),
                start=start,
                until=end,
                before=_add_months(start, -months),
                # Shops are closed on New Year's Day: a day less at the start is no gap.
                is_whole=first <= start + timedelta(days=1) and end <= until,
            )
        )
        start = end
    return tuple(found)


def _add_months(day: date, months: int) -> date:
    count = day.year * YEAR_MONTHS + day.month - 1 + months
    return date(count // YEAR_MONTHS, count % YEAR_MONTHS + 1, 1)


def _name(start: date, grain: Grain) -> str:
    if grain == "year":
        return str(start.year)
    if grain == "quarter":
        return f"{start.year}-Q{(start.month - 1) // 3 + 1}"
    return f"{start:%Y-%m}"


def reckon_figures(history: History, until: date, grain: Grain, figures: Sequence[Figure] = FIGURES) -> list[Reckoned]:
    """Reckon figures over what is dated before a day. A figure for which a frame is missing is left out."""
    periods = list_periods(history.first, until, grain)
    frames = _list_frames(history.before(until), periods)
    found: list[Reckoned] = []
    with _open(frames) as engine:
        for figure in figures:
            if not frames.keys() >= set(figure.needs):
                continue
            values: dict[str, Any] = dict(engine.execute(figure.sql).fetchall())
            found.append(
                Reckoned(
                    figure=figure,
                    periods=periods,
                    values=tuple(
                        None if values.get(period.name) is None else float(values[period.name]) for period in periods
                    ),
                )
            )
    return found


def _list_frames(past: History, periods: Sequence[Period]) -> dict[str, pl.DataFrame]:
    frames = {
        "line": past.lines.select(
            "member", "basket", "day", "store", "sku", "category", "paid_minor", "discount_minor", "coupon_minor"
        ),
        "member": past.members,
        "period": pl.DataFrame(
            [(it.name, it.start, it.until, it.before) for it in periods],
            schema={"name": pl.String, "start": pl.Date, "until": pl.Date, "before": pl.Date},
            orient="row",
        ),
    }
    others = {
        "campaign": past.campaigns,
        "target": past.targets,
        "redemption": past.redemptions,
        "point": None if past.points is None else _keep_worth(past.points),
        "gift": past.discounts,
        "level": None if past.levels is None else past.levels.filter(~pl.col("value").is_in(FLAGS)),
        "answer": past.answers,
    }
    # What nobody used may well be nothing; what there is none of at all is not known.
    empty = {"redemption", "gift"}
    return frames | {
        name: frame for name, frame in others.items() if frame is not None and (frame.height or name in empty)
    }


def _keep_worth(points: pl.DataFrame) -> pl.DataFrame:
    """Keep currencies that are worth money; where none is, all."""
    worth = points.filter(pl.col("worth_micro") != 0)["currency"].unique()
    return points.filter(pl.col("currency").is_in(worth.implode())) if worth.len() else points


def reckon_flows(history: History, since: date, until: date) -> list[tuple[str, str, str, int]]:
    """Tell from which level to which members moved: trait, before, after, how often."""
    levels = _list_frames(history.before(until), ()).get("level")
    if levels is None:
        return []
    with _open({"level": levels}) as engine:
        return engine.execute(LEVEL_FLOWS, {"since": since, "until": until}).fetchall()


def _open(frames: Mapping[str, pl.DataFrame]) -> Any:  # noqa: ANN401 - DuckDB has no types of its own
    engine: Any = import_module("duckdb").connect(config={"threads": 2})
    for name, frame in frames.items():
        engine.register(name, frame.to_arrow())
    return engine


def reckon_cohorts(history: History, until: date) -> list[tuple[str, int, tuple[float, ...]]]:
    """Tell by the month of the first purchase how many members that were, and what share came in each month after.

    Months that are not over are left out.
    """
    month = pl.col("day").dt.truncate("1mo")
    lines = history.lines.filter(pl.col("day") < until).select("member", month=month).unique()
    begun = lines.group_by("member").agg(pl.col("month").min().alias("begun"))
    last = _add_months(until.replace(day=1), -1)
    both = lines.join(begun, on="member").filter((pl.col("begun") <= last) & (pl.col("month") <= last))
    rows = both.group_by("begun", "month").agg(pl.len()).iter_rows()
    by_place: dict[tuple[date, date], int] = {(first, at): count for first, at, count in rows}
    found: list[tuple[str, int, tuple[float, ...]]] = []
    for first in sorted({begun for begun, _ in by_place})[:COHORTS_MAX]:
        size = by_place[first, first]
        shares: list[float] = []
        at = first
        while at <= last:
            shares.append(100 * by_place.get((first, at), 0) / size)
            at = _add_months(at, 1)
        found.append((f"{first:%Y-%m}", size, tuple(shares)))
    return found

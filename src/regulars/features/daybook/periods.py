"""Periods of days, and what a period is laid beside. Pure."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, Literal

__all__ = ["PERIODS_MAX", "Compare", "Grain", "Span", "choose_grain", "lay_beside", "split"]

Grain = Literal["day", "week", "month"]
Compare = Literal["previous", "year"]
Span = tuple[date, date]
"""The first day, and the first after it."""
PERIODS_MAX: Final = 400
DAYS_BY_DAY: Final = 62
DAYS_BY_WEEK: Final = 200
MONTHS: Final = 12


def choose_grain(span: Span) -> Grain:
    """Choose a grain of which a chart can show every period."""
    days = (span[1] - span[0]).days
    if days <= DAYS_BY_DAY:
        return "day"
    return "week" if days <= DAYS_BY_WEEK else "month"


def split(span: Span, grain: Grain) -> list[Span]:
    """Split a span into periods: weeks begin on Monday, the first and the last period may be cut."""
    return list(_split(span, grain))


def _split(span: Span, grain: Grain) -> Iterator[Span]:
    at, until = span
    while at < until:
        if grain == "day":
            end = at + timedelta(days=1)
        elif grain == "week":
            end = at + timedelta(days=7 - at.weekday())
        else:
            end = _add_months(at.replace(day=1), 1)
        yield at, min(end, until)
        at = end


def lay_beside(span: Span, compare: Compare) -> Span:
    """Give the span before: of whole months as many whole months, otherwise as many days; or the same a year before."""
    first, until = span
    if compare == "year":
        return _add_months(first, -MONTHS), _add_months(until, -MONTHS)
    if first.day == until.day == 1:
        months = (until.year - first.year) * MONTHS + until.month - first.month
        return _add_months(first, -months), first
    return first - (until - first), first


def _add_months(day: date, months: int) -> date:
    count = day.year * MONTHS + day.month - 1 + months
    year, month = divmod(count, MONTHS)
    # The 29th of February is the 28th in a year that has none.
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

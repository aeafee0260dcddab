"""How much an activity counts, what is left of that after a return, and what a period comes to."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from regulars.features.challenges.memory import LATE_DAYS, Memory, sum_labels
from regulars.features.challenges.model import (
    Activities,
    Brands,
    Categories,
    Days,
    Items,
    Settings,
    Spend,
    Streak,
)
from regulars.features.challenges.tally import InRow, Reach, Sum, Tally, find_unit, join_runs, list_runs, list_units
from regulars.kernel.nouns import Activity, Line, Original, Reason, Step
from regulars.kernel.program import Calendar, Choice, Picker

__all__ = [
    "FOREVER",
    "Period",
    "Prepared",
    "count",
    "find_day",
    "find_period",
    "forget",
    "gauge",
    "gauge_return",
    "join_past",
    "list_periods",
    "prepare",
]

Adds = dict[str, int]
Day = tuple[int, str, int]
"""(day, label, amount)."""
Amounts = tuple[tuple[str, int], ...]
"""(label, amount), of days that are not told apart."""

FOREVER: Final = date.max.toordinal()
KEPT_DAYS: Final = 400
"""In a challenge without periods, days are told apart for so long; a later return takes nothing off the count."""
UNIT_MILLI: Final = 1000
DAYS_OF_WEEK: Final = 7
MONTHS: Final = 12
MONTHS_OF_QUARTER: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    calendar: Calendar
    picker: Picker
    label: str
    """What amounts are remembered as; of categories and brands, what their labels begin with."""
    unit: str
    """What a reason calls the amount."""
    reads: Callable[[Activity, Choice], Adds]
    among: frozenset[str]
    most: int | None
    """Of activities: the most that one day counts."""
    by_unit: bool
    """Of a streak: the days of one week or month are not told apart."""
    reaches: dict[Tally, Reach]
    """What tallies seen before come to (a memo, bounded; it never changes an answer)."""


class Period(Struct, frozen=True, kw_only=True, gc=False):
    """The days that count together."""

    key: int
    """The last of them; 0 for a challenge without periods."""
    first: int
    last: int


def gauge(prepared: Prepared, activity: Activity) -> tuple[Adds, Reason | None]:
    """Say how much an activity counts, by label, or why it counts nothing."""
    choice = prepared.picker.pick(activity)
    if choice.missing is not None:
        return {}, choice.missing
    adds = {label: amount for label, amount in prepared.reads(activity, choice).items() if amount > 0}
    return adds, None if adds else Reason(offer="", code="counts_nothing")


def gauge_return(prepared: Prepared, step: Step, original: Original) -> tuple[Adds, Adds]:
    """Say how much a purchase counted before this return, and how much it counts with it.

    Never stored: both are reckoned from what is left of its lines, so any sequence of returns ends where one would.
    """
    bought, returned = original.activity, step.activity.returned
    if not bought.lines:
        # It comes back at once, and only once.
        return gauge(prepared, bought)[0], {}
    minor, milli = dict(original.returned_minor), dict(original.returned_milli)
    before = _leave(bought, minor, milli)
    for part in returned:
        minor[part.line] = minor.get(part.line, 0) + part.amount_minor
        milli[part.line] = milli.get(part.line, 0) + part.quantity_milli
    after = _leave(bought, minor, milli) if returned else ()
    return _gauge_lines(prepared, bought, before), _gauge_lines(prepared, bought, after)


def find_period(prepared: Prepared, joined: int, day: int) -> Period | None:
    """Find the days that count together with a day; None where it does not count (yet)."""
    settings = prepared.settings
    if not settings.opt_in and settings.within_days is None:
        return _find_common(settings.per, day)
    if settings.per == "once":
        first = joined if settings.opt_in else 1
        last = FOREVER if settings.within_days is None else joined + settings.within_days - 1
        found = Period(key=0, first=first, last=last)
        is_known = bool(joined)
    else:
        first, last = _find_days(settings.per, day)
        # `within_days` belongs to `once`: so this is for those who join.
        found = Period(key=last, first=max(first, joined), last=last)
        is_known = bool(joined)
    return found if is_known and found.first <= day <= found.last else None


def find_day(prepared: Prepared, day: int) -> int:
    """Find the day under which an amount is remembered.

    Of a streak the first of its week or month, where no period and nobody's joining may part its days: there is less
    to remember, and it comes to the same.
    """
    counts = prepared.settings.counts
    return _begin_unit(counts, day) if prepared.by_unit and isinstance(counts, Streak) else day


def list_periods(prepared: Prepared, memory: Memory) -> tuple[Period, ...]:
    """List the periods of which days are remembered that count."""
    found = {period.key: period for day, _, _ in memory.days if (period := find_period(prepared, memory.joined, day))}
    return tuple(found[key] for key in sorted(found))


def count(prepared: Prepared, memory: Memory, period: Period, day: int) -> Tally:
    """Say what the days of a period come to, as it looks on a day."""
    past = memory.past if period.key == 0 else ()
    days: Sequence[Day] = memory.days
    if days and not (period.first <= days[0][0] and days[-1][0] <= period.last):
        days = days[bisect_left(days, (period.first,)) : bisect_left(days, (period.last + 1,))]
    counts = prepared.settings.counts
    if isinstance(counts, Streak):
        units = [*list_units(past), *_find_kept(prepared, days)]
        return InRow(
            units=tuple(sorted(units)), freeze=counts.freeze, now=find_unit(counts.unit, min(day, period.last))
        )
    return Sum(amount=_add_up(prepared, days, past))


def join_past(prepared: Prepared, one: Amounts, other: Amounts) -> Amounts:
    """What two members had long ago counts together."""
    if isinstance(prepared.settings.counts, Streak):
        return join_runs(one, other)
    return tuple(sorted(sum_labels((*one, *other)).items()))


def forget(prepared: Prepared, memory: Memory) -> Memory:
    """Let go of days that nothing will ask for again."""
    settings, settled = prepared.settings, memory.latest - LATE_DAYS
    days, past = memory.days, memory.past
    if settings.opt_in and not memory.joined:
        days = tuple(it for it in days if it[0] >= settled)
    elif settings.per != "once":
        first = max(_find_days(settings.per, max(settled, 1))[0], memory.joined if settings.opt_in else 0)
        if days and days[0][0] < first:
            days = days[bisect_left(days, (first,)) :]
    else:
        if settings.opt_in or settings.within_days:
            days = tuple(it for it in days if find_period(prepared, memory.joined, it[0]))
        first = memory.latest - KEPT_DAYS
        if isinstance(settings.counts, Streak):
            # Units stay whole.
            first = _begin_unit(settings.counts, first)
        if days and days[0][0] < first:
            old = tuple(it for it in days if it[0] < first)
            days, past = days[len(old) :], join_past(prepared, past, _settle(prepared, old))
    paid, got = memory.paid, memory.got
    # By period, ascending.
    if paid and paid[0].period < settled and paid[-1].period:
        paid = tuple(it for it in paid if not it.period or it.period >= settled)
    if got:
        got = tuple(it for it in got if not it[0] or it[0] >= settled)
    if days is memory.days and past is memory.past and paid is memory.paid and got is memory.got:
        return memory
    return msgspec.structs.replace(memory, days=days, past=past, paid=paid, got=got)


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Say once how lines are chosen and what of them is counted."""
    label, unit, among, most = "times", "times", frozenset[str](), None
    reads: Callable[[Activity, Choice], Adds] = _read_once
    match settings.counts:
        case Spend():
            label, unit, reads = "minor", "minor", _read_money
        case Items():
            label, unit, reads = "milli", "items", _read_quantity
        case Days():
            unit, most = "days", 1
        case Activities():
            most = settings.counts.most_per_day
        case Streak(unit=each):
            unit = f"{each}s"
        case Categories(among=listed):
            label, unit, among = "category:", "categories", frozenset(listed)
            reads = _make_reader(label, lambda line: line.categories if listed else line.categories[:1], among)
        case Brands(among=listed):
            label, unit, among = "brand:", "brands", frozenset(listed)
            reads = _make_reader(label, lambda line: (line.brand,) if line.brand else (), among)
    picker = Picker.build(settings.lines)
    is_streak, is_whole = isinstance(settings.counts, Streak), settings.per == "once" and settings.within_days is None
    return Prepared(
        settings=settings,
        calendar=calendar,
        picker=picker,
        label=label,
        unit=unit,
        reads=reads,
        among=among,
        most=most,
        by_unit=is_streak and is_whole and not settings.opt_in,
        reaches={},
    )


def _read_once(_activity: Activity, _choice: Choice) -> Adds:
    return {"times": 1}


def _read_money(_activity: Activity, choice: Choice) -> Adds:
    return {"minor": choice.amount_minor}


def _read_quantity(_activity: Activity, choice: Choice) -> Adds:
    return {"milli": choice.quantity_milli}


def _make_reader(
    prefix: str, tell: Callable[[Line], tuple[str, ...]], among: frozenset[str]
) -> Callable[[Activity, Choice], Adds]:
    def read(activity: Activity, choice: Choice) -> Adds:
        told = [name for number in choice.numbers for name in tell(activity.lines[number - 1])]
        return {prefix + name: 1 for name in told if not among or name in among}

    return read


def _gauge_lines(prepared: Prepared, bought: Activity, lines: tuple[Line, ...]) -> Adds:
    return gauge(prepared, msgspec.structs.replace(bought, lines=lines))[0] if lines else {}


def _leave(bought: Activity, minor: Mapping[int, int], milli: Mapping[int, int]) -> tuple[Line, ...]:
    """The lines of a purchase that are not back, shortened to what is left. A line for money is gone with its money."""
    left: list[Line] = []
    for number, line in enumerate(bought.lines, start=1):
        amount = max(line.amount_minor - minor.get(number, 0), 0)
        quantity = max(line.quantity_milli - milli.get(number, 0), 0)
        if (number not in minor and number not in milli) or amount or (quantity and not line.amount_minor):
            left.append(msgspec.structs.replace(line, amount_minor=amount, quantity_milli=quantity))
    return tuple(left)


def _settle(prepared: Prepared, days: Sequence[Day]) -> Amounts:
    """What is remembered of days that are not told apart any more."""
    counts = prepared.settings.counts
    if isinstance(counts, Streak):
        return list_runs(_find_kept(prepared, days))
    return tuple(_fold(prepared, days))


def _begin_unit(counts: Streak, day: int) -> int:
    """The first day of the unit that holds a day."""
    if counts.unit == "week":
        return day - (day - 1) % DAYS_OF_WEEK
    return day - (date.fromordinal(max(day, 1)).day - 1 if counts.unit == "month" else 0)


def _find_kept(prepared: Prepared, days: Sequence[Day]) -> list[int]:
    """The units in which there was enough."""
    counts = prepared.settings.counts
    assert isinstance(counts, Streak), "nothing else has units"
    if prepared.by_unit and counts.unit == "week":
        least = counts.least
        return [(day - 1) // DAYS_OF_WEEK for day, _, amount in days if amount >= least]
    if prepared.by_unit:
        return [find_unit(counts.unit, day) for day, _, amount in days if amount >= counts.least]
    sums: dict[int, int] = {}
    for day, _, amount in days:
        unit = find_unit(counts.unit, day)
        sums[unit] = sums.get(unit, 0) + amount
    return [unit for unit, amount in sums.items() if amount >= counts.least]


def _add_up(prepared: Prepared, days: Sequence[Day], past: Amounts) -> int:
    kind, label = prepared.settings.counts, prepared.label
    if isinstance(kind, Categories | Brands):
        sums = sum_labels((*past, *_fold(prepared, days)))
        return sum(1 for label in sums if label.startswith(prepared.label) and _is_asked(prepared, label))
    most = prepared.most
    if most is None:
        amount = sum([amount for _, named, amount in days if named == label])
    else:
        amount = sum([min(most, amount) for _, named, amount in days if named == label])
    if past:
        amount += sum([each for named, each in past if named == label])
    return amount // UNIT_MILLI if isinstance(kind, Items) else amount


def _is_asked(prepared: Prepared, label: str) -> bool:
    return not prepared.among or label.removeprefix(prepared.label) in prepared.among


def _fold(prepared: Prepared, days: Sequence[Day]) -> list[tuple[str, int]]:
    """What each day brings to the count."""
    most = prepared.most
    return [(label, amount if most is None else min(amount, most)) for _, label, amount in days]


@lru_cache(maxsize=1024)
def _find_common(per: str, day: int) -> Period:
    """The days that count together with a day for everybody, where nobody has days of their own."""
    first, last = (1, FOREVER) if per == "once" else _find_days(per, day)
    return Period(key=0 if per == "once" else last, first=first, last=last)


@lru_cache(maxsize=1024)
def _find_days(per: str, day: int) -> tuple[int, int]:
    """The first and the last day of the period that holds a day."""
    if per == "day":
        return day, day
    if per == "week":
        first = day - (day - 1) % DAYS_OF_WEEK
        return first, first + DAYS_OF_WEEK - 1
    on = date.fromordinal(day)
    months = {"month": 1, "quarter": MONTHS_OF_QUARTER, "year": MONTHS}[per]
    start = (on.month - 1) // months * months + 1
    first = date(on.year, start, 1).toordinal()
    end = start + months
    after = date(on.year + 1, 1, 1) if end > MONTHS else date(on.year, end, 1)
    return first, after.toordinal() - 1

"""Settings as a ladder: everything that a basket asks for, looked up once per version."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from regulars.features.tiers.measures import Gauges, make_gauges, name_series
from regulars.features.tiers.memory import NONE, Series, sum_days
from regulars.features.tiers.model import (
    Categories,
    Keep,
    Measure,
    MembershipYear,
    RollingDays,
    Settings,
    Visits,
    Window,
    find_keep,
    find_measures,
    find_needs,
    find_window,
)
from regulars.kernel.program import Calendar

__all__ = ["NO_LEVEL", "Prepared", "Reading", "Way", "count_window", "find_rank", "prepare_ladder"]

NO_LEVEL: Final = -1

Reading = Callable[[Mapping[str, Series], int, int], int]
"""(series, first day, last day): how much of a measure these days hold."""
Way = tuple[tuple[int, int], ...]
"""(number of the measure, amount) of everything that one way needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings as a ladder. Its rungs are the levels that are reached by what is counted; a rank is a place on it."""

    settings: Settings
    calendar: Calendar
    gauges: Gauges
    names: tuple[str, ...]
    """Of the measures."""
    readings: tuple[Reading, ...]
    """Of the measures, in the same order."""
    ids: tuple[str, ...]
    """Of the rungs."""
    needs: tuple[int, ...] | None
    """What each rung needs of the only measure; None where it is not as simple as that."""
    ways: tuple[tuple[Way, ...], ...]
    """The ways to each rung."""
    lifetime: tuple[tuple[Way, ...], ...]
    """The ways for life; empty where no level has one."""
    lasting: frozenset[str]
    """Measures that some level counts for life."""
    free: tuple[bool, ...]
    """Rungs that need nothing."""
    ranks: Mapping[str, int]
    places: Mapping[str, int]
    """Of all levels, those by invitation too: the higher, the better."""
    once: frozenset[str]
    """Series of which only the last of the settled days matters."""
    top: int
    """The highest rank."""
    rolling_days: int
    """0: the window does not roll."""
    reach_back: int
    """Of a rolling window: how many days before a settled one may still be asked for."""
    window: Window
    keep: Keep
    by_membership: bool
    soft: bool
    grace_days: int


def prepare_ladder(settings: Settings, calendar: Calendar, uncounted: frozenset[str]) -> Prepared:
    """Turn the levels into a ladder. `uncounted` are kinds of activity that only speak of levels."""
    measures = find_measures(settings)
    numbers = {name: number for number, name in enumerate(measures)}
    rungs = [level for level in settings.levels if not level.invitation]

    def number(needs: Sequence[Mapping[str, int]]) -> tuple[Way, ...]:
        return tuple(tuple((numbers[name], amount) for name, amount in way.items() if amount) for way in needs)

    ways = tuple(number(find_needs(settings, level)) for level in rungs)
    simple = len(measures) == 1 and all(len(each) == 1 for each in ways)
    lifetime = tuple(number(level.lifetime) for level in rungs)
    ids = tuple(level.id for level in rungs)
    window = find_window(settings)
    rolling_days = window.days if isinstance(window, RollingDays) else 0
    return Prepared(
        settings=settings,
        calendar=calendar,
        gauges=make_gauges(measures, uncounted),
        names=tuple(measures),
        readings=tuple(_read(name, measure) for name, measure in measures.items()),
        ids=ids,
        needs=tuple(each[0][0][1] if each[0] else 0 for each in ways) if simple else None,
        ways=ways,
        lifetime=lifetime if any(lifetime) else (),
        lasting=frozenset(name for level in rungs for way in level.lifetime for name in way),
        free=tuple(not all(each) for each in ways),
        ranks={level: rank for rank, level in enumerate(ids)},
        places={level.id: place for place, level in enumerate(settings.levels)},
        once=frozenset(
            name_series(name, category)
            for name, measure in measures.items()
            if isinstance(measure, Categories)
            for category in measure.among
        ),
        top=len(rungs) - 1,
        rolling_days=rolling_days,
        reach_back=rolling_days + settings.grace_days - 1,
        window=window,
        keep=find_keep(settings),
        by_membership=isinstance(settings.window, MembershipYear),
        soft=settings.fall == "one_level",
        grace_days=settings.grace_days,
    )


def _read(name: str, measure: Measure) -> Reading:
    """How a measure is read off what is remembered."""
    if isinstance(measure, Categories):
        keys = tuple(name_series(name, category) for category in measure.among)
        return lambda series, first, last: sum([key in series and _has_day(series[key], first, last) for key in keys])
    if isinstance(measure, Visits) and measure.per == "day":
        return lambda series, first, last: _count_days(series.get(name, NONE), first, last)
    return lambda series, first, last: sum_days(series.get(name, NONE), first, last)


def _count_days(series: Series, first: int, last: int) -> int:
    days = series[0]
    return bisect_right(days, last) - bisect_right(days, first - 1)


def _has_day(series: Series, first: int, last: int) -> bool:
    return _count_days(series, first, last) > 0


def count_window(prepared: Prepared, series: Mapping[str, Series], first: int, last: int) -> list[int]:
    """How much of each measure the days from `first` to `last` hold."""
    return [reading(series, first, last) for reading in prepared.readings]


def find_rank(ways: Sequence[Sequence[Way]], amounts: Sequence[int]) -> int:
    """The highest rung that amounts reach, NO_LEVEL where it is none. `amounts` are those of the measures in order."""
    for rank in range(len(ways) - 1, -1, -1):
        if any(all(amounts[number] >= amount for number, amount in way) for way in ways[rank]):
            return rank
    return NO_LEVEL

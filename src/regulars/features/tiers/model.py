"""What a marketer says about levels: what is counted, in which window, what reaches a level, how long it is kept."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.program import LANGUAGES, Names, Selection, Word

__all__ = [
    "Benefit",
    "CalendarYear",
    "Categories",
    "Fact",
    "Keep",
    "KeepDays",
    "KeepYears",
    "Level",
    "Measure",
    "MembershipYear",
    "Points",
    "RollingDays",
    "Settings",
    "Spend",
    "Visits",
    "Window",
    "find_keep",
    "find_measures",
    "find_needs",
    "find_window",
]

LEVELS_MAX: Final = 20
MEASURES_MAX: Final = 10
WAYS_MAX: Final = 10
BENEFITS_MAX: Final = 50
AMONG_MAX: Final = 200
GRACE_MAX: Final = 180
DAYS: Final = 365

Short = Annotated[str, Meta(min_length=1, max_length=64)]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
Days = Annotated[int, Meta(ge=1, le=3660)]
Amount = Annotated[int, Meta(ge=0, le=10**12)]
Kinds = Annotated[tuple[Id, ...], Meta(max_length=50)]
Need = Annotated[Mapping[Id, Amount], Meta(max_length=MEASURES_MAX)]
Needs = Annotated[tuple[Need, ...], Meta(max_length=WAYS_MAX)]


class Points(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="points"
):
    """Points of one currency, as other offers give them."""

    currency: Short
    """The currency whose points are counted."""


class Spend(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="spend"
):
    """Money paid, in minor units."""

    lines: Selection = field(default_factory=Selection)
    """Which lines of a basket count: by default all."""
    kinds: Kinds = ()
    """Kinds of activity that count. None given: every kind in the offer's `on`."""


class Visits(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="visits"
):
    """Days on which the member came, or purchases."""

    per: Literal["day", "purchase"] = "day"
    """Whether several purchases of a day are one visit."""
    lines: Selection = field(default_factory=Selection)
    """What makes it a visit: by default anything."""
    kinds: Kinds = ()
    """Kinds of activity that count. None given: every kind in the offer's `on`."""


class Categories(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="categories"
):
    """How many of some categories were bought from."""

    among: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=AMONG_MAX)]
    """The categories that count, each once."""
    kinds: Kinds = ()
    """Kinds of activity that count. None given: every kind in the offer's `on`."""


class Fact(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="data"
):
    """A whole number that activities tell in their `data`, such as nights or kilometres."""

    name: Short
    """Its name in `data`."""
    kinds: Kinds = ()
    """Kinds of activity that count. None given: every kind in the offer's `on`."""


Measure = Points | Spend | Visits | Categories | Fact


class RollingDays(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="rolling"):
    """The last so many days."""

    days: Days
    """How many, today among them."""


class CalendarYear(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="calendar_year"
):
    """From 1 January on."""


class MembershipYear(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="membership_year"
):
    """From the yearly return of the day on which the member was enrolled, or first heard of where that was before.

    Who joined on 29 February has 28 February in other years.
    """


Window = RollingDays | CalendarYear | MembershipYear


class KeepDays(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="days"):
    """So many days from the one that reached it, then from the end before."""

    days: Days
    """How many."""


class KeepYears(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="model", tag="year_end"
):
    """To the end of the year in which it was reached, and so many whole years more.

    The year is the window's: of membership, or else of the calendar.
    """

    years: Annotated[int, Meta(ge=1, le=10)] = 1
    """How many years more."""


Keep = KeepDays | KeepYears


class Benefit(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that a level gives: a name for machines, such as a till, and words for people."""

    id: Id
    """Its name for machines, such as a till."""
    name: Names
    value: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    """A number that a till may need, such as a percentage; its meaning is the till's."""

    def __post_init__(self) -> None:
        _check_names(self.name, f"the benefit '{self.id}'")


class Level(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One level. It needs `at`, `needs` or `invitation`; that which needs nothing (`at: 0`) is never reviewed."""

    id: Short
    """Its name for machines: the trait has it as a value."""
    name: Names
    at: Amount | None = None
    """So much of the only measure in the window reaches it. 0: everybody has it."""
    needs: Needs = ()
    """Ways to reach it, any of which is enough; each way names how much of which measures it needs together."""
    invitation: bool = False
    """Nothing that is counted reaches it: only an invitation does."""
    lifetime: Needs = ()
    """Ways, as in `needs`, but counted over all time: who went one of them never falls below this level."""
    benefits: Annotated[tuple[Benefit, ...], Meta(max_length=BENEFITS_MAX)] = ()
    """What members of this level have of it."""

    def __post_init__(self) -> None:
        _check_names(self.name, f"the level '{self.id}'")
        if (self.at is not None) + bool(self.needs) + self.invitation != 1:
            raise ValueError(f"the level '{self.id}' needs one of 'at', 'needs' and 'invitation'")
        if self.invitation and self.lifetime:
            raise ValueError(f"the level '{self.id}' is by invitation; 'lifetime' would reach it")
        ids = [benefit.id for benefit in self.benefits]
        if len(set(ids)) < len(ids):
            raise ValueError(f"the level '{self.id}' has a benefit twice")


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a set of levels."""

    levels: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=LEVELS_MAX)]
    """From the lowest to the highest."""
    counts: Short | None = None
    """The currency whose points reach levels: short for one measure of that name."""
    measures: Annotated[Mapping[Id, Measure], Meta(max_length=MEASURES_MAX)] = field(default_factory=dict[str, Measure])
    """What is counted, by names of your own; instead of `counts`."""
    trait: Short = "tier"
    """The trait that other offers read. Every set of levels has its own."""
    window_days: Days | None = None
    """Short for a rolling window. Neither this nor `window` given: 365."""
    window: Window | None = None
    """The days that are counted."""
    keep_days: Days | None = None
    """Short for `keep` in days. Neither given: to the end of the next year where the window is a year, else 365."""
    keep: Keep | None = None
    """How long a level is safe. Then it is reviewed: by what the window that ends on the last safe day holds."""
    fall: Literal["at_once", "one_level"] = "at_once"
    """Whether a review lets a member fall to the level that is reached, or no further than one level."""
    grace_days: Annotated[int, Meta(ge=0, le=GRACE_MAX)] = 0
    """So many days more, for which the window stays open, before a member falls."""

    def __post_init__(self) -> None:
        for problem in _find_problems(self):
            raise ValueError(problem)


def find_measures(settings: Settings) -> Mapping[str, Measure]:
    """Everything that is counted, by name."""
    return settings.measures if settings.counts is None else {settings.counts: Points(currency=settings.counts)}


def find_window(settings: Settings) -> Window:
    """The days that are counted."""
    return settings.window or RollingDays(days=settings.window_days or DAYS)


def find_keep(settings: Settings) -> Keep:
    """How long a level is safe."""
    if settings.keep is not None:
        return settings.keep
    if settings.keep_days is None and isinstance(settings.window, CalendarYear | MembershipYear):
        return KeepYears()
    return KeepDays(days=settings.keep_days or DAYS)


def find_needs(settings: Settings, level: Level) -> tuple[Mapping[str, int], ...]:
    """The ways that reach a level, without what asks for nothing. None for one by invitation."""
    if level.at is not None:
        measure = next(iter(find_measures(settings)))
        return ({measure: level.at} if level.at else {},)
    return _strip(level.needs)


def _strip(needs: Needs) -> tuple[Mapping[str, int], ...]:
    return tuple({name: amount for name, amount in way.items() if amount} for way in needs)


def _check_names(name: Names, whose: str) -> None:
    missing = [language for language in LANGUAGES if language not in name]
    if missing:
        raise ValueError(f"{whose} needs its name in {', '.join(missing)}")


def _find_problems(settings: Settings) -> Iterator[str]:
    if (settings.counts is None) == (not settings.measures):
        yield "this needs either 'counts' or 'measures'"
        return
    yield from _check_time(settings)
    measures = find_measures(settings)
    for name, measure in measures.items():
        if isinstance(measure, Categories) and len(set(measure.among)) < len(measure.among):
            yield f"'{name}' names a category twice"
    ids = [level.id for level in settings.levels]
    if len(set(ids)) < len(ids):
        yield "two levels have the same id"
    for level in settings.levels:
        yield from _check_level(level, measures)
    yield from _check_order(settings)


def _check_time(settings: Settings) -> Iterator[str]:
    if settings.window is not None and settings.window_days is not None:
        yield "'window_days' is short for a rolling 'window'; give one of them"
    if settings.keep is not None and settings.keep_days is not None:
        yield "'keep_days' is short for a 'keep' in days; give one of them"
    keep = find_keep(settings)
    if isinstance(keep, KeepDays):
        if not isinstance(find_window(settings), RollingDays):
            yield "where the window is a year, a level is kept to the end of one: keep: {model: year_end}"
        if keep.days <= settings.grace_days:
            yield "'grace_days' must be fewer than the days for which a level is kept"


def _check_level(level: Level, measures: Mapping[str, Measure]) -> Iterator[str]:
    if level.at and len(measures) > 1:
        yield f"the level '{level.id}' says 'at', but several things are counted: say 'needs', such as [{{...: 100}}]"
    for way in (*level.needs, *level.lifetime):
        for name in way:
            if name not in measures:
                yield f"the level '{level.id}' needs '{name}', which is not counted; known: {', '.join(measures)}"
    for way in _strip(level.lifetime):
        if not way:
            yield f"the level '{level.id}' would be everybody's for life"
        for name in way:
            if isinstance(measures.get(name), Categories):
                yield f"'{name}' counts categories, and those are counted in a window only, not over all time"


def _check_order(settings: Settings) -> Iterator[str]:
    """What reaches a level must reach every level below it, and more."""
    message = "levels stand from the lowest to the highest, each needing more than the one before"
    for each in (
        [find_needs(settings, level) for level in settings.levels if not level.invitation],
        [_strip(level.lifetime) for level in settings.levels if level.lifetime],
    ):
        for lower, higher in pairwise(each):
            if not _implies(higher, lower) or _implies(lower, higher):
                yield message


def _implies(ways: Sequence[Mapping[str, int]], others: Sequence[Mapping[str, int]]) -> bool:
    """Whether whoever went one of `ways` has gone one of `others` too."""
    return all(
        any(all(way.get(name, 0) >= amount for name, amount in other.items()) for other in others) for way in ways
    )

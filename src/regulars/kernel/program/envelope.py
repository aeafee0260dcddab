"""What every offer may say besides its mechanic: when it runs, for whom, how often, how much, and beside what."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.program.words import Id, Positive, Word

__all__ = [
    "MONEY_MAX",
    "PERMILLE",
    "SEGMENT",
    "WEEKDAYS",
    "Audience",
    "Budget",
    "Holidays",
    "Limit",
    "Per",
    "Period",
    "Schedule",
    "Share",
    "Stacking",
    "Weekday",
    "Window",
]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERMILLE: Final = 1000
MONEY_MAX: Final = 10**12
"""Minor units of money in one budget, so that a millionth of one can still be counted in 64 bits."""
SEGMENT: Final = "segment."
"""A member is in a segment while the trait of this name and the segment's is true, such as `segment.lapsed`."""

Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)|^24:00$(?!\n)")]
"""A time of day as hours and minutes, such as 07:30. 24:00 is the end of the day."""
Listed = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=1_000)]


class Schedule(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"first": "from", "last": "until"},
):
    """Local dates between which an offer runs, both included."""

    first: date | None = None
    last: date | None = None


class Window(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"start": "from", "end": "until"},
):
    """A part of the week, the month or the year in which an offer runs: all that is said must hold.

    It is open while the clock on the wall shows a time within it. Where clocks are put forward, the hour that is left
    out opens nothing; where they are put back, the hour that comes twice counts twice.
    """

    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)] | None = None
    start: Clock | None = None
    """The first minute. None: the start of the day."""
    end: Clock | None = None
    """The first minute that is out again; None: the end of the day. A time before `from` is one of the next morning:
    such a window belongs to the day on which it begins."""
    month_days: Annotated[tuple[Annotated[int, Meta(ge=-31, le=31)], ...], Meta(min_length=1, max_length=62)] | None = (
        None
    )
    """Days of the month from 1, or from its end: -1 is the last day."""
    months: Annotated[tuple[Annotated[int, Meta(ge=1, le=12)], ...], Meta(min_length=1, max_length=12)] | None = None


class Holidays(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days of a calendar on which alone an offer runs, or on which it does not."""

    calendar: Id
    """One of the document's `calendars`."""
    days: Literal["only", "except"]


class Share(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of all members, chosen by no one: the same members each time, spread evenly.

    A member's number is the first 8 bytes of SHA-256 over `salt:member id`, read as a whole number, modulo 1000. Those
    from `start` on belong to the share, `permille` numbers of them.
    """

    permille: Annotated[int, Meta(ge=1, le=PERMILLE)]
    salt: Id
    """Another salt shuffles the members anew. Offers of one salt see the same numbers."""
    start: Annotated[int, Meta(ge=0, lt=PERMILLE)] = 0
    """So that {permille: 500} and {permille: 500, start: 500} of one salt are two halves."""


class Audience(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """For whom, and where, an offer runs: all that is said must hold; of what stands in one list, one is enough."""

    traits: Mapping[Id, Annotated[tuple[str | int | bool, ...], Meta(min_length=1, max_length=1_000)]] = field(
        default_factory=dict[Id, tuple[str | int | bool, ...]]
    )
    """By trait: the values of which the member has one, such as {tier: [gold]}."""
    segments: tuple[Id, ...] = ()
    """Segments of the catalogue: a member is in one while the trait `segment.` and its name is true."""
    stores: Listed | None = None
    channels: Listed | None = None
    share: Share | None = None


Per = Literal["member", "household", "store", "offer"]
Period = Literal["day", "week", "month", "year", "ever"]


class Limit(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The most that an offer gives to one member (or household, or at one store, or at all) within a period.

    The period is the one in which the activity happened, in the programme's time zone; weeks begin on Monday. A member
    in no household counts as one.
    """

    points: Positive | None = None
    """Points, of all currencies together. What a return takes back from a member's may be given again."""
    times: Positive | None = None
    """Activities for which it gave something. Returns do not lower this."""
    per: Per = "member"
    period: Period = "ever"


class Budget(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The most that an offer may give, all members together. A return does not open it again."""

    points: Positive | None = None
    money_minor: Annotated[int, Meta(ge=1, le=MONEY_MAX)] | None = None
    """Minor units of money, at the fair value of the points; each award is rounded up to a millionth of one."""


class Stacking(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What becomes of several offers of one group that would all give something. Offers of a group agree in `mode`."""

    group: Id
    mode: Literal["all", "best", "exclusive"]
    """`all`: each gives. `exclusive`: the first that gives, by priority and id. `best`: the one whose points are worth
    the most money to the member; of equals the first. Whoever loses was not asked: it remembers nothing."""

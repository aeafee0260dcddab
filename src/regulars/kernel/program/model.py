"""The document that a marketer writes, as values: what may be said, and what each word means.

Everything is a whole number. A ratio is two of them, and each place that divides says how it rounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

from regulars.base.errors import Refusal
from regulars.kernel.program.envelope import Audience, Budget, Holidays, Limit, Schedule, Stacking, Window
from regulars.kernel.program.kinds import KINDS_MAX, Kind
from regulars.kernel.program.words import (
    DAYS_MAX,
    LANGUAGES,
    MONTHS_MAX,
    Days,
    Id,
    Months,
    Names,
    Positive,
    Rank,
    Word,
)

__all__ = [
    "CATALOG_MAX",
    "CURRENCIES_MAX",
    "LANGUAGES",
    "OFFERS_MAX",
    "UNTIL_EVENT",
    "Budget",
    "CalendarEnd",
    "Catalog",
    "Conversion",
    "Currency",
    "Document",
    "Expiry",
    "FixedEnd",
    "Id",
    "Inactivity",
    "Names",
    "Never",
    "NoProgram",
    "Offer",
    "Pending",
    "PointsOverflow",
    "Problem",
    "ProgramInvalid",
    "Rolling",
    "Schedule",
    "Value",
]

PROBLEMS_MAX: Final = 100
"""Problems of one document that are listed."""
OFFERS_MAX: Final = 200
CURRENCIES_MAX: Final = 20
CATALOG_MAX: Final = 20_000
"""Names in one list of the catalogue."""
WHEN_LETTERS_MAX: Final = 2_000
WINDOWS_MAX: Final = 50
LIMITS_MAX: Final = 20
CALENDARS_MAX: Final = 50
HOLIDAYS_MAX: Final = 2_000
"""Days in one calendar."""
UNTIL_EVENT: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""`usable_from` of a lot that waits for an event instead of a day. (None means: usable at once.)"""


class Pending(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """When points that were given may be used: so many local days later, or when something happens."""

    days: Days | None = None
    """Usable from the start of the local day that comes so many days after the activity."""
    until: Id | None = None
    """The kind of activity that sets the points free; until then `usable_from` is `UNTIL_EVENT`."""


class Rolling(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="model", tag="rolling"
):
    """Each lot ends so many days or months after the activity; that day is the last on which it can be used."""

    days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] | None = None
    months: Months | None = None
    """The same day of the month, or the month's last day where it is shorter."""
    round_to: Literal["month_end"] | None = None


class FixedEnd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="fixed"):
    """Everything ends after one date."""

    date: date


class CalendarEnd(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="model",
    tag="calendar_end",
):
    """Each lot ends with the calendar year of the activity, and so many whole months of grace."""

    grace_months: Annotated[int, Meta(ge=0, le=MONTHS_MAX)] = 0


class Inactivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="inactivity"):
    """Points end so many months after the member's last activity.

    Every purchase, and every other fact that an offer answers to, lets all of a member's open points of this currency
    live on; never shorter. Commands, returns and what the clock brings do not, and what has ended does not come back.
    """

    months: Months


class Never(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="never"):
    """Points that do not end."""


Expiry = Rolling | FixedEnd | CalendarEnd | Inactivity | Never


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fair value of points: so many minor units of money for so many points."""

    minor: Annotated[int, Meta(ge=0, le=10**9)]
    per_points: Annotated[int, Meta(ge=1, le=10**9)]


class Currency(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One kind of points. Amounts are whole numbers of its smallest unit everywhere in a document."""

    kind: Literal["spendable", "qualifying"]
    """Spendable points are owed to members; qualifying points are only counted."""
    name: Names
    expiry: Expiry = field(default_factory=Never)
    pending: Pending | None = None
    """None: usable at once."""
    value: Value | None = None
    """None: worth no money."""
    funder: Id = "house"
    priority: Rank = 0
    """Of lots that end on the same day, those of a lower number are used first."""
    scale: Annotated[int, Meta(ge=0, le=6)] = 0
    """Decimals that are shown: with 2, an amount of 150 is shown as 1.50."""
    regions: Mapping[Id, Expiry] = {}
    """Another end for points of activities in stores of these regions (of `catalog.regions`). Elsewhere: `expiry`."""


class Catalog(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The names that offers may speak of. An offer that names another is refused, so a typing error never pays."""

    categories: tuple[Word, ...] = ()
    brands: tuple[Word, ...] = ()
    stores: tuple[Word, ...] | None = None
    """None: any store."""
    channels: tuple[Word, ...] | None = None
    """None: any channel."""
    traits: tuple[Id, ...] = ()
    """Traits that are set from outside this programme."""
    segments: tuple[Id, ...] = ()
    """Groups of members that are put together elsewhere: who is in `lapsed` has the trait `segment.lapsed`, true."""
    regions: Mapping[Id, tuple[Word, ...]] = {}
    """Stores by region, for what differs from one to another. A store is in one region at most."""


class Conversion(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename={"source": "from"}
):
    """Points of one currency change into points of another: `take` of the one become `give` of the other."""

    source: Id
    into: Id
    take: Positive
    give: Positive
    spread_permille: Annotated[int, Meta(ge=0, le=1000)] = 0
    """The house's part of the result, rounded down."""


class Offer(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A mechanic with its settings, in the envelope that all offers share."""

    id: Id
    mechanic: Id
    on: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=50)]
    """Kinds of activity that it answers to."""
    name: Names | None = None
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    funder: Id | None = None
    """Who pays for it. None: as the currency says."""
    on_return: Literal["proportional", "requalify", "keep"] = "proportional"
    priority: Rank = 0
    """Within a phase a lower number goes first; offers of one number go by their ids."""
    when: Annotated[str, Meta(min_length=1, max_length=WHEN_LETTERS_MAX)] | None = None
    """A condition in CEL that must hold, such as `basket.total >= 5000 && member.tier == "gold"`."""
    schedule: Schedule | None = None
    windows: Annotated[tuple[Window, ...], Meta(max_length=WINDOWS_MAX)] = ()
    """When it runs within its schedule: while one of these is open. None: always."""
    holidays: Holidays | None = None
    time_zone: Word | None = None
    """IANA name of the zone of its schedule, windows and holidays. None: the programme's."""
    audience: Audience | None = None
    """For whom and where it runs. None: for everybody, everywhere."""
    limits: Annotated[tuple[Limit, ...], Meta(max_length=LIMITS_MAX)] = ()
    """The most that it gives within periods. All of them hold."""
    stacking: Stacking | None = None
    """What becomes of it beside others of a group. None: each gives, whatever others give."""
    budget: Budget | None = None


class Document(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A whole programme, as it is written in YAML and kept as JSON."""

    program: Id
    name: Names
    time_zone: Word
    """IANA name. Every date in the document is a local date there."""
    money: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
    """ISO 4217 code. Money is always in its minor units."""
    currencies: Annotated[Mapping[Id, Currency], Meta(min_length=1, max_length=CURRENCIES_MAX)]
    catalog: Catalog = field(default_factory=Catalog)
    calendars: Annotated[
        Mapping[Id, Annotated[tuple[date, ...], Meta(max_length=HOLIDAYS_MAX)]], Meta(max_length=CALENDARS_MAX)
    ] = field(default_factory=dict[Id, tuple[date, ...]])
    """Holidays by the name of their calendar, such as {cn: [2026-10-01]}. Offers name the calendar."""
    activities: Annotated[Mapping[Id, Kind], Meta(max_length=KINDS_MAX)] = field(default_factory=dict[str, Kind])
    """Kinds of activity of the retailer's own (a review, a check-in): their names, and what is told with them. A kind
    that is not declared may tell anything."""
    conversions: tuple[Conversion, ...] = ()
    """Which currencies members may change into which. At most one rate from one currency into another."""
    offers: Annotated[tuple[Offer, ...], Meta(max_length=OFFERS_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a document, and where. Lines and columns start at 1; 0 means: not known."""

    message: str
    path: str = ""
    line: int = 0
    column: int = 0


class ProgramInvalid(Refusal):
    """A document that cannot be used; `problems` says everything that was found."""

    code, kind = "program_invalid", "invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems, "a refused document has a problem"
        more = len(problems) - PROBLEMS_MAX
        rest = (Problem(message=f"and {more} more"),) if more > 0 else ()
        self.problems = (*problems[:PROBLEMS_MAX], *rest)
        listed = [
            f"line {p.line}, column {p.column}: {p.path}: {p.message}"
            if p.path and p.line
            else f"line {p.line}, column {p.column}: {p.message}"
            if p.line
            else f"{p.path}: {p.message}"
            if p.path
            else p.message
            for p in self.problems
        ]
        super().__init__(
            "The programme cannot be used. " + "; ".join(listed),
            problems=[
                {"path": p.path, "line": p.line, "column": p.column, "message": p.message} for p in self.problems
            ],
        )


class PointsOverflow(Refusal):
    """An offer would give more points than can be counted exactly."""

    code, kind = "points_overflow", "invalid"


class NoProgram(Refusal):
    """No version of the programme was live at that time."""

    code, kind = "no_program", "conflict"

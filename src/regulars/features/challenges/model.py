"""What a marketer says about a challenge: what is counted, over which days, and what its goals give."""

from itertools import pairwise
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.program import LANGUAGES, Names, Selection, Word

__all__ = [
    "LABELS_MAX",
    "Activities",
    "Brands",
    "Categories",
    "Days",
    "Gift",
    "Goal",
    "Items",
    "Measure",
    "Settings",
    "Spend",
    "Streak",
    "Team",
]

LABELS_MAX: Final = 500
"""Categories or brands that are told apart for one member."""
STREAK_MAX: Final = 10_000
GOALS_MAX: Final = 50
GIFTS_MAX: Final = 10

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
Number = Annotated[int, Meta(ge=1, le=10_000)]
Amount = Annotated[int, Meta(ge=1, le=10**12)]
Among = Annotated[tuple[Word, ...], Meta(max_length=LABELS_MAX)]


class Spend(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="spend"
):
    """Money paid for the lines that count, in minor units."""


class Items(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="items"
):
    """Whole units of quantity of the lines that count."""


class Activities(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="activities"
):
    """Activities that fit: purchases, check-ins, reviews, whatever the offer's `on` names."""

    most_per_day: Number | None = None
    """No more than so many of one day count. None: any number."""


class Days(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="days"
):
    """Days with at least one activity that fits."""


class Categories(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="categories"
):
    """Different categories that were bought from."""

    among: Among = ()
    """The categories that count, each once. None given: the broadest category of each line."""


class Brands(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="brands"
):
    """Different brands that were bought."""

    among: Among = ()
    """The brands that count, each once. None given: every brand."""


class Streak(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="of", tag="streak"
):
    """Days, weeks or months in a row. A goal's `every` begins a new stretch each time that it is reached."""

    unit: Literal["day", "week", "month"] = "day"
    """What must follow each other. A week starts on Monday."""
    least: Number = 1
    """How many activities that fit keep one of them."""
    freeze: Annotated[int, Meta(ge=0, le=31)] = 0
    """How many of them a stretch may miss in between. Missed ones do not count; they only do not break it."""


Measure = Spend | Items | Activities | Days | Categories | Brands | Streak


class Gift(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that is given besides points, and that another offer of the programme gives out."""

    kind: Literal["coupon", "badge"]
    """What it is."""
    what: Id
    """Its name there."""
    count: Number = 1
    """How many."""


class Goal(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One step of a challenge, or the stamps of a card."""

    id: Id
    """By this a later version knows it again: whoever has reached a goal keeps what it gave."""
    at: Amount | None = None
    """Reached once, when so much is counted."""
    every: Amount | None = None
    """In place of `at`: reached again and again, each time so much more is counted, as on a stamp card."""
    most: Number | None = None
    """With `every`: no more often than this in one period. None: any number of times."""
    title: Names | None = None
    """What people call it."""
    points: Annotated[int, Meta(ge=0, le=10**9)] = 0
    """What it gives each time, in minor units of the challenge's currency."""
    grants: Annotated[tuple[Gift, ...], Meta(max_length=GIFTS_MAX)] = ()
    """What it gives besides, each time."""

    def __post_init__(self) -> None:
        if (self.at is None) == (self.every is None):
            raise ValueError("a goal needs either 'at' or 'every'")
        if self.most is not None and self.every is None:
            raise ValueError("'most' needs 'every'")
        if not (self.points or self.grants):
            raise ValueError("a goal gives 'points' or 'grants'")

    @property
    def size(self) -> int:
        """How much must be counted to reach it once."""
        return self.at or self.every or 1


class Team(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Several members who work for the same goals: what each does counts for all, and each gets what a goal gives."""

    most: Annotated[int, Meta(ge=2, le=20)]
    """How many members one team may have."""
    hold_days: Annotated[int, Meta(ge=0, le=366)] = 0
    """So many whole days a goal must stay reached before it is paid, at the start of the day after. What comes back
    within them does not count; what was paid stays paid. 0: paid at once."""


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a challenge."""

    challenge: Id
    """Its name, by which members join it."""
    title: Names
    """What people call it."""
    counts: Measure
    """What is counted."""
    goals: Annotated[tuple[Goal, ...], Meta(min_length=1, max_length=GOALS_MAX)]
    """What there is to reach, from the nearest to the furthest."""
    currency: Word | None = None
    """The currency of the points that goals give."""
    lines: Selection = field(default_factory=Selection)
    """The lines that count; without it, all. An activity of which no line fits counts for nothing."""
    per: Literal["once", "day", "week", "month", "quarter", "year"] = "once"
    """The period in which the goals may be reached; then the count starts anew. A week starts on Monday. `once`: the
    whole time for which the offer runs."""
    within_days: Annotated[int, Meta(ge=1, le=3660)] | None = None
    """With `per: once`: only so many days count, beginning with the day on which the member joined the challenge
    (`opt_in`) or was enrolled."""
    opt_in: bool = False
    """Only for those who join it, by an activity `challenge_join` (name it in the offer's `on`, too) that asks for
    `challenge: <its name>`. What they do on the day of joining and afterwards counts."""
    team: Team | None = None
    """Members play in teams. Who joins and names nobody founds one; who names somebody of a team in `to` joins that."""

    def __post_init__(self) -> None:
        if any(not self.title.get(lang) for lang in LANGUAGES):
            raise ValueError(f"'title' needs {' and '.join(LANGUAGES)}")
        if (self.currency is not None) != any(goal.points for goal in self.goals):
            raise ValueError("'currency' and the 'points' of goals belong together")
        if len({goal.id for goal in self.goals}) < len(self.goals):
            raise ValueError("two goals have the same 'id'")
        steps = [goal.at for goal in self.goals if goal.at is not None]
        if any(high <= low for low, high in pairwise(steps)):
            raise ValueError("goals stand from the nearest 'at' to the furthest")
        if isinstance(self.counts, Streak) and any(goal.size > STREAK_MAX for goal in self.goals):
            raise ValueError(f"a streak of more than {STREAK_MAX} cannot be kept")
        if self.team is not None and not self.opt_in:
            raise ValueError("'team' needs 'opt_in: true'")
        if self.within_days is not None and self.per != "once":
            raise ValueError("'within_days' needs 'per: once'")
        if isinstance(self.counts, Categories | Brands):
            most = len(self.counts.among) or LABELS_MAX
            if any(goal.size > most for goal in self.goals):
                raise ValueError(f"a goal asks for more than the {most} that can be counted")

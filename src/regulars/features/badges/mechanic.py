"""A badge, which other offers grant and take back. While a member has it, the trait `badge.<its name>` is true.

Its offer gives nothing by itself, so its `on` may be a kind that nobody sends, such as `badge`.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from regulars.kernel.nouns import Earned, Grant, Reason, Step, TraitChange
from regulars.kernel.program import LANGUAGES, Calendar, Names, Word

__all__ = ["KINDS", "PHASE", "Memory", "Settings", "earn", "merge", "prepare", "provides", "receive", "sets"]

PHASE: Final = "state"
KINDS: Final = ("merge", "claim", "unmerge")
"""Two members become one, or two again: the memory is another all at once."""
BADGE: Final = "badge"

NOTHING: Final = Earned()


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a badge."""

    badge: Annotated[str, Meta(min_length=1, max_length=58, pattern=r"^[a-z][a-z0-9_-]*$(?!\n)")]
    """The name by which other offers grant it."""
    title: Names
    """What people call it."""
    text: Names | None = None
    """What it is given for, in a sentence."""
    image: Word | None = None
    """Address of its picture."""

    def __post_init__(self) -> None:
        if any(not self.title.get(lang) for lang in LANGUAGES):
            raise ValueError(f"'title' needs {' and '.join(LANGUAGES)}")


class Memory(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is remembered of one member."""

    count: int = 0
    """How often it was granted, less how often it was taken back. The member has it while this is above zero."""
    first: int = 0
    """The first day for which it was granted; 0: never."""


def prepare(settings: Settings, _calendar: Calendar) -> Settings:
    """Nothing needs looking up."""
    return settings


def provides(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Name the badge."""
    return ((BADGE, settings.badge),)


def sets(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Name the trait that tells whether a member has it."""
    return {f"{BADGE}.{settings.badge}": ()}


def receive(settings: Settings, memory: Memory, step: Step, grants: tuple[Grant, ...]) -> Earned:
    """Remember that it was granted, or taken back."""
    more = sum(grant.count for grant in grants)
    # A return is told on a day of its own, on which nothing was granted.
    first = step.day if not memory.first or (more > 0 and step.day < memory.first) else memory.first
    fresh = Memory(count=memory.count + more, first=first)
    had, has = memory.count > 0, fresh.count > 0
    if had == has:
        return Earned(memory=fresh)
    code = "badge_given" if has else "badge_taken"
    reason = Reason(offer="", code=code, values={"badge": settings.badge})
    return Earned(memory=fresh, traits=(_tell(settings, step, has=has),), reasons=(reason,))


def earn(settings: Settings, memory: Memory, step: Step) -> Earned:
    """Let the trait be what the memory says, where that is another than before."""
    if step.activity.kind not in KINDS:
        return NOTHING
    has = memory.count > 0
    if has == (step.traits.get(f"{BADGE}.{settings.badge}") is True):
        return NOTHING
    return Earned(traits=(_tell(settings, step, has=has),))


def merge(_settings: Settings, kept: Memory, joined: Memory) -> Memory:
    """One member where two were has the badge of either, since the first day on which one of them had it."""
    firsts = [memory.first for memory in (kept, joined) if memory.first]
    return Memory(count=kept.count + joined.count, first=min(firsts, default=0))


def _tell(settings: Settings, step: Step, *, has: bool) -> TraitChange:
    # A change that was told later, of an earlier time, would be hidden by one of a return before it.
    since = max(step.at, step.activity.occurred_at)
    return TraitChange(name=f"{BADGE}.{settings.badge}", value=True if has else None, since=since)

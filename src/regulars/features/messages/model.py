"""What is said to members, by which ways, when, and what becomes of it. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from regulars.base.errors import Refusal

__all__ = [
    "CHANNELS",
    "DEFAULTS",
    "FOREVER",
    "INBOX",
    "KINDS",
    "LANGUAGES",
    "SERVICE",
    "TRIES_MAX",
    "Channel",
    "Content",
    "Facts",
    "Kind",
    "Language",
    "Message",
    "MessageKindUnknown",
    "MessageLanguageUnknown",
    "MessageUnknown",
    "Planned",
    "Rule",
    "State",
    "Suppression",
    "Template",
    "Type",
    "Verdict",
    "choose_language",
    "find_kind",
    "find_language",
    "judge",
    "wait_after",
]

Kind = Literal["receipt", "level", "ending", "usable", "membership", "news"]
Channel = Literal["inbox", "email", "sms", "push", "wechat"]
Language = Literal["en", "zh-CN"]
State = Literal["waiting", "claimed", "sending", "sent", "skipped", "failed", "doubtful"]
Suppression = Literal["bounced", "complained", "asked"]
Type = Literal["text", "number", "moment"]
Content = Mapping[str, str | int]

CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
INBOX: Final = "inbox"
FOREVER: Final = 2**62
TRIES_MAX: Final = 8
WAITS_MINUTES: Final = (1, 5, 30, 120, 480, 1440, 1440, 1440)
DAY_MINUTES: Final = 1440


class MessageUnknown(Refusal):
    """No message has this id, or it is not this member's."""

    code, kind = "message_unknown", "not_found"


class MessageKindUnknown(Refusal):
    """There is no such kind of message."""

    code, kind = "message_kind_unknown", "not_found"


class MessageLanguageUnknown(Refusal):
    """Messages are not written in this language."""

    code, kind = "message_language_unknown", "not_found"


class About(Struct, frozen=True, kw_only=True):
    """A kind of message: what it is sent for, and what its words may name."""

    purpose: str
    variables: Mapping[str, Type]


KINDS: Final[Mapping[Kind, About]] = MappingProxyType(
    {
        "receipt": About(
            purpose="receipts",
            variables={"shop": "text", "points": "number", "currency": "text", "balance": "number", "at": "moment"},
        ),
        "level": About(purpose="notices", variables={"shop": "text", "level": "text", "at": "moment"}),
        "ending": About(
            purpose="notices", variables={"shop": "text", "points": "number", "currency": "text", "at": "moment"}
        ),
        "usable": About(
            purpose="notices", variables={"shop": "text", "points": "number", "currency": "text", "at": "moment"}
        ),
        "membership": About(purpose="notices", variables={"shop": "text", "at": "moment"}),
        "news": About(purpose="marketing", variables={"shop": "text", "title": "text", "text": "text"}),
    }
)


SERVICE: Final = frozenset({"receipts", "notices"})
"""Purposes that belong to being a member."""


def find_kind(name: str) -> Kind:
    """Find a kind by its name. Raises MessageKindUnknown."""
    names: dict[str, Kind] = {kind: kind for kind in KINDS}
    found = names.get(name)
    if found is None:
        raise MessageKindUnknown(f"There is no such kind of message; there are {', '.join(KINDS)}.")
    return found


def find_language(name: str) -> Language:
    """Find a language by its name, as it is written. Raises MessageLanguageUnknown."""
    names: dict[str, Language] = {language: language for language in LANGUAGES}
    found = names.get(name)
    if found is None:
        raise MessageLanguageUnknown(f"Messages are written in {' and '.join(LANGUAGES)}.")
    return found


class Rule(Struct, frozen=True, kw_only=True):
    """By which ways a kind goes out, when not, and how often at most."""

    channels: tuple[Channel, ...]
    quiet_from: Annotated[int, Meta(ge=0, lt=DAY_MINUTES)] = 0
    """Minutes after midnight, where the member is: from then on nothing goes out but into the inbox."""
    quiet_until: Annotated[int, Meta(ge=0, lt=DAY_MINUTES)] = 0
    """Until then; equal to `quiet_from`: never quiet."""
    cap_most: Annotated[int, Meta(ge=0, le=1_000)] = 0
    """Messages of one purpose that one member is sent within `cap_days`, beside the inbox; 0: no limit."""
    cap_days: Annotated[int, Meta(ge=1, le=366)] = 7


EVENING, MORNING = 21 * 60, 8 * 60
DEFAULTS: Final[Mapping[Kind, Rule]] = MappingProxyType(
    {
        # Whoever wants receipts turns them on: the statement has them all.
        "receipt": Rule(channels=()),
        "level": Rule(channels=("inbox", "email"), quiet_from=EVENING, quiet_until=MORNING),
        "ending": Rule(channels=("inbox", "email"), quiet_from=EVENING, quiet_until=MORNING),
        "usable": Rule(channels=("inbox",)),
        "membership": Rule(channels=("inbox", "email"), quiet_from=EVENING, quiet_until=MORNING),
        "news": Rule(channels=("inbox", "email"), quiet_from=EVENING, quiet_until=MORNING, cap_most=2, cap_days=7),
    }
)
"""Where the house says nothing else."""


class Template(Struct, frozen=True, kw_only=True):
    """The words of a kind in a language."""

    kind: Kind
    language: Language
    version: int
    """0: those that come with the program."""
    subject: str
    text: str
    short: str
    """For ways that have no room: a short message, a notice on a screen."""


class Planned(Struct, frozen=True, kw_only=True):
    """Something to be said."""

    member: UUID
    kind: Kind
    reference: str
    """What it is about: a member hears of it once by each way."""
    content: Content
    useful_until: datetime | None = None


class Message(Struct, frozen=True, kw_only=True):
    """Something to be said by one way, and what became of it."""

    id: UUID
    number: int
    member: UUID
    kind: Kind
    purpose: str
    channel: Channel
    content: Content
    state: State
    reason: str
    tries: int
    version: int
    language: str
    created_at: datetime
    due_at: datetime
    useful_until: datetime | None
    ended_at: datetime | None
    read_at: datetime | None


class Facts(Struct, frozen=True, kw_only=True):
    """What decides whether a message goes out now."""

    is_member: bool
    """Neither closed nor erased."""
    is_allowed: bool
    has_way: bool
    """Whether the channel leads anywhere: the operator set it up."""
    has_contact: bool
    is_suppressed: bool
    sent: int
    """Of this purpose to this member within the days of the rule, beside the inbox."""
    zone: ZoneInfo
    """The member's, or the programme's."""


class Verdict(Struct, frozen=True, kw_only=True):
    """Send, leave out for a reason, or look again later."""

    reason: str = ""
    later: datetime | None = None

    @property
    def sends(self) -> bool:
        """Whether it goes out now."""
        return not self.reason and self.later is None


def judge(message: Message, rule: Rule, facts: Facts, *, at: datetime) -> Verdict:
    """Decide whether a message goes out now. What it is worth is asked before where it goes, and that before when."""
    outward = message.channel != INBOX
    reasons = (
        (message.useful_until is not None and at >= message.useful_until, "too_late"),
        (not facts.is_member, "no_member"),
        (not facts.is_allowed, "not_allowed"),
        (outward and not facts.has_way, "no_way"),
        (outward and not facts.has_contact, "no_contact"),
        (outward and facts.is_suppressed, "suppressed"),
        (outward and 0 < rule.cap_most <= facts.sent, "capped"),
    )
    for holds, reason in reasons:
        if holds:
            return Verdict(reason=reason)
    later = _find_end_of_quiet(rule, facts.zone, at) if outward else None
    return Verdict(later=later)


def _find_end_of_quiet(rule: Rule, zone: ZoneInfo, at: datetime) -> datetime | None:
    """When quiet hours end, where they go on at a moment; None where they do not."""
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    wait = (rule.quiet_until - rule.quiet_from) % DAY_MINUTES
    since = (minute - rule.quiet_from) % DAY_MINUTES
    if since >= wait:
        return None
    day = local.date() if minute < rule.quiet_until else local.date() + timedelta(days=1)
    end = datetime(day.year, day.month, day.day, rule.quiet_until // 60, rule.quiet_until % 60, tzinfo=zone)
    # Where a clock is turned back the hour comes twice; a moment that is over would be looked at again at once.
    return max(end.astimezone(at.tzinfo), at + timedelta(minutes=1))


def wait_after(tries: int, *, chance: int) -> timedelta:
    """How long to wait after so many tries: longer each time, and a fifth more or less, so that not all come again."""
    minutes = WAITS_MINUTES[min(tries, len(WAITS_MINUTES)) - 1]
    return timedelta(minutes=minutes) * (800 + chance * 400 // 1000) // 1000


def choose_language(wish: object, otherwise: Language) -> Language:
    """Choose the language nearest to a wish such as `zh-TW`; of one that nobody writes, the house's."""
    told = str(wish).strip().lower().replace("_", "-").partition("-")[0] if isinstance(wish, str) else ""
    return "zh-CN" if told == "zh" else "en" if told == "en" else otherwise

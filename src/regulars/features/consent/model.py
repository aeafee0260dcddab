"""Purposes, channels, choices: what may be allowed, and which choice holds. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, get_args
from uuid import UUID

from msgspec import Meta, Struct

from regulars.base.errors import Refusal

__all__ = [
    "ANY",
    "CHANNELS",
    "PURPOSES",
    "SERVICE",
    "SIGNALLED",
    "TRAIT",
    "Channel",
    "Choice",
    "ConsentDiffers",
    "ConsentEntry",
    "ConsentInFuture",
    "ConsentInvalid",
    "ConsentNotice",
    "ConsentProofMissing",
    "ConsentStanding",
    "Door",
    "Language",
    "NoticeUnknown",
    "Purpose",
    "check_choice",
    "choose",
    "list_standings",
]

Purpose = Literal["receipts", "notices", "marketing", "personalisation", "profiling", "sharing", "sale"]
Channel = Literal["any", "email", "sms", "push", "wechat", "inbox"]
Door = Literal["member", "link", "staff", "import", "gpc"]
Language = Literal["en", "zh-CN"]

PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
ANY: Final = "any"
SERVICE: Final[frozenset[Purpose]] = frozenset({"receipts", "notices"})
"""What belongs to being a member: it goes on until the member turns it off. All else waits until it is allowed."""
SENT: Final[frozenset[Purpose]] = frozenset({"receipts", "notices", "marketing"})
"""Purposes for which something is sent, so that each channel may be chosen for itself."""
SIGNALLED: Final[tuple[Purpose, ...]] = ("sale", "sharing", "profiling")
"""What a browser's Global Privacy Control opts out of."""
TRAIT: Final = "consent.personalisation"
"""The trait that tells offers what the member chose, where the programme's catalogue has it."""
AHEAD_MAX: Final = timedelta(minutes=5)

Word = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ConsentInvalid(Refusal):
    """A choice names a channel that its purpose does not have."""

    code, kind = "consent_invalid", "invalid"


class ConsentInFuture(Refusal):
    """A choice is dated in the future."""

    code, kind = "consent_in_future", "invalid"


class ConsentProofMissing(Refusal):
    """Something is allowed without the words that were shown and without another proof."""

    code, kind = "consent_proof_missing", "invalid"


class NoticeUnknown(Refusal):
    """No words have this version."""

    code, kind = "notice_unknown", "not_found"


class ConsentDiffers(Refusal):
    """A reference was used before for another choice."""

    code, kind = "consent_differs", "conflict"


class Choice(Struct, frozen=True, kw_only=True):
    """What a member allows or does not, from a moment on."""

    member: UUID
    purpose: Purpose
    channel: Channel = "any"
    is_given: bool
    version: int = 0
    """Of the words that were shown; 0 where none of ours were."""
    language: str = ""
    door: Door
    told_by: str = ""
    """Who said it at the door, by our ids."""
    reference: Word = ""
    """The sender's own name of it: sent again it counts once."""
    proof: Word = ""
    """Where a proof is kept that is not here, such as `paper form, archive 17`. Nothing personal."""
    occurred_at: datetime


class ConsentEntry(Choice, frozen=True, kw_only=True):
    """A choice as it was written down."""

    id: UUID
    recorded_at: datetime


class ConsentStanding(Struct, frozen=True, kw_only=True):
    """What holds now for a purpose on a channel, and by what."""

    purpose: Purpose
    channel: Channel
    is_allowed: bool
    since: datetime | None
    """Null where the member never chose, and the default holds."""
    door: Door | None
    version: int


class ConsentNotice(Struct, frozen=True, kw_only=True):
    """The words of a purpose that members are shown when they choose."""

    purpose: Purpose
    version: int
    en: str
    zh: str
    published_at: datetime


def check_choice(choice: Choice, *, at: datetime) -> None:
    """Refuse a choice that cannot be written down: ConsentInvalid, ConsentInFuture or ConsentProofMissing."""
    if choice.channel != ANY and choice.purpose not in SENT:
        message = f"Nothing is sent for {choice.purpose!r}: choose it for the channel 'any'."
        raise ConsentInvalid(message, purpose=choice.purpose, channel=choice.channel)
    if choice.occurred_at > at + AHEAD_MAX:
        raise ConsentInFuture("A choice is dated when it was made, which is not in the future.")
    if choice.is_given and choice.purpose not in SERVICE and choice.version == 0 and not choice.proof:
        message = "Say which version of the words was shown, or where another proof is kept."
        raise ConsentProofMissing(message, purpose=choice.purpose)


def choose(entries: Iterable[ConsentEntry], purpose: Purpose, channel: Channel) -> ConsentStanding:
    """Say what holds on a channel: the last choice for it or for any channel; else the purpose's default.

    Entries come in the order in which they hold: of two, the later given wins.
    """
    last: ConsentEntry | None = None
    for entry in entries:
        if entry.purpose == purpose and entry.channel in {channel, ANY}:
            last = entry
    if last is None:
        return ConsentStanding(
            purpose=purpose, channel=channel, is_allowed=purpose in SERVICE, since=None, door=None, version=0
        )
    return ConsentStanding(
        purpose=purpose,
        channel=channel,
        is_allowed=last.is_given,
        since=last.occurred_at,
        door=last.door,
        version=last.version,
    )


def list_standings(entries: Mapping[Purpose, tuple[ConsentEntry, ...]]) -> tuple[ConsentStanding, ...]:
    """Say what holds for every purpose on each of its channels."""
    return tuple(
        choose(entries.get(purpose, ()), purpose, channel)
        for purpose in PURPOSES
        for channel in (CHANNELS if purpose in SENT else (CHANNELS[0],))
    )

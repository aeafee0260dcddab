"""The values of the room, what it refuses, and when is tried again. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from regulars.base.errors import Refusal

__all__ = [
    "FAILING_DAYS",
    "KINDS_MAX",
    "RETRY_DAYS",
    "Answer",
    "Delivery",
    "Event",
    "Kinds",
    "Reason",
    "Secret",
    "State",
    "Webhook",
    "WebhookAttempt",
    "WebhookChanged",
    "WebhookEventUnknown",
    "WebhookFigures",
    "WebhookLimit",
    "WebhookMade",
    "WebhookUnknown",
    "WebhookUrlRefused",
    "fits",
    "wait_after",
]

State = Literal["waiting", "delivered", "failed"]
Reason = Literal["", "asked", "gone", "failing"]
KINDS_MAX: Final = 50
Pattern = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[a-z0-9_.*-]+$(?!\n)")]
Kinds = Annotated[tuple[Pattern, ...], Meta(min_length=1, max_length=KINDS_MAX)]
"""Kinds of events: `purchase.recorded`, or with stars for any letters, such as `points.*`."""

RETRY_DAYS: Final = 3
"""How long a delivery is tried again after its first attempt."""
FAILING_DAYS: Final = 3
"""After so long of nothing but failures an endpoint is disabled."""
WAITS_SECONDS: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
"""Until the next attempt, after the first, the second, ...; then the last of them again and again."""
WAIT_SECONDS_MAX: Final = 86_400
"""However long an endpoint asks us to wait."""


class WebhookUnknown(Refusal):
    """There is no such webhook."""

    code, kind = "webhook_unknown", "not_found"


class WebhookEventUnknown(Refusal):
    """This webhook was never to be told of this event, or it was forgotten since."""

    code, kind = "webhook_event_unknown", "not_found"


class WebhookChanged(Refusal):
    """The webhook was changed since it was read."""

    code, kind = "webhook_changed", "conflict"


class WebhookLimit(Refusal):
    """There are as many webhooks as there may be."""

    code, kind = "webhook_limit", "conflict"


class WebhookUrlRefused(Refusal):
    """Nothing is sent to this address."""

    code, kind = "webhook_url_refused", "invalid"


class Webhook(Struct, frozen=True, kw_only=True):
    """Where events are sent."""

    id: UUID
    url: str
    description: str
    kinds: tuple[str, ...]
    """Of events; a star stands for any letters."""
    is_enabled: bool
    reason: Reason
    """Why it is not enabled: `asked`, `gone` (it answered 410), `failing` (nothing but failures for days)."""
    failing_since: datetime | None
    """The first failure after the last success."""
    version: int
    created_at: datetime
    changed_at: datetime


class WebhookMade(Struct, frozen=True, kw_only=True):
    """A webhook, and the secret that it was given. It is told this once."""

    webhook: Webhook
    secret: str

    def __repr__(self) -> str:
        return f"WebhookMade(webhook={self.webhook!r})"


class Secret(Struct, frozen=True, kw_only=True):
    """A secret as it is kept."""

    number: int
    sealed: bytes
    since: datetime
    ends_at: datetime | None

    def is_live(self, at: datetime) -> bool:
        """Whether it signs what is sent now."""
        return self.ends_at is None or self.ends_at > at


class Event(Struct, frozen=True, kw_only=True):
    """Something that others are told: its id is the same however often it is told."""

    id: str
    member: UUID
    seq: int
    """The number of its activity in the journal; 0 for a test."""
    kind: str
    at: datetime
    body: str
    """As it is sent."""


class Delivery(Struct, frozen=True, kw_only=True):
    """An event on its way to an endpoint."""

    id: UUID
    event: str
    kind: str
    member: UUID | None
    """None for a test event."""
    state: State
    reason: str
    """Why it failed: `gave_up`, `gone`, `test_failed`."""
    attempts: int
    created_at: datetime
    ended_at: datetime | None
    number: int
    """Its place in the listing."""


class WebhookAttempt(Struct, frozen=True, kw_only=True):
    """One time that an event was sent."""

    delivery: UUID
    number: int
    at: datetime
    status: int | None
    """None where no answer came."""
    error: str
    duration_ms: int


class Answer(Struct, frozen=True, kw_only=True):
    """What became of one sending."""

    status: int | None = None
    error: str = ""
    """A code: `refused`, `timeout`, `address_blocked`, ...; empty where there was an answer."""
    duration_ms: int = 0
    retry_after_seconds: int = 0

    @property
    def is_success(self) -> bool:
        """Only 2xx is."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP's

    @property
    def is_gone(self) -> bool:
        """Whether the endpoint says that it is not there any more."""
        return self.status == 410  # noqa: PLR2004 - HTTP's


class WebhookFigures(Struct, frozen=True, kw_only=True):
    """How much is on its way."""

    waiting: int
    delivered: int
    failed: int
    disabled: int
    """Endpoints that are not enabled."""
    oldest_seconds: int
    """Age of what waits longest."""


@cache
def _compile(kinds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(".*".join(re.escape(part) for part in kind.split("*")) for kind in kinds))


def fits(kinds: Sequence[str], kind: str) -> bool:
    """Say whether an event of a kind was asked for."""
    return _compile(tuple(kinds)).fullmatch(kind) is not None


def wait_after(tries: int, *, chance: int, asked_seconds: int = 0) -> timedelta:
    """How long to wait after so many tries. `chance` from 0 to 999 spreads it by a fifth to either side.

    Where the endpoint asked for more, that is kept to, up to a day.
    """
    assert tries >= 1, "there was an attempt"
    base = WAITS_SECONDS[min(tries, len(WAITS_SECONDS)) - 1]
    milliseconds = base * (800 + chance * 400 // 999)
    return max(timedelta(milliseconds=milliseconds), timedelta(seconds=min(asked_seconds, WAIT_SECONDS_MAX)))

"""What goes on all the time: reading the journal, sending, and forgetting what was sent long ago."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from regulars.features.messages.deliver import LINES, Round
from regulars.features.messages.gather import gather
from regulars.features.messages.post import find_posts
from regulars.features.messages.store import forget
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS", "deliver_due", "forget_old", "gather_new"]

KEPT_DAYS: Final = 90
"""How long is kept what went out or was left out, and what stands in the inbox."""
FORGOTTEN_MAX: Final = 5_000


async def gather_new(place: Workplace) -> int:
    """Read the journal on; gives how many activities were read."""
    return await place.database.run(lambda tx: gather(tx, place.house, at=_now()))


async def deliver_due(place: Workplace) -> int:
    """Send what is due; gives how many messages."""
    return await Round(
        database=place.database,
        house=place.house,
        posts=find_posts(place.settings, lines=LINES),
        now=_now,
        chance=lambda: secrets.randbelow(1000),
        address=(place.settings.public_url or "").rstrip("/"),
        stopping=place.stopping,
    ).deliver()


async def forget_old(place: Workplace) -> int:
    """Forget what ended long ago; gives how many messages."""
    before = _now() - timedelta(days=KEPT_DAYS)
    return await place.database.run(lambda tx: forget(tx, before=before, most=FORGOTTEN_MAX))


def _now() -> datetime:
    """The world's time: people sleep by it, and not by a sandbox's clock."""
    return datetime.now(UTC)


JOBS: Final = (
    Job(name="messages.gather", run=gather_new, pause_seconds=2),
    Job(name="messages.deliver", run=deliver_due, pause_seconds=2, says="Sent {count} messages to members' devices."),
    Job(name="messages.forget", run=forget_old, pause_seconds=3_600, says="Forgot {count} old messages."),
)

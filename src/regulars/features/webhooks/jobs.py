"""What goes on all the time: reading the journal, sending, and forgetting what was sent long ago."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from regulars.base.db import Tx
from regulars.features.webhooks.deliver import Round
from regulars.features.webhooks.gather import gather
from regulars.features.webhooks.post import Post
from regulars.features.webhooks.store import forget, lock_reader
from regulars.features.webhooks.target import Policy
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS", "deliver_due", "forget_old", "gather_new"]

KEPT_DAYS: Final = 30
"""How long deliveries are kept after they ended, and can be sent once more by their event."""
FORGOTTEN_MAX: Final = 5_000


async def gather_new(place: Workplace) -> int:
    """Read the journal on; gives how many activities were read."""
    return await place.database.run(lambda tx: gather(tx, new_id=place.house.new_id, at=_now()))


async def deliver_due(place: Workplace) -> int:
    """Send what is due; gives how many messages."""
    async with Post(Policy.of(place.settings)) as post:
        return await Round(
            database=place.database,
            keyring=place.house.keyring,
            post=post,
            new_id=place.house.new_id,
            now=_now,
            chance=lambda: secrets.randbelow(1000),
            stopping=place.stopping,
        ).deliver()


async def forget_old(place: Workplace) -> int:
    """Forget what ended long ago; gives how many deliveries."""
    before = _now() - timedelta(days=KEPT_DAYS)

    async def work(tx: Tx) -> int:
        if await lock_reader(tx, wait=False) is None:
            return 0
        return await forget(tx, before=before, most=FORGOTTEN_MAX)

    return await place.database.run(work)


def _now() -> datetime:
    """The time that receivers check: not a sandbox's."""
    return datetime.now(UTC)


JOBS: Final = (
    Job(name="webhooks.gather", run=gather_new, pause_seconds=1),
    Job(name="webhooks.deliver", run=deliver_due, pause_seconds=1, says="Sent {count} messages to webhooks."),
    Job(name="webhooks.forget", run=forget_old, pause_seconds=3_600, says="Forgot {count} old deliveries."),
)

"""What is done once an hour: forgetting sessions, attempts and ways to the identity provider that ended long ago."""

from datetime import UTC, datetime, timedelta
from typing import Final

from regulars.base.db import Tx
from regulars.features.staff.sessions.store import forget
from regulars.features.staff.store import forget_old
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS", "forget_ended"]

KEPT: Final = timedelta(days=30)
"""Longer than any lock, so that nobody who guesses begins anew by waiting."""


async def forget_ended(place: Workplace) -> int:
    """Forget what ended a month ago; gives how many rows."""
    before = datetime.now(UTC) - KEPT

    async def work(tx: Tx) -> int:
        return await forget(tx, before=before) + await forget_old(tx, before=before)

    return await place.database.run(work)


JOBS: Final = (Job(name="staff.forget", run=forget_ended, pause_seconds=3_600),)

"""What goes on all the time: the journal is looked through, and what no window reaches is forgotten."""

from datetime import timedelta
from typing import Final

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features.fraud.look import look
from regulars.features.fraud.store import forget_signals
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS"]

KEPT: Final = timedelta(days=120)
"""Longer than any window, and as late as an activity may come."""


async def look_on(place: Workplace) -> int:
    """Look through a page of the journal; gives how many activities were read."""

    async def work(tx: Tx) -> int:
        at = await clock.now(tx)
        return await look(tx, new_id=place.house.new_id, at=at, since=at - KEPT)

    return await place.database.run(work)


async def forget_old(place: Workplace) -> int:
    """Forget what happened long ago; gives how much was forgotten."""

    async def work(tx: Tx) -> int:
        return await forget_signals(tx, before=await clock.now(tx) - KEPT)

    return await place.database.run(work)


JOBS: Final = (
    Job(name="fraud.look", run=look_on, pause_seconds=2),
    Job(name="fraud.forget", run=forget_old, pause_seconds=3_600),
)

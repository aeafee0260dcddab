"""What goes on all the time: the daybook is kept up with the journal."""

from typing import Final

from regulars.features.daybook.gather import gather
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS", "gather_new"]


async def gather_new(place: Workplace) -> int:
    """Read a page of the journal; gives how many activities were read."""
    return await place.database.run(lambda tx: gather(tx, place.house.versions))


JOBS: Final = (Job(name="daybook.gather", run=gather_new, pause_seconds=5),)

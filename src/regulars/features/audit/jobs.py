"""What goes on all the time: entries get their links, and the journal is read for what people did."""

from typing import Final

from regulars.features.audit.acts import gather_acts
from regulars.features.audit.chain import seal
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS"]


async def seal_new(place: Workplace) -> int:
    """Seal a page; gives how many entries."""
    return await place.database.run(seal)


async def read_on(place: Workplace) -> int:
    """Read the journal on; gives how many activities were read."""
    return await place.database.run(gather_acts)


JOBS: Final = (
    Job(name="audit.seal", run=seal_new, pause_seconds=2),
    Job(name="audit.acts", run=read_on, pause_seconds=2),
)

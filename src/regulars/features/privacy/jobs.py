"""What is done once a day: clearing away what was kept long enough. Asked every hour, so that no day is left out."""

from datetime import timedelta
from typing import Final

from regulars.features.privacy.clear import clear
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS"]

EVERY: Final = timedelta(hours=23)


async def clear_old(place: Workplace) -> int:
    """Clear, unless that was done today."""
    await clear(place.database, place.house, every=EVERY)
    return 0


JOBS: Final = (Job(name="privacy.clear", run=clear_old, pause_seconds=3_600),)

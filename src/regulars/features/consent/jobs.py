"""What goes on all the time: telling the rules of choices that they do not know yet."""

from typing import Final

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features.consent.tell import tell_untold
from regulars.kernel.spine import Job, Workplace

__all__ = ["JOBS", "tell_waiting"]

AT_ONCE: Final = 100


async def tell_waiting(place: Workplace) -> int:
    """Tell the rules of choices; gives of how many members."""

    async def work(tx: Tx) -> int:
        return await tell_untold(tx, place.house, at=await clock.now(tx), most=AT_ONCE)

    return await place.database.run(work)


JOBS: Final = (Job(name="consent.tell", run=tell_waiting, pause_seconds=60),)

"""Proof that nobody is left out: every activity that was read has its events for each endpoint that asked for them."""

from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.base.faults import Fault
from regulars.features.webhooks.events import derive
from regulars.features.webhooks.model import fits
from regulars.features.webhooks.store import LIVE, Wish, count_stuck, find_missing, list_readers, list_wishes
from regulars.kernel.activity import Followed
from regulars.kernel.spine import Place, follow, is_after

__all__ = ["prove"]

PAGE: Final = 1_000


async def prove(read: Read, *, most: int = 20) -> tuple[list[Fault], int]:
    """Hold the journal, as far as it was read, against what is on its way (I11). Gives faults and activities looked at.

    What has been forgotten since is left out.
    """
    faults: list[Fault] = []
    live = next((reader for reader in await list_readers(read) if reader.id == LIVE), None)
    if live is None:
        return faults, 0
    wishes = await list_wishes(read)
    looked = 0
    place = _begin(wishes, live.place)
    while place.low < live.place.high:
        found, place = await follow(read, place, most=PAGE)
        rows = [row for row in found if not is_after(row, live.place) and row.seq > live.forgotten]
        looked += len(rows)
        for endpoint, asked in wishes.items():
            events = [event for row in rows for event in _list_wanted(row, asked)]
            for missing in await find_missing(read, endpoint, events) if events else ():
                sentence = f"The webhook {endpoint} was to be told of {missing}, and was not."
                faults.append(Fault(code="webhooks_i11_delivery", rule="I11", sentence=sentence))
    without_lane, without_waiting = await count_stuck(read)
    if without_lane or without_waiting:
        sentence = f"{without_lane} members' events wait where nobody looks; {without_waiting} lanes wait for nothing."
        faults.append(Fault(code="webhooks_i11_lane", rule="I11", sentence=sentence))
    return faults[:most], looked


def _begin(wishes: dict[UUID, list[Wish]], end: Place) -> Place:
    low = min((each.place.low for asked in wishes.values() for each in asked), default=end.high)
    return Place(low=low, high=low)


def _list_wanted(row: Followed, asked: list[Wish]) -> list[str]:
    kinds = next((wish.kinds for wish in reversed(asked) if is_after(row, wish.place)), ())
    return [event.id for event in derive(row) if fits(kinds, event.kind)] if kinds else []

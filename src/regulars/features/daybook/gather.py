"""From the journal into the daybook: each activity once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.base.db import Read, Tx
from regulars.features.daybook.model import Change, add_up
from regulars.features.daybook.store import (
    add_flows,
    add_page,
    find_place_read,
    find_standings,
    move_reader,
    put_standings,
    take_reader,
)
from regulars.kernel.program import Versions
from regulars.kernel.spine import find_end, follow

__all__ = ["PAGE", "gather", "is_behind"]

PAGE: Final = 2_000
UTC: Final = ZoneInfo("UTC")


async def gather(tx: Tx, versions: Versions) -> int:
    """Read the journal on by a page; gives how many activities were read.

    Somebody else who reads is not waited for. Raises JournalRewound.
    """
    place = await take_reader(tx)
    if place is None:
        return 0
    rows, place = await follow(tx, place, most=PAGE)
    if rows:
        plans = (await versions.read(tx)).plans
        zones = {hash_: ZoneInfo(plan.document.time_zone) for hash_, plan in plans.items()}
        page = add_up(rows, partial(_day_of, zones))
        await add_page(tx, page)
        await _add_changes(tx, page.changes)
    await move_reader(tx, place)
    return len(rows)


async def is_behind(read: Read) -> bool:
    """Say whether there is something in the journal that was not read yet."""
    place, end = await find_place_read(read), await find_end(read)
    return place.high < end.high and bool((await follow(read, place, most=1))[0])


def _day_of(zones: Mapping[str, ZoneInfo], at: datetime, program: str) -> date:
    return at.astimezone(zones.get(program, UTC)).date()


async def _add_changes(tx: Tx, changes: Sequence[Change]) -> None:
    """Count changes of levels. What is told again, and changes nothing, is none."""
    if not changes:
        return
    standings = await find_standings(tx, {member for _, member, _, _ in changes})
    changed: dict[tuple[UUID, str], str] = {}
    flows: Counter[tuple[date, str, str, str]] = Counter()
    for day, member, trait, level in changes:
        before = changed.get((member, trait), standings.get((member, trait), ""))
        if before != level:
            flows[day, trait, before, level] += 1
            changed[member, trait] = level
    if changed:
        await put_standings(tx, changed)
        await add_flows(tx, flows)

"""A feed replayed by several processes at once, each with members of its own: the fold of one takes a whole core."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from regulars.base.apart import Tell, run_apart
from regulars.base.settings import Settings
from regulars.interfaces.cli.console import Advance
from regulars.interfaces.cli.feed import Feed
from regulars.interfaces.cli.memory import read_peak_mb
from regulars.interfaces.cli.opening import open_house, run
from regulars.interfaces.cli.recording import BATCH_SIZE, Tally, replay

__all__ = ["Load", "replay_in_lanes"]

Load = Callable[[int, int], Feed]
"""(lane, how many): the part of a feed whose members no other lane has, in time order. Called in the lane's process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a lane tells of itself after each batch, and at its end."""

    read: int
    tally: Tally
    rss_mb: int


async def replay_in_lanes(
    settings: Settings, load: Load, tally: Tally, advance: Advance, *, lanes: int, size: int = BATCH_SIZE
) -> Sequence[int]:
    """Record a feed in processes of their own; gives the most memory that each took, in MB.

    `tally` adds up what all lanes tell. Each lane is in time order, but none waits for another: who gets the last
    points of a budget may change from one run to the next. Raises what a lane was refused, or WorkBroken.
    """
    began = time.perf_counter()

    def notice(told: Sequence[Any]) -> None:
        heard = [each for each in told if isinstance(each, Told)]
        _add_up(tally, [each.tally for each in heard])
        tally.seconds = time.perf_counter() - began
        advance(sum(each.read for each in heard), tally.total)

    ended = await run_apart([partial(_run_lane, settings, partial(load, n, lanes), size) for n in range(lanes)], notice)
    notice(ended)
    return [each.rss_mb for each in ended]


def _add_up(whole: Tally, parts: Sequence[Tally]) -> None:
    whole.recorded = sum(part.recorded for part in parts)
    whole.repeated = sum(part.repeated for part in parts)
    whole.refused = sum(part.refused for part in parts)
    whole.first_refused = [broken for part in parts for broken in part.first_refused]
    whole.reading_seconds = sum(part.reading_seconds for part in parts)
    whole.thinking_seconds = sum(part.thinking_seconds for part in parts)
    whole.waiting_seconds = sum(part.waiting_seconds for part in parts)


def _run_lane(settings: Settings, load: Callable[[], Feed], size: int, tell: Tell) -> Told:
    """Replay one lane's part, in a process of its own."""
    tally, last = Tally(), 0

    def look() -> Told:
        return Told(read=last, tally=tally, rss_mb=read_peak_mb())

    def advance(read: int, _made: int) -> None:
        nonlocal last
        last = read
        tell(look())

    async def work() -> None:
        async with open_house(settings) as (database, house):
            await replay(database, house, load(), tally, advance, size=size)

    run(work())
    return look()

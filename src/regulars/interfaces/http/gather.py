"""Gathering: what arrived while the last transaction committed shares the next one, and with it one wait for the disk.

There is no timer: who arrives when nothing is under way is recorded at once, alone. Where many are under way, the next
wait for company, for a transaction of few costs each of them several times as much as one of many. Each who asks gets
an outcome of their own: a refusal is theirs, and what breaks a transaction is looked for by halves, until only those at
fault have it. Those who wait longer than a till would are let go with a refusal before everybody waits.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from regulars.base.errors import DatabaseTimeout, Refusal
from regulars.interfaces.http.problems import Overloaded
from regulars.kernel.nouns import Activity
from regulars.kernel.spine import Outcome

__all__ = ["MANY_WAIT_SECONDS_MAX", "QUOTES_TOGETHER_MAX", "TOGETHER_MAX", "WAIT_SECONDS_MAX", "Gathering", "Row"]

T = TypeVar("T")

TOGETHER_MAX: Final = 256
"""Activities in one transaction: others must not wait long for the members locked in it."""
QUOTES_TOGETHER_MAX: Final = 16
"""Quotes that share what is read of one moment: most of what reading costs is spent once, and nobody waits for many."""
LINES_TOGETHER_MAX: Final = 4_096
"""Lines in one transaction, for these take the time when rules are asked: so it bounds that time."""
LANES: Final = 2
"""Transactions under way at a time: while one waits for the database, another is ruled on."""
PRESS: Final = 8
"""Activities under way. From so many on there is a press, and who comes next does not go in alone."""
COMPANY: Final = 32
"""So many that wait are company enough for a transaction of their own beside the one that is under way."""
TURNS: Final = 4
"""Of the loop, between two transactions: in these whoever has knocked by now comes into the row."""
LANES_MAX: Final = 6
"""So many where some are held up: a member whom somebody else has locked keeps nobody else waiting."""
HELD_UP_SECONDS: Final = 0.25
WAITING_MAX: Final = 5_000
"""Activities that wait. More are told to come back."""
WAIT_SECONDS_MAX: Final = 2.0
"""Where the first in the row has waited so long, nobody else is let in behind them."""
MANY_WAIT_SECONDS_MAX: Final = 10.0
"""The same for those who bring many at once: they have time."""
RETRY_AFTER_SECONDS: Final = 1

Take = Callable[[Sequence[Activity]], Awaitable[list[T]]]
"""Takes facts in one transaction, and gives what became of each, in order; or nothing becomes of any."""


@dataclass(slots=True, kw_only=True, eq=False)
class Ask(Generic[T]):
    """What one request asks to be recorded, and where its answer goes."""

    facts: Sequence[Activity]
    since: float
    answer: asyncio.Future[list[T]]
    weight: int = field(init=False)

    def __post_init__(self) -> None:
        """Weigh it."""
        self.weight = sum(max(1, len(fact.lines)) for fact in self.facts)


class Row(Generic[T]):
    """The row before the path: asks wait in it, and go in together."""

    def __init__(
        self,
        together: Take[T],
        alone: Take[T],
        *,
        together_max: int = TOGETHER_MAX,
        lanes: int = LANES,
        lanes_max: int = LANES_MAX,
        wait_seconds_max: float = WAIT_SECONDS_MAX,
        note: Callable[[int], None] | None = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what records many asks at once, or not at all (`together`), and what records a single one (`alone`).

        No more than `together_max` facts of several go in at once. At a time `lanes` transactions are under way, and
        up to `lanes_max` where some are held up. `note` is told of each how many activities are in it.
        """
        self._together = together
        self._alone = alone
        self._together_max = together_max
        self._lanes_few = lanes
        self._lanes_max = lanes_max
        self._wait_seconds_max = wait_seconds_max
        self._note = note
        self._elapsed = elapsed
        # Asks that go in as they are, and what came apart: that is tried again before anything else, and never mixed.
        self._waiting: deque[Ask[T]] = deque()
        self._apart: deque[list[Ask[T]]] = deque()
        self._facts = 0
        self._under_way = 0
        self._company = min(COMPANY, together_max)
        self._lanes: set[asyncio.Task[object]] = set()
        self._held_up: set[asyncio.Task[object]] = set()

    async def record(self, facts: Sequence[Activity]) -> list[T]:
        """Take what one request asks, in the order given and in one transaction with others: an outcome for each.

        Raises Overloaded when too many wait, and what the database refuses.
        """
        now = self._elapsed()
        self._check_room(now)
        ask = Ask[T](facts=facts, since=now, answer=asyncio.get_running_loop().create_future())
        self._waiting.append(ask)
        self._facts += len(facts)
        self._open_lane()
        return await ask.answer

    async def drain(self) -> None:
        """Wait until nothing waits."""
        while self._lanes:
            await asyncio.wait(self._lanes)

    def _check_room(self, now: float) -> None:
        oldest = self._waiting[0].since if self._waiting else now
        if self._facts >= WAITING_MAX or now - oldest > self._wait_seconds_max:
            message = (
                "More is being sent than can be recorded in time. Nothing was recorded: send it again in a moment."
            )
            raise Overloaded(message, retry_after_seconds=RETRY_AFTER_SECONDS)

    def _open_lane(self) -> None:
        if len(self._lanes) < min(self._lanes_few + len(self._held_up), self._lanes_max) and self._is_worth_a_lane():
            lane = asyncio.create_task(self._work())
            self._lanes.add(lane)

    def _is_worth_a_lane(self) -> bool:
        """Whether those who wait should go in now, beside what is under way."""
        if self._apart or len(self._lanes) == len(self._held_up):
            return bool(self._apart or self._waiting)
        return bool(self._waiting) and (self._under_way < PRESS or self._facts >= self._company)

    async def _work(self) -> None:
        """Record what waits, batch by batch, until nothing does."""
        lane = asyncio.current_task()
        assert lane is not None
        try:
            while batch := self._take():
                await self._go(lane, batch)
        finally:
            # In the same breath as nothing was found: whoever comes next must not count on this lane.
            self._lanes.discard(lane)

    async def _go(self, lane: asyncio.Task[object], batch: Sequence[Ask[T]]) -> None:
        """Record a batch, and let in whoever has knocked meanwhile."""
        facts = sum(len(ask.facts) for ask in batch)
        self._under_way += facts
        timer = asyncio.get_running_loop().call_later(HELD_UP_SECONDS, self._widen, lane)
        try:
            await self._settle(batch)
            timer.cancel()
            self._held_up.discard(lane)
            for _ in range(TURNS):
                await asyncio.sleep(0)
        finally:
            timer.cancel()
            self._held_up.discard(lane)
            self._under_way -= facts

    def _widen(self, lane: asyncio.Task[object]) -> None:
        """Open another lane beside one that is held up."""
        self._held_up.add(lane)
        self._open_lane()

    def _take(self) -> list[Ask[T]]:
        """Take those who go in together: the first in the row, and as many behind them as there is room for."""
        if self._apart:
            return self._apart.popleft()
        taken: list[Ask[T]] = []
        facts = weight = 0
        while self._waiting:
            ask = self._waiting[0]
            facts, weight = facts + len(ask.facts), weight + ask.weight
            if taken and (facts > self._together_max or weight > LINES_TOGETHER_MAX):
                break
            self._waiting.popleft()
            self._facts -= len(ask.facts)
            # Who went away before their turn is not waited for; nothing was recorded for them.
            if not ask.answer.done():
                taken.append(ask)
        return taken

    async def _settle(self, asks: Sequence[Ask[T]]) -> None:
        """Record what belongs together, and give each their outcomes."""
        facts = [fact for ask in asks for fact in ask.facts]
        if self._note is not None:
            self._note(len(facts))
        try:
            outcomes = await (self._together if len(asks) > 1 else self._alone)(facts)
        except Exception as error:  # noqa: BLE001 - each who asked is told, or it is tried in parts
            self._fail(asks, error)
            return
        left = iter(outcomes)
        for ask in asks:
            theirs = [next(left) for _ in ask.facts]
            if not ask.answer.done():
                ask.answer.set_result(theirs)

    def _fail(self, asks: Sequence[Ask[T]], error: Exception) -> None:
        """Tell those at fault, or find out who is: nothing was recorded for any of them."""
        if isinstance(error, DatabaseTimeout) and len(asks) > 1:
            # Somebody's member is locked by others, for long. Nobody else waits for that a second time.
            self._apart.extend([ask] for ask in asks)
        elif len(asks) > 1 and not (isinstance(error, Refusal) and error.kind == "unavailable"):
            half = len(asks) // 2
            self._apart.extend((list(asks[:half]), list(asks[half:])))
        else:
            for ask in asks:
                if not ask.answer.done():
                    ask.answer.set_exception(error)
        self._open_lane()


Gathering = Row[Outcome]
"""The row of what is recorded."""

"""Sending what is due. That a message is begun is written before, and what became of it after; nothing is sent twice.

Messages are taken in hand by the dozen: who may get them, where and in which words is looked up once for all. Then
each is noted as begun, sent outside of any transaction, and noted as ended. Whoever dies with messages in hand leaves
them to others; those that were begun and not ended, at most one for each line, are doubtful: they may have arrived or
not, and a person decides whether they are sent again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.base.db import Database, Tx
from regulars.features.messages.letter import Letter
from regulars.features.messages.model import TRIES_MAX, Channel, Message, State, wait_after
from regulars.features.messages.post import Answer, Post
from regulars.features.messages.sorting import Addressed, take
from regulars.features.messages.store import Settled, give_back, mark_begun, recover, settle
from regulars.features.messages.suppress import suppress
from regulars.kernel.spine import House

__all__ = ["LINES", "Round", "conclude"]

LINES: Final = 8
"""Messages under way at once by each channel, and so the most that are doubtful when a process is killed."""
CHUNK: Final = 128
"""Messages in hand at once."""
ROUND_MAX: Final = 5_000
SEND_LASTS: Final = timedelta(minutes=5)
"""Longer than sending one takes, whatever a server does."""
UNREACHABLE_WAIT: Final = timedelta(minutes=1)
GATHER_SECONDS: Final = 0.005
"""How long others are waited for, so that what ended at about the same time is written in one transaction."""

Ended = tuple[Addressed, Answer]


@dataclass(kw_only=True)
class Round:
    """A round of sending. It ends when nothing is due, when nobody answers, and after enough."""

    database: Database
    house: House
    posts: Mapping[Channel, Sequence[Post]]
    now: Callable[[], datetime]
    chance: Callable[[], int]
    """A number from 0 to 999."""
    address: str = ""
    """Where links of this installation begin; empty for none."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    holder: UUID = field(init=False)
    sent: int = field(default=0, init=False)
    is_cut: bool = field(default=False, init=False)
    """Nobody answers: no more is begun in this round."""

    def __post_init__(self) -> None:
        """Name the round: what it has in hand is its own."""
        self.holder = self.house.new_id()

    async def deliver(self) -> int:
        """Send what is due, and give how many messages went out. What is under way when told to stop is finished."""
        try:
            return await self._go_on()
        finally:
            for post in (post for posts in self.posts.values() for post in posts):
                await post.close()

    async def _go_on(self) -> int:
        await self.database.run(lambda tx: recover(tx, at=self.now()))
        while self.sent < ROUND_MAX and not self.stopping.is_set() and not self.is_cut:
            taken = await self.database.run(
                lambda tx: take(
                    tx,
                    self.house,
                    ways=self.posts.keys(),
                    address=self.address,
                    holder=self.holder,
                    at=self.now(),
                    most=CHUNK,
                )
            )
            if not taken.looked:
                break
            self.sent += taken.inboxed
            await self._send_all(taken.outward)
        await self.database.run(lambda tx: give_back(tx, holder=self.holder))
        return self.sent

    async def _send_all(self, ready: Sequence[Addressed]) -> None:
        """Send what is in hand, over as many lines as there are."""
        waiting: dict[Channel, deque[Addressed]] = {channel: deque() for channel in self.posts}
        for each in ready:
            waiting[each.message.channel].append(each)
        free: dict[Channel, list[Post]] = {channel: list(posts) for channel, posts in self.posts.items()}
        under_way: dict[asyncio.Task[Answer], tuple[Addressed, Post]] = {}
        ended: list[Ended] = []
        while True:
            stops = self.is_cut or self.stopping.is_set()
            chosen = [] if stops else _choose(waiting, free)
            ours = await self._note(ended, [each for each, _ in chosen])
            for each, post in chosen:
                if each.message.id in ours:
                    under_way[asyncio.create_task(self._send(post, each))] = (each, post)
                else:
                    free[each.message.channel].append(post)
            if not under_way:
                return
            done, _ = await asyncio.wait(under_way, timeout=GATHER_SECONDS)
            if not done:
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            ended = []
            for task in done:
                each, post = under_way.pop(task)
                free[each.message.channel].append(post)
                ended.append((each, task.result()))
            self.is_cut = self.is_cut or any(answer.outcome == "unreachable" for _, answer in ended)

    async def _send(self, post: Post, each: Addressed) -> Answer:
        message = each.message
        letter = Letter(id=message.id, to=each.to, written=each.written, at=self.now(), stop_url=each.stop_url)
        return await post.send(letter)

    async def _note(self, ended: Sequence[Ended], begun: Sequence[Addressed]) -> set[UUID]:
        """Write what became of messages, and that others are begun; gives those that are still ours."""
        if not ended and not begun:
            return set()
        at = self.now()
        settled = [conclude(each.message, answer, at, chance=self.chance()) for each, answer in ended]
        dead = [each.to for each, answer in ended if answer.is_dead and each.message.channel == "email"]

        async def work(tx: Tx) -> set[UUID]:
            if settled:
                await settle(tx, settled, holder=self.holder)
            if dead:
                await suppress(tx, self.house.keyring, "email", dead, "bounced", by="the mail server", at=at)
            told = [(each.message.id, each.written.version, each.written.language) for each in begun]
            return await mark_begun(tx, told, holder=self.holder, until=at + SEND_LASTS) if told else set()

        ours = await self.database.run(work)
        self.sent += sum(each.state == "sent" for each in settled)
        return ours


def _choose(
    waiting: Mapping[Channel, deque[Addressed]], free: Mapping[Channel, list[Post]]
) -> list[tuple[Addressed, Post]]:
    """Give each free line what is next for it."""
    chosen: list[tuple[Addressed, Post]] = []
    for channel, line in waiting.items():
        while line and free[channel]:
            chosen.append((line.popleft(), free[channel].pop()))
    return chosen


def conclude(message: Message, answer: Answer, at: datetime, *, chance: int) -> Settled:
    """Decide what becomes of a message after it was tried. Pure."""
    tries = message.tries + 1
    state: State = "failed"
    wait: timedelta | None = None
    if answer.outcome in {"sent", "doubtful"}:
        state = "sent" if answer.outcome == "sent" else "doubtful"
    elif answer.outcome == "unreachable":
        state, wait = "waiting", UNREACHABLE_WAIT
    elif answer.outcome == "later" and tries < TRIES_MAX:
        state, wait = "waiting", wait_after(tries, chance=chance)
    return Settled(
        id=message.id,
        state=state,
        reason=answer.reason,
        # That nobody answers is no fault of the message: it waits until somebody does.
        tried=answer.outcome != "unreachable",
        due_at=message.due_at if wait is None else at + wait,
        ended_at=at if wait is None else None,
    )

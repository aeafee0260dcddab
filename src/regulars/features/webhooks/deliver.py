"""Sending what is on its way: member by member in order, many at once, none inside a transaction."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Database, Tx
from regulars.features.webhooks.events import TEST
from regulars.features.webhooks.model import FAILING_DAYS, RETRY_DAYS, Answer, Webhook, WebhookAttempt, wait_after
from regulars.features.webhooks.post import Post
from regulars.features.webhooks.sign import open_secrets, sign, write_trace
from regulars.features.webhooks.store import (
    Head,
    Settled,
    claim,
    free_lanes,
    list_due,
    list_secrets,
    lock_lanes,
    note_results,
    read_heads,
    settle,
)

__all__ = ["Round", "judge"]

SLOTS: Final = 64
"""Messages under way at once, in one process."""
SLOTS_EACH: Final = 32
"""Of them to one endpoint; to one that fails, one: it must not hold up the others."""
LEASE: Final = timedelta(seconds=60)
"""How long a lane is somebody's. Sending one message takes a sixth of it at most."""
ROUND_MAX: Final = 5_000
GATHER_SECONDS: Final = 0.02
"""How long others are waited for, so that what ended at about the same time is written in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to be sent, with what it is signed with."""

    endpoint: Webhook
    head: Head
    secrets: Sequence[bytes] = field(repr=False)


Ended = tuple[Message, Answer, datetime]
"""A message, what became of it, and when it was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round of sending needs. It ends when nothing is due, and after enough, so that connections are renewed."""

    database: Database
    keyring: Keyring
    post: Post
    new_id: Callable[[], UUID]
    now: Callable[[], datetime]
    chance: Callable[[], int]
    """A number from 0 to 999."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self) -> int:
        """Send what is due, and give how many messages were sent. What is under way when told to stop is finished."""
        under_way: dict[asyncio.Task[tuple[Answer, datetime]], Message] = {}
        ended: list[Ended] = []
        holder, sent = self.new_id(), 0
        try:
            while True:
                free = SLOTS - len(under_way) if sent < ROUND_MAX and not self.stopping.is_set() else 0
                for message in await self._turn(holder, ended, list(under_way.values()), free=free):
                    under_way[asyncio.create_task(self._send(message))] = message
                if not under_way:
                    return sent
                done, _ = await asyncio.wait(under_way, timeout=GATHER_SECONDS)
                if not done:
                    done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                ended = [(under_way.pop(task), *task.result()) for task in done]
                sent += len(ended)
        finally:
            # Whoever is cut off here leaves their lanes to others, when the lease is over.
            for task in under_way:
                task.cancel()

    async def _turn(
        self, holder: UUID, ended: Sequence[Ended], under_way: Sequence[Message], *, free: int
    ) -> list[Message]:
        """Write down what became of messages, and take the next, in one transaction."""
        at = self.now()

        async def work(tx: Tx) -> list[Message]:
            messages: list[Message] = []
            if ended:
                await self._settle(tx, holder, ended)
            for endpoint in await list_due(tx, at=at) if free > 0 else ():
                busy = sum(message.endpoint.id == endpoint.id for message in under_way)
                most = min(free - len(messages), (1 if endpoint.failing_since else SLOTS_EACH) - busy)
                if most > 0:
                    messages += await self._take(tx, endpoint, holder, at=at, most=most)
            return messages

        return await self.database.run(work) if ended or free > 0 else []

    async def _take(self, tx: Tx, endpoint: Webhook, holder: UUID, *, at: datetime, most: int) -> list[Message]:
        lanes = await claim(tx, endpoint.id, holder=holder, at=at, until=at + LEASE, most=most)
        heads = await read_heads(tx, endpoint.id, lanes)
        secrets = open_secrets(self.keyring, endpoint.id, (await list_secrets(tx, [endpoint.id]))[endpoint.id], at)
        empty = set(lanes) - {head.lane for head in heads}
        # What waited there was removed by hand: nobody is to look there again.
        if empty:
            await free_lanes(tx, {(endpoint.id, lane): at for lane in empty})
        return [Message(endpoint=endpoint, head=head, secrets=secrets) for head in heads]

    async def _send(self, message: Message) -> tuple[Answer, datetime]:
        at = self.now()
        headers = sign(message.secrets, event=message.head.event, at=at, body=message.head.body)
        traced = {**headers, **write_trace(message.head.event)}
        return await self.post.send(message.endpoint.url, traced, message.head.body), at

    async def _settle(self, tx: Tx, holder: UUID, ended: Sequence[Ended]) -> None:
        settled = [judge(message.head, answer, at, chance=self.chance()) for message, answer, at in ended]
        lanes = {(each.head.endpoint, each.head.lane): each.due_at for each in settled}
        ours = await lock_lanes(tx, lanes.keys(), holder=holder)
        await settle(tx, settled, ours=ours)
        await free_lanes(tx, {lane: lanes[lane] for lane in ours})
        failed = {message.endpoint.id: at for message, answer, at in ended if not answer.is_success}
        await note_results(
            tx,
            succeeded={message.endpoint.id for message, answer, _ in ended if answer.is_success},
            failed=failed,
            gone={message.endpoint.id for message, answer, _ in ended if answer.is_gone},
            before=max(at for _, _, at in ended) - timedelta(days=FAILING_DAYS),
        )


def judge(head: Head, answer: Answer, at: datetime, *, chance: int) -> Settled:
    """Decide what becomes of a delivery after an attempt: done, given up with a reason, or tried again later."""
    attempt = WebhookAttempt(
        delivery=head.delivery,
        number=0,
        at=at,
        status=answer.status,
        error=answer.error,
        duration_ms=answer.duration_ms,
    )
    wait = wait_after(head.tries + 1, chance=chance, asked_seconds=answer.retry_after_seconds)
    state, reason, due_at = "failed", "", at
    if answer.is_success:
        state = "delivered"
    elif answer.is_gone:
        reason = "gone"
    elif head.kind == TEST:
        reason = "test_failed"
    elif at + wait > (head.first_at or at) + timedelta(days=RETRY_DAYS):
        reason = "gave_up"
    else:
        state, due_at = "waiting", at + wait
    return Settled(head=head, attempt=attempt, state=state, reason=reason, due_at=due_at)

"""A shop whose events go to a receiver on localhost, with a clock that the test turns."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from regulars.base.db import Tx
from regulars.base.ids import new_id
from regulars.features import webhooks
from tests.settled import settle
from tests.spine.conftest import Shop, shop
from tests.webhooks.receiver import Receiver, receiving

__all__ = ["shop"]

SECONDS_MAX = 180
# What is sent carries the time of sending, and receivers do not take an old one.


@dataclass(slots=True, kw_only=True)
class Hooks:
    """The room under test."""

    shop: Shop
    receiver: Receiver
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    chance: int = 500

    @property
    def policy(self) -> webhooks.Policy:
        return webhooks.Policy(allow=(ip_network("127.0.0.0/8"),), ports=frozenset({self.receiver.port}), http=True)

    async def add(self, *kinds: str, url: str = "", policy: webhooks.Policy | None = None) -> webhooks.WebhookMade:
        # It is told of what comes from now on, and what is not behind the end yet is still to come.
        await self.settle()
        told = webhooks.Webhook(
            id=new_id(),
            url=url or self.receiver.url,
            description="a test",
            kinds=kinds or ("*",),
            is_enabled=True,
            reason="",
            failing_since=None,
            version=1,
            created_at=self.at,
            changed_at=self.at,
        )
        return await self.write(
            lambda tx: webhooks.add(tx, policy or self.policy, self.shop.house.keyring, told, at=self.at)
        )

    async def write(self, work: Callable[[Tx], Any]) -> Any:  # noqa: ANN401 - what the work gives
        return await self.shop.database.run(work)

    async def gather(self, least: int = 1) -> int:
        """Read the journal until so many activities were read: others on this server may still be writing."""
        found, loop = 0, asyncio.get_running_loop()
        until = loop.time() + SECONDS_MAX
        while found < least:
            assert loop.time() < until, f"{found} of {least} activities were read"
            found += await self.write(lambda tx: webhooks.gather(tx, new_id=new_id, at=self.at))
            await asyncio.sleep(0.01 if found < least else 0)
        return found

    async def settle(self) -> None:
        await settle(self.shop.database)

    async def deliver(self, post: webhooks.Post | None = None) -> int:
        """Send what is due now."""
        async with post or webhooks.Post(self.policy) as way:
            return await webhooks.Round(
                database=self.shop.database,
                keyring=self.shop.house.keyring,
                post=way,
                new_id=new_id,
                now=lambda: self.at,
                chance=lambda: self.chance,
            ).deliver()

    async def deliveries(self, made: webhooks.WebhookMade, state: str = "") -> list[webhooks.Delivery]:
        """Deliveries, the oldest first."""
        async with self.shop.database.snapshot() as read:
            found = await webhooks.list_deliveries(read, made.webhook.id, before=2**62, state=state, most=500)
        return found[::-1]

    async def get(self, made: webhooks.WebhookMade) -> webhooks.Webhook:
        async with self.shop.database.snapshot() as read:
            return await webhooks.get(read, made.webhook.id)

    async def prove(self) -> list[str]:
        async with self.shop.database.snapshot() as read:
            faults, _ = await webhooks.prove(read)
        return [fault.code for fault in faults]

    def later(self, **span: int) -> None:
        self.at += timedelta(**span)


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
def hooks(shop: Shop, receiver: Receiver) -> Hooks:
    return Hooks(shop=shop, receiver=receiver)

"""The corner shop with a mail server, and a worker that reads the journal and sends when the test says so."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from regulars.base import clock
from regulars.base.db import Tx
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.features import consent, messages
from regulars.kernel import members
from regulars.kernel.nouns import Activity, Identifier
from tests.messages.sink import Sink, run_sink
from tests.settled import settle
from tests.spine.conftest import LEVELS, PROGRAM, Shop, shop

__all__ = ["shop"]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAIL = "ann@example.com"
SPEAKING = (PROGRAM + LEVELS).replace("catalog: {", "catalog: {traits: [language, time_zone], ")


@dataclass(kw_only=True)
class Desk:
    """The room under test, with the world's time in the test's hand."""

    shop: Shop
    sink: Sink
    settings: Settings
    at: datetime = NOON
    chance: int = 500
    lines: int = 2
    address: str = "https://points.example.com"
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, work: Callable[[Tx], Any]) -> Any:  # noqa: ANN401 - what the work gives
        return await self.shop.database.run(work)

    async def enrol(self, value: str = MAIL, *, kind: str = "email") -> UUID:
        """Enrol somebody with an address."""

        async def enrol(tx: Tx) -> UUID:
            told = [Identifier(kind=kind, value=value)]
            return await members.enrol(tx, self.shop.house.keyring, told, id=new_id(), at=self.shop.at, source="t")

        return await self.write(enrol)

    async def allow(
        self, member: UUID, purpose: str = "marketing", *, given: bool = True, channel: str = "any"
    ) -> None:
        """Let a member choose."""
        choice = consent.Choice(
            member=member,
            purpose=purpose,  # pyright: ignore[reportArgumentType] - a word of the test
            channel=channel,  # pyright: ignore[reportArgumentType] - a word of the test
            is_given=given,
            door="staff",
            proof="paper",
            occurred_at=self.at,
        )
        await self.write(lambda tx: consent.record(tx, [choice], new_id=new_id, at=self.at))

    async def tell(self, member: UUID, **traits: str) -> None:
        """Tell traits of a member."""
        fact = Activity(
            id=new_id().hex, source="crm", kind="traits", occurred_at=self.shop.at, member=member, ask=traits
        )
        await self.shop.receipt(fact)

    async def say(self, member: UUID, kind: messages.Kind = "news", *, about: str = "", **content: str | int) -> None:
        """Have something said to a member."""
        told = content or {"title": "Tea", "text": "Tea is on the house."}
        planned = messages.Planned(member=member, kind=kind, reference=about or new_id().hex, content=told)

        async def queue(tx: Tx) -> int:
            scene = await messages.read_scene(tx, self.shop.house, at=self.shop.at)
            return await messages.queue(tx, [planned], scene.rules, new_id=new_id, at=self.at)

        await self.write(queue)

    async def rule(self, kind: messages.Kind, *channels: messages.Channel, **more: int) -> None:
        """Set the rule of a kind."""
        await self.write(lambda tx: messages.put_rule(tx, kind, messages.Rule(channels=channels, **more), at=self.at))

    async def send(self) -> int:
        """Let the worker send what is due."""
        return await messages.Round(
            database=self.shop.database,
            house=self.shop.house,
            posts=messages.find_posts(self.settings, lines=self.lines),
            now=lambda: self.at,
            chance=lambda: self.chance,
            address=self.address,
            stopping=self.stopping,
        ).deliver()

    async def look(self, member: UUID | None = None) -> list[messages.Message]:
        """List messages, the oldest first."""
        async with self.shop.database.snapshot() as read:
            found = await messages.list_messages(read, before=messages.FOREVER, member=member, most=1000)
        return found[::-1]

    async def states(self) -> list[tuple[str, str, str]]:
        """List (channel, state, reason) of all messages."""
        return [(each.channel, each.state, each.reason) for each in await self.look()]

    async def gather(self) -> int:
        """Read the journal on, as far as it was written by now."""
        # Also the first time: reading begins behind what is known to have ended, and some of it may not be yet.
        await self.settle()
        return await self.write(lambda tx: messages.gather(tx, self.shop.house, at=self.at))

    async def settle(self) -> None:
        """Wait until all that was written by now is behind the end of the journal."""
        await settle(self.shop.database)


@pytest.fixture
async def desk(shop: Shop, tmp_path: Path) -> AsyncGenerator[Desk]:
    await shop.publish(SPEAKING)
    async with shop.database.transaction() as tx:
        await clock.begin_sandbox(tx, shop.at)
    async with run_sink(Sink()) as sink:
        settings = Settings(data_dir=tmp_path, smtp_url=sink.url, smtp_from="Corner Shop <points@example.com>")
        yield Desk(shop=shop, sink=sink, settings=settings)

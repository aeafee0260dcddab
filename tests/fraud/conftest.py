"""The room under test, over a small shop."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest

from regulars.base.db import Database
from regulars.features import fraud
from regulars.kernel import spine
from tests.spine.conftest import Shop, shop

__all__ = ["Desk", "desk", "look_through", "shop"]

SECONDS_MAX = 180
FIRST = (101, UUID(int=2**128 - 1))


async def look_through(database: Database, house: spine.House, *, at: object) -> None:
    """Read the whole journal: others on this server may still be writing, and then its end is not to be had yet."""
    async with database.snapshot() as read:
        end = await read.value("SELECT max(xid)::text::bigint FROM activity.journal")
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            found = await database.run(lambda tx: fraud.look(tx, new_id=house.new_id, at=at))  # pyright: ignore[reportArgumentType]
            async with database.snapshot() as read:
                low = await read.value("SELECT low FROM fraud.reader")
            if not found and low > end:
                return
            await asyncio.sleep(0 if found else 0.02)


async def list_cases(database: Database, *states: str) -> list[fraud.FraudCase]:
    async with database.snapshot() as read:
        return await fraud.list_cases(
            read, states=states or ("open", "frozen"), assigned="", member=None, after=FIRST, most=500
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who looks into cases of the shop."""

    shop: Shop

    async def look(self) -> list[fraud.FraudCase]:
        """Look through the journal, and list what waits."""
        await look_through(self.shop.database, self.shop.house, at=self.shop.at)
        return await self.list()

    async def list(self, *states: str) -> list[fraud.FraudCase]:
        return await list_cases(self.shop.database, *states)

    async def do(self, what: str, case: fraud.FraudCase, *, by: str = "ann", **more: str) -> fraud.FraudCase:
        """Do something about a case."""
        deeds = {"freeze": fraud.freeze, "clear": fraud.clear, "confirm": fraud.confirm}
        told = {"reason": "because", **more}
        async with self.shop.database.transaction() as tx:
            return await deeds[what](
                tx, case.id, reason=told["reason"], by=by, at=self.shop.at, new_id=self.shop.house.new_id
            )

    async def appeal(self, case: fraud.FraudCase, text: str) -> fraud.FraudCase:
        house = self.shop.house
        async with self.shop.database.transaction() as tx:
            return await fraud.appeal(
                tx, house.keyring, case.id, text=text, by="ann", at=self.shop.at, new_id=house.new_id
            )

    async def show(self, case: fraud.FraudCase) -> fraud.CaseWhole:
        async with self.shop.database.snapshot() as read:
            return await fraud.show_case(read, self.shop.house.keyring, case.id)

    async def put(self, rules: fraud.FraudRules, version: int = 1) -> int:
        async with self.shop.database.transaction() as tx:
            return await fraud.put_rules(tx, rules, version=version, by="ann", at=self.shop.at)


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop=shop)

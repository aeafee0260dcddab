"""The shop, with its own programme."""

import pytest

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.kernel import program, spine
from tests.money.story import MONEY_PROGRAM
from tests.spine.conftest import Shop


@pytest.fixture
async def shop(database: Database) -> Shop:
    keyring = Keyring.derive({1: bytes(range(32))}, current=1)
    house = spine.House(keyring=keyring, versions=program.Versions(), new_id=ids.new_id)
    made = Shop(database=database, house=house)
    await made.publish(MONEY_PROGRAM)
    return made

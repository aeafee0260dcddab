"""Two months of the demo's year, in which a cashier swipes one card 800 times, and somebody keeps a farm of 40."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.interfaces.cli.journey import Journey
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Identifier, Line
from tests.fraud.conftest import list_cases, look_through

GROCER = Path(__file__).parents[2] / "programs" / "grocer.yaml"
BEGIN = datetime(2017, 1, 1, tzinfo=UTC)
END = datetime(2017, 3, 1, tzinfo=UTC)
TILLS, CASHIERS = 4, 6
SWIPES, A_DAY, FARM = 800, 20, 40
BATCH = 500


def card(value: str) -> Identifier:
    return Identifier(kind="card", value=value)


def buy(name: str, value: str, at: datetime, minor: int, **data: Any) -> Activity:  # noqa: ANN401 - any fact
    line = Line(sku="tea", amount_minor=minor, categories=("GROCERY",))
    return Activity(
        id=name,
        source="till",
        kind="purchase",
        occurred_at=at,
        member=card(value),
        store="store-367",
        lines=(line,),
        data={"till": "t1", "cashier": "c1", **data},
    )


def tell_year() -> Iterator[Activity]:
    """What a hundred households bought, with the till and the cashier that a shop would have told."""
    for batch in Journey.load(every=25).batches(5_000):
        for fact in batch.facts:
            if fact.occurred_at < END:
                number = zlib.crc32(fact.id.encode())
                data = {"till": f"t{number % TILLS}", "cashier": f"{fact.store} c{number % CASHIERS}"}
                yield msgspec.structs.replace(fact, data=data)


def swipe() -> Iterator[Activity]:
    """A cashier shows a card of their own for customers who have none: twenty times a day, for forty days."""
    for number in range(SWIPES):
        at = BEGIN + timedelta(days=number // A_DAY, hours=14, minutes=20 * (number % A_DAY))
        yield buy(f"swipe-{number}", "cashiers-own", at, 900 + 37 * number % 4000, cashier="c9")


def refer(newcomer: str, referrer: str, at: datetime) -> Activity:
    return Activity(
        id=f"says-{newcomer}", source="app", kind="referred", occurred_at=at, member=card(newcomer), to=card(referrer)
    )


def farm() -> Iterator[Activity]:
    """Forty newcomers in three weeks, each with one purchase just above the least that pays, from four telephones."""
    yield buy("farmer", "farmer", BEGIN + timedelta(hours=9), 2500)
    for number in range(FARM):
        name, at = f"straw-{number}", BEGIN + timedelta(days=2 + number // 2, hours=10 + number % 2)
        yield refer(name, "farmer", at)
        yield buy(f"buys-{number}", name, at + timedelta(minutes=9), 3000 + 5 * number, device=f"phone-{number % 4}")


def bring_friends() -> Iterator[Activity]:
    """Three members who bring real friends: who come again, and buy what they need."""
    for who, count in (("amy", 4), ("ben", 7), ("kim", 14)):
        yield buy(f"is-{who}", who, BEGIN + timedelta(hours=8), 1800)
        for number in range(count):
            name, at = f"{who}-{number}", BEGIN + timedelta(days=1 + 2 * number, hours=11)
            yield refer(name, who, at)
            for week in range(3):
                when = at + timedelta(days=7 * week, minutes=5)
                yield buy(f"{name}-{week}", name, when, 1900 + 811 * (number + week), device=f"of-{name}")


@pytest.fixture
async def house() -> spine.House:
    return spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )


async def test_both_are_found_and_hardly_anybody_else(database: Database, house: spine.House) -> None:
    async with database.transaction() as tx:
        document = program.parse(GROCER.read_text())
        await spine.publish(tx, document, live_from=BEGIN - timedelta(days=1), by="test", at=BEGIN)
    told = sorted([*tell_year(), *swipe(), *farm(), *bring_friends()], key=lambda fact: fact.occurred_at)
    households = {fact.member for fact in told if fact.source not in {"till", "app"}}
    assert len(households) > 80
    for start in range(0, len(told), BATCH):
        outcomes = await spine.record(database, house, told[start : start + BATCH], replay=True)
        refused = [each.refusal for each in outcomes if each.refusal is not None]
        assert refused == []
    await look_through(database, house, at=END)
    cases = await list_cases(database)
    by_rule = {case.rule: case for case in cases}
    assert len(by_rule) == len(cases), "each was found once, however often it was seen"
    swiped = by_rule["one_card_at_one_cashier"]
    assert swiped.subject.startswith("c9 ")
    assert swiped.measured == 7 * A_DAY
    assert by_rule["referral_farm"].measured == FARM
    assert by_rule["referral_farm"].member is not None
    # The same card is seen by itself as well; besides these nobody is.
    assert set(by_rule) == {"one_card_at_one_cashier", "referral_farm", "member_too_often"}
    assert by_rule["member_too_often"].member == swiped.member

"""A grocer's year with holds, redemptions, returns and reversals mixed in by chance: every invariant holds at the end.

The baskets are The Complete Journey by 84.51°, simulated from real shopping patterns and published for education.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from regulars.base.db import Database
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Receipt
from regulars.kernel.spine.check import check
from tests.invariants.history import choose_seed, make_house

PROGRAM: Final = Path(__file__).parents[2] / "programs" / "grocer.yaml"
EVERY: Final = 180
"""Every so-manieth household."""
EVERY_OF_SOAK: Final = int(os.environ.get("REGULARS_TEST_EVERY", "8"))
BATCH: Final = 300
MIXED_PERCENT: Final = 60
KINDS: Final = ("redeem", "hold", "capture", "release", "reverse", "return")
STATE: Final = {
    "account": "SELECT account::text AS row FROM ledger.account AS account ORDER BY 1",
    "lot": "SELECT lot::text AS row FROM ledger.lot AS lot ORDER BY 1",
    "hold": "SELECT hold::text AS row FROM ledger.hold AS hold ORDER BY 1",
    "journal": "SELECT seal::text AS row FROM activity.journal AS journal ORDER BY 1",
}


@dataclass(slots=True, kw_only=True)
class Year:
    """What was told so far, and what chance adds to it."""

    die: Random
    currency: str
    sent: list[Activity] = field(default_factory=list[Activity])
    receipts: list[Receipt] = field(default_factory=list[Receipt])
    kept: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Names of what was recorded."""
    refused: dict[str, int] = field(default_factory=dict[str, int])
    recorded: dict[str, int] = field(default_factory=dict[str, int])

    def mix(self, baskets: Sequence[Activity]) -> list[Activity]:
        """Add to a batch of baskets, in time order, what their members might do a little later."""
        chosen = [basket for basket in baskets if self.die.randrange(100) < MIXED_PERCENT]
        mixed = [
            self.draw(basket, basket.occurred_at + timedelta(seconds=self.die.randrange(1, 7_200))) for basket in chosen
        ]
        return sorted([*baskets, *mixed], key=lambda fact: (fact.occurred_at, fact.id))

    def draw(self, basket: Activity, at: datetime) -> Activity:
        """Draw something for the member of a basket to do, about what was told before or about nothing at all."""
        kind, points = self.die.choice(KINDS), self.die.randrange(1, 400)
        mine = [fact for fact in self.sent[-4_000:] if fact.member == basket.member and fact.kind in {"redeem", "hold"}]
        origin, ask = "", {}
        match kind:
            case "redeem":
                ask = {"currency": self.currency, "points": points}
            case "hold":
                days = self.die.randrange(20, 150)
                ask = {"currency": self.currency, "points": points, "valid_seconds": days * 86_400}
            case "capture" | "release":
                ask = {"hold": self.find_hold(mine)} | (
                    {"points": self.die.randrange(1, 60)} if kind == "capture" else {}
                )
            case "reverse":
                spent = [fact.id for fact in mine if fact.kind == "redeem"]
                origin = self.die.choice(spent or [basket.id])
                late = self.die.choice(("forfeit", "grace", "reinstate"))
                ask = {"points": self.die.randrange(1, 200), "when_expired": late, "grace_days": 3}
            case _:
                origin = basket.id
        return Activity(
            id=f"{kind}-{basket.id}",
            source=basket.source,
            kind=kind,
            occurred_at=at,
            member=basket.member,
            origin=origin,
            ask=ask,
        )

    def find_hold(self, mine: Sequence[Activity]) -> str:
        """The last hold of a member, or one that never was."""
        names = {fact.id for fact in mine if fact.kind == "hold"}
        held = [receipt for receipt in self.receipts[-4_000:] if receipt.id in names]
        return str(held[-1].activity) if held else str(make_house().new_id())

    def learn(self, facts: Sequence[Activity], outcomes: Sequence[spine.Outcome]) -> None:
        """Remember what became of a batch."""
        for fact, outcome in zip(facts, outcomes, strict=True):
            self.sent.append(fact)
            if outcome.receipt is not None:
                self.receipts.append(outcome.receipt)
                self.kept.add((fact.source, fact.id))
                self.recorded[fact.kind] = self.recorded.get(fact.kind, 0) + 1
            elif outcome.refusal is not None:
                self.refused[outcome.refusal.code] = self.refused.get(outcome.refusal.code, 0) + 1


async def live(database: Database, *, every: int) -> Year:
    module: Any = pytest.importorskip("regulars.interfaces.cli.journey")
    journey, outline = module.Journey.load(every=every), module.Outline.load(every=every)
    house = make_house()
    document = program.parse(PROGRAM.read_text(encoding="utf-8"))
    async with database.transaction() as tx:
        since = outline.first - timedelta(days=1)
        await spine.publish(tx, document, live_from=since, by="test", at=since)
    spendable = next(name for name, coin in document.currencies.items() if coin.kind == "spendable")
    year = Year(die=Random(choose_seed()), currency=spendable)
    for batch in read(journey):
        facts = year.mix(batch)
        year.learn(facts, await spine.record(database, house, facts, replay=True))
    before = await digest(database)
    # What was refused left no trace, and so would be a new attempt.
    kept = [fact for fact in year.sent if (fact.source, fact.id) in year.kept]
    for start in range(0, len(kept), BATCH):
        again = await spine.record(database, house, kept[start : start + BATCH], replay=True)
        assert all(outcome.repeated for outcome in again)
    assert await digest(database) == before, "told again, the year changed something"
    await prove(database)
    await spine.bring_due(database, house, at=outline.last + timedelta(days=900))
    await prove(database)
    return year


def read(journey: Any) -> Iterator[list[Activity]]:  # noqa: ANN401 - polars is an extra
    for batch in journey.batches(BATCH):
        yield list(batch.facts)


async def prove(database: Database) -> None:
    async with database.snapshot() as snapshot:
        report = await check(snapshot)
    assert report.is_sound, report.faults[:5]


async def digest(database: Database) -> dict[str, str]:
    found: dict[str, str] = {}
    async with database.snapshot() as snapshot:
        for name, sql in STATE.items():
            rows = "\n".join(row["row"] for row in await snapshot.rows(sql))
            found[name] = hashlib.sha256(rows.encode()).hexdigest()
    return found


def report_year(year: Year) -> None:
    print(f"{len(year.sent)} activities, recorded {year.recorded}, refused {year.refused}")  # noqa: T201


async def test_a_year_of_some_households_with_chance_mixed_in(database: Database) -> None:
    year = await live(database, every=EVERY)
    report_year(year)
    assert set(KINDS) | {"purchase"} <= year.recorded.keys(), year.recorded
    assert {"points_not_enough", "hold_unknown", "hold_ended"} & year.refused.keys(), year.refused


@pytest.mark.soak
async def test_a_year_of_many_households_with_chance_mixed_in(database: Database) -> None:
    year = await live(database, every=EVERY_OF_SOAK)
    report_year(year)
    assert set(KINDS) | {"purchase"} <= year.recorded.keys(), year.recorded

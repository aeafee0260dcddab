"""The one path: members are locked, everything is read once, facts are folded, everything is written once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base import clock
from regulars.base.db import ConstraintBroken, Database, Tx
from regulars.base.errors import Refusal
from regulars.kernel import activity as journal
from regulars.kernel import ledger, limits, members, program
from regulars.kernel.nouns import Activity
from regulars.kernel.spine.batch import Batch
from regulars.kernel.spine.codes import name_codes
from regulars.kernel.spine.house import House
from regulars.kernel.spine.model import Outcome
from regulars.kernel.spine.reading import Asked, read_batch

__all__ = ["BATCH_MAX", "bring_due", "record", "record_many", "record_together"]

BATCH_MAX: Final = 5_000
"""Facts in one transaction."""
TAKEN_IN_A_ROW: Final = 4
"""Facts that are folded before others on the loop have a turn: about two milliseconds."""
SWEEP_BATCH: Final = 500
"""Members in one transaction of the clock's work."""
SWEEP_LANES: Final = 2
"""Such transactions at a time: while one waits for the database, another is worked out."""


async def record(database: Database, house: House, facts: Sequence[Activity], *, replay: bool = False) -> list[Outcome]:
    """Record facts in one transaction of their own, committed when this returns: an outcome for each, in order.

    Live, ledger time is the database's; in a `replay` each fact brings its own. A constraint that fires, or a bug
    in one rule, must not spoil the neighbours: then each half is tried alone, down to the one at fault.
    """
    try:
        return await record_together(database, house, facts, replay=replay)
    except Refusal:
        raise
    except ConstraintBroken:
        # A race with the same id: it has ended by now, and a second look finds its receipt.
        if len(facts) == 1:
            return await record_together(database, house, facts, replay=replay)
    except Exception:
        if len(facts) == 1:
            raise
    half = len(facts) // 2
    first = await record(database, house, facts[:half], replay=replay)
    return first + await record(database, house, facts[half:], replay=replay)


async def record_together(
    database: Database, house: House, facts: Sequence[Activity], *, replay: bool = False
) -> list[Outcome]:
    """Record facts as `record` does, but all of them or, where one spoils the transaction, none.

    Raises what spoiled it: for whoever tells those who sent them apart.
    """
    tried = False

    async def work(tx: Tx) -> list[Outcome]:
        nonlocal tried
        # Whoever found a budget changed under their hands waits for it the next time.
        early, tried = tried, True
        return await record_many(tx, house, facts, None if replay else await clock.now(tx), early=early)

    return await database.run(work)


async def record_many(
    tx: Tx, house: House, facts: Sequence[Activity], at: datetime | None, *, early: bool = True
) -> list[Outcome]:
    """Record facts within a transaction: the only implementation there is; one fact is a batch of one.

    `at` is ledger time; None in a replay, where each fact happens at its own `occurred_at`. Facts of one member are
    taken in the order given, and see each other. The number of statements depends on neither facts nor offers.
    Not `early`: ceilings are locked when they are written, which raises DatabaseContention where others were faster.
    """
    assert 0 < len(facts) <= BATCH_MAX
    facts, codes = await name_codes(tx, house.keyring, facts)
    times = [at or fact.occurred_at for fact in facts]
    gifts = [fact for fact in facts if fact.to is not None]
    refs = [fact.member for fact in facts] + [fact.to for fact in gifts if fact.to is not None]
    new_ids = [house.new_id() for _ in refs]
    found = await members.resolve_many(
        tx,
        house.keyring,
        refs,
        auto_enrol=house.auto_enrol,
        new_ids=new_ids,
        at=min(times),
        source=facts[0].source,
        times=[*times, *(time for fact, time in zip(facts, times, strict=True) if fact.to is not None)],
    )
    others = dict(zip([(fact.source, fact.id) for fact in gifts], found[len(facts) :], strict=True))
    asked = [
        Asked(fact=fact, member=member, to=others.get((fact.source, fact.id)), at=time)
        for fact, member, time in zip(facts, found, times, strict=False)
    ]
    strangers = set(new_ids) & {member for member in found if isinstance(member, UUID)}
    batch = await read_batch(tx, house, asked, codes=codes, early=early)
    batch.strangers = frozenset(strangers)
    outcomes = await _fold(batch, asked)
    await write_batch(tx, batch, max(times))
    # Whoever was enrolled for facts that were all refused was never here: a refusal leaves no row.
    strangers -= {row.receipt.member for row in batch.recorded.values()}
    await members.forget(tx, sorted(strangers))
    return outcomes


async def _fold(batch: Batch, asked: Sequence[Asked]) -> list[Outcome]:
    """Take facts one by one, and let others on this loop have a turn in between: a quote waits for no batch."""
    outcomes: list[Outcome] = []
    for place, each in enumerate(asked, start=1):
        outcomes.append(batch.take(each.fact, each.member, each.to, each.at))
        if place % TAKEN_IN_A_ROW == 0:
            await asyncio.sleep(0)
    return outcomes


async def bring_due(database: Database, house: House, *, at: datetime | None = None) -> int:
    """Do for everybody what time has made due (live, or by `at`); gives the number of activities it made.

    Late, doubled or cut short, it changes no answer: whatever is due is also done when a member is next touched.
    """
    done = await _sweep_claims(database, at)
    while True:
        async with database.snapshot() as read:
            now = at or await clock.now(read)
            most = SWEEP_BATCH * SWEEP_LANES
            found = dict.fromkeys(await ledger.due_members(read, at=now, most=most))
            found |= dict.fromkeys(await journal.due_members(read, at=now, most=most))
        # Neighbours together, for their rows lie side by side.
        due = sorted(list(found)[:most])
        if not due:
            return done
        slices = [due[start : start + SWEEP_BATCH] for start in range(0, len(due), SWEEP_BATCH)]
        # All of them end before the first failure is told: nothing goes on behind it.
        told = await asyncio.gather(*(_bring_slice(database, house, it, now) for it in slices), return_exceptions=True)
        counts = [_raise_or_give(each) for each in told]
        brought, stuck = sum(count for count, _ in counts), sum(count for _, count in counts)
        done += brought
        if stuck and not brought:
            return done


async def _bring_slice(database: Database, house: House, due: Sequence[UUID], now: datetime) -> tuple[int, int]:
    """Do for these members what has been due by now; gives how many activities that made, and how many were refused."""

    async def work(tx: Tx) -> tuple[int, int]:
        batch = await read_batch(tx, house, (), also=dict.fromkeys(due, now))
        brought = sum(batch.bring_clock(member, now) for member in due)
        await write_batch(tx, batch, now)
        return brought, len(batch.stuck)

    return await database.run(work)


def _raise_or_give(told: tuple[int, int] | BaseException) -> tuple[int, int]:
    if isinstance(told, BaseException):
        raise told
    return told


async def _sweep_claims(database: Database, at: datetime | None) -> int:
    """End reservations that have run out; gives how many. They counted for nothing already."""
    done = 0
    while True:
        async with database.snapshot() as read:
            now = at or await clock.now(read)
            due = await limits.due_ceilings(read, at=now, most=SWEEP_BATCH)
        if not due:
            return done

        async def work(tx: Tx, due: Sequence[str] = due, now: datetime = now) -> int:
            return await limits.sweep(tx, due, at=now)

        done += await database.run(work)


async def write_batch(tx: Tx, batch: Batch, at: datetime) -> None:
    """Write what the batch made: each room once."""
    await ledger.write(tx, batch.book)
    await program.save_memories(
        tx, [(member, offer, batch.memories[member][offer]) for member, offer in batch.changed_memories], at
    )
    await members.set_traits(tx, batch.changed_traits)
    await members.set_merged(tx, batch.gone, list(batch.parted))
    await members.write_homes(tx, batch.homes)
    await journal.add_dues(tx, list(batch.waits.added.values()))
    await journal.end_dues(tx, batch.waits.ended)
    await journal.append(tx, batch.recorded.values())
    # Last, for a budget is everybody's: until the commit, whoever draws on it waits.
    await limits.write(tx, batch.ceilings)

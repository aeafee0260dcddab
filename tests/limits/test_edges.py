"""What a caller gets wrong is a bug and stops; what is refused says of what, and how much."""

from collections.abc import Callable
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.base.db import ConstraintBroken, Database, DatabaseContention, DatabaseTimeout
from regulars.kernel import limits
from regulars.kernel.limits import (
    Ceiling,
    Ceilings,
    CeilingSpent,
    CeilingTooLow,
    CeilingUnknown,
    ClaimEnded,
    ClaimNotTaken,
    ClaimRow,
    ClaimTooSmall,
    ClaimUnknown,
    store,
)
from regulars.kernel.limits.proofs import read_amounts
from tests.limits.story import ANN, AT, BOB, LAMP, change, later, reserve, set_up, shelf, take

FIRST, SECOND = UUID(int=1), UUID(int=2)


def claimed(state: str = "taken", amount: int = 5, *, activity: UUID = FIRST, until: int | None = None) -> ClaimRow:
    return ClaimRow(
        ceiling=LAMP,
        activity=activity,
        member=ANN,
        amount=amount,
        state=state,  # type: ignore[arg-type]
        at=AT,
        until=None if until is None else later(until),
    )


# -- bugs --------------------------------------------------------------------------------------------------------------

BUGS: list[Callable[[Ceilings], object]] = [
    lambda it: take(it, 0),
    lambda it: it.reserve(LAMP, 0, activity=SECOND, member=ANN, at=AT, until=later(1)),
    lambda it: it.reserve(LAMP, 1, activity=SECOND, member=ANN, at=AT, until=AT),
    lambda it: it.give_back((LAMP, FIRST), 0, member=ANN, at=AT),
    # What was not locked, and what was not named.
    lambda it: take(it, 1, id_="stock:other"),
    lambda it: it.find((LAMP, SECOND), member=ANN),
    # A claim that was stored before is not made again.
    lambda it: it.take(LAMP, 1, activity=FIRST, member=ANN, at=AT),
]


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_stops(bug: Callable[[Ceilings], object]) -> None:
    with pytest.raises(AssertionError):
        bug(shelf(10, claimed()))


@pytest.mark.parametrize(
    "again",
    [
        lambda it: it.take(LAMP, 1, activity=SECOND, member=BOB, at=AT),
        lambda it: it.take(LAMP, 1, activity=SECOND, member=ANN, at=later(1)),
        lambda it: it.reserve(LAMP, 1, activity=SECOND, member=ANN, at=AT, until=later(1)),
    ],
)
def test_an_activity_has_one_claim_of_one_kind(again: Callable[[Ceilings], object]) -> None:
    ceilings = shelf(10)
    ceilings.take(LAMP, 1, activity=SECOND, member=ANN, at=AT)
    with pytest.raises(AssertionError):
        again(ceilings)


def test_a_reservation_without_an_end_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        shelf(10, claimed("reserved"))


def test_a_ceiling_that_disagrees_with_its_claims_is_a_bug() -> None:
    wrong = Ceiling(id=LAMP, amount=10, taken=4, reserved=4)
    ceilings = Ceilings({LAMP: wrong}, stored=[claimed(), claimed("reserved", activity=SECOND, until=5)])
    with pytest.raises(AssertionError):
        ceilings.give_back((LAMP, FIRST), 5, member=ANN, at=AT)
    with pytest.raises(AssertionError):
        ceilings.release((LAMP, SECOND), member=ANN, at=AT)


@pytest.mark.parametrize("amount", [-1, 0, 1])
async def test_codes_are_added_with_a_room_that_is_not_below_nothing(database: Database, amount: int) -> None:
    async with database.transaction() as tx:
        if amount < 0:
            with pytest.raises(AssertionError):
                await limits.add_ceilings(tx, ["code"], amount=amount)
            with pytest.raises(AssertionError):
                await limits.add_ceilings(tx, [])
            return
        await limits.add_ceilings(tx, ["code"], amount=amount)
        # A code is used once where nothing else is said.
        await limits.add_ceilings(tx, ["one"])
        assert await read_amounts(tx) == {"code": amount, "one": 1}


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_what_is_refused_says_of_what_and_how_much() -> None:
    ceilings = shelf(12, claimed(), claimed("reserved", activity=SECOND, until=5))
    one, two = (LAMP, FIRST), (LAMP, SECOND)

    def refuse(kind: type[Exception], verb: Callable[[], object], said: str, **context: object) -> None:
        with pytest.raises(kind, match=said) as refused:
            verb()
        assert getattr(refused.value, "context", None) == context

    refuse(CeilingSpent, lambda: take(ceilings, 3), "3 of stock:lamp are asked for, and 2 are left",
           ceiling=LAMP, left=2, asked=3)  # fmt: skip
    asked = Ceilings({}, asked=[LAMP])
    refuse(CeilingUnknown, lambda: take(asked, 1), "Nothing is set aside as stock:lamp", ceiling=LAMP)
    refuse(ClaimUnknown, lambda: ceilings.find(one, member=BOB), f"no claim on {LAMP} by the activity {FIRST}",
           ceiling=LAMP, activity=str(FIRST))  # fmt: skip
    refuse(ClaimTooSmall, lambda: ceilings.give_back(one, 6, member=ANN, at=AT), "6 of stock:lamp cannot .* 5 are",
           ceiling=LAMP, held=5)  # fmt: skip
    refuse(ClaimNotTaken, lambda: ceilings.give_back(two, 1, member=ANN, at=AT), "stock:lamp is only reserved",
           ceiling=LAMP)  # fmt: skip
    for verb in (ceilings.confirm, ceilings.release):
        refuse(ClaimEnded, lambda v=verb: v(one, member=ANN, at=AT), "was already taken: that is final",
               ceiling=LAMP, state="taken")  # fmt: skip
    ceilings.release(two, member=ANN, at=AT)
    refuse(ClaimEnded, lambda: ceilings.release(two, member=ANN, at=AT), "was released", ceiling=LAMP, state="released")
    ceilings.give_back(one, 5, member=ANN, at=AT)
    refuse(ClaimEnded, lambda: ceilings.give_back(one, 1, member=ANN, at=AT), "came back", ceiling=LAMP,
           state="returned")  # fmt: skip


def test_what_ran_out_says_how_much_is_left() -> None:
    ceilings = shelf(10, claimed("reserved", 5, until=5))
    take(ceilings, 7, at=later(5))
    with pytest.raises(
        ClaimEnded, match=r"of 5 of stock:lamp ran out at 2026-03-01 12:05:00, and only 3 are left"
    ) as no:
        ceilings.confirm((LAMP, FIRST), member=ANN, at=later(6))
    assert no.value.context == {"ceiling": LAMP, "state": "released", "left": 3}
    with pytest.raises(ClaimEnded, match="ran out: that is final"):
        ceilings.release((LAMP, FIRST), member=ANN, at=later(6))


def test_where_more_is_promised_than_there_is_nothing_is_left() -> None:
    ceilings = shelf(10, claimed(amount=8), ensured={LAMP: 3})
    with pytest.raises(CeilingSpent, match="and 0 are left") as refused:
        take(ceilings, 1)
    assert refused.value.context == {"ceiling": LAMP, "left": 0, "asked": 1}
    # A return may make room again.
    assert CeilingSpent.retryable


def test_a_late_confirmation_is_no_confirmation_of_what_was_kept() -> None:
    ceilings = shelf(10, claimed("reserved", 5, until=5), ensured={LAMP: 3})
    with pytest.raises(ClaimEnded, match="and only 3 are left"):
        ceilings.confirm((LAMP, FIRST), member=ANN, at=later(5))


async def test_a_ceiling_that_is_too_low_says_what_is_promised(database: Database) -> None:
    await set_up(database)
    await change(database, lambda it: take(it, 3))
    await change(database, lambda it: it.reserve(LAMP, 4, activity=FIRST, member=ANN, at=AT, until=later(5)))
    async with database.transaction() as tx:
        with pytest.raises(CeilingTooLow, match="cannot be set to 6: 7 are already promised") as refused:
            await limits.set_ceilings(tx, {LAMP: 6}, at=later(4))
        assert refused.value.context == {"ceiling": LAMP, "promised": 7}
        await limits.set_ceilings(tx, {LAMP: 7}, at=later(4))
        # At its last moment the reservation promises nothing any more.
        await limits.set_ceilings(tx, {LAMP: 3}, at=later(5))
        assert await read_amounts(tx) == {LAMP: 3}


async def test_a_row_that_is_gone_is_named(database: Database) -> None:
    await set_up(database)
    async with database.transaction() as tx:
        ceilings = await limits.lock(tx, [LAMP], at=AT)
        take(ceilings, 1)
        await tx.run("DELETE FROM limits.ceiling")
        with pytest.raises(ConstraintBroken, match="1 rows of ceiling were to change") as broken:
            await limits.write(tx, ceilings)
    assert (broken.value.constraint, broken.value.table, broken.value.sqlstate) == ("ceiling_exists", "ceiling", "")


# -- locks -------------------------------------------------------------------------------------------------------------


async def lock_at_once(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run("SET LOCAL lock_timeout = '50ms'")
        await limits.lock(tx, [LAMP])


async def test_who_may_write_locks_and_who_only_reads_does_not(database: Database) -> None:
    await set_up(database)
    async with database.transaction() as first:
        await limits.lock(first, [LAMP])
        async with database.snapshot() as read:
            assert [ceiling.id for ceiling in (await limits.lock(read, [LAMP])).all()] == [LAMP]
        with pytest.raises(DatabaseTimeout):
            await lock_at_once(database)
    await lock_at_once(database)


async def test_who_begins_what_others_begin_is_to_try_again_and_what_is_wrong_is_not(database: Database) -> None:
    async def begin(ceiling: Ceiling) -> None:
        async with database.transaction() as tx:
            await store._begin(tx, [ceiling])

    await set_up(database)
    with pytest.raises(DatabaseContention, match="Try again"):
        await begin(Ceiling(id=LAMP, amount=1, taken=1, reserved=0))
    with pytest.raises(ConstraintBroken) as broken:
        await begin(Ceiling(id="new", amount=1, taken=2, reserved=0))
    assert broken.value.constraint == "ceiling_never_exceeded"


# -- what is told ------------------------------------------------------------------------------------------------------


def test_ceilings_come_by_id_and_only_what_changed_is_written() -> None:
    names = ["c", "a", "b"]
    ceilings = Ceilings(
        {name: Ceiling(id=name, amount=5, taken=1, reserved=0) for name in names},
        stored=[replace(claimed(), ceiling="a"), replace(claimed(), ceiling="b", amount=1)],
        ensured={"z": 1, "y": 1, "x": 1},
    )
    assert [ceiling.id for ceiling in ceilings.all()] == ["a", "b", "c", "x", "y", "z"]
    assert (ceilings.moved(), ceilings.moved_claims(), ceilings.added(), ceilings.claims) == ([], [], [], [])
    for name in ("z", "c", "y"):
        take(ceilings, 1, id_=name)
    ceilings.give_back(("b", FIRST), 1, member=ANN, at=AT)
    assert [ceiling.id for ceiling in ceilings.added()] == ["y", "z"]
    assert [ceiling.id for ceiling in ceilings.moved()] == ["b", "c"]
    assert [claim.name for claim in ceilings.moved_claims()] == [("b", FIRST)]
    assert [claim.ceiling for claim in ceilings.claims] == ["z", "c", "y"]


def test_more_is_never_promised_than_there_is_said_to_be() -> None:
    ceilings = shelf(20, claimed(amount=6), claimed("reserved", 4, activity=SECOND, until=9), ensured={LAMP: 3})
    ceilings.give_back((LAMP, FIRST), 1, member=ANN, at=AT)
    assert ceilings.moved() == [Ceiling(id=LAMP, amount=9, taken=5, reserved=4)]


def test_what_was_taken_back_does_not_run_out() -> None:
    ceilings = shelf(10)
    mark = ceilings.mark()
    reserve(ceilings, 3)
    ceilings.undo(mark)
    assert ceilings.end_due(later(99)) == 0
    assert ceilings.left == {LAMP: 10}


def test_reservations_run_out_in_the_order_of_their_ends_however_they_were_stored() -> None:
    ends = [9, 3, 7, 5, 1]
    stored = [claimed("reserved", 1, activity=UUID(int=number), until=until) for number, until in enumerate(ends)]
    ceilings = shelf(10, *stored)
    assert [ceilings.end_due(later(minute)) for minute in (0, 1, 4, 9)] == [0, 1, 1, 3]

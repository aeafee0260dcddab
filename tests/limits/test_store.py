"""What is written about scarce things, and what the database itself does not let happen."""

from collections.abc import Callable

import pytest

from regulars.base.db import ConstraintBroken, Database, Tx
from regulars.base.errors import DatabaseContention, Refusal
from regulars.base.ids import new_id
from regulars.kernel import limits
from regulars.kernel.limits import (
    CeilingExists,
    Ceilings,
    CeilingSpent,
    CeilingTooLow,
    ClaimEnded,
    ClaimName,
    ClaimUnknown,
)
from tests.limits.story import (
    ANN,
    AT,
    BOB,
    LAMP,
    change,
    find_faults,
    later,
    read_ceiling,
    read_claims,
    reserve,
    set_up,
    take,
)

pytestmark = pytest.mark.smoke


async def test_a_claim_goes_through_its_states_in_transactions_of_their_own(database: Database) -> None:
    await set_up(database)
    taken = await change(database, lambda it: take(it, 3))
    kept = await change(database, lambda it: reserve(it, 4))
    assert await read_ceiling(database) == (10, 3, 4)
    await change(database, lambda it: it.confirm(kept, member=ANN, at=later(1)), claims=[kept], ids=[])
    await change(database, lambda it: it.give_back(kept, 1, member=ANN, at=later(2)), claims=[kept])
    await change(database, lambda it: it.give_back(taken, 3, member=ANN, at=later(3)), claims=[taken])
    gone = await change(database, lambda it: reserve(it, 7))
    await change(database, lambda it: it.release(gone, member=ANN, at=later(4)), claims=[gone])
    assert await read_ceiling(database) == (10, 3, 0)
    assert await read_claims(database) == {taken: ("returned", 0), kept: ("taken", 3), gone: ("released", 0)}


async def test_a_reservation_that_ran_out_makes_room_although_nobody_swept(database: Database) -> None:
    await set_up(database)
    claim = await change(database, lambda it: reserve(it, 10, until=later(10)))
    with pytest.raises(CeilingSpent):
        await change(database, lambda it: take(it, 1, at=later(9)), at=later(9))
    assert await read_ceiling(database) == (10, 0, 10)
    await change(database, lambda it: take(it, 1, at=later(10)), at=later(10))
    assert await read_ceiling(database) == (10, 1, 0)
    assert (await read_claims(database))[claim] == ("released", 0)


async def test_what_ran_out_is_ended_also_where_nobody_said_until_when_to_look(database: Database) -> None:
    await set_up(database)
    await change(database, lambda it: reserve(it, 10, until=later(10)))
    async with database.transaction() as tx:
        ceilings = await limits.lock(tx, [LAMP])
        assert ceilings.end_due(later(10)) == 1


async def test_a_late_confirmation_revives_the_row(database: Database) -> None:
    await set_up(database)
    claim = await change(database, lambda it: reserve(it, 10, until=later(10)))
    async with database.transaction() as tx:
        assert await limits.sweep(tx, [LAMP], at=later(20)) == 1
    await change(database, lambda it: it.confirm(claim, member=ANN, at=later(30)), claims=[claim], at=later(30))
    assert await read_ceiling(database) == (10, 10, 0)
    assert await read_claims(database) == {claim: ("taken", 10)}


@pytest.mark.parametrize("swept", [False, True])
async def test_a_sweeper_changes_no_answer(database: Database, swept: bool) -> None:
    await set_up(database)
    claim = await change(database, lambda it: reserve(it, 4, until=later(10)))
    await change(database, lambda it: reserve(it, 2, until=later(90)))
    async with database.snapshot() as read:
        assert await limits.due_ceilings(read, at=later(9), most=5) == []
        assert await limits.due_ceilings(read, at=later(10), most=5) == [LAMP]
    if swept:
        for expected in (1, 0):
            async with database.transaction() as tx:
                assert await limits.sweep(tx, [LAMP], at=later(60)) == expected
                assert await limits.due_ceilings(tx, at=later(60), most=5) == []
    async with database.snapshot() as read:
        assert await limits.left_many(read, [LAMP], at=later(60)) == {LAMP: 8}
    with pytest.raises(ClaimEnded):
        await change(database, lambda it: it.release(claim, member=ANN, at=later(61)), claims=[claim], at=later(61))
    await change(database, lambda it: take(it, 1, at=later(61)), at=later(61))
    async with database.snapshot() as read:
        (row,) = await read.rows("SELECT state, returned, ended_at FROM limits.claim WHERE activity_id = $1", claim[1])
    assert tuple(row) == ("released", 4, later(10))
    assert await read_ceiling(database) == (10, 1, 2)


async def test_the_sweeper_finds_those_that_waited_longest_first(database: Database) -> None:
    await set_up(database, {"a": 1, "b": 1, "c": 1, "d": 1})
    for id_, until in (("a", later(3)), ("b", later(1)), ("c", later(2)), ("d", later(9))):
        await change(database, lambda it, id_=id_, until=until: reserve(it, 1, id_=id_, until=until), ids=[id_])
    async with database.snapshot() as read:
        assert await limits.due_ceilings(read, at=later(3), most=5) == ["b", "c", "a"]
        assert await limits.due_ceilings(read, at=later(3), most=2) == ["b", "c"]


async def test_a_preview_sees_what_a_lock_would_see(database: Database) -> None:
    await set_up(database, {LAMP: 10, "full": 1})
    await change(database, lambda it: take(it, 1, id_="full"), ids=["full"])
    await change(database, lambda it: reserve(it, 4, until=later(10)))
    ids, ensure = [LAMP, "full", "unknown"], {LAMP: 5, "new": 7}
    for minute, lamp in ((9, 1), (10, 5)):
        async with database.snapshot() as read:
            shown = await limits.left_many(read, ids, at=later(minute), ensure=ensure)
            assert read.statements == 1
        async with database.transaction() as tx:
            locked = await limits.lock(tx, ids, at=later(minute), ensure=ensure)
            locked.end_due(later(minute))
        assert shown == locked.left == {LAMP: lamp, "full": 0, "new": 7}
    async with database.snapshot() as read:
        assert await limits.left_many(read, [], at=AT) == {}
        assert read.statements == 0


async def test_a_cap_comes_with_its_first_claim_and_a_refusal_leaves_none(database: Database) -> None:
    cap = {"cap": 3}
    with pytest.raises(CeilingSpent):
        await change(database, lambda it: take(it, 4, id_="cap"), ids=[], ensure=cap)
    await change(database, lambda it: it.end_due(AT), ids=[], ensure=cap)
    async with database.snapshot() as read:
        assert await limits.ceilings(read) == []
    for _ in range(3):
        await change(database, lambda it: take(it, 1, id_="cap"), ids=[], ensure=cap)
    with pytest.raises(CeilingSpent):
        await change(database, lambda it: take(it, 1, id_="cap"), ids=[], ensure=cap)
    assert await read_ceiling(database, "cap") == (3, 3, 0)
    # The terms are more generous now; next month less.
    await change(database, lambda it: take(it, 1, id_="cap"), ids=[], ensure={"cap": 5})
    assert await read_ceiling(database, "cap") == (5, 4, 0)
    with pytest.raises(CeilingSpent):
        await change(database, lambda it: take(it, 1, id_="cap"), ids=[], ensure={"cap": 2})
    assert await read_ceiling(database, "cap") == (5, 4, 0)


async def test_a_ceiling_is_not_set_below_what_is_promised(database: Database) -> None:
    await set_up(database)
    await change(database, lambda it: (take(it, 3), reserve(it, 4, until=later(10))))
    for amount, at in ((6, AT), (6, None), (2, later(10))):
        with pytest.raises(CeilingTooLow, match="already promised"):
            async with database.transaction() as tx:
                await limits.set_ceilings(tx, {LAMP: amount}, at=at)
    async with database.transaction() as tx:
        await limits.set_ceilings(tx, {LAMP: 7, "chair": 1}, at=AT)
    assert await read_ceiling(database) == (7, 3, 4)
    # The reservation has run out, so its part may go.
    async with database.transaction() as tx:
        await limits.set_ceilings(tx, {LAMP: 3}, at=later(10))
        await limits.set_ceilings(tx, {})
    assert await read_ceiling(database) == (3, 3, 0)
    assert await read_ceiling(database, "chair") == (1, 0, 0)


async def test_a_claim_that_was_named_and_is_not_there_is_unknown(database: Database) -> None:
    await set_up(database)
    claim = (LAMP, new_id())
    with pytest.raises(ClaimUnknown):
        await change(database, lambda it: it.confirm(claim, member=ANN, at=AT), claims=[claim])


# -- what the database does not let happen ---------------------------------------------------------------------------

CLAIM = "INSERT INTO limits.claim (ceiling_id, activity_id, member_id, amount, returned, state, at, until, ended_at)"
ROW = f"{CLAIM} SELECT 'stock:lamp', gen_random_uuid(), gen_random_uuid()"


BROKEN = [
    ("UPDATE limits.ceiling SET taken = 11", "ceiling_never_exceeded"),
    ("UPDATE limits.ceiling SET taken = 5, reserved = 6", "ceiling_never_exceeded"),
    ("UPDATE limits.ceiling SET taken = 5, amount = 4", "ceiling_never_exceeded"),
    ("INSERT INTO limits.ceiling (id, amount) VALUES ('less than nothing', -1)", "ceiling_never_exceeded"),
    ("UPDATE limits.ceiling SET taken = -1", "ceiling_not_negative"),
    ("UPDATE limits.ceiling SET reserved = -1", "ceiling_not_negative"),
    (f"{ROW}, 0, 0, 'taken', now(), NULL, NULL", "claim_amount_positive"),
    (f"{ROW}, 1, 2, 'taken', now(), NULL, NULL", "claim_returned_within"),
    (f"{ROW}, 1, -1, 'taken', now(), NULL, NULL", "claim_returned_within"),
    (f"{ROW}, 1, 0, 'lost', now(), NULL, NULL", "claim_state_known"),
    (f"{ROW}, 1, 0, 'reserved', now(), NULL, NULL", "claim_until_when_reserved"),
    (f"{ROW}, 1, 0, 'reserved', now(), now(), NULL", "claim_until_later"),
    (f"{ROW}, 1, 1, 'taken', now(), NULL, now()", "claim_ended_when_back"),
    (f"{ROW}, 1, 0, 'returned', now(), NULL, now()", "claim_ended_when_back"),
    (f"{ROW}, 1, 1, 'returned', now(), NULL, NULL", "claim_ended_when_back"),
]


async def test_what_must_never_be_is_a_constraint(database: Database) -> None:
    await set_up(database)
    fired: list[str] = []
    for statement, _ in BROKEN:
        with pytest.raises(ConstraintBroken) as broken:
            await database.run(lambda tx, statement=statement: tx.run(statement))
        fired.append(broken.value.constraint)
    assert fired == [constraint for _, constraint in BROKEN]


async def test_nothing_is_given_twice_to_those_who_did_not_lock(database: Database) -> None:
    """Two transactions that both believe that all is left: the second is stopped by the database."""
    await set_up(database)
    raced = [await read_without_lock(database) for _ in range(2)]
    for ceilings in raced:
        take(ceilings, 10, id_="cap")
    async with database.transaction() as tx:
        await limits.write(tx, raced[0])
    with pytest.raises(DatabaseContention, match="same limit"):
        async with database.transaction() as tx:
            await limits.write(tx, raced[1])
    assert await read_ceiling(database, "cap") == (10, 10, 0)


async def read_without_lock(database: Database) -> Ceilings:
    async with database.transaction() as tx:
        return await limits.lock(tx, [], ensure={"cap": 10})


async def test_a_row_that_is_gone_is_not_passed_over(database: Database) -> None:
    await set_up(database)
    for table in ("claim", "ceiling"):
        claim = await change(database, reserve_one)

        async def lose_row(tx: Tx, claim: ClaimName = claim, table: str = table) -> None:
            ceilings = await limits.lock(tx, [LAMP], claims=[claim])
            ceilings.confirm(claim, member=ANN, at=AT)
            await tx.run(f"DELETE FROM limits.{table}")
            await limits.write(tx, ceilings)

        with pytest.raises(ConstraintBroken) as broken:
            await database.run(lose_row)
        assert broken.value.constraint == f"{table}_exists"


def reserve_one(ceilings: Ceilings) -> ClaimName:
    return reserve(ceilings, 1)


CHECKS = {
    None: (),
    "ceiling": ("ceiling_never_exceeded",),
    "claim": ("claim_until_later", "claim_ended_when_back"),
}
"""The constraints that must go before a row can be as wrong as that."""
CORRUPTED = [
    (None, "UPDATE limits.ceiling SET taken = taken + 1"),
    (None, "UPDATE limits.ceiling SET reserved = reserved - 1"),
    ("ceiling", "UPDATE limits.ceiling SET amount = 1"),
    (None, "DELETE FROM limits.ceiling"),
    (None, "DELETE FROM limits.claim WHERE state = 'taken'"),
    (None, "UPDATE limits.claim SET amount = amount + 1 WHERE state = 'taken'"),
    (None, "UPDATE limits.claim SET until = until - interval '1 day', at = at - interval '2 day'"),
    ("claim", "UPDATE limits.claim SET until = at WHERE state = 'taken'"),
    ("claim", "UPDATE limits.claim SET ended_at = at WHERE state = 'taken'"),
    ("claim", "UPDATE limits.claim SET ended_at = NULL WHERE state = 'released'"),
    ("claim", "UPDATE limits.claim SET returned = 0 WHERE state = 'released'"),
    (None, "UPDATE limits.claim SET ended_at = until + interval '1 second' WHERE state = 'released'"),
    (None, "UPDATE limits.claim SET ended_at = at - interval '1 second' WHERE state = 'released'"),
    (None, "UPDATE limits.claim SET until = NULL WHERE state = 'released'"),
]


async def test_a_corrupted_row_is_found(database: Database) -> None:
    await set_up(database)
    await change(database, lambda it: (take(it, 3), reserve(it, 4, until=later(99))))
    claim = await change(database, lambda it: reserve(it, 1, until=later(50)))
    await change(database, lambda it: it.release(claim, member=ANN, at=later(1)), claims=[claim])
    for drop, corrupt in CORRUPTED:
        async with database.transaction() as tx:
            assert await find_faults(tx) == []
            await tx.run("SAVEPOINT sound")
            for name in CHECKS[drop]:
                await tx.run(f"ALTER TABLE limits.{drop} DROP CONSTRAINT {name}")
            assert await tx.run(corrupt) in {"UPDATE 1", "UPDATE 3", "DELETE 1"}
            assert await find_faults(tx) != [], corrupt
            await tx.run("ROLLBACK TO SAVEPOINT sound")


# -- many at once ----------------------------------------------------------------------------------------------------


async def count_statements(database: Database, many: int, ceilings: int) -> tuple[int, ...]:
    """Lock, sweep, make and end many claims under many ceilings; count what each transaction asked."""
    counts: list[int] = []
    ids = [f"{many}:{ceilings}:{number}" for number in range(ceilings)]
    names: list = []

    async def run(verb: Callable[[Ceilings, int], object], *, claims: list, ensure: bool = False) -> None:
        async with database.transaction() as tx:
            amounts = dict.fromkeys(ids, 4 * many)
            locked = await limits.lock(tx, ids, at=later(1), claims=claims, ensure=amounts if ensure else {})
            for number in range(many):
                verb(locked, number)
            await limits.write(tx, locked)
            counts.append(tx.statements)

    def make(locked: Ceilings, number: int) -> None:
        id_ = ids[number % ceilings]
        names.append(reserve(locked, 1, id_=id_, until=later(9)))
        take(locked, 1, id_=id_)

    await run(make, claims=[], ensure=True)
    await run(make, claims=[])
    confirmed = list(names)
    await run(lambda locked, number: locked.confirm(confirmed[number], member=ANN, at=AT), claims=confirmed)
    async with database.transaction() as tx:
        assert await limits.sweep(tx, ids, at=later(9)) == many
        counts.append(tx.statements)
    return tuple(counts)


async def test_the_number_of_statements_depends_on_neither_claims_nor_ceilings(database: Database) -> None:
    one = await count_statements(database, 1, 1)
    assert one == (3, 4, 4, 4)
    assert await count_statements(database, 200, 1) == one
    assert await count_statements(database, 200, 50) == one


async def test_nothing_costs_nothing(database: Database) -> None:
    await set_up(database)
    async with database.transaction() as tx:
        await limits.write(tx, await limits.lock(tx, []))
        assert tx.statements == 0
        await limits.write(tx, await limits.lock(tx, [LAMP]))
        assert tx.statements == 1


async def test_what_is_read_does_not_grow_with_what_has_ended(database: Database) -> None:
    await set_up(database, {LAMP: 100})
    await change(database, lambda it: [reserve(it, 1, until=later(minute)) for minute in range(1, 60)])
    for minute, unread in ((30, 30), (31, 1), (31, 0)):
        async with database.transaction() as tx:
            locked = await limits.lock(tx, [LAMP], at=later(minute))
            assert locked.end_due(later(minute)) == len(locked._stored) == unread
            await limits.write(tx, locked)


async def test_a_hundred_thousand_codes_are_added_at_once_and_each_is_used_once(database: Database) -> None:
    codes = [f"code:{number:06}" for number in range(limits.CEILINGS_ADDED_MAX)]
    async with database.transaction() as tx:
        await limits.add_ceilings(tx, codes)
        assert tx.statements == 2
    used = codes[::100]

    def use(ceilings: Ceilings) -> None:
        for code in used:
            take(ceilings, 1, id_=code)

    await change(database, use, ids=used)
    async with database.snapshot() as read:
        left = await limits.left_many(read, codes, at=AT)
        assert await find_faults(read) == []
    assert (len(left), sum(left.values())) == (100_000, 99_000)
    with pytest.raises(CeilingSpent):
        await change(database, lambda it: take(it, 1, id_=used[0], member=BOB), ids=used[:1])


@pytest.mark.parametrize(
    ("listed", "named"),
    [
        (["new", "code:2", "code:1"], "code:1"),  # two are there: the first by name is told
        (["new", "newer", "new"], "new"),
    ],
)
async def test_a_list_with_a_code_that_is_there_is_refused_whole(
    database: Database, listed: list[str], named: str
) -> None:
    async with database.transaction() as tx:
        await limits.add_ceilings(tx, ["code:1", "code:2"])
    with pytest.raises(CeilingExists, match=f"{named} is there already") as refused:
        async with database.transaction() as tx:
            await limits.add_ceilings(tx, listed)
    assert refused.value.context == {"ceiling": named}
    async with database.snapshot() as read:
        assert [it.id for it in await limits.ceilings(read)] == ["code:1", "code:2"]


@pytest.mark.parametrize(
    "refusal",
    [
        (limits.CeilingUnknown, "ceiling_unknown", "not_found"),
        (limits.CeilingExists, "ceiling_exists", "conflict"),
        (limits.CeilingSpent, "ceiling_spent", "conflict"),
        (limits.CeilingTooLow, "ceiling_too_low", "conflict"),
        (limits.ClaimUnknown, "claim_unknown", "not_found"),
        (limits.ClaimEnded, "claim_ended", "conflict"),
        (limits.ClaimNotTaken, "claim_not_taken", "conflict"),
        (limits.ClaimTooSmall, "claim_too_small", "conflict"),
    ],
    ids=lambda refusal: refusal[1],
)
def test_codes_never_change(refusal: tuple[type[Refusal], str, str]) -> None:
    cls, code, kind = refusal
    assert (cls.code, cls.kind) == (code, kind)

"""What is read of ceilings and claims is what a few lines of Python find in the rows, which lie close together."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

import pytest
from msgspec.structs import astuple, replace

from regulars.base.db import Database, Read, Tx
from regulars.kernel import limits
from regulars.kernel.limits import Ceiling, CeilingExists, Ceilings, ClaimRow
from tests.limits.story import ANN, BOB, later

NAMES = [f"stock:{letter}" for letter in "abcdefgh"]
NOBODYS = "stock:nobody's"
SEEDS = range(3)
MOMENTS = [later(minute) for minute in range(-1, 4)]
CLAIM = ("ceiling_id", "activity_id", "member_id", "amount", "returned", "state", "at", "until", "ended_at")


class Rows(NamedTuple):
    """What is in the tables."""

    ceilings: Sequence[Ceiling]
    claims: Sequence[ClaimRow]

    async def write(self, tx: Tx) -> None:
        await tx.copy("limits", "ceiling", ("id", "amount", "taken", "reserved"), map(astuple, self.ceilings))
        await tx.copy("limits", "claim", CLAIM, map(astuple, self.claims))
        # No order but the one that is asked for.
        ways = ["enable_sort", "enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"]
        await tx.rows("SELECT set_config(way, 'off', TRUE) FROM unnest(cast($1 AS text[])) AS way", ways)

    def of(self, ids: Sequence[str]) -> dict[str, Ceiling]:
        return {ceiling.id: ceiling for ceiling in self.ceilings if ceiling.id in ids}


def draw_rows(seed: int) -> Rows:
    chance = Random(seed)
    claims = [draw_claim(chance, number) for number in range(40)]
    taken, reserved = Counter[str](), Counter[str]()
    for claim in claims:
        (reserved if claim.state == "reserved" else taken)[claim.ceiling] += claim.held
    ceilings = [
        Ceiling(
            id=name,
            amount=taken[name] + reserved[name] + chance.randint(0, 9),
            taken=taken[name],
            reserved=reserved[name],
        )
        for name in reversed(NAMES)
    ]
    return Rows(ceilings, claims)


def draw_claim(chance: Random, number: int) -> ClaimRow:
    state = chance.choice(["reserved", "reserved", "taken", "released", "returned"])
    amount = chance.randint(2, 9)
    back = {"taken": chance.randint(0, amount - 1), "reserved": 0}.get(state, amount)
    return ClaimRow(
        # Of the last nothing is claimed; and an activity has claims under two.
        ceiling=NAMES[number % 7],
        activity=UUID(int=number % 20 + 1),
        member=chance.choice([ANN, BOB]),
        amount=amount,
        returned=back,
        state=state,  # type: ignore[arg-type]
        at=later(-9),
        until=later(chance.randint(-1, 3)) if state == "reserved" or chance.random() < 0.5 else None,
        ended_at=later(0) if state in {"released", "returned"} else None,
    )


@pytest.fixture(params=SEEDS)
def rows(request: pytest.FixtureRequest) -> Rows:
    return draw_rows(request.param)


async def test_all_ceilings_by_id(database: Database, rows: Rows) -> None:
    async with database.transaction() as tx:
        await rows.write(tx)
        assert await limits.ceilings(tx) == sorted(rows.ceilings, key=lambda ceiling: ceiling.id)


async def test_what_is_left_counts_what_ran_out(database: Database, rows: Rows) -> None:
    asked = [*NAMES[:5], NAMES[-1], NOBODYS]
    ensure = {NAMES[0]: 3, NOBODYS: 5}
    async with database.transaction() as tx:
        await rows.write(tx)
        for at in MOMENTS:
            ended = Counter[str]()
            for claim in rows.claims:
                if claim.state == "reserved" and claim.until is not None and claim.until <= at:
                    ended[claim.ceiling] += claim.amount
            left = {id_: ceiling.left + ended[id_] for id_, ceiling in rows.of(asked).items()}
            assert await limits.left_many(tx, asked, at=at) == left
            promised = rows.of(NAMES)[NAMES[0]].taken + rows.of(NAMES)[NAMES[0]].reserved - ended[NAMES[0]]
            told = {**left, NAMES[0]: 3 - promised, NOBODYS: 5}
            assert await limits.left_many(tx, asked, at=at, ensure=ensure) == told


async def test_a_lock_reads_what_was_asked_what_is_named_and_what_may_run_out(database: Database, rows: Rows) -> None:
    async with database.transaction() as tx:
        await rows.write(tx)
        await see_what_is_read(tx, rows)
    # Whoever only reads is told the same.
    async with database.snapshot() as read:
        await see_what_is_read(read, rows)


async def see_what_is_read(read: Read, rows: Rows) -> None:
    asked = [NAMES[4], NAMES[1], NOBODYS]
    named = [claim.name for claim in rows.claims[::4]]
    named += [(NAMES[1], UUID(int=999)), (NAMES[2], rows.claims[1].activity)]
    for at in MOMENTS:
        for claims in ([], named):
            wanted = [*asked, *(name[0] for name in claims)]
            found = await limits.lock(read, asked, at=at, claims=claims)
            assert found.all() == sorted(rows.of(wanted).values(), key=lambda ceiling: ceiling.id)
            assert found.asked == {*wanted}
            assert sort(stored(found)) == sort(
                [
                    claim
                    for claim in rows.claims
                    if claim.name in claims or (claim.ceiling in wanted and runs_out(claim, at))
                ]
            )


def stored(ceilings: Ceilings) -> list[ClaimRow]:
    return list(ceilings._stored.values())


def sort(claims: Sequence[ClaimRow]) -> list[ClaimRow]:
    return sorted(claims, key=lambda claim: claim.name)


def runs_out(claim: ClaimRow, at: datetime) -> bool:
    return claim.state == "reserved" and claim.until is not None and claim.until <= at


async def test_what_was_promised_before_a_moment_whatever_became_of_it(database: Database, rows: Rows) -> None:
    asked = [NAMES[5], NAMES[2], NOBODYS]
    spread = [replace(claim, at=later(-9 + number % 3)) for number, claim in enumerate(rows.claims)]
    async with database.transaction() as tx:
        await Rows(rows.ceilings, spread).write(tx)
        for at in (later(-9), later(-8), later(-7), later(-6)):
            expected = Counter[str]()
            for claim in spread:
                if claim.ceiling in asked and claim.at < at:
                    expected[claim.ceiling] += claim.amount
            assert await limits.taken_before(tx, asked, at=at) == expected
        before = tx.statements
        assert await limits.taken_before(tx, [], at=at) == {}
        assert tx.statements == before


async def test_ceilings_are_due_longest_ago_first(database: Database, rows: Rows) -> None:
    async with database.transaction() as tx:
        await rows.write(tx)
        for at in MOMENTS:
            first: dict[str, datetime] = {}
            for claim in rows.claims:
                if runs_out(claim, at) and claim.until is not None:
                    first[claim.ceiling] = min(claim.until, first.get(claim.ceiling, claim.until))
            expected = sorted(first, key=lambda id_: (first[id_], id_))
            assert await limits.due_ceilings(tx, at=at, most=100) == expected
            assert await limits.due_ceilings(tx, at=at, most=2) == expected[:2]


@pytest.mark.parametrize(
    ("listed", "named"),
    [
        (["new", NAMES[3]], NAMES[3]),
        ([NAMES[3], NAMES[1], NAMES[2]], NAMES[1]),  # the first by name, whatever order it was listed in
        (["new"], None),
    ],
)
async def test_the_first_that_is_there_is_named(
    database: Database, rows: Rows, listed: list[str], named: str | None
) -> None:
    async with database.transaction() as tx:
        await rows.write(tx)
        before = tx.statements
        if named is None:
            await limits.add_ceilings(tx, listed, amount=4)
            assert (await limits.ceilings(tx))[0] == Ceiling(id="new", amount=4, taken=0, reserved=0)
            assert tx.statements - before == 3
            return
        with pytest.raises(CeilingExists) as refused:
            await limits.add_ceilings(tx, listed)
        assert refused.value.context == {"ceiling": named}
        assert len(await limits.ceilings(tx)) == len(NAMES)


async def test_ceilings_are_added_in_the_order_in_which_all_add_them(database: Database) -> None:
    """Two that begin the same caps at once then wait for each other, and never for good."""
    async with database.transaction() as tx:
        ceilings = await limits.lock(tx, [], ensure=dict.fromkeys(reversed(NAMES), 9))
        for name in reversed(NAMES):
            ceilings.take(name, 1, activity=UUID(int=1), member=ANN, at=later(0))
        await limits.write(tx, ceilings)
        await limits.set_ceilings(tx, {"z": 1, "x": 1, "y": 1})
        rows = await tx.rows("SELECT id FROM limits.ceiling ORDER BY ctid")
        assert [row["id"] for row in rows] == [*NAMES, "x", "y", "z"]


async def test_only_what_was_claimed_is_written_and_nothing_beside_it(database: Database, rows: Rows) -> None:
    """Names lie close together: claims of one activity under several ceilings, and of several under one."""
    named = [claim for claim in rows.claims if claim.ceiling in NAMES[:4]]
    at = later(-1)
    kept = next(claim for claim in named if claim.state == "reserved" and not runs_out(claim, at))
    back = next(claim for claim in named if claim.state == "taken")
    async with database.transaction() as tx:
        await rows.write(tx)
        ceilings = await limits.lock(tx, NAMES[:4], at=at, claims=[kept.name, back.name], ensure={NOBODYS: 7})
        ceilings.take(NOBODYS, 2, activity=UUID(int=777), member=BOB, at=at)
        ceilings.reserve(NOBODYS, 3, activity=UUID(int=778), member=ANN, at=at, until=later(5))
        ceilings.release(kept.name, member=kept.member, at=at)
        ceilings.give_back(back.name, 1, member=back.member, at=at)
        changed = {claim.name: claim for claim in [*ceilings.claims, *ceilings.moved_claims()]}
        moved = {ceiling.id: ceiling for ceiling in ceilings.all()}
        assert {kept.name, back.name, (NOBODYS, UUID(int=777)), (NOBODYS, UUID(int=778))} <= changed.keys()
        await limits.write(tx, ceilings)
        names = [*NAMES, NOBODYS]
        found = await limits.lock(tx, names, claims=[*(claim.name for claim in rows.claims), *changed])
        before = {claim.name: claim for claim in rows.claims}
        assert sort(stored(found)) == sort(list({**before, **changed}.values()))
        assert found.all() == sorted({**rows.of(NAMES), **moved}.values(), key=lambda ceiling: ceiling.id)

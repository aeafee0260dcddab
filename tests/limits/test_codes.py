"""Codes that somebody shows: found by their digests, good within their time, added as a whole list or not at all."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from regulars.base.db import ConstraintBroken, Database
from regulars.kernel import limits
from regulars.kernel.limits import CEILINGS_ADDED_MAX, CeilingExists, Code, CodeExists, find_void
from tests.limits.story import ANN, AT, BOB, LAMP, change, later, read_ceiling, reserve, set_up, take

pytestmark = pytest.mark.smoke

MOMENT = timedelta(microseconds=1)


def digest(word: str) -> bytes:
    """Stands in for the keyed digest, which the spine makes."""
    return hashlib.sha256(word.encode()).digest()


async def add(database: Database, *words: str, batch: str = "spring", uses: int = 1) -> None:
    """Add codes, each with a ceiling that is named after it."""
    async with database.transaction() as tx:
        codes = [Code(name=f"code:{word}") for word in words]
        await limits.add_codes(tx, [digest(word) for word in words], codes, batch=batch, amount=uses, at=AT)


async def count(database: Database) -> list[tuple[str, int, int]]:
    async with database.snapshot() as read:
        return await limits.count_codes(read)


# -- what a code says of itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "ends", "at", "is_good"),
    [
        (None, None, AT, True),
        # From the very moment on.
        (AT, None, AT - MOMENT, False),
        (AT, None, AT, True),
        (AT, None, later(600_000), True),
        # Until just before it.
        (None, AT, AT - MOMENT, True),
        (None, AT, AT, False),
        (None, AT, AT + MOMENT, False),
        # Both.
        (AT, AT + MOMENT, AT - MOMENT, False),
        (AT, AT + MOMENT, AT, True),
        (AT, AT + MOMENT, AT + MOMENT, False),
    ],
)
def test_code_is_good_from_its_first_moment_until_before_its_last(
    begins: datetime | None, ends: datetime | None, at: datetime, is_good: bool
) -> None:
    code = Code(name="x", valid_from=begins, valid_until=ends)
    assert code.is_valid(ANN, at) is is_good
    assert find_void({"x": code}, ["x"], ANN, at) == (frozenset() if is_good else {"x"})


@pytest.mark.parametrize(("bound", "is_good"), [(None, True), (ANN, True), (BOB, False)])
def test_code_of_one_member_is_nobody_elses(bound: UUID | None, is_good: bool) -> None:
    assert Code(name="x", member=bound).is_valid(ANN, AT) is is_good
    # To be the one does not make it longer.
    assert Code(name="x", member=bound, valid_until=AT).is_valid(ANN, AT) is False


def test_void_is_what_is_shown_and_a_code_and_no_good() -> None:
    codes = {
        "mine": Code(name="mine", member=ANN),
        "hers": Code(name="hers", member=BOB),
        "ended": Code(name="ended", valid_until=AT),
        "unseen": Code(name="unseen", member=BOB),
    }
    shown = ["mine", "hers", "ended", "held:ten:1", "unknown"]
    assert find_void(codes, shown, ANN, AT) == {"hers", "ended"}
    assert find_void(codes, [], ANN, AT) == frozenset()


# -- what is stored ---------------------------------------------------------------------------------------------------


async def test_code_is_found_by_its_digest_with_all_that_is_said_of_it(database: Database) -> None:
    bound = Code(name="code:a", member=ANN, valid_from=AT - MOMENT, valid_until=AT + MOMENT)
    free = Code(name="code:b")
    async with database.transaction() as tx:
        before = tx.statements
        await limits.add_codes(tx, [digest("a"), digest("b")], [bound, free], batch="spring", at=AT)
        assert tx.statements == before + 4
    async with database.snapshot() as read:
        assert await limits.find_codes(read, {digest("b"), digest("guess"), digest("a")}) == {
            digest("a"): bound,
            digest("b"): free,
        }
        assert await limits.find_codes(read, [digest("code:a"), b"code:a", b""]) == {}
        assert read.statements == 2
        assert await limits.find_codes(read, []) == {}
        assert read.statements == 2
        (row,) = await read.rows("SELECT DISTINCT batch, added_at FROM limits.code")
        ceilings = [(it.id, it.amount, it.left) for it in await limits.ceilings(read)]
    assert tuple(row) == ("spring", AT)
    assert ceilings == [("code:a", 1, 1), ("code:b", 1, 1)]


async def test_code_of_several_uses_is_used_so_often(database: Database) -> None:
    await add(database, "a", uses=3)
    for _ in range(3):
        assert await count(database) == [("spring", 1, 0)]
        await change(database, lambda it: take(it, 1, id_="code:a"), ids=["code:a"])
    assert await count(database) == [("spring", 1, 1)]
    assert await read_ceiling(database, "code:a") == (3, 3, 0)


@pytest.mark.parametrize("names", [["new", "new"], ["new", "other", "new"], ["new", "old"], ["old"]])
async def test_list_with_a_code_twice_or_known_is_not_added_at_all(database: Database, names: Sequence[str]) -> None:
    await add(database, "old", "older", batch="winter")
    async with database.transaction() as tx:
        codes = [Code(name=f"code:again:{place}") for place, _ in enumerate(names)]
        with pytest.raises(CodeExists, match="none was added"):
            await limits.add_codes(tx, [digest(name) for name in names], codes, batch="spring", at=AT)
        # The caller goes on, and nothing of it is there.
    assert await count(database) == [("winter", 2, 0)]
    async with database.snapshot() as read:
        assert [ceiling.id for ceiling in await limits.ceilings(read)] == ["code:old", "code:older"]


@pytest.mark.parametrize("names", [["code:x", "code:x"], ["code:x", "code:old"], [LAMP, "code:x"]])
async def test_two_codes_never_share_a_ceiling(database: Database, names: Sequence[str]) -> None:
    await set_up(database)
    await add(database, "old")
    async with database.transaction() as tx:
        with pytest.raises(CeilingExists, match="none of the 2"):
            await limits.add_codes(
                tx, [digest("a"), digest("b")], [Code(name=name) for name in names], batch="summer", at=AT
            )
    assert await count(database) == [("spring", 1, 0)]
    async with database.snapshot() as read:
        assert [ceiling.id for ceiling in await limits.ceilings(read)] == ["code:old", LAMP]


async def test_lists_are_counted_with_what_is_taken_or_set_aside(database: Database) -> None:
    for batch, words in (("m", "klm"), ("z", "z"), ("a", "abc"), ("b", "de")):
        await add(database, *words, batch=batch, uses=2)
    # What is scarce and no code is in no list.
    await set_up(database, {LAMP: 0})
    assert await count(database) == [("a", 3, 0), ("b", 2, 0), ("m", 3, 0), ("z", 1, 0)]
    await change(database, lambda it: take(it, 2, id_="code:a"), ids=["code:a"])
    await change(database, lambda it: (take(it, 1, id_="code:b"), reserve(it, 1, id_="code:b")), ids=["code:b"])
    await change(database, lambda it: reserve(it, 2, id_="code:k", until=later(10)), ids=["code:k"])
    await change(database, lambda it: take(it, 1, id_="code:l"), ids=["code:l"])
    assert await count(database) == [("a", 3, 2), ("b", 2, 0), ("m", 3, 1), ("z", 1, 0)]
    # What was set aside and has run out can be used again.
    async with database.transaction() as tx:
        assert await limits.sweep(tx, ["code:k"], at=later(10)) == 1
    assert await count(database) == [("a", 3, 2), ("b", 2, 0), ("m", 3, 0), ("z", 1, 0)]


async def test_many_lists_come_in_the_order_of_their_names(database: Database) -> None:
    names = [f"{number * 37 % 100:02}" for number in range(100)]
    async with database.transaction() as tx:
        for name in names:
            await limits.add_codes(tx, [digest(name)], [Code(name=name)], batch=name, at=AT)
    assert await count(database) == [(name, 1, 0) for name in sorted(names)]


async def test_list_is_ended_as_far_as_it_has_not_ended(database: Database) -> None:
    windows = {
        "open": (None, None),
        "begun": (AT - MOMENT, None),
        "longer": (None, later(60)),
        "a moment longer": (AT, AT + MOMENT),
        "ends now": (None, AT),
        "ended": (None, AT - MOMENT),
        "not begun": (later(60), None),
        "not begun, and ends": (later(60), later(90)),
    }
    async with database.transaction() as tx:
        codes = [Code(name=word, valid_from=begins, valid_until=ends) for word, (begins, ends) in windows.items()]
        await limits.add_codes(tx, [digest(word) for word in windows], codes, batch="spring", at=AT)
        others = [Code(name="other", valid_until=later(60)), Code(name="other, open")]
        await limits.add_codes(tx, [digest(code.name) for code in others], others, batch="summer", at=AT)
        assert await limits.end_codes(tx, "spring", at=AT) == 6
        assert await limits.end_codes(tx, "winter", at=AT) == 0
        found = {code.name: code for code in (await limits.find_codes(tx, [digest(word) for word in windows])).values()}
        kept = await limits.find_codes(tx, [digest(code.name) for code in others])
    assert {word: code.valid_until for word, code in found.items()} == {
        "open": AT,
        "begun": AT,
        "longer": AT,
        # What begins at this very moment, or later, is good at none.
        "a moment longer": AT,
        "ends now": AT,
        "ended": AT - MOMENT,
        "not begun": later(60),
        "not begun, and ends": later(60),
    }
    assert {word: code.valid_from for word, code in found.items()} == {word: its[0] for word, its in windows.items()}
    assert sorted(kept.values(), key=lambda code: code.name) == others


async def test_list_is_there_or_not(database: Database) -> None:
    async with database.snapshot() as read:
        assert await limits.has_codes(read, "spring") is False
    await add(database, "a", "b")
    async with database.snapshot() as read:
        assert [await limits.has_codes(read, batch) for batch in ("spring", "Spring", "")] == [True, False, False]


async def test_as_many_codes_are_added_in_one_call_as_may_be(database: Database) -> None:
    words = [str(number) for number in range(CEILINGS_ADDED_MAX)]
    await add(database, *words, uses=2)
    assert await count(database) == [("spring", CEILINGS_ADDED_MAX, 0)]
    async with database.snapshot() as read:
        found = await limits.find_codes(read, [digest(word) for word in words])
        left = await limits.left_many(read, [code.name for code in found.values()], at=AT)
    assert {word: found[digest(word)].name for word in words} == {word: f"code:{word}" for word in words}
    assert left == dict.fromkeys((f"code:{word}" for word in words), 2)


async def test_list_as_long_as_may_be_is_looked_through_for_what_is_there_twice(database: Database) -> None:
    most = CEILINGS_ADDED_MAX
    async with database.transaction() as tx:
        with pytest.raises(CodeExists, match=f"of the {most} codes"):
            await limits.add_codes(tx, [digest("a")] * most, [Code(name="code:a")] * most, batch="spring", at=AT)


@pytest.mark.parametrize(("digests", "codes"), [(0, 0), (2, 1), (1, 2), (CEILINGS_ADDED_MAX + 1,) * 2])
async def test_list_of_none_of_too_many_or_of_half_a_code_is_a_mistake_in_the_program(
    database: Database, digests: int, codes: int
) -> None:
    async with database.transaction() as tx:
        before = tx.statements
        with pytest.raises(AssertionError):
            await limits.add_codes(tx, [digest("a")] * digests, [Code(name="code:a")] * codes, batch="spring", at=AT)
        assert tx.statements == before


async def test_of_eight_who_add_the_same_code_at_once_one_does(database: Database) -> None:
    outcomes = await asyncio.gather(*(add_as(database, str(number)) for number in range(8)))
    # Whoever did not see it was stopped by the database.
    first, *others = sorted(outcomes)
    assert first == "added"
    assert {*others} <= {"code_exists", "code_pkey"}
    ((_, codes, used),) = await count(database)
    assert (codes, used) == (1, 0)
    async with database.snapshot() as read:
        assert len(await limits.ceilings(read)) == 1


async def add_as(database: Database, name: str) -> str:
    try:
        async with database.transaction() as tx:
            await limits.add_codes(tx, [digest("a")], [Code(name=name)], batch=name, at=AT)
    except CodeExists as refusal:
        return refusal.code
    except ConstraintBroken as race:
        return race.constraint
    return "added"


# -- what the database does not let happen ----------------------------------------------------------------------------

ROW = "INSERT INTO limits.code (digest, ceiling_id, batch, valid_from, valid_until, added_at)"
BROKEN = [
    (f"{ROW} SELECT digest, 'code:b', 'spring', NULL, NULL, now() FROM limits.code", "code_pkey"),
    (
        f"{ROW} SELECT 'x', 'code:a', 'spring', now(), now() - interval '1 second', now()",
        "code_valid_until_not_earlier",
    ),
]


@pytest.mark.parametrize(("sql", "constraint"), BROKEN)
async def test_the_database_refuses_what_must_never_be(database: Database, sql: str, constraint: str) -> None:
    await add(database, "a")
    with pytest.raises(ConstraintBroken) as broken:
        async with database.transaction() as tx:
            await tx.run(sql)
    assert broken.value.constraint == constraint
    assert await count(database) == [("spring", 1, 0)]

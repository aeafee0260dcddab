"""What was true of a member when: rules are told the traits of the moment they judge, never those of today."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.base.db import ConstraintBroken, Database
from regulars.base.ids import new_id
from regulars.kernel.members import TraitHistory, set_traits, traits_many
from regulars.kernel.nouns import Scalar, TraitChange
from tests.members.story import card, resolve_one

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def on(day: int) -> datetime:
    return MARCH + timedelta(days=day)


def change(name: str, value: Scalar, day: int) -> TraitChange:
    return TraitChange(name=name, value=value, since=on(day))


@pytest.mark.smoke
async def test_time_travel(database: Database) -> None:
    async with database.transaction() as tx:
        li, han = await resolve_one(tx, card("li")), await resolve_one(tx, card("han"))
        stranger = new_id()
        await set_traits(
            tx,
            [
                (li, change("tier", "base", -400), new_id()),
                (li, change("tier", "silver", -30), new_id()),
                (li, change("tier", "gold", 5), new_id()),
                (li, change("vip", True, 3), new_id()),
                (han, change("children", 2, -1), new_id()),
                (han, change("children", None, 4), new_id()),
            ],
        )
        before = tx.statements
        history = await traits_many(tx, [li, han, stranger, li], since=on(0))
        assert tx.statements == before + 1

    assert history.as_of(li, on(0)) == {"tier": "silver"}
    assert history.as_of(li, on(3) - TICK) == {"tier": "silver"}
    assert history.as_of(li, on(3)) == {"tier": "silver", "vip": True}
    assert history.as_of(li, on(5)) == history.as_of(li, on(900)) == {"tier": "gold", "vip": True}
    assert history.as_of(han, on(0)) == {"children": 2}
    assert history.as_of(han, on(4)) == {"children": None}
    assert history.as_of(stranger, on(0)) == {}
    with pytest.raises(AssertionError):
        history.as_of(li, on(0) - TICK)


async def test_only_what_can_matter_is_read(database: Database) -> None:
    async with database.transaction() as tx:
        li = await resolve_one(tx, card("li"))
        await set_traits(tx, [(li, change("tier", f"t{day}", day), new_id()) for day in range(-50, 3)])
        history = await traits_many(tx, [li], since=on(0))

    assert [each.value for each in history.timelines[li].changes] == ["t0", "t1", "t2"]


async def test_at_one_instant_the_last_word_counts(database: Database) -> None:
    last = new_id()
    async with database.transaction() as tx:
        li = await resolve_one(tx, card("li"))
        await set_traits(tx, [(li, change("tier", "silver", 0), new_id()), (li, change("tier", "gold", 0), new_id())])
        assert (await traits_many(tx, [li], since=on(0))).as_of(li, on(0)) == {"tier": "gold"}
        await set_traits(tx, [(li, change("tier", "base", 0), last)])
        assert (await traits_many(tx, [li], since=on(0))).as_of(li, on(0)) == {"tier": "base"}
        assert await tx.value("SELECT array_agg(activity_id) FROM members.trait") == [last]


@pytest.mark.parametrize("size", [1, 500])
async def test_statements_do_not_grow_with_the_batch(database: Database, size: int) -> None:
    async with database.transaction() as tx:
        ids = [await resolve_one(tx, card(number)) for number in range(3)]
        before = tx.statements
        await set_traits(tx, [(ids[n % 3], change(f"t{n}", n, n), new_id()) for n in range(size)])
        await traits_many(tx, ids, since=on(0))
        assert tx.statements == before + 2
        await set_traits(tx, [])
        assert (await traits_many(tx, [], since=on(0))).as_of(ids[0], on(0)) == {}
        assert tx.statements == before + 2


@pytest.mark.parametrize("value", ["gold", "", "黄金 \"'\\", 0, -(2**53) + 1, True, False, None])
async def test_a_value_comes_back_as_it_was(database: Database, value: Scalar) -> None:
    async with database.transaction() as tx:
        li = await resolve_one(tx, card("li"))
        await set_traits(tx, [(li, change("x", value, 0), new_id())])
        (kept,) = (await traits_many(tx, [li], since=on(0))).as_of(li, on(0)).values()

    assert kept == value
    assert type(kept) is type(value)


async def test_a_trait_belongs_to_a_member_that_exists(database: Database) -> None:
    with pytest.raises(ConstraintBroken, match="trait_member"):
        async with database.transaction() as tx:
            await set_traits(tx, [(new_id(), change("tier", "gold", 0), new_id())])


LI = UUID(int=1)
CHANGES = st.lists(
    st.builds(change, st.sampled_from(["tier", "vip"]), st.integers(0, 3), st.integers(0, 6)), max_size=12
)


def look_back(changes: list[TraitChange], at: datetime) -> dict[str, Scalar]:
    """Say the same slowly: of each name the latest change that had come; of two at once the later given."""
    traits: dict[str, Scalar] = {}
    for each in sorted(changes, key=lambda one: one.since):
        if each.since <= at:
            traits[each.name] = each.value
    return traits


@given(read=CHANGES, added=CHANGES)
def test_history_agrees_with_looking_back(read: list[TraitChange], added: list[TraitChange]) -> None:
    history = TraitHistory.build({LI: read}, since=on(0))
    threaded = history
    for each in added:
        threaded = threaded.add(LI, [each])

    for day in range(7):
        assert history.as_of(LI, on(day)) == look_back(read, on(day))
        assert threaded.as_of(LI, on(day)) == look_back(read + added, on(day))
        assert history.add(LI, added).as_of(LI, on(day)) == threaded.as_of(LI, on(day))


def test_adding_leaves_the_history_it_came_from_alone() -> None:
    other = UUID(int=2)
    first = TraitHistory.build({LI: [change("tier", "base", 0)]}, since=on(0))
    second = first.add(LI, [change("tier", "gold", 1)]).add(other, [change("tier", "silver", 1)])

    assert first.as_of(LI, on(1)) == {"tier": "base"}
    assert first.as_of(other, on(1)) == {}
    assert second.as_of(LI, on(1)) == {"tier": "gold"}
    assert second.as_of(other, on(1)) == {"tier": "silver"}
    assert second.add(LI, []) is second


def test_a_long_history_is_asked_without_walking_through_it() -> None:
    days = list(range(5_000))
    random.Random(7).shuffle(days)
    history = TraitHistory.build({LI: [change("tier", day, day) for day in days]}, since=on(0))

    assert [history.as_of(LI, on(day))["tier"] for day in (0, 2_500, 4_999)] == [0, 2_500, 4_999]
    assert history.as_of(LI, on(9_999)) == {"tier": 4_999}

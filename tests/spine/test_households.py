"""Households: who joins uses the points of all, who leaves takes their own, and both are facts like any other."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from regulars.kernel import members, spine
from regulars.kernel.members import HOUSEHOLD_MAX, Household
from regulars.kernel.nouns import Activity, Identifier
from tests.spine.conftest import PROGRAM, Shop, ask, buy


async def earn(shop: Shop, name: str, points: int, card: str) -> UUID:
    return (await shop.receipt(buy(name, points * 10, at=shop.at, card=card))).member


def join(shop: Shop, name: str, card: str, to: str | UUID) -> Activity:
    other = Identifier(kind="card", value=to) if isinstance(to, str) else to
    return ask("household_join", name, at=shop.at, card=card, to=other)


def leave(shop: Shop, name: str, card: str) -> Activity:
    return ask("household_leave", name, at=shop.at, card=card)


def spend(shop: Shop, name: str, card: str, points: int) -> Activity:
    return ask("redeem", name, at=shop.at, card=card, currency="points", points=points, pool=True)


async def read_household(shop: Shop, member: UUID) -> Household:
    async with shop.database.snapshot() as read:
        known = await members.get(read, member)
        assert known.household_id is not None
        return await members.household(read, known.household_id)


async def prove(shop: Shop) -> None:
    async with shop.database.snapshot() as read:
        report = await spine.check(read)
    assert report.faults == ()


def told(outcomes: Sequence[spine.Outcome]) -> list[str]:
    return [outcome.refusal.code if outcome.refusal else "done" for outcome in outcomes]


async def test_two_begin_a_household_and_a_third_joins_it(shop: Shop) -> None:
    ann, bob, cat = [await earn(shop, card, 100, card) for card in "abc"]
    receipt = await shop.receipt(join(shop, "j1", "b", "a"))
    assert (receipt.other, receipt.postings) == (ann, ())
    home = receipt.traits[0].value
    shop.later(days=1)
    # Either of them takes the next one in.
    await shop.receipt(join(shop, "j2", "c", "b"))
    found = await read_household(shop, ann)
    assert str(found.id) == home
    assert [(each.member, each.since) for each in found.homes] == [
        *((each, shop.at - timedelta(days=1)) for each in sorted([ann, bob])),
        (cat, shop.at),
    ]
    await shop.receipt(spend(shop, "r", "c", 250))
    assert sum([(await shop.standing(each)).shown for each in (ann, bob, cat)]) == 50
    await prove(shop)


async def test_it_is_dated_by_a_trait_of_each(shop: Shop) -> None:
    ann, bob = [await earn(shop, card, 1, card) for card in "ab"]
    before = shop.at
    shop.later(days=1)
    await shop.receipt(join(shop, "j", "b", "a"))
    home = (await read_household(shop, ann)).id
    assert [await shop.trait(each, members.HOUSEHOLD_TRAIT) for each in (ann, bob)] == [str(home)] * 2
    shop.later(days=1)
    await shop.receipt(leave(shop, "l", "b"))
    assert await shop.trait(bob, members.HOUSEHOLD_TRAIT) is None
    assert await shop.trait(ann, members.HOUSEHOLD_TRAIT) == str(home)
    shop.at = before
    assert await shop.trait(bob, members.HOUSEHOLD_TRAIT) is None


async def test_whoever_leaves_takes_their_own_points(shop: Shop) -> None:
    ann, bob = [await earn(shop, card, 100, card) for card in "ab"]
    await shop.receipt(join(shop, "j", "b", "a"))
    await shop.receipt(spend(shop, "r", "a", 150))
    shown = {each: (await shop.standing(each)).shown for each in (ann, bob)}
    assert sorted(shown.values()) == [0, 50]
    await shop.receipt(leave(shop, "l", "b"))
    assert {each: (await shop.standing(each)).shown for each in (ann, bob)} == shown
    left = "a" if shown[ann] else "b"
    assert await shop.refusal(spend(shop, "r1", {"a": "b", "b": "a"}[left], 1)) == "points_not_enough"
    await shop.receipt(spend(shop, "r2", left, 50))
    # What both paid before comes back to both.
    await shop.receipt(ask("reverse", "v", at=shop.at, card="a", origin="r"))
    assert sum([(await shop.standing(each)).shown for each in (ann, bob)]) == 150
    await prove(shop)


async def test_a_retry_is_answered_with_the_first_receipt(shop: Shop) -> None:
    for card in "abc":
        await earn(shop, card, 1, card)
    first = await shop.receipt(join(shop, "j", "b", "a"))
    await shop.receipt(leave(shop, "l", "b"))
    (again,) = await shop.send(join(shop, "j", "b", "a"))
    assert (again.receipt, again.repeated) == (first, True)
    assert await shop.refusal(join(shop, "j", "b", "c")) == "key_reused"
    assert await shop.refusal(leave(shop, "l2", "b")) == "household_refused"


@pytest.mark.parametrize("kind", ["mine", "theirs"])
async def test_nobody_leaves_while_points_are_held_together(shop: Shop, kind: str) -> None:
    for card in "ab":
        await earn(shop, card, 100, card)
    await shop.receipt(join(shop, "j", "b", "a"))
    holder = "b" if kind == "mine" else "a"
    held = await shop.receipt(
        ask("hold", "h", at=shop.at, card=holder, currency="points", points=150, pool=True, valid_seconds=60)
    )
    outcome = (await shop.send(leave(shop, "l", "b")))[0]
    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.context["holds"]) == ("household_bound", [str(held.activity)])
    # A hold that has run out binds nobody, however late the sweeper.
    shop.later(seconds=61)
    await shop.receipt(leave(shop, "l", "b"))
    await prove(shop)


async def test_a_hold_on_ones_own_points_binds_nobody_else(shop: Shop) -> None:
    for card in "ab":
        await earn(shop, card, 100, card)
    await shop.receipt(join(shop, "j", "b", "a"))
    held = await shop.receipt(ask("hold", "h", at=shop.at, card="b", currency="points", points=100))
    await shop.receipt(leave(shop, "l", "b"))
    await shop.receipt(ask("capture", "c", at=shop.at, card="b", hold=str(held.activity)))
    await prove(shop)


async def test_who_cannot_join(shop: Shop) -> None:
    ann = await earn(shop, "a", 1, "a")
    for card in "bcd":
        await earn(shop, card, 1, card)
    await shop.receipt(join(shop, "j", "b", "a"))
    async with shop.database.transaction() as tx:
        await tx.run("UPDATE members.member SET state = 'frozen' WHERE id = $1", await earn(shop, "d2", 1, "d"))
    refused = [
        ask("household_join", "1", at=shop.at, card="c"),
        join(shop, "2", "a", ann),
        join(shop, "3", "b", "c"),
        join(shop, "4", "a", "b"),
        join(shop, "5", "c", "d"),
        join(shop, "6", "d", "c"),
    ]
    assert told(await shop.send(*refused)) == ["household_refused"] * len(refused)
    odd = ask("household_join", "7", at=shop.at, card="c", to=ann, household="x")
    assert await shop.refusal(odd) == "ask_invalid"
    await prove(shop)


async def test_a_household_has_a_largest_size_also_when_many_join_at_once(shop: Shop) -> None:
    cards = [f"c{number}" for number in range(HOUSEHOLD_MAX + 4)]
    members_ = [await earn(shop, card, 1, card) for card in cards]
    for number, card in enumerate(cards[1 : HOUSEHOLD_MAX - 2]):
        await shop.receipt(join(shop, f"j{number}", card, cards[number]))
    rest = cards[HOUSEHOLD_MAX - 2 :]

    # Each by another member of the household: they share no lock but that of the household.
    async def try_to_join(number: int, card: str) -> str:
        return told(await shop.send(join(shop, f"late{number}", card, cards[number])))[0]

    answers = await asyncio.gather(*(try_to_join(number, card) for number, card in enumerate(rest)))
    assert sorted(answers) == ["done"] * 2 + ["household_refused"] * 4
    assert len((await read_household(shop, members_[0])).homes) == HOUSEHOLD_MAX
    await prove(shop)


async def test_all_in_one_batch_is_as_one_after_the_other(shop: Shop) -> None:
    for card in "abc":
        await earn(shop, card, 100, card)
    batch = [
        join(shop, "1", "b", "a"),
        # They buy in the very batch in which others use their points.
        buy("p1", 10, card="c", at=shop.at),
        buy("p2", 10, card="a", at=shop.at),
        spend(shop, "2", "b", 150),
        leave(shop, "3", "b"),
        spend(shop, "4", "b", 52),
        join(shop, "5", "b", "c"),
        spend(shop, "6", "c", 110),
        leave(shop, "7", "b"),
        join(shop, "8", "b", "a"),
    ]
    outcomes = await shop.send(*batch)
    assert told(outcomes) == ["done"] * 5 + ["points_not_enough"] + ["done"] * 4
    await prove(shop)
    async with shop.database.snapshot() as read:
        rows = await read.rows("SELECT since, until FROM members.household_member ORDER BY member_id, since")
    assert sum(row["until"] is None for row in rows) == 3, "c is in one alone, and a with b"
    assert all(row["until"] is None or row["until"] > row["since"] for row in rows)


async def test_a_refused_step_moves_nobody(shop: Shop) -> None:
    await shop.publish(PROGRAM.replace("on: [purchase]", "on: [purchase, household_join]", 1))
    for card in "ab":
        await earn(shop, card, 1, card)
    # An offer answers to the command too, and would give more than can be counted.
    lines = buy("x", 2**53 - 1, 2**53 - 1).lines
    big = Activity(
        id="j",
        source="till",
        kind="household_join",
        occurred_at=shop.at,
        member=Identifier(kind="card", value="b"),
        to=Identifier(kind="card", value="a"),
        lines=lines * 40,
    )
    assert told(await shop.send(big, join(shop, "j2", "b", "a"))) == ["points_overflow", "done"]
    await prove(shop)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE members.member SET household_id = NULL WHERE household_id IS NOT NULL",
        "UPDATE members.member SET household_id = (SELECT id FROM members.household) WHERE household_id IS NULL",
        "UPDATE members.household_member SET until = since + interval '1 second' WHERE until IS NULL",
        "DELETE FROM members.household_member",
        "UPDATE members.household_member SET household_id = member_id",
        "UPDATE members.member SET household_id = id WHERE household_id IS NULL",
    ],
)
async def test_damage_to_households_is_found(shop: Shop, damage: str) -> None:
    for card in "abc":
        await earn(shop, card, 1, card)
    await shop.receipt(join(shop, "j", "b", "a"))
    async with shop.database.transaction() as tx:
        await tx.run(damage)
    async with shop.database.snapshot() as read:
        report = await spine.check(read)
    assert {fault.code for fault in report.faults} == {"members_i12_household"}


def merge(shop: Shop, name: str, card: str, to: str) -> Activity:
    other = Identifier(kind="card", value=to)
    return ask("merge", name, at=shop.at, card=card, to=other, by="desk", reason="same person")


def unmerge(shop: Shop, name: str, card: str, origin: str) -> Activity:
    return ask("unmerge", name, at=shop.at, card=card, origin=origin, by="desk", reason="two people")


async def who_is_home(shop: Shop, member: UUID) -> set[UUID]:
    """Everybody in the household of a member; nobody, where they are in none."""
    async with shop.database.snapshot() as read:
        known = await members.get(read, member)
    return set() if known.household_id is None else {each.member for each in (await read_household(shop, member)).homes}


async def test_whoever_is_kept_gets_the_place_and_gives_it_back(shop: Shop) -> None:
    ann, bob, cat = [await earn(shop, card, 100, card) for card in "abc"]
    home = (await shop.receipt(join(shop, "j", "b", "a"))).traits[0].value
    shop.later(days=1)
    merged = await shop.receipt(merge(shop, "m", "c", "b"))
    assert [(each.name, each.value) for each in merged.traits] == [(members.HOUSEHOLD_TRAIT, home)]
    assert await who_is_home(shop, ann) == {ann, cat}
    assert [await shop.trait(each, members.HOUSEHOLD_TRAIT) for each in (bob, cat)] == [None, home]
    await shop.receipt(spend(shop, "r", "a", 250))
    await prove(shop)
    shop.later(days=1)
    parted = await shop.receipt(unmerge(shop, "u", "c", "m"))
    assert [each.value for each in parted.traits] == [None]
    assert (await who_is_home(shop, ann), await who_is_home(shop, cat)) == ({ann, bob}, set())
    assert await shop.trait(bob, members.HOUSEHOLD_TRAIT) == home
    assert await shop.refusal(spend(shop, "r2", "c", 101)) == "points_not_enough"
    await prove(shop)


@pytest.mark.parametrize("same", [True, False])
async def test_whoever_is_kept_and_is_at_home_stays_there(shop: Shop, *, same: bool) -> None:
    ann, bob, cat, dan = [await earn(shop, card, 100, card) for card in "abcd"]
    await shop.receipt(join(shop, "j", "b", "a"))
    await shop.receipt(join(shop, "k", "c", "a" if same else "d"))
    before = await who_is_home(shop, cat)
    await shop.receipt(merge(shop, "m", "c", "b"))
    assert await who_is_home(shop, cat) == before - {bob}
    assert await who_is_home(shop, ann) == ({ann, cat} if same else {ann})
    assert await shop.refusal(spend(shop, "r", "a", 101 if not same else 301)) == "points_not_enough"
    await prove(shop)
    await shop.receipt(unmerge(shop, "u", "c", "m"))
    assert await who_is_home(shop, cat) == before
    assert await who_is_home(shop, bob) == ({ann, bob, cat} if same else {ann, bob})
    assert dan in before or same
    await prove(shop)


async def test_of_two_in_no_household_none_is_told(shop: Shop) -> None:
    ann, bob = [await earn(shop, card, 100, card) for card in "ab"]
    # At the very moment at which a place was left, also: that was their own doing.
    await shop.receipt(join(shop, "j", "b", "a"))
    await shop.receipt(leave(shop, "l", "b"))
    await shop.receipt(leave(shop, "l2", "a"))
    assert (await shop.receipt(merge(shop, "m", "a", "b"))).traits == ()
    assert (await shop.receipt(unmerge(shop, "u", "a", "m"))).traits == ()
    assert [await who_is_home(shop, each) for each in (ann, bob)] == [set(), set()]
    await prove(shop)


@pytest.mark.parametrize("asked", ["nothing", "leave", "leave and join"])
async def test_what_the_kept_asked_for_meanwhile_stays(shop: Shop, asked: str) -> None:
    ann, bob, cat = [await earn(shop, card, 100, card) for card in "abc"]
    await shop.receipt(join(shop, "j", "b", "a"))
    await shop.receipt(merge(shop, "m", "c", "b"))
    if asked != "nothing":
        await shop.receipt(leave(shop, "l", "c"))
    if asked == "leave and join":
        await shop.receipt(join(shop, "j2", "c", "a"))
    await shop.receipt(unmerge(shop, "u", "c", "m"))
    # The place is the other's again in any case.
    assert await who_is_home(shop, ann) == {ann, bob} | ({cat} if asked == "leave and join" else set())
    await prove(shop)


async def test_a_place_goes_along_two_merges_and_comes_back(shop: Shop) -> None:
    ann, bob, cat, dan = [await earn(shop, card, 100, card) for card in "abcd"]
    await shop.receipt(join(shop, "j", "b", "a"))
    await shop.receipt(merge(shop, "m1", "c", "b"))
    await shop.receipt(merge(shop, "m2", "d", "c"))
    assert await who_is_home(shop, ann) == {ann, dan}
    await shop.receipt(unmerge(shop, "u2", "d", "m2"))
    assert await who_is_home(shop, ann) == {ann, cat}
    await shop.receipt(unmerge(shop, "u1", "c", "m1"))
    assert await who_is_home(shop, ann) == {ann, bob}
    await prove(shop)


async def test_who_comes_back_to_a_full_household_is_in_none(shop: Shop) -> None:
    cards = [f"c{number}" for number in range(HOUSEHOLD_MAX + 2)]
    everybody = [await earn(shop, card, 1, card) for card in cards]
    one, other, late, *_ = everybody
    for number, card in enumerate([cards[1], *cards[4:]]):
        await shop.receipt(join(shop, f"j{number}", card, cards[0]))
    # It is full; one goes with the merge, and another comes before it is undone.
    await shop.receipt(join(shop, "k", cards[2], cards[3]))
    await shop.receipt(merge(shop, "m", cards[2], cards[1]))
    assert len(await who_is_home(shop, one)) == HOUSEHOLD_MAX - 1
    newcomer = await earn(shop, "new", 1, "new")
    await shop.receipt(join(shop, "full", "new", cards[0]))
    await shop.receipt(unmerge(shop, "u", cards[2], "m"))
    assert len(await who_is_home(shop, newcomer)) == HOUSEHOLD_MAX
    assert (await who_is_home(shop, other), late in await who_is_home(shop, late)) == (set(), True)
    await prove(shop)


async def test_places_in_one_batch_are_as_one_after_the_other(shop: Shop) -> None:
    ann, bob, cat, dan = [await earn(shop, card, 100, card) for card in "abcd"]
    batch = [
        join(shop, "1", "b", "a"),
        merge(shop, "2", "c", "b"),
        spend(shop, "3", "a", 150),
        merge(shop, "4", "a", "c"),
        join(shop, "5", "d", "a"),
        unmerge(shop, "6", "a", "4"),
        unmerge(shop, "7", "c", "2"),
        buy("p", 1000, card="b", at=shop.at),
        spend(shop, "8", "d", 200),
        spend(shop, "9", "c", 151),
    ]
    outcomes = await shop.send(*batch)
    assert told(outcomes) == ["done"] * 9 + ["points_not_enough"]
    assert (await who_is_home(shop, ann), await who_is_home(shop, cat)) == ({ann, bob, dan}, set())
    await prove(shop)


async def test_a_preview_of_joining_says_the_same_and_keeps_nothing(shop: Shop) -> None:
    for card in "abc":
        await earn(shop, card, 100, card)
    await shop.receipt(join(shop, "j", "b", "a"))
    facts = [join(shop, "j2", "c", "b"), spend(shop, "r", "c", 300), leave(shop, "l", "a")]
    async with shop.database.snapshot() as read:
        shown = await spine.preview(read, shop.house, facts, shop.at)
    assert told([each.outcome for each in shown]) == ["done"] * 3
    assert await shop.refusal(leave(shop, "l2", "c")) == "household_refused"
    assert told(await shop.send(*facts)) == ["done"] * 3
    await prove(shop)

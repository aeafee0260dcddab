"""Weekly picks: a member's own categories, found from the weeks before, whatever order facts arrive in."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.features.picks.mechanic import Settings, find_picks, merge, prepare
from regulars.features.picks.memory import Memory, add, find_week
from regulars.features.picks.standing import read_picks
from regulars.kernel.nouns import Activity, Line, Receipt, Returned
from regulars.kernel.program.meanings import list_structs
from regulars.kernel.program.terms import Language
from tests.coupons.test_codes import bring, prove
from tests.mechanics.story import take_all_back
from tests.mechanics.test_tiers import CALENDAR
from tests.program import story
from tests.program.telling import HEAD, LANGS, tell
from tests.spine.conftest import PROGRAM, START, Shop, ask, buy, shop

__all__ = ["shop"]

OWN = "title: {en: Your picks, zh-CN: 本周精选}, currency: points, categories: [PRODUCE, FUEL, WINE], times: 2"
OFFER = "  - {id: own, mechanic: picks, on: [purchase], settings: {%s}}\n"
SHOP = PROGRAM + OFFER % (
    "title: {en: Your picks, zh-CN: 本周精选}, currency: points, categories: [DAIRY, PRODUCE], times: 3, picks: 1,"
    " weeks: 2"
)
FRUIT = prepare(
    Settings(title={"en": "P", "zh-CN": "P"}, currency="points", categories=("A", "B", "C"), times=2, picks=2, weeks=2),
    CALENDAR,
)
MONDAY = date(2026, 6, 1).toordinal()
WEEK = find_week(MONDAY)


@pytest.mark.parametrize(
    ("bought", "picks"),
    [
        ([], ()),
        ([(-1, "A", 5)], ("A",)),
        # The dearest first; of equals by name; no more than there may be.
        ([(-1, "A", 5), (-1, "B", 7)], ("B", "A")),
        ([(-2, "C", 5), (-1, "B", 5), (-1, "A", 4)], ("B", "C")),
        ([(-2, "A", 3), (-1, "A", 3), (-1, "B", 5)], ("A", "B")),
        # Neither this week, nor what is longer ago, nor what is no longer a category of the offer.
        ([(0, "A", 5), (-3, "B", 5), (-1, "X", 9)], ()),
    ],
)
def test_picks_are_what_was_bought_most_in_the_weeks_before(
    bought: list[tuple[int, str, int]], picks: tuple[str, ...]
) -> None:
    memory = Memory()
    for week, category, minor in bought:
        memory = add(memory, WEEK + week, {category: minor}, FRUIT.kept_weeks)
    assert find_picks(FRUIT, memory, WEEK) == picks


def test_week_begins_on_monday() -> None:
    assert [find_week(MONDAY + day) - WEEK for day in (-1, 0, 6, 7)] == [-1, 0, 0, 1]


facts = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from("ABC"), st.integers(1, 50), st.booleans()), min_size=1, max_size=8
)


def live(happened: Sequence[tuple[int, str, int, bool]]) -> Memory:
    """Buy on days, and bring back at once what is said to come back."""
    memory = Memory()
    for day, category, minor, comes_back in happened:
        for amount in (minor, -minor) if comes_back else (minor,):
            memory = add(memory, find_week(MONDAY + day), {category: amount}, FRUIT.kept_weeks)
    return memory


@given(happened=facts, data=st.data())
def test_facts_of_thirty_days_leave_one_memory_in_any_order(
    happened: list[tuple[int, str, int, bool]], data: st.DataObject
) -> None:
    assert live(happened) == live(data.draw(st.permutations(happened)))


@given(first=facts, second=facts)
def test_merged_members_bought_what_both_did(
    first: list[tuple[int, str, int, bool]], second: list[tuple[int, str, int, bool]]
) -> None:
    one, other = live(first), live(second)
    assert merge(FRUIT, one, other) == merge(FRUIT, other, one) == live([*first, *second])
    assert merge(FRUIT, one, Memory()) == one


def test_memory_is_bounded_by_weeks_and_categories() -> None:
    memory = Memory()
    for week in range(100):
        memory = add(memory, WEEK + week, {"A": 1, "B": 1, "C": 1}, FRUIT.kept_weeks)
    assert len(memory.bought) == 3 * (FRUIT.kept_weeks + 1)
    # What is older than anybody asks for leaves no trace, and what is taken off it neither.
    assert add(memory, WEEK, {"A": 1}, FRUIT.kept_weeks) == memory
    assert add(memory, WEEK, {"A": -1}, FRUIT.kept_weeks) == memory


@settings(max_examples=20)
@given(
    amounts=st.lists(st.tuples(st.integers(1, 5000), st.sampled_from(["FUEL", "WINE", "TOBACCO"])), min_size=1),
    data=st.data(),
)
def test_parts_of_a_return_take_back_exactly_what_was_given(
    amounts: list[tuple[int, str]], data: st.DataObject
) -> None:
    deal = story.plan(story.BASE, OFFER % OWN)
    before = story.buy(story.line(9000, "FUEL"), story.line(100, "WINE"), at=story.NOON - timedelta(days=8))
    first = story.rule(deal, {}, story.step(deal, before))
    purchase = story.buy(*(story.line(minor, category) for minor, category in amounts[:5]))
    ruling = story.rule(deal, first.memories, story.step(deal, purchase))
    own = sum(given.points for given in ruling.postings if given.offer == "own")
    base = [
        points
        for given in ruling.postings
        if given.offer == "base"
        for number, points in given.lines
        if amounts[number - 1][1] != "TOBACCO"
    ]
    assert own == sum(base)
    take_all_back(data, deal, purchase, ruling)


async def test_story_of_some_weeks(shop: Shop) -> None:
    await shop.publish(SHOP)

    def basket(name: str, week: int, *lines: tuple[str, int], card: str = "7") -> Activity:
        at = START + timedelta(weeks=week)
        made = tuple(Line(sku=kind, amount_minor=minor, categories=(kind,)) for kind, minor in lines)
        return msgspec.structs.replace(buy(name, at=at, card=card), lines=made)

    def own(receipt: Receipt) -> int:
        return sum(posted.points for posted in receipt.postings if posted.offer == "own")

    async def see(member: UUID) -> list[tuple[str, ...]]:
        async with shop.database.snapshot() as read:
            found = await read_picks(read, shop.house.versions, member, shop.at)
        assert all((it.until - it.since).days == 6 and it.since.weekday() == 0 for it in found.picks)
        return [it.categories for it in found.picks]

    shop.later(weeks=1)
    first = await shop.receipt(basket("1", 0, ("DAIRY", 1000), ("PRODUCE", 800)))
    assert [reason.code for reason in first.reasons if reason.offer == "own"] == ["no_picks_yet"]
    assert await see(first.member) == [("DAIRY",)]
    second = await shop.receipt(basket("2", 1, ("DAIRY", 500), ("PRODUCE", 500)))
    assert own(second) == 100
    # Half of what was bought of it comes back: now it is the other one's turn.
    back = await shop.receipt(bring("r", "1", Returned(line=1, amount_minor=500)))
    assert own(back) == 0
    assert await see(first.member) == [("PRODUCE",)]
    assert own(await shop.receipt(bring("r2", "2"))) == -100
    # A second person, who turns out to be the same.
    other = await shop.receipt(basket("3", 0, ("DAIRY", 400), card="8"))
    await shop.receipt(ask("merge", "m", at=shop.at, to=other.member, by="ann", reason="one person"))
    assert await see(first.member) == [("DAIRY",)]
    await shop.receipt(ask("unmerge", "u", at=shop.at, origin="m", by="ann", reason="two persons"))
    assert (await see(first.member), await see(other.member)) == ([("PRODUCE",)], [("DAIRY",)])
    shop.later(weeks=3)
    assert await see(first.member) == [()]
    await prove(shop)


CHANGES = {
    "title": ("Your picks, zh-CN: 本周精选", "Yours, zh-CN: 专属"),
    "currency": ("currency: points", "currency: stars"),
    "categories": ("WINE]", "TOBACCO]"),
    "times": ("times: 2", "times: 3"),
    "over": ("times: 2", "times: 3, over: 2"),
    "picks": ("times: 2", "times: 2, picks: 4"),
    "weeks": ("times: 2", "times: 2, weeks: 5"),
}


@pytest.mark.parametrize("lang", LANGS)
def test_every_setting_shows_in_the_terms(lang: Language) -> None:
    (struct,) = (each for name, each in list_structs([Settings]).items() if name.endswith("Settings"))
    assert set(struct.__struct_encode_fields__) == CHANGES.keys()
    head, offer = HEAD + story.BASE, OFFER % OWN
    told = {setting: tell(head + offer.replace(*change), lang) for setting, change in CHANGES.items()}
    assert [setting for setting, words in told.items() if words == tell(head + offer, lang)] == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("times: 2", "times: 2, over: 2"), "'times' must be greater than 'over'"),
        (("WINE]", "FUEL]"), "names one of them twice"),
        (("WINE]", "WINES]"), "did you mean 'WINE'"),
        (("categories: [PRODUCE, FUEL, WINE]", "categories: [PRODUCE]"), "at least 2|length >= 2"),
        (("currency: points", "currency: coins"), "coins"),
    ],
)
def test_settings_that_cannot_be_are_refused(change: tuple[str, str], says: str) -> None:
    ((_, _, message), *_) = story.problems(story.HEAD + story.BASE + (OFFER % OWN).replace(*change))
    assert re.search(says, message), message

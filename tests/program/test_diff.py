"""What differs between two programmes, by what they mean."""

import pytest

from regulars.kernel.program import compare, parse
from tests.program.story import BASE, HEAD, STARS, TIERS

GOOD = HEAD + BASE + STARS + TIERS


def tell(old: str, new: str, text: str = GOOD) -> list[tuple[str, ...]]:
    assert old in text, f"the story has no {old!r}"
    changes = compare(parse(text), parse(text.replace(old, new, 1)))
    return [(it.kind, it.what, it.id, it.path, str(it.before), str(it.after)) for it in changes]


BUDGET = BASE.replace("settings:", "budget: {points: 100}, settings:")
# What is written, what is written instead, and what that changes.
TABLE: list[tuple[str, str, list[tuple[str, ...]]]] = [
    ("money: USD", "money: EUR", [("changed", "program", "", "money", "USD", "EUR")]),
    ("en: Corner Shop", "en: Corner", [("changed", "name", "", "en", "Corner Shop", "Corner")]),
    ("months: 12", "months: 6", [("changed", "currency", "points", "expiry.months", "12", "6")]),
    ("months: 12, ", "months: 12, days: null, ", []),
    ("    pending: {days: 14}\n", "", [("removed", "currency", "points", "pending", "{'days': 14}", "None")]),
    ("points: 1, per_minor: 100}", "points: 2, per_minor: 100}", [
        ("changed", "offer", "base", "settings.points", "1", "2")]),
    ("points: 1, per_minor: 100}", "points: 1, per_minor: 100, times: {}}", []),  # the default, written out
    (BASE, BUDGET, [("added", "budget", "base", "", "None", "{'points': 100}")]),
    ("[PRODUCE, FUEL,", "[FUEL,", [("removed", "catalog", "", "categories", "PRODUCE", "None")]),
    ("brands: [National, Private]", "brands: [National, Private, Own]", [
        ("added", "catalog", "", "brands", "None", "Own")]),
    ("brands: [National, Private]", "brands: [Private, National]", [
        ("changed", "catalog", "", "brands", "['National', 'Private']", "['Private', 'National']")]),
    ("at: 100}", "at: 150}", [("changed", "offer", "tiers", "settings.levels[gold].at", "100", "150")]),
    (BASE + STARS, STARS + BASE, []),  # the order of offers is none
    ("# a comment", "# another", []),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "changes"), TABLE)
def test_what_a_change_of_the_text_means(old: str, new: str, changes: list[tuple[str, ...]]) -> None:
    text = GOOD if old in GOOD else "# a comment\n" + GOOD
    assert tell(old, new, text) == changes


def test_a_budget_that_grows() -> None:
    assert tell("{points: 100}", "{points: 500}", HEAD + BUDGET) == [
        ("changed", "budget", "base", "points", "100", "500")
    ]


def test_offers_and_currencies_that_come_and_go() -> None:
    bare, whole = parse(HEAD.replace("  stars:", "  moons:") + BASE), parse(GOOD)
    found = compare(bare, whole)
    assert [(it.kind, it.what, it.id) for it in found] == [
        ("removed", "currency", "moons"),
        ("added", "currency", "stars"),
        ("added", "offer", "stars"),
        ("added", "offer", "tiers"),
    ]
    stars = next(it for it in found if it.what == "offer")
    assert (stars.after["mechanic"], stars.before) == ("spend", None)
    assert [it.kind for it in compare(whole, bare)] == ["removed", "added", "removed", "removed"]


def test_rates_between_currencies_are_known_by_their_ends() -> None:
    coins = HEAD.replace("  stars:", "  coins: {kind: spendable, name: {en: C, zh-CN: 币}}\n  stars:")
    one = coins.replace("offers:", "conversions:\n  - {from: points, into: coins, take: 1, give: 2}\noffers:") + BASE
    assert tell("give: 2", "give: 3", one) == [("changed", "conversions", "", "[points → coins].give", "2", "3")]


def test_nothing_differs_from_itself() -> None:
    assert compare(parse(GOOD), parse("# as it was\n" + GOOD)) == ()

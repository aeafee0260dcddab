"""The breaker, the ladder and the offers for everybody, each by itself."""

from datetime import UTC, datetime
from typing import Any

import pytest

from regulars_till import Basket, Level, Line, Member, say
from regulars_till.basket import take_off
from regulars_till.breaker import Breaker
from regulars_till.ladder import LEVEL_TEXTS, SAID, Heard, Ladder
from regulars_till.offers import find_discounts, read_extract

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
Q, L, U, S, A = Heard.QUICK, Heard.LATE, Heard.UNABLE, Heard.SILENT, Heard.ABSENT


def break_open(chance: float = 0.0) -> Breaker:
    breaker = Breaker(chance=lambda: chance)
    for second in range(5):
        breaker.note_failure(second)
    return breaker


def test_five_failures_in_ten_seconds_open_the_breaker_and_slower_ones_do_not() -> None:
    assert break_open().is_open
    slow = Breaker(chance=lambda: 0.0)
    for second in range(0, 30, 3):
        slow.note_failure(second)
        assert slow.permit(second)
    assert not slow.is_open


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    breaker = Breaker(chance=lambda: 0.0)
    for second in range(4):
        breaker.note_failure(second)
    breaker.note_answer()
    breaker.note_failure(4)
    assert not breaker.is_open


@pytest.mark.parametrize(("chance", "due"), [(0.0, 9.0), (1.0, 11.0)])
def test_one_probe_passes_when_it_is_due_and_jitter_puts_it_off(chance: float, due: float) -> None:
    breaker = break_open(chance)
    assert not breaker.permit(due - 0.01)
    assert breaker.permit(due)
    assert not breaker.permit(due + 0.01), "one, not all of them"
    breaker.note_failure(due + 1)
    assert not breaker.permit(due + 5.9)
    assert breaker.permit(due + 8.1)
    breaker.note_answer()
    assert breaker.permit(due + 8.2)
    assert breaker.permit(due + 8.2)


@pytest.mark.parametrize(
    ("heard", "breaker_open", "expected"),
    [
        ([], False, Level.NORMAL),
        ([Q, L, Q], False, Level.NORMAL),
        ([L, L], False, Level.SLOW),
        ([L, L, Q, Q, Q], False, Level.SLOW),
        ([L, L, Q, Q, Q, Q], False, Level.NORMAL),
        ([Q, S], False, Level.SLOW),
        ([S], True, Level.READ_ONLY),
        ([Q, U], False, Level.READ_ONLY),
        ([Q, A], False, Level.OFFLINE),
        ([A, Q], False, Level.NORMAL),
    ],
)
def test_the_level_follows_from_what_was_heard(heard: list[Heard], breaker_open: bool, expected: Level) -> None:
    ladder = Ladder()
    for each in heard:
        ladder.note(each)
    assert ladder.judge(writable=True, breaker_open=breaker_open) is expected
    assert ladder.judge(writable=False, breaker_open=breaker_open) is Level.PAPER


def test_everything_that_is_said_is_said_in_both_languages() -> None:
    for texts in (*LEVEL_TEXTS.values(), *SAID.values()):
        assert set(texts) == {"en", "zh-CN"}
        assert all(texts.values())
    assert set(LEVEL_TEXTS) == set(Level)
    assert [level.mark for level in Level] == ["D0", "D1", "D2", "D3", "D4"]
    assert say("queued", "fr") == "Points will follow."
    assert say("points_not_enough", "en") == "points_not_enough"


BASKET = Basket(
    lines=(
        Line(sku="milk", amount_minor=349, categories=("GROCERY", "MILK")),
        Line(sku="tea", amount_minor=1_250, categories=("DRINKS",)),
    )
)


def offer(id_: str, permille: int | None = None, **more: object) -> dict[str, Any]:
    return {"id": id_, "permille": permille, **more}


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        # A tenth of 15.99 is 1.59.
        ([offer("all", 100)], [("all", 1, 34), ("all", 2, 125)]),
        ([offer("all", 100, max_minor=100)], [("all", 1, 21), ("all", 2, 79)]),
        ([offer("ten", minor=1_000)], [("ten", 1, 218), ("ten", 2, 782)]),
        ([offer("milk", 500, categories=["MILK"])], [("milk", 1, 174)]),
        ([offer("tea", 33, skus=["tea"])], [("tea", 2, 41)]),
        ([offer("tea", 33, skus=["tea"], categories=["MILK"])], []),
        # Each on the prices before, and nobody is paid for taking something.
        ([offer("milk", 900, skus=["milk"]), offer("all", 500)], [("milk", 1, 314), ("all", 1, 35), ("all", 2, 625)]),
        ([offer("all", 100, minimum_minor=1_599)], [("all", 1, 34), ("all", 2, 125)]),
        ([offer("all", 100, minimum_minor=1_600)], []),
        ([offer("all", 100, since="2026-03-01T09:31:00Z")], []),
        ([offer("all", 100, until="2026-03-01T09:30:00Z")], []),
        ([offer("all", 100, stores=["8"])], []),
        ([offer("all", 100, coupon="held:all:all")], []),
        ([], []),
    ],
)
def test_offers_for_everybody(offers: list[dict[str, Any]], expected: list[tuple[str, int, int]]) -> None:
    extract = read_extract({"as_of": "2026-03-01T00:00:00Z", "program": "v", "offers": offers})
    found = find_discounts(extract, BASKET, NOW, store="7")
    assert [(each.offer, each.line, each.amount_minor) for each in found] == expected
    paid = take_off(BASKET.lines, found)
    assert sum(line.amount_minor for line in paid) == BASKET.gross_minor - sum(each.amount_minor for each in found)
    assert sum(line.shelf_discount_minor for line in paid) == sum(each.amount_minor for each in found)


@pytest.mark.parametrize("permille", [0, -1, 1_001])
def test_an_offer_that_gives_more_than_all_is_not_believed(permille: int) -> None:
    with pytest.raises(ValueError, match="permille"):
        read_extract({"as_of": "2026-03-01T00:00:00Z", "program": "v", "offers": [offer("x", permille)]})


def test_a_member_is_named_in_one_way_and_never_shown() -> None:
    assert "5550100" not in repr(Member(kind="phone", value="5550100"))
    with pytest.raises(ValueError, match="either"):
        Member()
    with pytest.raises(ValueError, match="either"):
        Member(id="x", kind="phone", value="1")

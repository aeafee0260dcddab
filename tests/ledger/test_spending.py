"""Using points, putting a use back, and handing points on."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.kernel.ledger.book import Book
from regulars.kernel.ledger.model import (
    ARREARS,
    BREAKAGE,
    POINTS,
    REDEMPTION,
    REINSTATEMENT,
    TRANSFER,
    AmountInvalid,
    Lot,
    NotEnoughPoints,
    NothingToReverse,
    Taken,
)
from regulars.kernel.ledger.spending import Late, draw, receive, reverse, spend, take
from regulars.kernel.nouns import Posted
from tests.ledger.story import ANN, AT, BEFORE, BOB, NOW, book_of, day, left, lot, moves, prove, stamp, taken

# -- using -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "parts"),
    [
        (1, [(ANN, 3, 1)]),
        (30, [(ANN, 3, 30)]),
        (31, [(ANN, 3, 30), (BOB, 2, 1)]),
        (75, [(ANN, 3, 30), (BOB, 2, 40), (ANN, 1, 5)]),
        (90, [(ANN, 3, 30), (BOB, 2, 40), (ANN, 1, 20)]),
    ],
)
def test_lots_are_used_in_order_over_all_owners(points: int, parts: list[tuple[UUID, int, int]]) -> None:
    lots = [lot(1, 20), lot(3, 30, ends=8), lot(4, 50, usable=1), lot(5, 50, ends=0), lot(6, 9, remaining=0)]
    book = book_of(*lots, lot(2, 40, member=BOB, ends=9), lot(9, 99, currency="miles"))
    found = draw(book, [ANN, BOB], "points", points, at=AT)
    assert [(each.member, each.number, part) for each, part in found] == parts


def test_lots_that_are_alike_are_used_by_owner() -> None:
    book = book_of(lot(1, 20, member=BOB), lot(1, 20))
    assert [each.member for each, _ in draw(book, [BOB, ANN], "points", 40, at=AT)] == [ANN, BOB]


@pytest.mark.parametrize(("owners", "asked", "available"), [([ANN], 51, 50), ([BOB], 41, 40), ([ANN, BOB], 91, 90)])
def test_a_use_is_never_silently_short(owners: Sequence[UUID], asked: int, available: int) -> None:
    book = book_of(lot(1, 20), lot(3, 30, ends=8), lot(4, 50, usable=1), lot(2, 40, member=BOB, ends=9))
    with pytest.raises(NotEnoughPoints, match=f"{asked} points are asked for, and {available} may be used") as refused:
        draw(book, owners, "points", asked, at=AT)
    assert refused.value.context == {"currency": "points", "asked": asked, "available": available}
    with pytest.raises(AmountInvalid):
        draw(book, owners, "points", 0, at=AT)


def test_what_is_used_is_one_entry_and_a_part_of_each_lot() -> None:
    book = book_of(lot(1, 20), lot(3, 30, ends=8))
    book.recompute_due(ANN, "points")
    assert book.due_at(ANN) == day(8)
    posted = spend(book, ANN, "points", 35, kind="redeem", house=REDEMPTION, by=stamp())
    assert posted == Posted(currency="points", points=-35, kind="redeem", version=4)
    assert moves(book) == [(POINTS, "redeem", -35), (REDEMPTION, "redeem", 35)]
    assert taken(book) == [(3, POINTS, 4, -30, None), (1, POINTS, 4, -5, None)]
    assert left(book) == {1: 15, 3: 0}
    # Lot 3 is used up, so nothing ends any more.
    assert book.accounts[ANN, "points", POINTS].due_at is None
    prove(book)


def test_only_one_members_lots_are_taken_at_a_time() -> None:
    book = book_of(lot(1, 20), lot(1, 20, member=BOB))
    with pytest.raises(AssertionError):
        take(book, [(lot(1, 20), 5), (lot(1, 20, member=BOB), 5)], kind="redeem", house=REDEMPTION, by=stamp())


# -- putting back ------------------------------------------------------------------------------------------------------


def used() -> tuple[Book, Taken]:
    """60 points were used: 30 of lot 3, 20 of lot 1, and 10 of lot 2, in this order; lot 3 has ended since."""
    lots = [lot(1, 50, remaining=30, ends=5), lot(2, 50, remaining=40), lot(3, 30, remaining=0, issued=-9, ends=0)]
    return book_of(*lots), Taken(version=3, parts={3: 30, 1: 20, 2: 10})


# What was used last comes back first.
@pytest.mark.parametrize(
    ("points", "back"),
    [
        (1, {2: 1}),
        (10, {2: 10}),
        (11, {2: 10, 1: 1}),
        (30, {2: 10, 1: 20}),
    ],
)
def test_what_was_used_last_comes_back_first(points: int, back: dict[int, int]) -> None:
    book, of = used()
    before = left(book)
    postings = reverse(book, ANN, "points", points, of=of, late=Late(), by=stamp())
    assert postings == [Posted(currency="points", points=points, kind="reverse", version=4)]
    assert left(book) == {number: remaining + back.get(number, 0) for number, remaining in before.items()}
    assert moves(book) == [(REDEMPTION, "reverse", -points), (POINTS, "reverse", points)]
    assert taken(book) == [(number, POINTS, 4, part, 3) for number, part in back.items()]
    assert book.due_at(ANN) == day(5)
    prove(book)


@pytest.mark.parametrize(
    ("late", "life"),
    [
        (Late(), None),
        (Late(policy="forfeit", grace=timedelta(days=3)), None),
        (Late(policy="grace", grace=timedelta(0)), None),
        (Late(policy="grace", grace=timedelta(days=3)), 3),
        (Late(policy="reinstate"), 9),
    ],
)
def test_what_comes_back_after_its_end_is_lost_or_reborn(late: Late, life: int | None) -> None:
    book, of = used()
    postings = reverse(book, ANN, "points", 45, of=of, late=late, by=stamp())
    assert postings[0] == Posted(currency="points", points=45, kind="reverse", version=4)
    assert {n: each.remaining for n, each in book.lots[ANN, "points"].items() if n <= 3} == {1: 50, 2: 50, 3: 0}
    if life is None:
        assert postings[1:] == [Posted(currency="points", points=-15, kind="expire", version=5)]
        assert moves(book)[2:] == [(POINTS, "expire", -15), (BREAKAGE, "expire", 15)]
        assert book.lots[ANN, "points"][3].expired == 15
    else:
        assert postings[1:] == [
            Posted(currency="points", points=-15, kind="reinstate", version=5),
            Posted(
                currency="points", points=15, offer="base", kind="reinstate", lot=6, version=6, expires_at=day(life)
            ),
        ]
        assert moves(book)[2:] == [
            (POINTS, "reinstate", -15), (REINSTATEMENT, "reinstate", 15),
            (REINSTATEMENT, "reinstate", -15), (POINTS, "reinstate", 15),
        ]  # fmt: skip
        born = book.lots[ANN, "points"][6]
        assert born == replace(
            lot(6, 15, issued=0, usable=0, ends=life), activity=NOW, parent_member=ANN, parent_number=3
        )
        assert book.lots[ANN, "points"][3].expired == 0
    prove(book)


def test_one_that_has_not_ended_is_not_reborn() -> None:
    book, of = used()
    book.put_lot(replace(book.lots[ANN, "points"][3], expires_at=day(1)))
    postings = reverse(book, ANN, "points", 60, of=of, late=Late(policy="reinstate"), by=stamp())
    assert [posted.kind for posted in postings] == ["reverse"]
    assert left(book) == {1: 50, 2: 50, 3: 30}


def test_parts_that_have_come_back_before_are_passed_over() -> None:
    book, _ = used()
    reverse(book, ANN, "points", 5, of=Taken(version=3, parts={1: 20, 2: 0}), late=Late(), by=stamp())
    assert taken(book) == [(1, POINTS, 4, 5, 3)]
    assert book.touched_lots == {(ANN, "points", 1)}


@pytest.mark.parametrize(
    ("parts", "asked", "said"),
    [
        ({1: 20, 2: 10}, 31, "31 points are asked back, and 30 of"),
        ({1: 0}, 1, "All points of this redemption have come back before"),
        ({}, 1, "All points of this redemption have come back before"),
    ],
)
def test_no_more_comes_back_than_was_used(parts: dict[int, int], asked: int, said: str) -> None:
    book, _ = used()
    with pytest.raises(NothingToReverse, match=said) as refused:
        reverse(book, ANN, "points", asked, of=Taken(version=3, parts=parts), late=Late(), by=stamp())
    assert refused.value.context == {"asked": asked, "left": sum(parts.values())}
    assert book.entries == []


def test_nothing_cannot_be_put_back() -> None:
    book, of = used()
    with pytest.raises(AmountInvalid):
        reverse(book, ANN, "points", 0, of=of, late=Late(), by=stamp())


# -- handing on --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("usable", "from_", "told"), [(-2, 0, None), (0, 0, None), (2, 2, 2)])
def test_what_is_handed_on_stays_what_it_was(usable: int, from_: int, told: int | None) -> None:
    parent = replace(lot(3, 50, remaining=20, expired=7, usable=usable, ends=9, priority=4), offer="bonus")
    book = book_of(lot(1, 5, member=BOB), parent)
    posted = receive(book, parent, 12, expires_at=day(8), house=TRANSFER, kind="gift", by=stamp(), member=BOB)
    assert posted == Posted(
        currency="points", points=12, offer="bonus", kind="gift", lot=2, version=2, expires_at=day(8),
        usable_from=None if told is None else day(told),
    )  # fmt: skip
    child: Lot = book.lots[BOB, "points"][2]
    assert child == replace(
        lot(2, 12, member=BOB, issued=0, usable=from_, ends=8, priority=4), offer="bonus", activity=NOW,
        parent_member=ANN, parent_number=3,
    )  # fmt: skip
    assert (parent.activity, child.activity) == (BEFORE, NOW)
    assert moves(book, BOB) == [(TRANSFER, "gift", -12), (POINTS, "gift", 12)]
    assert book.issued == {(BOB, "points", 2)}


def test_what_one_is_handed_pays_first_what_one_owes() -> None:
    book = book_of(lot(3, 50, ends=9), owed=5)
    posted = receive(book, lot(3, 50, ends=9), 12, expires_at=None, house=TRANSFER, kind="gift", by=stamp())
    assert (posted.settled, posted.lot) == (5, 4)
    assert left(book)[4] == 7
    assert book.balance(ANN, "points", ARREARS) == 0

"""Taking back what a purchase gave: its own lot, what ended of it, other lots in order, and then what is owed."""

import pytest

from regulars.kernel.ledger.model import ARREARS, BREAKAGE, ISSUANCE, POINTS, AmountInvalid, Lot
from regulars.kernel.ledger.returns import take_back
from regulars.kernel.nouns import Posted
from tests.ledger.story import ANN, AT, book_of, day, left, lot, moves, prove, stamp, taken

OWN = 1


def give(*others: Lot, own: Lot | None = None) -> list[Lot]:
    return [lot(OWN, 100, ends=9) if own is None else own, *others]


# What the own lot has goes first, whatever its end; then what had ended of it is forgiven; then the others.
@pytest.mark.parametrize(
    ("lots", "points", "remaining", "forgiven", "arrears"),
    [
        (give(lot(2, 50, ends=1)), 30, {1: 70, 2: 50}, 0, 0),
        (give(lot(2, 50, ends=1)), 100, {1: 0, 2: 50}, 0, 0),
        (give(lot(2, 50, ends=1)), 101, {1: 0, 2: 49}, 0, 0),
        (give(lot(2, 50, ends=1)), 150, {1: 0, 2: 0}, 0, 0),
        (give(lot(2, 50, ends=1)), 151, {1: 0, 2: 0}, 0, 1),
        (give(lot(2, 50), lot(3, 50, ends=2)), 120, {1: 0, 2: 50, 3: 30}, 0, 0),
        # Of the points that ended, no more is forgiven than is still asked for.
        (give(lot(2, 50), own=lot(OWN, 100, remaining=0, expired=60)), 40, {1: 0, 2: 50}, 40, 0),
        (give(lot(2, 50), own=lot(OWN, 100, remaining=0, expired=60)), 70, {1: 0, 2: 40}, 60, 0),
        (give(lot(2, 50), own=lot(OWN, 100, remaining=10, expired=60)), 70, {1: 0, 2: 50}, 60, 0),
        (give(own=lot(OWN, 100, remaining=10, expired=60)), 100, {1: 0}, 60, 30),
        # What cannot be used yet is taken last.
        (
            give(lot(2, 50, usable=1, ends=1), lot(3, 50, ends=9), own=lot(OWN, 9, remaining=0)),
            60,
            {1: 0, 2: 40, 3: 0},
            0,
            0,
        ),
        (
            give(lot(2, 50, usable=0, ends=1), lot(3, 50, ends=9), own=lot(OWN, 9, remaining=0)),
            60,
            {1: 0, 2: 0, 3: 40},
            0,
            0,
        ),
        (give(lot(2, 50, ends=3), lot(3, 50, ends=2), own=lot(OWN, 9, remaining=0)), 60, {1: 0, 2: 40, 3: 0}, 0, 0),
    ],
)
def test_what_comes_back_comes_from_its_own_lot_first(
    lots: list[Lot], points: int, remaining: dict[int, int], forgiven: int, arrears: int
) -> None:
    book = book_of(*lots)
    usual = sum(each.remaining for each in lots) - sum(remaining.values())
    posted = take_back(book, ANN, "points", points, own=OWN, offer="base", by=stamp())
    version = lots[-1].number + 1 if usual else 0
    assert posted == Posted(
        currency="points", points=-points, offer="base", kind="return", lot=OWN, version=version, arrears=arrears,
        forgiven=forgiven,
    )  # fmt: skip
    assert left(book) == remaining
    assert book.balance(ANN, "points", ARREARS) == -arrears
    assert moves(book) == [
        *([(POINTS, "return", -usual), (ISSUANCE, "return", usual)] if usual else []),
        *([(BREAKAGE, "return", -forgiven), (ISSUANCE, "return", forgiven)] if forgiven else []),
        *([(ARREARS, "arrears", -arrears), (ISSUANCE, "arrears", arrears)] if arrears else []),
    ]
    assert book.lots[ANN, "points"][OWN].expired == lots[0].expired - forgiven
    before = {each.number: each.remaining for each in lots}
    from_lots = [(n, POINTS, version, remaining[n] - before[n], None) for n in before if remaining[n] != before[n]]
    ended = [(OWN, BREAKAGE, 1, -forgiven, None)] if forgiven else []
    assert sorted(taken(book), key=lambda part: (part[1] == BREAKAGE, part[0])) == from_lots + ended
    prove(book)


def test_the_own_lot_may_be_gone_altogether() -> None:
    book = book_of(lot(2, 50))
    posted = take_back(book, ANN, "points", 60, own=OWN, offer="base", by=stamp())
    assert (posted.version, posted.arrears, posted.forgiven) == (3, 10, 0)
    assert left(book) == {2: 0}


def test_lots_that_are_not_needed_are_not_touched() -> None:
    book = book_of(*give(lot(2, 50), lot(3, 50)))
    take_back(book, ANN, "points", 150, own=OWN, offer="base", by=stamp())
    assert book.touched_lots == {(ANN, "points", 1), (ANN, "points", 2)}
    assert taken(book) == [(1, POINTS, 4, -100, None), (2, POINTS, 4, -50, None)]


def test_the_next_end_is_that_of_what_is_left() -> None:
    book = book_of(*give(lot(2, 50, ends=10), own=lot(OWN, 100, ends=9)))
    take_back(book, ANN, "points", 100, own=OWN, offer="base", by=stamp())
    assert book.due_at(ANN) == day(10)


def test_nothing_cannot_come_back() -> None:
    with pytest.raises(AmountInvalid):
        take_back(book_of(*give()), ANN, "points", 0, own=OWN, offer="base", by=stamp())


def test_other_currencies_and_members_stay_out_of_it() -> None:
    book = book_of(*give(lot(5, 50, currency="miles")))
    posted = take_back(book, ANN, "points", 130, own=OWN, offer="base", by=stamp())
    assert posted.arrears == 30
    assert left(book, currency="miles") == {5: 50}
    assert {entry.at for entry in book.entries} == {AT}

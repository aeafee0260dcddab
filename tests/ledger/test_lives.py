"""Points that end by inactivity: which lots live on, and until when."""

import pytest
from msgspec.structs import replace

from regulars.kernel.ledger.lives import prolong
from regulars.kernel.ledger.model import HoldPart
from regulars.kernel.nouns import Posted
from tests.ledger.story import ANN, AT, BOB, book_of, day, held, lot

LOTS = [
    lot(1, 9, ends=5),
    lot(2, 9, ends=0),  # over at this very moment
    lot(3, 9),  # never ends
    lot(4, 9, remaining=0, ends=5),  # used up
    lot(5, 9, remaining=0, ends=6),  # all of it held
    lot(6, 9, remaining=0, ends=6),  # was held
    lot(7, 9, ends=8),
    lot(8, 9, remaining=1, ends=1),
    lot(1, 9, currency="miles", ends=5),
    lot(4, 9, member=BOB, remaining=0, ends=5),  # held by Ann, not hers
]
HOLDS = [
    held(HoldPart(owner=ANN, lot=5, amount=3), HoldPart(owner=BOB, lot=4, amount=3)),
    replace(held(HoldPart(owner=ANN, lot=6, amount=3, released=3), member=BOB), state="released", ended_at=AT),
]


@pytest.mark.parametrize(
    ("ends", "moved"), [(8, [1, 5, 8]), (9, [1, 5, 7, 8]), (6, [1, 8]), (5, [8]), (1, []), (0, []), (None, [])]
)
def test_what_is_open_and_would_end_sooner_lives_on(ends: int | None, moved: list[int]) -> None:
    book = book_of(*reversed(LOTS), holds=HOLDS)
    until = None if ends is None else day(ends)
    postings = prolong(book, ANN, "points", until, at=AT)
    assert postings == [
        Posted(currency="points", points=0, kind="prolong", lot=number, expires_at=until) for number in moved
    ]
    for each in LOTS:
        now = book.lots[each.member, each.currency][each.number]
        mine = (each.member, each.currency) == (ANN, "points") and each.number in moved
        assert now == (replace(each, expires_at=until) if mine else each)
    assert book.touched_lots == {(ANN, "points", number) for number in moved}
    # Lot 2 has ended and waits for the sweeper.
    assert book.accounts[ANN, "points", "points"].due_at == (day(0) if moved else None)
    assert book.entries == []


def test_a_part_of_a_hold_that_is_all_used_holds_nothing() -> None:
    parts = (HoldPart(owner=ANN, lot=1, amount=3, captured=3), HoldPart(owner=ANN, lot=2, amount=3))
    lots = [lot(1, 9, remaining=0, ends=5), lot(2, 9, remaining=0, ends=5)]
    book = book_of(*lots, holds=[held(*parts)])
    assert [posted.lot for posted in prolong(book, ANN, "points", day(9), at=AT)] == [2]

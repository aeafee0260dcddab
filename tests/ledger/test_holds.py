"""Holds in memory: which lots they name, what of them is used, given back, or runs out."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.kernel.ledger.book import Book
from regulars.kernel.ledger.holds import capture, find_hold, find_run_out, hold, release
from regulars.kernel.ledger.model import (
    POINTS,
    REDEMPTION,
    AmountInvalid,
    Hold,
    HoldEnded,
    HoldPart,
    HoldTooSmall,
    HoldUnknown,
    NotEnoughPoints,
    Stamp,
)
from regulars.kernel.nouns import Posted
from tests.ledger.story import ANN, AT, BOB, CAT, KEPT, NOW, book_of, day, held, left, lot, moves, prove, stamp, taken


def stamp_of(owner: UUID) -> Stamp:
    """Each owner pays under an activity of their own."""
    return Stamp(activity=NOW if owner == ANN else BOB, at=AT)


# -- setting aside -----------------------------------------------------------------------------------------------------


def test_a_hold_names_what_it_takes_in_the_order_of_use() -> None:
    book = book_of(lot(1, 20), lot(2, 30, ends=9), lot(3, 30, ends=8), lot(4, 99, usable=1))
    posted = hold(book, ANN, [ANN], "points", 45, until=(day(3), day(4)), by=stamp())
    assert posted == Posted(currency="points", points=-45, kind="hold", hold=NOW)
    assert book.holds == {
        (ANN, NOW): Hold(
            member=ANN, id=NOW, currency="points", amount=45, held_at=AT, valid_until=day(3), settle_until=day(4),
            parts=(HoldPart(owner=ANN, lot=3, amount=30), HoldPart(owner=ANN, lot=2, amount=15)),
        )
    }  # fmt: skip
    assert left(book) == {1: 20, 2: 15, 3: 0, 4: 99}
    assert book.touched_holds == {(ANN, NOW)}
    # No account moves; the sweeper comes when the hold has run out.
    assert (book.entries, book.allocations) == ([], [])
    assert book.due_at(ANN) == day(4)
    prove(book)


def test_a_hold_on_a_pool_is_the_members_and_the_points_stay_their_owners() -> None:
    book = Book({key: kept for key, kept in book_of(lot(1, 20, member=BOB, ends=9)).accounts.items() if key[0] == BOB})
    book.open([ANN, BOB], [lot(1, 20, member=BOB, ends=9)], [])
    hold(book, ANN, [ANN, BOB], "points", 15, until=(day(3), day(4)), by=stamp())
    assert book.holds[ANN, NOW].parts == (HoldPart(owner=BOB, lot=1, amount=15),)
    assert left(book, BOB) == {1: 5}
    # Whoever holds never had points: now there is an account, at which the sweeper looks.
    assert book.accounts[ANN, "points", POINTS].version == 0
    assert book.accounts[ANN, "points", POINTS].at == AT
    assert (book.due_at(ANN), book.due_at(BOB)) == (day(4), day(4))


@pytest.mark.parametrize(("valid", "settle", "fine"), [(1, 1, True), (1, 2, True), (0, 1, False), (2, 1, False)])
def test_a_hold_lasts_a_while_and_is_settled_no_sooner(valid: int, settle: int, *, fine: bool) -> None:
    book = book_of(lot(1, 20))
    if fine:
        assert hold(book, ANN, [ANN], "points", 5, until=(day(valid), day(settle)), by=stamp()).hold == NOW
    else:
        with pytest.raises(AssertionError):
            hold(book, ANN, [ANN], "points", 5, until=(day(valid), day(settle)), by=stamp())


def test_no_more_is_set_aside_than_may_be_used() -> None:
    book = book_of(lot(1, 20), lot(2, 20, ends=0), lot(3, 20, usable=1))
    with pytest.raises(NotEnoughPoints) as refused:
        hold(book, ANN, [ANN], "points", 21, until=(day(3), day(4)), by=stamp())
    assert refused.value.context == {"currency": "points", "asked": 21, "available": 20}
    assert book.holds == {}


# -- finding -----------------------------------------------------------------------------------------------------------


def test_only_an_open_hold_of_ones_own_is_found() -> None:
    kept = held(HoldPart(owner=ANN, lot=1, amount=5))
    book = book_of(lot(1, 9), lot(1, 9, member=BOB), holds=[kept])
    assert find_hold(book, ANN, KEPT) == kept
    for member, id_ in ((BOB, KEPT), (ANN, NOW)):
        with pytest.raises(HoldUnknown) as unknown:
            find_hold(book, member, id_)
        assert unknown.value.context == {"hold": str(id_)}


@pytest.mark.parametrize(
    ("state", "said"), [("captured", "captured"), ("released", "released"), ("expired", "run out")]
)
def test_what_has_ended_says_how(state: str, said: str) -> None:
    kept = replace(held(HoldPart(owner=ANN, lot=1, amount=5)), state=state)
    with pytest.raises(HoldEnded, match=f"The hold was {said} before") as ended:
        find_hold(book_of(lot(1, 9), holds=[kept]), ANN, KEPT)
    assert ended.value.context == {"hold": str(KEPT), "state": state}


# -- using -------------------------------------------------------------------------------------------------------------


def pooled() -> Book:
    """Bob's lot ends first, then Ann's second, then Ann's first."""
    parts = (
        HoldPart(owner=ANN, lot=1, amount=10),
        HoldPart(owner=BOB, lot=1, amount=20, captured=5, released=3),
        HoldPart(owner=ANN, lot=2, amount=30),
    )
    lots = (lot(1, 50), lot(2, 50, ends=9), lot(1, 50, member=BOB, ends=8), lot(7, 1, member=CAT))
    return book_of(*lots, holds=[held(*parts)])


def test_a_capture_uses_what_ends_soonest_and_each_owner_pays() -> None:
    book = pooled()
    before = left(book)
    postings = capture(book, book.holds[ANN, KEPT], 17, used_at=AT, stamp_of=stamp_of, at=AT)
    assert postings == [
        (BOB, Posted(currency="points", points=-12, kind="redeem", version=2, hold=KEPT)),
        (ANN, Posted(currency="points", points=-5, kind="redeem", version=3, hold=KEPT)),
    ]
    kept = book.holds[ANN, KEPT]
    assert (kept.captured, kept.released, kept.state, kept.ended_at, kept.open) == (22, 3, "open", None, 35)
    assert {(part.owner, part.lot): part.captured for part in kept.parts} == {(BOB, 1): 17, (ANN, 2): 5, (ANN, 1): 0}
    # The hold had taken them out of the lots before.
    assert left(book) == before
    assert moves(book, BOB) == [(POINTS, "redeem", -12), (REDEMPTION, "redeem", 12)]
    assert taken(book, BOB) == [(1, POINTS, 2, -12, None)]
    assert taken(book) == [(2, POINTS, 3, -5, None)]
    assert {entry.activity for entry in book.entries if entry.member == BOB} == {BOB}
    assert (book.due_at(ANN), book.due_at(BOB)) == (day(6), day(6))
    prove(book)


def test_a_hold_of_which_all_is_used_has_ended() -> None:
    book = pooled()
    postings = capture(book, book.holds[ANN, KEPT], 52, used_at=AT, stamp_of=stamp_of, at=AT)
    assert [(owner, posted.points) for owner, posted in postings] == [(BOB, -12), (ANN, -40)]
    kept = book.holds[ANN, KEPT]
    assert (kept.captured, kept.open, kept.state, kept.ended_at) == (57, 0, "captured", AT)
    # From now on only lots end.
    assert (book.due_at(ANN), book.due_at(BOB)) == (day(9), day(8))
    assert taken(book) == [(2, POINTS, 3, -30, None), (1, POINTS, 3, -10, None)]
    prove(book)


def test_lots_of_several_owners_that_are_alike_are_used_by_owner() -> None:
    parts = (HoldPart(owner=BOB, lot=1, amount=10), HoldPart(owner=ANN, lot=1, amount=10))
    book = book_of(lot(1, 50), lot(1, 50, member=BOB), holds=[held(*parts)])
    postings = capture(book, book.holds[ANN, KEPT], 5, used_at=AT, stamp_of=stamp_of, at=AT)
    assert [owner for owner, _ in postings] == [ANN]


# Used in time, and told in time.
@pytest.mark.parametrize(
    ("used", "at", "fine"),
    [(5, 6, True), (5, 5, True), (0, 0, True), (6, 6, False), (5, 7, False)],
)
def test_a_use_in_time_may_be_told_later(used: int, at: int, *, fine: bool) -> None:
    book = book_of(lot(1, 9), holds=[held(HoldPart(owner=ANN, lot=1, amount=5), valid=5, settle=6)])
    kept = book.holds[ANN, KEPT]

    def use() -> None:
        capture(book, kept, 5, used_at=day(used), stamp_of=lambda _: stamp(at), at=day(at))

    if fine:
        use()
        assert book.holds[ANN, KEPT].ended_at == day(at)
        return
    with pytest.raises(HoldEnded) as ended:
        use()
    assert ended.value.context == {"hold": str(KEPT), "state": "open"}
    assert book.holds[ANN, KEPT] == kept


def test_no_more_is_used_than_is_held() -> None:
    book = pooled()
    with pytest.raises(HoldTooSmall) as refused:
        capture(book, book.holds[ANN, KEPT], 53, used_at=AT, stamp_of=stamp_of, at=AT)
    assert refused.value.context == {"hold": str(KEPT), "asked": 53, "left": 52}
    with pytest.raises(AmountInvalid):
        capture(book, book.holds[ANN, KEPT], 0, used_at=AT, stamp_of=stamp_of, at=AT)


# -- giving back -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["released", "expired"])
def test_what_is_still_held_goes_back_where_it_came_from(state: str) -> None:
    book = pooled()
    kept = book.holds[ANN, KEPT]
    posted = release(book, kept, at=day(1)) if state == "released" else release(book, kept, at=day(1), state="expired")
    assert posted == Posted(currency="points", points=52, kind="release", hold=KEPT)
    assert (left(book), left(book, BOB)) == ({1: 60, 2: 80}, {1: 62})
    now = book.holds[ANN, KEPT]
    assert (now.captured, now.released, now.open, now.state, now.ended_at) == (5, 55, 0, state, day(1))
    assert [(part.owner, part.lot, part.released) for part in now.parts] == [(ANN, 1, 10), (BOB, 1, 15), (ANN, 2, 30)]
    assert book.entries == []
    assert (book.due_at(ANN), book.due_at(BOB)) == (day(9), day(8))
    prove(book)


def test_what_is_all_used_up_of_one_lot_does_not_touch_it() -> None:
    parts = (HoldPart(owner=BOB, lot=1, amount=20, captured=20), HoldPart(owner=ANN, lot=1, amount=10))
    book = book_of(lot(1, 50), lot(1, 50, member=BOB), holds=[held(*parts)])
    release(book, book.holds[ANN, KEPT], at=AT)
    assert book.touched_lots == {(ANN, "points", 1)}


def test_holds_run_out_at_their_last_moment_those_on_ones_points_too() -> None:
    part = HoldPart(owner=ANN, lot=1, amount=1)
    ids = [UUID(int=number) for number in range(1, 7)]
    closed = replace(held(part, id_=ids[3], settle=0), state="released", released=1)
    book = book_of(
        lot(1, 9), lot(1, 9, currency="miles"), lot(1, 9, member=BOB),
        holds=[
            held(part, id_=ids[0], valid=-1, settle=0),
            held(part, id_=ids[1], valid=-1, settle=1),
            held(part, id_=ids[2], member=BOB, valid=-2, settle=-1),
            closed,
            held(part, id_=ids[4], currency="miles", valid=-2, settle=-1),
            held(HoldPart(owner=BOB, lot=1, amount=1), id_=ids[5], member=BOB, valid=-2, settle=-1),
        ],
    )  # fmt: skip
    assert {each.id for each in find_run_out(book, ANN, at=AT)} == {ids[0], ids[2], ids[4]}


def test_holds_run_out_in_the_order_of_their_times() -> None:
    part = HoldPart(owner=ANN, lot=1, amount=1)
    times = [(-1, -9), (-2, -3), (-2, -3), (-2, -4)]  # settled until, held at
    ids = [UUID(int=number) for number in (1, 5, 4, 8)]
    holds = [held(part, id_=i, at=at, valid=settle, settle=settle) for i, (settle, at) in zip(ids, times, strict=True)]
    # At the same times the id decides, whatever the currency.
    holds.append(held(part, id_=UUID(int=99), currency="miles", at=-9, valid=-1, settle=-1))
    found = find_run_out(book_of(lot(1, 9), lot(1, 9, currency="miles"), holds=holds), ANN, at=AT)
    assert [each.id for each in found] == [ids[3], ids[2], ids[1], ids[0], UUID(int=99)]

"""The book of one transaction: what is read from it, what a step changes, and that a step back changes nothing."""

from datetime import datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.kernel.ledger.book import Book, check_points
from regulars.kernel.ledger.holds import hold
from regulars.kernel.ledger.model import (
    ARREARS,
    BREAKAGE,
    ISSUANCE,
    NEVER,
    POINTS,
    Account,
    Allocation,
    AmountInvalid,
    Entry,
    HoldPart,
    Lot,
)
from regulars.kernel.ledger.spending import spend
from regulars.kernel.nouns import AMOUNT_MAX, Posted, Posting
from tests.ledger.story import ANN, AT, BOB, CAT, NOW, book_of, day, held, left, lot, moves, prove, stamp, taken


def account(balance: int, *, version: int = 1, at: int = -1, due: int | None = None) -> Account:
    return Account(version=version, balance=balance, at=day(at), due_at=None if due is None else day(due))


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "told"), [(-2, -1), (-1, -1), (0, 0)])
def test_time_never_goes_back_behind_the_last_entry_of_any_account(asked: int, told: int) -> None:
    book = Book({(ANN, "points", POINTS): account(1, at=-1), (ANN, "miles", POINTS): account(1, at=-3)})
    assert book.time(ANN, day(asked)) == day(told)
    # Whoever never had an entry lives at any time.
    assert book.time(BOB, day(asked)) == day(asked)


@pytest.mark.parametrize(("held_at", "ended", "told"), [(-3, None, -2), (-1, None, -1), (-3, -1, -1), (-3, -2, -2)])
def test_time_never_goes_back_behind_a_hold(held_at: int, ended: int | None, told: int) -> None:
    kept = held(HoldPart(owner=ANN, lot=1, amount=5), at=held_at)
    if ended is not None:
        kept = replace(kept, ended_at=day(ended))
    book = book_of(lot(1, 9), holds=[kept], at=-2)
    assert book.time(ANN, day(-9)) == day(told)
    # The same when it is put there by a verb.
    book = book_of(lot(1, 9), at=-2)
    book.put_hold(kept)
    assert book.time(ANN, day(-9)) == day(told)


def test_one_of_whom_only_a_hold_is_known_does_not_go_back_behind_it() -> None:
    kept = held(HoldPart(owner=BOB, lot=1, amount=5), at=-2)
    book = book_of(lot(1, 9, member=BOB), holds=[kept])
    assert book.time(ANN, day(-9)) == day(-2)
    book = Book({})
    book.put_hold(kept)
    assert book.time(ANN, day(-9)) == day(-2)


def test_what_is_shown_is_what_is_there_less_what_is_owed() -> None:
    book = Book(
        {
            (ANN, "points", POINTS): account(30, version=4),
            (ANN, "points", ARREARS): account(-12, version=2),
            (ANN, "points", ISSUANCE): account(-18, version=5),
            (ANN, "miles", POINTS): account(7),
            (BOB, "stars", POINTS): account(9),
        }
    )
    assert book.balance(ANN, "points") == 30
    assert book.balance(ANN, "points", ARREARS) == -12
    assert book.balance(ANN, "stars") == 0
    assert book.shown(ANN, "points") == 18
    assert book.balances(ANN) == {"miles": 7, "points": 18}
    assert list(book.balances(ANN)) == book.currencies(ANN) == ["miles", "points"]
    many = [f"c{number}" for number in range(9)]
    of_many = Book({(ANN, currency, POINTS): account(1) for currency in reversed(many)})
    assert list(of_many.balances(ANN)) == of_many.currencies(ANN) == many
    assert book.balances(CAT) == {}
    assert book.currencies(CAT) == []
    assert book.moves(ANN) == 12
    assert book.moves(BOB) == 1
    assert book.moves(CAT) == 0


@pytest.mark.parametrize(
    ("dues", "told"),
    [
        ({}, None),
        ({"points": None}, None),
        ({"points": 4}, 4),
        # Whichever comes first or last.
        ({"points": 4, "miles": 3, "stars": 5}, 3),
        ({"points": 3, "miles": 4, "stars": 5}, 3),
        ({"points": 4, "miles": 5, "stars": 3}, 3),
        ({"points": None, "miles": 3}, 3),
    ],
)
def test_the_next_end_is_the_soonest_of_all_currencies(dues: dict[str, int | None], told: int | None) -> None:
    accounts = {(ANN, currency, POINTS): account(1, due=due) for currency, due in dues.items()}
    # Arrears without points, and another member: neither has an end that counts.
    accounts[ANN, "parcels", ARREARS] = account(-1, due=1)
    accounts[BOB, "points", POINTS] = account(1, due=1)
    assert Book(accounts).due_at(ANN) == (NEVER if told is None else day(told))


def test_lots_are_found_by_number_and_by_parent() -> None:
    child = replace(lot(3, 5), parent_member=BOB, parent_number=8)
    book = book_of(lot(1, 9), replace(child, number=7), child, lot(3, 4, currency="miles"))
    assert book.lot(ANN, "points", 3) == child
    assert book.lot(ANN, "points", 2) is None
    assert book.lot(ANN, "stars", 3) is None
    assert book.child(ANN, "points", BOB, 8) == 3
    assert book.child(ANN, "points", BOB, 7) == 0
    assert book.child(ANN, "points", CAT, 8) == 0
    assert book.child(ANN, "stars", BOB, 8) == 0


# The number decides last, and each rule only where those before it say nothing.
@pytest.mark.parametrize(
    ("lots", "order"),
    [
        ([lot(1, 1), lot(2, 1, ends=9), lot(3, 1, ends=8)], [3, 2, 1]),
        ([lot(1, 1, ends=9, priority=2), lot(2, 1, ends=9, priority=1)], [2, 1]),
        ([lot(1, 1, ends=8, priority=2), lot(2, 1, ends=9, priority=1)], [1, 2]),
        ([lot(1, 1, issued=-1), lot(2, 1, issued=-2)], [2, 1]),
        ([lot(1, 1, issued=-2, priority=1), lot(2, 1, issued=-1)], [2, 1]),
        ([lot(2, 1), lot(1, 1)], [1, 2]),
        ([lot(1, 5, remaining=0), lot(2, 1), lot(3, 1, member=BOB), lot(4, 1, currency="miles")], [2]),
    ],
)
def test_open_lots_come_in_the_order_of_use(lots: list[Lot], order: list[int]) -> None:
    assert [each.number for each in book_of(*lots).open_lots(ANN, "points")] == order


@pytest.mark.parametrize(
    ("at", "usable", "ends", "remaining", "told"),
    [
        (0, -1, 1, 1, True),
        (0, 0, 1, 1, True),  # from that very moment
        (0, 1, 2, 1, False),
        (0, -1, 0, 1, False),  # its end is no longer part of its life
        (0, -1, None, 1, True),
        (0, -1, 1, 0, False),
    ],
)
def test_a_lot_is_usable_between_its_ends(
    at: int, usable: int, ends: int | None, remaining: int, *, told: bool
) -> None:
    assert lot(1, 9, remaining=remaining, usable=usable, ends=ends).is_usable(day(at)) is told


def test_a_member_who_was_not_opened_is_no_answer_but_a_bug() -> None:
    book = book_of(lot(1, 9))
    for ask in (
        lambda: book.lot(BOB, "points", 1),
        lambda: book.child(BOB, "points", ANN, 1),
        lambda: book.open_lots(BOB, "points"),
        lambda: book.holds_on(BOB, "points"),
        lambda: book.holds_of(BOB, "points"),
    ):
        with pytest.raises(AssertionError):
            ask()


def test_holds_are_those_one_made_and_those_on_ones_points_oldest_first() -> None:
    first, second, third, fourth, fifth = (UUID(int=number) for number in range(1, 6))
    mine = HoldPart(owner=ANN, lot=1, amount=1)
    others = HoldPart(owner=BOB, lot=1, amount=1)
    holds = [
        held(mine, id_=second, at=-3),
        held(mine, id_=first, at=-3),  # at the same moment the id decides
        held(others, id_=third, at=-4),  # made on another's points
        held(others, mine, id_=fourth, member=BOB, at=-5),  # another's, on these points too
        held(others, id_=fifth, member=BOB, at=-6),
        held(HoldPart(owner=ANN, lot=1, amount=1), id_=fifth, currency="miles", at=-7),
    ]
    book = book_of(lot(1, 9), lot(1, 9, member=BOB), lot(1, 9, currency="miles"), holds=holds)
    assert [each.id for each in book.holds_on(ANN, "points")] == [fourth, third, first, second]
    assert [each.id for each in book.holds_of(ANN, "points")] == [third, first, second]


def test_what_a_redemption_took_is_less_what_came_back_in_the_order_of_use() -> None:
    book = book_of(lot(1, 50, ends=9), lot(2, 50, ends=8), lot(3, 50, ends=7))

    def allocation(number: int, version: int, amount: int, **more: object) -> Allocation:
        fields = {"member": ANN, "currency": "points", "account": POINTS, "undoes": None, **more}
        return Allocation(lot=number, version=version, amount=amount, **fields)  # type: ignore[arg-type]

    book.taken_before = [
        allocation(1, 7, -30),
        allocation(2, 7, -20),
        allocation(1, 8, 5, undoes=7),
        # None of these speaks of it.
        allocation(1, 6, -9),
        allocation(1, 9, 3, undoes=6),
        allocation(1, 7, -9, account=BREAKAGE),
        allocation(1, 7, -9, member=BOB),
        allocation(1, 7, -9, currency="miles"),
    ]
    book.allocate(lot(2, 50, ends=8), 10, 4, undoes=7)
    found = book.taken(ANN, "points", 7)
    assert (found.version, dict(found.parts), found.left) == (7, {2: 16, 1: 25}, 41)
    assert list(found.parts) == [2, 1]
    assert book.taken(ANN, "points", 99).left == 0


# -- writing -----------------------------------------------------------------------------------------------------------


def test_a_move_has_two_legs_and_each_counts_on() -> None:
    book = Book({(ANN, "points", POINTS): account(30, version=4, due=3)})
    assert book.move(ANN, "points", (POINTS, BREAKAGE), 10, kind="expire", by=stamp()) == (5, 1)
    assert book.move(ANN, "points", (BREAKAGE, POINTS), 4, kind="back", by=stamp(1)) == (2, 6)
    assert book.accounts[ANN, "points", POINTS] == account(24, version=6, at=1, due=3)
    assert book.accounts[ANN, "points", BREAKAGE] == account(6, version=2, at=1)
    assert book.time(ANN, day(0)) == day(1)
    assert book.entries[:2] == [
        Entry(
            member=ANN, currency="points", account=POINTS, version=5, activity=NOW, kind="expire", amount=-10,
            balance=20, at=AT,
        ),
        Entry(
            member=ANN, currency="points", account=BREAKAGE, version=1, activity=NOW, kind="expire", amount=10,
            balance=10, at=AT,
        ),
    ]  # fmt: skip
    # A first move makes the currency known.
    book.move(BOB, "miles", (ISSUANCE, POINTS), 1, kind="issue", by=stamp())
    assert book.currencies(BOB) == ["miles"]


@pytest.mark.parametrize("points", [0, -1])
def test_what_moves_is_more_than_nothing(points: int) -> None:
    with pytest.raises(AssertionError):
        Book({}).move(ANN, "points", (ISSUANCE, POINTS), points, kind="issue", by=stamp())


def test_an_account_never_moves_before_its_last_entry() -> None:
    book = Book({(ANN, "points", POINTS): account(5, at=0)})
    book.move(ANN, "points", (POINTS, BREAKAGE), 1, kind="expire", by=stamp(0))
    with pytest.raises(AssertionError):
        book.move(ANN, "points", (POINTS, BREAKAGE), 1, kind="expire", by=stamp(-1))


def test_a_balance_is_counted_exactly_or_not_at_all() -> None:
    book = Book({(ANN, "miles", POINTS): account(AMOUNT_MAX - 5)})
    book.move(ANN, "miles", (ISSUANCE, POINTS), 5, kind="issue", by=stamp())
    with pytest.raises(AmountInvalid) as refused:
        book.move(ANN, "miles", (ISSUANCE, POINTS), 1, kind="issue", by=stamp())
    assert refused.value.context == {"currency": "miles"}
    # Nor may the house's side grow below that.
    book = Book({(ANN, "points", ISSUANCE): account(-AMOUNT_MAX + 1)})
    book.move(ANN, "points", (ISSUANCE, POINTS), 1, kind="issue", by=stamp())
    with pytest.raises(AmountInvalid):
        book.move(ANN, "points", (ISSUANCE, POINTS), 1, kind="issue", by=stamp())


@pytest.mark.parametrize("points", [1, AMOUNT_MAX])
def test_points_that_can_be_booked(points: int) -> None:
    assert check_points(points) == points


@pytest.mark.parametrize("points", [0, -1, AMOUNT_MAX + 1])
def test_points_that_cannot_be_booked(points: int) -> None:
    with pytest.raises(AmountInvalid) as refused:
        check_points(points)
    assert refused.value.context == {"points": points}


@pytest.mark.parametrize(
    ("before", "ends", "after"),
    [(None, None, None), (None, 5, 5), (5, None, 5), (5, 4, 4), (5, 6, 5)],
)
def test_a_new_end_only_brings_the_next_one_forward(before: int | None, ends: int | None, after: int | None) -> None:
    book = Book({(ANN, "points", POINTS): account(9, due=before)})
    book.put_new_lot(lot(1, 9, remaining=1, ends=ends))
    assert book.accounts[ANN, "points", POINTS] == account(9, due=after)
    assert book.issued == book.touched_lots == {(ANN, "points", 1)}
    # A lot of which nothing is left never ends.
    book.put_new_lot(lot(2, 9, remaining=0, ends=-9))
    assert book.accounts[ANN, "points", POINTS] == account(9, due=after)
    assert book.lots[ANN, "points"] == {1: lot(1, 9, remaining=1, ends=ends), 2: lot(2, 9, remaining=0, ends=-9)}


def test_an_account_is_made_once_without_an_entry() -> None:
    book = Book({(ANN, "points", POINTS): account(9)})
    book.ensure_account(ANN, "points", at=AT)
    book.ensure_account(ANN, "miles", at=AT)
    book.ensure_account(BOB, "miles", at=AT)
    assert book.accounts[ANN, "points", POINTS] == account(9)
    assert book.accounts[ANN, "miles", POINTS] == account(0, version=0, at=0)
    assert book.currencies(ANN) == ["miles", "points"]
    assert book.currencies(BOB) == ["miles"]
    assert book.entries == []


def test_the_next_end_is_that_of_open_lots_and_open_holds() -> None:
    part = HoldPart(owner=ANN, lot=1, amount=1)
    closed = replace(held(part, id_=UUID(int=1), settle=2), state="released", released=1)
    lots = [lot(1, 9, ends=5), lot(2, 9), lot(3, 9, remaining=0, ends=1), lot(4, 9, currency="miles", ends=1)]

    def due(*holds: object, lots: list[Lot] = lots) -> datetime | None:
        book = book_of(*lots, holds=holds)  # type: ignore[arg-type]
        book.recompute_due(ANN, "points")
        return book.accounts[ANN, "points", POINTS].due_at

    assert due() == day(5)
    assert due(closed) == day(5)
    assert due(held(part, valid=3, settle=4)) == day(4)
    # Another's hold on these points ends them, too.
    assert due(held(part, member=BOB, valid=3, settle=4)) == day(4)
    assert due(held(part, settle=6)) == day(5)
    assert due(lots=[lot(2, 9)]) is None
    # One who never had any has no end; nothing is made up.
    book = Book({})
    book.recompute_due(ANN, "points")
    assert book.accounts == {}


def test_an_end_that_stays_is_not_written() -> None:
    book = book_of(lot(1, 9, ends=5))
    book.recompute_due(ANN, "points")
    kept, mark = book.accounts[ANN, "points", POINTS], book.mark()
    book.recompute_due(ANN, "points")
    assert book.accounts[ANN, "points", POINTS] is kept
    assert book.mark() == mark


# -- taking steps back -------------------------------------------------------------------------------------------------


def lay_out(book: Book) -> tuple[object, ...]:
    """Everything that a step may change."""
    times = {member: book.time(member, day(-99)) for member in (ANN, BOB)}
    lots = {key: dict(lots) for key, lots in book.lots.items() if lots}
    return (dict(book.accounts), lots, dict(book.holds), list(book.entries), list(book.allocations), times)


def test_a_step_back_leaves_no_trace_of_the_step_and_all_of_those_before() -> None:
    kept = held(HoldPart(owner=ANN, lot=1, amount=5))
    book = book_of(lot(1, 50, ends=9), holds=[kept])
    marks = [(book.mark(), lay_out(book))]
    for number, step in enumerate(
        (
            lambda: book.issue(ANN, posting(40, ends=7), program="p1", by=stamp(1)),
            lambda: spend(book, ANN, "points", 60, kind="redeem", house="redemption", by=stamp(2)),
            lambda: hold(book, ANN, [ANN], "points", 10, until=(day(5), day(6)), by=stamp(3)),
            lambda: book.put_hold(replace(kept, released=5, state="released", ended_at=day(4))),
            lambda: book.issue(BOB, posting(40, ends=7), program="p1", by=stamp(1)),
        )
    ):
        step()
        assert lay_out(book) != marks[number][1]
        marks.append((book.mark(), lay_out(book)))
    for mark, before in reversed(marks):
        book.undo(mark)
        assert lay_out(book) == before


# -- issuing -----------------------------------------------------------------------------------------------------------


def posting(points: int, *, ends: int | None = None, usable: int | None = None) -> Posting:
    return Posting(
        currency="points",
        points=points,
        offer="bonus",
        lines=((1, points),),
        usable_from=None if usable is None else day(usable),
        expires_at=None if ends is None else day(ends),
        priority=3,
        funder="dairy",
        value_micro=7,
    )


def test_a_new_lot_remembers_what_it_was_given_for() -> None:
    book = book_of(lot(4, 9))
    posted = book.issue(ANN, posting(30, ends=9, usable=2), program="p2", by=stamp())
    assert posted == Posted(
        currency="points", points=30, offer="bonus", kind="issue", lot=5, version=5, usable_from=day(2),
        expires_at=day(9), lines=((1, 30),),
    )  # fmt: skip
    assert book.lots[ANN, "points"][5] == Lot(
        member=ANN, currency="points", number=5, amount=30, remaining=30, issued_at=AT, usable_from=day(2),
        expires_at=day(9), priority=3, activity=NOW, offer="bonus", program="p2", funder="dairy", value_micro=7,
    )  # fmt: skip
    assert moves(book) == [(ISSUANCE, "issue", -30), (POINTS, "issue", 30)]
    prove(book)


def test_a_new_lot_is_usable_at_once_and_for_ever_where_nothing_else_is_said() -> None:
    book = Book({})
    posted = book.issue(ANN, posting(30), program="p2", by=stamp(), kind="opening", house="opening")
    assert (posted.kind, posted.usable_from, posted.expires_at) == ("opening", None, None)
    kept = book.lots[ANN, "points"][1]
    assert (kept.usable_from, kept.expires_at) == (AT, None)
    assert moves(book) == [("opening", "opening", -30), (POINTS, "opening", 30)]


@pytest.mark.parametrize(
    ("owed", "points", "settled", "remaining"),
    [(0, 10, 0, 10), (1, 10, 1, 9), (4, 10, 4, 6), (10, 10, 10, 0), (25, 10, 10, 0)],
)
def test_what_is_owed_is_paid_first(owed: int, points: int, settled: int, remaining: int) -> None:
    book = book_of(lot(1, 9, remaining=0), owed=owed)
    posted = book.issue(ANN, posting(points, ends=9), program="p2", by=stamp())
    assert (posted.points, posted.settled) == (points, settled)
    assert left(book)[2] == remaining
    assert book.balance(ANN, "points", ARREARS) == settled - owed
    paid = [(POINTS, "settle", -settled), (ARREARS, "settle", settled)] if settled else []
    assert moves(book) == [(ISSUANCE, "issue", -points), (POINTS, "issue", points), *paid]
    assert taken(book) == ([(2, POINTS, 3, -settled, None)] if settled else [])
    # What is all paid away never ends.
    assert book.due_at(ANN) == (day(9) if remaining else NEVER)
    prove(book)


def test_points_that_end_before_they_are_issued_are_a_bug() -> None:
    book = Book({})
    with pytest.raises(AssertionError):
        book.issue(ANN, posting(1, ends=0), program="p2", by=stamp())
    with pytest.raises(AmountInvalid):
        book.issue(ANN, posting(0), program="p2", by=stamp())


# -- ending ------------------------------------------------------------------------------------------------------------


def test_what_has_run_out_ends_and_nothing_else() -> None:
    lots = [lot(1, 9, ends=-1), lot(2, 8, ends=0, remaining=5, expired=1), lot(3, 7, ends=1), lot(4, 6)]
    book = book_of(*lots, lot(5, 5, currency="miles", ends=-1), lot(6, 5, member=BOB, ends=-1))
    assert book.ended_lots(ANN, "points", AT) == lots[:2]
    posted = book.expire(ANN, "points", by=stamp())
    assert posted == Posted(currency="points", points=-14, kind="expire", version=5)
    assert left(book) == {1: 0, 2: 0, 3: 7, 4: 6}
    assert {number: each.expired for number, each in book.lots[ANN, "points"].items()} == {1: 9, 2: 6, 3: 0, 4: 0}
    assert moves(book) == [(POINTS, "expire", -14), (BREAKAGE, "expire", 14)]
    assert taken(book) == [(1, POINTS, 5, -9, None), (2, POINTS, 5, -5, None)]
    assert book.due_at(ANN) == day(1)
    prove(book)


def test_where_nothing_has_run_out_only_the_next_end_is_put_right() -> None:
    book = book_of(lot(1, 9, ends=1))
    assert book.expire(ANN, "points", by=stamp()) is None
    assert book.entries == []
    assert book.due_at(ANN) == day(1)

"""What becomes of a claim, by ledger time alone: no database in here."""

from collections.abc import Callable
from datetime import datetime

import pytest

from regulars.base.errors import Refusal
from regulars.base.ids import new_id
from regulars.kernel.limits import (
    Ceilings,
    CeilingSpent,
    CeilingUnknown,
    ClaimEnded,
    ClaimName,
    ClaimNotTaken,
    ClaimRow,
    ClaimTooSmall,
    ClaimUnknown,
)
from tests.limits.story import ANN, AT, BOB, LAMP, later, reserve, shelf, take


def state(ceilings: Ceilings, claim: ClaimName) -> tuple[str, int]:
    found = ceilings.find(claim, member=ANN)
    return (found.state, found.held)


def test_what_is_promised_is_not_left() -> None:
    ceilings = shelf(10)
    take(ceilings, 3)
    reserve(ceilings, 4)
    assert ceilings.left == {LAMP: 3}
    with pytest.raises(CeilingSpent, match="4 of stock:lamp are asked for, and 3 are left") as refused:
        take(ceilings, 4)
    assert refused.value.context == {"ceiling": LAMP, "left": 3, "asked": 4}
    take(ceilings, 3)
    assert ceilings.left == {LAMP: 0}
    (kept,) = ceilings.moved()
    assert (kept.taken, kept.reserved) == (6, 4)


def test_one_activity_has_one_claim_under_a_ceiling() -> None:
    ceilings = shelf(10)
    activity = new_id()
    first = ceilings.take(LAMP, 2, activity=activity, member=ANN, at=AT)
    assert ceilings.take(LAMP, 3, activity=activity, member=ANN, at=AT) == first == (LAMP, activity)
    assert [(claim.amount, claim.state) for claim in ceilings.claims] == [(5, "taken")]
    assert ceilings.left == {LAMP: 5}


@pytest.mark.parametrize(
    ("minute", "left"),
    [
        (0, 6),
        (9, 6),
        (10, 10),  # `until` itself is already too late: what runs out at noon is free at noon
        (11, 10),
    ],
)
def test_a_reservation_counts_until_its_last_moment(minute: int, left: int) -> None:
    ceilings = shelf(10)
    claim = reserve(ceilings, 4, until=later(10))
    ended = ceilings.end_due(later(minute))
    assert ceilings.left == {LAMP: left}
    assert ended == (left == 10)
    assert state(ceilings, claim) == (("released", 0) if ended else ("reserved", 4))


def test_what_ran_out_says_when_it_did_and_not_when_that_was_noticed() -> None:
    ceilings = shelf(10)
    claim = reserve(ceilings, 4, until=later(10))
    take(ceilings, 10, at=later(500), member=BOB)
    assert ceilings.find(claim, member=ANN).ended_at == later(10)


def test_a_reservation_is_confirmed_once() -> None:
    ceilings = shelf(10)
    claim = reserve(ceilings, 4)
    assert ceilings.confirm(claim, member=ANN, at=later(9)).state == "taken"
    assert ceilings.left == {LAMP: 6}
    with pytest.raises(ClaimEnded, match="already taken"):
        ceilings.confirm(claim, member=ANN, at=later(9))
    # Time ends reservations, and this is none any more.
    assert ceilings.end_due(later(10)) == 0
    assert ceilings.left == {LAMP: 6}


def test_a_late_confirmation_claims_anew_while_there_is_room() -> None:
    ceilings = shelf(10)
    claim = reserve(ceilings, 4, until=later(10))
    take(ceilings, 6, at=later(30))
    found = ceilings.confirm(claim, member=ANN, at=later(40))
    assert (found.state, found.held, found.ended_at, found.at) == ("taken", 4, None, AT)
    assert ceilings.left == {LAMP: 0}


def test_a_late_confirmation_is_refused_where_others_were_faster() -> None:
    ceilings = shelf(10)
    claim = reserve(ceilings, 4, until=later(10))
    take(ceilings, 7, at=later(10))
    with pytest.raises(ClaimEnded, match="only 3 are left") as refused:
        ceilings.confirm(claim, member=ANN, at=later(11))
    assert refused.value.context["left"] == 3
    assert state(ceilings, claim) == ("released", 0)


def test_a_released_reservation_stays_released() -> None:
    ceilings = shelf(10)
    claim = reserve(ceilings, 4)
    assert ceilings.release(claim, member=ANN, at=later(1)).ended_at == later(1)
    assert ceilings.left == {LAMP: 10}
    # There is room, but who let go of it did so for good.
    for minute in (1, 10, 11):
        with pytest.raises(ClaimEnded, match="was released"):
            ceilings.confirm(claim, member=ANN, at=later(minute))
    with pytest.raises(ClaimEnded, match="was released"):
        ceilings.release(claim, member=ANN, at=later(1))


def test_what_was_taken_comes_back_in_parts() -> None:
    ceilings = shelf(10)
    claim = take(ceilings, 5)
    assert ceilings.give_back(claim, 2, member=ANN, at=later(1)).ended_at is None
    assert (state(ceilings, claim), ceilings.left) == (("taken", 3), {LAMP: 7})
    with pytest.raises(ClaimTooSmall, match="3 are still out"):
        ceilings.give_back(claim, 4, member=ANN, at=later(2))
    assert ceilings.give_back(claim, 3, member=ANN, at=later(3)).ended_at == later(3)
    assert (state(ceilings, claim), ceilings.left) == (("returned", 0), {LAMP: 10})
    with pytest.raises(ClaimEnded, match="came back"):
        ceilings.give_back(claim, 1, member=ANN, at=later(4))


def confirm(ceilings: Ceilings, claim: ClaimName, at: datetime) -> ClaimRow:
    return ceilings.confirm(claim, member=ANN, at=at)


def release(ceilings: Ceilings, claim: ClaimName, at: datetime) -> ClaimRow:
    return ceilings.release(claim, member=ANN, at=at)


def give_back(ceilings: Ceilings, claim: ClaimName, at: datetime) -> ClaimRow:
    return ceilings.give_back(claim, 1, member=ANN, at=at)


Verb = Callable[[Ceilings, ClaimName, datetime], ClaimRow]


@pytest.mark.parametrize(
    ("before", "verb", "outcome"),
    [
        ("reserved", confirm, "taken"),
        ("reserved", release, "released"),
        ("reserved", give_back, ClaimNotTaken),
        ("ran out", confirm, "taken"),
        ("ran out", release, ClaimEnded),
        ("ran out", give_back, ClaimEnded),
        ("taken", confirm, ClaimEnded),
        ("taken", release, ClaimEnded),
        ("taken", give_back, "returned"),
        ("released", confirm, ClaimEnded),
        ("released", release, ClaimEnded),
        ("released", give_back, ClaimEnded),
        ("returned", confirm, ClaimEnded),
        ("returned", release, ClaimEnded),
        ("returned", give_back, ClaimEnded),
    ],
)
@pytest.mark.parametrize("stored", [False, True], ids=["made here", "read"])
def test_every_verb_on_every_state(before: str, verb: Verb, outcome: str | type[Refusal], stored: bool) -> None:
    ceilings = shelf(1)
    claim = take(ceilings, 1) if before in {"taken", "returned"} else reserve(ceilings, 1)
    if before == "released":
        ceilings.release(claim, member=ANN, at=AT)
    if before == "returned":
        ceilings.give_back(claim, 1, member=ANN, at=AT)
    at = later(60) if before == "ran out" else later(1)
    if stored:
        ceilings = shelf(1, ceilings.find(claim, member=ANN))
    if isinstance(outcome, str):
        assert verb(ceilings, claim, at).state == outcome
        return
    left = 1 if before in {"released", "returned", "ran out"} else 0
    with pytest.raises(outcome):
        verb(ceilings, claim, at)
    assert ceilings.left == {LAMP: left}


@pytest.mark.parametrize("verb", [confirm, release, give_back])
def test_nobody_touches_the_claim_of_another(verb: Verb) -> None:
    ceilings = shelf(10)
    claim = reserve(ceilings, 4, member=BOB)
    with pytest.raises(ClaimUnknown):
        verb(ceilings, claim, AT)
    assert ceilings.find(claim, member=BOB).state == "reserved"


@pytest.mark.parametrize("verb", [confirm, release, give_back])
def test_a_claim_that_nobody_made_is_unknown(verb: Verb) -> None:
    claim = (LAMP, new_id())
    ceilings = Ceilings({}, asked=[LAMP], named=[claim])
    with pytest.raises(ClaimUnknown):
        verb(ceilings, claim, AT)
    # One that nobody looked for is another matter: it may well exist.
    with pytest.raises(AssertionError, match="not named"):
        verb(ceilings, (LAMP, new_id()), AT)


@pytest.mark.parametrize("claim", [take, reserve])
def test_what_was_never_created_is_unknown(claim: Callable[..., ClaimName]) -> None:
    ceilings = Ceilings({}, asked=[LAMP])
    with pytest.raises(CeilingUnknown):
        claim(ceilings, 1)
    with pytest.raises(AssertionError, match="not locked"):
        claim(ceilings, 1, id_="stock:chair")
    assert (ceilings.claims, ceilings.added()) == ([], [])


def told(ceilings: Ceilings) -> object:
    return (ceilings.all(), dict(ceilings.left), ceilings.claims, ceilings.moved(), ceilings.moved_claims())


def test_a_refused_step_leaves_no_trace() -> None:
    elder = shelf(10)
    taken, kept, due = take(elder, 1), reserve(elder, 2, until=later(99)), reserve(elder, 3, until=later(10))
    ceilings = shelf(10, *elder.claims, ensured={"cap": 5})
    reserve(ceilings, 1, until=later(11))
    before, mark = told(ceilings), ceilings.mark()
    ceilings.confirm(kept, member=ANN, at=later(20))
    ceilings.give_back(taken, 1, member=ANN, at=later(20))
    ceilings.confirm(due, member=ANN, at=later(20))
    take(ceilings, 5, id_="cap", at=later(20))
    ceilings.release(reserve(ceilings, 1, at=later(20)), member=ANN, at=later(20))
    assert told(ceilings) != before
    ceilings.undo(mark)
    assert told(ceilings) == before
    # Time that had passed in the refused step passes again: both reservations still end.
    assert ceilings.end_due(later(20)) == 2
    assert ceilings.left == {LAMP: 7, "cap": 5}


def test_a_name_that_was_taken_back_is_free_again() -> None:
    ceilings = shelf(10)
    activity, mark = new_id(), ceilings.mark()
    ceilings.reserve(LAMP, 4, activity=activity, member=ANN, at=AT, until=later(5))
    ceilings.undo(mark)
    ceilings.reserve(LAMP, 4, activity=activity, member=ANN, at=AT, until=later(9))
    assert (ceilings.end_due(later(5)), ceilings.left) == (0, {LAMP: 6})
    assert (ceilings.end_due(later(9)), ceilings.left) == (1, {LAMP: 10})


def test_a_cap_need_not_exist_beforehand_and_comes_with_the_first_claim() -> None:
    ceilings = Ceilings({}, ensured={"cap": 5, "other": 7}, asked=["cap", "other"])
    assert ceilings.left == {"cap": 5, "other": 7}
    assert ceilings.added() == []
    take(ceilings, 2, id_="cap")
    assert [(it.id, it.amount, it.taken) for it in ceilings.added()] == [("cap", 5, 2)]
    assert ceilings.moved() == []


def test_a_cap_that_was_lowered_keeps_what_was_promised() -> None:
    elder = shelf(10)
    taken, kept = take(elder, 3), reserve(elder, 5, until=later(10))
    ceilings = shelf(10, *elder.claims, ensured={LAMP: 4})
    assert ceilings.left == {LAMP: -4}
    assert ceilings.moved() == []
    with pytest.raises(CeilingSpent, match="0 are left"):
        take(ceilings, 1)
    ceilings.confirm(kept, member=ANN, at=later(1))
    ceilings.give_back(taken, 1, member=ANN, at=later(1))
    # The row can say no less than what is promised; it follows as that comes back.
    assert [(it.amount, it.taken, it.reserved) for it in ceilings.moved()] == [(7, 7, 0)]


def test_whether_what_ran_out_was_swept_does_not_change_a_lowered_cap() -> None:
    elder = shelf(10)
    take(elder, 3)
    reserve(elder, 5, until=later(10))
    unswept = shelf(10, *elder.claims, ensured={LAMP: 4})
    elder.end_due(later(10))
    swept = shelf(10, *elder.claims, ensured={LAMP: 4})
    unswept.end_due(later(10))
    assert unswept.left == swept.left == {LAMP: 1}

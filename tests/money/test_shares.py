"""How amounts are shared: every division rounds as it says, and the parts come to the whole."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.features.money import Estimate, MoveUnknown
from regulars.features.money.deferral import allocate, carry_on, release
from regulars.features.money.forward import foresee
from regulars.features.money.model import Deferral, pick_estimate
from regulars.kernel.ledger.money import IssuedLot, LotPart

MEMBER, FRIEND = UUID(int=1), UUID(int=2)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
OWN = frozenset({"house"})


def lot(amount: int, value_micro: int, number: int = 1, **more: Any) -> IssuedLot:  # noqa: ANN401 - any field of a lot
    given: dict[str, Any] = {"member": MEMBER, "kind": "issue", "funder": "house", "parent": None, **more}
    return IssuedLot(
        currency="points",
        number=number,
        amount=amount,
        issued_at=MARCH,
        activity=UUID(int=9),
        value_micro=value_micro,
        **given,
    )


def estimate(rate_permille: int, *, number: int = 1, since: datetime = MARCH) -> Estimate:
    return Estimate(
        number=number,
        currency="points",
        rate_permille=rate_permille,
        effective_from=since,
        made_by="ann",
        at=MARCH,
        note="x",
    )


def took(amount: int, version: int, kind: str = "gift") -> LotPart:
    return LotPart(
        member=MEMBER,
        currency="points",
        lot=1,
        account="points",
        version=version,
        amount=-amount,
        kind=kind,
        at=MARCH,
    )


@pytest.mark.parametrize(
    ("lots", "sale_minor", "bases", "deferred"),
    [
        # The example of the auditors' books: 2,000.00, 2,000 points at 0.10, 85 % used.
        ([lot(2_000, 10 * 10**6)], 200_000, ["sale"], [15_668_202_764]),
        # Two lots of one sale share it once: 200 x 17.00 / 217.00, and half of that each.
        ([lot(1_000, 10 * 10**6), lot(1_000, 10 * 10**6, 2)], 200_000, ["sale", "sale"], [7_834_101_382] * 2),
        # No sale, or a correction beside one: at its own price.
        ([lot(100, 10**6)], 0, ["cost"], [85 * 10**6]),
        ([lot(100, 10**6, kind="adjust")], 5_000, ["cost"], [85 * 10**6]),
        # Another's points take nothing out of our price.
        ([lot(100, 10**6, funder="dairy"), lot(100, 0, 2)], 5_000, ["funded", "sale"], [85 * 10**6, 0]),
    ],
)
def test_what_is_set_aside(lots: list[IssuedLot], sale_minor: int, bases: list[str], deferred: list[int]) -> None:
    made = allocate(lots, {"points": estimate(850)}, sale_minor=sale_minor, own=OWN)
    assert [each.basis for each in made] == bases
    assert [each.deferred_micro for each in made] == deferred


@given(
    amounts=st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
    value=st.integers(1, 10**9),
    rate=st.integers(0, 1000),
    sale=st.integers(1, 10**12),
)
def test_lots_of_a_sale_share_all_of_it(amounts: list[int], value: int, rate: int, sale: int) -> None:
    lots = [lot(amount, value, number) for number, amount in enumerate(amounts, start=1)]
    made = allocate(lots, {"points": estimate(rate)}, sale_minor=sale, own=OWN)
    prices = sum(each.ssp_micro for each in made)
    assert sum(each.deferred_micro for each in made) == sale * 10**6 * prices // (sale * 10**6 + prices)
    assert all(0 <= each.deferred_micro <= each.ssp_micro for each in made)


@given(amount=st.integers(1, 1_000), deferred=st.integers(0, 10**9), stops=st.lists(st.integers(0, 1_000), max_size=9))
def test_whatever_the_path_nothing_is_left_at_the_end(amount: int, deferred: int, stops: list[int]) -> None:
    path = [0, *(min(stop, amount) for stop in stops), amount]
    assert sum(release(deferred, amount, *pair) for pair in pairwise(path)) == deferred


@pytest.mark.parametrize(
    ("issued", "exercised", "left", "amounts_micro", "rate", "ahead"),
    [
        (100, 0, 100, (1_000, 0), 800, 0),  # nothing is used yet, so nothing of the breakage is income
        (100, 40, 60, (600, 0), 800, 100),  # half of what will ever be used is: half of the 200 that never will be
        (100, 80, 20, (200, 0), 800, 200),  # all that will ever be used is
        (100, 90, 10, (100, 0), 800, 100),  # more than was thought: what is left is taken to stay
        (100, 40, 50, (500, 100), 800, 0),  # a tenth has ended: that is as much as use would set free
        (100, 40, 60, (600, 0), 1000, 0),  # everything will be used
        (100, 0, 100, (1_000, 0), 0, 1_000),  # nothing will
        (1, 0, 1, (10, 0), 500, 0),  # one point, half of which will be used: taken to be used
        (100, 60, 0, (0, 400), 800, 0),  # nothing is left
    ],
)
def test_breakage_ahead(
    issued: int, exercised: int, left: int, amounts_micro: tuple[int, int], rate: int, ahead: int
) -> None:
    found = foresee(issued=issued, exercised=exercised, left=left, amounts_micro=amounts_micro, rate_permille=rate)
    assert found == ahead


def test_a_lot_handed_on_in_parts_hands_on_all_that_was_set_aside() -> None:
    parent = Deferral(
        member=MEMBER, currency="points", lot=1, basis="sale", sale_minor=1, ssp_micro=11, deferred_micro=10, estimate=1
    )
    key = (MEMBER, "points", 1)
    children = [lot(n, 1, i, member=FRIEND, kind="gift", parent=key) for i, n in enumerate((1, 1, 1, 4), start=1)]
    parts = [took(1, 2), took(1, 3), took(1, 4, "redeem"), took(1, 5), took(4, 6)]
    carried = carry_on(parent, 8, parts, children)
    # Of 10 over 8 points, running and rounded down: 1 2 | 3 | 5 | 10; the third was used, not given.
    assert [carried[child.key].deferred_micro for child in children] == [1, 1, 2, 5]
    with pytest.raises(MoveUnknown):
        carry_on(parent, 8, parts, [lot(2, 1, 1, member=FRIEND, kind="gift", parent=key)])


def test_which_estimate_holds() -> None:
    april, may = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    made = {"points": [estimate(900), estimate(800, number=2, since=april), estimate(700, number=3, since=april)]}
    times = [(datetime(2020, 1, 1, tzinfo=UTC), False), (april, True), (april, False), (may, True)]
    found = [pick_estimate(made, "points", at, closing=closing) for at, closing in times]
    assert [each.number if each else 0 for each in found] == [1, 1, 3, 3]
    assert pick_estimate(made, "miles", may) is None

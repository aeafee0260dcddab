"""How much of a sale belongs to the points that came with it. Pure; every division says how it rounds."""

from collections.abc import Mapping, Sequence

from regulars.features.money.model import MICRO, PERMILLE, Basis, Deferral, Estimate, MoveUnknown
from regulars.kernel.ledger.money import IssuedLot, LotKey, LotPart

__all__ = ["allocate", "carry_on", "price", "release"]


def price(points: int, value_micro: int, rate_permille: int) -> int:
    """The stand-alone selling price of points, in micro: points x value x the share that will be used; rounds down."""
    return points * value_micro * rate_permille // PERMILLE


def allocate(
    lots: Sequence[IssuedLot], estimates: Mapping[str, Estimate], *, sale_minor: int, own: frozenset[str]
) -> list[Deferral]:
    """Set aside what belongs to the lots that one activity issued, all of them worth money.

    Points that came with a sale share its price with the goods by relative stand-alone selling prices: deferred =
    amount x SSP / (amount + SSP), over all lots together, rounded down to a millionth of a minor unit; the lots split
    that by running shares, so that they add up to it. Points without a sale are set aside at their own price, and
    points that somebody outside `own` pays for too: they are no part of our price.
    """
    prices = [price(lot.amount, lot.value_micro, estimates[lot.currency].rate_permille) for lot in lots]
    bases: list[Basis] = [_basis(lot, sale_minor, own) for lot in lots]
    sold = sum(ssp for ssp, basis in zip(prices, bases, strict=True) if basis == "sale")
    amount = sale_minor * MICRO
    whole = amount * sold // (amount + sold) if sold else 0
    running = 0
    made: list[Deferral] = []
    for lot, ssp, basis in zip(lots, prices, bases, strict=True):
        deferred = ssp
        if basis == "sale":
            before, running = running, running + ssp
            deferred = (whole * running // sold - whole * before // sold) if sold else 0
        made.append(
            Deferral(
                member=lot.member,
                currency=lot.currency,
                lot=lot.number,
                basis=basis,
                sale_minor=sale_minor if basis == "sale" else 0,
                ssp_micro=ssp,
                deferred_micro=deferred,
                estimate=estimates[lot.currency].number,
            )
        )
    return made


def _basis(lot: IssuedLot, sale_minor: int, own: frozenset[str]) -> Basis:
    if lot.funder not in own:
        return "funded"
    return "sale" if lot.kind == "issue" and sale_minor > 0 else "cost"


def release(deferred_micro: int, amount: int, before: int, after: int) -> int:
    """What a lot sets free when the points gone from it grow from `before` to `after`; negative when points come back.

    By running shares, rounded down: whatever the path, what is left at the end is exactly nothing.
    """
    assert 0 <= before <= amount
    assert 0 <= after <= amount
    return deferred_micro * after // amount - deferred_micro * before // amount


def carry_on(
    parent: Deferral, issued: int, parts: Sequence[LotPart], children: Sequence[IssuedLot]
) -> dict[LotKey, Deferral]:
    """Give the lots that were handed on out of one lot what that lot set free for each.

    `parts` is all that moved the parent, in order. Raises MoveUnknown for a child that nothing was taken out for.
    """
    freed: dict[tuple[str, int], list[int]] = {}
    gone = 0
    for part in parts:
        before, gone = gone, gone - part.amount
        value = release(parent.deferred_micro, issued, before, gone)
        freed.setdefault((part.kind, -part.amount), []).append(value)
    carried: dict[LotKey, Deferral] = {}
    for child in sorted(children, key=lambda lot: (lot.issued_at, lot.member, lot.number)):
        values = freed.get((child.kind, child.amount))
        if not values:
            detail = f"Lot {child.number} of {child.member} was handed on, but nothing left lot {parent.lot} for it."
            raise MoveUnknown(detail, kind=child.kind)
        carried[child.key] = Deferral(
            member=child.member,
            currency=child.currency,
            lot=child.number,
            basis="moved",
            sale_minor=0,
            ssp_micro=values[0],
            deferred_micro=values.pop(0),
            estimate=0,
        )
    return carried

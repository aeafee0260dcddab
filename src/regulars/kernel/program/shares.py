"""Whole shares: how points are split over lines so that the parts always add up to the whole."""

from collections.abc import Sequence

import msgspec

from regulars.kernel.nouns import Discount, Line

__all__ = ["rescale", "spread", "take_off"]


def spread(points: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split points in proportion to weights, each part being the growth of the running share rounded down.

    The parts add up to `points` exactly. Weights of which all are zero leave everything to the first.
    """
    assert points >= 0, "points to be split are counted, not owed"
    total = sum(weights)
    if total == 0:
        return (points, *(0 for _ in weights[1:])) if weights else ()
    parts: list[int] = []
    running = before = 0
    for weight in weights:
        running += weight
        reached = points * running // total
        parts.append(reached - before)
        before = reached
    return tuple(parts)


def rescale(lines: Sequence[tuple[int, int]], points: int) -> tuple[tuple[int, int], ...]:
    """Give an attribution by line another whole, in the same proportions. Lines that end with nothing are left out."""
    parts = spread(points, [part for _, part in lines])
    return tuple((line, part) for (line, _), part in zip(lines, parts, strict=True) if part)


def take_off(lines: Sequence[Line], discounts: Sequence[Discount]) -> tuple[Line, ...]:
    """Take discounts off lines, as far as there is something to pay. One of the basket (line 0) is shared by amount."""
    amounts = [line.amount_minor for line in lines]
    for discount in discounts:
        if discount.line:
            place = discount.line - 1
            amounts[place] -= min(discount.amount_minor, amounts[place])
        else:
            parts = spread(min(discount.amount_minor, sum(amounts)), amounts)
            amounts = [amount - part for amount, part in zip(amounts, parts, strict=True)]
    return tuple(
        msgspec.structs.replace(
            line,
            amount_minor=amount,
            coupon_discount_minor=line.coupon_discount_minor + line.amount_minor - amount,
        )
        for line, amount in zip(lines, amounts, strict=True)
    )

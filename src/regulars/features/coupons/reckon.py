"""What a coupon takes off which line. Whole minor units, rounded down; never more than a line costs."""

from collections.abc import Sequence

from regulars.features.coupons.model import Amount, BuyGet, Cheapest, Percent
from regulars.kernel.nouns import Discount, Line
from regulars.kernel.program import Choice, spread

__all__ = ["reckon"]

PERMILLE = 1000
MILLI = 1000


def reckon(effect: Percent | Amount | Cheapest | BuyGet, lines: Sequence[Line], choice: Choice) -> tuple[Discount, ...]:
    """Say what is taken off the chosen lines; nothing where that is less than one minor unit."""
    chosen = [(number, lines[number - 1]) for number in choice.numbers]
    if isinstance(effect, Percent | Amount):
        if isinstance(effect, Amount):
            total = min(effect.minor, choice.amount_minor)
        else:
            total = choice.amount_minor * effect.permille // PERMILLE
            total = total if effect.max_minor is None else min(total, effect.max_minor)
        parts = spread(total, [line.amount_minor for _, line in chosen])
        found = zip([number for number, _ in chosen], parts, strict=True)
    elif isinstance(effect, Cheapest):
        priced = [(price, number) for number, line in chosen if (price := _price(line)) > 0]
        found = [(min(priced)[1], min(priced)[0] * effect.permille // PERMILLE)] if priced else []
    else:
        found = _find_free(effect, chosen)
    return tuple(Discount(line=number, amount_minor=part) for number, part in found if part)


def _find_free(effect: BuyGet, chosen: Sequence[tuple[int, Line]]) -> list[tuple[int, int]]:
    """By line: what its free pieces cost. Lines are walked as wholes, however many pieces they have."""
    found: list[tuple[int, int]] = []
    before = 0
    for number, line in sorted(chosen, key=lambda it: (-_price(it[1]), it[0])):
        after = before + _count(line)
        free = _count_free(effect, after) - _count_free(effect, before)
        found.append((number, free * _price(line) * effect.permille // PERMILLE))
        before = after
    return sorted(found)


def _count_free(effect: BuyGet, pieces: int) -> int:
    """Of so many pieces in a row, how many are free."""
    whole, rest = divmod(pieces, effect.buy + effect.get)
    return whole * effect.get + max(0, rest - effect.buy)


def _count(line: Line) -> int:
    """The pieces of a line. What is sold by weight or length is one piece."""
    whole, rest = divmod(line.quantity_milli, MILLI)
    return whole if whole and not rest else 1


def _price(line: Line) -> int:
    return line.amount_minor // _count(line)

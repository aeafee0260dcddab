"""Offers for everybody, worked out at the till while the server is away: from an extract of the programme.

An extract holds only what needs to know nobody: a share off lines, off lines of a category, or off a whole basket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from regulars_till.basket import Basket, Discount, Json, Line
from regulars_till.clock import read_moment

__all__ = ["Extract", "Offer", "find_discounts", "read_extract"]

WHOLE = 10_000
"""Hundredths of a percent in all of it."""


@dataclass(frozen=True)
class Offer:
    """A share off, for anybody."""

    id: str
    percent_hundredths: int
    skus: frozenset[str]
    categories: frozenset[str]
    """Lines that it is for; with neither: all of them."""
    minimum_minor: int
    """What these lines must come to."""
    since: datetime | None
    until: datetime | None

    def covers(self, line: Line) -> bool:
        """Tell whether a line is meant."""
        everything = not self.skus and not self.categories
        return everything or line.sku in self.skus or not self.categories.isdisjoint(line.categories)

    def is_on(self, now: datetime) -> bool:
        """Tell whether it is given now."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


@dataclass(frozen=True)
class Extract:
    """Offers as the server told them."""

    as_of: datetime
    program: str
    offers: tuple[Offer, ...]


def read_extract(told: Json) -> Extract:
    """Read the answer of `GET /v1/tills/offers`; raises ValueError, KeyError or TypeError when it is none."""
    return Extract(
        as_of=read_moment(told["as_of"]),
        program=str(told["program"]),
        offers=tuple(_read_offer(each) for each in told["offers"]),
    )


def _read_offer(told: Json) -> Offer:
    percent = int(told["percent_hundredths"])
    if not 0 < percent <= WHOLE:
        raise ValueError(f"{percent} hundredths of a percent cannot be taken off")
    return Offer(
        id=str(told["id"]),
        percent_hundredths=percent,
        skus=frozenset(told.get("skus", ())),
        categories=frozenset(told.get("categories", ())),
        minimum_minor=int(told.get("minimum_minor", 0)),
        since=None if told.get("from") is None else read_moment(told["from"]),
        until=None if told.get("until") is None else read_moment(told["until"]),
    )


def find_discounts(extract: Extract, basket: Basket, now: datetime) -> tuple[Discount, ...]:
    """Work out what is off. Each line has its best offer alone; the share is rounded down, in the shop's favour."""
    best: dict[int, Discount] = {}
    for offer in extract.offers:
        covered = [(number, line) for number, line in enumerate(basket.lines, start=1) if offer.covers(line)]
        if not offer.is_on(now) or sum(line.amount_minor for _, line in covered) < offer.minimum_minor:
            continue
        for number, line in covered:
            amount_minor = line.amount_minor * offer.percent_hundredths // WHOLE
            if amount_minor > _amount_of(best, number):
                best[number] = Discount(offer=offer.id, line=number, amount_minor=amount_minor)
    return tuple(discount for _, discount in sorted(best.items()))


def _amount_of(best: Mapping[int, Discount], number: int) -> int:
    discount = best.get(number)
    return 0 if discount is None else discount.amount_minor

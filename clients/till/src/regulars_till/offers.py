"""Offers for everybody, worked out at the till while the server is away: from an extract of the programme.

An extract holds only what needs to know nobody: a share or an amount off lines, lines of a category, or a whole basket,
for whoever shows a coupon that everybody has. A till comes to the same as the server would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars_till.basket import Basket, Discount, Json, Line
from regulars_till.clock import read_moment

__all__ = ["Extract", "Offer", "find_discounts", "read_extract"]

WHOLE = 1_000
"""Permille of all of it."""


@dataclass(frozen=True)
class Offer:
    """A share or an amount off, for anybody."""

    id: str
    coupon: str
    """What is shown for it; empty: nothing need be."""
    permille: int
    max_minor: int | None
    minor: int
    """Without a share: so much."""
    skus: frozenset[str]
    categories: frozenset[str]
    brands: frozenset[str]
    """Lines that it is for: those that fit each list that is not empty."""
    stores: frozenset[str]
    minimum_minor: int
    """What these lines must come to."""
    since: datetime | None
    until: datetime | None
    excluded: tuple[frozenset[str], frozenset[str], frozenset[str]] = (frozenset(), frozenset(), frozenset())
    """Articles, categories and brands that are left out, whatever else they fit."""
    minimum_milli: int = 0
    """What these lines must come to in quantity, in thousandths."""
    places: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    """Where it is given; None: anywhere."""
    spans: tuple[tuple[datetime, datetime], ...] | None = None
    """When it is open, as far ahead as the server said; None: always."""

    def covers(self, line: Line) -> bool:
        """Tell whether a line is meant."""
        return (
            (not self.skus or line.sku in self.skus)
            and (not self.categories or not self.categories.isdisjoint(line.categories))
            and (not self.brands or line.brand in self.brands)
            and line.sku not in self.excluded[0]
            and self.excluded[1].isdisjoint(line.categories)
            and line.brand not in self.excluded[2]
        )

    def is_on(self, now: datetime, store: str, channel: str) -> bool:
        """Tell whether it is given here and now."""
        begun = self.since is None or self.since <= now
        return (
            begun
            and (self.until is None or now < self.until)
            and (not self.stores or store in self.stores)
            and (self.places is None or store in self.places)
            and (self.channels is None or channel in self.channels)
            and (self.spans is None or any(begin <= now < end for begin, end in self.spans))
        )

    def reckon(self, amount_minor: int) -> int:
        """Work out what is off lines that come to so much: rounded down, in the shop's favour."""
        if not self.permille:
            return min(self.minor, amount_minor)
        off = amount_minor * self.permille // WHOLE
        return off if self.max_minor is None else min(off, self.max_minor)


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
        offers=tuple(_read_offer(each) for each in (*told["offers"], *told.get("guarded", ()))),
    )


def _read_offer(told: Json) -> Offer:
    permille, minor = int(told.get("permille") or 0), int(told.get("minor") or 0)
    if not 0 <= permille <= WHOLE or minor < 0 or bool(permille) == bool(minor):
        raise ValueError(f"{permille} permille and {minor} minor units cannot be taken off")
    return Offer(
        id=str(told["id"]),
        coupon=str(told.get("coupon", "")),
        permille=permille,
        max_minor=None if told.get("max_minor") is None else int(told["max_minor"]),
        minor=minor,
        skus=frozenset(told.get("skus", ())),
        categories=frozenset(told.get("categories", ())),
        brands=frozenset(told.get("brands", ())),
        stores=frozenset(told.get("stores", ())),
        minimum_minor=int(told.get("minimum_minor", 0)),
        since=None if told.get("since") is None else read_moment(told["since"]),
        until=None if told.get("until") is None else read_moment(told["until"]),
        excluded=(
            frozenset(told.get("exclude_skus", ())),
            frozenset(told.get("exclude_categories", ())),
            frozenset(told.get("exclude_brands", ())),
        ),
        minimum_milli=int(told.get("minimum_milli", 0)),
        places=None if told.get("places") is None else frozenset(told["places"]),
        channels=None if told.get("channels") is None else frozenset(told["channels"]),
        spans=None
        if told.get("open") is None
        else tuple((read_moment(begin), read_moment(end)) for begin, end in told["open"]),
    )


def find_discounts(extract: Extract, basket: Basket, now: datetime, *, store: str = "") -> tuple[Discount, ...]:
    """Work out what is off: each offer on the prices before all of them, and no line for less than nothing."""
    found: list[Discount] = []
    left = [line.amount_minor for line in basket.lines]
    for offer in extract.offers:
        if (offer.coupon and offer.coupon not in basket.coupons) or not offer.is_on(now, store, basket.channel):
            continue
        covered = [(number, line.amount_minor) for number, line in enumerate(basket.lines) if offer.covers(line)]
        amounts = [amount for _, amount in covered]
        quantity = sum(basket.lines[number].quantity_milli for number, _ in covered)
        if sum(amounts) < offer.minimum_minor or quantity < offer.minimum_milli:
            continue
        for (number, _), part in zip(covered, _spread(offer.reckon(sum(amounts)), amounts)):
            off = min(part, left[number])
            left[number] -= off
            if off:
                found.append(Discount(offer=offer.id, line=number + 1, amount_minor=off, coupon=offer.coupon))
    return tuple(found)


def _spread(minor: int, weights: Sequence[int]) -> list[int]:
    """Split in proportion, each part being the growth of the running share rounded down, as the server does."""
    total = sum(weights)
    parts: list[int] = []
    running = before = 0
    for weight in weights:
        running += weight
        reached = minor * running // total if total else 0
        parts.append(reached - before)
        before = reached
    return parts

"""What is sold, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Basket", "Discount", "Json", "Line", "Member", "take_off"]

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One line of a basket: what the customer pays for it before coupons and offers, in the smallest coin."""

    sku: str
    amount_minor: int
    quantity_milli: int = 1000
    categories: tuple[str, ...] = ()
    brand: str = ""
    shelf_discount_minor: int = 0
    """Already taken off `amount_minor`."""
    coupon_discount_minor: int = 0
    """Paid by coupons, already taken off `amount_minor`."""

    def to_json(self) -> dict[str, Any]:
        """Write it as the server reads it."""
        told: dict[str, Any] = {"sku": self.sku, "amount_minor": self.amount_minor}
        if self.quantity_milli != 1000:  # noqa: PLR2004 - one piece, the server's default
            told["quantity_milli"] = self.quantity_milli
        if self.categories:
            told["categories"] = list(self.categories)
        if self.brand:
            told["brand"] = self.brand
        if self.shelf_discount_minor:
            told["shelf_discount_minor"] = self.shelf_discount_minor
        if self.coupon_discount_minor:
            told["coupon_discount_minor"] = self.coupon_discount_minor
        return told


@dataclass(frozen=True)
class Member:
    """Who buys: what the customer showed (`kind` and `value`), or the server's own `id`."""

    kind: str = ""
    value: str = field(default="", repr=False)
    id: str = ""

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if bool(self.id) == bool(self.kind and self.value):
            raise ValueError("Give either id, or kind and value")

    def to_json(self) -> dict[str, Any]:
        """Write it as the server reads it."""
        return {"id": self.id} if self.id else {"identifier": {"kind": self.kind, "value": self.value}}


@dataclass(frozen=True)
class Basket:
    """A basket at the till. Without a member the receipt itself collects the points, to be claimed later, once."""

    lines: tuple[Line, ...]
    member: Member | None = None
    coupons: tuple[str, ...] = ()
    pay: Mapping[str, int] = field(default_factory=dict[str, int])
    """Points the customer wishes to pay with, of one currency. They can only be taken while the server answers."""
    channel: str = "store"

    def __post_init__(self) -> None:
        """Refuse points of several currencies."""
        if len(self.pay) > 1:
            raise ValueError("A basket is paid with points of one currency")

    @property
    def gross_minor(self) -> int:
        """What the lines come to."""
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True)
class Discount:
    """Money taken off a line, numbered from 1; line 0 stands for the whole basket."""

    offer: str
    line: int
    amount_minor: int
    coupon: str = ""
    """Worked out at the till: the coupon that was shown for it."""


def take_off(lines: tuple[Line, ...], discounts: tuple[Discount, ...]) -> tuple[Line, ...]:
    """Take discounts of single lines off: what is left is what the customer paid."""
    off, by_coupon = [0] * len(lines), [0] * len(lines)
    for discount in discounts:
        assert 1 <= discount.line <= len(lines), "an offer speaks of a line"
        less = by_coupon if discount.coupon else off
        less[discount.line - 1] += discount.amount_minor
    return tuple(
        Line(
            sku=line.sku,
            amount_minor=line.amount_minor - less - coupon,
            quantity_milli=line.quantity_milli,
            categories=line.categories,
            brand=line.brand,
            shelf_discount_minor=line.shelf_discount_minor + less,
            coupon_discount_minor=line.coupon_discount_minor + coupon,
        )
        for line, less, coupon in zip(lines, off, by_coupon)
    )

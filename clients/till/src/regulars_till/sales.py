"""What a sale says to the server, and what it comes to when the server does not answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from regulars_till.basket import Basket, Discount, Member, take_off
from regulars_till.clock import read_moment, write_moment
from regulars_till.offers import Extract, find_discounts
from regulars_till.results import Quoted
from regulars_till.vouchers import KIND

if TYPE_CHECKING:
    from datetime import datetime

    from regulars_till.basket import Json
    from regulars_till.ladder import Level
    from regulars_till.tokens import Voucher

__all__ = ["Desk", "quote_here", "read_quote"]


class Desk:
    """Writes what happens at one till."""

    def __init__(self, *, source: str, store: str) -> None:
        self.source = source
        self.store = store

    def describe(self, basket: Basket, name: str, moment: datetime) -> dict[str, Any]:
        """Write a basket as quotes and orders take it."""
        told: dict[str, Any] = {
            "id": name,
            "source": self.source,
            "occurred_at": write_moment(moment),
            "store": self.store,
            "channel": basket.channel,
            "lines": [line.to_json() for line in basket.lines],
        }
        if basket.member is not None:
            told["member"] = basket.member.to_json()
        if basket.coupons:
            told["coupons"] = list(basket.coupons)
        for currency, points in basket.pay.items():
            told["pay"] = {"currency": currency, "points": points}
        return told

    def order(self, basket: Basket, quote: Quoted | None, name: str, moment: datetime) -> dict[str, Any]:
        """Write a sale as the server takes it while it answers."""
        told = self.describe(basket, name, moment)
        if quote is not None:
            told["due_minor"] = quote.due_minor
            if quote.reserves:
                told["quote"] = quote.id
        return told

    def plan(self, basket: Basket, quote: Quoted, name: str, moment: datetime) -> dict[str, Any]:
        """Write a sale as a plain activity, for a server that is told later; with `due_minor`, which is paid now.

        Coupons that the server quoted are its to use up: it works the price out again, by its quote where it kept one.
        Everything else that was quoted is taken off the lines. Points pay nothing: only the server can take them.
        """
        due_minor = quote.due_minor + quote.paid_minor
        if quote.status != "online" or not basket.coupons:
            return {"activity": self.settle(basket, quote, name, moment), "due_minor": due_minor}
        told = self.describe(basket, name, moment)
        told.pop("pay", None)
        member = self.name_member(basket.member, name)
        activity = {**told, "kind": "purchase", "member": member, "to_price": True}
        if quote.reserves:
            activity["origin"] = quote.id
        return {"activity": activity, "due_minor": due_minor}

    def settle(self, basket: Basket, quote: Quoted, name: str, moment: datetime) -> dict[str, Any]:
        """Write a sale as it was charged: at the prices that were paid, with nothing left to be worked out."""
        told = self.describe(basket, name, moment)
        told.pop("pay", None)
        told.pop("coupons", None)
        told["lines"] = [line.to_json() for line in take_off(basket.lines, quote.discounts)]
        return {**told, "kind": "purchase", "member": self.name_member(basket.member, name)}

    def give_back(
        self, sale: str, name: str, moment: datetime, *, member: Json, lines: Sequence[Mapping[str, int]]
    ) -> dict[str, Any]:
        """Write a return as a plain activity."""
        told: dict[str, Any] = {
            "id": name,
            "source": self.source,
            "kind": "return",
            "occurred_at": write_moment(moment),
            "member": dict(member),
            "store": self.store,
            "origin": sale,
        }
        if lines:
            told["returned"] = [dict(line) for line in lines]
        return told

    def cancel(self, sale: str, moment: datetime, *, member: Json) -> dict[str, Any]:
        """Write as a plain activity, under the name that the server gives it, that a sale never was."""
        return self.give_back(sale, f"cancel:{sale}", moment, member=member, lines=())

    def present(self, voucher: Voucher, till: str, moment: datetime) -> dict[str, Any]:
        """Write, but for its name, that a voucher was taken."""
        return {
            "source": self.source,
            "kind": KIND,
            "occurred_at": write_moment(moment),
            "member": {"id": str(voucher.member)},
            "store": self.store,
            "ask": {"voucher": str(voucher.id)},
            "data": {"till": till},
        }

    def name_member(self, member: Member | None, sale: str) -> dict[str, Any]:
        """Name who bought; where nobody said, the receipt itself, which can be claimed later."""
        if member is not None:
            return member.to_json()
        return {"identifier": {"kind": "receipt", "value": f"{self.source}:{sale}"}}


def read_quote(told: Json, name: str, level: Level, *, reserves: bool) -> Quoted | None:
    """Read what the server quoted; None when it cannot be read."""
    try:
        return Quoted(
            status="online",
            id=str(told.get("quote") or name),
            due_minor=int(told["totals"]["due_minor"]),
            discounts=tuple(
                Discount(offer=str(each["offer"]), line=int(each["line"]), amount_minor=int(each["amount_minor"]))
                for each in told.get("discounts", ())
            ),
            level=level,
            answer=told,
            paid_minor=sum(int(each["amount_minor"]) for each in told.get("paid", ())),
            reserves=reserves,
            valid_until=read_moment(told["valid_until"]) if told.get("valid_until") else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def quote_here(
    basket: Basket,
    extract: Extract | None,
    now: datetime,
    *,
    store: str,
    level: Level,
    known: Json,
    why: tuple[str, ...],
) -> Quoted:
    """Quote without the server: offers for everybody, and nothing that needs to know somebody."""
    discounts = () if extract is None else find_discounts(extract, basket, now, store=store)
    notes = list(why)
    if basket.pay:
        notes.append("points_not_taken")
    if not {each.coupon for each in discounts}.issuperset(basket.coupons):
        notes.append("coupons_not_taken")
    return Quoted(
        status="local",
        id="",
        due_minor=basket.gross_minor - sum(each.amount_minor for each in discounts),
        discounts=discounts,
        level=level,
        notes=tuple(notes),
        known=known,
    )

"""The only SQL of this view of the journal; it reads, and never writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.base.db import Read, Record
from regulars.base.sql import parse
from regulars.kernel.nouns import Discount, Reason, Returned, Scalar

__all__ = ["QUERIES", "Conflict", "Loss", "Place", "Sale", "list_conflicts", "list_places", "name_sales", "read_sales"]

FILE_NAME: Final = "sales.sql"
ROOM: Final = "regulars.kernel.activity"
LOSSES: Final = frozenset({"honoured_at_loss", "presented_twice", "presented_late"})
"""Reasons that say that the house bore something so that the sale could go on."""

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


class Loss(Struct, frozen=True, kw_only=True):
    """Something that the house bore: money, or points of a currency."""

    reason: str
    amount_minor: int = 0
    points: int = 0
    currency: str = ""


class Sale(Struct, frozen=True, kw_only=True):
    """One activity of a till, as far as lists of sales tell."""

    source: str
    id: str
    kind: str
    occurred_at: datetime
    store: str
    gross_minor: int
    """Before discounts; of a return, what was given back."""
    due_minor: int
    """What was to be paid in money; of a return, what was given back."""
    losses: tuple[Loss, ...] = ()


class Place(Struct, frozen=True, kw_only=True):
    """A store or a channel that activities name."""

    id: str
    activities: int
    last_at: datetime


class Conflict(Struct, frozen=True, kw_only=True):
    """A voucher that a till took and should not have: the sale was made."""

    code: str
    """The reason on the receipt, such as `presented_twice`."""
    voucher: str
    member: UUID
    activity: UUID
    source: str
    id: str
    store: str
    till: str
    """As the till told it; empty where it did not."""
    occurred_at: datetime
    """When it was shown, by the till's clock."""
    recorded_at: datetime
    lost: int
    """Points that the house bears; 0 where they were still set aside."""
    currency: str
    """Empty where nothing was lost."""
    first_use: str
    """The activity that had used it before; empty where none had."""
    seq: int
    """Its place in the journal."""


class _Amount(Struct, frozen=True, gc=False):
    amount_minor: int


class _Body(Struct, frozen=True):
    """As much of a body as is needed."""

    id: str
    source: str
    store: str = ""
    lines: tuple[_Amount, ...] = ()
    coupons: tuple[str, ...] = ()
    pay: msgspec.Raw | None = None
    to_price: bool = False


class _Presented(Struct, frozen=True):
    """As much of the body of a voucher's use as is needed."""

    id: str
    source: str
    store: str = ""
    data: Mapping[str, Scalar] = {}


class _Receipt(Struct, frozen=True):
    discounts: tuple[tuple[str, Discount], ...] = ()
    returned: tuple[Returned, ...] = ()
    reasons: tuple[Reason, ...] = ()


read_body = msgspec.json.Decoder(_Body).decode
read_presented = msgspec.json.Decoder(_Presented).decode
read_receipt = msgspec.json.Decoder(_Receipt).decode


async def read_sales(read: Read, store: str, *, since: datetime, until: datetime) -> list[Sale]:
    """Read what happened at the tills of a store, in the order of recording. One statement."""
    return [_sale(row) for row in await QUERIES.rows(read, "sales_between", store=store, since=since, until=until)]


async def name_sales(read: Read, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Sale]:
    """Find what came in under names (source, id), whatever it is. One statement; none for no names."""
    if not names:
        return {}
    sources, ids = [name[0] for name in names], [name[1] for name in names]
    found = [_sale(row) for row in await QUERIES.rows(read, "sales_named", sources=sources, ids=ids)]
    return {(sale.source, sale.id): sale for sale in found}


async def list_conflicts(
    read: Read,
    codes: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    before: int,
    most: int,
    store: str = "",
    member: UUID | None = None,
) -> list[Conflict]:
    """List vouchers that were taken though they should not have been, for these reasons, the last recorded first.

    `since` and `until` bound when they were shown, `before` their place in the journal. One statement.
    """
    rows = await QUERIES.rows(
        read,
        "conflicts",
        codes=list(codes),
        since=since,
        until=until,
        before=before,
        most=most,
        store=store,
        member=member,
    )
    return [_conflict(row, codes) for row in rows]


async def list_places(
    read: Read, part: Literal["store", "channel"], *, since: datetime, until: datetime, most: int
) -> list[Place]:
    """List the stores (or channels) that activities of a time name, busiest first. Looks at all of that time."""
    rows = await QUERIES.rows(read, "places", part=part, since=since, until=until, most=most)
    return [Place(id=row["place"], activities=row["activities"], last_at=row["last_at"]) for row in rows]


def _sale(row: Record) -> Sale:
    body, receipt = read_body(row["body"]), read_receipt(row["receipt"])
    if row["kind"] == "return":
        gross = due = sum(each.amount_minor for each in receipt.returned)
    else:
        gross = due = sum(line.amount_minor for line in body.lines)
        # Elsewhere the lines tell what was paid, and nothing is taken off them.
        if body.to_price or body.coupons or body.pay is not None:
            due = gross - sum(discount.amount_minor for _, discount in receipt.discounts)
    return Sale(
        source=body.source,
        id=body.id,
        kind=row["kind"],
        occurred_at=row["occurred_at"],
        store=body.store,
        gross_minor=gross,
        due_minor=due,
        losses=tuple(_loss(reason) for reason in receipt.reasons if _is_loss(reason)),
    )


def _conflict(row: Record, codes: Sequence[str]) -> Conflict:
    body, receipt = read_presented(row["body"]), read_receipt(row["receipt"])
    reason = next(each for each in receipt.reasons if each.code in codes)
    lost = reason.values.get("lost")
    return Conflict(
        code=reason.code,
        voucher=str(reason.values["voucher"]),
        member=row["member_id"],
        activity=row["id"],
        source=body.source,
        id=body.id,
        store=body.store,
        till=str(body.data.get("till", "")),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        lost=lost if isinstance(lost, int) else 0,
        currency=str(reason.values.get("currency", "")),
        first_use=str(reason.values.get("first_use", "")),
        seq=row["seq"],
    )


def _is_loss(reason: Reason) -> bool:
    return reason.code in LOSSES and bool(reason.values.get("amount_minor") or reason.values.get("lost"))


def _loss(reason: Reason) -> Loss:
    minor, points = reason.values.get("amount_minor"), reason.values.get("lost")
    return Loss(
        reason=reason.code,
        amount_minor=minor if isinstance(minor, int) else 0,
        points=points if isinstance(points, int) else 0,
        currency=str(reason.values.get("currency", "")),
    )

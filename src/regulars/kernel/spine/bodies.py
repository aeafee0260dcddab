"""What an activity says, as it is journalled and told from another; and what its receipt says of a ruling."""

import hashlib
from collections.abc import Sequence
from datetime import UTC
from typing import Final

import msgspec
from msgspec.structs import replace

from regulars.kernel.nouns import Activity, Body, Reason, Receipt, Ruling

__all__ = ["body_of", "with_ruling", "write_body"]

encode: Final = msgspec.json.Encoder(order="deterministic").encode


def write_body(body: Body) -> bytes:
    """Write what an activity says as it is journalled; its SHA-256 is the activity's digest."""
    return encode(body)


def body_of(fact: Activity) -> Body:
    """Leave the member out (a retry may name them another way), and tell the time in one zone."""
    return Body(
        id=fact.id,
        source=fact.source,
        kind=fact.kind,
        occurred_at=fact.occurred_at.astimezone(UTC),
        store=fact.store,
        channel=fact.channel,
        lines=fact.lines,
        returned=fact.returned,
        origin=fact.origin,
        ask=fact.ask,
        data=fact.data,
        coupons=fact.coupons,
        pay=fact.pay,
        to_price=fact.to_price,
        due_minor=fact.due_minor,
    )


def with_ruling(receipt: Receipt, ruling: Ruling, reasons: Sequence[Reason], fact: Activity) -> Receipt:
    """Say in a receipt what the programme decided, and why."""
    return replace(
        receipt,
        discounts=ruling.discounts,
        traits=ruling.traits,
        grants=ruling.grants,
        later=ruling.later,
        claims=ruling.claims,
        freed=ruling.freed,
        coupons=ruling.coupons,
        forecast=ruling.forecast,
        returned=fact.returned,
        memories={offer: hashlib.sha256(memory).hexdigest() for offer, memory in ruling.memories.items()},
        reasons=(*ruling.reasons, *reasons),
    )

"""What an activity says, apart from whose it is: as it is journalled, and as it is told from another."""

from datetime import UTC
from typing import Final

import msgspec

from regulars.kernel.nouns import Activity, Body

__all__ = ["body_of", "write_body"]

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
    )

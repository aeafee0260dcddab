"""From rows to activities: each has a name that the same file gives it again. Pure."""

import hashlib
from datetime import datetime
from uuid import UUID

from regulars.features.moving.rows import LotRow, MemberRow, PurchaseRow, TierRow
from regulars.kernel.nouns import Activity, Scalar

__all__ = ["count_lot", "name_lot", "open_lot", "tell_level", "tell_purchase", "tell_traits"]


def tell_traits(row: MemberRow, member: UUID, *, source: str, as_of: datetime) -> Activity:
    """Make the activity that tells what is known of a member."""
    return Activity(
        id=f"traits:{member}",
        source=source,
        kind="traits",
        occurred_at=as_of,
        member=member,
        ask=dict(sorted(row.traits.items())),
    )


def tell_level(row: TierRow, member: UUID, *, source: str, as_of: datetime) -> Activity:
    """Make the activity that gives a level by hand, since the day on which the member had it there."""
    since = row.since or as_of
    ask: dict[str, Scalar] = {"trait": row.trait, "level": row.level, "by": source, "reason": "brought along"}
    if row.until is not None:
        ask["until"] = row.until.isoformat()
    return Activity(
        id=f"tier:{row.trait}:{member}", source=source, kind="invite", occurred_at=since, member=member, ask=ask
    )


def tell_purchase(row: PurchaseRow, member: UUID, *, source: str) -> Activity:
    """Make the activity of a purchase that was paid for elsewhere: named as the till named it."""
    return Activity(
        id=row.id,
        source=source,
        kind="past_purchase",
        occurred_at=row.occurred_at,
        member=member,
        store=row.store,
        channel=row.channel,
        lines=row.lines,
    )


def open_lot(row: LotRow, name: str, member: UUID, *, source: str, as_of: datetime) -> Activity:
    """Make the activity that opens a lot."""
    ask: dict[str, Scalar] = {"currency": row.currency, "points": row.points}
    if row.endless:
        ask["endless"] = True
    for key, at in (("expires_at", row.expires_at), ("usable_from", row.usable_from), ("issued_at", row.issued_at)):
        if at is not None:
            ask[key] = at.isoformat()
    return Activity(id=name, source=source, kind="opening", occurred_at=as_of, member=member, ask=ask)


def count_lot(row: LotRow, counted: dict[int, int]) -> int:
    """Count the lots of the file so far that only their amount tells from this one. None are, where they have ids."""
    if row.id:
        return 0
    told = hash((row.member.value, row.currency, row.issued_at, row.usable_from, row.expires_at))
    number = counted.get(told, 0)
    counted[told] = number + 1
    return number


def name_lot(row: LotRow, member: UUID, number: int) -> str:
    """Name a lot: as the other system does, or by whose it is, its dates, and how many of these came before.

    The amount is no part of it: a lot that comes again with another amount is refused as another activity, and never
    paid beside the first.
    """
    if row.id:
        return f"lot:{row.currency}:{row.id}"
    told = f"{member}|{row.currency}|{row.issued_at}|{row.usable_from}|{row.expires_at}|{number}"
    return f"lot:{hashlib.sha256(told.encode()).hexdigest()[:40]}"

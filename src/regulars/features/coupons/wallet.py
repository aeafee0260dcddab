"""The coupons that a member holds: read, never written."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.features.coupons.mechanic import Prepared
from regulars.features.coupons.model import Held, Memory
from regulars.kernel import members, program
from regulars.kernel.nouns import Scalar

__all__ = ["Coupon", "Wallet", "list_coupons", "read_wallet"]

State = Literal["usable", "used", "ended"]


class Coupon(Struct, frozen=True, kw_only=True):
    """A coupon in a member's hands."""

    name: str
    """What is sent in `coupons` to use it."""
    coupon: str
    title: Mapping[str, str]
    since: date
    until: date
    """The last day on which it can be used."""
    state: State


class Wallet(Struct, frozen=True, kw_only=True):
    """The coupons of a member at a moment, those first that end first."""

    member: UUID
    as_of: datetime
    coupons: tuple[Coupon, ...]


async def read_wallet(read: Read, versions: program.Versions, member: UUID, at: datetime) -> Wallet:
    """Read what a member holds. Raises MemberUnknown, and NoProgram where none is live."""
    await members.get(read, member)
    releases = await versions.read(read)
    history = await members.traits_many(read, [member], since=at)

    def traits(then: datetime) -> Mapping[str, Scalar]:
        return history.as_of(member, then)

    plan = releases.plan_for(member, "", traits, at)
    stored = {offer: data for (_, offer), data in (await program.memories(read, [member])).items()}
    day = plan.day_of(at)
    found = [
        _show(bound.settings, name, held, day)
        for bound in plan.offers.values()
        if isinstance(bound.settings, Prepared) and isinstance(memory := bound.read_memory(stored), Memory)
        for name, held in memory.held.items()
    ]
    order = {"usable": 0, "used": 1, "ended": 2}
    coupons = tuple(sorted(found, key=lambda it: (order[it.state], it.until, it.name)))
    return Wallet(member=member, as_of=at, coupons=coupons)


async def list_coupons(read: Read, versions: program.Versions, at: datetime) -> Mapping[str, Mapping[str, str]]:
    """List the coupons of the version that decides at a moment, with what people call them. Raises NoProgram."""
    plan = (await versions.read(read)).plan_at(at)
    return {
        bound.settings.settings.coupon: bound.settings.settings.title
        for bound in plan.offers.values()
        if isinstance(bound.settings, Prepared)
    }


def _show(prepared: Prepared, name: str, held: Held, day: int) -> Coupon:
    return Coupon(
        name=name,
        coupon=prepared.settings.coupon,
        title=prepared.settings.title,
        since=date.fromordinal(held.since),
        until=date.fromordinal(held.until),
        state="used" if held.used else "ended" if held.until < day else "usable",
    )

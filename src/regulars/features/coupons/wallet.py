"""The coupons that a member holds: read, never written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.features.coupons.mechanic import Prepared
from regulars.features.coupons.model import Held, Memory, Partner
from regulars.kernel import program, spine

__all__ = ["Coupon", "CouponUnknown", "Known", "Open", "Owed", "Wallet", "find_coupon", "list_coupons", "read_wallet"]

State = Literal["usable", "used", "ended"]
NAME_MAX = 64


class CouponUnknown(Refusal):
    """The programme that is live has no coupon of this name, or the coupon has no such list."""

    code, kind = "coupon_unknown", "not_found"


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


class Open(Struct, frozen=True, kw_only=True):
    """A coupon that everybody has. Whether its offer runs for a purchase, and how often, is for the offer to say."""

    name: str
    """What is sent in `coupons` to use it."""
    coupon: str
    title: Mapping[str, str]


class Owed(Struct, frozen=True, kw_only=True):
    """Codes of a partner that were promised when none was left: the member gets them once there are some."""

    coupon: str
    title: Mapping[str, str]
    count: int


class Wallet(Struct, frozen=True, kw_only=True):
    """The coupons of a member at a moment, those first that end first."""

    member: UUID
    as_of: datetime
    coupons: tuple[Coupon, ...]
    everybody: tuple[Open, ...]
    owed: tuple[Owed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A coupon of the programme."""

    coupon: str
    title: Mapping[str, str]
    partner: bool
    """Whether its codes are a partner's."""


async def read_wallet(read: Read, versions: program.Versions, member: UUID, at: datetime) -> Wallet:
    """Read what a member holds. Raises MemberUnknown, and NoProgram where none is live."""
    plan = await spine.find_plan(read, versions, member, at)
    stored = await program.memories_of(read, member)
    day = plan.day_of(at)
    found: list[Coupon] = []
    everybody: list[Open] = []
    owed: list[Owed] = []
    for bound in plan.offers.values():
        prepared = bound.settings
        if not isinstance(prepared, Prepared):
            continue
        memory, settings = bound.read_memory(stored), prepared.settings
        assert isinstance(memory, Memory), "a coupon remembers"
        found += [_show(prepared, name, held, day) for name, held in memory.held.items()]
        if prepared.everybody and bound.first_day <= day <= bound.last_day:
            everybody.append(Open(name=prepared.everybody, coupon=settings.coupon, title=settings.title))
        if memory.owed:
            owed.append(Owed(coupon=settings.coupon, title=settings.title, count=memory.owed))
    order = {"usable": 0, "used": 1, "ended": 2}
    coupons = tuple(sorted(found, key=lambda it: (order[it.state], it.until, it.name)))
    return Wallet(member=member, as_of=at, coupons=coupons, everybody=tuple(everybody), owed=tuple(owed))


async def list_coupons(read: Read, versions: program.Versions, at: datetime) -> Mapping[str, Known]:
    """List the coupons of the version that decides at a moment, by name. Raises NoProgram."""
    plan = (await versions.read(read)).plan_at(at)
    coupons = [bound.settings.settings for bound in plan.offers.values() if isinstance(bound.settings, Prepared)]
    return {
        it.coupon: Known(coupon=it.coupon, title=it.title, partner=isinstance(it.effect, Partner)) for it in coupons
    }


async def find_coupon(read: Read, versions: program.Versions, coupon: str, at: datetime) -> Known:
    """Find a coupon of the version that decides at a moment. Raises CouponUnknown, NoProgram."""
    known = await list_coupons(read, versions, at)
    if coupon not in known:
        message = f"The programme has no coupon of this name; it has {', '.join(sorted(known)) or 'none'}."
        raise CouponUnknown(message, coupon=coupon[:NAME_MAX])
    return known[coupon]


def _show(prepared: Prepared, name: str, held: Held, day: int) -> Coupon:
    return Coupon(
        name=name,
        coupon=prepared.settings.coupon,
        title=prepared.settings.title,
        since=date.fromordinal(held.since),
        until=date.fromordinal(held.until),
        state="used" if held.used else "ended" if held.until < day else "usable",
    )

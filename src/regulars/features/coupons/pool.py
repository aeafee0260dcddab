"""Codes of a partner: handed out of a pool, one for each that is granted. What is handed out is spent. Pure."""

from typing import Final

from msgspec.structs import replace

from regulars.base.errors import Refusal
from regulars.features.coupons.model import Memory
from regulars.kernel.nouns import POOL, Claim, Earned, Grant, Reason, Scalar, Step

__all__ = ["CouponUsed", "hand_over_owed", "name_pool", "take_in"]

COUPON: Final = "coupon"
REVERSE: Final = "reverse"
NOTHING: Final = Earned()


class CouponUsed(Refusal):
    """A coupon that was paid for with points is to be given back, and was used, or is no longer remembered."""

    code, kind = "coupon_used", "conflict"


def name_pool(coupon: str) -> str:
    """What the codes of a coupon are called among all that is scarce."""
    return f"{POOL}{coupon}"


def hand_over_owed(coupon: str, memory: Memory, step: Step) -> Earned:
    """Hand over what was granted when no code was left: all of it at once, as soon as there is enough."""
    if not memory.owed or step.left.get(name_pool(coupon), 0) < memory.owed:
        return NOTHING
    return replace(_hand_out(coupon, memory.owed), memory=replace(memory, owed=0))


def take_in(coupon: str, memory: Memory, step: Step, grants: tuple[Grant, ...]) -> Earned:
    """Hand out a code for each that was granted. A member who could not be given all of them is owed all of them.

    What a purchase brought and was handed out stays with the member when it comes back. Raises CouponUsed where points
    that were paid for a code are to be given back.
    """
    lost = -sum(min(grant.count, 0) for grant in grants)
    forgiven = min(lost, memory.owed)
    if lost > forgiven and step.activity.kind == REVERSE:
        message = "The member was handed the code that was paid for; it is spent and cannot be given back for points."
        raise CouponUsed(message, coupon=coupon)
    owed, granted = memory.owed - forgiven, sum(max(grant.count, 0) for grant in grants)
    handed = NOTHING
    if granted and step.left.get(name_pool(coupon), 0) >= granted:
        handed = _hand_out(coupon, granted)
    elif granted:
        owed += granted
        handed = Earned(reasons=(_say("no_code_left", coupon, granted),))
    spent = (_say("code_is_spent", coupon, lost - forgiven),) if lost > forgiven else ()
    fresh = None if owed == memory.owed else replace(memory, owed=owed)
    return replace(handed, memory=fresh, reasons=(*handed.reasons, *spent))


def _hand_out(coupon: str, count: int) -> Earned:
    claim = Claim(ceiling=name_pool(coupon), amount=count)
    return Earned(claims=(claim,), reasons=(_say("code_handed_out", coupon, count),))


def _say(code: str, coupon: str, count: int) -> Reason:
    values: dict[str, Scalar] = {COUPON: coupon, "count": count}
    return Reason(offer="", code=code, values=values)

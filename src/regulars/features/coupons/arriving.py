"""Codes that come along from elsewhere, many at a time: each with its own dates and member."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features.coupons.codes import NAME_MAX, CodesInvalid, Terms, check_codes, name_batch, name_code
from regulars.features.coupons.own import seal_own
from regulars.features.coupons.wallet import CouponUnknown, list_coupons
from regulars.kernel import limits, members, spine

__all__ = ["Arriving", "bring_codes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A code, and what holds for it."""

    code: str
    terms: Terms

    def __repr__(self) -> str:
        """Never show a code."""
        return f"Arriving(terms={self.terms!r})"


async def bring_codes(tx: Tx, house: spine.House, arriving: Sequence[Arriving]) -> int:
    """Add codes to coupons of the programme that is live now, as far as they are not there; gives how many are new.

    They may add to a list that there is. A bounded number of statements for each list and number of uses. All of
    them, or none. Raises CouponUnknown, MemberUnknown, NoProgram, CodesInvalid.
    """
    now = await clock.now(tx)
    known = await list_coupons(tx, house.versions, now)
    for each in arriving:
        coupon = each.terms.coupon
        if coupon not in known:
            raise CouponUnknown("The programme has no coupon of this name.", coupon=coupon[:NAME_MAX])
        if known[coupon].partner:
            message = f"The codes of {coupon} are a partner's: add them to `partner-codes`."
            raise CodesInvalid(message, coupon=coupon)
        check_codes([each.code], each.terms)
    wanted = {each.terms.member for each in arriving} - {None}
    for member in wanted - (await members.find_members(tx, [each for each in wanted if each is not None])).keys():
        raise members.MemberUnknown("A code is for a member whom nobody knows.", member=str(member))
    # One that was added before the master key was changed is there, too.
    digests = {each.code: spine.digest_code_each(house.keyring, each.code) for each in arriving}
    there = await limits.find_codes(tx, {digest for each in digests.values() for digest in each})
    lists: dict[tuple[str, int], dict[bytes, Arriving]] = defaultdict(dict)
    for each in arriving:
        if there.keys().isdisjoint(digests[each.code]):
            # Spelled in two ways, it is one code; the first is meant.
            key = name_batch(each.terms.coupon, each.terms.batch), each.terms.uses
            lists[key].setdefault(digests[each.code][0], each)
    for (batch, uses), new in lists.items():
        meant = [_mean(each.terms) for each in new.values()]
        sealed = [seal_own(house.keyring, each.code, each.terms.member, digest) for digest, each in new.items()]
        await limits.add_codes(tx, list(new), meant, batch=batch, amount=uses, at=now, sealed=sealed)
    return sum(map(len, lists.values()))


def _mean(terms: Terms) -> limits.Code:
    return limits.Code(
        name=name_code(terms.coupon),
        member=terms.member,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
    )

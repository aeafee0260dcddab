"""What a member who is forgotten loses of this room: coupons that could still be used, and codes for them alone."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.db import Read, Tx
from regulars.features.coupons.own import read_own
from regulars.features.coupons.wallet import read_wallet
from regulars.kernel import limits, program
from regulars.kernel.spine import House
from regulars.kernel.spine.forgetting import Loss

__all__ = ["forget", "lose"]

WHAT: Final = "coupon"


async def lose(read: Read, house: House, member: UUID, at: datetime) -> Sequence[Loss]:
    """Count them."""
    try:
        wallet = await read_wallet(read, house.versions, member, at)
        own = await read_own(read, house.keyring, house.versions, member, at)
    except program.NoProgram:
        return []
    usable = Counter(each.coupon for each in wallet.coupons if each.state == "usable")
    usable.update(each.coupon for each in own if each.state == "usable")
    usable.update({each.coupon: each.count for each in wallet.owed})
    return [Loss(what=WHAT, name=name, count=count) for name, count in usable.items()]


async def forget(tx: Tx, members: Sequence[UUID]) -> int:
    """Forget what codes for them alone say."""
    return await limits.forget_codes(tx, members)

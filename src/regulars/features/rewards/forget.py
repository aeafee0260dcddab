"""What a member who is forgotten loses of this room: rewards that were ordered and not handed over yet."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.features.rewards.catalogue import read_orders
from regulars.features.rewards.model import CLOSED
from regulars.kernel.spine import House
from regulars.kernel.spine.forgetting import Loss

__all__ = ["lose"]

WHAT: Final = "reward"
ORDERS_MAX: Final = 1_000


async def lose(read: Read, house: House, member: UUID, _at: datetime) -> Sequence[Loss]:
    """Count them."""
    orders = await read_orders(read, house.versions, member, lang="en", before=None, most=ORDERS_MAX)
    waiting: Counter[str] = Counter()
    for each in orders:
        if each.state not in CLOSED:
            waiting[each.reward] += each.quantity
    return [Loss(what=WHAT, name=name, count=count) for name, count in waiting.items()]

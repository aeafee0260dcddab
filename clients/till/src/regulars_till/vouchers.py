"""Vouchers taken at this till: each once, and within what the shop dares to take unseen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from regulars_till.clock import read_moment
from regulars_till.tokens import TokenRefused

if TYPE_CHECKING:
    from regulars_till.tokens import Voucher

__all__ = ["KIND", "Caps", "Used"]

KIND = "voucher_used"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Caps:
    """How much a till takes without having asked the server."""

    worth_minor_max: int = 10_000
    """Of one voucher."""
    hour_count_max: int = 20
    hour_minor_max: int = 50_000
    """Of all that were taken within an hour."""
    keys_age_max: timedelta = timedelta(days=7)
    """How old the list of revoked vouchers may be."""


class Used:
    """The vouchers that this till took, as its queue remembers them."""

    def __init__(self) -> None:
        self._taken: dict[UUID, tuple[datetime, int]] = {}

    def note(self, values: dict[str, Any]) -> None:
        """Take in a record of the queue, whatever it is of."""
        activity: dict[str, Any] = values["activity"]
        if activity.get("kind") == KIND:
            at = read_moment(activity["occurred_at"])
            self._taken[UUID(activity["ask"]["voucher"])] = (at, int(values["worth_minor"]))

    def judge(self, voucher: Voucher, caps: Caps, *, now: datetime, asked: bool) -> None:
        """Raise TokenRefused when it is not to be taken. `asked`: the server was asked just now."""
        if voucher.id in self._taken:
            raise TokenRefused("voucher_used")
        if asked:
            return
        lately = [worth for at, worth in self._taken.values() if abs(now - at) < HOUR]
        if (
            voucher.worth_minor > caps.worth_minor_max
            or len(lately) >= caps.hour_count_max
            or sum(lately) + voucher.worth_minor > caps.hour_minor_max
        ):
            raise TokenRefused("voucher_cap")

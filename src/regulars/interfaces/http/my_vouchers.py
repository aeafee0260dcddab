"""Vouchers that members make for themselves: points put aside, and a token that tills take without asking anybody."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct
from msgspec.structs import replace

from regulars.base import clock
from regulars.base.db import Tx
from regulars.interfaces.http.activities import PATH_REFUSALS, command_scope, record_facts
from regulars.interfaces.http.guard import OWN_SCOPE, key_of, member_session_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.me import SOURCE, Called
from regulars.interfaces.http.shown import VOUCHES
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.vouchers import VoucherView, answer_voucher, view_vouchers
from regulars.kernel import ledger
from regulars.kernel.activity.recent import list_newest
from regulars.kernel.nouns import AMOUNT_MAX, Activity
from regulars.kernel.spine import House
from regulars.kernel.spine.vouchers import VOUCHER

__all__ = ["router"]

SHOWN_MAX: Final = 20
"""Vouchers that are looked through for those that are open: those made last."""
OPEN: Final = "open"

router = APIRouter(tags=["Me"])


class MyVoucherIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points of one's own that are to become a voucher."""

    id: Called
    """The member's own name of it: sent again with all the rest as it was, it is the same voucher."""
    occurred_at: Annotated[datetime, Meta(tz=True)]
    currency: Annotated[str, Meta(min_length=1, max_length=64)]
    points: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]

    def to_activity(self, member: UUID) -> Activity:
        """Say it as an activity of the member."""
        return Activity(
            id=f"{member}:{self.id}",
            source=SOURCE,
            kind=VOUCHER,
            occurred_at=self.occurred_at,
            member=member,
            ask={"currency": self.currency, "points": self.points},
        )


class MyVouchers(Struct, frozen=True, kw_only=True):
    """One's vouchers that nobody told of yet, the newest first. After `not_after` tills take none of them."""

    vouchers: tuple[VoucherView, ...]
    as_of: datetime


read_wanted = msgspec.json.Decoder(MyVoucherIn)


@router.post("/v1/me/vouchers")
@door(
    scope=OWN_SCOPE,
    who="present",
    takes=MyVoucherIn,
    gives={201: VoucherView, 200: VoucherView},
    refuses=PATH_REFUSALS,
    examples={
        "Worth two dollars": {
            "id": "v-1",
            "occurred_at": "2026-03-01T09:30:00+08:00",
            "currency": "points",
            "points": 400,
        }
    },
)
async def make_my_voucher(request: Request) -> Response:
    """Put points into a voucher that any till takes within a day, also one without a line. It is used whole.

    The points are set aside at once. Of a voucher that no till told of they come back seven days after its last moment.
    """
    told = await read_body(request, read_wanted)
    # As for what members do with points otherwise: they are there, and ask for what is theirs.
    request.state.key = replace(key_of(request), scopes=(VOUCHES, command_scope(VOUCHER)))
    (outcome,) = await record_facts(request, [told.to_activity(member_session_of(request).member)])
    return await answer_voucher(request, outcome)


@router.get("/v1/me/vouchers")
@door(scope=OWN_SCOPE, who="member", gives={200: MyVouchers})
async def list_my_vouchers(request: Request) -> Response:
    """List one's vouchers that nobody told of yet, each with its token: for the device to keep and to show."""
    house, member = house_of(request), member_session_of(request).member
    return answer(await database_of(request).run(lambda tx: _list(tx, house, member)))


async def _list(tx: Tx, house: House, member: UUID) -> MyVouchers:
    made = await list_newest(tx, member, kinds=[VOUCHER], most=SHOWN_MAX)
    states = await ledger.voucher_states(tx, member, [each.activity for each in made])
    kept = [each.receipt for each in made if states.get(each.activity) == OPEN]
    now, views = await clock.now(tx), await view_vouchers(tx, house.keyring, kept)
    return MyVouchers(vouchers=tuple(each for each in views if each.settle_until > now), as_of=now)

"""Members bring their friends: a code to hand on, and a word of the newcomer's who sent them."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.features.referrals.invitation import (
    InvitationUnknown,
    Inviting,
    make_invitation,
    read_invitation,
    read_inviting,
)
from regulars.features.referrals.model import (
    REFERRED,
    ReferralLate,
    ReferralOfSelf,
    ReferralRing,
    ReferralTwice,
)
from regulars.interfaces.http.activities import PATH_REFUSALS, record_facts
from regulars.interfaces.http.guard import OWN_SCOPE, member_session_of
from regulars.interfaces.http.kit import answer, door, read_body, request_id_of
from regulars.interfaces.http.me import SOURCE, Called
from regulars.interfaces.http.problems import refuse
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import program
from regulars.kernel.nouns import Activity
from regulars.kernel.spine import Outcome

__all__ = ["router"]

router = APIRouter(tags=["Me"])

Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]


class MyInvitation(Inviting, frozen=True, kw_only=True):
    """What a member hands to friends, and what came of it."""

    code: str
    """The same each time. Friends send it to `/v1/me/referrer` once they have joined."""


class ReferrerIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sent a newcomer."""

    code: Code
    """The code of whoever invited them."""
    id: Called
    """The member's own name of it: sent again with all the rest as it was, it counts once."""
    occurred_at: Annotated[datetime, Meta(tz=True)]


class ReferrerTaken(Struct, frozen=True, kw_only=True):
    """It is written down who sent the member; it stays so."""

    has_referrer: bool = True


read_referrer = msgspec.json.Decoder(ReferrerIn)


@router.get("/v1/me/invitation")
@door(scope=OWN_SCOPE, who="member", gives={200: MyInvitation}, refuses=(program.NoProgram,))
async def read_my_invitation(request: Request) -> Response:
    """Read the code by which friends say that one sent them, and how many have. What both get is in the offers."""
    house, member = house_of(request), member_session_of(request).member
    async with database_of(request).snapshot() as read:
        found = await read_inviting(read, house.versions, member, await clock.now(read))
    return answer(MyInvitation(code=make_invitation(house.keyring, member), **msgspec.structs.asdict(found)))


@router.post("/v1/me/referrer")
@door(
    scope=OWN_SCOPE,
    who="member",
    takes=ReferrerIn,
    gives={201: ReferrerTaken, 200: ReferrerTaken},
    refuses=(
        InvitationUnknown,
        ReferralLate,
        ReferralOfSelf,
        ReferralRing,
        ReferralTwice,
        *PATH_REFUSALS,
    ),
    examples={
        "By the code of a friend": {
            "code": "c29tZSBjb2RlBlWLUfABwAIAAAAAAAAC",
            "id": "r-1",
            "occurred_at": "2026-03-01T09:30:00+08:00",
        }
    },
)
async def name_my_referrer(request: Request) -> Response:
    """Say who sent one, by the code that they gave. A newcomer does so once, soon after joining and before buying."""
    told = await read_body(request, read_referrer)
    (outcome,) = await record_facts(request, [_say(request, told)])
    return _answer(request, outcome)


def _say(request: Request, told: ReferrerIn) -> Activity:
    member, friend = member_session_of(request).member, read_invitation(house_of(request).keyring, told.code)
    return Activity(
        id=f"{member}:{told.id}",
        source=SOURCE,
        kind=REFERRED,
        occurred_at=told.occurred_at,
        member=member,
        to=friend,
    )


def _answer(request: Request, outcome: Outcome) -> Response:
    """Answer without the receipt: it is the newcomer's, and tells of somebody else."""
    if outcome.refusal is not None:
        return refuse(outcome.refusal, request_id=request_id_of(request))
    return answer(ReferrerTaken(), status=200 if outcome.repeated else 201)

"""Challenges and badges: where a member stands, what is missing to each goal, and what the member has to show."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from regulars.base import clock
from regulars.features.badges.standing import Badges, read_badges
from regulars.features.challenges.standing import Challenges, read_standing
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members, program

__all__ = ["router"]

router = APIRouter(tags=["Members"])
REFUSES = (members.MemberUnknown, program.NoProgram)


@router.get("/v1/members/{member}/challenges")
@door(scope="members:read", gives={200: Challenges}, refuses=REFUSES)
async def read_challenges(request: Request, member: UUID) -> Response:
    """Read where a member stands in each challenge that runs: counted, missing to each goal, until when.

    Days are those of the programme's time zone. Of an offer only its schedule is asked: its audience or condition may
    still keep the member out.
    """
    async with database_of(request).snapshot() as read:
        now = await clock.now(read)
        standing = await read_standing(read, house_of(request).versions, member, now)
    return answer(standing)


@router.get("/v1/members/{member}/badges")
@door(scope="members:read", gives={200: Badges}, refuses=REFUSES)
async def read_badges_of(request: Request, member: UUID) -> Response:
    """Read the badges of the programme, and since when a member has each."""
    async with database_of(request).snapshot() as read:
        now = await clock.now(read)
        found = await read_badges(read, house_of(request).versions, member, now)
    return answer(found)

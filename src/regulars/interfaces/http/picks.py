"""Weekly picks: the categories that are a member's own this week."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from regulars.base import clock
from regulars.features.picks.standing import Picks, read_picks
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members, program

__all__ = ["router"]

router = APIRouter(tags=["Members"])


@router.get("/v1/members/{member}/picks")
@door(scope="members:read", gives={200: Picks}, refuses=(members.MemberUnknown, program.NoProgram))
async def read_picks_of(request: Request, member: UUID) -> Response:
    """Read the categories that are a member's own this week, and what they bring."""
    async with database_of(request).snapshot() as read:
        picks = await read_picks(read, house_of(request).versions, member, await clock.now(read))
    return answer(picks)

"""Levels: where a member stands, what is missing to the next one, and what each level gives."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from regulars.base import clock
from regulars.features.tiers.standing import Standing, read_standing
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members, program

__all__ = ["router"]

router = APIRouter(tags=["Members"])


@router.get("/v1/members/{member}/tiers")
@door(scope="members:read", gives={200: Standing}, refuses=(members.MemberUnknown, program.NoProgram))
async def read_tiers(request: Request, member: UUID) -> Response:
    """Read where a member stands in each set of levels: counted, missing, kept until when, and where the pace leads.

    The projection goes on at the pace of the window so far: counted + counted × days to come ÷ days so far, rounded
    down. Days are those of the programme's time zone.
    """
    async with database_of(request).snapshot() as read:
        now = await clock.now(read)
        standing = await read_standing(read, house_of(request).versions, member, now)
    return answer(standing)

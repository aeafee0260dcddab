"""The programme that decides now."""

from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.problems import ProgramNotLive
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel.spine import House

__all__ = ["router"]

router = APIRouter(tags=["Programme"])


class ProgramView(Struct, frozen=True, kw_only=True):
    """The live version of the programme."""

    hash: str
    """Of its content: the name that receipts give it."""
    live_from: datetime
    document: dict[str, Any]
    """As it was published; its schema is that of the programme files."""


@router.get("/v1/program")
@door(scope="program:read", gives={200: ProgramView, 304: None}, refuses=(ProgramNotLive,))
async def read_program(request: Request) -> Response:
    """Read the programme that decides now. Its hash is the ETag: send it as If-None-Match to hear only of changes."""
    async with database_of(request).snapshot() as read:
        view = await _view(read, house_of(request))
    headers = {"ETag": f'"{view.hash}"', "Cache-Control": "private, no-cache"}
    if _matches(request.headers.get("if-none-match", ""), view.hash):
        return Response(status_code=304, headers=headers)
    return answer(view, headers=headers)


async def _view(read: Read, house: House) -> ProgramView:
    releases = await house.versions.read(read)
    release = releases.release_at(await clock.now(read))
    if release is None:
        raise ProgramNotLive("No version of the programme is live. Publish one with `regulars program publish`.")
    document = msgspec.to_builtins(releases.plans[release.hash].document)
    return ProgramView(hash=release.hash, live_from=release.live_from, document=document)


def _matches(asked: str, current: str) -> bool:
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in asked.split(",")}
    return bool(tags & {current, "*"})

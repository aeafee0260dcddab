"""The programme that decides now."""

from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.problems import ProgramNotLive
from regulars.interfaces.http.programs import PolicyView, name_asker
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel.program import Policy, set_policy
from regulars.kernel.spine import House

__all__ = ["router"]

router = APIRouter(tags=["Programme"])


class PolicyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a version is to need before it may decide, whoever publishes it."""

    review: bool
    """A second person reviews it."""
    simulation: bool
    """It is simulated over what is stored."""


read_policy_in = msgspec.json.Decoder(PolicyIn)


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


@router.put("/v1/program/policy")
@door(
    scope="program:policy",
    takes=PolicyIn,
    gives={200: PolicyView},
    examples={"Four eyes": {"review": True, "simulation": False}},
)
async def put_policy(request: Request) -> Response:
    """Say what a version needs before it may decide. `GET /v1/programs` tells what is said now."""
    sent = await read_body(request, read_policy_in)
    policy = Policy(review=sent.review, simulation=sent.simulation)

    async def put(tx: Tx) -> None:
        await set_policy(tx, policy, by=name_asker(request), at=await clock.now(tx))

    await database_of(request).run(put)
    return answer(PolicyView(review=policy.review, simulation=policy.simulation))


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

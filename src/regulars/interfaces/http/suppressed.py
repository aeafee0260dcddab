"""Looking an address up among those that nothing is sent to: they are digests, so nobody reads a list of them."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from regulars.base.db import Read
from regulars.features import messages
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members
from regulars.kernel.nouns import Identifier

__all__ = ["router"]

router = APIRouter(tags=["Messages"])

KIND_OF: Final = {"email": "email", "sms": "phone"}
"""By channel: the kind of identifier that its addresses are."""


class AddressAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that somebody asks about."""

    address: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    channel: messages.Channel = "email"


class AddressFound(Struct, frozen=True, kw_only=True):
    """Whether anything is sent to an address."""

    reason: messages.Suppression | None
    """Why nothing is sent to it. Null: nothing keeps it away."""


read_asked = msgspec.json.Decoder(AddressAsked)


@router.post("/v1/messages/suppressions/find")
@door(
    scope="messages:write",
    takes=AddressAsked,
    gives={200: AddressFound},
    refuses=(members.IdentifierInvalid,),
    examples={"Why nothing arrives": {"address": "ann@example.com"}},
)
async def find_suppression(request: Request) -> Response:
    """Find out whether nothing is sent to an address, and why."""
    told = await read_body(request, read_asked)
    async with database_of(request).snapshot() as read:
        return answer(await _find(read, request, told))


async def _find(read: Read, request: Request, told: AddressAsked) -> AddressFound:
    spelt = members.normalise(Identifier(kind=KIND_OF.get(told.channel, told.channel), value=told.address)).value
    found = await messages.find_suppressed(read, house_of(request).keyring, [(told.channel, spelt)])
    return AddressFound(reason=found.get((told.channel, spelt)))

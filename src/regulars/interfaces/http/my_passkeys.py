"""A member's passkeys: made, listed, named, removed; and used to show that it is still them."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from regulars.base.db import Tx
from regulars.features import entrance
from regulars.features.entrance import passkeys
from regulars.interfaces.http.entry import Credential, Options
from regulars.interfaces.http.guard import OWN_SCOPE, member_session_of, now_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.me import Proved
from regulars.interfaces.http.state import database_of, house_of, settings_of

__all__ = ["router"]

router = APIRouter(tags=["Me"])

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]


class PasskeyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey that a browser made."""

    credential: Credential
    name: Name = "passkey"


class PasskeyNamed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a member calls a passkey."""

    name: Name


class PasskeyProof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey that has signed, as a proof that the member is there."""

    credential: Credential


class MyPasskeys(Struct, frozen=True, kw_only=True):
    """The member's passkeys, oldest first."""

    passkeys: tuple[entrance.Passkey, ...]


class PasskeyRemoved(Struct, frozen=True, kw_only=True):
    """The passkey opens nothing any more."""

    removed: UUID


read_made = msgspec.json.Decoder(PasskeyIn)
read_named = msgspec.json.Decoder(PasskeyNamed)
read_proof = msgspec.json.Decoder(PasskeyProof)

GIVEN = {"id": "AQID", "rawId": "AQID", "type": "public-key"}


@router.post("/v1/me/passkeys/options")
@door(
    scope=OWN_SCOPE,
    who="present",
    gives={200: Options},
    refuses=(entrance.PasskeysUnset, entrance.PasskeysExceeded),
)
async def begin_my_passkey(request: Request) -> Response:
    """Begin to make a passkey, after a fresh proof. It is kept on the device, and asks for a finger, face or PIN."""
    site, current, at = passkeys.find_site(settings_of(request)), member_session_of(request), now_of(request)
    options = await database_of(request).run(
        lambda tx: passkeys.begin_passkey(tx, site, current.member, current.id, at=at)
    )
    return answer(Options(options=dict(options)))


@router.post("/v1/me/passkeys")
@door(
    scope=OWN_SCOPE,
    who="present",
    takes=PasskeyIn,
    gives={201: entrance.Passkey},
    refuses=(entrance.PasskeysUnset, entrance.PasskeyRefused),
    examples={"What a browser gave": {"credential": GIVEN, "name": "my phone"}},
)
async def add_my_passkey(request: Request) -> Response:
    """Keep a passkey that the browser made."""
    told, site = await read_body(request, read_made), passkeys.find_site(settings_of(request))
    made = await database_of(request).run(_adding(request, site, told))
    if made is None:
        raise passkeys.refuse_passkey()
    return answer(made, status=201)


@router.get("/v1/me/passkeys")
@door(scope=OWN_SCOPE, who="member", gives={200: MyPasskeys})
async def list_passkeys_of_mine(request: Request) -> Response:
    """List one's passkeys."""
    async with database_of(request).snapshot() as read:
        found = await passkeys.list_passkeys(read, member_session_of(request).member)
    return answer(MyPasskeys(passkeys=tuple(found)))


@router.put("/v1/me/passkeys/{passkey}")
@door(
    scope=OWN_SCOPE,
    who="member",
    takes=PasskeyNamed,
    gives={200: entrance.Passkey},
    refuses=(entrance.PasskeyUnknown,),
    examples={"A name": {"name": "the tablet at home"}},
)
async def rename_my_passkey(request: Request, passkey: UUID) -> Response:
    """Call a passkey something else."""
    told, member = await read_body(request, read_named), member_session_of(request).member
    return answer(
        await database_of(request).run(lambda tx: passkeys.rename(tx, passkey, member=member, name=told.name))
    )


@router.delete("/v1/me/passkeys/{passkey}")
@door(scope=OWN_SCOPE, who="present", gives={200: PasskeyRemoved}, refuses=(entrance.PasskeyUnknown,))
async def remove_my_passkey(request: Request, passkey: UUID) -> Response:
    """Remove a passkey, after a fresh proof."""
    member = member_session_of(request).member
    await database_of(request).run(lambda tx: passkeys.remove_passkey(tx, passkey, member=member))
    return answer(PasskeyRemoved(removed=passkey))


@router.post("/v1/me/step-up/passkey/options")
@door(scope=OWN_SCOPE, who="member", gives={200: Options}, refuses=(entrance.PasskeysUnset,))
async def ask_presence_passkey(request: Request) -> Response:
    """Begin to show by a passkey that it is still the member."""
    site, session, at = passkeys.find_site(settings_of(request)), member_session_of(request).id, now_of(request)
    asked = await database_of(request).run(lambda tx: passkeys.ask_passkey(tx, site, "step_up", session=session, at=at))
    return answer(Options(options=dict(asked)))


@router.post("/v1/me/step-up/passkey")
@door(
    scope=OWN_SCOPE,
    who="member",
    takes=PasskeyProof,
    gives={200: Proved},
    refuses=(entrance.PasskeysUnset, entrance.PasskeyRefused),
    examples={"What a browser gave": {"credential": GIVEN}},
)
async def show_presence_by_passkey(request: Request) -> Response:
    """Show by a passkey that it is still the member: good for five minutes."""
    told, site = await read_body(request, read_proof), passkeys.find_site(settings_of(request))
    if not await database_of(request).run(_proving(request, site, told)):
        raise passkeys.refuse_passkey()
    return answer(Proved())


def _adding(
    request: Request, site: passkeys.Site, told: PasskeyIn
) -> Callable[[Tx], Awaitable[entrance.Passkey | None]]:
    current, at, id_ = member_session_of(request), now_of(request), house_of(request).new_id()

    async def add(tx: Tx) -> entrance.Passkey | None:
        ids = (id_, current.member, current.id)
        return await passkeys.add_passkey(tx, site, told.credential, ids=ids, name=told.name, at=at)

    return add


def _proving(request: Request, site: passkeys.Site, told: PasskeyProof) -> Callable[[Tx], Awaitable[bool]]:
    current, at = member_session_of(request), now_of(request)

    async def prove(tx: Tx) -> bool:
        member = await passkeys.use(tx, site, told.credential, "step_up", session=current.id, at=at)
        # Somebody else's passkey proves that somebody else is there.
        if member != current.member:
            return False
        await entrance.prove(tx, current.id, at=at)
        return True

    return prove

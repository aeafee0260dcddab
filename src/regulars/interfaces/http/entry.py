"""Members sign in: by a passkey, or by a code that is sent to them once."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.features import entrance
from regulars.features.entrance import passkeys
from regulars.interfaces.http.entry_page import UNDO_POLICY, write_undo
from regulars.interfaces.http.guard import address_of_caller, member_cookie_of, now_of
from regulars.interfaces.http.kit import PUBLIC, answer, door, read_body, tell
from regulars.interfaces.http.state import database_of, house_of, settings_of
from regulars.kernel import members

__all__ = [
    "AttemptOut",
    "CodeTried",
    "Credential",
    "Options",
    "SignInCode",
    "answer_asked",
    "refuse_code",
    "router",
    "run_paced",
    "show_codes",
    "try_in",
]

T = TypeVar("T")

router = APIRouter(tags=["Entry"])

Token = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Digits = Annotated[str, Meta(min_length=1, max_length=32, description="The six digits that were sent.")]
Credential = Annotated[dict[str, Any], Meta(description="What the browser gave, as JSON (`credential.toJSON()`).")]


class CodeAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wants a code."""

    contact: entrance.Contact


class AttemptOut(Struct, frozen=True, kw_only=True):
    """A code is on its way, if anybody is known by that contact: whether somebody is, is not told."""

    attempt: str
    """Send it with the code."""
    ends_at: datetime
    code: str | None = None
    """Null, but in a demo, where codes are shown and not sent."""


class CodeTried(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code, and the attempt that it was asked for with."""

    attempt: Token
    code: Digits


class SignInCode(CodeTried, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code to sign in with."""

    cookie: bool = False
    """Whether the token is to be set as a cookie, for pages of our own, and not answered."""


class SignInPasskey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey that has signed."""

    credential: Credential
    cookie: bool = False
    """Whether the token is to be set as a cookie, for pages of our own, and not answered."""


class Options(Struct, frozen=True, kw_only=True):
    """What the browser needs: `navigator.credentials` takes it as `publicKey`, read by `parse…OptionsFromJSON`."""

    options: dict[str, Any]


class MemberSignedIn(Struct, frozen=True, kw_only=True):
    """A session of a member, and its token where it is not in a cookie."""

    session: entrance.MemberSession
    token: str | None
    """`rm_…`: send it as `Authorization: Bearer`. It changes every hour: the new one is in `X-Regulars-Session`."""


class UndoIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was behind the link in the notice."""

    token: Token


class Undone(Struct, frozen=True, kw_only=True):
    """The old contact is the member's again."""

    undone: bool = True


read_asked = msgspec.json.Decoder(CodeAsked)
read_code = msgspec.json.Decoder(SignInCode)
read_passkey = msgspec.json.Decoder(SignInPasskey)
read_undo = msgspec.json.Decoder(UndoIn)


@router.post("/v1/entry/code")
@door(
    scope=PUBLIC,
    takes=CodeAsked,
    gives={202: AttemptOut},
    refuses=(entrance.EntryLimited, entrance.ChannelUnset, members.IdentifierInvalid),
    examples={"By mail": {"contact": {"kind": "email", "value": "ann@example.com"}}},
)
async def ask_entry_code(request: Request) -> Response:
    """Send a code to a member's address or number. It is good for ten minutes and five tries.

    The answer is the same whether or not anybody is known by it, and comes as fast. One address or number gets at most
    five codes an hour.
    """
    told = await read_body(request, read_asked)
    shown = await show_codes(request, told.contact.kind)
    house, at = house_of(request), now_of(request)
    asked = await run_paced(request, lambda tx: entrance.ask_code(tx, house, told.contact, at=at, shown=shown))
    return answer_asked(asked, shown=shown)


@router.post("/v1/entry/code/try")
@door(
    scope=PUBLIC,
    takes=SignInCode,
    gives={200: MemberSignedIn},
    refuses=(entrance.EntryLimited, entrance.EntryRefused),
    examples={"A code": {"attempt": "ra_xyz", "code": "123456"}},
)
async def try_entry_code(request: Request) -> Response:
    """Sign in with a code. A wrong one, one that was used and one that has ended are answered alike."""
    told = await read_body(request, read_code)
    keyring, at = house_of(request).keyring, now_of(request)
    found = await run_paced(
        request,
        lambda tx: entrance.try_code(tx, keyring, told.attempt, told.code, purpose="sign_in", session=None, at=at),
    )
    return await try_in(request, None if found is None else found.member, refuse_code(), cookie=told.cookie)


@router.post("/v1/entry/passkey/options")
@door(scope=PUBLIC, gives={200: Options}, refuses=(entrance.EntryLimited, entrance.PasskeysUnset))
async def ask_entry_passkey(request: Request) -> Response:
    """Begin to sign in with a passkey. Nobody says who they are: the device shows which passkeys it has."""
    site, at = passkeys.find_site(settings_of(request)), now_of(request)
    asked = await run_paced(request, lambda tx: passkeys.ask_passkey(tx, site, "sign_in", session=None, at=at))
    return answer(Options(options=dict(asked)))


@router.post("/v1/entry/passkey")
@door(
    scope=PUBLIC,
    takes=SignInPasskey,
    gives={200: MemberSignedIn},
    refuses=(entrance.EntryLimited, entrance.PasskeysUnset, entrance.PasskeyRefused),
    examples={"What a browser gave": {"credential": {"id": "AQID", "rawId": "AQID", "type": "public-key"}}},
)
async def use_entry_passkey(request: Request) -> Response:
    """Sign in with a passkey."""
    told = await read_body(request, read_passkey)
    site, at = passkeys.find_site(settings_of(request)), now_of(request)
    work = passkeys.use_for("sign_in", site, told.credential, session=None, at=at)
    return await try_in(request, await run_paced(request, work), passkeys.refuse_passkey(), cookie=told.cookie)


@router.get("/undo")
@door(scope=PUBLIC, gives={200: "text/html"})
async def show_undo() -> Response:
    """Show the page to which the notice of a changed contact leads. The link alone undoes nothing: scanners open it."""
    headers = {"Content-Security-Policy": UNDO_POLICY, "Cache-Control": "no-store"}
    return Response(write_undo(), media_type="text/html", headers=headers)


@router.post("/v1/entry/undo")
@door(
    scope=PUBLIC,
    takes=UndoIn,
    gives={200: Undone},
    refuses=(entrance.EntryLimited, entrance.UndoInvalid),
    examples={"Of the link": {"token": "ru_xyz"}},
)
async def undo_contact_change(request: Request) -> Response:
    """Take a change of contact back, within three days. Whoever is signed in as the member is signed out."""
    told = await read_body(request, read_undo)
    house, at = house_of(request), now_of(request)
    await run_paced(request, lambda tx: entrance.undo_change(tx, house, told.token, at=at))
    return answer(Undone())


async def try_in(request: Request, member: UUID | None, refusal: Refusal, *, cookie: bool) -> Response:
    """Open a session for whoever was found, or refuse."""
    if member is None:
        raise refusal
    session, token = await database_of(request).run(_opening(request, member))
    if cookie:
        tell(request, "Set-Cookie", member_cookie_of(token))
    return answer(MemberSignedIn(session=session, token=None if cookie else token))


async def show_codes(request: Request, kind: str | None) -> bool:
    """Whether codes are shown here and not sent. Raises ChannelUnset where this kind of contact can have neither.

    What a setting says is not enough: only a sandbox shows them, and no database in which a shop is run is one.
    """
    settings = settings_of(request)
    if settings.show_codes:
        async with database_of(request).snapshot() as read:
            if await clock.is_sandbox(read):
                return True
    if kind is not None:
        entrance.check_channel(settings, kind)
    return False


def answer_asked(asked: entrance.Asked, *, shown: bool) -> Response:
    """Answer whoever asked for a code."""
    code = asked.code if shown else None
    return answer(AttemptOut(attempt=asked.attempt, ends_at=asked.ends_at, code=code), status=202)


def refuse_code() -> entrance.EntryRefused:
    """One answer for every code that opens nothing."""
    return entrance.EntryRefused("The code is wrong, was used, or has ended. After five tries ask for another one.")


def _opening(request: Request, member: UUID) -> Callable[[Tx], Awaitable[tuple[entrance.MemberSession, str]]]:
    house, at, address = house_of(request), now_of(request), address_of_caller(request)
    agent = request.headers.get("user-agent", "")

    async def work(tx: Tx) -> tuple[entrance.MemberSession, str]:
        await entrance.excuse_address(tx, house.keyring, address)
        return await entrance.open_session(tx, member, id=house.new_id(), at=at, agent=agent)

    return work


async def run_paced(request: Request, work: Callable[[Tx], Awaitable[T]]) -> T:
    """Do something that anybody may ask, at the pace of an address."""
    keyring, at, address = house_of(request).keyring, now_of(request), address_of_caller(request)
    database = database_of(request)
    # Counted in a transaction of its own, so that what goes wrong later is counted too.
    blocked = await database.run(lambda tx: entrance.count_address(tx, keyring, address, at=at))
    if blocked is not None:
        raise blocked
    return await database.run(work)

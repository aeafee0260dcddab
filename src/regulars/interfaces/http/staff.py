"""People who work here: invited, welcomed, listed, given other roles, disabled."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
import segno
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base.db import Tx
from regulars.features import staff
from regulars.interfaces.http.guard import actor_of, now_of
from regulars.interfaces.http.kit import PUBLIC, answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.staff_page import WELCOME_POLICY, write_welcome
from regulars.interfaces.http.state import database_of, hashing_of, house_of, settings_of

__all__ = ["WELCOME", "router", "write_link"]

READ: Final = "staff:read"
WRITE: Final = "staff:write"
WELCOME: Final = "/welcome"
PAGE_MAX: Final = 200

router = APIRouter(tags=["Staff"])

Text = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
Optional = Annotated[str, Meta(max_length=300, pattern=r"^[^\x00]*$")]
Roles = Annotated[tuple[staff.Role, ...], Meta(min_length=1, max_length=len(staff.ROLES))]
Bound = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]


class InvitationIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to work here, and as what."""

    email: Text
    name: Optional = ""
    roles: Roles
    store: Bound | None = None
    """The one store for which they may speak; needed for the role `store`."""


class InvitationOut(Struct, frozen=True, kw_only=True):
    """An account that waits for its person, and the link that is shown this once."""

    account: staff.Account
    link: str
    """Give it to the person, by a way that only they read. It is good once."""
    ends_at: datetime


class RolesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person may do from now on."""

    roles: Roles
    store: Bound | None = None


class LinkIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A one-time link."""

    token: Text
    """What stands behind the `#` of the link."""


class LinkOut(Struct, frozen=True, kw_only=True):
    """What a person with a one-time link sets up."""

    email: str
    """Empty: you choose it."""
    name: str
    secret: str
    """Of the second factor: type it into an app for codes."""
    address: str
    """The same, as apps read it from a QR code."""
    drawing: str
    """The QR code, as SVG."""


class WelcomeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person will sign in with."""

    token: Text
    email: Optional = ""
    """Of the first owner; others were invited by theirs."""
    name: Optional = ""
    password: Text
    code: Annotated[str, Meta(max_length=32, description="Six digits that the app shows now.")]


class WelcomeOut(Struct, frozen=True, kw_only=True):
    """The account is ready."""

    account: staff.Account
    recovery: tuple[str, ...]
    """Ten codes for paper, for when the app is gone. They are shown this once, and each is good once."""


class AccountPage(Struct, frozen=True, kw_only=True):
    """A part of the accounts, by id."""

    accounts: tuple[staff.Account, ...]
    next: str | None


read_invitation = msgspec.json.Decoder(InvitationIn)
read_roles = msgspec.json.Decoder(RolesIn)
read_link = msgspec.json.Decoder(LinkIn)
read_welcome = msgspec.json.Decoder(WelcomeIn)
read_place = msgspec.json.Decoder(tuple[UUID])


@router.get(WELCOME)
@door(scope=PUBLIC, gives={200: "text/html"})
async def show_welcome() -> Response:
    """Set up your account, with the one-time link that you were given. For browsers."""
    return Response(write_welcome(), media_type="text/html", headers={"Content-Security-Policy": WELCOME_POLICY})


@router.post("/v1/staff/welcome/look")
@door(
    scope=PUBLIC,
    takes=LinkIn,
    gives={200: LinkOut},
    refuses=(staff.LinkInvalid,),
    examples={"A link": {"token": "rl_..."}},
)
async def look_at_link(request: Request) -> Response:
    """See what there is to set up: put the secret into an app for codes, and come back with what it shows."""
    told = await read_body(request, read_link)
    keyring = house_of(request).keyring
    found = await staff.look_at_link(database_of(request), keyring, told.token, at=now_of(request))
    drawing = segno.make(found.address, error="m", micro=False).svg_inline(omitsize=True)
    return answer(
        LinkOut(email=found.email, name=found.name, secret=found.secret, address=found.address, drawing=drawing)
    )


@router.post("/v1/staff/welcome")
@door(
    scope=PUBLIC,
    takes=WelcomeIn,
    gives={201: WelcomeOut},
    refuses=(
        staff.LinkInvalid,
        staff.CodeWrong,
        staff.PasswordWeak,
        staff.AccountUnusable,
        staff.AccountKnown,
        staff.OwnerExists,
    ),
    examples={"A person": {"token": "rl_...", "password": "four words of your own", "code": "123456"}},
)
async def accept_link(request: Request) -> Response:
    """Set your password and your second factor. The link is used up; where something is refused, it is not."""
    told = await read_body(request, read_welcome)
    account, codes = await staff.accept(
        database_of(request),
        house_of(request).keyring,
        hashing_of(request),
        token=told.token,
        person=(told.email, told.name),
        proof=(told.password, told.code),
        breached=settings_of(request).breached_passwords,
        at=now_of(request),
    )
    return answer(WelcomeOut(account=account, recovery=codes), status=201)


@router.get("/v1/staff")
@door(scope=READ, who="person", gives={200: AccountPage}, refuses=(CursorInvalid,))
async def list_staff(request: Request, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List who works here, with their roles and states."""
    (after,) = read_cursor(cursor, read_place) if cursor else (UUID(int=0),)
    async with database_of(request).snapshot() as read:
        found = await staff.list_accounts(read, house_of(request).keyring, after=after, most=limit)
    after_all = write_cursor((found[-1].id,)) if len(found) == limit else None
    return answer(AccountPage(accounts=tuple(found), next=after_all))


@router.post("/v1/staff")
@door(
    scope=WRITE,
    who="proven",
    takes=InvitationIn,
    gives={201: InvitationOut},
    refuses=(staff.AccountKnown, staff.AccountUnusable),
    examples={
        "A marketer": {"email": "bo@example.com", "name": "Bo Li", "roles": ["marketer"]},
        "Somebody at a counter": {"email": "cy@example.com", "roles": ["store"], "store": "s1"},
    },
)
async def invite_staff(request: Request) -> Response:
    """Invite somebody. The one-time link is good for three days; nobody but you is sent it."""
    told = await read_body(request, read_invitation)
    keyring, by, at = house_of(request).keyring, str(actor_of(request).id), now_of(request)
    invited = await database_of(request).run(
        lambda tx: staff.invite(
            tx, keyring, email=told.email, name=told.name, roles=told.roles, bound=told.store, by=by, at=at
        )
    )
    return _answer_invited(request, invited)


@router.post("/v1/staff/{account}/invite")
@door(scope=WRITE, who="proven", gives={201: InvitationOut}, refuses=(staff.AccountUnknown, staff.LastOwner))
async def invite_staff_again(request: Request, account: UUID) -> Response:
    """Give somebody another one-time link: the first has ended, or phone and paper are lost. They are signed out."""
    keyring, at = house_of(request).keyring, now_of(request)
    invited = await database_of(request).run(lambda tx: staff.invite_again(tx, keyring, account, at=at))
    return _answer_invited(request, invited)


@router.put("/v1/staff/{account}/roles")
@door(
    scope=WRITE,
    who="proven",
    takes=RolesIn,
    gives={200: staff.Account},
    refuses=(staff.AccountUnknown, staff.AccountUnusable, staff.LastOwner),
    examples={"Two": {"roles": ["analyst", "auditor"]}},
)
async def change_staff_roles(request: Request, account: UUID) -> Response:
    """Change what somebody may do, from their next request on."""
    told, keyring = await read_body(request, read_roles), house_of(request).keyring
    return await _change(
        request, lambda tx: staff.change_roles(tx, keyring, account, roles=told.roles, bound=told.store)
    )


@router.post("/v1/staff/{account}/disable")
@door(scope=WRITE, who="proven", gives={200: staff.Account}, refuses=(staff.AccountUnknown, staff.LastOwner))
async def disable_staff(request: Request, account: UUID) -> Response:
    """See that somebody cannot sign in any more, and end at once what they have open."""
    keyring, at = house_of(request).keyring, now_of(request)
    return await _change(request, lambda tx: staff.disable(tx, keyring, account, at=at))


@router.post("/v1/staff/{account}/enable")
@door(scope=WRITE, who="proven", gives={200: staff.Account}, refuses=(staff.AccountUnknown,))
async def enable_staff(request: Request, account: UUID) -> Response:
    """Let somebody who was disabled sign in again."""
    keyring = house_of(request).keyring
    return await _change(request, lambda tx: staff.enable(tx, keyring, account))


@router.post("/v1/staff/{account}/unlock")
@door(scope=WRITE, who="proven", gives={200: staff.Account}, refuses=(staff.AccountUnknown,))
async def unlock_staff(request: Request, account: UUID) -> Response:
    """Let somebody try again who was wrong too often."""
    keyring = house_of(request).keyring
    return await _change(request, lambda tx: staff.unlock(tx, keyring, account))


async def _change(request: Request, work: Callable[[Tx], Awaitable[staff.Account]]) -> Response:
    return answer(await database_of(request).run(work))


def _answer_invited(request: Request, invited: staff.Invited) -> Response:
    assert invited.account is not None, "the first owner is invited on the command line"
    link = write_link(settings_of(request).public_url or str(request.base_url), invited.token)
    return answer(InvitationOut(account=invited.account, link=link, ends_at=invited.ends_at), status=201)


def write_link(base: str, token: str) -> str:
    """Write a one-time link. What stands behind the `#` is sent to no server by a browser, and is in no log."""
    return f"{base.rstrip('/')}{WELCOME}#{token}"

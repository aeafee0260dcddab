"""Somebody becomes a member by themselves: a contact, a code, and what they allow. Then they are signed in."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.features import consent, entrance
from regulars.interfaces.http.consents import CHOICES_MAX, MyChoice
from regulars.interfaces.http.entry import (
    AttemptOut,
    SignInCode,
    answer_asked,
    refuse_code,
    run_paced,
    show_codes,
)
from regulars.interfaces.http.guard import address_of_caller, member_cookie_of, now_of
from regulars.interfaces.http.kit import PUBLIC, answer, door, read_body, tell
from regulars.interfaces.http.state import database_of, house_of, settings_of
from regulars.kernel import members

__all__ = ["router"]

PERSONALISATION: Final = "personalisation"
"""What rules read, too."""

router = APIRouter(tags=["Entry"])


class EntryView(Struct, frozen=True, kw_only=True):
    """How members get in here, and what they are asked when they join."""

    joining: bool
    """Whether somebody may become a member by themselves."""
    contacts: tuple[str, ...]
    """Kinds of contact to which a code can be sent: email, phone."""
    passkeys: bool
    codes_shown: bool
    """Whether codes are shown and not sent: a demo."""
    name: dict[str, str]
    """Of the programme, by language; empty while none is live."""
    notices: tuple[consent.ConsentNotice, ...]
    """The words for each purpose, to be shown to whoever joins."""


class JoinAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody wants to join, or to come in again."""

    contact: entrance.Contact


class JoinTried(SignInCode, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code that was sent, and what whoever joins allows."""

    consents: Annotated[tuple[MyChoice, ...], Meta(max_length=CHOICES_MAX)] = ()


class MemberJoined(Struct, frozen=True, kw_only=True):
    """A session of a member, and its token where it is not in a cookie."""

    session: entrance.MemberSession
    token: str | None
    """`rm_…`: send it as `Authorization: Bearer`. It changes every hour: the new one is in `X-Regulars-Session`."""
    joined: bool
    """Whether they are a member only since now; else they were one, and are signed in."""


read_asked = msgspec.json.Decoder(JoinAsked)
read_tried = msgspec.json.Decoder(JoinTried)


@router.get("/v1/entry")
@door(scope=PUBLIC, gives={200: EntryView})
async def read_entry(request: Request) -> Response:
    """Read how members get in here, and the words to show to whoever joins. Nobody has to be signed in."""
    async with database_of(request).snapshot() as read:
        return answer(await _view(request, read))


@router.post("/v1/entry/join")
@door(
    scope=PUBLIC,
    takes=JoinAsked,
    gives={202: AttemptOut},
    refuses=(
        entrance.JoiningClosed,
        entrance.EntryLimited,
        entrance.ChannelUnset,
        members.IdentifierInvalid,
    ),
    examples={"By mail": {"contact": {"kind": "email", "value": "ann@example.com"}}},
)
async def ask_join_code(request: Request) -> Response:
    """Send a code to an address or number, whoever it is of. It is good for ten minutes and five tries.

    Who is a member already gets one, too, and is signed in by it: the answer is the same. One address or number gets
    at most five codes an hour.
    """
    told = await read_body(request, read_asked)
    shown = await _check_open(request, told.contact.kind)
    house, at = house_of(request), now_of(request)
    asked = await run_paced(request, lambda tx: entrance.ask_join_code(tx, house, told.contact, at=at, shown=shown))
    return answer_asked(asked, shown=shown)


@router.post("/v1/entry/join/try")
@door(
    scope=PUBLIC,
    takes=JoinTried,
    gives={200: MemberJoined},
    refuses=(
        entrance.EntryLimited,
        entrance.EntryRefused,
        members.IdentifierTaken,
        consent.ConsentInvalid,
        consent.ConsentProofMissing,
        consent.NoticeUnknown,
    ),
    examples={
        "With what is allowed": {
            "attempt": "ra_xyz",
            "code": "123456",
            "consents": [
                {"purpose": "marketing", "channel": "email", "is_given": True, "version": 1, "language": "en"}
            ],
        }
    },
)
async def join_by_code(request: Request) -> Response:
    """Join with the code, and sign in: enrolment, what is allowed, and the session are one transaction.

    Whoever is a member already is signed in, and what they chose here holds from now on. A wrong code, one that was
    used and one that has ended are answered alike. Where a choice is refused, the code may be sent again.
    """
    told = await read_body(request, read_tried)
    opened = await run_paced(request, _joining(request, told))
    if opened is None:
        raise refuse_code()
    return _welcome(request, opened, cookie=told.cookie)


async def _view(request: Request, read: Read) -> EntryView:
    settings = settings_of(request)
    shown = settings.show_codes and await clock.is_sandbox(read)
    ways = {"email": settings.smtp_url, "phone": settings.sms_url}
    release = (await house_of(request).versions.read(read)).release_at(await clock.now(read))
    plans = (await house_of(request).versions.read(read)).plans
    name = None if release is None else plans[release.hash].document.name
    return EntryView(
        joining=settings.joining,
        contacts=tuple(kind for kind, way in ways.items() if shown or way is not None),
        passkeys=settings.rp_id is not None and settings.origin is not None,
        codes_shown=shown,
        name=dict(name or {}),
        notices=tuple(await consent.list_notices(read)),
    )


async def _check_open(request: Request, kind: str) -> bool:
    """Whether codes are shown. Raises JoiningClosed and ChannelUnset."""
    if not settings_of(request).joining:
        raise entrance.JoiningClosed("Nobody becomes a member by themselves here. Ask at the shop.")
    return await show_codes(request, kind)


Opened = tuple[entrance.MemberSession, str, bool]


def _joining(request: Request, told: JoinTried) -> Callable[[Tx], Awaitable[Opened | None]]:
    house, at, address = house_of(request), now_of(request), address_of_caller(request)
    agent = request.headers.get("user-agent", "")

    async def work(tx: Tx) -> Opened | None:
        contact = await entrance.try_join_code(tx, house.keyring, told.attempt, told.code, at=at)
        joined = None if contact is None else await entrance.join(tx, house, contact)
        if joined is None:
            return None
        now = await clock.now(tx)
        choices = [
            consent.Choice(
                member=joined.member,
                door="member",
                told_by=f"member {joined.member}",
                occurred_at=now,
                **msgspec.structs.asdict(each),
            )
            for each in told.consents
        ]
        if choices:
            await consent.record(tx, choices, new_id=house.new_id, at=now)
        if any(each.purpose == PERSONALISATION for each in choices):
            await consent.tell_rules(tx, house, [joined.member], at=now)
        await entrance.excuse_address(tx, house.keyring, address)
        session, token = await entrance.open_session(tx, joined.member, id=house.new_id(), at=at, agent=agent)
        return session, token, joined.is_new

    return work


def _welcome(request: Request, opened: Opened, *, cookie: bool) -> Response:
    session, token, is_new = opened
    if cookie:
        tell(request, "Set-Cookie", member_cookie_of(token))
    return answer(MemberJoined(session=session, token=None if cookie else token, joined=is_new))

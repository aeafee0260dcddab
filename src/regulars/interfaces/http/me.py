"""What a member sees and does for themselves. Nothing here names a member: it is whoever is signed in."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct
from msgspec.structs import replace

from regulars.base import clock
from regulars.base.db import Tx
from regulars.base.roles import speak_for_member
from regulars.features import entrance
from regulars.interfaces.http.activities import PATH_REFUSALS, command_scope, record_one
from regulars.interfaces.http.codes import CodeView, making_code
from regulars.interfaces.http.coupons import WalletOut, view_wallet
from regulars.interfaces.http.entry import AttemptOut, CodeTried, answer_asked, refuse_code, show_codes
from regulars.interfaces.http.guard import OWN_SCOPE, key_of, member_cookie_of, member_session_of, now_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, tell
from regulars.interfaces.http.members import CurrencyAsked, Cursor, Limit, read_entries, read_entry_place, view_member
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.shown import VOUCHES
from regulars.interfaces.http.state import database_of, house_of, settings_of
from regulars.interfaces.http.wire import MemberView, ReceiptView, StatementPage
from regulars.kernel import members
from regulars.kernel.members import burning
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.spine import MemberClosed

__all__ = ["SOURCE", "Called", "Proved", "router"]

SOURCE: Final = "member"
"""The source of what members ask for themselves. Their ids are put before the names they give."""

router = APIRouter(tags=["Me"])

Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Called = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$(?!\n)")]


class MyView(Struct, frozen=True, kw_only=True):
    """Who is signed in, what they hold, and whether they may use it now."""

    member: MemberView
    session: entrance.MemberSession
    burning: Literal["on", "off"]
    """Whether points may be used; off, they are only earned."""


class MySessions(Struct, frozen=True, kw_only=True):
    """What the member has open, oldest first."""

    sessions: tuple[entrance.MemberSession, ...]
    current: UUID


class MySessionsEnded(Struct, frozen=True, kw_only=True):
    """How many sessions ended."""

    ended: int


class Proved(Struct, frozen=True, kw_only=True):
    """The member has shown that they are there."""

    proved: bool = True


class Frozen(Struct, frozen=True, kw_only=True):
    """Points are not used any more, until the shop turns that on again."""

    burning: Literal["off"] = "off"


class MyActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a member asks for themselves."""

    id: Called
    """The member's own name of it: sent again with all the rest as it was, it counts once."""
    occurred_at: Annotated[datetime, Meta(tz=True)]
    kind: Literal["redeem", "gift", "donate", "convert", "reward"]
    ask: dict[Word, str | int | bool]
    """As in `/v1/activities`."""
    to: entrance.Contact | None = None
    """For a gift: who gets it."""

    def to_activity(self, member: UUID) -> Activity:
        """Say it as an activity of the member."""
        to = None if self.to is None else Identifier(kind=self.to.kind, value=self.to.value)
        return Activity(
            id=f"{member}:{self.id}",
            source=SOURCE,
            kind=self.kind,
            occurred_at=self.occurred_at,
            member=member,
            to=to,
            ask=self.ask,
        )


class ContactIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The address or number that the member wants to be reached by."""

    contact: entrance.Contact


class ContactChanged(Struct, frozen=True, kw_only=True):
    """The contact was changed. Old and new were told."""

    cooling_until: datetime
    """Until when points are neither used nor given away."""


read_activity = msgspec.json.Decoder(MyActivity)
read_contact = msgspec.json.Decoder(ContactIn)
read_tried = msgspec.json.Decoder(CodeTried)


@router.get("/v1/me")
@door(scope=OWN_SCOPE, who="member", gives={200: MyView})
async def read_mine(request: Request) -> Response:
    """Read who is signed in: as they are shown, with what they hold at this moment."""
    session = member_session_of(request)
    async with database_of(request).snapshot() as read:
        view = await view_member(read, house_of(request), session.member)
        stops = await burning.read_stops(read, [session.member], at=view.as_of)
    return answer(MyView(member=view, session=session, burning="off" if stops.rows else "on"))


@router.get("/v1/me/statement")
@door(scope=OWN_SCOPE, who="member", gives={200: StatementPage}, refuses=(CursorInvalid,))
async def read_my_statement(
    request: Request, currency: CurrencyAsked = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Read what moved one's points, newest first."""
    before = None if cursor is None else read_cursor(cursor, read_entry_place)
    async with database_of(request).snapshot() as read:
        return answer(await read_entries(read, member_session_of(request).member, currency, before, limit))


@router.get("/v1/me/coupons")
@door(scope=OWN_SCOPE, who="member", gives={200: WalletOut})
async def read_my_coupons(request: Request) -> Response:
    """Read one's coupons."""
    async with database_of(request).snapshot() as read:
        return answer(await view_wallet(read, house_of(request), member_session_of(request).member))


@router.post("/v1/me/code")
@door(scope=OWN_SCOPE, who="member", gives={200: CodeView}, refuses=(MemberClosed,))
async def make_my_code(request: Request) -> Response:
    """Make the code to show at the till for the next thirty seconds."""
    work = making_code(house_of(request).keyring, member_session_of(request).member)
    return answer(await database_of(request).run(work))


@router.post("/v1/me/activities")
@door(
    scope=OWN_SCOPE,
    who="present",
    takes=MyActivity,
    gives={201: ReceiptView, 200: ReceiptView},
    refuses=PATH_REFUSALS,
    examples={
        "Points": {
            "id": "a-1",
            "kind": "redeem",
            "occurred_at": "2026-03-01T09:30:00+08:00",
            "ask": {"currency": "points", "points": 100},
        }
    },
)
async def do_mine(request: Request) -> Response:
    """Use points, or give them away: by the member's own request, who has just shown that it is them."""
    told = await read_body(request, read_activity)
    # The member is there, and asks for what is theirs: as good as a code that is shown, and as a key that may do this.
    request.state.key = replace(key_of(request), scopes=(VOUCHES, command_scope(told.kind)))
    return await record_one(request, told.to_activity(member_session_of(request).member))


@router.post("/v1/me/freeze-burning")
@door(scope=OWN_SCOPE, who="member", gives={200: Frozen})
async def freeze_mine(request: Request) -> Response:
    """Keep one's points from being used, at once: a phone is gone, say. The shop turns it on again."""
    await database_of(request).run(_freezing(request))
    return answer(Frozen())


@router.get("/v1/me/sessions")
@door(scope=OWN_SCOPE, who="member", gives={200: MySessions})
async def list_sessions_of_mine(request: Request) -> Response:
    """List where one is signed in."""
    current = member_session_of(request)
    async with database_of(request).snapshot() as read:
        # A second wall, where the database has roles: whatever the query asks for, it sees this member's rows alone.
        await speak_for_member(read, current.member)
        found = await entrance.list_open(read, current.member, at=now_of(request))
    return answer(MySessions(sessions=tuple(found), current=current.id))


@router.post("/v1/me/sessions/{session}/end")
@door(scope=OWN_SCOPE, who="member", gives={200: MySessionsEnded}, refuses=(entrance.MemberSessionUnknown,))
async def end_session_of_mine(request: Request, session: UUID) -> Response:
    """End one of one's sessions."""
    member, at = member_session_of(request).member, now_of(request)
    await database_of(request).run(lambda tx: entrance.end_one(tx, session, member=member, at=at))
    return answer(MySessionsEnded(ended=1))


@router.post("/v1/me/sign-out")
@door(scope=OWN_SCOPE, who="member", gives={200: MySessionsEnded})
async def sign_me_out(request: Request) -> Response:
    """Sign out here."""
    current, at = member_session_of(request), now_of(request)
    await database_of(request).run(lambda tx: entrance.end_one(tx, current.id, member=current.member, at=at))
    tell(request, "Set-Cookie", member_cookie_of(""))
    return answer(MySessionsEnded(ended=1))


@router.post("/v1/me/sign-out-everywhere")
@door(scope=OWN_SCOPE, who="member", gives={200: MySessionsEnded})
async def sign_me_out_everywhere(request: Request) -> Response:
    """Sign out everywhere, here too."""
    member, at = member_session_of(request).member, now_of(request)
    ended = await database_of(request).run(lambda tx: entrance.end_all(tx, member, at=at))
    tell(request, "Set-Cookie", member_cookie_of(""))
    return answer(MySessionsEnded(ended=ended))


@router.post("/v1/me/step-up/code")
@door(scope=OWN_SCOPE, who="member", gives={202: AttemptOut}, refuses=(entrance.ContactRefused,))
async def ask_presence_code(request: Request) -> Response:
    """Send a code to the member, to show that it is them."""
    house, at, settings, current = house_of(request), now_of(request), settings_of(request), member_session_of(request)
    shown = await show_codes(request, None)
    asked = await database_of(request).run(
        lambda tx: entrance.ask_own_code(tx, house, current.member, current.id, settings=settings, at=at, shown=shown)
    )
    return answer_asked(asked, shown=shown)


@router.post("/v1/me/step-up/try")
@door(
    scope=OWN_SCOPE,
    who="member",
    takes=CodeTried,
    gives={200: Proved},
    refuses=(entrance.EntryRefused,),
    examples={"A code": {"attempt": "ra_xyz", "code": "123456"}},
)
async def show_presence(request: Request) -> Response:
    """Show by a code that it is still the member: good for five minutes."""
    told = await read_body(request, read_tried)
    if not await database_of(request).run(lambda tx: _prove(tx, request, told)):
        raise refuse_code()
    return answer(Proved())


@router.post("/v1/me/contact")
@door(
    scope=OWN_SCOPE,
    who="present",
    takes=ContactIn,
    gives={202: AttemptOut},
    refuses=(entrance.ChannelUnset, members.IdentifierInvalid),
    examples={"Another address": {"contact": {"kind": "email", "value": "ann@example.org"}}},
)
async def ask_my_contact(request: Request) -> Response:
    """Send a code to a new address or number, to see that it is the member's."""
    told, current = await read_body(request, read_contact), member_session_of(request)
    shown, ids = await show_codes(request, told.contact.kind), (current.member, current.id)
    house, at = house_of(request), now_of(request)
    asked = await database_of(request).run(
        lambda tx: entrance.ask_contact_code(tx, house, ids, told.contact, at=at, shown=shown)
    )
    return answer_asked(asked, shown=shown)


@router.post("/v1/me/contact/try")
@door(
    scope=OWN_SCOPE,
    who="present",
    takes=CodeTried,
    gives={200: ContactChanged},
    refuses=(
        entrance.EntryRefused,
        entrance.ContactRefused,
        members.IdentifierTaken,
        members.IdentifiersExceeded,
        members.MemberMerged,
    ),
    examples={"A code": {"attempt": "ra_xyz", "code": "123456"}},
)
async def change_my_contact(request: Request) -> Response:
    """Put the new contact in the place of the old one, with the code that was sent to it.

    For a day after that points are neither used nor given away. Old and new are told; the notice undoes it for three
    days.
    """
    told = await read_body(request, read_tried)
    until = await database_of(request).run(lambda tx: _change(tx, request, told))
    if until is None:
        raise refuse_code()
    return answer(ContactChanged(cooling_until=until))


def _freezing(request: Request) -> Callable[[Tx], Awaitable[bool]]:
    member, id_ = member_session_of(request).member, house_of(request).new_id()

    async def freeze(tx: Tx) -> bool:
        # Locked: whoever is under way with the points is done before, and nobody begins after.
        await members.lock_many(tx, [member])
        at = await clock.now(tx)
        return await burning.turn_off(tx, member, id=id_, reason="asked by the member", by="the member", at=at)

    return freeze


async def _prove(tx: Tx, request: Request, told: CodeTried) -> bool:
    current, at = member_session_of(request), now_of(request)
    keyring = house_of(request).keyring
    found = await entrance.try_code(tx, keyring, told.attempt, told.code, purpose="step_up", session=current.id, at=at)
    if found is not None:
        await entrance.prove(tx, current.id, at=at)
    return found is not None


async def _change(tx: Tx, request: Request, told: CodeTried) -> datetime | None:
    current, at, house = member_session_of(request), now_of(request), house_of(request)
    found = await entrance.try_code(
        tx, house.keyring, told.attempt, told.code, purpose="contact", session=current.id, at=at
    )
    if found is None or found.contact is None:
        return None
    address = (settings_of(request).public_url or str(request.base_url)).rstrip("/")
    return await entrance.change_contact(tx, house, current, found.contact, address=address, at=at)

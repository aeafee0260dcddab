"""A member's codes ahead of time: what the member's own device shows where there is no network."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.features import signing
from regulars.interfaces.http.guard import OWN_SCOPE, member_session_of
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members
from regulars.kernel.spine import MemberClosed

__all__ = ["router"]

MINUTES_MAX: Final = 120
SLOT: Final = timedelta(seconds=signing.CODE_SECONDS)

router = APIRouter(tags=["Me"])

Minutes = Annotated[int, Query(ge=1, le=MINUTES_MAX, description="How far ahead.")]


class CodeAhead(Struct, frozen=True, kw_only=True):
    """A code, and from when on it is shown, until the next one is."""

    code: str
    shown_from: datetime


class CodesAhead(Struct, frozen=True, kw_only=True):
    """Codes in the order in which they are shown, the first at once."""

    codes: tuple[CodeAhead, ...]
    valid_until: datetime
    """When the last one ends."""
    as_of: datetime
    """Ledger time: a device whose clock is off shows each code by it."""


@router.post("/v1/me/codes")
@door(scope=OWN_SCOPE, who="member", gives={200: CodesAhead}, refuses=(MemberClosed,))
async def make_my_codes(request: Request, minutes: Minutes = 60) -> Response:
    """Make the codes to show at the till in the time to come: a phone in a basement shows them without a network.

    Each is good at its time and no earlier or later, as `/v1/me/code` is. A device that is signed out forgets them; one
    that is lost has them until the last one ends.
    """
    member = member_session_of(request).member
    work = _drawing(house_of(request).keyring, member, timedelta(minutes=minutes))
    drawn = await database_of(request).run(work)
    return answer(await asyncio.to_thread(_sign, member, *drawn))


Drawn = tuple[datetime, datetime, tuple[tuple[datetime, signing.Signer], ...]]


def _drawing(keyring: Keyring, member: UUID, span: timedelta) -> Callable[[Tx], Awaitable[Drawn]]:
    """Work that finds from when to when codes are to be signed, and by which key from when on."""

    async def draw(tx: Tx) -> Drawn:
        known, at = await members.get(tx, member), await clock.now(tx)
        if known.state in {"closed", "erased"}:
            raise MemberClosed("This membership has ended.", member=str(member))
        first, last = [await signing.find_signer(tx, keyring, at=each) for each in (at, at + span)]
        # A key that begins to sign meanwhile signs what is shown from then on: tills take nothing else by then.
        begins = {key.kid: key.since for key in await signing.list_keys(tx, keyring, at=at)}
        turns = ((at, first),) if first.kid == last.kid else ((at, first), (begins[last.kid], last))
        return at, at + span, turns

    return draw


def _sign(
    member: UUID, as_of: datetime, until: datetime, turns: tuple[tuple[datetime, signing.Signer], ...]
) -> CodesAhead:
    """Sign a code for each half minute."""
    shown, codes = as_of.replace(microsecond=0), list[CodeAhead]()
    while shown + SLOT <= until:
        signer = [each for since, each in turns if since <= max(shown, as_of)][-1]
        code = signing.sign_code(signing.Code(member=member, issued_at=shown), signer)
        codes.append(CodeAhead(code=code, shown_from=shown))
        shown += SLOT
    return CodesAhead(codes=tuple(codes), valid_until=shown, as_of=as_of)

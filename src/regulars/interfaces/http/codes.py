"""Members' codes: what an app shows so that a till knows the member, and knows that it is them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.features import signing
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members
from regulars.kernel.spine import MemberClosed

__all__ = ["CodeView", "making_code", "router"]

router = APIRouter(tags=["Members"])


class CodeView(Struct, frozen=True, kw_only=True):
    """A code to show as a QR, and when the next one is due."""

    code: str
    valid_until: datetime


@router.post("/v1/members/{member}/code")
@door(scope="members:code", gives={200: CodeView}, refuses=(members.MemberUnknown, MemberClosed))
async def make_code(request: Request, member: UUID) -> Response:
    """Make the code that a member's app shows for the next thirty seconds.

    Tills send it as the identifier of the kind `code`, also later, when they were offline: it is judged by the time at
    which it was shown. Points are used by one code once. Only the app in which the member is logged in may ask.
    """
    return answer(await database_of(request).run(making_code(house_of(request).keyring, member)))


def making_code(keyring: Keyring, member: UUID) -> Callable[[Tx], Awaitable[CodeView]]:
    """Work that makes the code of a member for now."""

    async def make(tx: Tx) -> CodeView:
        known, at = await members.get(tx, member), await clock.now(tx)
        if known.state in {"closed", "erased"}:
            raise MemberClosed("This membership has ended.", member=str(member))
        issued_at = at.replace(microsecond=0)
        signer = await signing.find_signer(tx, keyring, at=at)
        code = signing.sign_code(signing.Code(member=member, issued_at=issued_at), signer)
        return CodeView(code=code, valid_until=issued_at + timedelta(seconds=signing.CODE_SECONDS))

    return make

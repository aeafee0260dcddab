"""Whom a customer is by what they showed: members' codes are read here, and points are not used on a mere number."""

from collections.abc import Sequence
from typing import Final

from fastapi import Request
from msgspec.structs import replace

from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.features import signing
from regulars.features.access import Key
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.state import database_of, settings_of
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.spine.commands import COMMANDS
from regulars.kernel.spine.quotes import PURCHASE

__all__ = ["CODE", "VOUCHES", "BurnNeedsCode", "burns", "name_members"]

CODE: Final = "code"
"""The kind of identifier that is a member's rotating code."""
VOUCHES: Final = "members:vouch"
"""Scope of a caller that knows by itself who the member is: an app in which they are logged in."""
SETTLING: Final = frozenset({"capture"})
"""What was asked for when the points were set aside is not asked for again."""
ASKING: Final = frozenset({"reward"})
"""Kinds that are no command, and cost points."""


class BurnNeedsCode(Refusal):
    """Points are used here only by members who show their code: a phone number alone earns."""

    code, kind = "burn_needs_code", "forbidden"


def burns(fact: Activity) -> bool:
    """Whether it uses points of the member: with `burn_needs_code` somebody must then show who they are."""
    command = COMMANDS.get(fact.kind)
    return (
        fact.kind in ASKING
        or (fact.pay is not None and fact.kind == PURCHASE)
        or (command is not None and command.burns and fact.kind not in SETTLING)
    )


async def name_members(
    request: Request, sent: Sequence[Activity | Refusal], *, for_show: bool = False
) -> list[Activity | Refusal]:
    """Put the members' ids in the place of codes, and refuse what uses points without proof where that is asked.

    A code is judged at the time at which its activity happened, so a till may tell of it later; the same code uses
    points for one activity only. What was refused before goes through as it is. What is only to be shown uses nothing.
    """
    keys: signing.PublicKeys = {}
    if any(isinstance(each, Activity) and _shows(each) for each in sent):
        async with database_of(request).snapshot() as read:
            keys = await signing.find_public(read)
    return [each if isinstance(each, Refusal) else await _name(request, each, keys, for_show=for_show) for each in sent]


async def _name(request: Request, fact: Activity, keys: signing.PublicKeys, *, for_show: bool) -> Activity | Refusal:
    uses = burns(fact) and not for_show
    if settings_of(request).burn_needs_code and uses and not _is_proved(fact, key_of(request)):
        message = (
            f"{fact.kind!r} uses points: have the member show the code of their app, and send it as the identifier of"
            f" the kind 'code'. A caller that knows its members by itself has the scope {VOUCHES}."
        )
        return BurnNeedsCode(message, kind=fact.kind)
    try:
        member = fact.member
        if isinstance(member, Identifier) and member.kind == CODE:
            code = signing.read_code(member.value, keys, at=fact.occurred_at)
            if uses:
                await _claim(request, fact, member.value, code)
            fact = replace(fact, member=code.member)
        if isinstance(fact.to, Identifier) and fact.to.kind == CODE:
            fact = replace(fact, to=signing.read_code(fact.to.value, keys, at=fact.occurred_at).member)
    except Refusal as refusal:
        return refusal
    return fact


async def _claim(request: Request, fact: Activity, token: str, code: signing.Code) -> None:
    async def claim(tx: Tx) -> None:
        await signing.claim_code(tx, token, code, source=fact.source, id=fact.id)

    await database_of(request).run(claim)


def _shows(fact: Activity) -> bool:
    return any(isinstance(each, Identifier) and each.kind == CODE for each in (fact.member, fact.to))


def _is_proved(fact: Activity, key: Key) -> bool:
    """Whether somebody stands for who the member is: the member by their code, or the caller by what it may do.

    Under the member's id a till may send what it likes as well, so an id alone proves nothing.
    """
    return VOUCHES in key.scopes or (isinstance(fact.member, Identifier) and fact.member.kind == CODE)

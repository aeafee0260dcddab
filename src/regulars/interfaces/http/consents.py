"""What members allow: they choose for themselves, the desk writes down what was told there, the words are published."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.features import consent
from regulars.interfaces.http.guard import OWN_SCOPE, actor_of, member_session_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.once import write_once
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import members

__all__ = ["CHOICES_MAX", "MyChoice", "router"]

READ: Final = "consents:read"
WRITE: Final = "consents:write"
"""The header of Global Privacy Control; `1` opts out."""
CHOICES_MAX: Final = 100
REFUSALS: Final = (
    consent.ConsentInvalid,
    consent.ConsentInFuture,
    consent.ConsentProofMissing,
    consent.ConsentDiffers,
    consent.NoticeUnknown,
    members.MemberUnknown,
)

router = APIRouter(tags=["Consent"])

Word = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Words = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$")]
Version = Annotated[int, Meta(ge=0, le=1_000_000)]
History = Annotated[bool, Query(description="Also what was shown before.")]


class MyChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the member allows, or does not."""

    purpose: consent.Purpose
    channel: consent.Channel = "any"
    is_given: bool
    version: Version = 0
    """Of the words that were shown. To allow something that is not part of being a member, it is needed."""
    language: consent.Language = "zh-CN"
    """In which they were shown."""


class MyChoices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the member chose, all or none."""

    choices: Annotated[tuple[MyChoice, ...], Meta(min_length=1, max_length=CHOICES_MAX)]


class ChoiceTold(MyChoice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a member told somebody who works here."""

    reference: Word = ""
    """Your own name of it: sent again it counts once."""
    proof: Word = ""
    """Where a proof is kept, such as `paper form, archive 17`. Nothing personal."""
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None
    """When the member chose; left out: now."""


class ChoicesTold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a member told, all or none."""

    choices: Annotated[tuple[ChoiceTold, ...], Meta(min_length=1, max_length=CHOICES_MAX)]


class NoticeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New words for a purpose, in both languages."""

    purpose: consent.Purpose
    en: Words
    zh: Words


class MyConsents(Struct, frozen=True, kw_only=True):
    """What holds for every purpose and channel, and the words to show."""

    standings: tuple[consent.ConsentStanding, ...]
    notices: tuple[consent.ConsentNotice, ...]


class ConsentsOfMember(Struct, frozen=True, kw_only=True):
    """What holds for a member, and everything that they ever chose, the oldest first."""

    standings: tuple[consent.ConsentStanding, ...]
    entries: tuple[consent.ConsentEntry, ...]


class NoticeList(Struct, frozen=True, kw_only=True):
    """The words of the purposes."""

    notices: tuple[consent.ConsentNotice, ...]


read_mine = msgspec.json.Decoder(MyChoices)
read_told = msgspec.json.Decoder(ChoicesTold)
read_notice = msgspec.json.Decoder(NoticeIn)


@router.get("/v1/me/consents")
@door(scope=OWN_SCOPE, who="member", gives={200: MyConsents})
async def read_my_consents(request: Request) -> Response:
    """Read what one allows. The header `Sec-GPC: 1` here or anywhere opts out of sale, sharing and profiling, once."""
    async with database_of(request).snapshot() as read:
        return answer(await _view_mine(read, member_session_of(request).member))


@router.put("/v1/me/consents")
@door(
    scope=OWN_SCOPE,
    who="member",
    takes=MyChoices,
    gives={200: MyConsents},
    refuses=REFUSALS,
    examples={"No receipts by mail": {"choices": [{"purpose": "receipts", "channel": "email", "is_given": False}]}},
)
async def choose_mine(request: Request) -> Response:
    """Allow something, or take it back: as easily, and without any change of membership."""
    told, member = await read_body(request, read_mine), member_session_of(request).member
    choices = [msgspec.structs.asdict(each) | {"door": "member", "occurred_at": None} for each in told.choices]
    await database_of(request).run(_recording(request, member, choices))
    async with database_of(request).snapshot() as read:
        return answer(await _view_mine(read, member))


@router.get("/v1/members/{member}/consents")
@door(scope=READ, gives={200: ConsentsOfMember}, refuses=(members.MemberUnknown,))
async def read_consents(request: Request, member: UUID) -> Response:
    """Read what a member allows, with everything that they ever chose: when, by which door, shown which words."""
    async with database_of(request).snapshot() as read:
        return answer(await _view(read, member))


@router.post("/v1/members/{member}/consents")
@door(
    scope=WRITE,
    takes=ChoicesTold,
    gives={201: ConsentsOfMember},
    refuses=REFUSALS,
    keyed=True,
    examples={
        "On paper": {
            "choices": [{"purpose": "marketing", "channel": "email", "is_given": True, "proof": "paper form, box 17"}]
        }
    },
)
async def write_consents(request: Request, member: UUID) -> Response:
    """Write down what a member told somebody who works here, all or none."""
    told = await read_body(request, read_told)
    choices = [msgspec.structs.asdict(each) | {"door": "staff"} for each in told.choices]
    return await write_once(request, _recording(request, member, choices), status=201)


@router.get("/v1/consents/notices")
@door(scope=READ, gives={200: NoticeList})
async def list_notices(request: Request, *, history: History = False) -> Response:
    """List the words that members are shown when they choose."""
    async with database_of(request).snapshot() as read:
        return answer(NoticeList(notices=tuple(await consent.list_notices(read, history=history))))


@router.post("/v1/consents/notices")
@door(
    scope=WRITE,
    takes=NoticeIn,
    gives={201: consent.ConsentNotice},
    keyed=True,
    examples={
        "Offers by mail": {
            "purpose": "marketing",
            "en": "We write to you about offers, twice a month at most. You can stop that at any time.",
            "zh": "我们会向您发送优惠信息，每月不超过两次，您可随时退订。",
        }
    },
)
async def publish_notice(request: Request) -> Response:
    """Publish new words for a purpose. Who was shown the old ones stays on them until they choose again."""
    told, by = await read_body(request, read_notice), _describe(request)

    async def publish(tx: Tx) -> consent.ConsentNotice:
        return await consent.publish_notice(tx, told.purpose, en=told.en, zh=told.zh, by=by, at=await clock.now(tx))

    return await write_once(request, publish, status=201)


async def _view_mine(read: Read, member: UUID) -> MyConsents:
    return MyConsents(
        standings=await consent.read_standings(read, member), notices=tuple(await consent.list_notices(read))
    )


async def _view(read: Read, member: UUID) -> ConsentsOfMember:
    await members.get(read, member)
    return ConsentsOfMember(
        standings=await consent.read_standings(read, member), entries=tuple(await consent.list_entries(read, member))
    )


def _describe(request: Request) -> str:
    actor = actor_of(request)
    return f"{actor.kind} {actor.id}"


def _recording(
    request: Request, member: UUID, told: Sequence[Mapping[str, Any]]
) -> Callable[[Tx], Awaitable[ConsentsOfMember]]:
    house, by = house_of(request), _describe(request)

    async def record(tx: Tx) -> ConsentsOfMember:
        at = await clock.now(tx)
        choices = [
            msgspec.convert({**each, "occurred_at": each["occurred_at"] or at, "member": member}, consent.Choice)
            for each in told
        ]
        choices = [msgspec.structs.replace(each, told_by=by) for each in choices]
        await consent.record(tx, choices, new_id=house.new_id, at=at)
        if any(each.purpose == "personalisation" for each in choices):
            await consent.tell_rules(tx, house, [member], at=at)
        return await _view(tx, member)

    return record

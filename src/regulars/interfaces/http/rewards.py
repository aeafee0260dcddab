"""Rewards: the catalogue, what a member can have of it, what they ordered, and how many there are."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.features.rewards.catalogue import (
    Catalogue,
    Choice,
    Lang,
    OrderView,
    Place,
    RewardUnknown,
    RewardWithoutStock,
    Stock,
    choose_language,
    read_catalogue,
    read_choices,
    read_orders,
    set_stock,
)
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import limits, members, program
from regulars.kernel.nouns import AMOUNT_MAX

__all__ = [
    "CHOICES_MAX",
    "LangAsked",
    "OrderPage",
    "find_language",
    "read_order_page",
    "read_start",
    "router",
    "tell_language",
]

CHOICES_MAX: Final = 50
"""Rewards in one page of what a member can have: each is tried, way by way."""
ORDERS_MAX: Final = 200
OFFSET_MAX: Final = 1_000

router = APIRouter(tags=["Rewards"])

LangAsked = Annotated[
    Literal["en", "zh", "zh-CN"] | None,
    Query(description="The language; without it as the header Accept-Language says."),
]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Named = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_.-]{0,47}$", description="The reward's name in the programme.")]
Start = tuple[Annotated[int, Meta(ge=0, le=OFFSET_MAX)]]
OrderPlace = tuple[Annotated[datetime, Meta(tz=True)], str, str]


class StockIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of a reward there are."""

    amount: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
    """In all: those that were ordered included."""


class ChoicePage(Struct, frozen=True, kw_only=True):
    """Rewards in the order in which the programme asks its offers."""

    as_of: datetime
    lang: Lang
    rewards: tuple[Choice, ...]
    next: str | None
    """Send it as `cursor` for the next page; null on the last."""


class OrderPage(Struct, frozen=True, kw_only=True):
    """Orders, the newest first. Those that were done with long ago are forgotten; their receipts stay."""

    lang: Lang
    orders: tuple[OrderView, ...]
    next: str | None
    """Send it as `cursor` for the next page; null on the last."""


read_stock = msgspec.json.Decoder(StockIn)
read_start = msgspec.json.Decoder(Start)
read_place = msgspec.json.Decoder(OrderPlace)


@router.get("/v1/rewards")
@door(scope="program:read", gives={200: Catalogue}, refuses=(program.NoProgram,))
async def read_rewards(request: Request, lang: LangAsked = None) -> Response:
    """Read the catalogue of rewards that is in force, with what is left of each.

    To redeem one, send an activity of the kind `reward` with `ask: {reward, way, quantity}` to `POST /v1/activities`;
    `reward_state` with `ask: {order, state}` tells that it is `ready` or `fulfilled`; `reverse` with the order's id as
    `origin` cancels it.
    """
    language = find_language(request, lang)
    async with database_of(request).snapshot() as read:
        shown = await read_catalogue(read, house_of(request).versions, await clock.now(read), language)
    return answer(shown, headers=tell_language(language))


@router.get("/v1/members/{member}/rewards")
@door(
    scope="members:read",
    gives={200: ChoicePage},
    refuses=(members.MemberUnknown, program.NoProgram, CursorInvalid),
)
async def read_rewards_of(
    request: Request,
    member: UUID,
    lang: LangAsked = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=CHOICES_MAX, description="How many at most.")] = 20,
) -> Response:
    """Read which rewards a member can have now, and why not the others: each is tried as it would be ordered.

    An API key that speaks for a store is told what can be had there; another, what in no particular store.
    """
    language, (start,) = find_language(request, lang), (0,) if cursor is None else read_cursor(cursor, read_start)
    async with database_of(request).snapshot() as read:
        page = await _read_choices(request, read, member, language, slice(start, start + limit))
    return answer(page, headers=tell_language(language))


@router.get("/v1/members/{member}/orders")
@door(scope="members:read", gives={200: OrderPage}, refuses=(members.MemberUnknown, CursorInvalid))
async def read_orders_of(
    request: Request,
    member: UUID,
    lang: LangAsked = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=ORDERS_MAX, description="How many at most.")] = 50,
) -> Response:
    """Read what a member ordered, and what became of it: ordered, ready, fulfilled, cancelled, or ended."""
    language = find_language(request, lang)
    page = await read_order_page(request, member, language, cursor, limit)
    return answer(page, headers=tell_language(language))


@router.put("/v1/rewards/{reward}/stock")
@door(
    scope="program:release",
    takes=StockIn,
    gives={200: Stock},
    refuses=(RewardUnknown, RewardWithoutStock, limits.CeilingTooLow),
    examples={"Twenty, those that were ordered included": {"amount": 20}},
)
async def put_stock(request: Request, reward: Named) -> Response:
    """Say how many of a reward there are in all, those that were ordered included.

    Sent again, it comes to the same. Less than what was ordered is refused with `ceiling_too_low`. A reward of a
    version that is not live yet may be given its stock before.
    """
    wanted = await read_body(request, read_stock)
    stock = await database_of(request).run(_setting(request, reward, wanted.amount))
    return answer(stock)


def _setting(request: Request, reward: str, amount: int) -> Callable[[Tx], Awaitable[Stock]]:
    versions = house_of(request).versions

    async def put(tx: Tx) -> Stock:
        return await set_stock(tx, versions, reward, amount, await clock.now(tx))

    return put


async def _read_choices(request: Request, read: Read, member: UUID, lang: Lang, part: slice) -> ChoicePage:
    now, store = await clock.now(read), key_of(request).store or ""
    shown, more = await read_choices(read, house_of(request), member, now, lang=lang, store=store, part=part)
    following = write_cursor((part.stop,)) if more else None
    return ChoicePage(as_of=now, lang=lang, rewards=tuple(shown), next=following)


async def read_order_page(request: Request, member: UUID, lang: Lang, cursor: str | None, limit: int) -> OrderPage:
    """Read a page of what a member ordered. Raises MemberUnknown and CursorInvalid."""
    before = None if cursor is None else read_cursor(cursor, read_place)
    async with database_of(request).snapshot() as read:
        found = await read_orders(read, house_of(request).versions, member, lang=lang, before=before, most=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    place: Place | None = None if last is None else (last.ordered_at, last.source, last.id)
    return OrderPage(lang=lang, orders=tuple(found[:limit]), next=None if place is None else write_cursor(place))


def find_language(request: Request, lang: str | None) -> Lang:
    """Find the language that a caller wants: as asked, or as the header Accept-Language says."""
    return choose_language(request.headers.get("accept-language", "") if lang is None else lang)


def tell_language(lang: Lang) -> dict[str, str]:
    """Write the headers that say in which language an answer is, and what that depends on."""
    return {"Content-Language": lang, "Vary": "Accept-Language"}

"""What a member bought and brought back: each receipt, and why it came to what it says."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Request, Response
from msgspec import Struct

from regulars.base.db import Read
from regulars.features import estate
from regulars.features.rewards.catalogue import Lang
from regulars.interfaces.http.guard import OWN_SCOPE, member_session_of
from regulars.interfaces.http.kit import answer, door, read_cursor, write_cursor
from regulars.interfaces.http.members import Cursor, Limit
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.rewards import LangAsked, find_language, tell_language
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.wire import ReceiptView, Why, view_receipt
from regulars.kernel import activity as journal
from regulars.kernel import spine
from regulars.kernel.activity import recent
from regulars.kernel.nouns import Line, Receipt, Returned, Scalar
from regulars.kernel.program import Plan, Verdict
from regulars.kernel.spine import House
from regulars.kernel.spine.quotes import reckon_due

__all__ = ["router"]

KINDS: Final = ("purchase", "past_purchase", "return")
PLAIN: Final = frozenset({"schedule", "window", "holiday", "limit", "stacking"})
"""What leaves an offer out, and may be told to whoever it left out. Audiences and budgets are the shop's own affair."""
NEEDS: Final = ("missing_", "basket.")
"""So begins what would have to be otherwise in the basket. The rest may speak of how the shop sees its members."""

router = APIRouter(tags=["Me"])

ActivityId = Annotated[UUID, Path(description="`activity` of the receipt.")]
Place = tuple[UUID]
read_place = msgspec.json.Decoder(Place)


class MyReceipt(Struct, frozen=True, kw_only=True):
    """A purchase or a return, in short."""

    activity: UUID
    """Our name of it: ask by it for the lines, and why."""
    source: str
    id: str
    """The shop's own name of it, such as the number on the receipt."""
    kind: str
    occurred_at: datetime
    store: str
    store_name: str
    """In the language of the answer; empty where the store has none."""
    total_minor: int
    """What was paid in money: the lines less what offers and points took off. Of a return, what was given back."""
    lines: int
    """How many lines it has."""
    earned: Mapping[str, int]
    """By currency: what it brought; of a return, what it took back, below zero."""
    used: Mapping[str, int]
    """By currency: the points that it was paid with."""
    origin: str
    """Of a return: the `id` of the purchase."""
    receipt: ReceiptView
    """What it came to, by posting."""


class MyReceipts(Struct, frozen=True, kw_only=True):
    """Purchases and returns, what was recorded last first."""

    receipts: tuple[MyReceipt, ...]
    lang: Lang
    next: str | None
    """The cursor of the next page; null at the end."""


class MyWhy(Struct, frozen=True, kw_only=True):
    """What an offer gave for a receipt, or why it gave nothing."""

    offer: str
    name: Mapping[str, str]
    """By language; empty where the programme gives none."""
    fired: bool
    decided: str
    """What left it out: schedule, window, holiday, limit, stacking, mechanic or when; empty where it gave something."""
    points: Mapping[str, int]
    reasons: tuple[Why, ...]
    needs: Mapping[str, Scalar | tuple[Scalar, ...]]
    """What would have had to be otherwise: `missing_minor` (money) and `missing_milli` (thousandths of quantity) to be
    added, and what a condition asks of the basket, such as `basket.total`."""


class MyReceiptWhy(Struct, frozen=True, kw_only=True):
    """A receipt line by line, and why it came to what it says."""

    receipt: ReceiptView
    store: str
    store_name: str
    """In the language of the answer; empty where the store has none."""
    total_minor: int
    lines: tuple[Line, ...]
    """Of a purchase: the basket."""
    returned: tuple[Returned, ...]
    """Of a return: what came back, by the lines of the purchase."""
    origin: str
    exact: bool
    """The rules, run again, gave the same. Where gifts, merges or holds came before, they may not."""
    offers: tuple[MyWhy, ...]
    """Those that gave something first. Empty for returns: no offer answers them."""


@router.get("/v1/me/receipts")
@door(scope=OWN_SCOPE, who="member", gives={200: MyReceipts}, refuses=(CursorInvalid,))
async def read_my_receipts(
    request: Request, lang: LangAsked = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Read what one bought and brought back, with what it came to; what was recorded last first."""
    language, before = find_language(request, lang), None if cursor is None else read_cursor(cursor, read_place)[0]
    async with database_of(request).snapshot() as read:
        page = await _read_page(read, member_session_of(request).member, language, before, limit)
    return answer(page, headers=tell_language(language))


@router.get("/v1/me/receipts/{activity}")
@door(scope=OWN_SCOPE, who="member", gives={200: MyReceiptWhy}, refuses=(spine.ActivityUnknown,))
async def explain_my_receipt(request: Request, activity: ActivityId, lang: LangAsked = None) -> Response:
    """Read one receipt line by line, and why it came to what it did: which offers gave what, and what was missing."""
    language, member = find_language(request, lang), member_session_of(request).member
    async with database_of(request).snapshot() as read:
        told = await _read_one(read, house_of(request), member, activity, language)
    return answer(told, headers=tell_language(language))


async def _read_page(read: Read, member: UUID, lang: Lang, before: UUID | None, limit: int) -> MyReceipts:
    found = await recent.list_newest(read, member, kinds=KINDS, before=before, most=limit + 1)
    stores = await estate.find_stores(read, {each.body.store for each in found})
    last = found[limit - 1].activity if len(found) > limit else None
    return MyReceipts(
        receipts=tuple(_show(each, _name(stores.get(each.body.store), lang)) for each in found[:limit]),
        lang=lang,
        next=None if last is None else write_cursor((last,)),
    )


async def _read_one(read: Read, house: House, member: UUID, activity: UUID, lang: Lang) -> MyReceiptWhy:
    explained = await spine.explain_receipt(read, house, member, activity)
    past = await recent.get(read, member, activity)
    assert past is not None, "what was explained is there"
    stores = await estate.find_stores(read, {past.body.store})
    plans = (await house.versions.read(read)).plans
    short = _show(past, _name(stores.get(past.body.store), lang))
    return MyReceiptWhy(
        receipt=short.receipt,
        store=short.store,
        store_name=short.store_name,
        total_minor=short.total_minor,
        lines=past.body.lines,
        returned=past.receipt.returned,
        origin=short.origin,
        exact=explained.is_exact,
        offers=tuple(_explain(explained.verdicts, plans)),
    )


def _name(store: estate.Store | None, lang: Lang) -> str:
    if store is None:
        return ""
    return store.name_zh if lang == "zh-CN" else store.name_en


def _show(past: journal.Past, store_name: str) -> MyReceipt:
    receipt, body = past.receipt, past.body
    is_return = receipt.kind == "return"
    back = sum(part.amount_minor for part in receipt.returned)
    return MyReceipt(
        activity=past.activity,
        source=receipt.source,
        id=receipt.id,
        kind=receipt.kind,
        occurred_at=receipt.occurred_at,
        store=body.store,
        store_name=store_name,
        total_minor=back if is_return else reckon_due(body.lines, receipt.discounts),
        lines=len(receipt.returned if is_return else body.lines),
        earned=_sum(receipt, "issue", "return"),
        used={currency: -points for currency, points in _sum(receipt, "redeem").items()},
        origin=body.origin if is_return else "",
        receipt=view_receipt(receipt),
    )


def _sum(receipt: Receipt, *kinds: str) -> dict[str, int]:
    """Add up what postings of some kinds moved, by currency."""
    found: dict[str, int] = {}
    for posted in receipt.postings:
        if posted.kind in kinds:
            found[posted.currency] = found.get(posted.currency, 0) + posted.points
    return found


def _explain(verdicts: Iterable[Verdict], plans: Mapping[str, Plan]) -> Iterable[MyWhy]:
    names = {offer.id: offer.name for plan in plans.values() for offer in plan.document.offers if offer.name}
    told = [verdict for verdict in verdicts if verdict.fired or _is_plain(verdict)]
    for verdict in sorted(told, key=lambda it: not it.fired):
        yield MyWhy(
            offer=verdict.offer,
            name=names.get(verdict.offer, {}),
            fired=verdict.fired,
            decided=verdict.decided,
            points=verdict.points,
            reasons=tuple(Why(offer=it.offer, code=it.code, values=it.values) for it in verdict.reasons),
            needs={} if verdict.fired else _find_needs(verdict),
        )


def _is_plain(verdict: Verdict) -> bool:
    """Whether it can be told why an offer gave nothing, and there is something to tell."""
    if verdict.decided == "mechanic":
        return bool(verdict.reasons)
    return verdict.decided in PLAIN or bool(_find_needs(verdict))


def _find_needs(verdict: Verdict) -> dict[str, Scalar | tuple[Scalar, ...]]:
    """Find what the gate that decided asks of the basket; nothing, where it asks for something else, too."""
    needs = {name: value for told in verdict.told if not told.admits for name, value in told.needs.items()}
    return needs if all(name.startswith(NEEDS) for name in needs) else {}

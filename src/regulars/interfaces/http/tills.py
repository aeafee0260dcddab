"""What tills can give while nobody can be asked: offers for everybody, as far as a till can judge them alone."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.features.coupons.mechanic import Prepared
from regulars.features.coupons.model import Amount, Percent
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.problems import ProgramNotLive
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel.program import BoundOffer, Calendar, Exclusion, Plan
from regulars.kernel.spine import House
from regulars.kernel.spine.quotes import PURCHASE

__all__ = ["router"]

router = APIRouter(tags=["The till"])

FIRST_DAY: Final = date.min.toordinal()
LAST_DAY: Final = date.max.toordinal()
"""What stands for a schedule without an end."""


class TillOffer(Struct, frozen=True, kw_only=True):
    """A discount that anybody gets. Of each list that names something a line must fit one; the rest is rounded down."""

    id: str
    coupon: str
    """What the customer shows for it: what is sent in `coupons`."""
    title: Mapping[str, str]
    permille: int | None
    """This part of what the lines come to ..."""
    max_minor: int | None
    """... but no more than this;"""
    minor: int | None
    """or so much money. It is spread over the lines in proportion."""
    skus: tuple[str, ...]
    categories: tuple[str, ...]
    brands: tuple[str, ...]
    stores: tuple[str, ...]
    minimum_minor: int
    """The lines must come to this."""
    since: datetime | None
    until: datetime | None
    """The first moment at which it is over."""


class TillOffers(Struct, frozen=True, kw_only=True):
    """Offers for tills without a line."""

    as_of: datetime
    program: str
    """The version of the programme: the hash of its content."""
    offers: tuple[TillOffer, ...]


@router.get("/v1/tills/offers")
@door(scope="activities:preview", gives={200: TillOffers}, refuses=(ProgramNotLive,))
async def read_till_offers(request: Request) -> Response:
    """Read which discounts a till can give to anybody while it cannot ask. Ask for it every few minutes.

    These are coupons that everybody has, for a part or an amount off lines or the basket. What has a condition, an
    audience, a limit, a budget or hours of its own is left out: no till can judge that alone.
    """
    async with database_of(request).snapshot() as read:
        listed = await _list(read, house_of(request))
    return answer(listed)


async def _list(read: Read, house: House) -> TillOffers:
    releases, at = await house.versions.read(read), await clock.now(read)
    release = releases.release_at(at)
    if release is None:
        raise ProgramNotLive("No version of the programme is live. Publish one with `regulars program publish`.")
    return TillOffers(as_of=at, program=release.hash, offers=tuple(_find(releases.plans[release.hash], at)))


def _find(plan: Plan, at: datetime) -> Iterator[TillOffer]:
    today = plan.day_of(at)
    for bound in plan.offers.values():
        prepared = bound.settings
        if isinstance(prepared, Prepared) and bound.last_day >= today and _is_plain(bound, prepared):
            yield _show(bound, prepared, plan.calendar)


def _is_plain(bound: BoundOffer, prepared: Prepared) -> bool:
    """Whether whoever knows the basket, the store and the time knows all that decides."""
    lines = prepared.settings.lines
    return (
        bool(prepared.everybody)
        and isinstance(prepared.settings.effect, Percent | Amount)
        and PURCHASE in bound.kinds
        and not (bound.gates or bound.caps or bound.group)
        and lines.exclude == Exclusion()
        and not lines.minimum_milli
    )


def _show(bound: BoundOffer, prepared: Prepared, calendar: Calendar) -> TillOffer:
    settings = prepared.settings
    effect, lines = settings.effect, settings.lines
    return TillOffer(
        id=bound.id,
        coupon=prepared.everybody,
        title=settings.title,
        permille=effect.permille if isinstance(effect, Percent) else None,
        max_minor=effect.max_minor if isinstance(effect, Percent) else None,
        minor=effect.minor if isinstance(effect, Amount) else None,
        skus=lines.skus,
        categories=lines.categories,
        brands=lines.brands,
        stores=lines.stores,
        minimum_minor=lines.minimum_minor,
        since=None if bound.first_day == FIRST_DAY else calendar.start_of(bound.first_day),
        until=None if bound.last_day == LAST_DAY else calendar.start_of(bound.last_day + 1),
    )

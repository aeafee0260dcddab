"""What tills can give while nobody can be asked: offers for everybody, as far as a till can judge them alone."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.features.coupons.mechanic import Prepared
from regulars.features.coupons.model import Amount, Percent
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.problems import ProgramNotLive
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel.nouns import Activity, Step
from regulars.kernel.program import BoundOffer, Calendar, Exclusion, Plan
from regulars.kernel.program.gates import Sight
from regulars.kernel.program.windows import HolidayGate, ScheduleGate, WindowGate
from regulars.kernel.spine import House
from regulars.kernel.spine.quotes import PURCHASE

__all__ = ["router"]

router = APIRouter(tags=["The till"])

FIRST_DAY: Final = date.min.toordinal()
LAST_DAY: Final = date.max.toordinal()
"""What stands for a schedule without an end."""
AUDIENCE: Final = "audience"
TIMES: Final = frozenset({"schedule", "window", "holiday"})
"""Gates that look at nothing but the time."""
AHEAD: Final = timedelta(days=14)
"""So far ahead tills are told when an offer is open. Nobody should be without a line for longer."""
DAY_MINUTES: Final = 1_440


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


class GuardedOffer(TillOffer, frozen=True, kw_only=True):
    """A discount that anybody gets in some places, at some times, or for some lines. All that is said must hold."""

    exclude_skus: tuple[str, ...]
    """Lines of one of these are left out ..."""
    exclude_categories: tuple[str, ...]
    exclude_brands: tuple[str, ...]
    """... whatever else they fit."""
    minimum_milli: int
    """The lines must come to so much quantity, in thousandths."""
    places: tuple[str, ...] | None
    """The stores in which it is given, or null for any; besides `stores`."""
    channels: tuple[str, ...] | None
    """Null for any."""
    open: tuple[tuple[datetime, datetime], ...] | None
    """From when until when (which is no part of it) it is given, for the next fourteen days: hours, weekdays and
    holidays are worked out already. Null for always, between `since` and `until`."""


class TillOffers(Struct, frozen=True, kw_only=True):
    """Offers for tills without a line."""

    as_of: datetime
    program: str
    """The version of the programme: the hash of its content."""
    offers: tuple[TillOffer, ...]
    guarded: tuple[GuardedOffer, ...]
    """Others, with more to be looked at. A till that does not know all of their fields must leave them out."""


@router.get("/v1/tills/offers")
@door(scope="activities:preview", gives={200: TillOffers}, refuses=(ProgramNotLive,))
async def read_till_offers(request: Request) -> Response:
    """Read which discounts a till can give to anybody while it cannot ask. Ask for it every few minutes.

    These are coupons that everybody has, for a part or an amount off lines or the basket; in `guarded` those that run
    in some stores and channels, at some times, or not for some lines. What has a condition in CEL, an audience of
    members, a limit, a budget or a group is left out: no till can judge that alone.
    """
    async with database_of(request).snapshot() as read:
        listed = await _list(read, house_of(request))
    return answer(listed)


async def _list(read: Read, house: House) -> TillOffers:
    releases, at = await house.versions.read(read), await clock.now(read)
    release = releases.release_at(at)
    if release is None:
        raise ProgramNotLive("No version of the programme is live. Publish one with `regulars program publish`.")
    plan = releases.plans[release.hash]
    found = list(_find(plan, at))
    return TillOffers(
        as_of=at,
        program=release.hash,
        offers=tuple(_show(bound, it, plan.calendar) for bound, it in found if _is_plain(bound, it)),
        guarded=tuple(_guard(bound, it, plan.calendar, at) for bound, it in found if not _is_plain(bound, it)),
    )


def _find(plan: Plan, at: datetime) -> Iterator[tuple[BoundOffer, Prepared]]:
    today = plan.day_of(at)
    for bound in plan.offers.values():
        prepared = bound.settings
        if isinstance(prepared, Prepared) and bound.last_day >= today and _is_for_anybody(bound, prepared):
            yield bound, prepared


def _is_for_anybody(bound: BoundOffer, prepared: Prepared) -> bool:
    """Whether whoever knows the basket, the store, the channel and the time knows all that decides."""
    audience = bound.offer.audience
    knows_nobody = audience is None or not (audience.traits or audience.segments or audience.share)
    return (
        bool(prepared.everybody)
        and isinstance(prepared.settings.effect, Percent | Amount)
        and PURCHASE in bound.kinds
        and not (bound.caps or bound.group)
        and knows_nobody
        and {gate.name for gate in bound.gates} <= {AUDIENCE, *TIMES}
    )


def _is_plain(bound: BoundOffer, prepared: Prepared) -> bool:
    """Whether the basket, the store and the dates decide."""
    lines = prepared.settings.lines
    return not bound.gates and lines.exclude == Exclusion() and not lines.minimum_milli


def _guard(bound: BoundOffer, prepared: Prepared, calendar: Calendar, at: datetime) -> GuardedOffer:
    lines, audience = prepared.settings.lines, bound.offer.audience
    return GuardedOffer(
        **msgspec.structs.asdict(_show(bound, prepared, calendar)),
        exclude_skus=lines.exclude.skus,
        exclude_categories=lines.exclude.categories,
        exclude_brands=lines.exclude.brands,
        minimum_milli=lines.minimum_milli,
        places=None if audience is None else audience.stores,
        channels=None if audience is None else audience.channels,
        open=_list_open(bound, at),
    )


def _list_open(bound: BoundOffer, at: datetime) -> tuple[tuple[datetime, datetime], ...] | None:
    """List when it is open. It opens and closes only where the clock on the wall shows a time that is named."""
    gates = [gate for gate in bound.gates if gate.name in TIMES]
    if not gates:
        return None
    zones = {gate.zone for gate in gates if isinstance(gate, ScheduleGate | WindowGate | HolidayGate)}
    moments = sorted({at, at + AHEAD, *(it for zone in zones for it in _list_turns(bound, zone, at))})
    spans: list[tuple[datetime, datetime]] = []
    for begin, end in pairwise(it for it in moments if at <= it <= at + AHEAD):
        sight = Sight(_look_at(begin))
        if all(gate.admits(sight) for gate in gates):
            begin = spans.pop()[0] if spans and spans[-1][1] == begin else begin  # noqa: PLW2901 - it goes on
            spans.append((begin, end))
    return tuple(spans)


def _list_turns(bound: BoundOffer, zone: ZoneInfo, at: datetime) -> Iterator[datetime]:
    """List the moments at which something may begin or end: the hours of each day, and what windows name besides."""
    named = {clock for window in bound.offer.windows for clock in (window.start, window.end) if clock is not None}
    minutes = {*range(0, DAY_MINUTES, 60), *(int(it[:2]) * 60 + int(it[3:]) for it in named)} - {DAY_MINUTES}
    first = at.astimezone(zone).date()
    for ahead in range(AHEAD.days + 1):
        day = datetime.combine(first + timedelta(days=ahead), time.min, zone)
        for minute in minutes:
            shown = day.replace(hour=minute // 60, minute=minute % 60)
            # An hour that comes twice is two.
            yield shown.astimezone(UTC)
            yield shown.replace(fold=1).astimezone(UTC)


def _look_at(at: datetime) -> Step:
    """A step of which gates for the time see all that they look at."""
    nobody = UUID(int=0)
    fact = Activity(id="-", source="-", kind=PURCHASE, occurred_at=at, member=nobody)
    return Step(member=nobody, activity=fact, at=at, day=0, traits={}, balances={}, left={})


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

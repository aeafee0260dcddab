"""Figures over HTTP: what happened in a span of days, beside what was before, as numbers, a line and a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.features import daybook, estate
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.problems import ProgramNotLive
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.tasks import wake
from regulars.kernel.program import Document
from regulars.kernel.program.fields import list_levels
from regulars.kernel.spine import House

__all__ = ["router"]

SCOPE: Final = "figures:read"
DAYS: Final = 30
YEAR_MIN: Final = 1900
ZERO: Final = daybook.VisitSum(active=0, again=0, purchases=0, sales_minor=0)

router = APIRouter(tags=["Figures"])

First = Annotated[date | None, Query(alias="from", description="The first day; without: thirty days before `to`.")]
Until = Annotated[
    date | None, Query(alias="to", description="The first day that is not part of it; without: tomorrow.")
]
Beside = Annotated[
    Literal["none", "previous", "year"],
    Query(description="What it is laid beside: the span before, or the same days a year before."),
]
Grained = Annotated[daybook.Grain | None, Query(description="Of the line; without: what a chart can show.")]
Currency = Annotated[
    str | None,
    Query(max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$", description="Of the points; without: the first to spend."),
]


class SpanInvalid(Refusal):
    """The span of days is empty, or longer than can be told."""

    code, kind = "span_invalid", "invalid"


class CurrencyUnknown(Refusal):
    """The live programme has no currency of this name."""

    code, kind = "figures_currency_unknown", "not_found"


class FigureView(Struct, frozen=True, kw_only=True):
    """One figure of the span."""

    id: str
    name: Mapping[str, str]
    """By language: `en`, `zh-CN`."""
    means: Mapping[str, str]
    """What is counted, and how it rounds."""
    unit: daybook.Unit
    """count, money (minor units), points, or permille (thousandths)."""
    value: int | None
    """Null: there is nothing to reckon it from."""
    before: int | None
    """In the span that it is laid beside."""
    change_permille: int | None
    """By how many thousandths it is above that; null where that would say nothing, as of very few."""


class PeriodFigures(Struct, frozen=True, kw_only=True):
    """The figures of one day, week or month."""

    first: date
    until: date
    """The first day that is not part of it."""
    values: Mapping[str, int | None]
    """By the id of the figure."""


class LeftOut(Struct, frozen=True, kw_only=True):
    """A figure that cannot be told, and why."""

    id: str
    name: Mapping[str, str]
    why: Mapping[str, str]


class FiguresView(Struct, frozen=True, kw_only=True):
    """What happened in a span of days, beside what happened before."""

    first: date
    until: date
    before_first: date | None
    """The span that it is laid beside."""
    before_until: date | None
    money: str
    """The currency of money."""
    currency: str
    """That of the points."""
    grain: daybook.Grain
    figures: tuple[FigureView, ...]
    series: tuple[PeriodFigures, ...]
    told: Mapping[str, str]
    """What changed most, in a sentence, by language; empty where nothing is laid beside it."""
    left_out: tuple[LeftOut, ...]
    is_behind: bool
    """The newest activities are not counted yet: ask again in a moment."""


class Part(Struct, frozen=True, kw_only=True):
    """The part of one store, offer or level."""

    key: str
    """Its id; empty: none, such as members without a level."""
    name: Mapping[str, str]
    """What people call it, where the programme says so."""
    values: Mapping[str, int]
    """`members`, `purchases` and `sales` of stores and levels, `points` and `times` of offers."""
    before: Mapping[str, int]
    """The same of the span that it is laid beside; empty where there was none of it."""


class LevelFlow(Struct, frozen=True, kw_only=True):
    """How many times members went from one level to another."""

    before: str
    """Empty: from none, when they began."""
    after: str
    members: int


class PartsView(Struct, frozen=True, kw_only=True):
    """A span of days by store, offer or level, what is largest first."""

    first: date
    until: date
    by: Literal["store", "offer", "tier"]
    money: str
    currency: str
    parts: tuple[Part, ...]
    flow: tuple[LevelFlow, ...]
    """By level: who went from where to where."""
    is_behind: bool


SHARE: Final = LeftOut(
    id="member_share",
    name={"en": "Share of members in all sales", "zh-CN": "会员销售占比"},
    why={
        "en": "Only sales to members are recorded here: what others bought is known to the tills.",
        "zh-CN": "系统只记录会员的销售，非会员的销售数据在收银系统中。",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is asked, with what the live programme says of it."""

    document: Document
    currency: str
    span: daybook.Span
    beside: daybook.Span | None
    grain: daybook.Grain
    trait: str
    """That of levels; empty where there are none."""
    levels: Mapping[str, Mapping[str, str]]
    """In their order: what people call them."""

    @property
    def worth(self) -> tuple[int, int]:
        value = self.document.currencies[self.currency].value
        return (0, 0) if value is None else (value.minor, value.per_points)


@router.get("/v1/figures")
@door(scope=SCOPE, gives={200: FiguresView}, refuses=(ProgramNotLive, SpanInvalid, CurrencyUnknown))
async def read_figures(  # noqa: PLR0917 - what one may look for
    request: Request,
    first: First = None,
    until: Until = None,
    compare: Beside = "none",
    grain: Grained = None,
    currency: Currency = None,
) -> Response:
    """Read the figures of a span of days: members, sales, points, levels, each with what it means.

    Days are those of the programme's time zone. The sums are kept up with the journal beside what is served.
    """
    async with database_of(request).snapshot() as read:
        asked = await _ask(read, house_of(request), (first, until), compare, (grain, currency))
        view = await _view(read, asked)
    if view.is_behind:
        wake(request, is_asked=False)
    return answer(view, headers={"Cache-Control": "private, max-age=5"})


@router.get("/v1/figures/by/{part}")
@door(scope=SCOPE, gives={200: PartsView}, refuses=(ProgramNotLive, SpanInvalid, CurrencyUnknown))
async def read_figures_by(  # noqa: PLR0917 - what one may look for
    request: Request,
    part: Literal["store", "offer", "tier"],
    first: First = None,
    until: Until = None,
    compare: Beside = "none",
    currency: Currency = None,
) -> Response:
    """Read a span of days by store, by offer, or by the level that members have now."""
    async with database_of(request).snapshot() as read:
        asked = await _ask(read, house_of(request), (first, until), compare, (None, currency))
        view = await _view_parts(read, asked, part)
    if view.is_behind:
        wake(request, is_asked=False)
    return answer(view, headers={"Cache-Control": "private, max-age=5"})


async def _ask(
    read: Read,
    house: House,
    days: tuple[date | None, date | None],
    compare: Literal["none", "previous", "year"],
    how: tuple[daybook.Grain | None, str | None],
) -> _Asked:
    grain, currency = how
    now = await clock.now(read)
    releases = await house.versions.read(read)
    release = releases.release_at(now)
    if release is None:
        raise ProgramNotLive("No version of the programme is live. Publish one with `regulars program publish`.")
    document = releases.plans[release.hash].document
    span = _settle(days, now.astimezone(ZoneInfo(document.time_zone)).date())
    spent = [id_ for id_, each in document.currencies.items() if each.kind == "spendable"]
    chosen = currency or next(iter(spent or document.currencies))
    if chosen not in document.currencies:
        raise CurrencyUnknown(f"The live programme has no currency {chosen!r}.", currency=chosen)
    chosen_grain = grain or daybook.choose_grain(span)
    if len(daybook.split(span, chosen_grain)) > daybook.PERIODS_MAX:
        raise SpanInvalid(f"A line has at most {daybook.PERIODS_MAX} points. Choose a coarser grain, or fewer days.")
    nothing: tuple[str, Mapping[str, Mapping[str, str]]] = ("", {})
    trait, levels = next(iter(list_levels(document).items()), nothing)
    return _Asked(
        document=document,
        currency=chosen,
        span=span,
        beside=None if compare == "none" else daybook.lay_beside(span, compare),
        grain=chosen_grain,
        trait=trait,
        levels=levels,
    )


def _settle(days: tuple[date | None, date | None], today: date) -> daybook.Span:
    try:
        until = days[1] or today + timedelta(days=1)
        first = days[0] or until - timedelta(days=DAYS)
        # The spans beside it have to be days, too.
        earliest = first - (until - first) - timedelta(days=366)
    except OverflowError as error:
        raise SpanInvalid("These days are at the ends of the calendar. Choose others.") from error
    if first >= until or earliest.year < YEAR_MIN:
        raise SpanInvalid("`from` is a day before `to`, which itself is no part of the span.")
    return first, until


async def _count(
    read: Read, asked: _Asked, span: daybook.Span, parts: list[daybook.Span]
) -> tuple[daybook.Counted, list[daybook.Counted]]:
    """Count a span as a whole, and by its parts. What is read is read once for both."""
    first, until = span
    visits = await daybook.list_visits(read, [span, *parts])
    newcomers = await daybook.list_newcomers(read, first, until)
    points = await daybook.list_points(read, asked.currency, first, until)
    held = await daybook.sum_points_before(read, asked.currency, first)
    flows = [each for each in await daybook.list_flows(read, first, until) if each.trait == asked.trait]

    def count(period: daybook.Span) -> daybook.Counted:
        start, end = period
        visit = visits.get(period, ZERO)
        by_kind: dict[str, int] = {}
        for each in points:
            if start <= each.day < end:
                by_kind[each.kind] = by_kind.get(each.kind, 0) + each.points
        moves = [(it.before, it.after, it.members) for it in flows if start <= it.day < end]
        up, down = daybook.count_moves(moves, list(asked.levels))
        return daybook.Counted(
            active=visit.active,
            again=visit.again,
            newcomers=sum(count for day, count in newcomers.items() if start <= day < end),
            purchases=visit.purchases,
            sales_minor=visit.sales_minor,
            by_kind=by_kind,
            outstanding=held + sum(each.points for each in points if each.day < end),
            up=up,
            down=down,
        )

    return count(span), [count(part) for part in parts]


async def _view(read: Read, asked: _Asked) -> FiguresView:
    worth, periods = asked.worth, daybook.split(asked.span, asked.grain)
    whole, lines = await _count(read, asked, asked.span, periods)
    now = daybook.reckon(whole, worth=worth)
    before: Mapping[str, int | None] = dict.fromkeys(now)
    if asked.beside is not None:
        earlier, _ = await _count(read, asked, asked.beside, [])
        before = daybook.reckon(earlier, worth=worth)
    return FiguresView(
        first=asked.span[0],
        until=asked.span[1],
        before_first=None if asked.beside is None else asked.beside[0],
        before_until=None if asked.beside is None else asked.beside[1],
        money=asked.document.money,
        currency=asked.currency,
        grain=asked.grain,
        figures=tuple(
            FigureView(
                id=each.id,
                name=each.name,
                means=each.means,
                unit=each.unit,
                value=now[each.id],
                before=before[each.id],
                change_permille=daybook.change_permille(now[each.id], before[each.id]),
            )
            for each in daybook.FIGURES
        ),
        series=tuple(
            PeriodFigures(first=start, until=end, values=daybook.reckon(line, worth=worth))
            for (start, end), line in zip(periods, lines, strict=True)
        ),
        told={} if asked.beside is None else daybook.tell_change(now, before),
        left_out=(SHARE,),
        is_behind=await daybook.is_behind(read),
    )


async def _view_parts(read: Read, asked: _Asked, by: Literal["store", "offer", "tier"]) -> PartsView:
    parts = await _list_parts(read, asked, asked.span, by)
    before = {} if asked.beside is None else await _list_parts(read, asked, asked.beside, by)
    stores = await estate.find_stores(read, set(parts)) if by == "store" else {}
    flows: dict[tuple[str, str], int] = {}
    if by == "tier":
        for each in await daybook.list_flows(read, *asked.span):
            if each.trait == asked.trait:
                place = (each.before, each.after)
                flows[place] = flows.get(place, 0) + each.members
    return PartsView(
        first=asked.span[0],
        until=asked.span[1],
        by=by,
        money=asked.document.money,
        currency=asked.currency,
        parts=tuple(
            Part(key=key, name=_call(asked, stores, by, key), values=values, before=before.get(key, {}))
            for key, values in parts.items()
        ),
        flow=tuple(LevelFlow(before=one, after=other, members=count) for (one, other), count in sorted(flows.items())),
        is_behind=await daybook.is_behind(read),
    )


async def _list_parts(read: Read, asked: _Asked, span: daybook.Span, by: str) -> dict[str, dict[str, int]]:
    if by == "offer":
        offers = await daybook.list_offers(read, asked.currency, *span)
        return {each.key: {"points": each.points, "times": each.times} for each in offers}
    places = await (daybook.list_stores(read, *span) if by == "store" else daybook.list_tiers(read, asked.trait, *span))
    return {
        each.key: {"members": each.members, "purchases": each.purchases, "sales": each.sales_minor} for each in places
    }


def _call(asked: _Asked, stores: Mapping[str, estate.Store], by: str, key: str) -> Mapping[str, str]:
    if by == "tier":
        return asked.levels.get(key, {})
    if by == "offer":
        return {it.id: it.name or {} for it in asked.document.offers}.get(key, {})
    store = stores.get(key)
    return {} if store is None else {"en": store.name_en, "zh-CN": store.name_zh}

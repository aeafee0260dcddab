"""The catalogue as people see it: what there is, what a member can have now and why not, and what they ordered."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from regulars.base.db import Read, Tx
from regulars.base.errors import Refusal
from regulars.features.rewards.mechanic import REWARD, Prepared, name_stock
from regulars.features.rewards.model import Memory, Order, Settings, State
from regulars.kernel import limits, members, program, spine
from regulars.kernel.nouns import Activity
from regulars.kernel.program import BoundOffer, Names, Plan
from regulars.kernel.spine import EVERYWHERE, House

__all__ = [
    "Catalogue",
    "Choice",
    "Lang",
    "OrderView",
    "Place",
    "Reward",
    "RewardUnknown",
    "RewardWithoutStock",
    "Stock",
    "Way",
    "WayOpen",
    "choose_language",
    "read_catalogue",
    "read_choices",
    "read_orders",
    "set_stock",
]

Lang = Literal["en", "zh-CN"]
Place = tuple[datetime, str, str]
"""Of an order in a listing: when it was made, and the activity's source and id."""


class RewardUnknown(Refusal):
    """No version of the programme has a reward of this name."""

    code, kind = "reward_unknown", "not_found"


class RewardWithoutStock(Refusal):
    """There is no end to this reward: the programme gives it no stock."""

    code, kind = "reward_without_stock", "conflict"


class Way(Struct, frozen=True, kw_only=True):
    """One way to pay for one piece."""

    way: int
    """The number to ask for it by."""
    currency: str
    points: int
    cash_minor: int
    """Money to be paid besides, in minor units."""


class Reward(Struct, frozen=True, kw_only=True):
    """One reward of the catalogue."""

    reward: str
    """Its name: what an order asks for."""
    offer: str
    title: str
    text: str
    image: str
    sort: str
    """good, service, experience, coupon or partner."""
    fulfilment: str
    """at_once or by_hand."""
    ways: tuple[Way, ...]
    quantity_max: int
    left: int | None
    """Pieces that are left. Null: there is no end to them."""
    until: date | None
    """The last day on which it can be ordered. Null: no end."""
    collect_days: int | None
    """Days after the one on which it is ready, until which it may be collected. Null: for ever."""


class Catalogue(Struct, frozen=True, kw_only=True):
    """The rewards that the programme offers at a moment."""

    as_of: datetime
    program: str
    """Content hash of the version that offers them."""
    lang: Lang
    rewards: tuple[Reward, ...]


class WayOpen(Struct, frozen=True, kw_only=True):
    """Whether a member can have a reward in one way, now."""

    way: int
    currency: str
    points: int
    cash_minor: int
    available: bool
    code: str
    """Of the refusal that an order would meet; empty where it can be had."""
    decided: str
    """For `not_available`: what leaves the offer out, such as audience, schedule, limit, or mechanic."""
    reasons: tuple[str, ...]
    """For `not_available`: why, such as out_of_stock."""


class Choice(Struct, frozen=True, kw_only=True):
    """A reward, and in which ways a member can have it."""

    reward: str
    offer: str
    title: str
    available: bool
    """In some way."""
    ways: tuple[WayOpen, ...]


class OrderView(Struct, frozen=True, kw_only=True):
    """One order of a member."""

    reward: str
    offer: str
    title: str
    source: str
    id: str
    """Of the activity that ordered it, with its source: its receipt has the rest."""
    state: State
    since: datetime
    """When it came into this state."""
    ordered_at: datetime
    quantity: int
    currency: str
    points: int
    cash_minor: int
    collect_until: date | None
    """The last day on which it may be collected. Null: any."""


class Stock(Struct, frozen=True, kw_only=True):
    """How many of a reward there are."""

    reward: str
    amount: int
    """In all: those that were ordered included."""
    left: int


def choose_language(asked: str) -> Lang:
    """Choose the language that a caller likes best, by a header as of RFC 9110, 12.5.4. English where none fits."""
    wishes: list[tuple[int, int, Lang]] = []
    for place, part in enumerate(asked.split(",")):
        tag, _, weight = part.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in {"en", "zh", "*"}:
            wishes.append((-_weigh(weight), place, "zh-CN" if primary == "zh" else "en"))
    wanted = [wish for wish in wishes if wish[0]]
    return min(wanted)[2] if wanted else "en"


async def read_catalogue(read: Read, versions: program.Versions, at: datetime, lang: Lang) -> Catalogue:
    """Read the rewards that can be ordered at a moment, by whoever they are for. Raises NoProgram."""
    plan = (await versions.read(read)).plan_at(at)
    running = [bound for bound in _list_bound(plan) if _is_running(plan, bound, at)]
    left = await limits.left_many(read, [name for bound in running for name in bound.stock], at=at)
    return Catalogue(
        as_of=at,
        program=plan.hash,
        lang=lang,
        rewards=tuple(_show(bound, left, lang) for bound in running),
    )


async def read_choices(
    read: Read, house: House, member: UUID, at: datetime, *, lang: Lang, store: str = EVERYWHERE, part: slice
) -> tuple[list[Choice], bool]:
    """Read which rewards a member can have at a moment, and why not the others: a part of them, by their numbers.

    Gives it, and whether there are more. Each is tried as it would be ordered. Raises MemberUnknown, NoProgram.
    """
    plan = await spine.find_plan(read, house.versions, member, at, store=store)
    running = [bound for bound in _list_bound(plan) if _is_running(plan, bound, at)]
    choices: list[Choice] = []
    for bound in running[part]:
        settings = _settings(bound)
        ways = [await _try(read, house, member, at, bound=bound, way=way, store=store) for way in _list_ways(settings)]
        choices.append(
            Choice(
                reward=settings.reward,
                offer=bound.id,
                title=_say(settings.title, lang),
                available=any(way.available for way in ways),
                ways=tuple(ways),
            )
        )
    return choices, len(running) > part.stop


async def read_orders(
    read: Read, versions: program.Versions, member: UUID, *, lang: Lang, before: Place | None, most: int
) -> list[OrderView]:
    """Read what a member ordered, the newest first, at most so many before a place. Raises MemberUnknown."""
    await members.get(read, member)
    plans = (await versions.read(read)).plans
    stored = await program.memories_of(read, member)
    # The newest version last: its words are the ones that are read. What an offer that is gone sold is shown too.
    bound = {it.id: it for plan in plans.values() for it in _list_bound(plan) if it.id in stored}
    views: list[OrderView] = []
    for it in bound.values():
        memory = it.read_memory(stored)
        assert isinstance(memory, Memory), "rewards remember orders"
        views += [_view(it, order, lang) for order in memory.orders]
    views.sort(key=_place, reverse=True)
    return [view for view in views if before is None or _place(view) < before][:most]


async def set_stock(tx: Tx, versions: program.Versions, reward: str, amount: int, at: datetime) -> Stock:
    """Say how many of a reward there are in all, those that were ordered included: said twice, it is said once.

    Raises RewardUnknown, RewardWithoutStock, and CeilingTooLow below what was ordered.
    """
    plans = (await versions.read(tx)).plans
    known = [bound for plan in plans.values() for bound in _list_bound(plan) if _settings(bound).reward == reward]
    if not known:
        raise RewardUnknown(f"No version of the programme has a reward {reward!r}.", reward=reward)
    if not any(_settings(bound).stock for bound in known):
        message = f"The programme gives {reward!r} no stock: write `stock: true` in its settings first."
        raise RewardWithoutStock(message, reward=reward)
    name = name_stock(reward)
    await limits.set_ceilings(tx, {name: amount}, at=at)
    return Stock(reward=reward, amount=amount, left=(await limits.left_many(tx, [name], at=at))[name])


async def _try(
    read: Read, house: House, member: UUID, at: datetime, *, bound: BoundOffer, way: Way, store: str
) -> WayOpen:
    """Try an order of one piece, as it would be recorded."""
    fact = Activity(
        id=str(house.new_id()),
        source="catalogue",
        kind=REWARD,
        occurred_at=at,
        member=member,
        store=store,
        ask={"reward": _settings(bound).reward, "way": way.way},
    )
    (shown,) = await spine.preview(read, house, [fact], at)
    refusal = shown.outcome.refusal
    decided, reasons = ("", ()) if refusal is None else _find_why(refusal, bound.id)
    return WayOpen(
        way=way.way,
        currency=way.currency,
        points=way.points,
        cash_minor=way.cash_minor,
        available=refusal is None,
        code="" if refusal is None else refusal.code,
        decided=decided,
        reasons=reasons,
    )


def _find_why(refusal: Refusal, offer: str) -> tuple[str, tuple[str, ...]]:
    """Find what a refusal says of one offer: what decided, and the reasons."""
    told = cast("Sequence[Mapping[str, Any]]", refusal.context.get("reasons", ()))
    for each in told:
        if each["offer"] == offer:
            return str(each["decided"]), tuple(each["reasons"])
    return "", ()


def _list_bound(plan: Plan) -> list[BoundOffer]:
    return [bound for bound in plan.offers.values() if isinstance(bound.settings, Prepared)]


def _settings(bound: BoundOffer) -> Settings:
    assert isinstance(bound.settings, Prepared), "only rewards are listed"
    return bound.settings.settings


def _is_running(plan: Plan, bound: BoundOffer, at: datetime) -> bool:
    """Whether the offer's days include today, by its own time zone where it has one."""
    schedule, zone = bound.offer.schedule, bound.offer.time_zone
    today = date.fromordinal(plan.day_of(at)) if zone is None else at.astimezone(ZoneInfo(zone)).date()
    if schedule is None:
        return True
    return (schedule.first or date.min) <= today <= (schedule.last or date.max)


def _list_ways(settings: Settings) -> tuple[Way, ...]:
    return tuple(
        Way(way=number, currency=price.currency, points=price.points, cash_minor=price.cash_minor)
        for number, price in enumerate(settings.price)
    )


def _show(bound: BoundOffer, left: Mapping[str, int], lang: Lang) -> Reward:
    settings, schedule = _settings(bound), bound.offer.schedule
    # Less than nothing is left where somebody lowered the stock at the same moment.
    there = max(left.get(name_stock(settings.reward), 0), 0) if settings.stock else None
    return Reward(
        reward=settings.reward,
        offer=bound.id,
        title=_say(settings.title, lang),
        text=_say(settings.text, lang),
        image=settings.image,
        sort=settings.sort,
        fulfilment=settings.fulfilment,
        ways=_list_ways(settings),
        quantity_max=settings.quantity_max,
        left=there,
        until=None if schedule is None else schedule.last,
        collect_days=settings.collect_days,
    )


def _view(bound: BoundOffer, order: Order, lang: Lang) -> OrderView:
    settings = _settings(bound)
    return OrderView(
        reward=settings.reward,
        offer=bound.id,
        title=_say(settings.title, lang),
        source=order.source,
        id=order.id,
        state=order.state,
        since=order.since,
        ordered_at=order.at,
        quantity=order.quantity,
        currency=order.currency,
        points=order.points,
        cash_minor=order.cash_minor,
        collect_until=date.fromordinal(order.collect_until) if order.collect_until else None,
    )


def _place(view: OrderView) -> Place:
    return (view.ordered_at, view.source, view.id)


def _say(names: Names | None, lang: Lang) -> str:
    return "" if names is None else names[lang]


def _weigh(weight: str) -> int:
    """Read how much a language is wanted, in thousandths; what cannot be read counts in full."""
    value = weight.strip().removeprefix("q=")
    whole, _, part = value.partition(".")
    thousandths = (part + "000")[:3]
    if not (whole.isascii() and whole.isdigit() and thousandths.isascii() and thousandths.isdigit()):
        return 1000
    return min(int(whole[:4]) * 1000 + int(thousandths), 1000)

"""A reward is ordered with an activity `reward`: its points are paid, a piece of its stock is claimed, all or nothing.

`ask: {reward, way, quantity}` says what, which way to pay, and how many. An activity `reward_state` tells of an order
that it is ready, or that the member has it; the clock ends what nobody collected. A reversal of the order, by the
command `reverse`, gives the same points back, puts the piece back on the shelf and takes an unused coupon back.

The order itself is granted, and taken in by the very offer that grants it: so what the envelope keeps from being given
(its limits, its budget) is not remembered as ordered either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from regulars.features.rewards.model import (
    CLOSED,
    OPEN_MAX,
    Memory,
    Order,
    OrderAsk,
    OrderClosed,
    OrderFulfilled,
    OrderIndivisible,
    OrderInvalid,
    OrderStateRefused,
    OrderUnknown,
    Price,
    Settings,
    State,
    StateAsk,
    join_orders,
)
from regulars.kernel.nouns import POOL, Award, Claim, Cost, Due, Earned, Given, Grant, Reason, Scalar, Step
from regulars.kernel.program import Calendar, References

__all__ = [
    "ASKS",
    "END",
    "FOLLOWS",
    "KINDS",
    "ORDER",
    "PHASE",
    "REWARD",
    "STATE",
    "Memory",
    "Order",
    "OrderClosed",
    "OrderFulfilled",
    "OrderIndivisible",
    "OrderInvalid",
    "OrderStateRefused",
    "OrderUnknown",
    "Prepared",
    "Price",
    "Settings",
    "ceilings",
    "earn",
    "merge",
    "name_stock",
    "prepare",
    "provides",
    "receive",
    "references",
    "undo",
]

PHASE: Final = "state"
REWARD: Final = "reward"
STATE: Final = "reward_state"
END: Final = "reward.end"
"""What the clock brings when an order was to be collected."""
ASKS: Final = (REWARD, STATE)
KINDS: Final = (END,)
FOLLOWS: Final = (STATE, END)
"""Kinds that follow up what was ordered, whether or not the reward could still be ordered then."""
ORDER: Final = "order"
"""The kind of grant by which a reward's own orders are taken in."""
COUPON: Final = "coupon"
NEXT: Final[Mapping[State, frozenset[State]]] = {
    "ordered": frozenset({"ready", "fulfilled"}),
    "ready": frozenset({"fulfilled"}),
}
"""States that somebody may tell of, by the state before."""

NOTHING: Final = Earned()

T = TypeVar("T", bound=Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A reward's settings, and the calendar by which it is collected."""

    settings: Settings
    calendar: Calendar


def prepare(settings: Settings, calendar: Calendar) -> Prepared:
    """Keep the calendar at hand."""
    return Prepared(settings=settings, calendar=calendar)


def earn(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """Sell the reward, or say why not; or let an order go on to its next state."""
    kind = step.activity.kind
    if kind == REWARD:
        return _order(prepared.settings, memory, step)
    if kind == STATE:
        return _go_on(prepared, memory, step)
    return _end(prepared, memory, step) if kind == END else NOTHING


def receive(prepared: Prepared, memory: Memory, step: Step, grants: tuple[Grant, ...]) -> Earned:
    """Remember the order that was granted here just now."""
    settings, activity = prepared.settings, step.activity
    if activity.kind != REWARD or activity.ask.get("reward") != settings.reward:
        return Earned(reasons=(Reason(offer="", code="not_ordered"),))
    asked = _read(activity.ask, OrderAsk)
    price, quantity = settings.price[asked.way], sum(grant.count for grant in grants)
    order = Order(
        source=activity.source,
        id=activity.id,
        day=step.day,
        at=activity.occurred_at,
        quantity=quantity,
        currency=price.currency,
        points=price.points * quantity,
        cash_minor=price.cash_minor * quantity,
        state=_begin(settings),
        since=activity.occurred_at,
    )
    values = {"reward": settings.reward, "quantity": quantity, "cash_minor": order.cash_minor, "state": order.state}
    return Earned(memory=memory.put(order), reasons=(Reason(offer="", code="ordered", values=values),))


def undo(prepared: Prepared, memory: Memory, step: Step, _given: tuple[Given, ...]) -> Earned:
    """Cancel an order whose points were given back: its piece is there for others, its coupon is taken back.

    Raises OrderFulfilled, OrderClosed, OrderUnknown, and OrderIndivisible where only a part of the points came back.
    """
    original = step.original
    assert original is not None, "only what is known is undone"
    bought, settings = original.activity, prepared.settings
    if bought.kind != REWARD or bought.ask.get("reward") != settings.reward:
        return NOTHING
    order = _find(memory, bought.source, bought.id)
    values: dict[str, Scalar] = {"reward": settings.reward, "order": order.id, "state": order.state}
    if order.state == "fulfilled":
        raise OrderFulfilled(f"The order {order.id} was handed over; it can no longer be cancelled.", **values)
    if order.state in CLOSED:
        raise OrderClosed(f"The order {order.id} is {order.state}; nothing more comes back.", **values)
    if step.activity.ask.get("points") not in {None, order.points}:
        message = f"The order {order.id} is cancelled as a whole: leave out `points`."
        raise OrderIndivisible(message, **values, points=order.points)
    moment = max(order.since, step.activity.occurred_at)
    claims, grants = _list_scarce(settings, -order.quantity)
    reason = Reason(offer="", code="order_cancelled", values=values | {"state": "cancelled"})
    fresh = memory.put(replace(order, state="cancelled", since=moment))
    return Earned(memory=fresh, claims=claims, grants=grants, reasons=(reason,))


def merge(_prepared: Prepared, kept: Memory, joined: Memory) -> Memory:
    """One member where two were: both have what either ordered."""
    return join_orders(kept, joined)


def references(settings: Settings) -> References:
    """Name the currencies that pay for it, and the coupon that it grants."""
    currencies = tuple(dict.fromkeys(price.currency for price in settings.price))
    grants = () if settings.coupon is None else ((COUPON, settings.coupon),)
    return References(currencies=currencies, spent=currencies, grants=grants)


def provides(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Take in its own orders: so no two offers have one reward, and nobody pays twice."""
    return ((ORDER, settings.reward),)


def ceilings(settings: Settings) -> Mapping[str, int | None]:
    """Name its stock, if there is only so much."""
    stock: dict[str, int | None] = {name_stock(settings.reward): None} if settings.stock else {}
    # Where the coupon is a partner's, there is one for each code that is left.
    return stock if settings.coupon is None else {**stock, f"{POOL}{settings.coupon}": None}


def name_stock(reward: str) -> str:
    """What the stock of a reward is called among all that is scarce."""
    return f"stock:{reward}"


def _order(settings: Settings, memory: Memory, step: Step) -> Earned:
    ask = step.activity.ask
    if ask.get("reward") != settings.reward:
        return NOTHING
    asked = _read(ask, OrderAsk)
    why = _miss(settings, memory, step, asked)
    if why is not None:
        return Earned(reasons=(why,))
    price = settings.price[asked.way]
    claims, grants = _list_scarce(settings, asked.quantity)
    return Earned(
        costs=(Cost(currency=price.currency, points=price.points * asked.quantity),),
        claims=claims,
        grants=(Grant(kind=ORDER, what=settings.reward, count=asked.quantity), *grants),
    )


def _miss(settings: Settings, memory: Memory, step: Step, asked: OrderAsk) -> Reason | None:
    """What keeps the reward from being ordered, apart from the points."""
    if asked.way >= len(settings.price):
        return Reason(offer="", code="unknown_way", values={"way": asked.way, "ways": len(settings.price)})
    if asked.quantity > settings.quantity_max:
        values = {"quantity": asked.quantity, "quantity_max": settings.quantity_max}
        return Reason(offer="", code="too_many", values=values)
    if sum(order.state not in CLOSED for order in memory.orders) >= OPEN_MAX:
        return Reason(offer="", code="too_many_open", values={"open_max": OPEN_MAX})
    codes = step.left.get(f"{POOL}{settings.coupon}", asked.quantity)
    if codes < asked.quantity:
        return Reason(offer="", code="out_of_stock", values={"quantity": asked.quantity, "left": codes})
    return _miss_stock(settings, step, asked.quantity) if settings.stock else None


def _miss_stock(settings: Settings, step: Step, quantity: int) -> Reason | None:
    there = step.left.get(name_stock(settings.reward))
    if there is None:
        return Reason(offer="", code="no_stock_row", values={"ceiling": name_stock(settings.reward)})
    if there < quantity:
        return Reason(offer="", code="out_of_stock", values={"quantity": quantity, "left": there})
    return None


def _list_scarce(settings: Settings, quantity: int) -> tuple[tuple[Claim, ...], tuple[Grant, ...]]:
    """What so many pieces take off the shelf, and bring with them; below zero: what goes back."""
    claims = (Claim(ceiling=name_stock(settings.reward), amount=quantity),) if settings.stock else ()
    grants = () if settings.coupon is None else (Grant(kind=COUPON, what=settings.coupon, count=quantity),)
    return claims, grants


def _begin(settings: Settings) -> State:
    """The state in which an order begins. A coupon is ready; that it was used is for the coupon to say."""
    if settings.sort == COUPON:
        return "ready"
    return "fulfilled" if settings.fulfilment == "at_once" else "ordered"


def _go_on(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    activity = step.activity
    asked = _read(activity.ask, StateAsk)
    order = memory.find(asked.source or activity.source, asked.order)
    if order is None:
        # It may be another reward's.
        return NOTHING
    if asked.state not in NEXT.get(order.state, frozenset()):
        message = f"The order {order.id} is {order.state}; it cannot become {asked.state}."
        raise OrderStateRefused(message, order=order.id, state=order.state, asked=asked.state)
    settings = prepared.settings
    fresh = replace(order, state=asked.state, since=activity.occurred_at)
    later: tuple[Due, ...] = ()
    if asked.state == "ready" and settings.collect_days is not None:
        fresh = replace(fresh, collect_until=step.day + settings.collect_days)
        at = prepared.calendar.start_of(fresh.collect_until + 1)
        later = (Due(name="end", kind=END, at=at, data={"source": order.source, "order": order.id}),)
    values = {"reward": settings.reward, "order": order.id, "state": fresh.state}
    reason = Reason(offer="", code="order_changed", values=values)
    return Earned(memory=memory.put(fresh), later=later, reasons=(reason,))


def _end(prepared: Prepared, memory: Memory, step: Step) -> Earned:
    """End an order that is ready, and that nobody collected."""
    data, settings = step.activity.data, prepared.settings
    order = memory.find(str(data.get("source")), str(data.get("order")))
    if order is None or order.state != "ready":
        return NOTHING
    values = {"reward": settings.reward, "order": order.id, "state": "ended"}
    code = "refunded" if settings.uncollected == "refund" else "forfeited"
    awards = (Award(currency=order.currency, points=order.points),) if code == "refunded" else ()
    fresh = memory.put(replace(order, state="ended", since=step.activity.occurred_at))
    return Earned(awards=awards, memory=fresh, reasons=(Reason(offer="", code=code, values=values),))


def _find(memory: Memory, source: str, id_: str) -> Order:
    order = memory.find(source, id_)
    if order is None:
        message = f"There is no order {id_!r} of {source!r}, or it was done with so long ago that it is forgotten."
        raise OrderUnknown(message, order=id_, source=source)
    return order


def _read(ask: Mapping[str, Scalar], shape: type[T]) -> T:
    """Read what is asked. Raises OrderInvalid with the place and what was expected."""
    try:
        return msgspec.convert(dict(ask), shape)
    except msgspec.ValidationError as error:
        raise OrderInvalid(f"What is asked cannot be read: {error}.") from error

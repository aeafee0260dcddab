"""What a marketer says of a reward, what is asked, and what is remembered of orders. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from regulars.base.errors import Refusal
from regulars.kernel.program import LANGUAGES, Names, Word

__all__ = [
    "CLOSED",
    "OPEN_MAX",
    "Memory",
    "Order",
    "OrderAsk",
    "OrderClosed",
    "OrderFulfilled",
    "OrderIndivisible",
    "OrderInvalid",
    "OrderStateRefused",
    "OrderUnknown",
    "Price",
    "Settings",
    "State",
    "StateAsk",
    "join_orders",
    "keep_orders",
]

OPEN_MAX: Final = 100
"""Orders of one reward that one member may have open."""
CLOSED_MAX: Final = 100
"""Orders that are done with and still remembered, of one reward and member: the last."""

Id = Annotated[str, Meta(min_length=1, max_length=48, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
Points = Annotated[int, Meta(ge=1, le=10**9)]
Minor = Annotated[int, Meta(ge=0, le=10**12)]
Days = Annotated[int, Meta(ge=1, le=3_650)]
Texts = Annotated[
    Mapping[Annotated[str, Meta(max_length=35)], Annotated[str, Meta(min_length=1, max_length=2_000)]],
    Meta(
        description="What people read, by language. English and simplified Chinese are required.",
        extra_json_schema={"required": list(LANGUAGES)},
    ),
]
State = Literal["ordered", "ready", "fulfilled", "cancelled", "ended"]
CLOSED: Final[frozenset[State]] = frozenset({"fulfilled", "cancelled", "ended"})


class OrderInvalid(Refusal):
    """What is asked of a reward cannot be read."""

    code, kind = "order_invalid", "invalid"


class OrderUnknown(Refusal):
    """The member has no such order, or it was done with so long ago that it is forgotten."""

    code, kind = "order_unknown", "not_found"


class OrderStateRefused(Refusal):
    """An order cannot go from the state that it is in to the one that is asked for."""

    code, kind = "order_state_refused", "conflict"


class OrderFulfilled(Refusal):
    """The member has what was ordered: it is no longer cancelled."""

    code, kind = "order_fulfilled", "conflict"


class OrderClosed(Refusal):
    """The order was cancelled, or ended because nobody collected it: nothing more becomes of it."""

    code, kind = "order_closed", "conflict"


class OrderIndivisible(Refusal):
    """A part of an order's points is to come back. It is cancelled as a whole, or not."""

    code, kind = "order_indivisible", "conflict"


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One way to pay for one piece."""

    currency: Word
    """The currency of the points."""
    points: Points
    """What one piece costs, in minor units of the currency."""
    cash_minor: Minor = 0
    """Money to be paid besides, in minor units; the till takes it. 0: points only."""


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a reward."""

    reward: Id
    """Its name for machines: what is asked for, and what its stock is called by. One offer of a programme has it."""
    title: Names
    """What it is called."""
    price: Annotated[tuple[Price, ...], Meta(min_length=1, max_length=10)]
    """Ways to pay, numbered from 0: the member chooses one."""
    text: Texts | None = None
    """A description."""
    image: Annotated[str, Meta(max_length=500)] = ""
    """Path or address of a picture. Nothing looks at it here."""
    sort: Literal["good", "service", "experience", "coupon", "partner"] = "good"
    """What it is: an article, a service, an experience, a coupon, or something that a partner gives."""
    stock: bool = False
    """There are only so many, as an operator says (`PUT /v1/rewards/{reward}/stock`). False: never sold out."""
    coupon: Id | None = None
    """With `sort: coupon`: the coupon that the member gets, by the name that another offer gives it."""
    quantity_max: Annotated[int, Meta(ge=1, le=100)] = 1
    """Pieces that may be ordered at once. A limit of the offer counts orders and not pieces: leave it 1 where a limit
    is meant for pieces."""
    fulfilment: Literal["at_once", "by_hand"] = "by_hand"
    """`at_once`: the member has it with the order. `by_hand`: somebody tells that it is ready, and that it was given.
    A coupon is always there at once."""
    collect_days: Days | None = None
    """By hand: how many days after the day on which it is ready it may still be collected. None: for ever."""
    uncollected: Literal["forfeit", "refund"] = "forfeit"
    """What becomes of the points of an order that nobody collected: nothing, or as many are given anew."""

    def __post_init__(self) -> None:
        for what, names in (("title", self.title), ("text", self.text)):
            missing = [] if names is None else [language for language in LANGUAGES if language not in names]
            if missing:
                raise ValueError(f"the '{what}' of '{self.reward}' lacks {', '.join(missing)}")
        if (self.sort == "coupon") != (self.coupon is not None):
            raise ValueError("'sort: coupon' and 'coupon' belong together")
        if self.collect_days is not None and (self.fulfilment != "by_hand" or self.sort == "coupon"):
            raise ValueError("only what is handed over by hand is collected: leave out 'collect_days'")
        if self.uncollected != "forfeit" and self.collect_days is None:
            raise ValueError("'uncollected' needs 'collect_days': without, an order waits for ever")


class OrderAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody asks who wants a reward."""

    reward: str
    way: Annotated[int, Meta(ge=0)] = 0
    """Which of the ways to pay."""
    quantity: Annotated[int, Meta(ge=1)] = 1


class StateAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody tells who prepares an order or hands it over."""

    order: str
    """The `id` of the activity that ordered it."""
    state: Literal["ready", "fulfilled"]
    source: str = ""
    """The source of that activity; empty: the same as of this one."""


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """One order of a reward."""

    source: str
    id: str
    """Of the activity that ordered it, with its source."""
    day: int
    """On which it was ordered."""
    at: datetime
    quantity: int
    currency: str
    points: int
    """Paid for all pieces together."""
    cash_minor: int = 0
    """To be paid besides, for all pieces together."""
    state: State
    since: datetime
    """When it came into this state."""
    collect_until: int = 0
    """The last day on which it may be collected; 0: any."""

    @property
    def name(self) -> tuple[str, str]:
        """What others call it."""
        return (self.source, self.id)


class Memory(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is remembered of one member: orders by the day on which they were made."""

    orders: tuple[Order, ...] = ()

    def find(self, source: str, id_: str) -> Order | None:
        """Find an order by the activity that made it."""
        return next((order for order in self.orders if order.name == (source, id_)), None)

    def put(self, order: Order) -> "Memory":
        """Add an order, or let it take the place of what was known of it."""
        return replace(self, orders=keep_orders((*(it for it in self.orders if it.name != order.name), order)))


def keep_orders(orders: Iterable[Order]) -> tuple[Order, ...]:
    """Put orders into their order, and forget those that were done with longest ago, where they are too many.

    Which are forgotten does not depend on the order in which they were heard of.
    """
    kept = sorted(orders, key=lambda it: (it.day, it.at, it.name))
    closed = [order for order in kept if order.state in CLOSED]
    forgotten = {order.name for order in closed[:-CLOSED_MAX]}
    return tuple(order for order in kept if order.name not in forgotten)


def join_orders(kept: Memory, joined: Memory) -> Memory:
    """Join what two members ordered."""
    named = {order.name: order for order in sorted((*kept.orders, *joined.orders), key=lambda it: (it.since, it.state))}
    return Memory(orders=keep_orders(named.values()))

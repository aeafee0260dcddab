"""What members must hold, reckoned a second time from the rules alone: dictionaries and lists, no SQL, no ledger code.

The model's clock is perfect: what has run out is gone at that very moment, so it also says what a sweeper that is
late, doubled or dead must not change. Members are named by their card. A step that is refused raises `Refused`, and
`Model.take` then puts everything back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from regulars.kernel.nouns import Activity, Identifier, Receipt

__all__ = [
    "EVENT",
    "MAX",
    "Bought",
    "Done",
    "Gave",
    "Hold",
    "Holding",
    "Lot",
    "Model",
    "Part",
    "Refused",
    "Step",
    "Verb",
]

MAX: Final = 2**53 - 1
EVENT: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""Usable from: not before the event."""
LATE: Final = timedelta(days=30)
SKEW: Final = timedelta(minutes=15)
BUDGET: Final = 150


class Refused(Exception):
    """A step that must be refused, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Lot(NamedTuple):
    """Points issued together."""

    owner: str
    currency: str
    amount: int
    left: int
    since: datetime
    usable: datetime
    ends: datetime | None
    priority: int = 0
    lost: int = 0
    number: int = 0
    """As the receipt names it; 0 until it was read."""


class Part(NamedTuple):
    """So many points of one lot."""

    lot: int
    points: int


class Hold(NamedTuple):
    """Points set aside."""

    by: str
    currency: str
    parts: tuple[Part, ...]
    """What is still held, in the order of use."""
    valid: datetime
    settle: datetime
    state: str = "open"

    @property
    def points(self) -> int:
        """What is still held."""
        return sum(part.points for part in self.parts)


class Gave(NamedTuple):
    """What an offer gave for a purchase."""

    offer: str
    currency: str
    lot: int
    lines: tuple[tuple[int, int], ...]


class Bought(NamedTuple):
    """A purchase, and how much of it came back."""

    minor: tuple[int, ...]
    milli: tuple[int, ...]
    gave: tuple[Gave, ...]
    back: tuple[tuple[int, int], ...]
    """By line: money and thousandths that came back."""
    taken: tuple[int, ...]
    """By `gave`: points taken back."""


class Done(NamedTuple):
    """An activity that was accepted."""

    fact: Activity
    bought: Bought | None = None
    took: tuple[Part, ...] = ()
    """For a use of points: what it took and may still give back, in the order of use."""
    currency: str = ""


class Step(NamedTuple):
    """One fact as a verb sees it."""

    member: str
    fact: Activity
    origin: Done | None
    """The activity that it names."""


Verb = Callable[["Model", Step], Done]


class Holding(NamedTuple):
    """What one member must see in one currency."""

    shown: int
    available: int
    pending: int
    held: int
    owed: int
    next_expiry: datetime | None
    next_expiry_points: int


@dataclass(slots=True, kw_only=True)
class State:
    lots: dict[int, Lot] = field(default_factory=dict[int, Lot])
    holds: dict[str, Hold] = field(default_factory=dict[str, Hold])
    """By the id of the activity that made it."""
    books: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    done: dict[tuple[str, str], Done] = field(default_factory=dict[tuple[str, str], Done])
    budget: dict[str, int] = field(default_factory=lambda: {"left": BUDGET})

    def copy(self) -> "State":
        """Everything in the dictionaries is immutable, so one level is deep enough."""
        return State(**{each.name: dict(getattr(self, each.name)) for each in fields(self)})


@dataclass(slots=True, kw_only=True)
class Model:
    """The members, and what they hold by the rules."""

    verbs: Mapping[str, Verb]
    live_from: datetime
    ranks: Mapping[str, UUID]
    """Member ids, the last tie-break of the order of use."""
    household: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    now: datetime
    state: State = field(default_factory=State)
    named: dict[str, str] = field(default_factory=dict[str, str])
    """Holds by the id that the ledger gave them: the id of the activity that made them."""
    noted: list[str] = field(default_factory=list[str])
    """Situations that came up, for the count of what was reached."""

    def take(self, fact: Activity) -> str:
        """Do one step: "" when it must be accepted, "again" for a retry, or the code of the refusal."""
        self.advance(self.now)
        before, noted = self.state.copy(), len(self.noted)
        try:
            return self._take(fact)
        except Refused as refused:
            self.state = before
            del self.noted[noted:]
            return refused.code

    def _take(self, fact: Activity) -> str:  # noqa: C901 - reasons to refuse, one after the other
        member = self.resolve(fact.member)
        if fact.to is not None:
            self.resolve(fact.to)
        earlier = self.state.done.get((fact.source, fact.id))
        if earlier is not None:
            if earlier.fact != fact:
                raise Refused("key_reused")
            return "again"
        if fact.source == "clock":
            raise Refused("source_reserved")
        if fact.occurred_at > self.now + SKEW:
            raise Refused("activity_in_future")
        if fact.occurred_at < self.now - LATE:
            raise Refused("activity_too_late")
        if member in self.closed:
            raise Refused("member_closed")
        if fact.occurred_at < self.live_from:
            raise Refused("no_program")
        verb = self.verbs.get(fact.kind)
        if verb is None:
            raise Refused("activity_kind_unknown")
        origin = self.state.done.get((fact.source, fact.origin))
        if origin is None and (fact.origin or fact.kind in {"return", "reverse"}):
            raise Refused("origin_unknown")
        self.state.done[fact.source, fact.id] = verb(self, Step(member, fact, origin))
        return ""

    def resolve(self, ref: UUID | Identifier) -> str:
        """Tell who is meant: cards are members, whole other things are nobody."""
        if isinstance(ref, Identifier):
            if ref.kind != "card":
                raise Refused("identifier_invalid")
            return ref.value
        raise Refused("member_unknown")

    # -- what is seen --------------------------------------------------------------------------------------------

    def holding(self, member: str, currency: str) -> Holding:
        """Tell what a member must be shown now."""
        lots = [lot for lot in self.state.lots.values() if (lot.owner, lot.currency) == (member, currency) and lot.left]
        owed = -self.book(member, currency, "arrears")
        ends = min((lot.ends for lot in lots if lot.ends), default=None)
        return Holding(
            shown=self.book(member, currency, "points") - owed,
            available=sum(lot.left for lot in lots if lot.usable <= self.now),
            pending=sum(lot.left for lot in lots if lot.usable > self.now),
            held=sum(h.points for h in self.state.holds.values() if (h.by, h.currency) == (member, currency)),
            owed=owed,
            next_expiry=ends,
            next_expiry_points=sum(lot.left for lot in lots if lot.ends == ends) if ends else 0,
        )

    def book(self, member: str, currency: str, account: str) -> int:
        """Balance of one account."""
        return self.state.books.get((member, currency, account), 0)

    def learn(self, fact: Activity, receipt: Receipt) -> None:
        """Read the numbers of new lots off a receipt, which must name each of them, with its points."""
        assert isinstance(fact.member, Identifier)
        names = {id_: name for name, id_ in self.ranks.items()}
        new = [key for key, lot in self.state.lots.items() if not lot.number]
        told = [p for p in receipt.postings if p.lot and p.kind not in {"return", "activate"}]
        assert len(new) == len(told), (new, told)
        for key, posted in zip(new, told, strict=True):
            lot = self.state.lots[key]
            self.state.lots[key] = lot._replace(number=posted.lot)
            owner = names[posted.owner] if posted.owner else fact.member.value
            assert (lot.owner, lot.currency, lot.amount) == (owner, posted.currency, posted.points), (lot, posted)
        self.named.update({str(p.hold): fact.id for p in receipt.postings if p.kind == "hold"})
        mine = {p.currency for p in receipt.postings if not p.owner}
        assert dict(receipt.balances) == {c: self.holding(fact.member.value, c).shown for c in mine}

    # -- the clock -----------------------------------------------------------------------------------------------

    def advance(self, now: datetime) -> None:
        """Let time pass: holds run out first, then lots, also what holds gave back."""
        self.now = now
        for key, held in self.state.holds.items():
            if held.state == "open" and held.settle <= now:
                self.noted.append("hold ran out")
                self.end_hold(key, "expired")
        self.lose()

    def lose(self) -> None:
        """End what is left of lots whose time is over."""
        for key, lot in self.state.lots.items():
            if lot.left and lot.ends and lot.ends <= self.now:
                self.noted.append("lot ended" if lot.usable <= lot.ends else "lot ended while pending")
                self.move(lot.owner, lot.currency, "points", "breakage", lot.left)
                self.state.lots[key] = lot._replace(left=0, lost=lot.lost + lot.left)

    def end_hold(self, key: str, state: str) -> None:
        """Give back what a hold still holds."""
        held = self.state.holds[key]
        for part in held.parts:
            lot = self.state.lots[part.lot]
            if lot.ends and lot.ends <= self.now:
                self.noted.append("hold outlived its lot")
            self.state.lots[part.lot] = lot._replace(left=lot.left + part.points)
        self.state.holds[key] = held._replace(parts=(), state=state)
        self.lose()

    # -- what every verb is made of ------------------------------------------------------------------------------

    def move(self, member: str, currency: str, source: str, target: str, points: int) -> None:
        """Book points from one account of a member to another."""
        for account, amount in ((source, -points), (target, points)):
            key = (member, currency, account)
            self.state.books[key] = self.state.books.get(key, 0) + amount
            if abs(self.state.books[key]) > MAX:
                raise Refused("amount_invalid")

    def order(self, key: int) -> tuple[datetime, int, datetime, int, UUID]:
        """The order of use: soonest end, priority, oldest, number."""
        lot = self.state.lots[key]
        return (lot.ends or EVENT, lot.priority, lot.since, lot.number, self.ranks[lot.owner])

    def draw(self, owners: Sequence[str], currency: str, points: int) -> list[Part]:
        """Choose usable lots for so many points, or refuse: never short."""
        usable = [
            key
            for key, lot in self.state.lots.items()
            if lot.owner in owners and lot.currency == currency and lot.left and lot.usable <= self.now
        ]
        parts: list[Part] = []
        for key in sorted(usable, key=self.order):
            if part := min(points, self.state.lots[key].left):
                parts.append(Part(key, part))
                points -= part
        if points:
            raise Refused("points_not_enough")
        if len(parts) > 1:
            self.noted.append("several lots used")
        return parts

    def use(self, parts: Sequence[Part]) -> None:
        """Take parts out of lots."""
        for part in parts:
            lot = self.state.lots[part.lot]
            assert lot.left >= part.points
            self.state.lots[part.lot] = lot._replace(left=lot.left - part.points)

    def add(self, lot: Lot) -> int:
        """Keep a new lot; what its owner owes is paid out of it first."""
        owed = min(-self.book(lot.owner, lot.currency, "arrears"), lot.left)
        if owed:
            self.noted.append("arrears settled")
            self.move(lot.owner, lot.currency, "points", "arrears", owed)
        key = len(self.state.lots)
        self.state.lots[key] = lot._replace(left=lot.left - owed)
        return key

    def owners(self, member: str, fact: Activity) -> list[str]:
        """Whose points may be used: one's own, or those of the household that are not frozen."""
        if fact.ask.get("pool") is not True or member not in self.household:
            return [member]
        self.noted.append("pool asked")
        return sorted((self.household - self.frozen - self.closed) | {member})

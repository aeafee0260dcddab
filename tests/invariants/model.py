"""What members must hold, reckoned a second time from the rules alone: dictionaries and lists, no SQL, no ledger code.

The model's clock is perfect: what has run out is gone at that very moment, so it also says what a sweeper that is
late, doubled or dead must not change. Members are named by their card. A step that is refused raises `Refused`, and
`Model.take` then puts everything back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from regulars.kernel.nouns import Activity, Identifier, Receipt

__all__ = [
    "EVENT",
    "JOINS",
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
    "State",
    "Step",
    "Verb",
]

MAX: Final = 2**53 - 1
EVENT: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""Usable from: not before the event."""
LATE: Final = timedelta(days=30)
SKEW: Final = timedelta(minutes=15)
BUDGET: Final = 150
JOINS: Final = frozenset({"merge", "claim", "unmerge"})


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
    parent: int = -1
    """The lot that it goes on from."""


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
    by: str = ""
    """Whose it was then."""
    other: str = ""
    """Who else it was about."""
    at: datetime = EVENT


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
    """What changes."""

    lots: dict[int, Lot] = field(default_factory=dict[int, Lot])
    holds: dict[str, Hold] = field(default_factory=dict[str, Hold])
    """By the id of the activity that made it."""
    books: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    done: dict[tuple[str, str], Done] = field(default_factory=dict[tuple[str, str], Done])
    budget: dict[str, int] = field(default_factory=lambda: {"left": BUDGET})
    into: dict[str, str] = field(default_factory=dict[str, str])
    """Whom a member is part of."""
    handed: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """By member who is gone: the lots in which others got what was theirs."""
    home: dict[str, bool] = field(default_factory=dict[str, bool])
    """Who is in the household."""
    places: dict[str, bool] = field(default_factory=dict[str, bool])
    """By member who is gone and was in the household: whether another got their place."""

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
    frozen: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    guests: frozenset[str] = frozenset()
    """Known by a receipt only."""
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
        to = "" if fact.to is None else self.resolve(fact.to)
        earlier = self.state.done.get((fact.source, fact.id))
        if earlier is not None:
            if not self.is_same(earlier, fact, member, to):
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
        if origin is None and (fact.origin or fact.kind in {"return", "reverse", "unmerge"}):
            raise Refused("origin_unknown")
        done = verb(self, Step(member, fact, origin))
        self.state.done[fact.source, fact.id] = done._replace(by=member, at=self.now)
        if fact.kind not in JOINS:
            self.hand_back()
        return ""

    def is_same(self, earlier: Done, fact: Activity, member: str, to: str) -> bool:
        """Whether a fact is an earlier one again: the same words about the same people, whoever they are by now."""
        words = replace(fact, member=earlier.fact.member, to=earlier.fact.to) == earlier.fact
        other = not earlier.other or fact.kind in JOINS or to == self.today(earlier.other)
        return words and other and member == self.today(earlier.by)

    def resolve(self, ref: UUID | Identifier) -> str:
        """Tell who is meant: cards are members, receipts are guests, whole other things are nobody."""
        if isinstance(ref, Identifier):
            if ref.kind not in {"card", "receipt"}:
                raise Refused("identifier_invalid")
            return self.today(ref.value)
        raise Refused("member_unknown")

    def today(self, member: str) -> str:
        """Tell who somebody is now."""
        while member in self.state.into:
            member = self.state.into[member]
        return member

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
        names = {id_: name for name, id_ in self.ranks.items()}
        me = names[receipt.member]
        # What an undoing gives back, only the other's own receipt tells.
        new = [key for key, lot in self.state.lots.items() if not lot.number and fact.kind != "unmerge"]
        told = [p for p in receipt.postings if p.lot and p.kind not in {"return", "activate"}]
        assert len(new) == len(told), (new, told)
        for posted in told:
            # Those of several members have no order among themselves.
            wanted = (names[posted.owner] if posted.owner else me, posted.currency, posted.points)
            fits = [key for key in new if (lot := self.state.lots[key])[:3] == wanted and not lot.number]
            assert fits, (posted, [self.state.lots[key] for key in new])
            self.state.lots[fits[0]] = self.state.lots[fits[0]]._replace(number=posted.lot)
        self.named.update({str(p.hold): fact.id for p in receipt.postings if p.kind == "hold"})
        mine = {p.currency for p in receipt.postings if not p.owner}
        assert dict(receipt.balances) == {c: self.holding(me, c).shown for c in mine}

    def learn_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Read off the rows the numbers of lots that the clock handed on, which no receipt of ours tells."""
        ids = {name: str(id_) for name, id_ in self.ranks.items()}
        for key, lot in self.state.lots.items():
            if lot.number:
                continue
            parent = self.state.lots[lot.parent]
            known = {each.number for each in self.state.lots.values() if self.is_beside(each, lot)}
            child = (ids[lot.owner], lot.currency, ids[parent.owner], parent.number, lot.amount)
            names = ("member_id", "currency", "parent_member", "parent_number", "amount")
            found = {row["number"] for row in rows if tuple(row[name] for name in names) == child} - known
            self.state.lots[key] = lot._replace(number=min(found))

    def is_beside(self, one: Lot, other: Lot) -> bool:
        """Whether two lots are on one account."""
        return (one.owner, one.currency) == (other.owner, other.currency)

    # -- the clock -----------------------------------------------------------------------------------------------

    def advance(self, now: datetime) -> None:
        """Let time pass: holds run out first, then lots, also what holds gave back."""
        self.now = now
        for key, held in sorted(self.state.holds.items(), key=lambda item: item[1].settle):
            if held.state == "open" and held.settle <= now:
                self.noted.append("hold ran out")
                self.end_hold(key, "expired")
                self.hand_back()
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
        if fact.ask.get("pool") is not True or member not in self.state.home:
            return [member]
        self.noted.append("pool asked")
        return sorted((self.state.home.keys() - self.frozen - self.closed) | {member})

    # -- two who are one -----------------------------------------------------------------------------------------

    def issue(self, lot: Lot, house: str) -> int:
        """Book a new lot; gives its key."""
        self.move(lot.owner, lot.currency, house, "points", lot.amount)
        return self.add(lot)

    def pass_on(self, part: Part, to: str, house: str, ends: datetime | None) -> int:
        """Let a part of a lot go on as a new one; gives its key."""
        lot = self.state.lots[part.lot]
        self.use([part])
        self.move(lot.owner, lot.currency, "points", house, part.points)
        child = lot._replace(
            owner=to,
            amount=part.points,
            left=part.points,
            lost=0,
            since=self.now,
            usable=max(lot.usable, self.now),
            ends=ends,
            number=0,
            parent=part.lot,
        )
        return self.issue(child, house)

    def list_free(self, member: str) -> list[int]:
        """A member's lots with something left, by currency in the order of use."""
        found = [key for key, lot in self.state.lots.items() if lot.owner == member and lot.left]
        return sorted(found, key=lambda key: (self.state.lots[key].currency, *self.order(key)))

    def hand_on(self, gone: str, kept: str) -> None:
        """Move what a member owes and has free to another."""
        for member, currency, account in list(self.state.books):
            owed = -self.book(gone, currency, "arrears")
            if (member, account) == (gone, "arrears") and owed:
                self.noted.append("arrears handed on")
                self.move(gone, currency, "transfer", "arrears", owed)
                self.move(kept, currency, "arrears", "transfer", owed)
        for key in self.list_free(gone):
            lot = self.state.lots[key]
            child = self.pass_on(Part(key, lot.left), kept, "transfer", lot.ends)
            self.state.handed[gone] = (*self.state.handed[gone], child)

    def hand_back(self) -> None:
        """Hand on what came back to members who are part of another."""
        for each in sorted(self.state.into, key=lambda name: self.ranks[name]):
            gone = each
            while gone in self.state.into and self.list_free(gone):
                self.noted.append("handed back")
                self.hand_on(gone, self.state.into[gone])
                gone = self.state.into[gone]

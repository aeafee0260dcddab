"""What goes over the wire: the shapes of bodies and answers. They may only grow, so they are not the kernel's own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from regulars.base.errors import Refusal
from regulars.interfaces.http.problems import Problem, problem_of
from regulars.kernel import members
from regulars.kernel.nouns import (
    AMOUNT_MAX,
    COUPONS_MAX,
    LINES_MAX,
    Activity,
    Identifier,
    Line,
    Posted,
    Receipt,
    Returned,
    Scalar,
    Wish,
)
from regulars.kernel.spine import TRAITS, Outcome

__all__ = [
    "ACTIVITIES_MAX",
    "AccountView",
    "ActivitiesIn",
    "ActivityIn",
    "Balance",
    "Discount",
    "Entry",
    "Found",
    "HoldView",
    "Label",
    "LotPage",
    "LotView",
    "MemberIn",
    "MemberRef",
    "MemberView",
    "Moment",
    "Points",
    "ReceiptView",
    "Result",
    "Results",
    "Sought",
    "Source",
    "StatementPage",
    "TraitsIn",
    "Visible",
    "Why",
    "check_moment",
    "result_of",
    "view_reasons",
    "view_receipt",
]

ACTIVITIES_MAX: Final = 1_000
FACTS_MAX: Final = 50
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)

# The look-ahead refuses a newline at the end, which `$` alone lets pass in Python.
Visible = r"^[^\x00-\x1f\x7f]+$(?!\n)"
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
Label = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
Value = Annotated[str, Meta(max_length=500)] | Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)] | bool | None
Values = Annotated[
    dict[Name, Value],
    Meta(max_length=FACTS_MAX, description="Short facts by name: text, whole numbers, true or false."),
]
Source = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]*$(?!\n)",
        description="The system that tells of it, such as `till` or `shop`.",
    ),
]
Moment = Annotated[datetime, Meta(tz=True, description="When it happened, with the offset from UTC.")]


class MemberRef(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom it is about: either `id`, or an `identifier` that the customer showed."""

    id: UUID | UnsetType = UNSET
    identifier: Identifier | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if (self.id is UNSET) == (self.identifier is UNSET):
            raise ValueError("Give either id or identifier")

    def to_reference(self) -> UUID | Identifier:
        """Make the kernel's reference of it."""
        ref = self.id if isinstance(self.id, UUID) else self.identifier
        assert not isinstance(ref, UnsetType), "a reference has one of the two"
        return ref


class ActivityIn(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that happened to a member. `source` and `id` name it for ever: sent again, it counts once."""

    id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=128,
            pattern=Visible,
            description="Your own name of it, unique within `source`: a receipt number, say.",
        ),
    ]
    source: Source
    kind: Annotated[Name, Meta(description="What happened: `purchase`, `return`, or a kind that an offer answers to.")]
    occurred_at: Moment
    member: MemberRef
    to: MemberRef | UnsetType = UNSET
    """Of a gift, a merge or a claim: the other member."""
    store: Label = ""
    channel: Label = ""
    lines: Annotated[tuple[Line, ...], Meta(max_length=LINES_MAX, description="The basket of a purchase.")] = ()
    returned: Annotated[
        tuple[Returned, ...],
        Meta(max_length=LINES_MAX, description="Of a return: what comes back. Left out: all that is left."),
    ] = ()
    origin: Annotated[
        str,
        Meta(
            max_length=128,
            pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
            description="Of a return or a reversal: the `id` of what it undoes, of the same source.",
        ),
    ] = ""
    ask: Values = {}
    data: Values = {}
    coupons: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=120, pattern=Visible)], ...],
        Meta(
            max_length=COUPONS_MAX,
            description="What the customer shows: codes, and names of coupons that they hold. With any, the amounts of"
            " the lines are those without them: the receipt tells what is taken off.",
        ),
    ] = ()
    pay: Wish | UnsetType = UNSET
    """Of a purchase: points that the member wishes to pay with. The amounts of the lines are those without them."""
    to_price: bool = False
    """Of a purchase: the amounts of the lines are those before any offer, and the receipt tells what is taken off."""
    due_minor: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] | UnsetType = UNSET
    """Of a purchase: what you reckon is to be paid in money. Where it comes to something else, nothing is recorded."""

    def __post_init__(self) -> None:
        """Refuse times that no calendar of a shop reaches."""
        check_moment(self.occurred_at)

    def to_activity(self) -> Activity:
        """Make the kernel's noun of it."""
        return Activity(
            id=self.id,
            source=self.source,
            kind=self.kind,
            occurred_at=self.occurred_at,
            member=self.member.to_reference(),
            to=None if isinstance(self.to, UnsetType) else self.to.to_reference(),
            store=self.store,
            channel=self.channel,
            lines=self.lines,
            returned=self.returned,
            origin=self.origin,
            ask=self.ask,
            data=self.data,
            coupons=self.coupons,
            pay=None if isinstance(self.pay, UnsetType) else self.pay,
            to_price=self.to_price,
            due_minor=None if isinstance(self.due_minor, UnsetType) else self.due_minor,
        )


class ActivitiesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to 1,000 activities. Each has its own outcome: one that is refused spoils no other."""

    activities: Annotated[list[ActivityIn], Meta(min_length=1, max_length=ACTIVITIES_MAX)]


class Points(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Points that were given or taken back, and by which offer."""

    currency: str
    points: int
    offer: str
    kind: str
    lot: int = 0
    """The number of the member's lot, where there is one."""
    settled: int = 0
    """Of an issue: points that paid what the member owed."""
    arrears: int = 0
    """Of a return: points that the member no longer had, and now owes."""
    forgiven: int = 0
    """Of a return: points that had already ended."""
    hold: UUID | None = None
    """The hold that was made, used or ended; its id is that of the activity that made it."""
    usable_from: datetime | None = None
    expires_at: datetime | None = None
    lines: tuple[tuple[int, int], ...] = ()
    """(line number, points)"""


class Discount(Struct, frozen=True, kw_only=True):
    """Money taken off a line; line 0 stands for the whole basket."""

    offer: str
    line: int
    amount_minor: int


class Trait(Struct, frozen=True, kw_only=True):
    """A fact about the member that changed."""

    name: str
    value: Scalar
    since: datetime


class Why(Struct, frozen=True, kw_only=True):
    """Why an offer gave what it gave, or nothing."""

    offer: str
    code: str
    values: Mapping[str, Scalar]


class GrantView(Struct, frozen=True, kw_only=True):
    """Something given that is not points; of a negative count: taken back."""

    kind: str
    what: str
    count: int


class ReceiptView(Struct, frozen=True, kw_only=True):
    """What an activity did. Sent again, the activity is answered with this again."""

    activity: UUID
    """Our name of it."""
    source: str
    id: str
    kind: str
    member: UUID
    occurred_at: datetime
    recorded_at: datetime
    program: str
    """The version of the programme that decided: the hash of its content."""
    points: tuple[Points, ...]
    balances: Mapping[str, int]
    """What the member has afterwards, of each currency that moved."""
    discounts: tuple[Discount, ...]
    traits: tuple[Trait, ...]
    reasons: tuple[Why, ...]
    grants: tuple[GrantView, ...] | UnsetType = UNSET
    """What was given besides points, where anything was: coupons, badges, articles."""
    coupons: tuple[str, ...] | UnsetType = UNSET
    """The names of the coupons that were used, where any were shown."""


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one activity of a batch."""

    status: Literal["recorded", "repeated", "refused"]
    receipt: ReceiptView | None = None
    problem: Problem | None = None


class Results(Struct, frozen=True, kw_only=True):
    """What became of each activity, in the order in which they were sent."""

    results: list[Result]


class MemberIn(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A new member, with what the customer will be known by; nothing for an anonymous one."""

    identifiers: Annotated[tuple[Identifier, ...], Meta(max_length=32)] = ()
    region: Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z0-9-]*$(?!\n)")] = ""


class TraitsIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told of a member: all of it is taken, or none. What is not named stays as it is."""

    source: Source
    occurred_at: Moment
    """From when on it is so."""
    traits: Annotated[
        dict[Name, Value],
        Meta(min_length=1, max_length=FACTS_MAX, description="By name: the value, or null to forget it."),
    ]

    def __post_init__(self) -> None:
        """Refuse times that no calendar of a shop reaches."""
        check_moment(self.occurred_at)

    def to_activity(self, id: str, member: UUID, store: str) -> Activity:  # noqa: A002 - the field's name
        """Make the command of it."""
        return Activity(
            id=id,
            source=self.source,
            kind=TRAITS,
            occurred_at=self.occurred_at,
            member=member,
            store=store,
            ask=self.traits,
        )


class Sought(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the customer showed."""

    identifier: Identifier


class Found(Struct, frozen=True, kw_only=True):
    """The member that an identifier belongs to."""

    member: UUID


class Balance(Struct, frozen=True, kw_only=True):
    """What a member holds in one currency at this moment."""

    currency: str
    shown: int
    """Points less what is owed: what the member is shown."""
    available: int
    pending: int
    held: int
    owed: int
    next_expiry: datetime | None
    next_expiry_points: int


class Shown(Struct, frozen=True, kw_only=True):
    """An identifier as staff may see it."""

    id: UUID
    """By which it is named to take it away."""
    kind: str
    value: str
    """Dots and the last characters."""
    added_at: datetime


class MemberView(Struct, frozen=True, kw_only=True):
    """A member, now."""

    id: UUID
    state: members.State
    joined_at: datetime
    region: str
    merged_into: UUID | None
    traits: Mapping[str, Scalar]
    balances: tuple[Balance, ...]
    identifiers: tuple[Shown, ...]
    as_of: datetime
    """The ledger's time."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line of a statement."""

    at: datetime
    currency: str
    account: Literal["points", "arrears"]
    """Where it was booked: what the member has, or what the member owes (negative)."""
    version: int
    """Of the account: grows by one with each entry."""
    kind: str
    points: int
    balance: int
    """Of the account, after this entry."""
    activity: UUID
    source: str
    id: str
    occurred_at: datetime | None
    offers: tuple[str, ...]
    """The offers that gave or took back these points."""
    reasons: tuple[Why, ...]


class StatementPage(Struct, frozen=True, kw_only=True):
    """A part of a statement, newest first."""

    entries: tuple[Entry, ...]
    next: str | None
    """The cursor of the next page; null at the end."""


class LotView(Struct, frozen=True, kw_only=True):
    """Points that were issued together and end together."""

    currency: str
    number: int
    amount: int
    remaining: int
    """Neither spent, nor held, nor expired."""
    issued_at: datetime
    usable_from: datetime
    expires_at: datetime | None
    usable: bool
    """Whether what remains may be spent now."""
    offer: str
    funder: str
    activity: UUID
    program: str


class LotPage(Struct, frozen=True, kw_only=True):
    """A part of a member's lots, by currency and number."""

    lots: tuple[LotView, ...]
    next: str | None


class HoldView(Struct, frozen=True, kw_only=True):
    """Points set aside and not yet used."""

    id: UUID
    currency: str
    amount: int
    open: int
    """What it still holds."""
    held_at: datetime
    valid_until: datetime
    """The last moment at which it may be used."""
    settle_until: datetime
    """The last moment at which a use made in time may be told."""


class AccountView(Struct, frozen=True, kw_only=True):
    """Everything a member holds, of one and the same moment."""

    member: UUID
    as_of: datetime
    sequence: int
    """Place in the journal of the member's last activity: equal sequences, equal accounts (but for the time)."""
    balances: tuple[Balance, ...]
    lots: tuple[LotView, ...]
    """Those with something left, by currency and number."""
    more_lots: bool
    """There are more than are shown; `/lots` pages through them all."""
    holds: tuple[HoldView, ...]


def check_moment(at: datetime) -> None:
    """Raises ValueError for times that no calendar of a shop reaches."""
    if not EARLIEST <= at < LATEST:
        raise ValueError("occurred_at lies between the years 1970 and 9998")


def view_receipt(receipt: Receipt) -> ReceiptView:
    """Choose from a receipt what callers may rely on."""
    return ReceiptView(
        activity=receipt.activity,
        source=receipt.source,
        id=receipt.id,
        kind=receipt.kind,
        member=receipt.member,
        occurred_at=receipt.occurred_at,
        recorded_at=receipt.recorded_at,
        program=receipt.program,
        points=tuple(view_points(posted) for posted in receipt.postings),
        balances=receipt.balances,
        discounts=tuple(
            Discount(offer=offer, line=discount.line, amount_minor=discount.amount_minor)
            for offer, discount in receipt.discounts
        ),
        traits=tuple(Trait(name=each.name, value=each.value, since=each.since) for each in receipt.traits),
        reasons=view_reasons(receipt),
        grants=tuple(GrantView(kind=it.kind, what=it.what, count=it.count) for it in receipt.grants) or UNSET,
        coupons=receipt.coupons or UNSET,
    )


def view_points(posted: Posted) -> Points:
    """Show one posting."""
    return Points(
        currency=posted.currency,
        points=posted.points,
        offer=posted.offer,
        kind=posted.kind,
        lot=posted.lot,
        settled=posted.settled,
        arrears=posted.arrears,
        forgiven=posted.forgiven,
        hold=posted.hold,
        usable_from=posted.usable_from,
        expires_at=posted.expires_at,
        lines=posted.lines,
    )


def view_reasons(receipt: Receipt, offers: tuple[str, ...] | None = None) -> tuple[Why, ...]:
    """Show the reasons of a receipt: all, or those of some offers."""
    return tuple(
        Why(offer=reason.offer, code=reason.code, values=reason.values)
        for reason in receipt.reasons
        if offers is None or reason.offer in offers
    )


def result_of(outcome: Outcome) -> Result:
    """Show what became of one activity."""
    if outcome.receipt is None:
        assert isinstance(outcome.refusal, Refusal)
        return Result(status="refused", problem=problem_of(outcome.refusal))
    return Result(status="repeated" if outcome.repeated else "recorded", receipt=view_receipt(outcome.receipt))

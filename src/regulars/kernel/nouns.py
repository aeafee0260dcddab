"""The values that rooms share. Values only: nothing here reads, writes, decides or tells the time.

Amounts of money are whole minor units (cents, fen), points are whole minor units of their currency, quantities
are thousandths. Times are aware. A value never changes; making another one is how things change.

No value leads back to itself, so the collector of cycles has nothing to look for in them (`gc=False`): each activity
makes a hundred.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

__all__ = [
    "AMOUNT_MAX",
    "COUPONS_MAX",
    "LINES_MAX",
    "POOL",
    "Activity",
    "Award",
    "Body",
    "Claim",
    "Cost",
    "Discount",
    "Due",
    "Earned",
    "Given",
    "Grant",
    "Identifier",
    "Line",
    "Original",
    "Other",
    "Posted",
    "Posting",
    "Reason",
    "Receipt",
    "Returned",
    "Ruling",
    "Scalar",
    "Step",
    "TraitChange",
    "Wish",
]

AMOUNT_MAX: Final = 2**53 - 1
"""The largest amount of points or money that every JSON reader still reads exactly."""
LINES_MAX: Final = 500
"""Lines in one basket."""
COUPONS_MAX: Final = 20
"""Coupons shown with one activity."""
POOL: Final = "pool:"
"""How ceilings begin whose parts are codes of a partner: whoever claims so many is handed so many codes."""

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
"""A short machine name: lower case, starts with a letter."""
Text = Annotated[str, Meta(max_length=200)]
Count = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Amount = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
Scalar = str | int | bool | None


class Line(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """One line of a basket. Lines are numbered from 1 by their place."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    amount_minor: Count
    """What the customer pays for the line: after every discount, tax as the retailer counts it."""
    quantity_milli: Annotated[int, Meta(ge=0, le=10**12)] = 1000
    categories: tuple[Text, ...] = ()
    """From broad to narrow, as the retailer's catalogue names them."""
    brand: Text = ""
    shelf_discount_minor: Count = 0
    """Price cut on the shelf, already taken off `amount_minor`."""
    coupon_discount_minor: Count = 0
    """Paid by coupons, already taken off `amount_minor`."""


class Returned(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A part of one line of an earlier purchase that comes back."""

    line: Annotated[int, Meta(ge=1, le=LINES_MAX)]
    amount_minor: Count
    """The money given back for it."""
    quantity_milli: Annotated[int, Meta(ge=0, le=10**12)] = 0


class Identifier(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """What a customer shows or says: a phone number, a card, an id of another system. Never journalled or logged."""

    kind: Name
    value: Annotated[str, Meta(min_length=1, max_length=200)]

    def __repr__(self) -> str:
        """Show what it is, never whose."""
        return f"Identifier(kind={self.kind!r})"


class Wish(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Points that a member wishes to pay with: as many of them are used as the programme allows and the member has."""

    currency: Name
    points: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]


class Body(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What an activity says, whoever its member is: this is journalled, and its digest tells a retry from a clash."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]
    """The sender's own name of it, unique within `source`."""
    source: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: Name
    occurred_at: Annotated[datetime, Meta(tz=True)]
    store: Text = ""
    channel: Text = ""
    lines: Annotated[tuple[Line, ...], Meta(max_length=LINES_MAX)] = ()
    returned: Annotated[tuple[Returned, ...], Meta(max_length=LINES_MAX)] = ()
    """For a return: the lines that come back; empty means all that is left of the purchase."""
    origin: Text = ""
    """For a return or a reversal: the `id` of the earlier activity, of the same source. For a purchase: its quote's."""
    ask: Mapping[str, Scalar] = {}
    """The settings of a command (points, currency, reason, …), checked by the verb that serves its kind."""
    data: Mapping[str, Scalar] = {}
    """Further facts that offers may read (weather, device, answers). Never personal data."""
    coupons: Annotated[tuple[Text, ...], Meta(max_length=COUPONS_MAX)] = ()
    """What the customer shows: codes, and coupons that the member holds. A code is journalled by its name only.

    With them, `amount_minor` of the lines is what would be paid without them: the receipt tells the discounts.
    """
    pay: Wish | None = None
    """Of a purchase: what it is to be paid with besides money. `amount_minor` of the lines is what would be paid in
    money alone."""
    to_price: bool = False
    """Of a purchase: `amount_minor` of the lines is what would be paid without any offer, and the receipt tells what
    offers take off. With coupons, or with points to pay, it always is."""
    due_minor: Count | None = None
    """Of a purchase: what the sender says is to be paid in money; where it comes to something else, it is refused."""


class Activity(Body, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Something that happened to a member, or that someone asks for. `(source, id)` names it for ever."""

    member: UUID | Identifier
    to: UUID | Identifier | None = None
    """For a gift: who gets it."""


class Reason(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Why something was given, changed or left out: a code for machines and the values that decided."""

    offer: str
    code: str
    values: Mapping[str, Scalar] = {}


class Award(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Points that a mechanic gives (or, in an undo, takes: negative), with the lines that they came from."""

    currency: str
    points: int
    lines: tuple[tuple[int, int], ...] = ()
    """(line number, points) whose sum is `points`; empty where the award belongs to no line."""
    usable_from: datetime | None = None
    """None: as the currency says."""
    expires_at: datetime | None = None
    """None: as the currency says."""


class Discount(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Money taken off a line (or off the basket: line 0) in the price phase."""

    line: int
    amount_minor: int


class TraitChange(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A dated fact about a member that rules may read, such as `tier`."""

    name: str
    value: Scalar
    since: datetime


class Grant(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Something given that is not points: a coupon, a badge, a message, an entry in a draw."""

    kind: str
    what: str
    count: int = 1


class Due(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """An activity that the clock will bring later. Its id is derived from its parent's, so it comes once."""

    name: str
    """Unique among what one activity leaves behind, e.g. `review:tiers`."""
    kind: str
    at: datetime
    data: Mapping[str, Scalar] = {}
    member: UUID | None = None
    """None: the member of the activity itself."""
    replaces: str = ""
    """Key of waiting work of the same member that this one takes the place of; empty for none."""


class Claim(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A part of something scarce: so much of the ceiling with this id."""

    ceiling: str
    amount: int


class Cost(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Points that the member pays for what an offer gives: taken in the order of use, all of them or none."""

    currency: str
    points: int
    lines: tuple[tuple[int, int], ...] = ()
    """(line number, points) whose sum is `points`: a return gives back what was paid for its lines. Empty: it gives
    back nothing, only a reversal does."""


class Earned(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What one mechanic answers. Everything is optional; an empty answer changes nothing."""

    awards: tuple[Award, ...] = ()
    costs: tuple[Cost, ...] = ()
    """Where the member has too few, nothing of the activity happens."""
    claims: tuple[Claim, ...] = ()
    """Parts of ceilings that `ceilings` names, or of a coupon's code. In an undo, counted negative: what the purchase
    had claimed and others may have again."""
    coupons: tuple[str, ...] = ()
    """Of the coupons shown, those that are used up by this."""
    discounts: tuple[Discount, ...] = ()
    traits: tuple[TraitChange, ...] = ()
    memory: Any = None
    """The mechanic's new `Memory`, or None to keep the old one."""
    grants: tuple[Grant, ...] = ()
    """In an undo, of a negative count: what a purchase had brought, as far as it is not used."""
    later: tuple[Due, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Given(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What an offer gave in an activity, as the receipt remembers it."""

    offer: str
    award: Award
    phase: str = "base"
    """Of the mechanic that gave it, while the fold goes on; a receipt does not remember it."""


class Original(Struct, frozen=True, kw_only=True, gc=False):
    """The purchase that a return speaks of, with what was already brought back."""

    activity: Activity
    given: tuple[Given, ...]
    returned_minor: Mapping[int, int]
    """By line number: money given back by earlier returns."""
    returned_milli: Mapping[int, int]
    taken: Mapping[tuple[str, str], int]
    """By (offer, currency): points that earlier returns took back."""
    touched: frozenset[str] = frozenset()
    """Offers whose memory the purchase changed, or that took money off, took points, or granted something."""
    claims: Mapping[str, int] = {}
    """By ceiling: what the purchase claimed and nothing has freed since."""
    paid: tuple[tuple[str, Cost], ...] = ()
    """By offer: the points that it was paid with, line by line."""
    restored: Mapping[tuple[str, str], int] = {}
    """By (offer, currency): of these points, those that earlier returns gave back."""


class Other(Struct, frozen=True, kw_only=True, gc=False):
    """Another member whom an activity names in `to`, as far as rules may know of them."""

    member: UUID
    traits: Mapping[str, Scalar]
    household: UUID | None = None


class Step(Struct, frozen=True, kw_only=True, gc=False):
    """One member's view of one activity: all that a rule may know."""

    member: UUID
    activity: Activity
    at: datetime
    """Ledger time."""
    day: int
    """The proleptic ordinal of the local date on which the activity occurred."""
    traits: Mapping[str, Scalar]
    """As of `occurred_at`."""
    balances: Mapping[str, int]
    """Shown balance by currency before this activity (pending points included, arrears taken off)."""
    left: Mapping[str, int]
    """What is left under each ceiling that the programme names."""
    given: tuple[Given, ...] = ()
    """What offers before this one gave."""
    original: Original | None = None
    joined_at: datetime | None = None
    """When the member was enrolled; None where nobody knows."""
    household: UUID | None = None
    """The household that the member is in today."""
    other: Other | None = None
    """Who is named in `to`."""
    void: frozenset[str] = frozenset()
    """Of the coupons shown by code: those that are another member's, or not valid at this moment."""
    priced: bool = True
    """Whether amounts are what is paid. Else discounts are taken off them before points are reckoned: where coupons
    are shown, points are to pay, or the sender asks for the price."""
    usable: Mapping[str, int] = {}
    """By currency: what the member could pay with now, where the activity says that they wish to."""
    promised: tuple[tuple[str, Discount], ...] = ()
    """By offer: what a quote of the same basket took off. Where it cannot be had any more, the house bears it."""


class Posting(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Points to be issued (positive) or taken back (negative), with everything that the lot must remember."""

    currency: str
    points: int
    offer: str
    lines: tuple[tuple[int, int], ...] = ()
    usable_from: datetime | None = None
    """None: at once."""
    expires_at: datetime | None = None
    """None: never."""
    priority: int = 0
    funder: str = ""
    value_micro: int = 0
    """Fair value of one point, in millionths of a minor unit of money."""


class Ruling(Struct, frozen=True, kw_only=True, gc=False):
    """What the whole programme says of one step."""

    postings: tuple[Posting, ...] = ()
    discounts: tuple[tuple[str, Discount], ...] = ()
    traits: tuple[TraitChange, ...] = ()
    memories: Mapping[str, bytes] = {}
    """By offer: the new memory as canonical JSON. Only those that changed."""
    grants: tuple[Grant, ...] = ()
    later: tuple[Due, ...] = ()
    claims: tuple[Claim, ...] = ()
    freed: tuple[Claim, ...] = ()
    """Parts of what the original had claimed that others may have again."""
    costs: tuple[tuple[str, Cost], ...] = ()
    """By offer: what the member pays."""
    refunds: tuple[tuple[str, Cost], ...] = ()
    """By offer: what a return gives back of the points that its purchase was paid with."""
    coupons: tuple[str, ...] = ()
    """Of the coupons shown, those that were used."""
    forecast: tuple[Given, ...] = ()
    """Of a quote: what the purchase would give."""
    reasons: tuple[Reason, ...] = ()
    answered: bool = False
    """Whether some offer did anything about it."""


class Posted(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One posting as it was booked. A lot is named by the version of the entry that issued it."""

    currency: str
    points: int
    offer: str = ""
    kind: str = "issue"
    lot: int = 0
    """Number of the lot issued, or of the lot that a return took back from; 0 where there is none."""
    version: int = 0
    """Version of the entry on the points account; 0 where that account did not move."""
    settled: int = 0
    """Points of an issue that paid arrears at once."""
    arrears: int = 0
    """Points of a return that the member no longer had, and now owes."""
    forgiven: int = 0
    """Points of a return that had already ended unused, and so are taken from nobody."""
    hold: UUID | None = None
    """The hold that was made, used or ended. Making and releasing one moves no account."""
    owner: UUID | None = None
    """Whose points moved, where it is not the member of the activity; that member's journal has it too."""
    usable_from: datetime | None = None
    expires_at: datetime | None = None
    lines: tuple[tuple[int, int], ...] = ()


class Receipt(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The stored answer to an activity: what it did and why. Sent again, an activity gets this one again."""

    activity: UUID
    member: UUID
    source: str
    id: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    program: str
    """Content hash of the programme version that decided."""
    postings: tuple[Posted, ...] = ()
    balances: Mapping[str, int] = {}
    """Shown balance afterwards, of each currency that moved."""
    discounts: tuple[tuple[str, Discount], ...] = ()
    traits: tuple[TraitChange, ...] = ()
    grants: tuple[Grant, ...] = ()
    later: tuple[Due, ...] = ()
    claims: tuple[Claim, ...] = ()
    freed: tuple[Claim, ...] = ()
    """Parts of what the original had claimed that others may have again."""
    coupons: tuple[str, ...] = ()
    """Of the coupons shown, those that were used."""
    returned: tuple[Returned, ...] = ()
    """For a return: what came back, line by line."""
    forecast: tuple[Given, ...] = ()
    """For a quote: what the purchase would give."""
    other: UUID | None = None
    """The other member of a gift or a merge."""
    before: Mapping[str, str] = {}
    """For a merge: the memories, by offer, of the member who was kept, so that it can be undone."""
    memories: Mapping[str, str] = {}
    """By offer: SHA-256 of the memory that this activity left, so that a stored memory can be proved."""
    reasons: tuple[Reason, ...] = ()
    outcome: Literal["recorded"] = "recorded"

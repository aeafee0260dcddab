"""What someone may ask of the ledger: redeem, hold, give, correct. One function each; the batch finds them by kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from regulars.kernel import ledger, program
from regulars.kernel.ledger import Late, use_order
from regulars.kernel.nouns import AMOUNT_MAX, Body, Posted, Posting, Scalar
from regulars.kernel.spine.households import HOUSEHOLD_JOIN, HOUSEHOLD_LEAVE, Join, Leave, join, leave
from regulars.kernel.spine.invitations import INVITE, Invite, invite
from regulars.kernel.spine.merging import CLAIM, MERGE, UNMERGE, Claim, Merge, Unmerge, merge, unmerge
from regulars.kernel.spine.model import (
    ApprovalMissing,
    AskInvalid,
    ConversionUnknown,
    CurrencyNotSpendable,
    CurrencyUnknown,
    MemberFrozen,
    PurchaseOfAnother,
    RecipientRefused,
)
from regulars.kernel.spine.profile import TRAITS, Traits, tell_traits
from regulars.kernel.spine.quotes import QUOTE, Quote
from regulars.kernel.spine.quotes import RELEASE as QUOTE_RELEASE
from regulars.kernel.spine.quotes import Release as QuoteRelease
from regulars.kernel.spine.scene import Doing, Scene
from regulars.kernel.spine.vouchers import (
    VOUCHER,
    VOUCHER_CANCEL,
    VOUCHER_USED,
    Cancel,
    Used,
    Voucher,
    cancel_voucher,
    issue_voucher,
    use_voucher,
)

__all__ = ["COMMANDS", "Command", "activate", "activates", "hold_of", "keep_alive"]

Points = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
Change = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
Note = Annotated[str, Meta(max_length=200)]
Seconds = Annotated[int, Meta(ge=1, le=400 * 86_400)]
Days = Annotated[int, Meta(ge=1, le=36_500)]


SETTLING: Final = frozenset({"capture"})
"""What was set aside before it was turned off is paid with: the goods may be gone already."""


class Redeem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Use points now."""

    currency: Word
    points: Points
    pool: bool = False
    """Use the household's points, soonest end first, whoever owns them."""
    reason: Note = ""


class Hold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Set points aside for a purchase that is not settled yet."""

    currency: Word
    points: Points
    valid_seconds: Seconds = 900
    settle_seconds: Annotated[int, Meta(ge=0, le=400 * 86_400)] = 0
    """How long after the last use a use may still be told."""
    pool: bool = False
    reason: Note = ""


class Capture(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Use points that a hold set aside: all that is left, or so many; `final` gives the rest back."""

    hold: UUID
    points: Points | None = None
    final: bool = False


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give back what a hold still holds."""

    hold: UUID


class Reverse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put a redemption (named by `origin`) back: all of it, or so many points."""

    points: Points | None = None
    when_expired: Literal["forfeit", "grace", "reinstate"] = "forfeit"
    grace_days: Annotated[int, Meta(ge=0, le=3_650)] = 0


class Adjust(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Correct by hand, with a reason; above a limit a second person must have agreed."""

    currency: Word
    points: Change
    reason: Word
    by: Word
    approved_by: Note = ""
    life_days: Days | None = None
    """For points given: how long they live; None as the currency says."""


class Gift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give points to another member (`to`). They keep their end, their funder and their worth."""

    currency: Word
    points: Points


class Donate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give points to a good cause."""

    currency: Word
    points: Points
    charity: Word


class Convert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change points into another currency, at the rate that the programme publishes."""

    currency: Word
    points: Points
    into: Word


class Opening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points brought along from another system, with the end they had there."""

    currency: Word
    points: Points
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    """None: as the currency says."""
    endless: bool = False
    """They never end, whatever the currency says."""
    usable_from: Annotated[datetime, Meta(tz=True)] | None = None
    """None: at once."""
    issued_at: Annotated[datetime, Meta(tz=True)] | None = None
    """When the other system gave them. It is kept as told: in these books they are as old as their opening."""


class PastPurchase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell of a purchase that another system has paid points for: it is journalled, and earns nothing by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A kind of activity that is asked for: what may be said, and what it does."""

    ask: type[Struct]
    run: Callable[[Scene, Any], Sequence[Posted]]
    burns: bool = False
    """Whether it takes points away: refused while the member is frozen, and while that is turned off."""

    def read(self, ask: Mapping[str, Scalar]) -> Struct:
        """Read the settings. Raises AskInvalid with the place and what was expected."""
        try:
            return msgspec.convert(dict(ask), self.ask)
        except msgspec.ValidationError as error:
            message = f"The command cannot be read: {error}."
            raise AskInvalid(message) from error

    def __call__(self, scene: Scene) -> list[Posted]:
        """Do it. Raises a refusal that says why not."""
        asked = self.read(scene.fact.ask)
        if self.burns and scene.locked[scene.member].state == "frozen":
            message = "This member's points are frozen; they can be earned but not used."
            raise MemberFrozen(message, member=str(scene.member))
        if self.burns and scene.fact.kind not in SETTLING:
            scene.stops.check(scene.member, scene.by.at)
        return list(self.run(scene, asked))


def redeem(scene: Scene, ask: Redeem) -> list[Posted]:
    """Take points of the member, or of the household, in the order of use."""
    _check_currency(scene, ask.currency, spendable=True)
    owners = scene.owners if ask.pool else (scene.member,)
    parts = ledger.draw(scene.book, owners, ask.currency, ask.points, at=scene.by.at)
    postings: list[Posted] = []
    for owner in dict.fromkeys(lot.member for lot, _ in parts):
        mine = [part for part in parts if part[0].member == owner]
        by = scene.stamp_of(owner, "pool_used")
        posted = ledger.take(scene.book, mine, kind="redeem", house=ledger.REDEMPTION, by=by)
        scene.book.recompute_due(owner, ask.currency)
        postings += scene.tell(owner, [posted])
    return postings


def hold(scene: Scene, ask: Hold) -> list[Posted]:
    """Set points aside."""
    _check_currency(scene, ask.currency, spendable=True)
    owners = scene.owners if ask.pool else (scene.member,)
    valid_until = scene.by.at + timedelta(seconds=ask.valid_seconds)
    until = (valid_until, valid_until + timedelta(seconds=ask.settle_seconds))
    return [ledger.hold(scene.book, scene.member, owners, ask.currency, ask.points, until=until, by=scene.by)]


def capture(scene: Scene, ask: Capture) -> list[Posted]:
    """Use held points."""
    held = _find_hold(scene, ask.hold)
    used = ledger.capture(
        scene.book,
        held,
        held.open if ask.points is None else ask.points,
        used_at=scene.fact.occurred_at,
        stamp_of=lambda owner: scene.stamp_of(owner, "pool_used"),
        at=scene.by.at,
    )
    postings = [posted for owner, each in used for posted in scene.tell(owner, [each])]
    rest = scene.book.holds[held.member, held.id]
    if ask.final and rest.state == "open":
        postings += _release(scene, rest)
    return postings


def release(scene: Scene, ask: Release) -> list[Posted]:
    """Give back what a hold still holds."""
    return _release(scene, _find_hold(scene, ask.hold))


def _find_hold(scene: Scene, name: UUID) -> ledger.Hold:
    """Find an open hold of the member, or of one who has become part of them since."""
    makers = (maker for maker in scene.book.makers(name) if scene.today(maker) == scene.member)
    return ledger.find_hold(scene.book, next(makers, scene.member), name)


def _release(scene: Scene, held: ledger.Hold) -> list[Posted]:
    postings = [ledger.release(scene.book, held, at=scene.by.at)]
    for owner in dict.fromkeys(part.owner for part in held.parts):
        if scene.book.ended_lots(owner, held.currency, scene.by.at):
            by = scene.stamp_of(owner, "expire")
            ended = scene.book.expire(owner, held.currency, by=by)
            assert ended is not None
            postings += scene.tell(owner, [ended])
    return postings


def reverse(scene: Scene, ask: Reverse) -> list[Posted]:
    """Put a redemption back into the lots it came from, last used first."""
    past = scene.doing.past
    assert past is not None
    redemptions = [p for p in past.receipt.postings if p.kind == "redeem"]
    if scene.today(past.member) != scene.member or not redemptions:
        message = f"{past.body.id} took no points of this member. A reversal names the redemption it undoes."
        raise PurchaseOfAnother(message, origin=past.body.id)
    owned = [(posted.owner or past.member, posted) for posted in redemptions]
    if any(posted.lines for posted in redemptions):
        message = f"{past.body.id} is a purchase that points were paid for: they come back with a return of it."
        raise PurchaseOfAnother(message, origin=past.body.id)
    taken = {owner: scene.book.taken(owner, posted.currency, posted.version) for owner, posted in owned}
    currency = redemptions[0].currency
    points = ask.points if ask.points is not None else sum(each.left for each in taken.values())
    late = Late(policy=ask.when_expired, grace=timedelta(days=ask.grace_days))
    postings: list[Posted] = []
    for owner, share in _share(scene, taken, currency, points).items():
        by = scene.stamp_of(owner, "pool_restored")
        back = ledger.reverse(scene.book, owner, currency, share, of=taken[owner], late=late, by=by)
        postings += scene.tell(owner, back)
    return postings


def _share(scene: Scene, taken: Mapping[UUID, ledger.Taken], currency: str, points: int) -> dict[UUID, int]:
    """Say whose points come back: over all owners, what was used last comes back first."""
    parts = [
        (use_order(lot), owner, amount)
        for owner, each in taken.items()
        for number, amount in each.parts.items()
        if (lot := scene.book.lot(owner, currency, number)) is not None
    ]
    shares: dict[UUID, int] = {}
    left = points
    for _, owner, amount in sorted(parts, reverse=True):
        if part := min(left, amount):
            shares[owner] = shares.get(owner, 0) + part
            left -= part
    if left or not shares:
        # More than can come back, or nothing at all: the ledger says so.
        owner = next(iter(taken))
        shares[owner] = shares.get(owner, 0) + left
    return shares


def adjust(scene: Scene, ask: Adjust) -> list[Posted]:
    """Correct by hand."""
    _check_currency(scene, ask.currency)
    points = abs(ask.points)
    if points > scene.house.adjust_alone_max and ask.approved_by in {"", ask.by}:
        message = (
            f"Corrections above {scene.house.adjust_alone_max} points need a second person."
            " Put the name of the one who agreed into `approved_by`."
        )
        raise ApprovalMissing(message, points=points, alone_max=scene.house.adjust_alone_max)
    if ask.points < 0:
        return [
            ledger.spend(
                scene.book, scene.member, ask.currency, points, kind="adjust", house=ledger.ADJUSTMENT, by=scene.by
            )
        ]
    life = None if ask.life_days is None else scene.by.at + timedelta(days=ask.life_days)
    return [_give(scene, ask.currency, ask.points, life, kind="adjust", house=ledger.ADJUSTMENT)]


def opening(scene: Scene, ask: Opening) -> list[Posted]:
    """Bring points along from another system."""
    _check_currency(scene, ask.currency)
    if ask.expires_at is not None and ask.expires_at <= scene.by.at:
        message = f"These points ended at {ask.expires_at.isoformat()}; leave them out."
        raise AskInvalid(message)
    if ask.endless and ask.expires_at is not None:
        raise AskInvalid("These points cannot both end and be `endless`: give one of the two.")
    if ask.usable_from is not None and ask.expires_at is not None and ask.usable_from >= ask.expires_at:
        raise AskInvalid(f"These points would end before they can be used, at {ask.usable_from.isoformat()}.")
    return [
        _give(
            scene,
            ask.currency,
            ask.points,
            ask.expires_at,
            kind="opening",
            house=ledger.OPENING,
            usable_from=ask.usable_from,
            endless=ask.endless,
        )
    ]


def gift(scene: Scene, ask: Gift) -> list[Posted]:
    """Give points to another member, lot by lot."""
    _check_currency(scene, ask.currency, spendable=True)
    to = scene.to
    if to is None or to == scene.member:
        message = "A gift needs another member in `to`."
        raise RecipientRefused(message)
    if scene.locked[to].state != "active":
        message = "The member in `to` cannot get points now."
        raise RecipientRefused(message, state=scene.locked[to].state)
    parts = ledger.draw(scene.book, (scene.member,), ask.currency, ask.points, at=scene.by.at)
    out = ledger.take(scene.book, parts, kind="gift", house=ledger.TRANSFER, by=scene.by)
    scene.book.recompute_due(scene.member, ask.currency)
    by = scene.stamp_of(to, "gift_received")
    got = [
        ledger.receive(
            scene.book, lot, part, expires_at=lot.expires_at, house=ledger.TRANSFER, kind="gift", by=by, member=to
        )
        for lot, part in parts
    ]
    return [out, *scene.tell(to, got)]


def donate(scene: Scene, ask: Donate) -> list[Posted]:
    """Give points to a good cause."""
    _check_currency(scene, ask.currency, spendable=True)
    spent = ledger.spend(
        scene.book, scene.member, ask.currency, ask.points, kind="donate", house=ledger.DONATION, by=scene.by
    )
    return [spent]


def convert(scene: Scene, ask: Convert) -> list[Posted]:
    """Change points into another currency. What is too little for one point there is not taken."""
    _check_currency(scene, ask.currency, spendable=True)
    _check_currency(scene, ask.into, spendable=True)
    rates = {(rate.source, rate.into): rate for rate in scene.plan.document.conversions}
    rate = rates.get((ask.currency, ask.into))
    if rate is None:
        message = f"The programme has no rate from {ask.currency} into {ask.into}."
        raise ConversionUnknown(message)
    gross = ask.points * rate.give // rate.take
    fee = gross * rate.spread_permille // 1000
    if gross - fee <= 0:
        message = f"{ask.points} {ask.currency} are too few: {rate.take} become {rate.give} {ask.into}."
        raise AskInvalid(message)
    # Rounded up, so that the points taken are worth at least those given, and less than one more.
    used = -(-gross * rate.take // rate.give)
    out = ledger.spend(
        scene.book, scene.member, ask.currency, used, kind="convert", house=ledger.CONVERSION, by=scene.by
    )
    got = _give(scene, ask.into, gross - fee, None, kind="convert", house=ledger.CONVERSION)
    if fee:
        legs = (ledger.CONVERSION, ledger.SPREAD)
        scene.book.move(scene.member, ask.into, legs, fee, kind="convert", by=scene.by)
    return [out, got]


def _give(
    scene: Scene,
    currency: str,
    points: int,
    expires_at: datetime | None,
    *,
    kind: str,
    house: str,
    usable_from: datetime | None = None,
    endless: bool = False,
) -> Posted:
    coin = scene.plan.currencies[currency]
    _, ends = coin.dates(scene.plan.day_of(scene.by.at))
    posting = Posting(
        currency=currency,
        points=points,
        offer=f"#{kind}",
        usable_from=usable_from,
        expires_at=None if endless else expires_at or (ends if ends is None or ends > scene.by.at else None),
        priority=coin.settings.priority,
        funder=coin.settings.funder,
        value_micro=coin.value_micro,
    )
    return scene.book.issue(scene.member, posting, program=scene.doing.program, by=scene.by, kind=kind, house=house)


def _check_currency(scene: Scene, currency: str, *, spendable: bool = False) -> None:
    coin = scene.plan.currencies.get(currency)
    if coin is None:
        message = f"The programme has no currency {currency!r}; it has {', '.join(sorted(scene.plan.currencies))}."
        raise CurrencyUnknown(message, currency=currency)
    if spendable and coin.settings.kind != "spendable":
        message = f"{currency} decide the level; they cannot be spent or given away."
        raise CurrencyNotSpendable(message, currency=currency)


def activates(plan: program.Plan, body: Body) -> bool:
    """Say whether points of some currency wait for this kind of activity."""
    return any(coin.settings.pending.until == body.kind for coin in plan.currencies.values() if coin.settings.pending)


def activate(scene: Scene) -> list[Posted]:
    """Set free the points of a purchase that waited for this activity (delivered, say), which names it as `origin`."""
    past = scene.doing.past
    if past is None or scene.today(past.member) != scene.member or not activates(scene.plan, scene.doing.body):
        return []
    freed: list[Posted] = []
    for posted in past.receipt.postings:
        coin = scene.plan.currencies.get(posted.currency)
        if coin is None or not coin.settings.pending or coin.settings.pending.until != scene.fact.kind:
            continue
        number = posted.lot
        if past.member != scene.member:
            number = scene.book.child(scene.member, posted.currency, past.member, number)
        lot = scene.book.lot(scene.member, posted.currency, number)
        if lot is not None and lot.usable_from == program.UNTIL_EVENT:
            scene.book.put_lot(replace(lot, usable_from=scene.by.at))
            freed.append(
                Posted(currency=lot.currency, points=lot.remaining, offer=lot.offer, kind="activate", lot=lot.number)
            )
    return freed


def keep_alive(plan: program.Plan, book: ledger.Book, doing: Doing) -> list[Posted]:
    """Let what ends by inactivity live on, by the day on which the member did something."""
    day = plan.day_of(doing.body.occurred_at)
    ends = {currency: plan.currencies[currency].dates(day)[1] for currency in plan.lingering}
    found = (ledger.prolong(book, doing.member, each, end, at=doing.at) for each, end in ends.items())
    return [posted for postings in found for posted in postings]


def hold_of(ask: Mapping[str, Scalar]) -> UUID | None:
    """Find the hold or voucher that an ask names, so that it can be read; what is no id is refused in its turn."""
    name = ask.get("hold", ask.get("voucher"))
    try:
        return None if name is None else UUID(str(name))
    except ValueError:
        return None


COMMANDS: Final[Mapping[str, Command]] = {
    "redeem": Command(ask=Redeem, run=redeem, burns=True),
    "hold": Command(ask=Hold, run=hold, burns=True),
    "capture": Command(ask=Capture, run=capture, burns=True),
    "release": Command(ask=Release, run=release),
    "reverse": Command(ask=Reverse, run=reverse),
    "adjust": Command(ask=Adjust, run=adjust),
    "gift": Command(ask=Gift, run=gift, burns=True),
    "donate": Command(ask=Donate, run=donate, burns=True),
    "convert": Command(ask=Convert, run=convert, burns=True),
    "opening": Command(ask=Opening, run=opening),
    # Only told: what another system paid for is not paid for again.
    "past_purchase": Command(ask=PastPurchase, run=lambda _scene, _ask: ()),
    # What these do, the batch does for them: it takes more than the ledger.
    QUOTE: Command(ask=Quote, run=lambda _scene, _ask: ()),
    QUOTE_RELEASE: Command(ask=QuoteRelease, run=lambda _scene, _ask: ()),
    INVITE: Command(ask=Invite, run=invite),
    TRAITS: Command(ask=Traits, run=tell_traits),
    HOUSEHOLD_JOIN: Command(ask=Join, run=join),
    HOUSEHOLD_LEAVE: Command(ask=Leave, run=leave),
    MERGE: Command(ask=Merge, run=merge),
    CLAIM: Command(ask=Claim, run=merge),
    UNMERGE: Command(ask=Unmerge, run=unmerge),
    VOUCHER: Command(ask=Voucher, run=issue_voucher, burns=True),
    VOUCHER_USED: Command(ask=Used, run=use_voucher),
    VOUCHER_CANCEL: Command(ask=Cancel, run=cancel_voucher),
}

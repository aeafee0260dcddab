"""What a fold gathers: everything that offers gave so far, and the step as the next one sees it."""

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from regulars.kernel.nouns import (
    AMOUNT_MAX,
    Award,
    Claim,
    Cost,
    Discount,
    Due,
    Earned,
    Given,
    Grant,
    Posting,
    Reason,
    Ruling,
    Scalar,
    Step,
    TraitChange,
)
from regulars.kernel.program.caps import MICRO
from regulars.kernel.program.gates import Sight
from regulars.kernel.program.mechanics import MechanicBroken
from regulars.kernel.program.model import UNTIL_EVENT, PointsOverflow, Value
from regulars.kernel.program.plan import BoundOffer, Plan
from regulars.kernel.program.room import Room, give_back, say_why
from regulars.kernel.program.shares import rescale, spread, take_off

__all__ = ["HONOURED", "Fold"]

EARNED: Final = "earned"
HONOURED: Final = "#quote"
"""Stands for the offer in what the house bears to keep a quote."""
PAY: Final = "pay"

encoder: Final = msgspec.json.Encoder(order="sorted")


class Watch(Protocol):
    """Is told what became of an offer."""

    def __call__(self, offer: BoundOffer, gate: str, room: Room | None, *, fired: bool) -> None:
        """`gate` is what left the offer out; empty where its mechanic was asked."""
        ...


class Fold:
    """One step's ruling in the making. Not a value: it is filled by one fold and then closed."""

    __slots__ = (
        "answered",
        "changed",
        "claimed",
        "costs",
        "coupons",
        "discounts",
        "freed",
        "given",
        "grants",
        "later",
        "left",
        "lines",
        "memories",
        "plan",
        "postings",
        "reasons",
        "refunds",
        "remembered",
        "repriced",
        "sight",
        "step",
        "traits",
        "watch",
        "won",
    )

    def __init__(self, plan: Plan, memories: Mapping[str, bytes], step: Step) -> None:
        self.plan = plan
        self.memories = memories
        # As the next offer sees it, once `look` has brought it up to date.
        self.step = step
        self.sight: Sight | None = None
        self.changed = False
        # As they came in: the step's own are what is paid for them, once discounts are taken off.
        self.lines = step.activity.lines
        self.given: list[Given] = []
        # Ceilings that this step has drawn on.
        self.left: dict[str, int] = {}
        self.postings: list[Posting] = []
        self.discounts: list[tuple[str, Discount]] = []
        # So many of them are taken off the lines; None where amounts are what is paid anyway.
        self.repriced: int | None = None if step.priced else 0
        self.traits: list[TraitChange] = []
        self.remembered: dict[str, bytes] = {}
        self.grants: list[Grant] = []
        self.later: list[Due] = []
        self.claimed: dict[str, int] = {}
        self.freed: dict[str, int] = {}
        self.costs: list[tuple[str, Cost]] = []
        self.refunds: list[tuple[str, Cost]] = []
        self.coupons: list[str] = []
        self.answered = False
        self.reasons: list[Reason] = []
        # By group: the offer that gives, of those of which only one does; empty while the best is being chosen.
        self.won: dict[str, str] = {}
        # Told of every offer what became of it, where somebody wants to know.
        self.watch: Watch | None = None

    def look(self) -> Step:
        """The step as the next offer sees it."""
        if self.changed:
            step, given = self.step, tuple(self.given)
            left = {**step.left, **self.left} if self.left else step.left
            self.step = msgspec.structs.replace(step, given=given, left=left)
            self.changed = False
        return self.step

    def see(self) -> Sight:
        """The step as gates see it: whatever offers gave before does not matter to them."""
        if self.sight is None:
            self.sight = Sight(self.step)
        return self.sight

    @property
    def is_outdated(self) -> bool:
        """Whether discounts were given that are not yet taken off the lines."""
        return self.repriced is not None and (not self.step.priced or len(self.discounts) > self.repriced)

    def reprice(self) -> None:
        """Take the discounts given so far off the lines: what follows is reckoned from what is paid."""
        activity = self.step.activity
        lines = take_off(activity.lines, [discount for _, discount in self.discounts[self.repriced :]])
        self.repriced = len(self.discounts)
        self.step = msgspec.structs.replace(
            self.step, activity=msgspec.structs.replace(activity, lines=lines), priced=True
        )
        self.sight = None

    def keep_promise(self, *, with_points: bool) -> None:
        """Take off what a quote promised and nobody gives any more, line by line: the house bears it.

        Not `with_points`: only what was taken off before points paid.
        """
        offers = self.plan.offers
        promised = [
            discount
            for offer, discount in self.step.promised
            if with_points or offer not in offers or offers[offer].phase != PAY
        ]
        quoted = take_off(self.lines, promised)
        now = take_off(self.lines, [discount for _, discount in self.discounts])
        over = [mine.amount_minor - theirs.amount_minor for mine, theirs in zip(now, quoted, strict=True)]
        if sum(over) <= 0:
            return
        if self.repriced is None:
            self.repriced = len(self.discounts)
        # Where another line costs less than it was quoted, that is the customer's too: the whole decides.
        parts = spread(sum(over), [max(0, each) for each in over])
        self.discounts += [
            (HONOURED, Discount(line=number, amount_minor=part)) for number, part in enumerate(parts, start=1) if part
        ]

    def open_room(self, offer: BoundOffer) -> Room:
        """What a bounded offer may still give."""
        return Room(offer, self.step, self.memories, left=self.left, claimed=self.claimed)

    def pass_over(self, offer: BoundOffer, gate: str, room: Room | None = None) -> None:
        """Leave an offer out, because of this gate."""
        if self.watch is not None:
            self.watch(offer, gate, room, fired=False)

    def absorb(self, offer: BoundOffer, earned: Earned, room: Room | None = None) -> bool:
        """Take in what an offer says of an activity; of a bounded one, as far as there is room.

        Gives whether the member gets anything: points, a discount, or something granted.
        """
        before = len(self.given)
        if earned.awards:
            # What was really given is known here only: a mechanic's reason `earned` says why, this adds how much.
            why = [reason.values for reason in earned.reasons if reason.code == EARNED]
            for award in earned.awards:
                self._give(offer, award, why[0] if why else {}, room)
        if room is not None:
            if room.shut is not None:
                if (earned.discounts or earned.grants or earned.costs) and not earned.awards:
                    self.reasons.append(Reason(offer=offer.id, code=room.shut.code, values=say_why(room.shut)))
                earned = _leave_nothing(earned)
            elif earned.discounts or earned.grants or earned.costs:
                room.count()
                self.changed = True
            if offer.counts:
                self.remembered.update(room.close())
        self.absorb_rest(offer, earned)
        gave = len(self.given) > before or bool(earned.discounts or earned.grants or earned.costs)
        self.answered = self.answered or gave or bool(earned.traits or earned.later) or earned.memory is not None
        if self.watch is not None:
            self.watch(offer, "", room, fired=gave or bool(earned.traits))
        return gave

    def absorb_rest(self, offer: BoundOffer, earned: Earned) -> None:
        """Take in everything that is not points."""
        if earned.memory is not None:
            data = encoder.encode(earned.memory)
            if data != self.memories.get(offer.id):
                self.remembered[offer.id] = data
        for reason in earned.reasons:
            if reason.code != EARNED:
                self.reasons.append(Reason(offer=offer.id, code=reason.code, values=reason.values))
        if earned.discounts:
            self.discounts.extend((offer.id, discount) for discount in earned.discounts)
        if earned.traits:
            self.traits.extend(earned.traits)
        if earned.grants:
            self.grants.extend(earned.grants)
        if earned.costs or earned.claims or earned.coupons:
            self._absorb_scarce(offer, earned)
        if earned.later:
            self.later.extend(_sign(due, offer.id) for due in earned.later)

    def fork(self) -> "Fold":
        """A fold that begins where this one stands, in which something is tried. `adopt` takes it in."""
        fork = Fold(self.plan, self.memories, self.look())
        fork.given, fork.left = list(self.given), dict(self.left)
        fork.sight, fork.watch = self.sight, self.watch
        return fork

    def weigh(self) -> int:
        """What a fork gives, in millionths of a minor unit of money."""
        points = sum(posting.points * posting.value_micro for posting in self.postings)
        return points + MICRO * sum(discount.amount_minor for _, discount in self.discounts)

    def adopt(self, fork: "Fold") -> None:
        """Take in what one offer did in a fork. Of several forks of one moment, one at most has given something."""
        if len(fork.given) > len(self.given):
            self.given = fork.given
            self.changed = True
        if fork.claimed:
            self.left, self.changed = fork.left, True
            self.claimed.update({name: self.claimed.get(name, 0) + more for name, more in fork.claimed.items()})
        self.postings += fork.postings
        self.discounts += fork.discounts
        self.traits += fork.traits
        self.remembered.update(fork.remembered)
        self.grants += fork.grants
        self.costs += fork.costs
        self.coupons += fork.coupons
        self.answered = self.answered or fork.answered
        self.later += fork.later
        self.reasons += fork.reasons
        self.won.update(fork.won)

    def take(self, offer: str, currency: str, points: int, lines: tuple[tuple[int, int], ...]) -> None:
        """Take back points that an offer gave. `lines` holds what each line loses, counted positive."""
        bound = self.plan.offers.get(offer)
        if bound is not None and bound.counts and self.step.original is not None:
            bought = self.plan.day_of(self.step.original.activity.occurred_at)
            self.remembered.update(give_back(bound, {**self.memories, **self.remembered}, bought, points))
        coin = self.plan.currencies.get(currency)
        back = tuple((line, -part) for line, part in lines)
        self.given.append(Given(offer=offer, award=Award(currency=currency, points=-points, lines=back)))
        self.changed = True
        self.postings.append(
            Posting(
                currency=currency,
                points=-points,
                offer=offer,
                lines=back,
                priority=0 if coin is None else coin.settings.priority,
                funder=(bound.offer.funder if bound is not None else None)
                or ("" if coin is None else coin.settings.funder),
                value_micro=0 if coin is None else coin.value_micro,
            )
        )

    def close(self) -> Ruling:
        """Everything that was gathered."""
        return Ruling(
            postings=tuple(self.postings),
            discounts=tuple(self.discounts),
            traits=tuple(self.traits),
            memories=self.remembered,
            grants=tuple(self.grants),
            later=tuple(self.later),
            claims=tuple(Claim(ceiling=ceiling, amount=amount) for ceiling, amount in self.claimed.items()),
            freed=tuple(Claim(ceiling=ceiling, amount=amount) for ceiling, amount in self.freed.items()),
            costs=tuple(self.costs),
            refunds=tuple(self.refunds),
            coupons=tuple(self.coupons),
            reasons=tuple(self.reasons),
            answered=self.answered,
        )

    def _absorb_scarce(self, offer: BoundOffer, earned: Earned) -> None:
        self.costs.extend((offer.id, cost) for cost in earned.costs)
        self.coupons.extend(earned.coupons)
        for claim in earned.claims:
            self._claim(offer, claim)

    def _claim(self, offer: BoundOffer, claim: Claim) -> None:
        """Draw on a ceiling for a mechanic, which has looked whether there is enough; or free what a purchase had."""
        name = claim.ceiling
        if claim.amount < 0:
            self.freed[name] = self.freed.get(name, 0) - claim.amount
            return
        there = self.left[name] if name in self.left else self.step.left.get(name, 0)
        if claim.amount > there:
            raise MechanicBroken(f"{offer.mechanic.name!r} claims {claim.amount} of {name}, of which {there} are left.")
        self.left[name] = there - claim.amount
        self.claimed[name] = self.claimed.get(name, 0) + claim.amount
        self.changed = True

    def _give(self, offer: BoundOffer, award: Award, why: Mapping[str, Scalar], room: Room | None) -> None:
        points = award.points
        if points == 0:
            return
        if not 0 < points <= AMOUNT_MAX:
            _refuse_amount(offer, points)
        coin = self.plan.currencies.get(award.currency)
        if coin is None:
            raise MechanicBroken(f"The mechanic {offer.mechanic.name!r} gave the unknown {award.currency!r}.")
        usable_from, expires_at = coin.dates(self.step.day)
        usable_from, expires_at = award.usable_from or usable_from, award.expires_at or expires_at
        # Points that wait for an event are not usable yet, but their life has begun.
        begins = None if usable_from == UNTIL_EVENT else usable_from
        if expires_at is not None and expires_at <= (begins or self.step.activity.occurred_at):
            self.reasons.append(Reason(offer=offer.id, code="ends_before_use", values={"points": points}))
            return
        lines = award.lines or self._share(points)
        if room is not None:
            points = self._clip(offer, points, coin.settings.value, room)
            if points == 0:
                return
            if points < award.points:
                lines = rescale(lines, points)
        is_same = points == award.points and lines is award.lines and not (award.usable_from or award.expires_at)
        fresh = award if is_same else Award(currency=award.currency, points=points, lines=lines)
        self.given.append(Given(offer=offer.id, award=fresh, phase=offer.phase))
        self.changed = True
        self.postings.append(
            Posting(
                currency=award.currency,
                points=points,
                offer=offer.id,
                lines=lines,
                usable_from=usable_from,
                expires_at=expires_at,
                priority=coin.settings.priority,
                funder=offer.offer.funder or coin.settings.funder,
                value_micro=coin.value_micro,
            )
        )
        values = {"points": points, "currency": award.currency, **why}
        self.reasons.append(Reason(offer=offer.id, code=EARNED, values=values))

    def _share(self, points: int) -> tuple[tuple[int, int], ...]:
        """Share an award of the whole basket among its lines: a return speaks of lines."""
        parts = spread(points, [line.amount_minor for line in self.step.activity.lines])
        return tuple((number, part) for number, part in enumerate(parts, start=1) if part)

    def _clip(self, offer: BoundOffer, points: int, value: Value | None, room: Room) -> int:
        """Draw on the offer's budgets and limits: as much as is left under the tightest."""
        fits, cap = room.clip(points, value)
        if cap is not None:
            values = {"asked": points, "given": fits, **say_why(cap)}
            self.reasons.append(Reason(offer=offer.id, code=cap.code, values=values))
        if fits:
            room.draw(fits, value)
        return fits


def _leave_nothing(earned: Earned) -> Earned:
    """What is left of an answer for which there is no room. What was to be used up or paid for stays as it was."""
    bought = earned.costs or earned.claims or earned.coupons
    memory = None if bought else earned.memory
    return msgspec.structs.replace(earned, discounts=(), grants=(), costs=(), claims=(), coupons=(), memory=memory)


def _refuse_amount(offer: BoundOffer, points: int) -> None:
    if points < 0:
        raise MechanicBroken(f"The mechanic {offer.mechanic.name!r} took points in earn; that is for undo.")
    if points > AMOUNT_MAX:
        raise PointsOverflow(
            f"The offer {offer.id} would give more than {AMOUNT_MAX} points at once.", offer=offer.id, points=points
        )


def _sign(due: Due, offer: str) -> Due:
    """Name the offer in what it leaves for later, so that it comes back to this offer only."""
    return Due(
        name=f"{due.name}:{offer}",
        kind=due.kind,
        at=due.at,
        data={**due.data, "offer": offer},
        member=due.member,
        replaces=f"{due.replaces}:{offer}" if due.replaces else "",
    )

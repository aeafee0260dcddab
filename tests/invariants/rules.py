"""The verbs of the model, told from the rules of the programme below: how points are earned, used and taken back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from regulars.kernel.nouns import Activity
from tests.invariants.model import EVENT, MAX, Bought, Done, Gave, Hold, Lot, Model, Part, Refused, Step, Verb

__all__ = ["COINS", "PROGRAM", "REFUSALS", "SITUATIONS", "VERBS"]

ALONE_MAX: Final = 1_000
PROGRAM: Final = """
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: UTC
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, days: 100}
    value: {minor: 1, per_points: 2}
  miles:
    kind: spendable
    name: {en: Miles, zh-CN: 里程}
    pending: {days: 10}
    expiry: {model: rolling, days: 25}
    priority: 3
  parcels:
    kind: spendable
    name: {en: Parcels, zh-CN: 包裹}
    pending: {until: delivered}
    expiry: {model: rolling, days: 45}
  stars:
    kind: qualifying
    name: {en: Stars, zh-CN: 星}
conversions:
  - {from: points, into: miles, take: 7, give: 3, spread_permille: 100}
  - {from: miles, into: points, take: 1, give: 2}
offers:
  - {id: base, mechanic: spend, on: [purchase], settings: {currency: points, points: 1, per_minor: 10}}
  - id: bonus
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 30}
    budget: {points: 150}
  - {id: miles, mechanic: spend, on: [purchase], settings: {currency: miles, points: 2, per_minor: 7}}
  - {id: parcels, mechanic: spend, on: [purchase], settings: {currency: parcels, points: 1, per_minor: 15}}
  - {id: stars, mechanic: spend, on: [purchase], settings: {currency: stars, points: 1, per_minor: 1}}
  - id: levels
    mechanic: tiers
    on: [purchase]
    settings:
      counts: stars
      levels:
        - {id: plain, name: {en: Plain, zh-CN: 普通}, at: 0}
        - {id: gold, name: {en: Gold, zh-CN: 金}, at: 2000}
      window_days: 60
      keep_days: 30
"""


REFUSALS: Final = {
    "activity_in_future", "activity_kind_unknown", "activity_too_late", "amount_invalid", "approval_missing",
    "ask_invalid", "conversion_unknown", "currency_not_spendable", "currency_unknown", "hold_ended", "hold_too_small",
    "hold_unknown", "identifier_invalid", "key_reused", "member_closed", "member_frozen", "member_unknown",
    "merge_refused", "no_program", "origin_differs", "origin_unknown", "points_not_enough", "points_overflow",
    "recipient_refused", "return_too_large", "reversal_too_large", "source_reserved",
}  # fmt: skip
SITUATIONS: Final = {
    "activated", "again", "arrears handed on", "arrears made", "arrears settled", "batch", "budget cut",
    "clock set back", "ended before it was issued", "given back", "given back along two merges", "handed back",
    "hold outlived its lot", "hold ran out", "late capture", "lot ended", "lot ended while pending",
    "merged with points on hold",
    "place ended", "place given back", "place handed on", "pool asked",
    "reborn by grace", "reborn by reinstate", "return forgiven", "return took from another lot",
    "reversed after the end", "several lots used", "swept", "swept too early", "swept twice",
}  # fmt: skip
"""What every run must have met."""


class Coin(NamedTuple):
    """The terms of a currency, as the programme above has them."""

    life: int | None
    waits: int | None = 0
    """Days; None: for the event."""
    priority: int = 0
    spendable: bool = True


COINS: Final = {
    "points": Coin(100),
    "miles": Coin(25, 10, 3),
    "parcels": Coin(45, None),
    "stars": Coin(None, spendable=False),
}
OFFERS: Final = {
    "base": ("points", 1, 10),
    "bonus": ("points", 1, 30),
    "miles": ("miles", 2, 7),
    "parcels": ("parcels", 1, 15),
    "stars": ("stars", 1, 1),
}
BURNS: Final = {"redeem", "hold", "capture", "gift", "donate", "convert"}
RATES: Final = {("points", "miles"): (7, 3, 100), ("miles", "points"): (1, 2, 0)}
"""So many become so many, less a share in thousandths."""
UNMERGE: Final = timedelta(days=30)
KNOWN: Final = {
    "redeem": {"currency", "points", "pool"},
    "hold": {"currency", "points", "pool", "valid_seconds", "settle_seconds"},
    "capture": {"hold", "points", "final"},
    "release": {"hold"},
    "reverse": {"points", "when_expired", "grace_days"},
    "adjust": {"currency", "points", "reason", "by", "approved_by", "life_days"},
    "gift": {"currency", "points"},
    "donate": {"currency", "points", "charity"},
    "opening": {"currency", "points", "expires_at"},
    "convert": {"currency", "points", "into"},
    "merge": {"by", "reason"},
    "claim": set(),
    "unmerge": {"by", "reason"},
}


def check_ask(fact: Activity) -> None:
    """Refuse a command that cannot be read."""
    ask = fact.ask
    points: Any = ask.get("points", 1)
    least = -MAX if fact.kind == "adjust" else 1
    readable = type(points) is int and least <= points <= MAX and set(ask) <= KNOWN[fact.kind]
    if readable and fact.kind in {"capture", "release"}:
        try:
            UUID(str(ask.get("hold")))
        except ValueError:
            readable = False
    if not readable:
        raise Refused("ask_invalid")


def check_currency(fact: Activity, *, spendable: bool, name: str = "currency") -> str:
    """Refuse a currency that is not there or not for this."""
    currency = str(fact.ask[name])
    if currency not in COINS:
        raise Refused("currency_unknown")
    if spendable and not COINS[currency].spendable:
        raise Refused("currency_not_spendable")
    return currency


def day(at: datetime, days: int) -> datetime:
    """The start of a local day (in UTC) so many days on."""
    return datetime.combine(at.date() + timedelta(days=days), time(), tzinfo=UTC)


def purchase(model: Model, step: Step) -> Done:
    """Every offer gives for the lines; the running sum is rounded down, and each line gets what it grew by."""
    gave: list[Gave] = []
    minor = [line.amount_minor for line in step.fact.lines]
    if any(sum(minor) * points // per_minor > MAX for _, points, per_minor in OFFERS.values()):
        raise Refused("points_overflow")
    for offer, (currency, points, per_minor) in sorted(OFFERS.items()):
        sums = [sum(minor[: n + 1]) * points // per_minor for n in range(len(minor))]
        lines = [(n + 1, sums[n] - (sums[n - 1] if n else 0)) for n in range(len(sums))]
        total = sums[-1] if sums else 0
        if offer == "bonus" and total > model.state.budget["left"]:
            model.noted.append("budget cut")
            whole, total = total, model.state.budget["left"]
            shares = [sums[n] * total // whole for n in range(len(sums))]
            lines = [(n + 1, shares[n] - (shares[n - 1] if n else 0)) for n in range(len(shares))]
        if not total:
            continue
        if offer == "bonus":
            model.state.budget["left"] -= total
        lot = make_lot(step.member, currency, total, step.fact.occurred_at, model.now)
        if lot.ends and lot.ends <= model.now:
            model.noted.append("ended before it was issued")
            continue
        gave.append(Gave(offer, currency, model.issue(lot, "issuance"), tuple(line for line in lines if line[1])))
    nothing = tuple((0, 0) for _ in step.fact.lines)
    bought = Bought(
        minor=tuple(line.amount_minor for line in step.fact.lines),
        milli=tuple(line.quantity_milli for line in step.fact.lines),
        gave=tuple(gave),
        back=nothing,
        taken=tuple(0 for _ in gave),
    )
    return Done(step.fact, bought)


def make_lot(member: str, currency: str, points: int, happened: datetime, now: datetime) -> Lot:
    """Put together a lot on the terms of its currency."""
    coin = COINS[currency]
    usable = EVENT if coin.waits is None else day(happened, coin.waits) if coin.waits else now
    ends = day(happened, coin.life + 1) if coin.life else None
    return Lot(member, currency, points, points, now, usable, ends, coin.priority)


def give_back(model: Model, step: Step) -> Done:
    """A return takes back the share of each line that came back, rounded down until all is back."""
    assert step.origin is not None
    bought = step.origin.bought
    if bought is None or model.today(step.origin.by) != step.member:
        raise Refused("origin_differs")
    back = [list(line) for line in bought.back]
    if not step.fact.returned:
        back = [list(line) for line in zip(bought.minor, bought.milli, strict=True)]
    for part in step.fact.returned:
        if part.line > len(back):
            raise Refused("return_too_large")
        back[part.line - 1][0] += part.amount_minor
        back[part.line - 1][1] += part.quantity_milli
    bounds = zip(back, bought.minor, bought.milli, strict=True)
    if any(minor > most or milli > most_milli for (minor, milli), most, most_milli in bounds):
        raise Refused("return_too_large")
    taken = list(bought.taken)
    for place, gave in enumerate(bought.gave):
        share = sum(points * back[line - 1][0] // bought.minor[line - 1] for line, points in gave.lines)
        if share > taken[place]:
            take_back(model, step, gave, share - taken[place])
            taken[place] = share
    after = bought._replace(back=tuple((minor, milli) for minor, milli in back), taken=tuple(taken))
    model.state.done[step.origin.fact.source, step.origin.fact.id] = step.origin._replace(bought=after)
    return Done(step.fact)


def find_own(model: Model, step: Step, gave: Gave) -> int | None:
    """Find where the points of a purchase are: in their lot, or (after a merge) in the first that went on from it."""
    assert step.origin is not None
    if step.origin.by == step.member:
        return gave.lot
    lots = model.state.lots
    children = [key for key, lot in lots.items() if (lot.owner, lot.parent) == (step.member, gave.lot)]
    return min(children, key=lambda key: lots[key].number, default=None)


def take_back(model: Model, step: Step, gave: Gave, points: int) -> None:
    """Take from the lot itself, forget what of it had ended, take from other lots, and let the rest be owed."""
    own, left = find_own(model, step, gave), points
    parts: list[Part] = []
    if own is not None:
        lot = model.state.lots[own]
        parts.append(Part(own, min(left, lot.left)))
        left -= parts[0].points
        if forgiven := min(left, lot.lost):
            model.noted.append("return forgiven")
            model.move(lot.owner, lot.currency, "breakage", "issuance", forgiven)
            model.state.lots[own] = lot._replace(lost=lot.lost - forgiven)
            left -= forgiven
    others = [
        key
        for key, other in model.state.lots.items()
        if (other.owner, other.currency) == (step.member, gave.currency) and other.left and key != own
    ]
    for key in sorted(others, key=lambda key: (model.state.lots[key].usable > model.now, *model.order(key))):
        if part := min(left, model.state.lots[key].left):
            model.noted.append("return took from another lot")
            parts.append(Part(key, part))
            left -= part
    model.use(parts)
    model.move(step.member, gave.currency, "points", "issuance", sum(part.points for part in parts))
    if left:
        model.noted.append("arrears made")
        model.move(step.member, gave.currency, "arrears", "issuance", left)


def pay(model: Model, parts: Sequence[Part], house: str) -> None:
    """Book parts of lots out of their owners' points."""
    for part in parts:
        lot = model.state.lots[part.lot]
        model.move(lot.owner, lot.currency, "points", house, part.points)


def redeem(model: Model, step: Step) -> Done:
    """Use points in the order of use."""
    currency = check_currency(step.fact, spendable=True)
    parts = model.draw(model.owners(step.member, step.fact), currency, int(str(step.fact.ask["points"])))
    model.use(parts)
    pay(model, parts, "redemption")
    return Done(step.fact, took=tuple(parts), currency=currency)


def hold(model: Model, step: Step) -> Done:
    """Set points aside."""
    currency = check_currency(step.fact, spendable=True)
    parts = model.draw(model.owners(step.member, step.fact), currency, int(str(step.fact.ask["points"])))
    model.use(parts)
    valid = model.now + timedelta(seconds=int(str(step.fact.ask.get("valid_seconds", 900))))
    settle = valid + timedelta(seconds=int(str(step.fact.ask.get("settle_seconds", 0))))
    model.state.holds[step.fact.id] = Hold(step.member, currency, tuple(parts), valid, settle)
    return Done(step.fact)


def find_hold(model: Model, step: Step) -> str:
    """Find an open hold of this member."""
    key = model.named.get(str(step.fact.ask["hold"]), "")
    held = model.state.holds.get(key)
    if held is None or model.today(held.by) != step.member:
        raise Refused("hold_unknown")
    if held.state != "open":
        raise Refused("hold_ended")
    return key


def capture(model: Model, step: Step) -> Done:
    """Use held points, in the order of use."""
    key = find_hold(model, step)
    held = model.state.holds[key]
    if step.fact.occurred_at > held.valid:
        raise Refused("hold_ended")
    if model.now > held.valid:
        model.noted.append("late capture")
    left = int(str(step.fact.ask.get("points", held.points)))
    if left > held.points:
        raise Refused("hold_too_small")
    took: list[Part] = []
    rest: list[Part] = []
    for part in held.parts:
        used = min(left, part.points)
        left -= used
        took += [Part(part.lot, used)] if used else []
        rest += [Part(part.lot, part.points - used)] if used < part.points else []
    pay(model, took, "redemption")
    model.state.holds[key] = held._replace(parts=tuple(rest), state="open" if rest else "captured")
    if rest and step.fact.ask.get("final") is True:
        model.end_hold(key, "released")
    return Done(step.fact, took=tuple(took), currency=held.currency)


def release(model: Model, step: Step) -> Done:
    """Give back what is held."""
    model.end_hold(find_hold(model, step), "released")
    return Done(step.fact)


def reverse(model: Model, step: Step) -> Done:
    """Put a use of points back into the lots it came from, last used first."""
    assert step.origin is not None
    if model.today(step.origin.by) != step.member or step.origin.fact.kind not in {"redeem", "capture"}:
        raise Refused("origin_differs")
    most = sum(part.points for part in step.origin.took)
    left = int(str(step.fact.ask.get("points", most)))
    if most == 0 or left > most:
        raise Refused("reversal_too_large")
    rest: list[Part] = []
    reborn: list[Part] = []
    for part in reversed(step.origin.took):
        points = min(left, part.points)
        left -= points
        if points < part.points:
            rest.insert(0, part._replace(points=part.points - points))
        if points:
            lot = model.state.lots[part.lot]
            model.move(lot.owner, lot.currency, "redemption", "points", points)
            model.state.lots[part.lot] = lot._replace(left=lot.left + points)
            if lot.ends and lot.ends <= model.now:
                model.noted.append("reversed after the end")
                reborn.append(Part(part.lot, points))
    policy = step.fact.ask.get("when_expired", "forfeit")
    for part in reborn if policy != "forfeit" else ():
        lot = model.state.lots[part.lot]
        assert lot.ends is not None
        grace = timedelta(days=int(str(step.fact.ask.get("grace_days", 0))))
        life = grace if policy == "grace" else lot.ends - lot.since
        if life:
            model.noted.append(f"reborn by {policy}")
            model.pass_on(part, lot.owner, "reinstatement", model.now + life)
    model.lose()
    model.state.done[step.origin.fact.source, step.origin.fact.id] = step.origin._replace(took=tuple(rest))
    return Done(step.fact)


def gift(model: Model, step: Step) -> Done:
    """Give points to another member, with the end they have."""
    currency = check_currency(step.fact, spendable=True)
    to = "" if step.fact.to is None else model.resolve(step.fact.to)
    if to in {"", step.member} | model.frozen | model.closed:
        raise Refused("recipient_refused")
    for part in model.draw([step.member], currency, int(str(step.fact.ask["points"]))):
        model.pass_on(part, to, "transfer", model.state.lots[part.lot].ends)
    return Done(step.fact, other=to)


def donate(model: Model, step: Step) -> Done:
    """Give points to a good cause."""
    parts = model.draw([step.member], check_currency(step.fact, spendable=True), int(str(step.fact.ask["points"])))
    model.use(parts)
    pay(model, parts, "donation")
    return Done(step.fact)


def adjust(model: Model, step: Step) -> Done:
    """Correct by hand; above a limit with a second person."""
    currency, points = check_currency(step.fact, spendable=False), int(str(step.fact.ask["points"]))
    if abs(points) > ALONE_MAX and step.fact.ask.get("approved_by", "") in {"", step.fact.ask["by"]}:
        raise Refused("approval_missing")
    if points == 0:
        raise Refused("amount_invalid")
    if points < 0:
        parts = model.draw([step.member], currency, -points)
        model.use(parts)
        pay(model, parts, "adjustment")
        return Done(step.fact)
    lot = make_lot(step.member, currency, points, model.now, model.now)._replace(usable=model.now)
    if "life_days" in step.fact.ask:
        lot = lot._replace(ends=model.now + timedelta(days=int(str(step.fact.ask["life_days"]))))
    model.issue(lot, "adjustment")
    return Done(step.fact)


def opening(model: Model, step: Step) -> Done:
    """Bring points along from another system."""
    currency, points = check_currency(step.fact, spendable=False), int(str(step.fact.ask["points"]))
    lot = make_lot(step.member, currency, points, model.now, model.now)._replace(usable=model.now)
    if "expires_at" in step.fact.ask:
        lot = lot._replace(ends=datetime.fromisoformat(str(step.fact.ask["expires_at"])))
        if lot.ends is not None and lot.ends <= model.now:
            raise Refused("ask_invalid")
    model.issue(lot, "opening")
    return Done(step.fact)


def deliver(model: Model, step: Step) -> Done:
    """Set free what waited for a purchase to be delivered."""
    past = step.origin
    mine = past is not None and model.today(past.by) == step.member
    for gave in past.bought.gave if past and past.bought and mine else ():
        own = find_own(model, step, gave)
        if own is not None and model.state.lots[own].usable == EVENT:
            model.noted.append("activated")
            model.state.lots[own] = model.state.lots[own]._replace(usable=model.now)
    return Done(step.fact)


def convert(model: Model, step: Step) -> Done:
    """Change points into another currency; what is too little for one point there is not taken."""
    currency = check_currency(step.fact, spendable=True)
    into = check_currency(step.fact, spendable=True, name="into")
    if (currency, into) not in RATES:
        raise Refused("conversion_unknown")
    take, give, permille = RATES[currency, into]
    gross = int(str(step.fact.ask["points"])) * give // take
    fee = gross * permille // 1000
    if gross == fee:
        raise Refused("ask_invalid")
    parts = model.draw([step.member], currency, -(-gross * take // give))
    model.use(parts)
    pay(model, parts, "conversion")
    lot = make_lot(step.member, into, gross - fee, model.now, model.now)._replace(usable=model.now)
    model.issue(lot, "conversion")
    model.move(step.member, into, "conversion", "spread", fee)
    return Done(step.fact)


def merge(model: Model, step: Step) -> Done:
    """Hand on all that another member owes and has free; their card leads here from now on."""
    gone = "" if step.fact.to is None else model.resolve(step.fact.to)
    if gone in {"", step.member} | model.frozen | model.closed:
        raise Refused("merge_refused")
    if step.fact.kind == "claim" and gone not in model.guests:
        raise Refused("merge_refused")
    if any(model.today(held.by) == gone and held.state == "open" for held in model.state.holds.values()):
        model.noted.append("merged with points on hold")
    model.state.handed[gone] = ()
    model.hand_on(gone, step.member)
    model.state.into[gone] = step.member
    if model.state.home.pop(gone, False):
        model.state.places[gone] = step.member not in model.state.home
        model.state.home[step.member] = True
        model.noted.append("place handed on" if model.state.places[gone] else "place ended")
    return Done(step.fact, other=gone)


def unmerge(model: Model, step: Step) -> Done:
    """Give back what is left of what was handed on."""
    past = step.origin
    assert past is not None
    if past.fact.kind not in {"merge", "claim"} or past.by != step.member:
        raise Refused("merge_refused")
    if model.state.into.get(past.other) != step.member or model.now > past.at + UNMERGE:
        raise Refused("merge_refused")
    for key in model.state.handed[past.other]:
        if left := model.state.lots[key].left:
            model.noted.append("given back")
            child = model.pass_on(Part(key, left), past.other, "transfer", model.state.lots[key].ends)
            follow_back(model, key, child)
    del model.state.into[past.other]
    if past.other in model.state.places:
        model.noted.append("place given back")
        if model.state.places.pop(past.other):
            model.state.home.pop(step.member, None)
        model.state.home[past.other] = True
    return Done(step.fact, other=past.other)


def follow_back(model: Model, key: int, child: int) -> None:
    """Go on knowing whose a lot was before it went with a second merge, now that it is back with whom that was of."""
    lots = model.state.lots
    owner = lots[child].owner
    while lots[key].owner != owner:
        key = lots[key].parent
    for gone, keys in model.state.handed.items():
        if key in keys:
            model.noted.append("given back along two merges")
            model.state.handed[gone] = (*keys, child)


def ask(verb: Verb) -> Verb:
    """Make a command of a verb: it can be read, and the frozen use nothing."""

    def run(model: Model, step: Step) -> Done:
        check_ask(step.fact)
        if step.fact.kind in BURNS and step.member in model.frozen:
            raise Refused("member_frozen")
        return verb(model, step)

    return run


VERBS: Final[Mapping[str, Verb]] = {
    "purchase": purchase,
    "return": give_back,
    "delivered": deliver,
    "redeem": ask(redeem),
    "hold": ask(hold),
    "capture": ask(capture),
    "release": ask(release),
    "reverse": ask(reverse),
    "gift": ask(gift),
    "donate": ask(donate),
    "adjust": ask(adjust),
    "opening": ask(opening),
    "convert": ask(convert),
    "merge": ask(merge),
    "claim": ask(merge),
    "unmerge": ask(unmerge),
}

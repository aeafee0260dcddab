"""A gift is given for an activity that the offer's envelope lets pass: how often, to whom and when is said there.

It may be scarce: then each is a claim on a stock, and nobody is promised what is gone. A purchase that comes back as a
whole takes its gift back, as far as it is not used, unless the offer keeps it on a return.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.nouns import AMOUNT_MAX, POOL, Claim, Earned, Given, Grant, Reason, Step
from regulars.kernel.program import Calendar, Id, Names, Picker, References, Selection, is_all_back, refer

__all__ = ["PHASE", "Prepared", "Settings", "ceilings", "earn", "prepare", "references", "undo"]

PHASE: Final = "bonus"
ADDRESSED: Final = frozenset({"coupon", "badge"})
"""Kinds that another offer of the programme takes in."""
MONEY_MAX: Final = 10**12
NOTHING: Final = Earned()


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a gift."""

    kind: Literal["coupon", "badge", "article", "entry"]
    """A coupon or a badge of another offer; an article that the till hands over; an entry in a draw."""
    what: Id
    """The coupon's or badge's name, or the article's."""
    title: Names
    count: Annotated[int, Meta(ge=1, le=100)] = 1
    """How many are given each time."""
    lines: Selection = field(default_factory=Selection)
    """The lines that a purchase must have, and what they must come to; without it, any activity will do."""
    stock: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] | Literal["counted"] | None = None
    """How many there are in all; `counted`: as many as are put into the stock; without it, there is no end of them."""
    worth_minor: Annotated[int, Meta(ge=1, le=MONEY_MAX)] | None = None
    """What one costs, in minor units of money."""
    budget_minor: Annotated[int, Meta(ge=1, le=MONEY_MAX)] | None = None
    """What all of them together may cost. What a return takes back may be given again."""

    def __post_init__(self) -> None:
        if self.budget_minor is not None and self.worth_minor is None:
            raise ValueError("a budget in money needs 'worth_minor': what one gift costs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    picker: Picker
    needs: Mapping[str, int]
    """By ceiling, of the stock and of the budget: what one activity claims."""
    pool: str
    """Of a partner's codes, if it is such that are given: whoever hands them out claims them."""


def prepare(settings: Settings, _calendar: Calendar) -> Prepared:
    """Make the selection ready."""
    needs = {} if settings.stock is None else {_name_stock(settings): settings.count}
    if settings.budget_minor is not None and settings.worth_minor is not None:
        needs[_name_budget(settings)] = settings.count * settings.worth_minor
    return Prepared(settings=settings, picker=Picker.build(settings.lines), needs=needs, pool=_name_pool(settings))


def ceilings(settings: Settings) -> dict[str, int | None]:
    """Name the stock that gifts are taken from, and the money that they may cost."""
    named: dict[str, int | None] = {}
    if settings.stock is not None:
        named[_name_stock(settings)] = None if settings.stock == "counted" else settings.stock
    if settings.budget_minor is not None:
        named[_name_budget(settings)] = settings.budget_minor
    if pool := _name_pool(settings):
        named[pool] = None
    return named


def _name_stock(settings: Settings) -> str:
    return f"stock:{settings.what}"


def _name_budget(settings: Settings) -> str:
    return f"gift-money:{settings.what}"


def _name_pool(settings: Settings) -> str:
    return f"{POOL}{settings.what}" if settings.kind == "coupon" else ""


def references(settings: Settings) -> References:
    """Name the catalogue's names, and the coupon or badge that is given."""
    found = refer(settings.lines)
    if settings.kind not in ADDRESSED:
        return found
    return References(
        categories=found.categories,
        brands=found.brands,
        stores=found.stores,
        grants=((settings.kind, settings.what),),
    )


def earn(prepared: Prepared, _memory: None, step: Step) -> Earned:
    """Give the gift, where the lines are there and some of it is left."""
    settings = prepared.settings
    choice = prepared.picker.pick(step.activity)
    if choice.missing is not None:
        return Earned(reasons=(choice.missing,))
    if (why := _miss(prepared, step)) is not None:
        return Earned(reasons=(why,))
    return Earned(
        grants=(Grant(kind=settings.kind, what=settings.what, count=settings.count),),
        claims=tuple(Claim(ceiling=name, amount=amount) for name, amount in prepared.needs.items()),
        reasons=(Reason(offer="", code="granted", values={"what": settings.what, "count": settings.count}),),
    )


def undo(prepared: Prepared, _memory: None, step: Step, _given: tuple[Given, ...]) -> Earned:
    """Take the gift of a purchase back when all of it has come back."""
    original, settings = step.original, prepared.settings
    assert original is not None, "only a return with its purchase is undone"
    if not is_all_back(step):
        return NOTHING
    claimed = {name: min(amount, original.claims.get(name, 0)) for name, amount in prepared.needs.items()}
    return Earned(
        grants=(Grant(kind=settings.kind, what=settings.what, count=-settings.count),),
        claims=tuple(Claim(ceiling=name, amount=-amount) for name, amount in claimed.items() if amount),
        reasons=(Reason(offer="", code="gift_taken_back", values={"what": settings.what}),),
    )


def _miss(prepared: Prepared, step: Step) -> Reason | None:
    """What there is too little of."""
    what = {"what": prepared.settings.what}
    for name, amount in prepared.needs.items():
        if step.left.get(name, 0) < amount:
            spent = "budget_spent" if name == _name_budget(prepared.settings) else "out_of_stock"
            return Reason(offer="", code=spent if name in step.left else "no_stock_row", values=what)
    # Only a coupon of a partner has a pool.
    if step.left.get(prepared.pool, prepared.settings.count) < prepared.settings.count:
        return Reason(offer="", code="out_of_stock", values=what)
    return None

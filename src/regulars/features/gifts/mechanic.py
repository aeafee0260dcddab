"""A gift is given for an activity that the offer's envelope lets pass: how often, to whom and when is said there.

It may be scarce: then each is a claim on a stock, and nobody is promised what is gone. A purchase that comes back as a
whole takes its gift back, as far as it is not used, unless the offer keeps it on a return.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.kernel.nouns import AMOUNT_MAX, Claim, Earned, Given, Grant, Reason, Step
from regulars.kernel.program import Calendar, Id, Names, Picker, References, Selection, is_all_back, refer

__all__ = ["PHASE", "Prepared", "Settings", "ceilings", "earn", "prepare", "references", "undo"]

PHASE: Final = "bonus"
ADDRESSED: Final = frozenset({"coupon", "badge"})
"""Kinds that another offer of the programme takes in."""
NOTHING: Final = Earned()


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a marketer says about a gift."""

    kind: Literal["coupon", "badge", "article", "entry"]
    """A coupon or a badge of another offer; an article that the till hands over; an entry in a draw."""
    what: Id
    """The coupon's or badge's name, or the article's."""
    title: Names
    count: Annotated[int, Meta(ge=1, le=100)] = 1
    lines: Selection = field(default_factory=Selection)
    """The lines that a purchase must have, and what they must come to; without it, any activity will do."""
    stock: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] | Literal["counted"] | None = None
    """How many there are in all; `counted`: as many as are put into the stock; without it, there is no end of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings with everything looked up that a basket asks for."""

    settings: Settings
    picker: Picker
    ceiling: str
    """Of the stock; empty where there is none."""


def prepare(settings: Settings, _calendar: Calendar) -> Prepared:
    """Make the selection ready."""
    ceiling = next(iter(ceilings(settings)), "")
    return Prepared(settings=settings, picker=Picker.build(settings.lines), ceiling=ceiling)


def ceilings(settings: Settings) -> dict[str, int | None]:
    """Name the stock that gifts are taken from."""
    if settings.stock is None:
        return {}
    return {f"stock:{settings.what}": None if settings.stock == "counted" else settings.stock}


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
    if prepared.ceiling and step.left.get(prepared.ceiling, 0) < settings.count:
        code = "out_of_stock" if prepared.ceiling in step.left else "no_stock_row"
        return Earned(reasons=(Reason(offer="", code=code, values={"what": settings.what}),))
    return Earned(
        grants=(Grant(kind=settings.kind, what=settings.what, count=settings.count),),
        claims=(Claim(ceiling=prepared.ceiling, amount=settings.count),) if prepared.ceiling else (),
        reasons=(Reason(offer="", code="granted", values={"what": settings.what, "count": settings.count}),),
    )


def undo(prepared: Prepared, _memory: None, step: Step, _given: tuple[Given, ...]) -> Earned:
    """Take the gift of a purchase back when all of it has come back."""
    original, settings = step.original, prepared.settings
    assert original is not None, "only a return with its purchase is undone"
    if not is_all_back(step):
        return NOTHING
    claimed = original.claims.get(prepared.ceiling, 0) if prepared.ceiling else 0
    return Earned(
        grants=(Grant(kind=settings.kind, what=settings.what, count=-settings.count),),
        claims=(Claim(ceiling=prepared.ceiling, amount=-min(settings.count, claimed)),) if claimed else (),
        reasons=(Reason(offer="", code="gift_taken_back", values={"what": settings.what}),),
    )

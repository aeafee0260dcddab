"""What is left of what offers may cost: budgets of the programme that decides now."""

from collections.abc import Mapping
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.problems import ProgramNotLive
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import limits
from regulars.kernel.spine import House

__all__ = ["router"]

MICRO: Final = 1_000_000
"""Budgets of money are counted in millionths of a minor unit."""

router = APIRouter(tags=["Programme"])


class BudgetView(Struct, frozen=True, kw_only=True):
    """What an offer may cost in all, and what is left of it."""

    offer: str
    name: Mapping[str, str]
    """What people call the offer, by language; empty where the programme does not say."""
    unit: Literal["points", "money"]
    """Money is in minor units, rounded down."""
    amount: int
    used: int
    """Given or promised."""
    left: int


class BudgetsView(Struct, frozen=True, kw_only=True):
    """The budgets of the programme that decides now, in the order in which its offers are asked."""

    program: str
    """Hash of the version."""
    money: str
    budgets: tuple[BudgetView, ...]


@router.get("/v1/program/budgets")
@door(scope="program:read", gives={200: BudgetsView}, refuses=(ProgramNotLive,))
async def read_budgets(request: Request) -> Response:
    """Read what is left of the budgets of offers. An offer without a budget is not among them."""
    async with database_of(request).snapshot() as read:
        view = await _view(read, house_of(request))
    return answer(view, headers={"Cache-Control": "no-store"})


async def _view(read: Read, house: House) -> BudgetsView:
    at = await clock.now(read)
    releases = await house.versions.read(read)
    release = releases.release_at(at)
    if release is None:
        raise ProgramNotLive("No version of the programme is live. Publish one with `regulars program publish`.")
    plan = releases.plans[release.hash]
    caps = [(bound.offer, cap) for bound in plan.offers.values() for cap in bound.caps if cap.is_budget]
    left = await limits.left_many(read, [cap.name for _, cap in caps], at=at)
    budgets: list[BudgetView] = []
    for offer, cap in caps:
        per = MICRO if cap.unit == "money" else 1
        # Less than nothing is left where the budget was cut while it was drawn on.
        rest = max(left.get(cap.name, cap.most), 0)
        budgets.append(
            BudgetView(
                offer=offer.id,
                name=offer.name or {},
                unit="money" if cap.unit == "money" else "points",
                amount=cap.most // per,
                used=cap.most // per - rest // per,
                left=rest // per,
            )
        )
    return BudgetsView(program=release.hash, money=plan.document.money, budgets=tuple(budgets))

"""The programme in a few words for whoever is a member of it: what its points are called, and what its money is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.interfaces.http.guard import OWN_SCOPE, member_session_of
from regulars.interfaces.http.kit import answer, door
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import program, spine
from regulars.kernel.program import Plan

__all__ = ["router"]

router = APIRouter(tags=["Me"])


class MyWorth(Struct, frozen=True, kw_only=True):
    """So many points are worth so much money."""

    minor: int
    per_points: int


class MyCurrency(Struct, frozen=True, kw_only=True):
    """One kind of points."""

    currency: str
    kind: Literal["spendable", "qualifying"]
    """Qualifying points are only counted."""
    name: Mapping[str, str]
    scale: int
    """Decimals that are shown: with 2, 150 is shown as 1.50."""
    worth: MyWorth | None
    """Null: worth no money."""


class MyProgram(Struct, frozen=True, kw_only=True):
    """What a member's pages need to name things."""

    program: str
    name: Mapping[str, str]
    money: str
    """ISO 4217 code of every `_minor`."""
    time_zone: str
    currencies: tuple[MyCurrency, ...]
    offers: Mapping[str, Mapping[str, str]]
    """Names by offer, where the programme gives some: for statements."""
    as_of: datetime


@router.get("/v1/me/program")
@door(scope=OWN_SCOPE, who="member", gives={200: MyProgram}, refuses=(program.NoProgram,))
async def read_my_program(request: Request) -> Response:
    """Read what the programme calls its points and offers, and what its money is."""
    async with database_of(request).snapshot() as read:
        now, member = await clock.now(read), member_session_of(request).member
        plan = await spine.find_plan(read, house_of(request).versions, member, now)
    return answer(_show(plan, now))


def _show(plan: Plan, now: datetime) -> MyProgram:
    document = plan.document
    return MyProgram(
        program=document.program,
        name=document.name,
        money=document.money,
        time_zone=document.time_zone,
        currencies=tuple(
            MyCurrency(
                currency=id_,
                kind=each.kind,
                name=each.name,
                scale=each.scale,
                worth=None if each.value is None else MyWorth(minor=each.value.minor, per_points=each.value.per_points),
            )
            for id_, each in document.currencies.items()
        ),
        offers={each.id: each.name for each in document.offers if each.name},
        as_of=now,
    )

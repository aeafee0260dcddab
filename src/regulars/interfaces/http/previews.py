"""What would come of a basket, and why: shown before anything happens, and explained afterwards."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.errors import Refusal
from regulars.features.tiers.standing import find_sets
from regulars.interfaces.http.activities import PATH_REFUSALS, PURCHASE
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body, request_id_of
from regulars.interfaces.http.problems import Problem, StoreForbidden, problem_of
from regulars.interfaces.http.shown import name_members
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.wire import ActivityIn, ReceiptView, Why, view_receipt
from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Scalar
from regulars.kernel.program import Plan, Verdict

__all__ = ["router"]

PREVIEWS_MAX: Final = 50
"""Activities in one preview: somebody waits at a till."""

router = APIRouter(tags=["Previews"])


class PreviewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Activities as they would be recorded, in order: those of one member see each other."""

    activities: Annotated[tuple[ActivityIn, ...], Meta(min_length=1, max_length=PREVIEWS_MAX)]


class Gate(Struct, frozen=True, kw_only=True):
    """One thing that an offer asks of an activity."""

    gate: str
    """kind, schedule, window, holiday, audience, when, limit, budget, stacking, or mechanic."""
    admits: bool
    values: Mapping[str, Scalar | tuple[Scalar, ...]]
    """What decided."""
    needs: Mapping[str, Scalar | tuple[Scalar, ...]]
    """What would have to be otherwise; of several values one is enough. `missing_minor` (money) and `missing_milli`
    (thousandths of quantity) are what has to be added."""


class OfferView(Struct, frozen=True, kw_only=True):
    """What became of one offer."""

    offer: str
    name: Mapping[str, str]
    """By language; empty where the programme gives none."""
    fired: bool
    decided: str
    """The gate that left it out; empty where it gave something."""
    gates: tuple[Gate, ...]
    points: Mapping[str, int]
    reasons: tuple[Why, ...]


class Ahead(Struct, frozen=True, kw_only=True):
    """Where the member would stand in one set of levels."""

    offer: str
    trait: str
    level: str | None
    """Null: none."""
    next_level: str | None
    """The next that is reached by what is counted; null: there is none above."""
    missing: tuple[Mapping[str, int], ...]
    """For each way to the next level: what is missing by measure. Any one way is enough."""


class PreviewView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What would become of one activity. Ids of activities and newcomers are of this preview only."""

    status: Literal["accepted", "repeated", "refused"]
    newcomer: bool = False
    receipt: ReceiptView | None = None
    problem: Problem | None = None
    offers: tuple[OfferView, ...] = ()
    """Every offer of the programme, in the order in which they are asked."""
    levels: tuple[Ahead, ...] = ()
    """Each set of levels, as it would be afterwards."""


class Previews(Struct, frozen=True, kw_only=True):
    """What would become of each activity, in the order in which they were sent."""

    results: list[PreviewView]


class ExplanationView(Struct, frozen=True, kw_only=True):
    """Why an activity came to what its receipt says."""

    receipt: ReceiptView
    exact: bool
    """The rules, run again, gave the same points. Where gifts, merges or holds came before, they may not."""
    offers: tuple[OfferView, ...]
    """Empty for commands and returns: no offer answers them."""


read_preview = msgspec.json.Decoder(PreviewIn)
EXAMPLE: Final[Mapping[str, Any]] = {"activities": [PURCHASE]}


@router.post("/v1/previews")
@door(
    scope="activities:preview",
    takes=PreviewIn,
    gives={200: Previews},
    refuses=(*PATH_REFUSALS, StoreForbidden),
    examples={"A basket at the till": EXAMPLE},
)
async def preview_activities(request: Request) -> Response:
    """Show what activities would come to, and why each offer gives or does not. Nothing is written.

    When nothing changes in between, recording the same activities comes to the same points.
    """
    facts = await _read_facts(request)
    async with database_of(request).snapshot() as read:
        shown = await spine.preview(read, house_of(request), facts, await clock.now(read), explain=True)
        plans = (await house_of(request).versions.read(read)).plans
    return answer(Previews(results=[_view(each, plans, request_id_of(request)) for each in shown]))


@router.get("/v1/members/{member}/activities/{activity}/explanation")
@door(scope="members:read", gives={200: ExplanationView}, refuses=(spine.ActivityUnknown,))
async def explain_activity(request: Request, member: UUID, activity: UUID) -> Response:
    """Explain what an activity came to: for each offer whether it gave, which condition decided, with the values."""
    async with database_of(request).snapshot() as read:
        explained = await spine.explain_receipt(read, house_of(request), member, activity)
        plans = (await house_of(request).versions.read(read)).plans
    return answer(
        ExplanationView(
            receipt=view_receipt(explained.receipt),
            exact=explained.is_exact,
            offers=_view_offers(explained.verdicts, _list_names(plans)),
        )
    )


async def _read_facts(request: Request) -> list[Activity]:
    asked = await read_body(request, read_preview)
    store = key_of(request).store
    if store is not None and any(each.store != store for each in asked.activities):
        raise StoreForbidden(f"This API key speaks for the store {store!r} only.", store=store)
    facts: list[Activity] = []
    for each in await name_members(request, [it.to_activity() for it in asked.activities], for_show=True):
        if isinstance(each, Refusal):
            raise each
        facts.append(each)
    return facts


def _list_names(plans: Mapping[str, Plan]) -> dict[str, Mapping[str, str]]:
    return {offer.id: offer.name for plan in plans.values() for offer in plan.document.offers if offer.name is not None}


def _view(shown: spine.Previewed, plans: Mapping[str, Plan], request_id: str) -> PreviewView:
    outcome = shown.outcome
    if outcome.refusal is not None:
        return PreviewView(
            status="refused", newcomer=shown.is_newcomer, problem=problem_of(outcome.refusal, request_id=request_id)
        )
    receipt = outcome.receipt
    assert receipt is not None, "an outcome is a receipt or a refusal"
    # A stored receipt may name a version whose mechanics are gone.
    plan, at = plans.get(receipt.program), max(receipt.occurred_at, receipt.recorded_at)
    sets = () if plan is None else find_sets(plan, shown.memories, at)
    return PreviewView(
        status="repeated" if outcome.repeated else "accepted",
        newcomer=shown.is_newcomer,
        receipt=view_receipt(receipt),
        offers=_view_offers(shown.verdicts, _list_names(plans)),
        levels=tuple(
            Ahead(offer=it.offer, trait=it.trait, level=it.level, next_level=it.next_level, missing=it.missing)
            for it in sets
        ),
    )


def _view_offers(verdicts: Sequence[Verdict], names: Mapping[str, Mapping[str, str]]) -> tuple[OfferView, ...]:
    return tuple(
        OfferView(
            offer=verdict.offer,
            name=names.get(verdict.offer, {}),
            fired=verdict.fired,
            decided=verdict.decided,
            gates=tuple(
                Gate(gate=told.gate, admits=told.admits, values=told.values, needs=told.needs) for told in verdict.told
            ),
            points=verdict.points,
            reasons=tuple(Why(offer=it.offer, code=it.code, values=it.values) for it in verdict.reasons),
        )
        for verdict in verdicts
    )

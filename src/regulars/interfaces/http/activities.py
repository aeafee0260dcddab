"""Activities come in: one, or up to a thousand, each with its own outcome."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, cast

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from regulars.base.errors import Refusal, known_refusals
from regulars.features import signing
from regulars.features.access import Key, ScopeMissing
from regulars.interfaces.http.gather import TOGETHER_MAX
from regulars.interfaces.http.guard import Actor, actor_of, key_of
from regulars.interfaces.http.kit import answer, decode, door, read_bytes, request_id_of
from regulars.interfaces.http.pace import Pace, RateLimited
from regulars.interfaces.http.problems import BodyInvalid, Fault, StoreForbidden, refuse
from regulars.interfaces.http.shown import BurnNeedsCode, burns, name_members
from regulars.interfaces.http.state import database_of, gathering_of, house_of, meters_of
from regulars.interfaces.http.wire import (
    ACTIVITIES_MAX,
    ActivitiesIn,
    ActivityIn,
    ReceiptView,
    Results,
    result_of,
)
from regulars.kernel import spine
from regulars.kernel.nouns import Activity
from regulars.kernel.spine.commands import COMMANDS

__all__ = ["PATH_REFUSALS", "PURCHASE", "check_key", "command_scope", "record_facts", "record_one", "router"]

FEW_MAX: Final = 16
"""Activities of one request that go in with those of tills; who sends more waits in a row of their own."""
COMMANDS_ALONE_MAX: Final = 100
"""Commands in one request; more are a mass operation, which may need a second person."""
ADJUST: Final = "adjust"
ENVELOPE: Final = b'"activities"'
AUTHOR: Final = "staff"
"""In `data` of what people send: who of them."""

PURCHASE: Final[dict[str, Any]] = {
    "id": "s367-2026-03-01-0042",
    "source": "till",
    "kind": "purchase",
    "occurred_at": "2026-03-01T09:30:00+08:00",
    "member": {"identifier": {"kind": "card", "value": "2469 0001"}},
    "store": "367",
    "channel": "store",
    "lines": [
        {"sku": "1029743", "amount_minor": 349, "quantity_milli": 1000, "categories": ["GROCERY", "MILK"]},
        {"sku": "860776", "amount_minor": 212, "quantity_milli": 640, "categories": ["PRODUCE", "TOMATOES"]},
    ],
}
RETURN: Final[dict[str, Any]] = {
    "id": "s367-2026-03-02-0007",
    "source": "till",
    "kind": "return",
    "occurred_at": "2026-03-02T17:05:00+08:00",
    "member": {"identifier": {"kind": "card", "value": "2469 0001"}},
    "store": "367",
    "origin": "s367-2026-03-01-0042",
    "returned": [{"line": 1, "amount_minor": 349, "quantity_milli": 1000}],
}

PATH_REFUSALS: Final = tuple(
    each for _, each in sorted(known_refusals().items()) if each.__module__.startswith("regulars.kernel.")
)
"""Whatever the rooms on the path may refuse."""

router = APIRouter(tags=["Activities"])


class Envelope(Struct, frozen=True, kw_only=True):
    """Tells one from many, without reading what is inside."""

    activities: list[Raw] | UnsetType = UNSET


class Many(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Many activities, not yet read."""

    activities: Annotated[list[Raw], Meta(min_length=1, max_length=ACTIVITIES_MAX)]


class Told(Struct, frozen=True, kw_only=True):
    """As much of an activity as tells whether it needs a second person."""

    kind: Any = ""
    ask: Any = None

    @property
    def moved(self) -> int:
        """The points of a correction, whichever way; none for what is no number, which is refused later."""
        points = cast("dict[str, Any]", self.ask).get("points") if isinstance(self.ask, dict) else None
        return abs(int(points)) if isinstance(points, int | float) else 0


class ToldMany(Struct, frozen=True, kw_only=True):
    """As much of many."""

    activities: list[Told] | UnsetType = UNSET


read_told = msgspec.json.Decoder(Told)
read_told_many = msgspec.json.Decoder(ToldMany)
read_envelope = msgspec.json.Decoder(Envelope)
read_many = msgspec.json.Decoder(Many)
read_one = msgspec.json.Decoder(ActivityIn)


def judge_activities(request: Request, body: bytes) -> str | None:
    """Find out whether a second person has to agree: to a large correction, or to very many commands at once."""
    try:
        many = read_told_many.decode(body).activities
        asked = [read_told.decode(body)] if isinstance(many, UnsetType) else many
    except (msgspec.DecodeError, RecursionError):
        # Whatever cannot be read is refused behind the door, or has no such command in it.
        return None
    alone_max = house_of(request).adjust_alone_max
    if any(each.kind == ADJUST and each.moved > alone_max for each in asked):
        return "adjustments"
    return "mass" if sum(each.kind in COMMANDS for each in asked) > COMMANDS_ALONE_MAX else None


@router.post("/v1/activities")
@door(
    scope="activities:write",
    approval=judge_activities,
    takes=(ActivityIn, ActivitiesIn),
    gives={201: ReceiptView, 200: (ReceiptView, Results)},
    refuses=(
        *PATH_REFUSALS,
        StoreForbidden,
        BurnNeedsCode,
        signing.CodeInvalid,
        signing.CodeStale,
        signing.CodeReplayed,
    ),
    examples={
        "A purchase": PURCHASE,
        "A return of one line": RETURN,
        "Several at once": {"activities": [PURCHASE, RETURN]},
    },
)
async def record_activities(request: Request) -> Response:
    """Record what happened, and answer what the programme gave for it.

    Send one activity, or `{"activities": [...]}` with up to 1,000. One is answered with its receipt: 201 when it is
    new, 200 with the same receipt when it was sent before, or a problem. Many are answered with 200 and a result for
    each, in order. An activity is named by `source` and `id`: whenever an answer did not arrive, send it again.

    A kind that is a command (redeem, hold, adjust, ...) moves points by its own word and needs a scope of its own
    besides: `points:redeem`, `points:hold`, and so on.
    """
    body = await read_bytes(request)
    if is_one(body):
        return await record_one(request, read_alone(body))
    raws = decode(read_many, body, kept=False).activities
    outcomes = await record_facts(request, [_read_raw(raw, place) for place, raw in enumerate(raws)])
    return answer(Results(results=[result_of(outcome) for outcome in outcomes]))


def is_one(body: bytes) -> bool:
    """Tell one from many. Most bodies do not have the word in them, and need not be read for it."""
    if ENVELOPE not in body and b"\\u" not in body:
        return True
    return isinstance(decode(read_envelope, body, kept=False).activities, UnsetType)


def read_alone(body: bytes) -> Activity:
    """Read one activity. A body that cannot be read to its end is refused for that, whatever its beginning says."""
    try:
        return decode(read_one, body).to_activity()
    except BodyInvalid:
        decode(read_envelope, body, kept=False)
        raise


async def record_one(request: Request, fact: Activity) -> Response:
    """Record one activity, and answer its receipt (201 when it is new, 200 when it was sent before) or the problem."""
    (outcome,) = await record_facts(request, [fact])
    if outcome.refusal is not None:
        return refuse(outcome.refusal, request_id=request_id_of(request))
    return answer(result_of(outcome).receipt, status=200 if outcome.repeated else 201)


def _read_raw(raw: Raw, place: int) -> Activity | Refusal:
    """Read one of many. What is wrong with it is its own affair."""
    try:
        return decode(read_one, raw, root=f"$.activities[{place}]").to_activity()
    except Refusal as refusal:
        return refusal


async def record_facts(request: Request, sent: Sequence[Activity | Refusal]) -> list[spine.Outcome]:
    """Record what could be read, in the order sent, and answer an outcome for each."""
    named = [name_author(check_key(each, key_of(request)), actor_of(request)) for each in sent]
    checked = [check_pace(request, each) for each in await name_members(request, named)]
    facts = [each for each in checked if isinstance(each, Activity)]
    recorded: list[spine.Outcome] = []
    for start in range(0, len(facts), TOGETHER_MAX):
        recorded += await _record_part(request, facts[start : start + TOGETHER_MAX])
    left = iter(recorded)
    outcomes = [spine.Outcome(refusal=each) if isinstance(each, Refusal) else next(left) for each in checked]
    meters_of(request).note_outcomes(outcomes)
    return outcomes


async def _record_part(request: Request, facts: Sequence[Activity]) -> list[spine.Outcome]:
    """Record as many as go into one transaction: with others', but for what its own transaction notes in the trail."""
    database = database_of(request)
    if database is not request.app.state.database:
        return await spine.record(database, house_of(request), facts)
    return await gathering_of(request, many=len(facts) > FEW_MAX).record(facts)


def check_key(sent: Activity | Refusal, key: Key) -> Activity | Refusal:
    """Refuse what this key may not send: for another store, or a command that moves points without its scope."""
    if isinstance(sent, Refusal):
        return sent
    if key.store not in {None, sent.store}:
        return StoreForbidden(f"This API key speaks for the store {key.store!r} only.", store=key.store)
    # Who pays with points uses them, whatever the activity is called.
    scope = command_scope("redeem" if sent.pay is not None and sent.kind not in COMMANDS else sent.kind)
    if (sent.kind in COMMANDS or sent.pay is not None) and scope not in key.scopes:
        return ScopeMissing(f"This API key may not send {sent.kind!r}: it lacks the scope {scope}.", scope=scope)
    return sent


def name_author(sent: Activity | Refusal, actor: Actor) -> Activity | Refusal:
    """Write into what a person sends who it was, and who agreed: they are signed in, so nobody has to be believed."""
    if isinstance(sent, Refusal):
        return sent
    if actor.kind != "staff":
        if AUTHOR in sent.data:
            fault = Fault(path=f"$.data.{AUTHOR}", message="Who did it is written here where people do it themselves.")
            return BodyInvalid(f"{fault.path}: {fault.message}", errors=(fault,))
        return sent
    ask = dict(sent.ask)
    if sent.kind == ADJUST:
        ask |= {"by": str(actor.id), "approved_by": "" if actor.agreed_by is None else str(actor.agreed_by)}
    return msgspec.structs.replace(sent, ask=ask, data={**sent.data, AUTHOR: str(actor.id)})


def check_pace(request: Request, sent: Activity | Refusal) -> Activity | Refusal:
    """Refuse what uses the points of one member faster than a member can."""
    if isinstance(sent, Refusal) or not burns(sent):
        return sent
    pace: Pace = request.app.state.burn_pace
    try:
        pace.take(sent.member)
    except RateLimited as refusal:
        return refusal
    return sent


def command_scope(kind: str) -> str:
    """The scope that a command needs besides the one of the route: telling facts and moving points are two things."""
    return f"points:{kind}"

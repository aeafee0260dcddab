"""Fraud: the rules, the cases that they open, and what people decide about them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features import fraud, staff
from regulars.interfaces.http.guard import actor_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.state import database_of, house_of

__all__ = ["router"]

READ: Final = "fraud:read"
WRITE: Final = "fraud:write"
RULES: Final = "fraud:rules"
PAGE_MAX: Final = 200
PEOPLE_MAX: Final = 1_000
"""Accounts that are looked through for people who may decide."""
FIRST: Final = (101, UUID(int=2**128 - 1))
WAITING: Final[tuple[fraud.CaseState, ...]] = ("open", "frozen")

router = APIRouter(tags=["Fraud"])

CasePath = Annotated[UUID, Path(description="Id of the case.")]
Version = Annotated[
    str,
    Header(
        alias="If-Match",
        pattern=r'^"?[1-9][0-9]{0,8}"?$',
        description="The version that you read, which is also the ETag: nothing is done where it has changed since.",
    ),
]
States = Annotated[
    list[fraud.CaseState] | None,
    Query(max_length=4, description="In this state; may be given again. Left out: `open` and `frozen`."),
]
Assigned = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Of this person only.")]
Whose = Annotated[UUID | None, Query(description="About this member only.")]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
Words = Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
read_place = msgspec.json.Decoder(tuple[int, UUID])


class RulesOut(Struct, frozen=True, kw_only=True):
    """The rules that count."""

    version: int
    rules: fraud.FraudRules


class CasePage(Struct, frozen=True, kw_only=True):
    """A part of the cases, what weighs most first."""

    cases: tuple[fraud.FraudCase, ...]
    next: str | None


class CaseReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why; kept with the case."""

    reason: Words


class CaseAssignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who looks into it."""

    to: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] = ""
    """Id of a person; left out: yourself."""


class CasePerson(Struct, frozen=True, kw_only=True):
    """Somebody who works here."""

    id: UUID
    name: str
    """Or the address, where there is no name yet."""


class CasePeople(Struct, frozen=True, kw_only=True):
    """Who may look into cases, by name."""

    people: tuple[CasePerson, ...]


class AppealIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the member says."""

    text: Annotated[str, Meta(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]


read_rules = msgspec.json.Decoder(fraud.FraudRules)
read_reason = msgspec.json.Decoder(CaseReason)
read_assignment = msgspec.json.Decoder(CaseAssignment)
read_appeal = msgspec.json.Decoder(AppealIn)
REFUSED: Final = (fraud.CaseUnknown, fraud.CaseStateWrong)


@router.get("/v1/fraud/rules")
@door(scope=READ, gives={200: RulesOut})
async def read_fraud_rules(request: Request) -> Response:
    """Read what is looked for. The ETag is what a change must name."""
    async with database_of(request).snapshot() as read:
        version, rules = await fraud.rules_now(read)
    return answer(RulesOut(version=version, rules=rules), headers={"ETag": f'"{version}"'})


@router.put("/v1/fraud/rules")
@door(
    scope=RULES,
    takes=fraud.FraudRules,
    gives={200: RulesOut},
    refuses=(fraud.FraudRulesChanged, fraud.FraudRulesInvalid),
    examples={
        "One rule, and two people": {
            "velocity": [
                {
                    "id": "one_card_at_one_cashier",
                    "per": "cashier_member",
                    "more_than": 12,
                    "minutes": 10080,
                    "score": 90,
                }
            ],
            "two_people": True,
        }
    },
)
async def put_fraud_rules(request: Request, version: Version) -> Response:
    """Look for other things from now on. Cases that there are stay."""
    told = await read_body(request, read_rules)
    done = await _put(request, told, int(version.strip('"')))
    return answer(done, headers={"ETag": f'"{done.version}"'})


@router.get("/v1/fraud/cases")
@door(scope=READ, gives={200: CasePage}, refuses=(CursorInvalid,))
async def list_fraud_cases(  # noqa: PLR0917 - what one may look for
    request: Request,
    state: States = None,
    assigned: Assigned = "",
    member: Whose = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List cases that wait for somebody, or in the states asked for; what weighs most comes first."""
    after = read_cursor(cursor, read_place) if cursor else FIRST
    found = await _list(request, state or WAITING, assigned, member, after, limit)
    place = write_cursor((found[-1].score, found[-1].id)) if len(found) == limit else None
    return answer(CasePage(cases=tuple(found), next=place))


@router.get("/v1/fraud/people")
@door(scope=WRITE, gives={200: CasePeople})
async def list_case_people(request: Request) -> Response:
    """List to whom a case can be given: people who work here, can sign in, and may decide a case."""
    async with database_of(request).snapshot() as read:
        accounts = await staff.list_accounts(read, house_of(request).keyring, after=UUID(int=0), most=PEOPLE_MAX)
    return answer(CasePeople(people=_find_able(accounts)))


@router.get("/v1/fraud/cases/{case}")
@door(scope=READ, gives={200: fraud.CaseWhole}, refuses=(fraud.CaseUnknown,))
async def read_fraud_case(request: Request, case: CasePath) -> Response:
    """Read a case: the activities that were counted, what people did, and what the member says."""
    async with database_of(request).snapshot() as read:
        found = await fraud.show_case(read, house_of(request).keyring, case)
    return answer(found)


@router.post("/v1/fraud/cases/{case}/assign")
@door(
    scope=WRITE,
    takes=CaseAssignment,
    gives={200: fraud.FraudCase},
    refuses=REFUSED,
    examples={"I look into it": {}},
)
async def assign_fraud_case(request: Request, case: CasePath) -> Response:
    """Take a case, or give it to somebody."""
    told, by = await read_body(request, read_assignment), _name(request)

    async def work(tx: Tx) -> fraud.FraudCase:
        return await fraud.assign(tx, case, to=told.to or by, by=by, at=await clock.now(tx))

    return answer(await database_of(request).run(work))


@router.post("/v1/fraud/cases/{case}/freeze")
@door(
    scope=WRITE,
    takes=CaseReason,
    gives={200: fraud.FraudCase},
    refuses=(*REFUSED, fraud.CaseHasNoMember, fraud.MemberNotFreezable),
    examples={"A reason": {"reason": "one card, 800 times at one till"}},
)
async def freeze_fraud_case(request: Request, case: CasePath) -> Response:
    """Freeze the member: points are earned and not used (`member_frozen`), and a notice to the member is written."""
    told, by, new_id = await read_body(request, read_reason), _name(request), house_of(request).new_id

    async def work(tx: Tx) -> fraud.FraudCase:
        return await fraud.freeze(tx, case, reason=told.reason, by=by, at=await clock.now(tx), new_id=new_id)

    return answer(await database_of(request).run(work))


@router.post("/v1/fraud/cases/{case}/clear")
@door(
    scope=WRITE,
    takes=CaseReason,
    gives={200: fraud.FraudCase},
    refuses=(*REFUSED, fraud.CaseNeedsAnother),
    examples={"A reason": {"reason": "a club that buys together"}},
)
async def clear_fraud_case(request: Request, case: CasePath) -> Response:
    """Decide that it was nothing. A member who was frozen for this alone may use points again."""
    return answer(await _decide(request, case, fraud.clear))


@router.post("/v1/fraud/cases/{case}/confirm")
@door(
    scope=WRITE,
    takes=CaseReason,
    gives={200: fraud.FraudCase},
    refuses=(*REFUSED, fraud.CaseNeedsAnother),
    examples={"A reason": {"reason": "the cashier has admitted it"}},
)
async def confirm_fraud_case(request: Request, case: CasePath) -> Response:
    """Decide that it was fraud. A member who is frozen stays so; points are taken back by `adjust`."""
    return answer(await _decide(request, case, fraud.confirm))


@router.post("/v1/fraud/cases/{case}/appeal")
@door(
    scope=WRITE,
    takes=AppealIn,
    gives={200: fraud.FraudCase},
    refuses=REFUSED,
    examples={"What was said": {"text": "I run the canteen, and shop for eighty people."}},
)
async def appeal_fraud_case(request: Request, case: CasePath) -> Response:
    """Take down what the member says against it: the case is open again, and the member stays frozen meanwhile."""
    told, by, house = await read_body(request, read_appeal), _name(request), house_of(request)

    async def work(tx: Tx) -> fraud.FraudCase:
        at = await clock.now(tx)
        return await fraud.appeal(tx, house.keyring, case, text=told.text, by=by, at=at, new_id=house.new_id)

    return answer(await database_of(request).run(work))


def _find_able(accounts: Sequence[staff.Account]) -> tuple[CasePerson, ...]:
    able = [each for each in accounts if each.state == "active" and WRITE in staff.scopes_of(each.roles)]
    people = [CasePerson(id=each.id, name=each.name or each.email) for each in able]
    return tuple(sorted(people, key=lambda it: (it.name, it.id)))


async def _put(request: Request, told: fraud.FraudRules, version: int) -> RulesOut:
    by = _name(request)

    async def put(tx: Tx) -> RulesOut:
        fresh = await fraud.put_rules(tx, told, version=version, by=by, at=await clock.now(tx))
        return RulesOut(version=fresh, rules=told)

    return await database_of(request).run(put)


async def _decide(request: Request, case: UUID, decide: Callable[..., Awaitable[fraud.FraudCase]]) -> fraud.FraudCase:
    told, by, new_id = await read_body(request, read_reason), _name(request), house_of(request).new_id

    async def work(tx: Tx) -> fraud.FraudCase:
        return await decide(tx, case, reason=told.reason, by=by, at=await clock.now(tx), new_id=new_id)

    return await database_of(request).run(work)


async def _list(  # noqa: PLR0917 - what one may look for
    request: Request,
    states: Sequence[str],
    assigned: str,
    member: UUID | None,
    after: tuple[int, UUID],
    most: int,
) -> list[fraud.FraudCase]:
    async with database_of(request).snapshot() as read:
        return await fraud.list_cases(read, states=states, assigned=assigned, member=member, after=after, most=most)


def _name(request: Request) -> str:
    """Name who does it: by id, for names are not always one person's."""
    return str(actor_of(request).id)

"""What the stories of programmes share: a small document, and short words for baskets, steps and returns."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from regulars.kernel.nouns import Activity, Award, Given, Line, Original, Returned, Ruling, Scalar, Step
from regulars.kernel.program import Plan, ProgramInvalid, compile_plan, parse, rule, take_off

MEMBER = UUID(int=7)
NOON = datetime(2017, 3, 6, 18, 0, tzinfo=UTC)
"""Noon of a Monday in Chicago."""

HEAD = """\
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: America/Chicago
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, months: 12, round_to: month_end}
    pending: {days: 14}
    value: {minor: 1, per_points: 2}
  stars:
    kind: qualifying
    name: {en: Stars, zh-CN: 星星}
catalog:
  categories: [PRODUCE, FUEL, TOBACCO, WINE]
  brands: [National, Private]
  traits: [vip]
offers:
"""
BASE = "  - {id: base, mechanic: spend, on: [purchase], settings: {currency: points, points: 1, per_minor: 100}}\n"
STARS = "  - {id: stars, mechanic: spend, on: [purchase], settings: {currency: stars, points: 1, per_minor: 100}}\n"
TIERS = """\
  - id: tiers
    mechanic: tiers
    on: [purchase]
    settings:
      counts: stars
      levels:
        - {id: green, name: {en: Green, zh-CN: 绿}, at: 0}
        - {id: gold, name: {en: Gold, zh-CN: 金}, at: 100}
"""


def plan(*offers: str) -> Plan:
    """Compile the small document with these offers."""
    return compile_plan(parse(HEAD + "".join(offers)))


def problems(text: str) -> list[tuple[int, str, str]]:
    """What is wrong with a text, as (line, path, message)."""
    with pytest.raises(ProgramInvalid) as refused:
        compile_plan(parse(text))
    return [(problem.line, problem.path, problem.message) for problem in refused.value.problems]


def line(amount_minor: int, *categories: str, brand: str = "", sku: str = "1", quantity_milli: int = 1000) -> Line:
    """One line of a basket."""
    return Line(sku=sku, amount_minor=amount_minor, categories=categories, brand=brand, quantity_milli=quantity_milli)


def buy(*lines: Line, at: datetime = NOON, store: str = "", kind: str = "purchase") -> Activity:
    """A purchase."""
    return Activity(id="p1", source="till", kind=kind, occurred_at=at, member=MEMBER, store=store, lines=lines)


def step(
    plan: Plan,
    activity: Activity,
    *,
    traits: Mapping[str, Scalar] | None = None,
    left: Mapping[str, int] | None = None,
    original: Original | None = None,
    at: datetime | None = None,
) -> Step:
    """A member's view of an activity."""
    return Step(
        member=MEMBER,
        activity=activity,
        at=at or activity.occurred_at,
        day=plan.day_of(activity.occurred_at),
        traits=traits or {},
        balances={},
        left={**dict(plan.ceilings), **(left or {})},
        original=original,
    )


def give(ruling: Ruling) -> tuple[Given, ...]:
    """What a ruling gave, as the receipt remembers it."""
    return tuple(
        Given(offer=it.offer, award=Award(currency=it.currency, points=it.points, lines=it.lines))
        for it in ruling.postings
    )


def count(ruling: Ruling) -> dict[tuple[str, str], int]:
    """Points by (offer, currency)."""
    points: dict[tuple[str, str], int] = {}
    for it in ruling.postings:
        key = (it.offer, it.currency)
        points[key] = points.get(key, 0) + it.points
    return points


def bring_back(
    plan: Plan,
    purchase: Activity,
    ruling: Ruling,
    returns: Sequence[Sequence[Returned]],
) -> list[Ruling]:
    """Return parts of a purchase one after the other, as the spine does; an empty part is all that is left."""
    minor: dict[int, int] = {}
    milli: dict[int, int] = {}
    taken: dict[tuple[str, str], int] = {}
    restored: dict[tuple[str, str], int] = {}
    answers: list[Ruling] = []
    lines = take_off(purchase.lines, [discount for _, discount in ruling.discounts])
    memories: dict[str, bytes] = dict(ruling.memories)
    for number, returned in enumerate(returns, start=1):
        original = Original(
            activity=msgspec.structs.replace(purchase, lines=lines) if ruling.discounts else purchase,
            given=give(ruling),
            returned_minor=dict(minor),
            returned_milli=dict(milli),
            taken=dict(taken),
            touched=frozenset(ruling.memories),
            paid=ruling.costs,
            restored=dict(restored),
        )
        activity = msgspec.structs.replace(
            purchase,
            id=f"r{number}",
            kind="return",
            lines=(),
            returned=tuple(returned),
            occurred_at=purchase.occurred_at + timedelta(days=number),
        )
        answer = rule(plan, memories, step(plan, activity, original=original))
        memories.update(answer.memories)
        for key, points in count(answer).items():
            taken[key] = taken.get(key, 0) - points
        for offer, cost in answer.refunds:
            restored[offer, cost.currency] = restored.get((offer, cost.currency), 0) + cost.points
        for part in returned:
            minor[part.line] = minor.get(part.line, 0) + part.amount_minor
            milli[part.line] = milli.get(part.line, 0) + part.quantity_milli
        answers.append(answer)
    return answers

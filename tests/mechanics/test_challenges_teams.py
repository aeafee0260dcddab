"""Teams in challenges, rule by rule: messages in any order, joined memories, and settings that cannot be."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from regulars.features.challenges.mechanic import JOIN, Memory, Prepared, Settings, earn, merge, prepare
from regulars.features.challenges.team import COUNTED, ENTERED, PAID, SETTLE, TOLD_MAX
from regulars.kernel.nouns import Activity, Due, Earned, Line, Other, Step
from regulars.kernel.program import Calendar

CALENDAR = Calendar(zone=ZoneInfo("UTC"))
START = date(2026, 6, 1).toordinal()
FOUNDER, MATE, OTHER = (UUID(int=number) for number in (1, 2, 3))


def make(**settings: Any) -> Prepared:  # noqa: ANN401 - any setting
    said: dict[str, Any] = {
        "challenge": "june",
        "title": {"en": "June", "zh-CN": "六月"},
        "currency": "points",
        "opt_in": True,
        "team": {"most": 2},
        "counts": {"of": "spend"},
        "goals": [{"id": "all", "every": 100, "points": 10}],
    }
    return prepare(msgspec.convert(said | settings, Settings), CALENDAR)


def view(member: UUID, kind: str, day: int, *lines: Line, to: UUID | None = None, **fields: Any) -> Step:  # noqa: ANN401
    noon = datetime.combine(date.fromordinal(START + day), datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
    name = fields.pop("name", f"{kind}-{member}-{day}")
    other = None if to is None else Other(member=to, traits=fields.pop("theirs", {"team.june": str(to)}))
    activity = Activity(id=name, source="t", kind=kind, occurred_at=noon, member=member, lines=lines, **fields)
    return Step(
        member=member, activity=activity, at=noon, day=START + day, traits={}, balances={}, left={}, other=other
    )


def join(member: UUID, day: int, to: UUID | None = None, **fields: Any) -> Step:  # noqa: ANN401
    return view(member, JOIN, day, to=to, ask={"challenge": "june"}, **fields)


def pay(member: UUID, day: int, amount: int, name: str = "") -> Step:
    return view(member, "purchase", day, Line(sku="1", amount_minor=amount), name=name or f"p-{member}-{day}-{amount}")


def bring(due: Due, day: int, member: UUID | None = None) -> Step:
    return view(member or due.member or FOUNDER, due.kind, day, data=due.data)


def know(earned: Earned) -> Memory:
    assert isinstance(earned.memory, Memory), earned
    return earned.memory


def found(prepared: Prepared) -> Memory:
    founded = earn(prepared, Memory(), join(FOUNDER, 0))
    assert [(it.name, it.value) for it in founded.traits] == [("team.june", str(FOUNDER))]
    return know(founded)


def code(earned: Earned) -> str:
    return earned.reasons[0].code


def test_messages_in_any_order_come_to_the_same() -> None:
    prepared = make(counts={"of": "categories"}, goals=[{"id": "two", "at": 2, "points": 10}])
    mate = know(earn(prepared, Memory(), join(MATE, 0, FOUNDER)))
    tea, cake = (
        view(MATE, "purchase", day, Line(sku="1", amount_minor=9, categories=(kind,)), name=kind)
        for day, kind in ((1, "TEA"), (2, "CAKE"))
    )
    first = earn(prepared, mate, tea)
    second = earn(prepared, know(first), cake)
    entered = Due(name="told", kind=ENTERED, at=tea.at, data={"mate": str(MATE)}, member=FOUNDER)
    start = know(earn(prepared, found(prepared), bring(entered, 0)))
    ends: list[tuple[Memory, int]] = []
    for order in permutations([(first.later[0], 1), (second.later[0], 2), (first.later[0], 3)]):
        memory, paid = start, 0
        for due, day in order:
            answer = earn(prepared, memory, bring(due, day))
            memory, paid = know(answer), paid + len(answer.later)
        # Who brought it may depend on the order.
        ends.append((msgspec.structs.replace(memory, paid=(), latest=0), paid))
    assert ends == [ends[0]] * 6
    # One message for each of two mates.
    assert ends[0][1] == 2


def test_payouts_in_any_order_give_each_time_once() -> None:
    prepared = make()
    data = {"goal": "all", "period": 0, "points": 10, "currency": "points"}
    spans = [(0, 1), (1, 3), (3, 4), (0, 1)]
    for order in permutations(spans):
        memory, points = Memory(), 0
        for after, times in order:
            step = view(MATE, PAID, 1, data={**data, "after": after, "times": times})
            answer = earn(prepared, memory, step)
            memory = memory if answer.memory is None else know(answer)
            points += sum(award.points for award in answer.awards)
        assert (points, memory.got) == (40, ((0, "all", 1, 4),))


def test_full_team_is_told_and_lets_nobody_else_in() -> None:
    prepared = make()
    entered = Due(name="told", kind=ENTERED, at=join(MATE, 0).at, data={"mate": str(MATE)}, member=FOUNDER)
    full = earn(prepared, found(prepared), bring(entered, 0))
    assert [(it.name, it.value) for it in full.traits] == [("team.june", "full")]
    third = msgspec.structs.replace(entered, data={"mate": str(OTHER)})
    late = earn(prepared, know(full), bring(third, 0))
    assert (late.memory, late.later[0].member, late.later[0].kind) == (None, OTHER, "challenge.refused")
    assert code(earn(prepared, Memory(), join(OTHER, 1, FOUNDER, theirs={"team.june": "full"}))) == "team_full"
    assert code(earn(prepared, Memory(), join(OTHER, 1, FOUNDER, theirs={}))) == "team_unknown"
    # Whoever is not of the team is not counted in it.
    stray = Due(name="told", kind=COUNTED, at=late.later[0].at, data={"mate": str(OTHER), f"{START} minor": 500})
    assert earn(prepared, know(full), bring(stray, 0)) == Earned()


def test_flood_of_one_mate_is_bounded() -> None:
    prepared = make()
    memory = know(earn(prepared, Memory(), join(MATE, 0, FOUNDER)))
    told = 0
    for number in range(1000):
        answer = earn(prepared, memory, pay(MATE, 1, 5, name=f"p{number}"))
        memory = memory if answer.memory is None else know(answer)
        told += len(answer.later)
    assert (told, len(memory.days)) == (TOLD_MAX, 2)
    assert code(earn(prepared, memory, pay(MATE, 1, 5, name="more"))) == "day_full"


def test_goal_that_waits_is_looked_at_once_a_day() -> None:
    prepared = make(team={"most": 2, "hold_days": 3})
    memory, dues = found(prepared), list[Due]()
    for number in range(50):
        answer = earn(prepared, memory, pay(FOUNDER, 1, 100, name=f"p{number}"))
        memory = know(answer)
        dues += answer.later
    assert [(due.kind, due.at) for due in dues] == [(SETTLE, datetime(2026, 6, 6, tzinfo=UTC))]
    answer = earn(prepared, memory, bring(dues[0], 5))
    assert [(due.kind, due.data["times"], due.member) for due in answer.later] == [(PAID, 50, FOUNDER)]
    assert earn(prepared, know(answer), bring(dues[0], 5)).later == ()


def test_merged_memories_keep_the_team() -> None:
    prepared = make()
    founder = found(prepared)
    mate = know(earn(prepared, Memory(), join(MATE, 0, FOUNDER)))
    bought = know(earn(prepared, mate, pay(MATE, 1, 70)))
    entered = Due(name="told", kind=ENTERED, at=join(MATE, 0).at, data={"mate": str(MATE)}, member=FOUNDER)
    told = Due(
        name="told", kind=COUNTED, at=entered.at, data={"mate": str(MATE), f"{START + 1} minor": 70}, member=FOUNDER
    )
    founder = know(earn(prepared, founder, bring(entered, 0)))
    founder = know(earn(prepared, founder, bring(told, 1)))
    # What the mate did is counted once, whoever is kept.
    for both in (merge(prepared, founder, bought), merge(prepared, bought, founder)):
        assert (both.mates, both.team, sum(it[2] for it in both.days)) == (founder.mates, str(FOUNDER), 70)
    # Somebody of no team brings what they did with them.
    alone = know(earn(prepared, Memory(), pay(OTHER, 1, 5)))
    assert sum(it[2] for it in merge(prepared, alone, founder).days) == 75
    # What was counted for another team is that one's.
    stray = msgspec.structs.replace(bought, team=str(OTHER))
    assert merge(prepared, bought, stray).days == bought.days
    # Two teams are one.
    second = know(earn(prepared, Memory(), join(OTHER, 0)))
    assert merge(prepared, founder, second).mates == (str(FOUNDER), str(MATE), str(OTHER))


@pytest.mark.parametrize("team", [{"most": 1}, {"most": 21}, {"most": 3, "hold_days": 400}, {}])
def test_team_that_cannot_be_is_refused(team: dict[str, int]) -> None:
    with pytest.raises(msgspec.ValidationError):
        make(team=team)
    with pytest.raises(msgspec.ValidationError, match="opt_in"):
        make(team={"most": 3}, opt_in=False)

"""Badges: granted and taken back by others, and told as a trait."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from regulars.features.badges.mechanic import Memory, Settings, earn, merge, provides, receive, sets
from regulars.kernel.nouns import Activity, Earned, Grant, Scalar, Step
from tests.program.story import HEAD, MEMBER, problems

NAME = {"en": "Tea lover", "zh-CN": "茶友"}
TEA = msgspec.convert({"badge": "tea", "title": NAME}, Settings)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = date(2026, 6, 1).toordinal()


def view(
    day: int, kind: str = "purchase", *, heard: int | None = None, traits: Mapping[str, Scalar] | None = None
) -> Step:
    activity = Activity(id="1", source="till", kind=kind, occurred_at=NOON + timedelta(days=day), member=MEMBER)
    at = NOON + timedelta(days=day if heard is None else heard)
    return Step(member=MEMBER, activity=activity, at=at, day=DAY + day, traits=traits or {}, balances={}, left={})


def grant(memory: Memory, day: int, count: int = 1, *, heard: int | None = None) -> Earned:
    return receive(TEA, memory, view(day, heard=heard), (Grant(kind="badge", what="tea", count=count),))


def test_badge_is_had_from_the_first_grant_to_the_last_taking() -> None:
    assert (provides(TEA), sets(TEA)) == ((("badge", "tea"),), {"badge.tea": ()})
    first = grant(Memory(), 3)
    assert first.memory == Memory(count=1, first=DAY + 3)
    assert [(it.name, it.value, it.since) for it in first.traits] == [("badge.tea", True, NOON + timedelta(days=3))]
    assert first.reasons[0].code == "badge_given"
    again = grant(first.memory, 5, 2)
    assert (again.memory, again.traits, again.reasons) == (Memory(count=3, first=DAY + 3), (), ())
    less = grant(again.memory, 6, -2)
    assert (less.memory, less.traits) == (Memory(count=1, first=DAY + 3), ())
    gone = grant(less.memory, 7, -1)
    assert [(it.name, it.value) for it in gone.traits] == [("badge.tea", None)]
    assert (gone.memory, gone.reasons[0].code) == (Memory(count=0, first=DAY + 3), "badge_taken")


def test_grants_in_any_order_leave_one_memory() -> None:
    late = grant(grant(Memory(), 5).memory, 2, heard=6)
    assert late.memory == grant(grant(Memory(), 2).memory, 5).memory == Memory(count=2, first=DAY + 2)
    # What is told late holds from now on: a taking in between would hide it.
    assert grant(Memory(count=0, first=DAY + 1), 2, heard=6).traits[0].since == NOON + timedelta(days=6)


@pytest.mark.parametrize(
    ("count", "traits", "told"),
    [(1, {}, [True]), (0, {"badge.tea": True}, [None]), (1, {"badge.tea": True}, []), (0, {}, [])],
)
def test_after_a_merge_the_trait_is_what_the_memory_says(
    count: int, traits: dict[str, Scalar], told: list[Scalar]
) -> None:
    answer = earn(TEA, Memory(count=count, first=DAY), view(0, "merge", traits=traits))
    assert [it.value for it in answer.traits] == told
    assert earn(TEA, Memory(count=count, first=DAY), view(0, traits=traits)) == Earned()


def test_merged_members_have_what_either_had() -> None:
    one, other = Memory(count=1, first=DAY + 9), Memory(count=2, first=DAY + 4)
    assert merge(TEA, one, other) == merge(TEA, other, one) == Memory(count=3, first=DAY + 4)
    assert merge(TEA, one, Memory()) == one


def test_badge_that_nobody_gives_out_is_told_where_it_is_granted() -> None:
    text = HEAD + (
        "  - id: june\n    mechanic: challenges\n    on: [purchase]\n    settings:\n      challenge: june\n"
        "      title: {en: June, zh-CN: 六月}\n      counts: {of: days}\n"
        "      goals: [{id: all, at: 3, grants: [{kind: badge, what: teal}]}]\n"
        "  - {id: tea, mechanic: badges, on: [badge], settings: {badge: tea, title: {en: Tea, zh-CN: 茶}}}\n"
    )
    ((line, path, message),) = problems(text)
    assert (line, path) == (27, "offers[0].settings.goals[0].grants[0].what")
    assert message == "no offer of the programme gives out the badge 'teal'; did you mean 'tea'?"

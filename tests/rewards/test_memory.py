"""What is remembered of orders does not depend on which was heard of first, nor on whose they were before a merge."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from regulars.features.rewards.mechanic import (
    ORDER,
    REWARD,
    STATE,
    OrderStateRefused,
    OrderUnknown,
    earn,
    merge,
    prepare,
    receive,
    undo,
)
from regulars.features.rewards.model import CLOSED_MAX, OPEN_MAX, Memory, Order, Settings
from regulars.kernel.nouns import Activity, Earned, Grant, Original, Scalar, Step
from regulars.kernel.program import Calendar

CALENDAR = Calendar(zone=ZoneInfo("Asia/Shanghai"))
MEMBER = UUID(int=7)
START = datetime(2026, 3, 1, 4, tzinfo=UTC)
MUG = {
    "reward": "mug",
    "title": {"en": "A mug", "zh-CN": "马克杯"},
    "price": [{"currency": "points", "points": 100}],
    "collect_days": 7,
}
PREPARED = prepare(msgspec.convert(MUG, Settings), CALENDAR)


def view(day: int, kind: str, name: str, original: Original | None = None, **ask: Scalar) -> Step:
    at = START + timedelta(days=day)
    activity = Activity(id=name, source="till", kind=kind, occurred_at=at, member=MEMBER, ask=ask)
    return Step(
        member=MEMBER,
        activity=activity,
        at=at,
        day=CALENDAR.day_of(at),
        traits={},
        balances={},
        left={},
        original=original,
    )


def hear(memory: Memory, day: int, name: str, *then: str) -> Memory:
    """Order something and let it go through these states, a day each."""
    bought = view(day, REWARD, name, reward="mug")
    memory = take(memory, receive(PREPARED, memory, bought, (Grant(kind=ORDER, what="mug"),)))
    for number, state in enumerate(then, start=1):
        if state == "cancelled":
            original = Original(activity=bought.activity, given=(), returned_minor={}, returned_milli={}, taken={})
            undone = undo(PREPARED, memory, view(day + number, "reverse", f"c-{name}", original), ())
            memory = take(memory, undone)
        else:
            step = view(day + number, STATE, f"s-{name}-{number}", order=name, state=state)
            memory = take(memory, earn(PREPARED, memory, step))
    return memory


def take(memory: Memory, earned: Earned) -> Memory:
    if earned.memory is None:
        return memory
    assert isinstance(earned.memory, Memory)
    return earned.memory


FATES = [(), ("ready",), ("fulfilled",), ("ready", "fulfilled"), ("cancelled",), ("ready", "cancelled")]
lives = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(FATES)), min_size=1, max_size=8)


def hear_all(memory: Memory, orders: Sequence[tuple[str, int, tuple[str, ...]]]) -> Memory:
    for name, day, then in orders:
        memory = hear(memory, day, name, *then)
    return memory


@run(max_examples=200)
@given(orders=lives, data=st.data())
def test_orders_of_thirty_days_give_one_memory_in_any_order(
    orders: list[tuple[int, tuple[str, ...]]], data: st.DataObject
) -> None:
    named = [(f"o{number}", day, then) for number, (day, then) in enumerate(orders)]
    shuffled = data.draw(st.permutations(named))
    assert hear_all(Memory(), shuffled) == hear_all(Memory(), named)


@run(max_examples=200)
@given(first=lives, second=lives)
def test_merged_members_are_as_if_they_had_been_one(
    first: list[tuple[int, tuple[str, ...]]], second: list[tuple[int, tuple[str, ...]]]
) -> None:
    ana = [(f"a{number}", day, then) for number, (day, then) in enumerate(first)]
    bob = [(f"b{number}", day, then) for number, (day, then) in enumerate(second)]
    one, other = hear_all(Memory(), ana), hear_all(Memory(), bob)
    assert merge(PREPARED, one, other) == merge(PREPARED, other, one) == hear_all(Memory(), [*ana, *bob])


def test_merge_after_a_merge_was_undone_keeps_the_later_state() -> None:
    before = hear(Memory(), 0, "o1")
    after = hear(Memory(), 0, "o1", "fulfilled")
    assert merge(PREPARED, before, after) == merge(PREPARED, after, before) == after


def make_orders(count: int, state: str) -> list[Order]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    shapes = [
        {"source": "till", "id": f"o{number}", "day": number, "at": moment, "quantity": 1, "currency": "points"}
        | {"points": 100, "state": state, "since": moment}
        for number in range(count)
    ]
    return [msgspec.convert(shape, Order) for shape in shapes]


def test_the_oldest_that_are_done_with_are_forgotten() -> None:
    memory = Memory(orders=tuple(make_orders(CLOSED_MAX, "fulfilled")))
    memory = hear(memory, 0, "new", "fulfilled")
    assert len(memory.orders) == CLOSED_MAX
    assert memory.find("till", "o0") is None
    assert memory.find("till", "new") is not None
    original = Original(
        activity=view(0, REWARD, "o0", reward="mug").activity,
        given=(),
        returned_minor={},
        returned_milli={},
        taken={},
    )
    with pytest.raises(OrderUnknown):
        undo(PREPARED, memory, view(9, "reverse", "c1", original), ())


def test_nobody_has_more_open_than_can_be_remembered() -> None:
    memory = Memory(orders=tuple(make_orders(OPEN_MAX, "ordered")))
    assert [it.code for it in earn(PREPARED, memory, view(0, REWARD, "n", reward="mug")).reasons] == ["too_many_open"]
    fewer = Memory(orders=memory.orders[1:])
    assert earn(PREPARED, fewer, view(0, REWARD, "n", reward="mug")).costs


def test_what_others_ask_for_is_none_of_ours() -> None:
    assert earn(PREPARED, Memory(), view(0, "purchase", "p")) == Earned()
    assert earn(PREPARED, Memory(), view(0, REWARD, "o1", reward="cup")) == Earned()
    assert earn(PREPARED, Memory(), view(0, STATE, "s1", order="o1", state="ready")) == Earned()
    given_away = receive(PREPARED, Memory(), view(0, "purchase", "p"), (Grant(kind=ORDER, what="mug"),))
    assert (given_away.memory, [it.code for it in given_away.reasons]) == (None, ["not_ordered"])


def test_closed_orders_stay_as_they_are() -> None:
    for fate in (("fulfilled",), ("cancelled",)):
        memory = hear(Memory(), 0, "o1", *fate)
        with pytest.raises(OrderStateRefused):
            earn(PREPARED, memory, view(5, STATE, "s9", order="o1", state="ready"))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"title": {"en": "A mug"}}, "lacks zh-CN"),
        ({"text": {"zh-CN": "杯"}}, "lacks en"),
        ({"sort": "coupon"}, "belong together"),
        ({"coupon": "welcome"}, "belong together"),
        ({"fulfilment": "at_once"}, "leave out 'collect_days'"),
        ({"sort": "coupon", "coupon": "welcome"}, "leave out 'collect_days'"),
        ({"collect_days": None, "uncollected": "refund"}, "needs 'collect_days'"),
        ({"price": []}, "length"),
        ({"reward": "A mug"}, "regex"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(MUG | changed, Settings)

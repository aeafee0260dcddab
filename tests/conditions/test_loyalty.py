"""The environment of a loyalty programme: what is read, when, and what is missing."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from regulars.kernel.nouns import Line, Scalar
from regulars.kernel.program.conditions import (
    ConditionFailed,
    EngineMissing,
    View,
    compile_condition,
    describe_loyalty,
    look,
    look_at_line,
)
from tests.conditions.scene import LINES, make, see, take_step


def judge(engine: str, text: str, view: View) -> bool:
    return compile_condition(text, make(engine), gives="bool").judge(view)


@pytest.mark.parametrize(
    ("occurred_at", "zone", "local"),
    [
        # The clocks jump from 02:00 to 03:00 at 01:00 UTC, and back from 03:00 to 02:00 in October.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Europe/Berlin", "2026-03-29 1:59 7"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Europe/Berlin", "2026-03-29 3:0 7"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Berlin", "2026-10-25 2:30 7"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin", "2026-10-25 2:30 7"),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), "Asia/Shanghai", "2026-01-01 0:0 4"),
    ],
)
def test_local_time(engine: str, occurred_at: datetime, zone: str, local: str) -> None:
    date, clock, weekday = local.split()
    hour, minute = clock.split(":")
    text = f"activity.date == '{date}' && activity.hour == {hour} && activity.minute == {minute}"
    view = see(engine, take_step(occurred_at=occurred_at), zone=zone)
    assert judge(engine, f"{text} && activity.weekday == {weekday}", view)


@pytest.mark.parametrize(
    ("birthday", "month", "day"),
    [
        ("05-17", 5, 17),
        ("1990-02-29", 2, 29),
        ("", 0, 0),
        (None, 0, 0),
        (True, 0, 0),
        ("17.5.", 0, 0),
        ("x05-17", 0, 0),
    ],
)
def test_birthday(engine: str, birthday: Scalar, month: int, day: int) -> None:
    step = msgspec.structs.replace(take_step(), traits={"birthday": birthday})
    view = see(engine, step)
    if birthday is True:
        # Not what the programme declared it to be.
        with pytest.raises(ConditionFailed):
            judge(engine, "member.birthday == ''", view)
    assert judge(engine, f"member.birthday_month == {month} && member.birthday_day == {day}", view)
    assert judge(engine, "has(member.birthday_month)", view) is (month != 0)


def test_a_member_of_whom_little_is_known(engine: str) -> None:
    step = msgspec.structs.replace(take_step(lines=(), data={}, store="", channel=""), traits={}, joined_at=None)
    view = look(make(engine), step, ZoneInfo("UTC"))
    text = "member.tier == '' && !has(member.tier) && member.known_days == 0 && !has(member.known_days)"
    assert judge(engine, f"{text} && !has(member.purchases) && member.vip == null && activity.store == ''", view)
    text = "basket.total == 0 && basket.count == 0 && size(basket.lines) == 0 && size(basket.skus) == 0"
    assert judge(engine, f"{text} && size(metrics) == 0 && size(activity.data) == 0 && size(context) == 0", view)


def test_a_member_who_joined_later_than_the_purchase_is_new(engine: str) -> None:
    step = msgspec.structs.replace(take_step(), joined_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert judge(engine, "has(member.known_days) && member.known_days == 0", see(engine, step))


def test_a_formula_by_line(engine: str) -> None:
    formula = compile_condition(
        "line.category == 'dairy' ? line.amount / 100 * 2 : line.amount * basket.count / 1000",
        make(engine, line=True),
        gives="int",
    )
    view = see(engine, line=True)
    assert formula.fields == {"basket.count", "line.amount", "line.category"}
    assert [formula.judge(look_at_line(view, line)) for line in LINES] == [24, 50, 1]


def test_only_what_is_named_is_read(engine: str) -> None:
    asked: list[str] = []

    def read(path: str) -> object:
        asked.append(path)
        return 3 if path == "basket.count" else None

    view = View(make(engine), read)
    condition = compile_condition("basket.count == 3 && !has(member.vip)", make(engine), gives="bool")
    assert condition.judge(view)
    assert condition.judge(view)
    assert set(asked) == {"basket.count", "member.vip"}
    assert asked.count("basket.count") == 1


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("basket.count", "3", "basket.count == 3"),
        ("basket.count", True, "basket.count == 1"),
        ("basket.count", 2**63, "basket.count == 1"),
        ("basket.lines", "lines", "size(basket.lines) == 5"),
        ("basket.skus", ["a"] * 2_001, "size(basket.skus) > 1"),
        ("metrics", {"a": "b"}, "metrics.a == 1"),
        ("metrics", {str(number): 1 for number in range(2_001)}, "metrics.a == 1"),
        ("activity.data", {"a": ["b"]}, "activity.data.b == 1"),
        ("activity.at", "now", "activity.at > activity.at"),
    ],
)
def test_a_value_of_another_shape_fails(engine: str, path: str, value: object, text: str) -> None:
    view = View(make(engine), {path: value}.get)
    with pytest.raises(ConditionFailed) as caught:
        judge(engine, text, view)
    assert caught.value.why == "bad_value"


def test_values_may_be_given_by_roots(engine: str) -> None:
    view = View(make(engine), {"basket": {"count": 3}, "metrics": {"visits": 4}})
    assert judge(engine, "basket.count == 3 && metrics.visits == 4 && basket.total == 0", view)


def test_a_view_belongs_to_its_environment(engine: str) -> None:
    other = describe_loyalty(traits={}, currencies=(), engine=engine)
    condition = compile_condition("basket.count == 3", other, gives="bool")
    with pytest.raises(AssertionError, match="share one environment"):
        condition.judge(see(engine))


def test_names_need_not_be_known_where_none_are_listed(engine: str) -> None:
    open_to_all = describe_loyalty(traits={}, currencies=("points",), engine=engine)
    text = "activity.store == 's9' && basket.lines.exists(l, l.category == 'toys' || 'Acme' == l.brand)"
    condition = compile_condition(text, open_to_all, gives="bool")
    line = Line(sku="1", amount_minor=1, categories=("toys",))
    assert condition.judge(look(open_to_all, take_step(store="s9", lines=(line,)), ZoneInfo("UTC")))


def test_an_engine_that_is_not_there_is_missed() -> None:
    with pytest.raises(EngineMissing, match="cel_expr_python"):
        describe_loyalty(traits={}, currencies=(), engine="abacus")

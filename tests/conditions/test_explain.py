"""Why, and why not: the parts, what they came to, and what would have to change."""

from typing import Any

import msgspec
import pytest

from regulars.kernel.program.conditions import Explained, compile_condition
from tests.conditions.scene import make, see


def tell(engine: str, text: str) -> Explained:
    return compile_condition(text, make(engine), gives="bool").explain(see(engine))


def test_a_false_condition_names_what_decided(engine: str) -> None:
    told = tell(engine, "basket.total >= 5000 && member.tier in ['gold'] && basket.lines.exists(l, l.amount > 1)")
    assert (told.value, told.operator, told.decides) == (False, "&&", True)
    assert [(part.text, part.value, part.decides) for part in told.parts] == [
        ("basket.total >= 5000", False, True),
        ("member.tier in ['gold']", True, False),
        ("basket.lines.exists(l, l.amount > 1)", True, False),
    ]
    assert [part.values for part in told.parts] == [
        {"basket.total": 4200},
        {"member.tier": "gold"},
        {"size(basket.lines)": 3},
    ]
    assert msgspec.to_builtins(told.parts[0].needs) == {
        "what": "basket.total",
        "value": 4200,
        "operator": ">=",
        "than": 5000,
    }
    assert [part.needs for part in told.parts[1:]] == [None, None]


def test_parts_within_parts(engine: str) -> None:
    told = tell(engine, "(basket.count == 1 || basket.count == 2) && basket.total > 1")
    either, total = told.parts
    assert (either.text, either.operator, either.value, either.decides) == (
        "basket.count == 1 || basket.count == 2",
        "||",
        False,
        True,
    )
    # Each of these would have been enough.
    assert [(part.decides, part.needs is not None) for part in either.parts] == [(True, True), (True, True)]
    assert (total.value, total.decides) == (True, False)


@pytest.mark.parametrize(
    ("text", "value", "deciding"),
    [
        ("basket.count == 3 && basket.total > 1", True, [True, True]),
        ("basket.count == 3 || basket.total > 9999", True, [True, False]),
        ("basket.count == 4 || basket.total > 9999", False, [True, True]),
        ("basket.count == 4 && 1 / balance['stars.eu'] == 1", False, [True, False]),
        ("basket.count == 3 && 1 / balance['stars.eu'] == 1", None, [False, True]),
    ],
)
def test_which_parts_decide(engine: str, text: str, value: bool | None, deciding: list[bool]) -> None:
    told = tell(engine, text)
    assert told.value is value
    assert [part.decides for part in told.parts] == deciding


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("5000 <= basket.total", ("basket.total", 4200, ">=", 5000)),
        ("basket.total - 1000 > basket.count * 2000", ("basket.total - 1000", 3200, ">", 6000)),
        ("member.tier == 'silver'", ("member.tier", "gold", "==", "silver")),
        ("activity.weekday in [6, 7]", ("activity.weekday", 3, "in", (6, 7))),
        ("'home' in basket.lines[0].categories", None),
        ("basket.lines.all(l, 'home' in l.categories)", None),
        ("'milk' in basket.skus", ("basket.skus", "milk-1l, cheese, soap", "contains", "milk")),
        ("has(member.vip)", ("has(member.vip)", False, "==", True)),
        ("!has(member.tier)", ("has(member.tier)", True, "==", False)),
        ("activity.data.temperature > 20", ("activity.data.temperature", -3, ">", 20)),
        (
            "activity.at < timestamp('2026-01-01T00:00:00Z')",
            ("activity.at", "2026-02-03T23:05:00+00:00", "<", "2026-01-01T00:00:00+00:00"),
        ),
        ("activity.at - activity.at > duration('2h')", ("activity.at - activity.at", "0s", ">", "7200s")),
        ("basket.lines.all(l, l.amount > 2000)", None),
        ("basket.count == 3 ? false : true", None),
    ],
)
def test_what_would_have_to_change(engine: str, text: str, need: tuple[Any, ...] | None) -> None:
    told = tell(engine, text)
    assert told.value is False
    assert (None if told.needs is None else tuple(msgspec.to_builtins(told.needs).values())) == need


def test_a_failure_is_explained_too(engine: str) -> None:
    told = tell(engine, "metrics.returns > 3")
    assert (told.value, told.failed, told.needs) == (None, "missing_key", None)
    # What is not there is shown as nothing.
    assert told.values == {"metrics.returns": None}


def test_a_formula_is_explained(engine: str) -> None:
    told = compile_condition("basket.total / 100 + balance.points", make(engine), gives="int").explain(see(engine))
    assert (told.value, told.values) == (162, {"basket.total": 4200, "balance.points": 120})


def test_it_can_be_kept_as_json(engine: str) -> None:
    told = tell(engine, "basket.total >= 5000 && (member.tier == 'gold' || activity.data.weather == 'sun')")
    assert msgspec.json.decode(msgspec.json.encode(told), type=Explained) == told

"""Texts that want to crash, hang or fill the memory: each is refused in a moment, or stops at a bound."""

import pytest

from regulars.kernel.nouns import LINES_MAX, Line
from regulars.kernel.program.conditions import ConditionFailed, ConditionInvalid, compile_condition
from tests.conditions.scene import make, see, take_step

LONG = "x" * 1_990
NUMBERS = ",".join(["1"] * 300)
OVER = f"[{NUMBERS}]"

# What would be grown, how, and a part of what is said.
REFUSED: list[tuple[str, str, str]] = [
    ("a literal of two million letters", f"'{'x' * 2_000_000}' == ''", "at most 2000"),
    ("twenty thousand terms", "+".join(["1"] * 20_000) + " > 1", "at most 2000"),
    ("a thousand terms", "+".join(["1"] * 900) + " > 1", "in a row"),
    ("a row within a row", "1" + " - (1" * 20 + ")" * 20 + " > 1", "nested more than"),
    ("brackets", "(" * 900 + "1" + ")" * 900 + " == 1", "nested more than"),
    ("unclosed brackets", "(" * 1_900, "nested more than"),
    ("lists", "[" * 900 + "]" * 900 + " == 1", "nested more than"),
    ("indexes", "[" * 40 + "1" + "]" * 40 + "[0]" * 40 + " == 1", "nested more than"),
    ("signs", "!" * 1_900 + "true", "one sign is enough"),
    ("choices", "true ? 1 : " * 150 + "2 == 1", "nested more than"),
    ("fields", "basket" + ".a" * 900 + " == 1", "in a row"),
    ("calls", "size(" * 300 + "'a'" + ")" * 300 + " == 1", "nested more than"),
    ("methods", "basket.lines" + ".filter(l, true)" * 50 + ".size() > 1", "in a row"),
    (
        "four loops",
        "basket.lines.all(a, basket.lines.all(b, basket.lines.all(c, basket.lines.all(d, true))))",
        "3 loops",
    ),
    ("a doubling text", "['ab'].map(a, [a + a].map(b, [b + b].map(c, c + c)))[0] == 'a'", "text cannot be joined"),
    ("a doubling list", "[[1] + [1]].map(a, a + a).size() > 1", "lists cannot be joined"),
    ("lists of lists", "basket.lines.map(a, basket.lines.map(b, b.sku)).size() > 1", "map(…) gives single values"),
    ("doubling bytes", "[b'ab'].map(a, a + a).size() > 1", "bytes cannot be used"),
    ("a huge repeat", "member.tier.matches('(a{1000}){1000}')", "repeats at most 100"),
    ("a repeat of repeats", "member.tier.matches('((a{50}){50}){50}')", "repeats at most 100"),
    ("a long pattern", f"member.tier.matches('{'a' * 200}')", "at most 100 characters"),
    ("a pattern that looks behind", "member.tier.matches('(?<=a)b')", "cannot be read"),
    ("a name that nobody has", f"{LONG} == 1", "there is no"),
    ("a zero letter", "'a\0b' == ''", "cannot be kept"),
    ("half a letter", "'a\ud800b' == ''", "cannot be kept"),
    ("half a letter, escaped", "'\\ud800' == ''", "cannot be kept"),
    ("a letter beyond the last", "'\\UFFFFFFFF' == ''", "no such character"),
    ("letters that look like ours", "bаsket.total > 1", "means nothing here"),
    ("an environment of Python", "__import__('os').system('true') == 0", "there is no system(…)"),
    ("a hidden field", "basket.__class__ == 1", "has no '__class__'"),
    ("the engine's own words", "v0_ == 'purchase' && h0_ && tick([1]).size() > 0", "there is no 'v0_' here"),
    ("a message", "google.protobuf.Struct{} == 1", "'{' stands here"),
    ("a number with many digits", "9" * 1_900 + " > 1", "too large a number"),
    ("a moment before all", "activity.at > timestamp('0001-01-01T00:00:00+14:00')", "a time is written like"),
]

STOPPED: list[tuple[str, str]] = [
    ("three loops", "basket.lines.all(a, basket.lines.all(b, basket.lines.all(c, a.sku != 'x')))"),
    ("two loops", "basket.lines.all(a, basket.lines.all(b, a.sku != 'x' && b.sku != 'x'))"),
    (
        "loops over what loops give",
        "basket.lines.map(a, a.amount).all(a, basket.lines.map(b, b.amount).all(b, a == b))",
    ),
    ("loops over what is written out", f"{OVER}.all(a, {OVER}.all(b, {OVER}.all(c, a == 1)))"),
]


@pytest.mark.parametrize(("text", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_is_refused_when_it_is_saved(engine: str, text: str, message: str) -> None:
    with pytest.raises(ConditionInvalid) as caught:
        compile_condition(text, make(engine), gives="bool")
    assert any(message in problem.message for problem in caught.value.problems), caught.value.problems
    # However large the text: what is said about it stays small enough to be shown.
    assert all(len(problem.message) < 2_200 for problem in caught.value.problems)


@pytest.mark.parametrize("text", [case[1] for case in STOPPED], ids=[case[0] for case in STOPPED])
def test_stops_when_it_turns_too_often(engine: str, text: str) -> None:
    lines = tuple(Line(sku="same", amount_minor=1) for _ in range(LINES_MAX))
    condition = compile_condition(text, make(engine), gives="bool")
    view = see(engine, take_step(lines=lines))
    with pytest.raises(ConditionFailed) as caught:
        condition.judge(view)
    assert caught.value.why == "budget_exceeded"
    # The next one starts with a budget of its own.
    assert compile_condition("basket.lines.all(l, l.amount == 1)", make(engine), gives="bool").judge(view)


def test_a_pattern_that_would_explode_elsewhere_is_matched_in_a_moment(engine: str) -> None:
    condition = compile_condition("activity.channel.matches('^(a+)+$')", make(engine), gives="bool")
    assert not condition.judge(see(engine, take_step(channel="a" * 190 + "!")))


@pytest.mark.parametrize("letters", [1_000, 1_999, 2_000])
def test_the_longest_text_runs(engine: str, letters: int) -> None:
    text = "basket.count == 3"
    text += " && basket.count == 3" * ((letters - len(text)) // 21)
    text = text.ljust(letters)
    assert compile_condition(text, make(engine), gives="bool").judge(see(engine))
    if letters == 2_000:
        with pytest.raises(ConditionInvalid, match="at most 2000"):
            compile_condition(text + " ", make(engine), gives="bool")


@pytest.mark.parametrize(
    "deep",
    [
        "1" + " - (1" * 6 + ")" * 6 + " > 0",
        "!(" * 10 + "true" + ")" * 10,
        "false ? true : " * 8 + "true",
        "basket.lines.exists(a, " + "(a.amount > 1 || (a.amount > 2 && " * 3 + "true" + "))" * 3 + ")",
        "1 + 2 * (3 - (4 + 5 * (6 - 7))) > 0",
    ],
)
def test_what_is_not_refused_for_its_depth_is_not_refused_by_an_engine(engine: str, deep: str) -> None:
    assert compile_condition(deep, make(engine), gives="bool").judge(see(engine)) in {True, False}

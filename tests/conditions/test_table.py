"""What may be said and what it comes to, the same with every engine; what is refused, and where."""

import pytest

from regulars.kernel.program.conditions import ConditionFailed, ConditionInvalid, compile_condition, find_engines
from tests.conditions.scene import ENGINES, make, see

HOLDS: list[tuple[str, bool]] = [
    # The basket costs 42.00: two litres of milk, some cheese, soap.
    ("basket.total == 4200 && basket.count == 3 && basket.quantity_milli == 3385", True),
    ("basket.total >= 5000", False),
    ("basket.lines.exists(l, l.category == 'dairy' && l.amount >= 2500)", True),
    ("basket.lines.exists(l, l.category == 'dairy' && l.amount > 2500)", False),
    ("basket.lines.all(l, size(l.categories) > 0)", True),
    ("basket.lines.all(l, l.brand != '')", False),
    ("basket.lines.exists_one(l, l.brand == 'Klar')", True),
    ("basket.lines.exists_one(l, 'food' in l.categories)", False),
    ("basket.lines.filter(l, 'food' in l.categories).size() == 2", True),
    ("sum(basket.lines.filter(l, 'food' in l.categories).map(l, l.amount)) == 3700", True),
    ("sum(basket.lines.map(l, l.quantity_milli >= 1000, l.amount)) == 1700", True),
    ("sum(basket.lines.map(l, l.amount).filter(a, a > 99999)) == 0", True),
    ("basket.lines[1].sku == 'cheese' && basket.lines[1].shelf_discount == 300", True),
    ("basket.lines[2].coupon_discount == 50 && basket.lines[2].category == 'home'", True),
    ("'dairy' in basket.categories && 'Alm' in basket.brands && !('wine' in basket.skus)", True),
    ("basket.lines.exists(a, basket.lines.exists(b, a.sku != b.sku && a.category == b.category))", True),
    ("basket.skus.exists(s, s.startsWith('milk') && s.endsWith('1l') && s.contains('-'))", True),
    ("basket.skus.exists(s, s.matches('^[a-z]+-[0-9]l$'))", True),
    # The local time, not the time of the server.
    ("activity.year == 2026 && activity.month == 2 && activity.day == 4 && activity.date == '2026-02-04'", True),
    ("activity.weekday == 3 && activity.hour == 7 && activity.minute == 5", True),
    ("activity.date >= '2026-02-01' && activity.date < '2026-03-01'", True),
    ("activity.at >= timestamp('2026-02-04T07:05:00+08:00')", True),
    ("activity.at > timestamp('2026-02-04T07:05:00+08:00')", False),
    ("activity.at - timestamp('2026-02-03T00:00:00Z') < duration('23h6m')", True),
    ("activity.at + duration('1h') > activity.at && duration('90m') == duration('1h30m')", True),
    ("activity.kind == 'purchase' && activity.store in ['s1', 's2'] && activity.channel != 'web'", True),
    # Who it is.
    ("member.tier == 'gold' && member.purchases == 4 && member.known_days == 34", True),
    ("member.birthday_month == 5 && member.birthday_day == 17", True),
    ("has(member.tier) && !has(member.vip) && has(member.birthday)", True),
    ("member.vip == null && member.vip != true && member['joined.by-app'] == null", True),
    ("balance.points >= 100 && balance['stars.eu'] == 0", True),
    ("metrics.visits > 8 && metrics['visits'] < 10 && size(metrics) == 1", True),
    ("has(metrics.visits) && !has(metrics.returns) && !('returns' in metrics)", True),
    # What a till may tell is known only when it comes; it is compared all the same.
    ("activity.data.weather == 'snow' && activity.data['temperature'] < 0 && context.weather == 'snow'", True),
    ("activity.data.weather == 3 || activity.data.temperature == 'snow' || activity.data.first == 1", False),
    ("activity.data.weather in ['rain', 'snow'] && activity.data.temperature in [-3, 4]", True),
    ("activity.data.temperature + 5 == 2 && 2 * activity.data.temperature == -6", True),
    ("activity.data.device == null && has(activity.data.device) && activity.data.first == true", True),
    ("activity.data.huge == null && activity.data.weather.startsWith('sn')", True),
    # Arithmetic is whole, and rounds towards zero.
    ("7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1 && 7 % -3 == 1 && 1 + 2 * 3 - 4 == 3 && (1 + 2) * 3 == 9", True),
    ("min(3, max(1, 2)) == 2 && min(-1, 1) == -1 && 0x10 == 16 && 9007199254740991 > 9007199254740990", True),
    ("basket.total > 5000 ? member.tier == 'gold' : basket.count == 3", True),
    ("true ? false : true", False),
    ("1 < 2 == true", True),
    ("!(1 == 2) && -basket.total == -4200 && -(-1) == 1", True),
    # Text: letters are counted, not bytes; quotes and escapes as in CEL.
    (
        "size('熟客') == 2 && '熟'.size() == 1 && '\\u719f' == '熟' && \"it's\" == 'it\\'s' && '\\x41\\102' == 'AB'",
        True,
    ),
    ("r'\\d' == '\\\\d' && '''a\nb''' == 'a\\nb' && 'a' < 'b' && 'a' < '熟' && '' < 'a'", True),
    ("// morning\nactivity.hour < 12 // local\n&& true", True),
    # A side that fails does not matter where the other decides.
    ("basket.count == 3 || 1 / balance['stars.eu'] == 1", True),
    ("1 / balance['stars.eu'] == 1 || basket.count == 3", True),
    ("1 / balance['stars.eu'] == 1 && basket.count == 4", False),
    ("true ? true : 1 / balance['stars.eu'] == 1", True),
]

COUNTS: list[tuple[str, int]] = [
    ("basket.total / 100", 42),
    ("member.tier == 'gold' ? basket.total / 50 : basket.total / 100", 84),
    ("min(50, sum(basket.lines.map(l, l.category == 'dairy', l.amount)) * 3 / 200)", 50),
    ("basket.count - 10", -7),
    ("9007199254740991", 2**53 - 1),
]

FAILS: list[tuple[str, str]] = [
    ("basket.total / balance['stars.eu'] > 1", "divided_by_zero"),
    ("basket.total % balance['stars.eu'] > 1", "divided_by_zero"),
    ("9007199254740991 * 9007199254740991 > 0", "overflow"),
    ("9007199254740991 * (1024 + basket.total) > 0", "overflow"),
    ("sum([9007199254740991, 1]) > 0", "overflow"),
    ("metrics.returns > 3", "missing_key"),
    ("activity.data.mood == 'good'", "missing_key"),
    ("basket.lines[3].amount > 1", "missing_key"),
    ("basket.lines[0 - 1].amount > 1", "missing_key"),
    ("basket.lines.all(l, metrics.returns > l.amount)", "missing_key"),
    ("activity.data.weather > 3", "wrong_type"),
    ("activity.data.weather + 1 > 3", "wrong_type"),
    ("activity.data.temperature.startsWith('s')", "wrong_type"),
    ("activity.data.device > 1", "wrong_type"),
    ("basket.total / balance['stars.eu'] > 1 ? true : false", "divided_by_zero"),
]

# Text, column, and a part of what is said.
REFUSED: list[tuple[str, int, str]] = [
    ("", 1, "the text ends here, where a field, a number or text is expected"),
    ("basket.total >", 15, "the text ends here"),
    ("(basket.total > 1", 18, "')' that closes ("),
    ("basket.total > 1)", 17, "')' stands here"),
    ("basket.total = 5", 14, "write == to compare"),
    ("basket.total > 1 and true", 18, "write && for 'and'"),
    ("not true", 1, "write ! for 'not'"),
    ("basket.total > 1 & true", 18, "write && for 'and'"),
    ("member.tier == “gold”", 16, "plain quotes"),
    ("member.tier == 'gold", 16, "not closed"),
    ("'a\\qb' == 'a'", 3, "escapes nothing"),
    ("a b", 3, "an operator such as && or the end is expected"),
    ("basket..total", 8, "the name of a field is expected"),
    ("basket.totl > 5", 8, "'basket' has no 'totl'; did you mean 'total'?"),
    ("baskets.total > 5", 1, "there is no 'baskets' here; did you mean 'basket'?"),
    ("basket.lines.exists(l, l.amuont > 5)", 26, "'a line' has no 'amuont'; did you mean 'amount'?"),
    ("basket.lines.exists(l, k.amount > 5)", 24, "there is no 'k' here"),
    ("basket.lines.exists(l, true) && l.amount > 1", 33, "there is no 'l' here"),
    ("basket > 5", 1, "'basket' has fields, such as basket.total"),
    ("balance.pionts > 5", 9, "did you mean 'points'?"),
    ("balance['pionts'] > 5", 9, "did you mean 'points'?"),
    ("balance[member.tier] > 5", 9, "in quotes"),
    ("basket.total > 1.5", 16, "1.5 is a fraction"),
    ("basket.total > 15e-1", 16, "is a fraction"),
    ("basket.total > 5u", 16, "without a letter"),
    ("basket.total > 9007199254740992", 16, "too large a number"),
    ("basket.total > '5'", 14, "cannot compare a whole number with text"),
    ("basket.total", 1, "true or false is expected here, and this is a whole number"),
    ("activity.data.first", 1, "compare it: … == true"),
    ("activity.data.first && true", 1, "compare it"),
    ("basket.total && true", 1, "true or false is expected here"),
    ("!basket.total", 2, "true or false is expected here"),
    ("-member.tier == 'x'", 2, "a whole number is expected here"),
    ("member.tier == 'platinum'", 16, "it is never 'platinum'"),
    ("member.tier == 'glod'", 16, "did you mean 'gold'?"),
    ("'glod' != member.tier", 1, "did you mean 'gold'?"),
    ("member.tier in ['silver', 'glod']", 27, "did you mean 'gold'?"),
    ("'dary' in basket.categories", 1, "did you mean 'dairy'?"),
    ("activity.store == 's3'", 19, "it is never 's3'"),
    ("basket.lines.exists(l, l.category == 'dary')", 38, "did you mean 'dairy'?"),
    ("basket.total in ['a']", 14, "never holds a whole number"),
    ("basket.total in 5", 14, "a list is expected after 'in'"),
    ("basket.skus == basket.brands", 13, "use 'in' or exists"),
    ("basket.total == null", 14, "cannot compare"),
    ("true < false", 6, "cannot compare"),
    ("activity.at > '2026-01-01'", 13, "cannot compare a time with text"),
    ("[1, 'a'].exists(x, true)", 5, "values of one kind"),
    ("[].size() == 0", 1, "an empty list"),
    ("[[1]].size() == 1", 2, "a list holds single values"),
    ("'a' + 'b' == 'ab'", 5, "text cannot be joined"),
    ("activity.data.weather + 'a' == 'ab'", 23, "text cannot be joined"),
    ("activity.data.weather + activity.data.weather == 4", 23, "write 0 + …"),
    ("[1] + [2] == [1, 2]", 5, "lists cannot be joined"),
    ("b'a' == b'a'", 1, "bytes cannot be used"),
    ("{'a': 1}.a == 1", 1, "maps cannot be written out"),
    ("basket.total / 0 == 1", 14, "divides by zero"),
    ("basket.total.amount > 1", 14, "a whole number has no fields"),
    ("basket.lines.map(l, l.categories).size() > 1", 21, "map(…) gives single values"),
    ("basket.total.exists(l, true)", 1, "goes over a list"),
    ("metrics.exists(m, true)", 1, "goes over a list, and this is a map"),
    ("basket.lines.exists(basket, true)", 21, "means something else here"),
    ("basket.lines.exists(l, basket.lines.exists(l, true))", 44, "means something else here"),
    ("basket.lines.exists(1, true)", 21, "a word of your own"),
    ("basket.lines.exists(true)", 14, "write exists(x, …)"),
    ("basket.lines.exists(l, l.amount)", 24, "true or false is expected here"),
    ("sum(basket.lines) > 1", 5, "sum(…) adds a list of whole numbers"),
    ("sum(1, 2) > 1", 1, "takes one value, and here are 2"),
    ("lower(member.tier) == 'gold'", 1, "there is no lower(…)"),
    ("member.tier.startWith('g')", 13, "did you mean 'startsWith'?"),
    ("startsWith(member.tier, 'g')", 1, "is written behind a dot"),
    ("basket.lines.sum() > 1", 14, "is written in front"),
    ("activity.at.getHours() > 3", 13, "the local time is in activity.hour"),
    ("timestamp('2026-02-30T00:00:00Z') > activity.at", 11, "a time is written like"),
    ("timestamp('2026-02-03T00:00:00') > activity.at", 11, "a time is written like"),
    ("timestamp(member.tier) > activity.at", 11, "written out"),
    ("duration('1d') > duration('1h')", 10, "a length of time is written like"),
    ("has(basket.total)", 1, "always has a value"),
    ("has(member)", 5, "has fields"),
    ("has(basket.lines[0].sku)", 5, "has(…) is for a field that may be missing"),
    ("member.tier.matches('(')", 21, "cannot be read"),
    ("member.tier.matches(member.tier)", 21, "written out in quotes"),
    ("true ? 1 : 'a'", 12, "both results must be of one kind"),
    ("!!true", 2, "one sign is enough"),
    ("true ? : false", 8, "':' stands here"),
    ("cel.bind(x, 1, x) == 1", 5, "there is no bind(…)"),
    ("basket.?total > 1", 8, "'?' stands here"),
]


def test_both_engines_are_here() -> None:
    # These tests prove nothing about an engine that is not installed.
    assert find_engines() == ENGINES


@pytest.mark.parametrize(("text", "expected"), HOLDS)
def test_holds(engine: str, text: str, expected: bool) -> None:
    assert compile_condition(text, make(engine), gives="bool").judge(see(engine)) is expected


@pytest.mark.parametrize(("text", "expected"), COUNTS)
def test_counts(engine: str, text: str, expected: int) -> None:
    assert compile_condition(text, make(engine), gives="int").judge(see(engine)) == expected


@pytest.mark.parametrize(("text", "why"), FAILS)
def test_fails_with_a_code(engine: str, text: str, why: str) -> None:
    condition = compile_condition(text, make(engine), gives="bool")
    with pytest.raises(ConditionFailed) as caught:
        condition.judge(see(engine))
    assert (caught.value.why, caught.value.context["why"]) == (why, why)


@pytest.mark.parametrize(("text", "column", "message"), REFUSED)
def test_is_refused_where_it_is_wrong(engine: str, text: str, column: int, message: str) -> None:
    with pytest.raises(ConditionInvalid) as caught:
        compile_condition(text, make(engine), gives="bool")
    problem = caught.value.problems[0]
    assert (problem.line, problem.column) == (1, column), problem
    assert message in problem.message


def test_everything_wrong_is_said_with_its_line(engine: str) -> None:
    with pytest.raises(ConditionInvalid) as caught:
        compile_condition("basket.totl > 1\n  && member.tier == 'glod'\n  && 1.5 > 1", make(engine), gives="bool")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(1, 8), (2, 21), (3, 6)]
    assert caught.value.context["problems"] != []


def test_a_result_beyond_exact_numbers_fails(engine: str) -> None:
    condition = compile_condition("9007199254740991 + basket.count", make(engine), gives="int")
    with pytest.raises(ConditionFailed) as caught:
        condition.judge(see(engine))
    assert caught.value.why == "out_of_range"


@pytest.mark.parametrize(("text", "gives"), [("basket.total > 1", "int"), ("'a'", "int"), ("1", "bool")])
def test_a_result_of_another_kind_is_refused(engine: str, text: str, gives: str) -> None:
    with pytest.raises(ConditionInvalid, match="is expected here"):
        compile_condition(text, make(engine), gives=gives)  # pyright: ignore[reportArgumentType, reportCallIssue]

"""Conditions and formulas in words, as far as they are plain: comparisons, lists, all of these, any of these.

What is not plain is not guessed at. The answer then says that there is more, and the page shows the condition itself to
whoever edits the terms.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from regulars.kernel.nouns import Scalar
from regulars.kernel.program.conditions.parse import parse
from regulars.kernel.program.conditions.tree import (
    Binary,
    Call,
    Chain,
    Choice,
    Listing,
    Literal,
    Loop,
    Name,
    Node,
    Select,
    Unary,
)
from regulars.kernel.program.terms.speech import Speech

__all__ = ["Told", "tell_condition", "tell_formula"]

Say = tuple[str, str]
"""English, Chinese."""

FIELDS: Final[Mapping[str, tuple[str, Say]]] = {
    "basket.total": ("money", ("the purchase comes to", "消费总额")),
    "basket.count": ("count", ("the number of items on the receipt is", "小票上的商品行数")),
    "basket.quantity_milli": ("quantity", ("the quantity bought is", "购买件数")),
    "member.known_days": ("count", ("the days since you joined are", "入会天数")),
    "line.amount": ("money", ("the price paid for the item is", "商品实付金额")),
    "line.quantity_milli": ("quantity", ("the quantity of the item is", "商品件数")),
    "line.shelf_discount": ("money", ("the discount on the shelf is", "商品货架优惠")),
    "line.coupon_discount": ("money", ("the discount by coupons is", "商品用券优惠")),
}
"""Numbers that people understand: how they are written, and what they are called."""
WORDS: Final[Mapping[str, Say]] = {
    "activity.store": ("the store is", "门店"),
    "activity.channel": ("the channel is", "渠道"),
    "line.sku": ("the article number is", "货号"),
    "line.category": ("the category of the item is", "商品品类"),
    "line.brand": ("the brand of the item is", "商品品牌"),
}
LISTS: Final[Mapping[str, Say]] = {
    "basket.categories": ("the purchase has an item in {it}", "消费中含{it}类商品"),
    "basket.brands": ("the purchase has an item of the brand {it}", "消费中含{it}品牌商品"),
    "basket.skus": ("the purchase has the article number {it}", "消费中含货号为{it}的商品"),
    "line.categories": ("the item is in {it}", "商品属于{it}类"),
}
ABSENT: Final[Mapping[str, Say]] = {
    "basket.categories": ("the purchase has no item in {it}", "消费中不含{it}类商品"),
    "basket.brands": ("the purchase has no item of the brand {it}", "消费中不含{it}品牌商品"),
    "basket.skus": ("the purchase does not have the article number {it}", "消费中不含货号为{it}的商品"),
    "line.categories": ("the item is not in {it}", "商品不属于{it}类"),
}
DAYS: Final[Mapping[str, tuple[int, int, Say]]] = {
    "activity.weekday": (1, 7, ("it is {it}", "时间为{it}")),
    "activity.month": (1, 12, ("it is {it}", "时间为{it}")),
    "activity.day": (1, 31, ("it is {it} of the month", "时间为每月{it}")),
    "activity.hour": (0, 23, ("the time is {it}", "时间为{it}")),
}
"""Small ranges of which each value is named: first, last, sentence."""
COMPARED: Final[Mapping[str, tuple[Say, Callable[[int, int], bool]]]] = {
    "==": (("{what} {it}", "{what}为{it}"), lambda a, b: a == b),
    "!=": (("{what} not {it}", "{what}不为{it}"), lambda a, b: a != b),
    "<": (("{what} less than {it}", "{what}少于{it}"), lambda a, b: a < b),
    "<=": (("{what} {it} or less", "{what}不超过{it}"), lambda a, b: a <= b),
    ">": (("{what} more than {it}", "{what}超过{it}"), lambda a, b: a > b),
    ">=": (("{what} {it} or more", "{what}不少于{it}"), lambda a, b: a >= b),
}
FLIPPED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
DENIED: Final = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
BIRTHDAY: Final = {
    frozenset({"member.birthday_month", "activity.month"}): ("it is the month of your birthday", "时间为您的生日当月"),
    frozenset({"member.birthday_day", "activity.day"}): (
        "the day of the month is that of your birthday",
        "当日日期与您的生日日期相同",
    ),
}
SIGNS: Final = {"+": "+", "-": "−", "*": "×", "/": "÷", "%": "mod"}
LOOPS: Final[Mapping[str, Say]] = {
    "exists": ("at least one item of the purchase fits this: {it}", "消费中至少有一件商品符合：{it}"),
    "all": ("every item of the purchase fits this: {it}", "消费中每件商品均符合：{it}"),
    "exists_one": ("exactly one item of the purchase fits this: {it}", "消费中恰有一件商品符合：{it}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A condition in words."""

    items: tuple[str, ...]
    """All of these must hold."""
    whole: bool
    """Nothing was left out."""


def tell_condition(speech: Speech, text: str) -> Told:
    """Tell a condition that was checked when it was saved: each part that can be told, and whether that is all."""
    tree = parse(text)
    parts = tree.parts if isinstance(tree, Chain) and tree.operator == "&&" else (tree,)
    told = [_tell(speech, part, {}) for part in parts]
    return Told(items=tuple(each for each in told if each is not None), whole=None not in told)


def tell_formula(speech: Speech, text: str) -> tuple[str, ...]:
    """Tell a formula that was checked when it was saved: its cases, in order. Nothing where it is not plain."""
    items: list[str] = []
    node = parse(text)
    while isinstance(node, Choice):
        told, first = _tell(speech, node.test, {}), _tell_number(speech, node.yes)
        if told is None or first is None:
            return ()
        items.append(speech.say("if {a}: {b}", "若{a}：{b}", a=told, b=first))
        node = node.no
    last = _tell_number(speech, node)
    if last is None:
        return ()
    return (*items, speech.say("else: {it}", "否则：{it}", it=last) if items else last)


def _tell_number(speech: Speech, node: Node) -> str | None:
    told = _reckon(speech, node)
    # Brackets around the whole say nothing.
    return told[1:-1] if told is not None and told.startswith("(") and isinstance(node, Binary | Call) else told


def _tell(  # noqa: PLR0911 - one for each kind of part
    speech: Speech, node: Node, names: Mapping[str, str], *, denied: bool = False
) -> str | None:
    """Tell one part, or its contrary. `names` are the words of loops, with what they stand for."""
    match node:
        case Chain(operator=operator, parts=parts):
            told = [_tell(speech, part, names, denied=denied) for part in parts]
            plain = [each for each in told if each is not None]
            if len(plain) < len(told):
                return None
            is_all = (operator == "&&") != denied
            between = speech.say(" and ", "，且") if is_all else speech.say(" or ", "，或")
            return speech.say("({it})", "（{it}）", it=between.join(plain))
        case Unary(operator="!", of=of):
            return _tell(speech, of, names, denied=not denied)
        case Binary(operator="in"):
            return _tell_in(speech, node, names, denied=denied)
        case Binary():
            return _tell_comparison(speech, node, names, denied=denied)
        case Loop():
            return None if denied else _tell_loop(speech, node, names)
        case Select():
            return _tell_trait(speech, _path(node, names), value=not denied)
        case _:
            return None


def _path(node: Node, names: Mapping[str, str]) -> str:
    """The path of a field; empty for what is none."""
    match node:
        case Name(name=name):
            return names.get(name, name)
        case Select(of=of, name=name):
            root = _path(of, names)
            return f"{root}.{name}" if root else ""
        case _:
            return ""


def _read(node: Node) -> Scalar:
    match node:
        case Literal(value=value, fraction=False):
            return value
        case Unary(operator="-", of=Literal(value=int() as value, fraction=False)):
            return -value
        case _:
            return None


def _tell_trait(speech: Speech, path: str, *, value: bool) -> str | None:
    root, _, trait = path.partition(".")
    if root != "member" or trait == "known_days":
        return None
    return speech.say("you are {it}", "您{it}", it=speech.trait(trait, value))


def _tell_comparison(speech: Speech, node: Binary, names: Mapping[str, str], *, denied: bool) -> str | None:
    left, right, operator = node.left, node.right, node.operator
    if operator not in COMPARED:
        return None
    if denied:
        operator = DENIED[operator]
    both = BIRTHDAY.get(frozenset({_path(left, names), _path(right, names)}))
    if both is not None and operator == "==":
        return speech.say(*both)
    if _read(left) is not None:
        left, right, operator = right, left, FLIPPED[operator]
    path, value = _path(left, names), _read(right)
    if value is None or not path:
        return None
    if path in DAYS and isinstance(value, int):
        first, last, _ = DAYS[path]
        holds = COMPARED[operator][1]
        return _tell_days(speech, path, [each for each in range(first, last + 1) if holds(each, value)])
    return _tell_value(speech, path, operator, value)


def _tell_value(speech: Speech, path: str, operator: str, value: Scalar) -> str | None:
    (shape, what) = FIELDS.get(path, ("", ("", "")))
    root, _, name = path.partition(".")
    if shape and isinstance(value, int) and value >= 0:
        written = {"money": speech.money, "quantity": speech.quantity, "count": speech.count}[shape](value)
        return speech.say(*COMPARED[operator][0], what=speech.say(*what), it=written)
    if root == "balance" and isinstance(value, int) and value >= 0:
        return speech.say(
            *COMPARED[operator][0],
            what=speech.say("your balance is", "您的余额"),
            it=speech.points(name, value),
        )
    if path in WORDS and isinstance(value, str) and operator in {"==", "!="}:
        return speech.say(*COMPARED[operator][0], what=speech.say(*WORDS[path]), it=value)
    if root == "member" and name not in {"birthday_month", "birthday_day"} and operator in {"==", "!="}:
        return _tell_member(speech, name, [value], denied=operator == "!=")
    return None


def _tell_member(speech: Speech, trait: str, values: Sequence[Scalar], *, denied: bool) -> str:
    it = speech.join([speech.trait(trait, value) for value in values], "or")
    if trait in speech.called:
        said = ("your level is not {it}", "您的等级不是{it}") if denied else ("your level is {it}", "您的等级为{it}")
    else:
        said = ("you are not {it}", "您不符合{it}") if denied else ("you are {it}", "您{it}")
    return speech.say(*said, it=it)


def _tell_in(speech: Speech, node: Binary, names: Mapping[str, str], *, denied: bool) -> str | None:
    value = _read(node.left)
    if isinstance(value, str) and _path(node.right, names) in LISTS:
        return speech.say(*(ABSENT if denied else LISTS)[_path(node.right, names)], it=value)
    path = _path(node.left, names)
    if not path or not isinstance(node.right, Listing):
        return None
    values = [_read(item) for item in node.right.items]
    plain = [each for each in values if each is not None]
    if not plain or len(plain) < len(values):
        return None
    if path in DAYS:
        first, last, _ = DAYS[path]
        return _tell_days(speech, path, [day for day in range(first, last + 1) if (day in plain) != denied])
    it = speech.join([str(each) for each in plain], "or")
    if path in WORDS:
        what = speech.say(*WORDS[path])
        return speech.say(*COMPARED["!=" if denied else "=="][0], what=what, it=it)
    root, _, name = path.partition(".")
    return _tell_member(speech, name, plain, denied=denied) if root == "member" else None


def _tell_days(speech: Speech, path: str, values: list[int]) -> str | None:
    if not values:
        return None
    if path == "activity.hour":
        # As stretches: hours that follow each other are one.
        runs: list[list[int]] = []
        for value in values:
            if runs and value == runs[-1][-1] + 1:
                runs[-1].append(value)
            else:
                runs.append([value])
        words = [
            speech.say("from {a:02}:00 to before {b:02}:00", "{a:02}:00起、{b:02}:00前", a=run[0], b=run[-1] + 1)
            for run in runs
        ]
    else:
        words = [_name_day(speech, path, value) for value in values]
    return speech.say(*DAYS[path][2], it=speech.join(words, "or"))


def _name_day(speech: Speech, path: str, value: int) -> str:
    if path == "activity.weekday":
        return speech.weekday(value - 1)
    return speech.month(value) if path == "activity.month" else speech.month_day(value)


def _tell_loop(speech: Speech, node: Loop, names: Mapping[str, str]) -> str | None:
    over = _path(node.over, names)
    if over == "basket.lines" and node.kind in LOOPS:
        body = _tell(speech, node.body, {**names, node.name: "line"})
        return None if body is None else speech.say(*LOOPS[node.kind], it=body)
    # basket.categories.exists(c, c in [...]): one of a list among what the basket holds.
    match node.kind, node.body:
        case "exists", Binary(operator="in", left=Name(name=word), right=Listing(items=items)) if word == node.name:
            values = [_read(item) for item in items]
        case "exists", Binary(operator="==", left=Name(name=word), right=right) if word == node.name:
            values = [_read(right)]
        case _:
            return None
    plain = [each for each in values if isinstance(each, str)]
    if over not in LISTS or not plain or len(plain) < len(values):
        return None
    return speech.say(*LISTS[over], it=speech.join(plain, "or"))


def _reckon(speech: Speech, node: Node) -> str | None:  # noqa: PLR0911 - one for each kind of part
    """Tell a whole number that is worked out. Money stands in the smallest unit."""
    match node:
        case Literal(value=int() as value) if not isinstance(value, bool):
            return str(value)
        case Binary(operator="/", left=Select() as left, right=Literal(value=1000)) if _path(left, {}) in QUANTITIES:
            return speech.say(*QUANTITIES[_path(left, {})])
        case Binary(operator=operator, left=left, right=right) if operator in SIGNS:
            parts = [_reckon(speech, part) for part in (left, right)]
            if None in parts:
                return None
            return f"({parts[0]} {SIGNS[operator]} {parts[1]})"
        case Choice(test=test, yes=yes, no=no):
            told, first, second = _tell(speech, test, {}), _reckon(speech, yes), _reckon(speech, no)
            if told is None or first is None or second is None:
                return None
            return speech.say("(if {a}: {b}; else: {c})", "（若{a}：{b}；否则：{c}）", a=told, b=first, c=second)
        case Call(name="min" | "max" as name, target=None, arguments=arguments):
            parts = [_reckon(speech, part) for part in arguments]
            plain = [each for each in parts if each is not None]
            if len(plain) < len(parts):
                return None
            words = (
                ("(the smaller of {it})", "({it}中较小者)")
                if name == "min"
                else ("(the larger of {it})", "({it}中较大者)")
            )
            return speech.say(*words, it=speech.join(plain))
        case Select():
            path = _path(node, {})
            return speech.say(*NUMBERS[path]) if path in NUMBERS else None
        case _:
            return None


QUANTITIES: Final[Mapping[str, Say]] = {
    "basket.quantity_milli": ("the quantity bought (whole units)", "购买数量（取整）"),
    "line.quantity_milli": ("the quantity of the item (whole units)", "商品数量（取整）"),
}
"""Quantities are written in thousandths; these are divided by a thousand."""
NUMBERS: Final[Mapping[str, Say]] = {
    "basket.total": ("the purchase's total", "消费总额"),
    "basket.count": ("the number of items on the receipt", "小票上的商品行数"),
    "line.amount": ("the price paid for the item", "商品实付金额"),
    "line.shelf_discount": ("the discount on the shelf", "商品货架优惠"),
    "line.coupon_discount": ("the discount by coupons", "商品用券优惠"),
    "member.known_days": ("the days since you joined", "入会天数"),
}

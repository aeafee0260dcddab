"""What conditions of a programme may speak of, with the words that people use for it: what forms offer. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

from regulars.kernel.program.checks import collect_traits
from regulars.kernel.program.conditions import (
    SCALAR,
    ListOf,
    MapOf,
    Record,
    Shape,
    Text,
    describe_loyalty,
)
from regulars.kernel.program.conditions.parse import RESERVED
from regulars.kernel.program.conditions.rows import OPERATORS, Operator
from regulars.kernel.program.conditions.shapes import Scalar, Time, Truth, Whole
from regulars.kernel.program.conditions.typed import write_text
from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document
from regulars.kernel.program.shape import check_shape
from regulars.kernel.program.words import LANGUAGES

__all__ = ["FieldTold", "Sort", "list_fields", "list_levels"]

Sort = Literal["whole", "text", "truth", "any", "time", "list"]
Words = Mapping[str, str]
LINE: Final = "line"
LINES: Final = "basket.lines"
SORTS: Final[Mapping[type[Shape], Sort]] = {
    Whole: "whole",
    Text: "text",
    Truth: "truth",
    Scalar: "any",
    Time: "time",
    ListOf: "list",
}
CALLED: Final[Mapping[str, tuple[str, str]]] = {
    "activity.kind": ("Kind of activity", "行为类型"),
    "activity.store": ("Store", "门店"),
    "activity.channel": ("Channel", "渠道"),
    "activity.at": ("Moment", "时刻"),
    "activity.date": ("Day, such as 2026-03-01", "日期，如 2026-03-01"),
    "activity.year": ("Year", "年"),
    "activity.month": ("Month, 1 to 12", "月（1～12）"),
    "activity.day": ("Day of the month", "几号"),
    "activity.hour": ("Hour, 0 to 23", "小时（0～23）"),
    "activity.minute": ("Minute", "分钟"),
    "activity.weekday": ("Day of the week, Monday is 1", "星期几（周一为 1）"),
    "activity.data": ("What else was told of the activity", "行为附带的其他数据"),
    "basket.total": ("Basket total, in minor units of money", "整单金额（最小货币单位）"),
    "basket.count": ("Number of lines", "商品行数"),
    "basket.quantity_milli": ("Quantity, in thousandths", "总数量（千分之一）"),
    "basket.skus": ("Articles in the basket", "所购商品"),
    "basket.categories": ("Categories in the basket", "所购品类"),
    "basket.brands": ("Brands in the basket", "所购品牌"),
    "member.known_days": ("Days since joining", "入会天数"),
    "member.birthday_month": ("Month of birth", "生日月份"),
    "member.birthday_day": ("Day of birth", "生日日期"),
    "metrics": ("Figure of the member", "会员指标"),
    "context": ("What the caller tells", "调用方提供的信息"),
    "line.sku": ("Article", "商品"),
    "line.amount": ("Amount of the line, in minor units of money", "该行金额（最小货币单位）"),
    "line.quantity_milli": ("Quantity of the line, in thousandths", "该行数量（千分之一）"),
    "line.categories": ("Categories of the line", "该行所属品类"),
    "line.category": ("Narrowest category of the line", "该行最细品类"),
    "line.brand": ("Brand of the line", "该行品牌"),
    "line.shelf_discount": ("Price cut of the line, in minor units", "该行促销优惠（最小货币单位）"),
    "line.coupon_discount": ("Coupon on the line, in minor units", "该行用券优惠（最小货币单位）"),
}
"""By path: (English, Chinese)."""
NOTHING: Final[Mapping[str, Words]] = {}


class FieldTold(Struct, frozen=True, kw_only=True):
    """Something that a condition may name."""

    field: str
    """As it stands in a condition. Of an open map, such as `activity.data`, add `.` and a name of your own."""
    name: Words
    """What people call it, by language."""
    sort: Sort
    """`any`: a whole number, text, or true or false, known only when a basket comes."""
    operators: tuple[Operator, ...]
    """What a row may ask of it; none: conditions on it are written by hand."""
    values: tuple[str, ...] = ()
    """The only texts that it ever is; empty: any."""
    value_names: Mapping[str, Words] = NOTHING
    """What people call these values, where the programme says it."""
    may_miss: bool = False
    """There may be no value: it then reads as 0, empty or false, and `known` may be asked."""
    is_open: bool = False
    """A map whose names only the callers know."""
    of_line: bool = False
    """Of each line of the basket: for rows within `lines`."""


def list_fields(document: Document) -> tuple[FieldTold, ...]:
    """List what the conditions of a programme's offers may speak of, those of lines last."""
    mechanics = find_mechanics()
    traits, _ = collect_traits(document, mechanics)
    catalog = document.catalog
    environment = describe_loyalty(
        traits={
            name: SCALAR if values is None else Text(values=tuple(sorted(values))) for name, values in traits.items()
        },
        currencies=document.currencies,
        stores=catalog.stores,
        categories=catalog.categories,
        brands=catalog.brands,
    )
    told = _Told(document)
    fields: list[FieldTold] = []
    for path, field in environment.fields.items():
        if path != LINES:
            fields.append(told.tell(path, field.shape, may_miss=field.optional))
    lines = environment.fields[LINES].shape
    assert isinstance(lines, ListOf)
    assert isinstance(lines.of, Record)
    fields += [told.tell(f"{LINE}.{name}", shape, of_line=True) for name, shape in lines.of.fields.items()]
    return tuple(fields)


def list_levels(document: Document) -> dict[str, Mapping[str, Words]]:
    """List what people call the values of traits that offers set, such as levels: by trait and value, in order."""
    return dict(_list_value_names(document))


class _Told:
    """How a programme calls its things. Not a value: it is read off once."""

    __slots__ = ("currencies", "values")

    def __init__(self, document: Document) -> None:
        self.currencies = {id_: dict(currency.name or {}) for id_, currency in document.currencies.items()}
        self.values = list_levels(document)

    def tell(self, path: str, shape: Shape, *, may_miss: bool = False, of_line: bool = False) -> FieldTold:
        """Describe one field."""
        is_open = isinstance(shape, MapOf)
        inner = shape.of if isinstance(shape, MapOf) else shape
        sort = SORTS[type(inner)]
        root, _, name = path.partition(".")
        values = inner.of if isinstance(inner, ListOf) else inner
        asks_known: tuple[Operator, ...] = ("known", "unknown") if may_miss or is_open else ()
        return FieldTold(
            field=path if not name or _is_word(name) else f"{root}[{write_text(name)}]",
            name=self._call(path, root, name),
            sort=sort,
            operators=(*OPERATORS[sort], *asks_known),
            values=values.values if isinstance(values, Text) else (),
            value_names=self.values.get(name, NOTHING) if root == "member" else NOTHING,
            may_miss=may_miss,
            is_open=is_open,
            of_line=of_line,
        )

    def _call(self, path: str, root: str, name: str) -> Words:
        if path in CALLED:
            return dict(zip(LANGUAGES, CALLED[path], strict=True))
        if root == "balance":
            named = self.currencies.get(name, {})
            return {"en": f"Balance: {named.get('en', name)}", "zh-CN": f"余额：{named.get('zh-CN', name)}"}
        return {"en": f"Trait: {name}", "zh-CN": f"会员特征：{name}"}


def _list_value_names(document: Document) -> Iterator[tuple[str, Mapping[str, Words]]]:
    """List what people call the values of traits that offers set, by trait."""
    mechanics = find_mechanics()
    for offer in document.offers:
        mechanic = mechanics.get(offer.mechanic)
        if mechanic is not None and mechanic.names is not None and not check_shape(offer.settings, mechanic.settings):
            yield from mechanic.names(msgspec.convert(offer.settings, mechanic.settings)).items()


def _is_word(name: str) -> bool:
    return name.isascii() and name.isidentifier() and name not in RESERVED

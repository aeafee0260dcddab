"""Figures of a span of days, with what each means, and a sentence of what changed most. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["FIGURES", "Counted", "Figure", "Unit", "change_permille", "count_moves", "reckon", "tell_change"]

Unit = Literal["count", "money", "points", "permille"]
Words = Mapping[str, str]
PERMILLE: Final = 1000
TAKEN_BACK: Final = frozenset({"return"})
REDEEMED: Final = frozenset({"redeem", "reverse"})
EXPIRED: Final = frozenset({"expire", "reinstate"})
ISSUED: Final = frozenset({"issue"})
SMALL: Final = 10
"""Below so many of something, a change of it is chance."""
TOLD: Final = ("active", "sales", "issued", "redeemed", "repeat", "newcomers", "purchases")
"""Of these, the one that changed most is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: what it is called, what it means, in what it counts."""

    id: str
    name: Words
    means: Words
    unit: Unit


def _figure(id_: str, unit: Unit, name: tuple[str, str], means: tuple[str, str]) -> Figure:
    return Figure(
        id=id_,
        unit=unit,
        name={"en": name[0], "zh-CN": name[1]},
        means={"en": means[0], "zh-CN": means[1]},
    )


FIGURES: Final[tuple[Figure, ...]] = (
    _figure("active", "count", ("Active members", "活跃会员"), ("Members who bought.", "期内有消费的会员数。")),
    _figure(
        "newcomers",
        "count",
        ("First purchases", "首购会员"),
        ("Members who bought for the first time.", "期内第一次消费的会员数。"),
    ),
    _figure("purchases", "count", ("Purchases", "购买笔数"), ("Purchases of members.", "会员购买的笔数。")),
    _figure(
        "sales",
        "money",
        ("Sales to members", "会员销售额"),
        ("What members paid after discounts, less what came back.", "会员实付金额，已扣除优惠和退货。"),
    ),
    _figure(
        "basket",
        "money",
        ("Spent at a purchase", "客单价"),
        ("Sales divided by purchases, rounded down.", "销售额 ÷ 购买笔数，向下取整。"),
    ),
    _figure(
        "repeat",
        "permille",
        ("Repeat rate", "复购率"),
        (
            "Of the members who bought, those who bought on two days or more.",
            "期内有消费的会员中，至少两天有消费的比例。",
        ),
    ),
    _figure(
        "issued",
        "points",
        ("Points issued", "发放积分"),
        ("Points given, less what returns took back.", "发放的积分，已扣除退货收回的部分。"),
    ),
    _figure(
        "redeemed",
        "points",
        ("Points redeemed", "兑换积分"),
        ("Points used, less what was put back.", "使用的积分，已扣除撤销退回的部分。"),
    ),
    _figure(
        "expired",
        "points",
        ("Points expired", "过期积分"),
        ("Points that ended unused.", "到期未用的积分。"),
    ),
    _figure(
        "circulation",
        "permille",
        ("Circulation rate", "积分流通率"),
        ("Points redeemed divided by points issued.", "兑换积分 ÷ 发放积分。"),
    ),
    _figure(
        "outstanding",
        "points",
        ("Points outstanding", "未用积分余额"),
        ("What members held at the end, those that wait included.", "期末会员持有的积分，含待生效的积分。"),
    ),
    _figure(
        "liability",
        "money",
        ("Liability", "积分负债"),
        (
            "Points outstanding at their value in the programme, rounded down. The books have what was set aside.",
            "未用积分余额按会员计划中的单位价值折算，向下取整。账面计提以财务报表为准。",
        ),
    ),
    _figure("up", "count", ("Rose a level", "升级人次"), ("Times that a member rose a level.", "会员升级的人次。")),
    _figure("down", "count", ("Fell a level", "降级人次"), ("Times that a member fell a level.", "会员降级的人次。")),
)
"""In the order of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted in a span."""

    active: int
    again: int
    newcomers: int
    purchases: int
    sales_minor: int
    by_kind: Mapping[str, int]
    """Points by kind, as members see them."""
    outstanding: int
    up: int
    down: int


def reckon(counted: Counted, *, worth: tuple[int, int]) -> dict[str, int | None]:
    """Reckon every figure; None where there is nothing to divide by. `worth`: so much money for so many points."""
    issued = _sum(counted, ISSUED | TAKEN_BACK)
    redeemed = -_sum(counted, REDEEMED)
    minor, per_points = worth
    return {
        "active": counted.active,
        "newcomers": counted.newcomers,
        "purchases": counted.purchases,
        "sales": counted.sales_minor,
        "basket": _divide(counted.sales_minor, counted.purchases),
        "repeat": _divide(counted.again * PERMILLE, counted.active),
        "issued": issued,
        "redeemed": redeemed,
        "expired": -_sum(counted, EXPIRED),
        "circulation": _divide(redeemed * PERMILLE, issued) if issued > 0 else None,
        "outstanding": counted.outstanding,
        "liability": counted.outstanding * minor // per_points if per_points else None,
        "up": counted.up,
        "down": counted.down,
    }


def _sum(counted: Counted, kinds: frozenset[str]) -> int:
    return sum(points for kind, points in counted.by_kind.items() if kind in kinds)


def _divide(one: int, other: int) -> int | None:
    return one // other if other else None


def tell_change(now: Mapping[str, int | None], before: Mapping[str, int | None]) -> Words:
    """Say in a sentence what changed most against the span before; that nothing can be told where nothing was."""
    changes = [
        (permille, figure)
        for figure in FIGURES
        if figure.id in TOLD and (permille := change_permille(now[figure.id], before[figure.id])) is not None
    ]
    if not changes:
        return {
            "en": "There is nothing in the period before to compare with.",
            "zh-CN": "对比期内没有数据，无法比较。",
        }
    most, figure = max(changes, key=lambda it: abs(it[0]))
    if not most:
        return {"en": "Nothing has changed against the period before.", "zh-CN": "与对比期相比没有变化。"}
    size = _write_percent(abs(most))
    return {
        "en": f"{figure.name['en']} {'rose' if most > 0 else 'fell'} most: by {size} against the period before.",
        "zh-CN": f"变化最大的是{figure.name['zh-CN']}：与对比期相比{'上升' if most > 0 else '下降'} {size}。",
    }


def change_permille(now: int | None, before: int | None) -> int | None:
    """Tell by how many thousandths a figure is above what it was; None where that says nothing."""
    if now is None or before is None or before < SMALL:
        return None
    return (now - before) * PERMILLE // before


def _write_percent(permille: int) -> str:
    whole, tenth = divmod(permille, 10)
    return f"{whole}.{tenth} %" if tenth else f"{whole} %"


def count_moves(moves: Sequence[tuple[str, str, int]], levels: Sequence[str]) -> tuple[int, int]:
    """Count who rose and who fell: (before, after, members), by the order of levels. From none is no rise."""
    places = {level: place for place, level in enumerate(levels)}
    up = down = 0
    for before, after, members in moves:
        if before not in places:
            continue
        if places.get(after, -1) > places[before]:
            up += members
        else:
            down += members
    return up, down

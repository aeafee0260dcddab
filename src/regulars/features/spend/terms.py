"""What members are told of points for money: rates, what does not count, rounding, and a worked example."""

from collections.abc import Iterator
from typing import Final

from regulars.features.spend.mechanic import Rate, Settings
from regulars.kernel.nouns import Line
from regulars.kernel.program.lines import Selection
from regulars.kernel.program.terms import (
    Clause,
    Speech,
    Trial,
    fit_line,
    name_goods,
    tell_exclusion,
    tell_formula,
)

__all__ = ["terms"]

POINTS_SHOWN: Final = 12
"""About so many points are in an example, so that people can reckon along."""
LEVELS_SHOWN: Final = 10
MONEY: Final = ("amount", "total", "discount")
"""Of the fields of a formula: those that are money."""
FORMULA_AMOUNTS: Final = (1000, 5000, 20_000)
"""Amounts that a formula is tried on, in minor units."""


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members what they get for their money."""
    yield from (
        _tell_formula(settings, speech, trial) if settings.formula is not None else _tell_rates(settings, speech, trial)
    )
    yield from tell_exclusion(speech, settings.exclude)
    if settings.minimum_minor:
        text = speech.say(
            "The items that count must come to {money} or more together; below that a purchase brings nothing here.",
            "计入的商品合计须满{money}，不满的不予奖励。",
            money=speech.money(settings.minimum_minor),
        )
        yield Clause(text=text)
    if settings.formula is not None:
        return
    if settings.step_minor is not None:
        text = speech.say(
            "Only full steps of {money} count{each}.",
            "按每满{money}计{each}，不满的部分不计。",
            money=speech.money(settings.step_minor),
            each=speech.say(", for each rate by itself", "（各档分别计算）") if settings.rates else "",
        )
        yield Clause(text=text)
    yield from _tell_levels(settings, speech)
    yield _tell_rounding(settings, speech)
    yield from _tell_example(settings, speech, trial)


def _tell_rates(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    kinds = speech.kinds(trial.kinds)
    general = (
        None
        if settings.points is None or settings.per_minor is None
        else _tell_rate(settings, speech, settings.points, settings.per_minor)
    )
    if not settings.rates and general is not None:
        text = speech.say("For {kinds} you get {rate}.", "{kinds}{rate}。", kinds=kinds, rate=general)
        yield Clause(text=text)
        return
    items = [
        speech.say(
            "{goods}: {rate}",
            "{goods}：{rate}",
            goods=_name(rate, speech),
            rate=_tell_rate(settings, speech, rate.points, rate.per_minor),
        )
        for rate in settings.rates
    ]
    if general is not None:
        items.append(speech.say("everything else: {rate}", "其他商品：{rate}", rate=general))
    text = speech.say("For {kinds} you get:", "{kinds}按以下标准计：", kinds=kinds)
    if len(settings.rates) > 1:
        text = speech.say(
            "For {kinds} you get, by the first line that fits an item:",
            "{kinds}按以下标准计，同一商品符合多项的以先列者为准：",
            kinds=kinds,
        )
    yield Clause(text=text, items=tuple(items))


def _name(rate: Rate, speech: Speech) -> str:
    return name_goods(speech, categories=rate.categories, brands=rate.brands, skus=rate.skus, stores=rate.stores)


def _tell_rate(settings: Settings, speech: Speech, points: int, per_minor: int) -> str:
    if not points:
        return speech.say("nothing", "不计")
    return speech.say(
        "{points} for every {money}",
        "每{money}得{points}",
        points=speech.points(settings.currency, points),
        money=speech.money(per_minor),
    )


def _tell_formula(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    assert settings.formula is not None, "only a formula is told as one"
    it, kinds = speech.coin(settings.currency), speech.kinds(trial.kinds)
    told = tell_formula(speech, settings.formula)
    if settings.formula_per == "line":
        each = speech.say("for each item on the receipt", "按小票上每行商品分别计算")
    else:
        each = speech.say("for the purchase as a whole", "按整单计算")
    if not told:
        text = speech.say(
            "For {kinds} you get {it}, worked out {each} in a way that is announced with the offer.",
            "{kinds}可得{it}，{each}，具体计算办法以活动公告为准。",
            kinds=kinds,
            it=it,
            each=each,
        )
        yield Clause(text=text, note=settings.formula)
    else:
        text = speech.say(
            "For {kinds} you get {it}, worked out {each} as below. What a division leaves over is dropped.",
            "{kinds}可得{it}，{each}，算法如下，除法只取整数部分。",
            kinds=kinds,
            it=it,
            each=each,
        )
        if len(told) > 1:
            text += speech.say(" The first case that fits is the one.", "自上而下，以最先符合的为准。")
        if any(word in settings.formula for word in MONEY):
            text += speech.say(
                " Amounts of money are in the smallest unit: 100 is {money}.",
                "式中金额以最小货币单位计，100即{money}。",
                money=speech.money(100),
            )
        yield Clause(text=text, items=told)
    amounts = [amount for amount in FORMULA_AMOUNTS if amount >= settings.minimum_minor]
    brought = [(amount, trial.earn(settings.currency, Line(sku="1", amount_minor=amount))) for amount in amounts]
    if any(points for _, points in brought):
        items = [
            speech.say(
                "{points} for one item of {money}",
                "一件{money}的商品得{points}",
                money=speech.money(amount),
                points=speech.points(settings.currency, points),
            )
            for amount, points in brought
        ]
        yield Clause(text=speech.say("Examples:", "举例："), items=tuple(items))


def _tell_levels(settings: Settings, speech: Speech) -> Iterator[Clause]:
    if not settings.times:
        return
    items = [
        speech.say(
            "{level}: {ratio} times as much",
            "{level}：{ratio}倍",
            level=speech.trait(settings.times_by, value),
            ratio=speech.ratio(it.times, it.over),
        )
        for value, it in settings.times.items()
    ]
    text = speech.say(
        "Some members get more. All others get the above as it stands.",
        "以下会员按倍数计，其他会员按上述标准计：",
    )
    yield Clause(text=text, items=tuple(items))


def _tell_rounding(settings: Settings, speech: Speech) -> Clause:
    how = {
        "down": ("dropped", "舍去"),
        "nearest": ("rounded to the nearest whole, a half up", "四舍五入"),
        "up": ("rounded up", "进一"),
    }[settings.round]
    where = {
        "basket": ("once, over the whole purchase", "按整单合计后"),
        "line": ("for each item by itself", "按每行商品分别"),
    }[settings.round_per]
    one = speech.points(settings.currency, 1)
    text = speech.say(
        "What is less than {one} is {how}, {where}.",
        "不足{one}的部分，{where}{how}。",
        one=one,
        how=speech.say(*how),
        where=speech.say(*where),
    )
    return Clause(text=text)


def _tell_example(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """An amount that leaves a fraction, so that the rounding is seen."""
    rate = next((each for each in settings.rates if each.points), None)
    line, store, goods = Line(sku="1", amount_minor=0), "", ""
    points, per = settings.points, settings.per_minor
    if settings.rates:
        goods = speech.say("everything else", "其他商品")
    if not points or per is None:
        if rate is None:
            return
        points, per, store = rate.points, rate.per_minor, rate.stores[0] if rate.stores else ""
        goods = name_goods(speech, categories=rate.categories[:1], brands=rate.brands[:1], skus=rate.skus[:1])
        line = fit_line(Selection(categories=rate.categories, brands=rate.brands, skus=rate.skus), 0)
    amount = max(-(-per * POINTS_SHOWN // points), settings.minimum_minor, settings.step_minor or 0)
    amount += -(-per * 6 // (10 * points))
    bought = Line(sku=line.sku, amount_minor=amount, categories=line.categories, brand=line.brand)
    brought = trial.earn(settings.currency, bought, store=store)
    if not brought:
        return
    text = speech.say(
        "Example: {money}{goods} brings {points}",
        "例：{goods}消费{money}，得{points}",
        money=speech.money(amount),
        goods=speech.say(" spent on {goods}", "{goods}", goods=goods) if goods else "",
        points=speech.points(settings.currency, brought),
    )
    for value in list(settings.times)[:LEVELS_SHOWN]:
        more = trial.earn(settings.currency, bought, store=store, traits={settings.times_by: value})
        text += speech.say(
            "; {points} for {level}",
            "；{level}得{points}",
            points=speech.points(settings.currency, more),
            level=speech.trait(settings.times_by, value),
        )
    yield Clause(text=text + speech.say(".", "。"))

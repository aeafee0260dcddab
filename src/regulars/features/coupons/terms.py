"""What members are told of a coupon: what it is worth, for what, how long it is held, and that it is used once."""

from collections.abc import Iterator
from typing import Final

from regulars.features.coupons.model import Amount, BuyGet, Cheapest, Effect, MorePoints, Partner, Percent, Settings
from regulars.kernel.program.terms import Clause, Speech, Trial, name_selection, tell_bounds

__all__ = ["TELLS_RETURNS", "terms"]

TELLS_RETURNS: Final = True

WHOLE = 1000


def terms(settings: Settings, speech: Speech, _trial: Trial) -> Iterator[Clause]:
    """Tell members what the coupon does."""
    if isinstance(settings.effect, Partner):
        yield from _tell_partner(settings, settings.effect, speech)
        return
    goods = name_selection(speech, settings.lines)
    text = speech.say(
        "The coupon {name} gives {worth}{goods}.",
        "{name}：{goods}{worth}。",
        name=speech.quote(speech.call(settings.title, settings.coupon)),
        worth=_tell_effect(settings.effect, speech),
        goods=speech.say(" on {goods}", "限{goods}，", goods=goods) if goods else "",
    )
    yield Clause(text=text)
    yield from tell_bounds(speech, settings.lines)
    most = speech.say(
        "It is used once; one purchase takes at most {n} of it.",
        "每张券限用一次，单笔最多使用{n}张。",
        n=speech.count(settings.per_purchase),
    )
    yield Clause(text=most)
    if settings.everybody:
        text = speech.say("Nobody needs to be given it: all of you have it.", "无需领取，人人可用。")
        yield Clause(text=text)
    text = speech.say(
        "Whoever is given one can use it for {days} days, the day of the gift among them.",
        "获赠的券自获赠当日起{days}天内有效（含当日）。",
        days=speech.count(settings.days),
    )
    yield Clause(text=text)
    text = speech.say(
        "It comes back when the whole purchase is brought back; where a part is, the money paid for that part is.",
        "整单退货时退还该券；部分退货时按实付金额退款，券不退还。",
    )
    yield Clause(text=text)


def _tell_partner(settings: Settings, effect: Partner, speech: Speech) -> Iterator[Clause]:
    text = speech.say(
        "{name} is a code of {partner}, who says what it is good for and until when.",
        "{name}为{partner}的兑换码，使用规则与有效期以{partner}说明为准。",
        name=speech.quote(speech.call(settings.title, settings.coupon)),
        partner=speech.call(effect.partner, settings.coupon),
    )
    yield Clause(text=text)
    text = speech.say(
        "Each is handed out once, while there are any; who is promised one when there is none gets it later.",
        "每个兑换码仅发放一次，发完为止；已承诺而暂缺的，补充后补发。",
    )
    yield Clause(text=text)
    text = speech.say(
        "A code that was handed out counts as spent: it stays with the member when goods come back, and points paid"
        " for it are not given back.",
        "兑换码一经发放即视为已使用：退货时不收回，所付积分不予退还。",
    )
    yield Clause(text=text)


def _tell_effect(effect: Effect, speech: Speech) -> str:
    if isinstance(effect, Percent):
        most = "" if effect.max_minor is None else speech.money(effect.max_minor)
        return speech.say(
            "{part} off{most}",
            "立减{part}{most}",
            part=speech.percent(effect.permille),
            most=speech.say(", at most {most}", "，最多减{most}", most=most) if most else "",
        )
    if isinstance(effect, Amount):
        return speech.say("{it} off", "立减{it}", it=speech.money(effect.minor))
    if isinstance(effect, Cheapest):
        if effect.permille == WHOLE:
            return speech.say("the cheapest piece free", "最低价的一件免费")
        part = speech.percent(effect.permille)
        return speech.say("{part} off the cheapest piece", "最低价的一件立减{part}", part=part)
    if isinstance(effect, BuyGet):
        part = "" if effect.permille == WHOLE else speech.percent(effect.permille)
        return speech.say(
            "of every {all} pieces the {get} cheapest {how}",
            "每{all}件中最低价的{get}件{how}",
            all=speech.count(effect.buy + effect.get),
            get=speech.count(effect.get),
            how=speech.say("{part} cheaper", "立减{part}", part=part) if part else speech.say("free", "免费"),
        )
    assert isinstance(effect, MorePoints), "a partner's code is told of by itself"
    return speech.say(
        "{times} times as many {coin}",
        "{coin}按{times}倍计",
        times=speech.ratio(effect.times, effect.over),
        coin=speech.coin(effect.currency),
    )

"""What members are told of paying with points: what they are worth, how many may be used, and what a return gives."""

from collections.abc import Iterator
from typing import Final

from regulars.features.pay.mechanic import PERMILLE, Settings
from regulars.kernel.program.terms import Clause, Speech, Trial, name_selection, tell_bounds

__all__ = ["TELLS_RETURNS", "terms"]

TELLS_RETURNS: Final = True


def terms(settings: Settings, speech: Speech, _trial: Trial) -> Iterator[Clause]:
    """Tell members how they pay with points."""
    goods = name_selection(speech, settings.lines)
    coin = speech.coin(settings.currency)
    text = speech.say(
        "Purchases can be paid with {coin}: {points} take {money} off{goods}.",
        "购物可用{coin}抵扣{goods}：每{points}抵{money}。",
        coin=coin,
        points=speech.points(settings.currency, settings.points),
        money=speech.money(settings.minor),
        goods=speech.say(" {goods}", "（限{goods}）", goods=goods) if goods else "",
    )
    yield Clause(text=text)
    yield from tell_bounds(speech, settings.lines)
    if settings.share_permille < PERMILLE:
        part = speech.percent(settings.share_permille)
        yield Clause(
            text=speech.say(
                "They pay at most {part} of what is to be paid after other discounts.",
                "最多可抵扣优惠后应付金额的{part}。",
                part=part,
            )
        )
    if settings.step > 1:
        text = speech.say(
            "They are used in multiples of {n}.",
            "须按{n}的整数倍使用。",
            n=speech.points(settings.currency, settings.step),
        )
        yield Clause(text=text)
    if settings.minimum > 1:
        text = speech.say(
            "At least {n} are used at once.", "单笔最少使用{n}。", n=speech.points(settings.currency, settings.minimum)
        )
        yield Clause(text=text)
    if settings.maximum is not None:
        text = speech.say(
            "At most {n} are used for one purchase.",
            "单笔最多使用{n}。",
            n=speech.points(settings.currency, settings.maximum),
        )
        yield Clause(text=text)
    text = speech.say(
        "What is brought back gives back what was paid for it: money as money, and {coin} as {coin}, with the life they"
        " had; those that have ended meanwhile live on for 30 days. What is paid with {coin} earns none.",
        "退货时按原支付方式退回：现金退现金，{coin}退{coin}，有效期不变；退回时已过期的，自退回起30天内可用。{coin}抵扣部分不再获得积分。",
        coin=coin,
    )
    yield Clause(text=text)

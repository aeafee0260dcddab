"""What members are told of a reward: what it costs, how it is collected, and how long it can be cancelled."""

from collections.abc import Iterator
from typing import Final

from regulars.features.rewards.model import Price, Settings
from regulars.kernel.program.terms import Clause, Speech, Trial

__all__ = ["TELLS_RETURNS", "terms"]

TELLS_RETURNS: Final = True


def terms(settings: Settings, speech: Speech, _trial: Trial) -> Iterator[Clause]:
    """Tell members what the reward is, what it costs, and what becomes of an order."""
    ways = [_tell_price(price, speech) for price in settings.price]
    title = speech.quote(speech.call(settings.title, settings.reward))
    what = "{ways} can be exchanged for {title}{by}.", "{ways}可兑换{title}{by}。"
    by = speech.say(", given by a partner of ours", "（由合作伙伴提供）") if settings.sort == "partner" else ""
    yield Clause(text=speech.say(*what, ways=speech.join(ways, "or"), title=title, by=by))
    if settings.text is not None:
        yield Clause(text=speech.call(settings.text, ""))
    if settings.stock:
        text = speech.say("While stocks last: what is gone cannot be ordered.", "数量有限，兑完即止。")
        yield Clause(text=text)
    if settings.quantity_max > 1:
        text = speech.say("At most {n} at once.", "单次最多兑换{n}件。", n=settings.quantity_max)
        yield Clause(text=text)
    yield from _tell_collecting(settings, speech)
    yield _tell_cancelling(settings, speech)


def _tell_price(price: Price, speech: Speech) -> str:
    points = speech.points(price.currency, price.points)
    if not price.cash_minor:
        return points
    return speech.say("{points} and {money}", "{points}加{money}", points=points, money=speech.money(price.cash_minor))


def _tell_collecting(settings: Settings, speech: Speech) -> Iterator[Clause]:
    if settings.collect_days is None:
        return
    text = speech.say(
        "It can be collected on the day on which it is ready, and until {n} days after it.",
        "可领取当日起，至其后第{n}天止可领取。",
        n=settings.collect_days,
    )
    yield Clause(text=text)
    if settings.uncollected == "refund":
        text = speech.say(
            "If it is not collected by then, the order ends, and as many points are given anew, as if earned that day.",
            "逾期未领取的，订单结束，并重新发放等额积分，有效期自发放之日起计算。",
        )
    else:
        text = speech.say(
            "If it is not collected by then, the order ends, and the points are not given back.",
            "逾期未领取的，订单结束，积分不予退还。",
        )
    yield Clause(text=text)


def _tell_cancelling(settings: Settings, speech: Speech) -> Clause:
    if settings.sort == "coupon":
        text = speech.say(
            "The coupon is there at once. While it is not used, the exchange can be cancelled: the points come back"
            " with the end that they had.",
            "优惠券即时到账；未使用前可取消兑换，积分按原有效期退回。",
        )
    elif settings.fulfilment == "at_once":
        text = speech.say("It is handed over at once; the exchange cannot be cancelled.", "即时兑付，兑换后不可取消。")
    else:
        text = speech.say(
            "Until it is handed over, the exchange can be cancelled: the points come back with the end that they had.",
            "领取前可取消兑换，积分按原有效期退回。",
        )
    return Clause(text=text)

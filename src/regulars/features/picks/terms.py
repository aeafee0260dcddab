"""What members are told of weekly picks: which categories can be theirs, since when they count, and what they bring."""

from collections.abc import Iterator
from typing import Final

from regulars.features.picks.mechanic import Settings
from regulars.kernel.program.terms import Clause, Speech, Trial

__all__ = ["TELLS_RETURNS", "terms"]

TELLS_RETURNS: Final = True


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members how their categories are found."""
    base = speech.join([speech.quote(speech.call(it.offer.name, it.id)) for it in trial.list_base(settings.currency)])
    text = speech.say(
        "{title}: each week, from Monday on, up to {picks} categories are your own: those on which you spent most in"
        " the {weeks} weeks before, among {categories}.",
        "{title}：每周一起，从{categories}中选出您此前{weeks}周消费金额最高的至多{picks}个品类，作为您的本周精选。",
        title=speech.quote(speech.call(settings.title, "")),
        picks=speech.count(settings.picks),
        weeks=speech.count(settings.weeks),
        categories=speech.join(settings.categories, "and"),
    )
    yield Clause(text=text)
    text = speech.say(
        "The {coin} that items in them bring under {base} are given {times} times in all. What comes on top is reckoned"
        " once over the purchase, rounded down.",
        "精选品类商品在{base}中所得的{coin}按{times}倍计，加赠部分按整单计算一次，不足一个单位的舍去。",
        coin=speech.coin(settings.currency),
        base=base or speech.say("the basic rates", "基础规则"),
        times=speech.ratio(settings.times, settings.over),
    )
    yield Clause(text=text)
    text = speech.say(
        "What comes back is no longer counted for later weeks, and takes what it brought along.",
        "退货商品不再计入此后各周的评选，其加赠部分一并收回。",
    )
    yield Clause(text=text)

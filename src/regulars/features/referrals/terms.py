"""What members are told of referrals: who is new, what counts, when it is paid, and what is no longer taken back."""

from collections.abc import Iterator, Sequence
from typing import Final

from regulars.features.referrals.model import REFERRED, Gift, Reward, Settings
from regulars.kernel.program.terms import Clause, Speech, Trial, name_selection, tell_bounds

__all__ = ["TELLS_RETURNS", "terms"]

TELLS_RETURNS: Final = True

THINGS: Final = {"coupon": ("the coupon {it}", "优惠券{it}"), "badge": ("the badge {it}", "{it}徽章")}


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members how a referral works."""
    acts = [kind for kind in trial.kinds if kind != REFERRED]
    yield _tell_gain(settings, speech)
    yield _tell_newcomer(settings, speech, acts)
    yield _tell_act(settings, speech, acts)
    yield from tell_bounds(speech, settings.lines)
    yield from _tell_hold(settings, speech, acts, keeps=trial.bound.offer.on_return == "keep")
    if settings.most_per_month is not None:
        text = speech.say(
            "Whoever recommends is rewarded for at most {n} new members in each calendar month, by the month in which"
            " the rewards come; the new members get theirs all the same.",
            "推荐人每个自然月最多获{n}次奖励（以奖励发放时间为准），被推荐的新会员不受此限。",
            n=speech.count(settings.most_per_month),
        )
        yield Clause(text=text)
    yield from _tell_bounds_of_people(settings, speech)


def _tell_gain(settings: Settings, speech: Speech) -> Clause:
    sides: list[str] = []
    if not settings.newcomer.is_nothing:
        gain = _tell_reward(settings.newcomer, speech)
        sides.append(speech.say("the new member gets {gain}", "新会员可得{gain}", gain=gain))
    if not settings.referrer.is_nothing:
        gain = _tell_reward(settings.referrer, speech)
        sides.append(speech.say("whoever recommended us gets {gain}", "推荐人可得{gain}", gain=gain))
    joined = ("，" if speech.lang == "zh" else "; ").join(sides)
    return Clause(text=speech.say("Recommend us: {sides}.", "推荐有礼：{sides}。", sides=joined))


def _tell_newcomer(settings: Settings, speech: Speech, acts: Sequence[str]) -> Clause:
    if settings.within_days:
        en = (
            "The new member says who recommended us on the day of joining or at most {n} days after it, and before the"
            " first {kind}. It is said once and stays so."
        )
        zh = "新会员须在入会当天或之后{n}天内、首次{kind}之前登记推荐人；推荐人登记后不可更改。"
    else:
        en = (
            "The new member says who recommended us on the day of joining, and before the first {kind}. It is said once"
            " and stays so."
        )
        zh = "新会员须在入会当天、首次{kind}之前登记推荐人；推荐人登记后不可更改。"
    return Clause(text=speech.say(en, zh, n=speech.count(settings.within_days), kind=speech.kind(acts)))


def _tell_act(settings: Settings, speech: Speech, acts: Sequence[str]) -> Clause:
    goods = name_selection(speech, settings.lines)
    en = "What counts is the new member's first {kind}{goods} that fits, on that day or in the {n} days after it."
    zh = "新会员须在登记当天或之后{n}天内完成一次{goods}符合条件的{kind}；有多次的，以首次为准。"
    if not settings.days:
        en = "What counts is the new member's first {kind}{goods} that fits, on that same day."
        zh = "新会员须在登记当天完成一次{goods}符合条件的{kind}；有多次的，以首次为准。"
    text = speech.say(
        en,
        zh,
        n=speech.count(settings.days),
        kind=speech.kind(acts),
        goods=speech.say(" with {it}", "含{it}、", it=goods) if goods else "",
    )
    return Clause(text=text)


def _tell_hold(settings: Settings, speech: Speech, acts: Sequence[str], *, keeps: bool) -> Iterator[Clause]:
    if settings.hold_days:
        en = "Rewards come when {n} whole days have passed after the day of that {kind}."
        zh = "奖励自该次{kind}的次日起满{n}天后发放。"
    else:
        en, zh = "Rewards come when the day of that {kind} is over.", "奖励于该次{kind}的次日零点发放。"
    yield Clause(text=speech.say(en, zh, n=speech.count(settings.hold_days), kind=speech.kind(acts)))
    if keeps:
        text = speech.say("What is brought back changes nothing.", "发生退货的，不影响奖励发放。")
    else:
        text = speech.say(
            "What is brought back before then does not count: if too little is left, the next {kind} in these days that"
            " is large enough takes its place, or nobody is rewarded. What is brought back later takes nothing away"
            " from either.",
            "发放前退货、剩余部分不再符合条件的，改以期限内下一次符合条件的{kind}为准；没有的，双方均不奖励。"
            "发放后退货的，双方已得奖励不收回。",
            kind=speech.kind(acts),
        )
    yield Clause(text=text)


def _tell_bounds_of_people(settings: Settings, speech: Speech) -> Iterator[Clause]:
    if settings.within_household:
        en = "Nobody recommends themselves, whichever cards or numbers they use."
        zh = "不得以本人的其他卡号、手机号自荐；"
    else:
        en = "Nobody recommends themselves, whichever cards or numbers they use, or somebody of their own household."
        zh = "不得以本人的其他卡号、手机号自荐，同一家庭的成员之间不得互荐；"
    zh += "推荐过他人的会员不能再作为被推荐人。"
    en += " Whoever has recommended us to others cannot be recommended any more."
    yield Clause(text=speech.say(en, zh))


def _tell_reward(reward: Reward, speech: Speech) -> str:
    gains = [speech.points(reward.currency or "", reward.points)] if reward.points else []
    return speech.join([*gains, *(_tell_gift(gift, speech) for gift in reward.grants)])


def _tell_gift(gift: Gift, speech: Speech) -> str:
    name = speech.quote(_find_name(gift, speech))
    text = speech.say(*THINGS.get(gift.kind, ("{it}", "{it}")), it=name)
    return text if gift.count == 1 else speech.say("{n} × {it}", "{it}{n}份", n=speech.count(gift.count), it=text)


def _find_name(gift: Gift, speech: Speech) -> str:
    """What people call it: as the offer says that gives it out."""
    for offer in speech.document.offers:
        said = offer.settings
        if offer.mechanic == f"{gift.kind}s" and gift.what in {said.get("id"), said.get(gift.kind)}:
            return speech.call(said.get("title") or said.get("name") or offer.name, gift.what)
    return gift.what

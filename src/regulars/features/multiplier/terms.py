"""What members are told of a multiplier: what it multiplies, by how much, and an example that was worked out."""

from collections.abc import Iterator
from datetime import date

from regulars.features.multiplier.mechanic import Settings
from regulars.kernel.program.terms import (
    Clause,
    Speech,
    Trial,
    fit_line,
    name_selection,
    tell_bounds,
    tell_occasion,
)

__all__ = ["terms"]


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members what is multiplied."""
    base = speech.join([speech.quote(speech.call(it.offer.name, it.id)) for it in trial.list_base(settings.currency)])
    goods = name_selection(speech, settings.lines)
    text = speech.say(
        "The {it} that {kinds} bring under {base} are given {times} times in all{goods}. Other gifts of {it} are not"
        " multiplied.",
        "{kinds}在{base}中所得的{it}按{times}倍计{goods}；其他加赠的{it}不参与翻倍。",
        it=speech.coin(settings.currency),
        kinds=speech.kinds(trial.kinds),
        base=base or speech.say("the basic rates", "基础规则"),
        times=speech.ratio(settings.times, settings.over),
        goods=speech.say(", as far as they belong to {goods}", "（限{goods}）", goods=goods) if goods else "",
    )
    yield Clause(text=text)
    yield from tell_bounds(speech, settings.lines)
    if settings.basket_minimum_minor:
        money = speech.money(settings.basket_minimum_minor)
        yield Clause(text=speech.say("The purchase must come to {it} or more.", "整单须满{it}。", it=money))
    if settings.occasion is not None:
        yield tell_occasion(speech, settings.occasion)
    if settings.points_max is not None:
        most = speech.points(settings.currency, settings.points_max)
        text = speech.say(
            "At most {it} come on top for one {kind}.",
            "单次{kind}最多加赠{it}。",
            it=most,
            kind=speech.kind(trial.kinds),
        )
        yield Clause(text=text)
    if settings.over > 1:
        yield _tell_rounding(settings, speech)
    yield from _tell_example(settings, speech, trial)


def _tell_rounding(settings: Settings, speech: Speech) -> Clause:
    how = {
        "down": ("dropped", "舍去"),
        "nearest": ("rounded to the nearest whole, a half up", "四舍五入"),
        "up": ("rounded up", "进一"),
    }[settings.round]
    text = speech.say(
        "What comes on top is reckoned once over the purchase; what is less than {one} is {how}.",
        "加赠部分按整单计算一次，不足{one}的部分{how}。",
        one=speech.points(settings.currency, 1),
        how=speech.say(*how),
    )
    return Clause(text=text)


def _tell_example(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    base = 7 * settings.over + 1
    least = max(settings.basket_minimum_minor, settings.lines.minimum_minor, 1)
    line = fit_line(settings.lines, least, max(settings.lines.minimum_milli, 1000))
    occasion = settings.occasion
    years = 1 if occasion is None else max((*occasion.years[:1], 1))
    more = trial.earn(
        settings.currency,
        line,
        store=settings.lines.stores[0] if settings.lines.stores else "",
        traits={} if occasion is None else {occasion.trait: f"{trial.day:%m-%d}"},
        base=base,
        joined=date(trial.day.year - years, trial.day.month, trial.day.day),
    )
    if more:
        text = speech.say(
            "Example: where {base} are multiplied, {more} come on top.",
            "例：参与翻倍的为{base}时，另得{more}。",
            base=speech.points(settings.currency, base),
            more=speech.points(settings.currency, more),
        )
        yield Clause(text=text)

"""What members are told of a gift: what it is, what brings it, and that it goes back with the purchase."""

from collections.abc import Iterator
from typing import Final

from regulars.features.gifts.mechanic import Settings
from regulars.kernel.program.terms import Clause, Speech, Trial, name_selection, tell_bounds

__all__ = ["TELLS_RETURNS", "terms"]

TELLS_RETURNS: Final = True


def terms(settings: Settings, speech: Speech, trial: Trial) -> Iterator[Clause]:
    """Tell members what brings the gift."""
    goods = name_selection(speech, settings.lines)
    title = speech.quote(speech.call(settings.title, settings.what))
    text = speech.say(
        "For each {kind} you get {count}{title}{goods}.",
        "{kind}即获赠{title}{count}{goods}。",
        kind=speech.kind(trial.kinds),
        title=title,
        count=speech.say("{n} × ", "{n}份", n=speech.count(settings.count)) if settings.count > 1 else "",
        goods=speech.say(" where {goods} are among them", "（须含{goods}）", goods=goods) if goods else "",
    )
    yield Clause(text=text)
    yield from tell_bounds(speech, settings.lines)
    if settings.stock is not None or settings.budget_minor is not None:
        yield Clause(text=speech.say("While stocks last.", "数量有限，赠完即止。"))
    text = speech.say(
        "It goes back with the purchase that brought it, as far as it is not used.",
        "所购商品整单退货时，未使用的赠礼一并收回。",
    )
    yield Clause(text=text)

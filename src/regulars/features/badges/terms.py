"""What members are told of a badge: what it is called and given for."""

from collections.abc import Iterator, Mapping
from typing import Final

from regulars.features.badges.mechanic import Settings
from regulars.kernel.program import Names
from regulars.kernel.program.terms import Clause, Speech, Trial

__all__ = ["TELLS_RETURNS", "names", "terms"]

TELLS_RETURNS: Final = True


def names(settings: Settings) -> Mapping[str, Mapping[str, Names]]:
    """What people call members who have the badge."""
    return {f"badge.{settings.badge}": {str(True): settings.title}}


def terms(settings: Settings, speech: Speech, _trial: Trial) -> Iterator[Clause]:
    """Tell members of the badge."""
    name = speech.quote(speech.call(settings.title, settings.badge))
    text = speech.say(
        "The badge {name} is given by other offers, which say for what. It has no value in money.",
        "{name}徽章由其他活动发放，获得条件以相应活动规则为准；徽章不具现金价值。",
        name=name,
    )
    yield Clause(text=text)
    if settings.text is not None:
        yield Clause(text=speech.call(settings.text, settings.badge))

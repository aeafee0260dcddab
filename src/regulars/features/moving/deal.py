"""What the programme knows that an import may speak of: currencies, levels, coupons, traits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from regulars.kernel import program

__all__ = ["Deal", "describe_deal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """The names of the programme that is live as of the import."""

    currencies: frozenset[str]
    levels: Mapping[str, tuple[str, ...]]
    """By trait: the levels that it may be."""
    coupons: frozenset[str]
    outside: Mapping[str, program.Outside]
    """Traits that are told from outside."""
    begins: datetime
    """When the first programme began: nothing of before can be told."""


def describe_deal(releases: program.Releases, at: datetime) -> Deal:
    """Describe what is live at a moment. Raises NoProgram."""
    document = releases.plan_at(at).document
    mechanics = program.find_mechanics()
    levels: dict[str, tuple[str, ...]] = {}
    coupons: set[str] = set()
    for offer in document.offers:
        mechanic = mechanics[offer.mechanic]
        settings = msgspec.convert(offer.settings, mechanic.settings)
        levels.update(mechanic.sets(settings))
        coupons.update(what for kind, what in mechanic.provides(settings) if kind == "coupon")
    return Deal(
        currencies=frozenset(document.currencies),
        levels=levels,
        coupons=frozenset(coupons),
        outside=program.describe_outside(document),
        begins=min(release.live_from for release in releases.all if releases.release_at(release.live_from) is not None),
    )

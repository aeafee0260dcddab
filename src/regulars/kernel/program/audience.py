"""For whom an offer runs: by traits, segments, stores, channels, and shares of all members that no one chose."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from regulars.kernel.nouns import Scalar
from regulars.kernel.program.envelope import PERMILLE, SEGMENT, Audience, Share
from regulars.kernel.program.gates import Fact, Sight, Told

__all__ = ["AudienceGate", "bind_audience", "number_of"]

HASHED_BYTES: Final = 8


def number_of(member: UUID, salt: str) -> int:
    """A member's number from 0 to 999, always the same for a salt, and evenly spread.

    The first 8 bytes of SHA-256 over `salt:member`, read as a whole number, modulo 1000; the member's id is written as
    usual, in small letters with dashes.
    """
    digest = sha256(f"{salt}:{member}".encode()).digest()
    return int.from_bytes(digest[:HASHED_BYTES]) % PERMILLE


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceGate:
    """Open to members, and at places, of which all holds that is said; of one list, one is enough."""

    traits: tuple[tuple[str, tuple[Scalar, ...], frozenset[tuple[type, Scalar]]], ...]
    """(trait, values, the same with their types: true is not 1)."""
    segments: tuple[str, ...]
    """Their traits."""
    stores: frozenset[str] | None
    channels: frozenset[str] | None
    share: Share | None
    name: str = "audience"

    def admits(self, sight: Sight) -> bool:
        """Whether all of it holds."""
        return not self._find_misses(sight)

    def tell(self, sight: Sight) -> Told:
        """The member's values; and for all that does not hold, those of which one is needed."""
        step, values = sight.step, dict[str, Fact]()
        needs: dict[str, Fact] = {}
        for trait, allowed, _ in self.traits:
            values[trait] = step.traits.get(trait)
            needs[trait] = allowed
        if self.segments:
            values["segments"] = tuple(name.removeprefix(SEGMENT) for name in self.segments if step.traits.get(name))
            needs["segments"] = tuple(name.removeprefix(SEGMENT) for name in self.segments)
        if self.stores is not None:
            values["store"], needs["store"] = step.activity.store, tuple(sorted(self.stores))
        if self.channels is not None:
            values["channel"], needs["channel"] = step.activity.channel, tuple(sorted(self.channels))
        if self.share is not None:
            values["share"] = number_of(step.member, self.share.salt)
            needs["share"] = (self.share.start, self.share.start + self.share.permille - 1)
        misses = self._find_misses(sight)
        return Told(gate=self.name, admits=not misses, values=values, needs={name: needs[name] for name in misses})

    def _find_misses(self, sight: Sight) -> list[str]:
        step = sight.step
        traits, missed = step.traits, list[str]()
        for trait, _, allowed in self.traits:
            value = traits.get(trait)
            if (type(value), value) not in allowed:
                missed.append(trait)
        if self.segments and not any(traits.get(name) is True for name in self.segments):
            missed.append("segments")
        if self.stores is not None and step.activity.store not in self.stores:
            missed.append("store")
        if self.channels is not None and step.activity.channel not in self.channels:
            missed.append("channel")
        share = self.share
        if share is not None and not share.start <= number_of(step.member, share.salt) < share.start + share.permille:
            missed.append("share")
        return missed


def bind_audience(audience: Audience) -> AudienceGate:
    """Make an audience ready to be compared."""
    return AudienceGate(
        traits=tuple(
            (trait, values, frozenset((type(value), value) for value in values))
            for trait, values in sorted(audience.traits.items())
        ),
        segments=tuple(SEGMENT + name for name in audience.segments),
        stores=None if audience.stores is None else frozenset(audience.stores),
        channels=None if audience.channels is None else frozenset(audience.channels),
        share=audience.share,
    )

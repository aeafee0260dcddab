"""The traits that a programme's own offers set."""

import msgspec

from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document

__all__ = ["list_set_traits"]


def list_set_traits(document: Document) -> frozenset[str]:
    """List the traits that offers of a document set; all others come from outside."""
    mechanics = find_mechanics()
    return frozenset(
        trait
        for offer in document.offers
        for trait in mechanics[offer.mechanic].sets(msgspec.convert(offer.settings, mechanics[offer.mechanic].settings))
    )

"""A programme by somebody whom nobody knows: no condition of it is compiled before a child process has survived it."""

from collections.abc import Collection

import msgspec

from regulars.kernel.program.checks import check_meaning, collect_traits
from regulars.kernel.program.document import read_shape
from regulars.kernel.program.formulas import Formulas, Noted, list_texts
from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document, Offer, ProgramInvalid

__all__ = ["vet"]


def vet(text: str) -> Document:
    """Read a programme as `parse` does, once its conditions and formulas were tried within bounds: that takes seconds.

    A condition is also tried on the largest basket there may be, and refused where its loops turn too often. Raises
    ProgramInvalid with every problem that was found, in the order of the text.
    """
    source, document = read_shape(text)
    mechanics = find_mechanics()
    formulas = Formulas(document=document, traits=collect_traits(document, mechanics)[0])
    refused = formulas.vet(list(list_texts(document, mechanics)))
    # What else is wrong is told with it, of the document without those texts.
    found = check_meaning(_leave_out(document, [noted for noted, _ in refused]), mechanics)
    problems = [each.locate(source.places) for each in (*(found for _, found in refused), *found)]
    if problems:
        raise ProgramInvalid(sorted(problems, key=lambda it: (it.line, it.column)))
    return document


def _leave_out(document: Document, refused: Collection[Noted]) -> Document:
    """Put what is always so in the place of conditions, and nothing in that of formulas."""
    wrong = {noted.path for noted in refused}

    def clean(offer: Offer, index: int) -> Offer:
        settings = {
            name: "0" if ("offers", index, "settings", name) in wrong else value
            for name, value in offer.settings.items()
        }
        when = None if ("offers", index, "when") in wrong else offer.when
        return msgspec.structs.replace(offer, when=when, settings=settings)

    return msgspec.structs.replace(
        document, offers=tuple(clean(offer, index) for index, offer in enumerate(document.offers))
    )

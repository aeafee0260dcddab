"""The deal in members' words: terms that are generated from a programme's document, in English and Chinese."""

from regulars.kernel.program.terms.clauses import Chapter, Clause, Language, Terms
from regulars.kernel.program.terms.conditions import tell_formula
from regulars.kernel.program.terms.draw import draw_offers, draw_terms
from regulars.kernel.program.terms.goods import (
    name_goods,
    name_selection,
    tell_bounds,
    tell_exclusion,
    tell_occasion,
)
from regulars.kernel.program.terms.pages import write_html, write_markdown
from regulars.kernel.program.terms.speech import Called, Speech
from regulars.kernel.program.terms.trial import Trial, fit_line

__all__ = [
    "Called",
    "Chapter",
    "Clause",
    "Language",
    "Speech",
    "Terms",
    "Trial",
    "draw_offers",
    "draw_terms",
    "fit_line",
    "name_goods",
    "name_selection",
    "tell_bounds",
    "tell_exclusion",
    "tell_formula",
    "tell_occasion",
    "write_html",
    "write_markdown",
]

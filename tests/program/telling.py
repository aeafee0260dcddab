"""Terms as lines of text, for the stories that are told of them."""

from typing import Final

from regulars.kernel.program import compile_plan, parse
from regulars.kernel.program.terms import Chapter, Language, Terms, draw_terms
from tests.program.story import HEAD as STORY

__all__ = ["HEAD", "LANGS", "RATED", "WRAPPED", "draw", "offer", "read", "tell"]

LANGS: Final[tuple[Language, ...]] = ("en", "zh")
HEAD = STORY.replace("traits: [vip]", "traits: [vip, birthday]")


def draw(text: str, lang: Language) -> Terms:
    return draw_terms(compile_plan(parse(text)), lang)


def read(chapters: tuple[Chapter, ...]) -> list[str]:
    """Every title, clause and item, without numbers and notes."""
    said: list[str] = []
    for chapter in chapters:
        said.append(f"# {chapter.title}")
        for clause in chapter.clauses:
            said += [clause.text, *(f"- {item}" for item in clause.items)]
        said += read(chapter.parts)
    return said


def tell(text: str, lang: Language) -> list[str]:
    drawn = draw(text, lang)
    return [drawn.title, *read(drawn.chapters)]


def offer(mechanic: str, settings: str) -> str:
    on = "[purchase, stay]" if mechanic == "tiers" else "[purchase]"
    return f"  - {{id: it, name: {{en: It, zh-CN: 它}}, mechanic: {mechanic}, on: {on}, settings: {{{settings}}}}}\n"


RATED: Final = "currency: points, points: 1, per_minor: 100"
WRAPPED: Final = f"  - {{id: it, mechanic: spend, on: [purchase], settings: {{{RATED}}}, %s}}\n"
"""A plain offer, to be put into an envelope."""

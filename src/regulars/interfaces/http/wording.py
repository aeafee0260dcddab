"""Offers in the words of the terms: what cards show, of versions and of what is not kept yet."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Struct

from regulars.base import clock
from regulars.interfaces.http.comparing import Written, WrittenTwice, text_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.programs import NAMED, vet_apart
from regulars.interfaces.http.state import database_of
from regulars.kernel import program
from regulars.kernel.program.terms import Chapter, Language, draw_offers

__all__ = ["router"]

router = APIRouter(tags=["Programme"])

Lang = Annotated[Language, Query(description="Of the words: `en` or `zh`.")]
Named = Annotated[
    str,
    Path(pattern=r"^([0-9a-f]{6,64}|live)$", description="The first letters of its hash, six or more; or `live`."),
]


class ClauseView(Struct, frozen=True, kw_only=True):
    """One statement about an offer, with the list that belongs to it."""

    text: str
    items: tuple[str, ...] = ()


class OfferWords(Struct, frozen=True, kw_only=True):
    """An offer in words."""

    offer: str
    title: str
    """What people call it; its id where it has no name."""
    clauses: tuple[ClauseView, ...]
    """What it gives first, then when, for whom, how often, how much, and what a return does."""


class WordsView(Struct, frozen=True, kw_only=True):
    """Every offer of a programme in words, in the order in which they were written."""

    lang: Language
    offers: tuple[OfferWords, ...]


read_written = msgspec.json.Decoder(Written)


@router.get("/v1/programs/{version}/words")
@door(scope="program:read", gives={200: WordsView}, refuses=NAMED)
async def read_words(request: Request, version: Named, lang: Lang = "en") -> Response:
    """Read what each offer of a version says, in the words of the terms."""
    async with database_of(request).snapshot() as read:
        hash_ = await program.find_version(read, version, at=await clock.now(read))
        document = await program.read_document(read, hash_)
    return answer(await asyncio.to_thread(_say, document, lang))


@router.post("/v1/programs/words")
@door(
    scope="program:draft",
    takes=Written,
    gives={200: WordsView},
    refuses=(WrittenTwice, program.ProgramInvalid),
    examples={"A text": {"text": "program: corner\nmoney: EUR\n# and the rest of it\n"}},
)
async def say_words(request: Request, lang: Lang = "en") -> Response:
    """Say what each offer of a programme that is not kept yet would say in the terms. It has to be valid."""
    sent = await read_body(request, read_written)
    document = await vet_apart(request, text_of(sent))
    return answer(await asyncio.to_thread(_say, document, lang))


def _say(document: program.Document, lang: Language) -> WordsView:
    drawn = draw_offers(program.compile_plan(document), lang)
    return WordsView(lang=lang, offers=tuple(_view(offer, chapter) for offer, chapter in drawn.items()))


def _view(offer: str, chapter: Chapter) -> OfferWords:
    clauses = tuple(ClauseView(text=each.text, items=each.items) for each in chapter.clauses)
    return OfferWords(offer=offer, title=chapter.title, clauses=clauses)

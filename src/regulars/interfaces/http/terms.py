"""The terms of the programme that decides now, in words for its members."""

import asyncio
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from regulars.base import clock
from regulars.base.db import Read
from regulars.interfaces.http.kit import door
from regulars.interfaces.http.problems import ProgramNotLive
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel.program import Plan
from regulars.kernel.program.terms import Language, draw_terms, write_html, write_markdown
from regulars.kernel.spine import House

__all__ = ["router"]

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""For the page: nothing is loaded and nothing runs; its own style is within it."""

router = APIRouter(tags=["Programme"])

Lang = Annotated[Language, Query(description="The language: `en` or `zh`.")]
Form = Annotated[Literal["markdown", "html"], Query(description="A text in Markdown, or a page that stands alone.")]


@router.get("/v1/program/terms")
@door(scope="program:read", gives={200: "text/markdown, text/html"}, refuses=(ProgramNotLive,))
async def read_terms(request: Request, lang: Lang = "en", form: Form = "markdown") -> Response:
    """Read the terms of the programme that decides now, as members read them, generated from the document alone."""
    async with database_of(request).snapshot() as read:
        plan = await _find_plan(read, house_of(request))
    return await asyncio.to_thread(_write, plan, lang, form)


async def _find_plan(read: Read, house: House) -> Plan:
    releases = await house.versions.read(read)
    release = releases.release_at(await clock.now(read))
    if release is None:
        raise ProgramNotLive("No version of the programme is live. Publish one with `regulars program publish`.")
    return releases.plans[release.hash]


def _write(plan: Plan, lang: Language, form: str) -> Response:
    drawn = draw_terms(plan, lang)
    headers = {"Content-Language": "zh-CN" if lang == "zh" else "en"}
    if form == "html":
        headers["Content-Security-Policy"] = POLICY
        return Response(write_html(drawn), media_type="text/html", headers=headers)
    return Response(write_markdown(drawn), media_type="text/markdown", headers=headers)

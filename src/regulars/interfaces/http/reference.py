"""The reference: the API described for machines, and for people on one page that needs nothing from elsewhere."""

from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from regulars.interfaces.http.kit import PUBLIC, answer, door
from regulars.interfaces.http.page import POLICY, render
from regulars.interfaces.http.pages import is_built, show_ways_in
from regulars.interfaces.http.problems import Explanation, ProblemUnknown, explain

__all__ = ["router"]

router = APIRouter(tags=["Reference"])


class Welcome(Struct, frozen=True, kw_only=True):
    """What this server is, and where to read on."""

    name: str
    version: str
    docs: str
    openapi: str


@router.get("/")
@door(scope=PUBLIC, gives={200: Welcome})
async def welcome(request: Request) -> Response:
    """Tell what this server is, and where to read on. Browsers get a page with the ways in."""
    if "text/html" in request.headers.get("accept", "") and is_built():
        return show_ways_in(request)
    return answer(Welcome(name="Regulars", version=version("regulars"), docs="/docs", openapi="/openapi.json"))


@router.get("/openapi.json")
@door(scope=PUBLIC, gives={200: "application/json"})
async def describe_api(request: Request) -> Response:
    """Read this API's description in OpenAPI 3.1."""
    return Response(
        request.app.state.openapi, media_type="application/json", headers={"Cache-Control": "public, max-age=60"}
    )


@router.get("/docs")
@door(scope=PUBLIC, gives={200: "text/html"})
async def show_reference(request: Request) -> Response:
    """Read this API's reference, with examples to paste into a shell."""
    return Response(
        render(request.app.state.openapi, str(request.base_url).rstrip("/")),
        media_type="text/html",
        headers={"Content-Security-Policy": POLICY},
    )


@router.get("/problems/{code}")
@door(scope=PUBLIC, gives={200: Explanation}, refuses=(ProblemUnknown,))
async def explain_problem(code: str) -> Response:
    """Read what the code of a problem means."""
    return answer(explain(code))

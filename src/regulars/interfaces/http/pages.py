"""The pages that people use: console, member app and register, as they were built from `web/`."""

from importlib import resources
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi import Path as Placed
from starlette.responses import FileResponse, RedirectResponse

from regulars.base.errors import Refusal
from regulars.interfaces.http.kit import PUBLIC, door

__all__ = ["BUILT", "PageUnknown", "is_built", "router", "show_ways_in"]

BUILT: Final = Path(str(resources.files("regulars.interfaces.http"))) / "built"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""Ant Design writes its styles as it draws, so styles may stand in the page; scripts may not."""
KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
FOR_EVER: Final = "public, max-age=31536000, immutable"
NEWEST: Final = "no-cache"

router = APIRouter(tags=["Pages"], include_in_schema=False)

Place = Annotated[str, Placed(max_length=200, pattern=r"^[A-Za-z0-9._~@:/-]*$")]


class PageUnknown(Refusal):
    """There is no such page, or the pages were not built."""

    code, kind = "page_unknown", "not_found"


def is_built() -> bool:
    """Whether the pages are here: a checkout builds them by `make web`, a wheel brings them."""
    return (BUILT / "index.html").is_file()


def show_ways_in(request: Request) -> Response:
    """Send the page from which one goes to each of the others."""
    return _send(request, "index.html", NEWEST)


@router.get("/assets/{name:path}")
@door(scope=PUBLIC, gives={200: "text/javascript"}, refuses=(PageUnknown,))
async def read_asset(request: Request, name: Place) -> Response:
    """Read what a page is made of. Its name holds its digest, so it never changes."""
    return _send(request, f"assets/{name}", FOR_EVER)


@router.get("/console/{place:path}")
@door(scope=PUBLIC, gives={200: "text/html"}, refuses=(PageUnknown,))
async def open_console(request: Request, place: Place) -> Response:
    """Open the console, for people who work here."""
    return _open(request, "console", place)


@router.get("/member/{place:path}")
@door(scope=PUBLIC, gives={200: "text/html"}, refuses=(PageUnknown,))
async def open_member_app(request: Request, place: Place) -> Response:
    """Open the member app, on whatever the member holds in the hand."""
    return _open(request, "member", place)


@router.get("/register/{place:path}")
@door(scope=PUBLIC, gives={200: "text/html"}, refuses=(PageUnknown,))
async def open_register(request: Request, place: Place) -> Response:
    """Open the register: a till in the browser, for training and demos."""
    return _open(request, "register", place)


@router.get("/console")
@router.get("/member")
@router.get("/register")
@door(scope=PUBLIC, gives={303: None})
async def go_in(request: Request) -> Response:
    """Go to an entry whose name was typed without the last stroke."""
    return RedirectResponse(f"{request.url.path}/", status_code=303)


def _open(request: Request, entry: str, place: str) -> Response:
    """Send a file of an entry, or else its page: which of its pages is meant, the entry finds out itself."""
    is_file = "." in place.rpartition("/")[2] and _find(f"{entry}/{place}") is not None
    return _send(request, f"{entry}/{place}" if is_file else f"{entry}/index.html", NEWEST)


def _send(request: Request, name: str, kept: str) -> Response:
    found = _find(name)
    if found is None:
        raise PageUnknown("There is no such page. In a checkout, `make web` builds the pages.")
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    kind = KINDS.get(found.suffix, "application/octet-stream")
    if found.suffix == ".html":
        headers["Content-Security-Policy"] = POLICY
    squeezed = found.with_name(f"{found.name}.gz")
    if "gzip" in request.headers.get("accept-encoding", "") and squeezed.is_file():
        return FileResponse(squeezed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
    return FileResponse(found, media_type=kind, headers=headers)


def _find(name: str) -> Path | None:
    """Find a built file; nothing that lies elsewhere, whatever the name climbs to."""
    found = (BUILT / name).resolve()
    return found if found.is_relative_to(BUILT.resolve()) and found.is_file() else None

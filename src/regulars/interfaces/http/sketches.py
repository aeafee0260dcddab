"""Programmes that are being worked on: read with an ETag, written with If-Match, and made a version at the end."""

from datetime import datetime
from typing import Annotated, Any, Final, cast
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.features import sketches
from regulars.interfaces.http.comparing import ChangesView, Language, Written, WrittenTwice, text_of, view_changes
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.programs import NAMED, VersionView, draft_as, vet_apart
from regulars.interfaces.http.state import database_of, house_of
from regulars.kernel import program
from regulars.kernel.program.document import read_shape
from regulars.kernel.program.reading import read as read_plain

__all__ = ["router"]

SCOPE: Final = "program:draft"
READ: Final = "program:read"

router = APIRouter(tags=["Programme"])

SketchPath = Annotated[UUID, Path(description="Id of the sketch.")]
PageNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of the page.")]
Since = Annotated[int, Query(ge=1, le=2**31 - 1, description="The page that you began from.")]
Last = Annotated[
    str,
    Header(
        alias="If-Match",
        pattern=r'^"?[1-9][0-9]{0,8}"?$',
        description="The `page` that you read, which is also the ETag: nothing is done where it is not the last now.",
    ),
]
Called = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Note = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$", description="What was changed, and why.")]


class SketchIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A programme to work on: a copy of a version, or what is sent."""

    name: Called
    base: Annotated[
        str, Meta(pattern=r"^([0-9a-f]{6,64}|live)$", description="A version to begin from: its hash, or `live`.")
    ] = ""
    content: Written | None = None
    """What it says; without it, what `base` says."""
    note: Note = ""


class SketchChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sketch is to say now. It need not be a valid programme yet."""

    content: Written
    name: Called | None = None
    """Null: as it was called before."""
    note: Note = ""


class SketchDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version is to be made of a sketch."""

    note: Note = ""


class SketchView(Struct, frozen=True, kw_only=True):
    """A programme that is being worked on."""

    id: UUID
    name: str
    page: int
    """One more for each change. It is the ETag."""
    base: str
    """Hash of the version from which it began; empty: from nothing."""
    drafted: str
    """Hash of the version that was made of it last; empty: none yet."""
    begun_by: str
    begun_at: datetime
    changed_by: str
    changed_at: datetime


class SketchList(Struct, frozen=True, kw_only=True):
    """Every sketch, the one that was changed last first."""

    sketches: tuple[SketchView, ...]


class SketchWhole(Struct, frozen=True, kw_only=True):
    """A sketch with what it says."""

    sketch: SketchView
    text: str
    document: dict[str, Any] | None
    """The text read as YAML or JSON, whether it is a valid programme or not; null where it cannot be read."""


class PageView(Struct, frozen=True, kw_only=True):
    """One change of a sketch."""

    page: int
    by: str
    at: datetime
    note: str


class PagesView(Struct, frozen=True, kw_only=True):
    """Who changed a sketch, and when, the last change first."""

    pages: tuple[PageView, ...]


class PageWhole(Struct, frozen=True, kw_only=True):
    """How a sketch was after one change."""

    page: PageView
    text: str
    document: dict[str, Any] | None


REFUSED: Final = (sketches.SketchUnknown, sketches.SketchChanged)
EXAMPLE: Final = {"text": "program: corner\nmoney: EUR\n# and the rest of it\n"}
read_sketch_in = msgspec.json.Decoder(SketchIn)
read_change = msgspec.json.Decoder(SketchChange)
read_draft = msgspec.json.Decoder(SketchDraft)


@router.get("/v1/sketches")
@door(scope=READ, gives={200: SketchList})
async def list_sketches(request: Request) -> Response:
    """List the programmes that are being worked on."""
    async with database_of(request).snapshot() as read:
        found = await sketches.list_sketches(read)
    return answer(SketchList(sketches=tuple(_view(each) for each in found)))


@router.post("/v1/sketches")
@door(
    scope=SCOPE,
    takes=SketchIn,
    gives={201: SketchWhole},
    refuses=(*NAMED, WrittenTwice, sketches.SketchesFull),
    examples={"From nothing": {"name": "Spring", "content": EXAMPLE}},
)
async def begin_sketch(request: Request) -> Response:
    """Begin to work on a programme: on a copy of a version, or on what is sent. It decides nothing."""
    sent = await read_body(request, read_sketch_in)
    made = await database_of(request).run(lambda tx: _begin(tx, request, sent))
    return _answer(made, is_new=True)


@router.get("/v1/sketches/{sketch}")
@door(scope=READ, gives={200: SketchWhole}, refuses=(sketches.SketchUnknown,))
async def read_sketch(request: Request, sketch: SketchPath) -> Response:
    """Read a sketch. Its ETag is what a change has to name."""
    async with database_of(request).snapshot() as read:
        whole = await _read(read, sketch)
    return _answer(whole)


@router.put("/v1/sketches/{sketch}")
@door(
    scope=SCOPE,
    takes=SketchChange,
    gives={200: SketchWhole},
    refuses=(*REFUSED, WrittenTwice),
    examples={"A change": {"content": EXAMPLE, "note": "double points on tea"}},
)
async def write_sketch(request: Request, sketch: SketchPath, page: Last) -> Response:
    """Write what a sketch says now.

    Where somebody else changed it since you read it, nothing is written, and `context` says who did, when, and which
    page it is at: read that page beside yours.
    """
    sent = await read_body(request, read_change)
    made = await database_of(request).run(lambda tx: _write(tx, request, sketch, sent, _number(page)))
    return _answer(made)


@router.delete("/v1/sketches/{sketch}")
@door(scope=SCOPE, gives={204: None}, refuses=REFUSED)
async def discard_sketch(request: Request, sketch: SketchPath, page: Last) -> Response:
    """Throw a sketch away, with all its pages. Versions that were made of it stay."""
    await database_of(request).run(lambda tx: sketches.discard_sketch(tx, sketch, page=_number(page)))
    return Response(status_code=204)


@router.get("/v1/sketches/{sketch}/pages")
@door(scope=READ, gives={200: PagesView}, refuses=(sketches.SketchUnknown,))
async def list_sketch_pages(request: Request, sketch: SketchPath) -> Response:
    """List who changed a sketch, and when."""
    async with database_of(request).snapshot() as read:
        await _find(read, sketch)
        pages = await sketches.list_pages(read, sketch)
    return answer(PagesView(pages=tuple(_view_page(each) for each in pages)))


@router.get("/v1/sketches/{sketch}/pages/{page}")
@door(scope=READ, gives={200: PageWhole}, refuses=(sketches.SketchUnknown,))
async def read_sketch_page(request: Request, sketch: SketchPath, page: PageNumber) -> Response:
    """Read how a sketch was after one change."""
    async with database_of(request).snapshot() as read:
        found = await sketches.find_page(read, sketch, page)
    if found is None:
        raise sketches.SketchUnknown("There is no such page of a sketch, or it is kept no more.", sketch=str(sketch))
    return answer(PageWhole(page=_view_page(found), text=found.text, document=_decode(found.text)))


@router.get("/v1/sketches/{sketch}/pages/{page}/changes")
@door(
    scope=READ,
    gives={200: ChangesView},
    refuses=(sketches.SketchUnknown, program.ProgramInvalid),
)
async def compare_sketch_pages(
    request: Request, sketch: SketchPath, page: PageNumber, since: Since = 1, lang: Language = "en"
) -> Response:
    """Compare a page of a sketch with an earlier one: what somebody else changed while you were working on yours.

    Both have to have the shape of a programme, though they need not be valid.
    """
    async with database_of(request).snapshot() as read:
        before, after = await _read_shape(read, sketch, since), await _read_shape(read, sketch, page)
    return answer(view_changes(before, after, lang))


@router.post("/v1/sketches/{sketch}/draft")
@door(
    scope=SCOPE,
    takes=SketchDraft,
    gives={201: VersionView},
    refuses=(*REFUSED, program.ProgramInvalid),
    examples={"A version": {"note": "ready to be reviewed"}},
)
async def draft_sketch(request: Request, sketch: SketchPath, page: Last) -> Response:
    """Make a version of a sketch as it was read: a draft that others may simulate, review and publish.

    Raised with every problem where it is no valid programme yet, as `POST /v1/programs` does.
    """
    sent = await read_body(request, read_draft)
    async with database_of(request).snapshot() as read:
        text = await _read_as(read, sketch, _number(page))
    document = await vet_apart(request, text)
    view = await database_of(request).run(lambda tx: _draft(tx, request, sketch, (text, document), sent.note))
    return answer(view, status=201, headers={"Location": f"/v1/programs/{view.hash}"})


async def _read_shape(read: Read, id_: UUID, number: int) -> program.Document:
    page = await sketches.find_page(read, id_, number)
    if page is None:
        raise sketches.SketchUnknown("There is no such page of a sketch, or it is kept no more.", sketch=str(id_))
    return read_shape(page.text)[1]


async def _begin(tx: Tx, request: Request, sent: SketchIn) -> SketchWhole:
    at = await clock.now(tx)
    base = await program.find_version(tx, sent.base, at=at) if sent.base else ""
    if sent.content is not None:
        text = text_of(sent.content)
    elif base:
        text = await program.read_source(tx, base) or program.dump(await program.read_document(tx, base))
    else:
        raise WrittenTwice("Send `content`, or name in `base` the version to begin from.")
    id_ = house_of(request).new_id()
    told = sketches.Told(text=text, note=sent.note, by=key_of(request).name, at=at)
    return _show(await sketches.begin_sketch(tx, id_, sent.name, told, base=base), text)


async def _write(tx: Tx, request: Request, id_: UUID, sent: SketchChange, page: int) -> SketchWhole:
    there = await _find(tx, id_)
    text = text_of(sent.content)
    told = sketches.Told(text=text, note=sent.note, by=key_of(request).name, at=await clock.now(tx))
    return _show(await sketches.write_sketch(tx, id_, sent.name or there.name, told, page=page), text)


async def _draft(tx: Tx, request: Request, id_: UUID, made: tuple[str, program.Document], note: str) -> VersionView:
    text, document = made
    view = await draft_as(tx, request, document, text=text, note=note)
    await sketches.note_drafted(tx, id_, view.hash)
    return view


async def _find(read: Read, id_: UUID) -> sketches.Sketch:
    found = await sketches.find_sketch(read, id_)
    if found is None:
        raise sketches.SketchUnknown("There is no such sketch. Somebody may have thrown it away.", sketch=str(id_))
    return found


async def _read(read: Read, id_: UUID) -> SketchWhole:
    found = await _find(read, id_)
    return _show(found, await _read_as(read, id_, found.page))


async def _read_as(read: Read, id_: UUID, number: int) -> str:
    """Give the text of a sketch as it was read. Raises SketchUnknown, SketchChanged."""
    there = await _find(read, id_)
    if there.page != number:
        message = f"{there.changed_by} has changed this meanwhile. Look at it again, then make a version of it."
        raise sketches.SketchChanged(message, page=there.page, yours=number, by=there.changed_by)
    page = await sketches.find_page(read, id_, number)
    assert page is not None, "the last page is kept"
    return page.text


def _show(sketch: sketches.Sketch, text: str) -> SketchWhole:
    return SketchWhole(sketch=_view(sketch), text=text, document=_decode(text))


def _answer(whole: SketchWhole, *, is_new: bool = False) -> Response:
    headers = {"ETag": f'"{whole.sketch.page}"', "Cache-Control": "private, no-cache"}
    if is_new:
        headers["Location"] = f"/v1/sketches/{whole.sketch.id}"
    return answer(whole, status=201 if is_new else 200, headers=headers)


def _decode(text: str) -> dict[str, Any] | None:
    """Read a text as it is, for forms: a programme that is not valid yet has a document, too."""
    try:
        value: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        try:
            value = read_plain(text).value
        except program.ProgramInvalid:
            return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _number(etag: str) -> int:
    return int(etag.strip('"'))


def _view(sketch: sketches.Sketch) -> SketchView:
    return SketchView(
        id=sketch.id,
        name=sketch.name,
        page=sketch.page,
        base=sketch.base,
        drafted=sketch.drafted,
        begun_by=sketch.begun_by,
        begun_at=sketch.begun_at,
        changed_by=sketch.changed_by,
        changed_at=sketch.changed_at,
    )


def _view_page(page: sketches.Page) -> PageView:
    return PageView(page=page.number, by=page.by, at=page.at, note=page.note)

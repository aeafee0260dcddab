"""Versions of the programme: drafted, reviewed, tried on some, published, taken back. Who does it is the key."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import answer, door, read_body, read_cursor, write_cursor
from regulars.interfaces.http.once import write_once
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.state import database_of
from regulars.kernel import limits, program, spine

__all__ = ["NAMED", "TEXT_MAX", "PolicyView", "VersionView", "draft_as", "name_asker", "router", "vet_apart"]

TEXT_MAX: Final = 1024 * 1024
PAGE_MAX: Final = 200

router = APIRouter(tags=["Programme"])

Note = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$", description="Why; kept with the version.")]
Start = Annotated[datetime, Meta(tz=True, description="From when it decides. Without it: from now on.")]
Named = Annotated[
    str,
    Path(
        pattern=r"^([0-9a-f]{6,64}|live)$",
        description="The first letters of its hash, six or more; or `live`: whatever decides for everybody now.",
    ),
]
Hashed = Annotated[str, Path(pattern=r"^[0-9a-f]{6,64}$", description="The first letters of its hash, six or more.")]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]


class DraftIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A programme to keep as a draft."""

    text: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, description="The programme, in YAML or JSON.")]
    note: Note = ""


class ReviewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second person has looked at it and wants it."""

    note: Note = ""


class PilotIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On whom a version is to be tried."""

    on: program.Pilot
    live_from: Start | None = None
    note: Note = ""


class PublishIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version is to decide for everybody."""

    live_from: Start | None = None
    note: Note = ""


class StepIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version is taken back or retired."""

    note: Note = ""


class Done(Struct, frozen=True, kw_only=True):
    """What somebody did with a version."""

    by: str
    at: datetime
    note: str
    report: str = ""
    """Of a simulation: SHA-256 of its report."""


class VersionView(Struct, frozen=True, kw_only=True):
    """Where a version stands."""

    hash: str
    """Of its content: the name that receipts give it."""
    state: str
    """draft, simulated, reviewed, scheduled, pilot, live or retired."""
    drafted: Done
    simulated: Done | None
    reviewed: Done | None
    """None: reviewed by nobody."""
    retired: Done | None
    """By hand. A version that another took the place of is retired without."""
    live_from: datetime | None
    pilot: program.Pilot | None
    """On whom it is tried, or will be."""


class PolicyView(Struct, frozen=True, kw_only=True):
    """What a version needs before it may decide."""

    review: bool
    simulation: bool


class VersionPage(Struct, frozen=True, kw_only=True):
    """Versions, the newest first."""

    versions: tuple[VersionView, ...]
    policy: PolicyView
    next: str | None
    """Send it as `cursor` for the next page; None on the last."""


class StepView(Struct, frozen=True, kw_only=True):
    """One step of a version's life."""

    step: str
    """drafted, simulated, reviewed, retired; or a release: publish, pilot, end (of a pilot), back (by a rollback)."""
    by: str
    at: datetime
    note: str
    live_from: datetime | None = None
    """Of a release: from when it counts."""
    pilot: program.Pilot | None = None


class WholeView(Struct, frozen=True, kw_only=True):
    """A version with all that was done with it, and what it says."""

    version: VersionView
    steps: tuple[StepView, ...]
    """In the order in which they were taken."""
    document: dict[str, Any]
    """The content; its schema is that of the programme files."""
    text: str | None
    """As its author wrote it, comments and all; None where it came without."""


NAMED: Final = (program.VersionUnknown, program.VersionAmbiguous, program.NoProgram)
READY: Final = (program.VersionRetired, program.SimulationMissing, program.ReviewMissing)
BEGINS: Final = (spine.AlreadyDecided, program.LotsStranded, program.ProgramInvalid, limits.CeilingTooLow)
read_draft = msgspec.json.Decoder(DraftIn)
read_review = msgspec.json.Decoder(ReviewIn)
read_pilot = msgspec.json.Decoder(PilotIn)
read_publish = msgspec.json.Decoder(PublishIn)
read_step = msgspec.json.Decoder(StepIn)
read_place = msgspec.json.Decoder(tuple[str])


@router.get("/v1/programs")
@door(scope="program:read", gives={200: VersionPage}, refuses=(CursorInvalid,))
async def list_programs(request: Request, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List the versions of the programme, the newest draft first, with where each stands."""
    after = None if cursor is None else read_cursor(cursor, read_place)[0]
    async with database_of(request).snapshot() as read:
        page = await _list(read, after, limit)
    return answer(page)


@router.get("/v1/programs/{version}")
@door(scope="program:read", gives={200: WholeView}, refuses=NAMED)
async def read_version(request: Request, version: Named) -> Response:
    """Read a version: its content, the text of its author, and all that was done with it."""
    async with database_of(request).snapshot() as read:
        view = await _read(read, version)
    return answer(view)


@router.post("/v1/programs")
@door(
    scope="program:draft",
    takes=DraftIn,
    gives={201: VersionView},
    keyed=True,
    refuses=(program.ProgramInvalid,),
    examples={"A draft": {"text": "program: corner\nmoney: EUR\n# and the rest of it\n", "note": "double points"}},
)
async def draft_program(request: Request) -> Response:
    """Keep a programme as a draft. It decides nothing yet; sent again, it stays its first author's.

    Everything that is wrong with it is told at once: each of `context.problems` has a path, a line and a column. Its
    conditions and formulas are tried on the largest basket first, within bounds, which may take some seconds.
    """
    sent = await read_body(request, read_draft)
    document = await vet_apart(request, sent.text)
    return await _take(request, None, _drafting(sent, document), status=201)


@router.post("/v1/programs/{version}/review")
@door(
    scope="program:review",
    takes=ReviewIn,
    gives={200: VersionView},
    keyed=True,
    refuses=(
        *NAMED,
        program.VersionRetired,
        program.StepOutOfOrder,
        program.ReviewerIsAuthor,
        program.SimulationMissing,
    ),
    examples={"A review": {"note": "checked against the contract"}},
)
async def review_version(request: Request, version: Hashed) -> Response:
    """Say that you have looked at a version and want it. The key that drafted it cannot."""
    sent = await read_body(request, read_review)

    async def step(tx: Tx, hash_: str, by: str, at: datetime) -> str:
        return (await program.review(tx, hash_, by=by, at=at, note=sent.note)).hash

    return await _take(request, version, step)


@router.post("/v1/programs/{version}/pilot")
@door(
    scope="program:release",
    approval="publishing",
    takes=PilotIn,
    gives={200: VersionView},
    keyed=True,
    refuses=(*NAMED, *READY, *BEGINS, program.PilotInvalid, program.StepOutOfOrder),
    examples={
        "In two stores": {"on": {"stores": ["s1", "s2"]}},
        "On a tenth of the gold members": {"on": {"permille": 100, "trait": "tier", "values": ["gold"]}},
    },
)
async def pilot_version(request: Request, version: Hashed) -> Response:
    """Let a version decide for some, beside the live one that decides for all the others.

    Whatever fits all that is said is in. It ends when anything is published or rolled back.
    """
    sent = await read_body(request, read_pilot)

    async def step(tx: Tx, hash_: str, by: str, at: datetime) -> str:
        start = sent.live_from or at
        return (await spine.start_pilot(tx, hash_, sent.on, live_from=start, by=by, at=at, note=sent.note)).hash

    return await _take(request, version, step)


@router.post("/v1/programs/{version}/publish")
@door(
    scope="program:release",
    approval="publishing",
    takes=PublishIn,
    gives={200: VersionView},
    keyed=True,
    refuses=(*NAMED, *READY, *BEGINS),
    examples={"Now": {}, "At the turn of the month": {"live_from": "2026-12-01T00:00:00+08:00"}},
)
async def publish_version(request: Request, version: Hashed) -> Response:
    """Let a version decide for everybody. Sent again, it changes nothing. A pilot that is running ends."""
    sent = await read_body(request, read_publish)
    return await _take(request, version, _publishing(sent))


@router.post("/v1/programs/{version}/rollback")
@door(
    scope="program:release",
    takes=StepIn,
    gives={200: VersionView},
    keyed=True,
    refuses=(*NAMED, program.StepOutOfOrder, program.NothingToRollBack, program.LotsStranded),
    examples={"Back": {"note": "too dear"}},
)
async def roll_version_back(request: Request, version: Hashed) -> Response:
    """Get rid of a version that decides: end its pilot, or let the one before it decide again, from now on.

    Answered with the version that the release names. Sent again, it is refused: that version no longer decides.
    """
    sent = await read_body(request, read_step)

    async def step(tx: Tx, hash_: str, by: str, at: datetime) -> str:
        return (await spine.roll_back(tx, by=by, at=at, leave=hash_, note=sent.note)).hash

    return await _take(request, version, step)


@router.post("/v1/programs/{version}/retire")
@door(
    scope="program:release",
    takes=StepIn,
    gives={200: VersionView},
    keyed=True,
    refuses=(*NAMED, program.VersionRetired, program.StepOutOfOrder),
    examples={"Never again": {"note": "superseded"}},
)
async def retire_version(request: Request, version: Hashed) -> Response:
    """See that a version never decides again, unless it is drafted anew. A pilot of it ends now."""
    sent = await read_body(request, read_step)

    async def step(tx: Tx, hash_: str, by: str, at: datetime) -> str:
        return (await spine.retire(tx, hash_, by=by, at=at, note=sent.note)).hash

    return await _take(request, version, step)


Step = Callable[[Tx, str, str, datetime], Awaitable[str]]
"""Does something with a version, by somebody, at a time; gives the hash of the version to answer with."""


async def vet_apart(request: Request, text: str) -> program.Document:
    """Read a programme while others are served. One at a time: each may take much memory."""
    state = request.app.state
    if not hasattr(state, "vetting"):
        state.vetting = asyncio.Lock()
    async with state.vetting:
        return await asyncio.to_thread(program.vet, text)


def _drafting(sent: DraftIn, document: program.Document) -> Step:
    async def step(tx: Tx, _: str, by: str, at: datetime) -> str:
        return (await program.draft(tx, document, by=by, at=at, text=sent.text, note=sent.note)).hash

    return step


def _publishing(sent: PublishIn) -> Step:
    async def step(tx: Tx, hash_: str, by: str, at: datetime) -> str:
        document = await program.read_document(tx, hash_)
        await spine.publish(tx, document, live_from=sent.live_from or at, by=by, at=at, note=sent.note)
        return hash_

    return step


async def draft_as(tx: Tx, request: Request, document: program.Document, *, text: str, note: str) -> VersionView:
    """Keep a programme that was vetted as a draft, by whoever asks."""
    at = await clock.now(tx)
    hash_ = (await program.draft(tx, document, by=name_asker(request), at=at, text=text, note=note)).hash
    return _view(await program.read_life(tx, hash_, at=at))


def name_asker(request: Request) -> str:
    """Say who asks. Keys may have one name: the prefix tells them apart, so that nobody reviews their own."""
    key = key_of(request)
    return f"{key.name} ({key.prefix})"


async def _take(request: Request, version: str | None, step: Step, *, status: int = 200) -> Response:
    """Take a step with a version, in one transaction, as the key of the request."""
    by = name_asker(request)

    async def write(tx: Tx) -> VersionView:
        at = await clock.now(tx)
        hash_ = "" if version is None else await program.find_version(tx, version, at=at)
        hash_ = await step(tx, hash_, by, at)
        return _view(await program.read_life(tx, hash_, at=at))

    return await write_once(request, write, status=status, headers=_locate if version is None else None)


def _locate(view: VersionView) -> dict[str, str]:
    return {"Location": f"/v1/programs/{view.hash}"}


async def _list(read: Read, after: str | None, limit: int) -> VersionPage:
    lives = await program.list_lives(read, at=await clock.now(read))
    start = next((place + 1 for place, life in enumerate(lives) if life.hash == after), 0)
    if after is not None and not start:
        raise CursorInvalid("This is not a cursor of this listing. Leave it out to begin at the start.")
    shown = lives[start : start + limit]
    policy = await program.read_policy(read)
    return VersionPage(
        versions=tuple(_view(life) for life in shown),
        policy=PolicyView(review=policy.review, simulation=policy.simulation),
        next=write_cursor((shown[-1].hash,)) if len(lives) > start + limit else None,
    )


async def _read(read: Read, version: str) -> WholeView:
    at = await clock.now(read)
    hash_ = await program.find_version(read, version, at=at)
    story = await program.read_story(read)
    steps = [
        StepView(step=mark.kind, by=mark.by, at=mark.at, note=mark.note) for mark in story.marks if mark.hash == hash_
    ]
    steps += [
        StepView(step=it.kind, by=it.by, at=it.at, note=it.note, live_from=it.live_from, pilot=it.pilot)
        for it in story.releases
        if it.hash == hash_
    ]
    return WholeView(
        version=_view(await program.read_life(read, hash_, at=at)),
        steps=tuple(sorted(steps, key=lambda it: it.at)),
        document=msgspec.to_builtins(await program.read_document(read, hash_)),
        text=await program.read_source(read, hash_),
    )


def _view(life: program.Life) -> VersionView:
    drafted = _done(life.drafted)
    assert drafted is not None
    return VersionView(
        hash=life.hash,
        state=life.state,
        drafted=drafted,
        simulated=_done(life.simulated),
        reviewed=_done(life.reviewed),
        retired=_done(life.retired),
        live_from=life.live_from,
        pilot=life.pilot,
    )


def _done(mark: program.Mark | None) -> Done | None:
    return None if mark is None else Done(by=mark.by, at=mark.at, note=mark.note, report=mark.report)

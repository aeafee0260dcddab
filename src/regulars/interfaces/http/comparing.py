"""A programme looked at before it is kept: what is wrong with it, and what it would change."""

from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.interfaces.cli.changes import tell_changes
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.programs import NAMED, TEXT_MAX, vet_apart
from regulars.interfaces.http.state import database_of
from regulars.kernel import program

__all__ = ["ChangesView", "Language", "Written", "WrittenTwice", "router", "text_of", "view_changes"]

router = APIRouter(tags=["Programme"])

LIVE: Final = "live"
Language = Annotated[Literal["en", "zh"], Query(description="Of the words: `en` or `zh`.")]
Named = Annotated[
    str,
    Path(pattern=r"^([0-9a-f]{6,64}|live)$", description="The first letters of its hash, six or more; or `live`."),
]
Against = Annotated[
    str,
    Query(
        pattern=r"^([0-9a-f]{6,64}|live)$",
        description="What it was before: the first letters of a version's hash, or `live`.",
    ),
]


class WrittenTwice(Refusal):
    """A programme is sent as `text` or as `document`: one of the two."""

    code, kind = "written_twice", "invalid"


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A programme, as a text or as the document that forms build."""

    text: Annotated[str, Meta(max_length=TEXT_MAX, description="In YAML or JSON, comments and all.")] | None = None
    document: dict[str, Any] | None = None
    """The document itself, in the place of a text."""


class ProblemView(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a programme, and where."""

    message: str
    path: str
    """Such as `offers[0].settings.points`; empty where it is of the whole."""
    line: int
    """In the text, from 1; 0: not known, or a document was sent."""
    column: int


class CheckView(Struct, frozen=True, kw_only=True):
    """Whether a programme may be kept, and everything that is wrong with it."""

    valid: bool
    hash: str | None
    """The name that the version would have; null where it is not valid."""
    problems: tuple[ProblemView, ...]


class DifferenceIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two programmes: versions by their hashes, or what is not kept yet."""

    after: Written
    before: Annotated[
        str, Meta(pattern=r"^([0-9a-f]{6,64}|live)$", description="A version's hash, its first letters, or `live`.")
    ] = LIVE


class ChangeView(Struct, frozen=True, kw_only=True):
    """One difference."""

    kind: Literal["added", "removed", "changed"]
    what: str
    """`program`, `offer`, `currency`, `budget`, or the group (`catalog`, `conversions`, …)."""
    id: str
    """Of the offer or currency; empty otherwise."""
    path: str
    """The setting; empty: the whole of it."""
    before: Any
    after: Any
    said: str
    """The same as a line for people."""


class ChangesView(Struct, frozen=True, kw_only=True):
    """What changes from one programme to another. Order, layout and comments are no difference."""

    before: str
    after: str
    """Hashes of both."""
    changes: tuple[ChangeView, ...]


read_written = msgspec.json.Decoder(Written)
read_difference = msgspec.json.Decoder(DifferenceIn)
DRAFT: Final = {"text": "program: corner\nmoney: EUR\n# and the rest of it\n"}


@router.post("/v1/programs/check")
@door(
    scope="program:draft",
    takes=Written,
    gives={200: CheckView},
    refuses=(WrittenTwice,),
    examples={"A text": DRAFT, "A document": {"document": {"program": "corner", "money": "EUR"}}},
)
async def check_program(request: Request) -> Response:
    """Say everything that is wrong with a programme, with its place. Nothing is kept.

    Conditions and formulas are tried on the largest basket, within bounds, which may take some seconds.
    """
    sent = await read_body(request, read_written)
    return answer(await _check(request, sent))


@router.post("/v1/programs/changes")
@door(
    scope="program:draft",
    takes=DifferenceIn,
    gives={200: ChangesView},
    refuses=(*NAMED, WrittenTwice, program.ProgramInvalid),
    examples={"A text beside what is live": {"after": DRAFT}},
)
async def compare_unkept(request: Request, lang: Language = "en") -> Response:
    """Compare a programme that is not kept yet with a version: offers, currencies, budgets, setting by setting."""
    sent = await read_body(request, read_difference)
    after = await vet_apart(request, text_of(sent.after))
    async with database_of(request).snapshot() as read:
        before = await _open(read, sent.before)
    return answer(view_changes(before, after, lang))


@router.get("/v1/programs/{version}/changes")
@door(scope="program:read", gives={200: ChangesView}, refuses=NAMED)
async def compare_versions(
    request: Request, version: Named, against: Against = LIVE, lang: Language = "en"
) -> Response:
    """Compare a version with another, what is live unless another is named: what it changes, setting by setting."""
    async with database_of(request).snapshot() as read:
        before, after = await _open(read, against), await _open(read, version)
    return answer(view_changes(before, after, lang))


def text_of(written: Written) -> str:
    """Give what was written as one text. Raises WrittenTwice."""
    if (written.text is None) == (written.document is None):
        raise WrittenTwice("Send `text` (YAML or JSON) or `document`: one of the two.")
    return msgspec.json.encode(written.document).decode() if written.text is None else written.text


async def _check(request: Request, sent: Written) -> CheckView:
    text = text_of(sent)
    try:
        document = await vet_apart(request, text)
    except program.ProgramInvalid as invalid:
        has_places = sent.text is not None
        problems = tuple(
            ProblemView(
                message=it.message,
                path=it.path,
                line=it.line if has_places else 0,
                column=it.column if has_places else 0,
            )
            for it in invalid.problems
        )
        return CheckView(valid=False, hash=None, problems=problems)
    return CheckView(valid=True, hash=program.content_hash(document), problems=())


async def _open(read: Read, version: str) -> program.Document:
    hash_ = await program.find_version(read, version, at=await clock.now(read))
    return await program.read_document(read, hash_)


def view_changes(before: program.Document, after: program.Document, lang: Literal["en", "zh"]) -> ChangesView:
    """Tell what changes from one programme to another, as data and in words."""
    changes = program.compare(before, after)
    said = tell_changes(changes, lang=lang)
    return ChangesView(
        before=program.content_hash(before),
        after=program.content_hash(after),
        changes=tuple(
            ChangeView(kind=it.kind, what=it.what, id=it.id, path=it.path, before=it.before, after=it.after, said=line)
            for it, line in zip(changes, said, strict=False)
        ),
    )

"""Imports over HTTP: files and a mapping are looked at, problems are told by line, and what is good is brought."""

import asyncio
import base64
import binascii
import csv
import io
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.features import moving, tasks
from regulars.interfaces.http.guard import key_of, now_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.tasks import TaskPath, TaskView, find_own, view_task, wake
from regulars.interfaces.works.bringing import KIND, PROBLEMS, ImportAsked, Imported, decode_problems

__all__ = ["router"]

SCOPE: Final = "members:import"
BYTES_MAX: Final = 20 * 1024 * 1024
"""Of all files of an import together, unpacked."""
FILES_MAX: Final = 10
MAPPING_MAX: Final = 100_000
PAGE_MAX: Final = 1_000
GZIP: Final = 16 + zlib.MAX_WBITS
SPREADSHEET_RUNS: Final = ("=", "+", "-", "@", "\t", "\r")

router = APIRouter(tags=["Imports"])

After = Annotated[int, Query(ge=0, le=10**9, description="So many problems are passed over.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]


class ImportFilesInvalid(Refusal):
    """A file of an import cannot be unpacked, is too large, or is missing."""

    code, kind = "import_files_invalid", "invalid"


class ImportNotReady(Refusal):
    """The import was not looked at to its end, or was brought already."""

    code, kind = "import_not_ready", "conflict"


class ImportFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A CSV file."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
    """As the mapping calls it."""
    content: Annotated[str, Meta(max_length=14_000_000, pattern=r"^[A-Za-z0-9+/=]*$")]
    """Its bytes in base64, in whatever encoding the mapping says; pack a large one with gzip first."""
    is_gzipped: bool = False


class ImportIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files of another system, and how they are to be read."""

    mapping: Annotated[str, Meta(min_length=1, max_length=MAPPING_MAX)]
    """The name of a ready mapping, or a mapping as YAML or JSON."""
    files: Annotated[tuple[ImportFile, ...], Meta(min_length=1, max_length=FILES_MAX)]
    as_of: Annotated[datetime, Meta(tz=True)] | None = None
    """When everything changes hands; null: now."""


class ImportCommit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was looked at is to be brought."""

    keep_good: bool = False
    """Bring the lines that can be taken, although others cannot; without, nothing is written where one cannot."""


class ImportView(Struct, frozen=True, kw_only=True):
    """An import: how far it is, and what became of it."""

    task: TaskView
    dry_run: bool
    """It only looks, and writes nothing."""
    keep_good: bool
    look: UUID | None
    """The dry run that it follows."""
    files: tuple[str, ...]
    result: Imported | None


class ImportProblem(Struct, frozen=True, kw_only=True):
    """Something that cannot be taken as it is. It never quotes what a member is found by."""

    file: str
    line: int
    """From 1; the first is that of the names of columns."""
    column: str
    code: str
    """For machines."""
    what: str
    cure: str


class ImportProblems(Struct, frozen=True, kw_only=True):
    """Problems of an import, in the order of the files and their lines."""

    problems: tuple[ImportProblem, ...]
    found: int
    """How many there are."""


class ReadyMapping(Struct, frozen=True, kw_only=True):
    """A mapping that is ready to use, or to copy."""

    name: str
    text: str
    """YAML."""


class ReadyMappings(Struct, frozen=True, kw_only=True):
    """The mappings that are ready to use."""

    mappings: tuple[ReadyMapping, ...]


read_import_in = msgspec.json.Decoder(ImportIn)
read_commit = msgspec.json.Decoder(ImportCommit)
read_asked = msgspec.json.Decoder(ImportAsked)
read_imported = msgspec.json.Decoder(Imported)
MAPPING: Final = """\
mapping: members of the old till
source: old-till
key: card
members:
  file: members.csv
  identifiers: {card: card, phone: phone}
  joined_at: joined
"""
EXAMPLE: Final[dict[str, Any]] = {
    "mapping": MAPPING,
    "files": [
        {"name": "members.csv", "content": base64.b64encode(b"card,phone,joined\n62200001,,2024-05-01\n").decode()}
    ],
}


@router.get("/v1/imports/mappings")
@door(scope=SCOPE, gives={200: ReadyMappings})
async def list_mappings() -> Response:
    """List the mappings for the exports of well-known systems, to use or to copy."""
    found = [(name, moving.find_ready(name)) for name in moving.list_ready()]
    return answer(ReadyMappings(mappings=tuple(ReadyMapping(name=name, text=text or "") for name, text in found)))


@router.post("/v1/imports")
@door(
    scope=SCOPE,
    takes=ImportIn,
    gives={202: TaskView},
    refuses=(moving.MappingInvalid, ImportFilesInvalid, tasks.TasksFull),
    examples={"Members": EXAMPLE},
)
async def look_at_import(request: Request) -> Response:
    """Look at every line of files of another system, and say what would come of it. Nothing is written.

    Watch the task, read its problems, then bring it with `/commit`. The files are kept sealed for seven days.
    """
    sent = await read_body(request, read_import_in)
    mapped, text = _read_mapping(sent.mapping)
    files = await asyncio.to_thread(_unpack, sent.files)
    _check_files(mapped, files)
    asked = ImportAsked(mapping=text, files=tuple(each.name for each in files), dry_run=True, as_of=sent.as_of)
    return await _start(request, asked, files, title=mapped.mapping)


@router.get("/v1/imports/{task}")
@door(scope=SCOPE, gives={200: ImportView}, refuses=(tasks.TaskUnknown,))
async def read_import(request: Request, task: TaskPath) -> Response:
    """Read what became of an import: lines by file, and the books laid beside the source where it was written."""
    async with database_of(request).snapshot() as read:
        found = await find_own(read, request, task, kind=KIND)
    return answer(_view(found), headers={"Cache-Control": "no-store"})


@router.get("/v1/imports/{task}/problems")
@door(scope=SCOPE, gives={200: ImportProblems}, refuses=(tasks.TaskUnknown,))
async def list_import_problems(request: Request, task: TaskPath, after: After = 0, limit: Limit = 100) -> Response:
    """List what is wrong with lines of an import, with the cure. What a member is found by is never quoted."""
    problems = await _read_problems(request, task)
    shown = tuple(_view_problem(each) for each in problems[after : after + limit])
    return answer(ImportProblems(problems=shown, found=len(problems)))


@router.get("/v1/imports/{task}/problems.csv")
@door(scope=SCOPE, gives={200: "text/csv"}, refuses=(tasks.TaskUnknown,))
async def write_import_problems(request: Request, task: TaskPath) -> Response:
    """Read all problems of an import as CSV, for whoever mends the files."""
    problems = await _read_problems(request, task)
    headers = {"Content-Disposition": 'attachment; filename="problems.csv"', "Cache-Control": "no-store"}
    return Response(_write_csv(problems), media_type="text/csv", headers=headers)


@router.post("/v1/imports/{task}/commit")
@door(
    scope=SCOPE,
    takes=ImportCommit,
    gives={201: TaskView},
    refuses=(tasks.TaskUnknown, tasks.TasksFull, ImportNotReady, moving.ImportFaulty),
    approval="mass",
    examples={"The good lines": {"keep_good": True}},
)
async def commit_import(request: Request, task: TaskPath) -> Response:
    """Bring what was looked at: a task of its own. Sent again, it changes nothing, for every line has a name.

    Where lines cannot be taken, nothing is brought unless `keep_good` asks for the others.
    """
    sent = await read_body(request, read_commit)
    asked, files, title = await _take_up(request, task, keep_good=sent.keep_good)
    # 202 says that a second person is needed.
    return await _start(request, asked, files, title=title, status=201)


def _read_mapping(text: str) -> tuple[moving.Mapped, str]:
    """Read a mapping, or find the ready one of this name. Raises MappingInvalid."""
    ready = moving.find_ready(text)
    return moving.read_mapping(ready or text, name="mapping"), ready or text


def _unpack(sent: Sequence[ImportFile]) -> list[tasks.File]:
    """Unpack files, within bounds. Raises ImportFilesInvalid."""
    files: list[tasks.File] = []
    left = BYTES_MAX
    for each in sent:
        try:
            content = base64.b64decode(each.content, validate=True)
            if each.is_gzipped:
                unpacking = zlib.decompressobj(wbits=GZIP)
                content = unpacking.decompress(content, left + 1)
        except (binascii.Error, zlib.error) as error:
            raise ImportFilesInvalid(f"{each.name} cannot be unpacked: {error}.", file=each.name) from error
        left -= len(content)
        if left < 0:
            raise ImportFilesInvalid(f"All files together have at most {BYTES_MAX} bytes. Divide them.", file=each.name)
        files.append(tasks.File(name=each.name, content=content))
    return files


def _check_files(mapped: moving.Mapped, files: Sequence[tasks.File]) -> None:
    names = [each.name for each in files]
    for name in dict.fromkeys(part.file for _, part in mapped.list_parts()):
        if name not in names:
            raise ImportFilesInvalid(f"The mapping reads a file {name}, and it was not sent.", file=name)
    if len(set(names)) < len(names) or PROBLEMS in names:
        raise ImportFilesInvalid(f"Two files have one name, or one is called {PROBLEMS}.", file=names[0])


async def _start(
    request: Request, asked: ImportAsked, files: Sequence[tasks.File], *, title: str, status: int = 202
) -> Response:
    house, key, at = house_of(request), key_of(request), now_of(request)

    async def start(tx: Tx) -> tasks.Task:
        return await tasks.start_task(
            tx,
            house.keyring,
            house.new_id(),
            KIND,
            msgspec.json.encode(asked),
            title=title,
            by=f"{key.name} ({key.prefix})",
            at=at,
            files=files,
        )

    task = await database_of(request).run(start)
    wake(request)
    return answer(view_task(task), status=status, headers={"Location": f"/v1/tasks/{task.id}"})


async def _take_up(request: Request, task: UUID, *, keep_good: bool) -> tuple[ImportAsked, Sequence[tasks.File], str]:
    """Take up what a dry run looked at. Raises TaskUnknown, ImportNotReady, ImportFaulty."""
    keyring = house_of(request).keyring
    async with database_of(request).snapshot() as read:
        found = await find_own(read, request, task, kind=KIND)
        asked = read_asked.decode(found.asked)
        if found.result is None or not asked.dry_run:
            raise ImportNotReady("Only what was looked at to its end can be brought: wait until that task is done.")
        result = read_imported.decode(found.result)
        if result.problems_found and not keep_good:
            message = f"{result.problems_found} lines cannot be taken. Mend them, or bring the others with `keep_good`."
            raise moving.ImportFaulty(message, problems_found=result.problems_found)
        files = [
            tasks.File(name=name, content=await tasks.open_file(read, keyring, task, name)) for name in asked.files
        ]
    # As of the moment of the first look: what ends in between would otherwise be told otherwise.
    again = msgspec.structs.replace(asked, dry_run=False, keep_good=keep_good, as_of=result.as_of, look=task)
    return again, files, found.title


async def _read_problems(request: Request, task: UUID) -> list[moving.Problem]:
    keyring = house_of(request).keyring
    async with database_of(request).snapshot() as read:
        await find_own(read, request, task, kind=KIND)
        return decode_problems(await tasks.open_file(read, keyring, task, PROBLEMS))


def _view_problem(problem: moving.Problem) -> ImportProblem:
    return ImportProblem(
        file=problem.file,
        line=problem.line,
        column=problem.column,
        code=problem.code,
        what=problem.what,
        cure=problem.cure,
    )


def _write_csv(problems: Sequence[moving.Problem]) -> str:
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow(["file", "line", "column", "code", "what", "cure"])
    for each in problems:
        rows.writerow([each.file, each.line, *map(_defuse, (each.column, each.code, each.what, each.cure))])
    return written.getvalue()


def _defuse(text: str) -> str:
    """Keep a spreadsheet from running what stands in a file of strangers."""
    return f"'{text}" if text.startswith(SPREADSHEET_RUNS) else text


def _view(task: tasks.Task) -> ImportView:
    asked = read_asked.decode(task.asked)
    return ImportView(
        task=view_task(task),
        dry_run=asked.dry_run,
        keep_good=asked.keep_good,
        look=asked.look,
        files=asked.files,
        result=None if task.result is None else read_imported.decode(task.result),
    )

"""`regulars export`: everything, table by table, and a member's own file, signed."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Annotated, Final, Literal
from uuid import UUID

import msgspec
import typer
from msgspec import Struct
from rich.table import Column, Table

from regulars.base import clock
from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.features import moving, signing
from regulars.interfaces.beside import find_signing, list_beside, verify_with
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.files import read_member
from regulars.interfaces.cli.frames import turn_into_parquet
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.kernel import members, program
from regulars.kernel.spine import House

__all__ = ["app"]

PRIVATE: Final = 0o600
"""Only for whoever exports: what members are found by lies open in it."""
MANIFEST: Final = "manifest.json"
PROGRAMMES: Final = "programmes.json"
write_json: Final = msgspec.json.Encoder(order="deterministic").encode

app = typer.Typer(
    name="export",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Take everything along: all tables, or one member's own file, signed.",
)

Form = Literal["csv", "ndjson", "parquet"]
OwnForm = Literal["json", "csv"]


class MemberUnnamed(Refusal):
    """What was given names no member to export."""

    code, kind = "export_member_unnamed", "invalid"


class FolderFull(Refusal):
    """The folder of an export has something in it already."""

    code, kind = "export_folder_full", "conflict"


class Released(Struct, frozen=True, kw_only=True):
    """A programme that was live, with all that it says."""

    hash: str
    kind: str
    live_from: datetime
    by: str
    document: program.Document


class Written(Struct, frozen=True, kw_only=True):
    """One file of an export."""

    file: str
    rows: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What an export holds, and as of when."""

    format: Literal["regulars-export-1"]
    as_of: datetime
    tables: tuple[moving.TableShape, ...]
    files: tuple[Written, ...]


@app.command("all")
def take_all(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A new folder, or an empty one.", show_default=False)],
    *,
    form: Annotated[Form, typer.Option("--format", help="How tables are written.")] = "csv",
) -> None:
    """Write every table of every member into a folder, as of one moment, with a manifest that is signed.

    What members are found by lies open in it: keep it as you would keep the database, and its secret.

    Example:  `regulars export all /safe/2026-12-01 --format parquet`
    """
    settings = read_settings(context)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderFull(f"{folder} is not empty. Name a new folder, so that nothing is mixed or lost.")
    folder.mkdir(parents=True, exist_ok=True)

    async def work() -> Manifest:
        async with open_house(settings) as (database, house):
            sign = await find_signing(database, house)
            async with database.snapshot() as read:
                manifest = await _write_tables(read, house, folder, form)
        document = write_json(manifest)
        seal = moving.sign_content(document, sign)
        signed = b'{"document":' + document + b',"signature":' + write_json(seal) + b"}\n"
        _write_private(folder / MANIFEST, signed)
        return manifest

    manifest = run(work())
    table = Table("File", Column("Rows", justify="right"))
    for each in manifest.files:
        table.add_row(each.file, format_count(each.rows))
    speak().print(table)
    say().print(f"As of {manifest.as_of:%Y-%m-%d %H:%M} UTC. Identifiers lie open in it: keep it safe.")


@app.command("member")
def take_member(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="An id, or an identifier such as card:123.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="The file to write.", show_default=False)],
    *,
    form: Annotated[OwnForm, typer.Option("--format", help="How it is written.")] = "json",
) -> None:
    """Write everything of a member into a file of their own, signed: their right to a copy.

    Example:  `regulars export member card:8801 mine.json`
    """
    settings = read_settings(context)

    async def work() -> bytes:
        async with open_house(settings) as (database, house):
            sign = await find_signing(database, house)
            async with database.snapshot() as read:
                member = await _find(read, house, who)
                at = await clock.now(read)
                return await moving.write_own(
                    read, house.keyring, member, at=at, sign=sign, form=form, beside=list_beside()
                )

    data = run(work())
    _write_private(file, data)
    say().print(f"{file.name}: {format_count(len(data))} bytes, signed.")


@app.command("verify")
def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A member's file, or a manifest.")],
) -> None:
    """Say whether a file is as it was signed by a key of this house. Beside a manifest, its files are looked at too.

    Example:  `regulars export verify mine.json`
    """
    settings = read_settings(context)

    async def work() -> signing.PublicKeys:
        async with open_house(settings) as (database, _), database.snapshot() as read:
            return await signing.find_public(read)

    content, seal = moving.open_export(file.read_bytes(), partial(verify_with, run(work())))
    looked = 0
    if file.name == MANIFEST:
        for each in msgspec.json.decode(content, type=Manifest).files:
            path = file.parent / each.file
            if not path.is_file() or _digest(path) != each.sha256:
                raise moving.ExportAltered(f"{each.file} is missing, or not as it was written.", file=each.file)
            looked += 1
    beside = f", and so are the {looked} files beside it" if looked else ""
    say().print(f"{file.name} is as it was signed by key {seal.kid}{beside}.")


@app.command("schema")
def show_schema(*, json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False) -> None:
    """Describe every table: its columns, their types, and what a row is."""
    shapes = moving.describe_tables(_list_tables())
    if json:
        print_json(shapes)
        return
    for shape in shapes:
        table = Table("Column", "Type", "May be empty", title=f"{shape.name}: {shape.meaning}")
        for column in shape.columns:
            table.add_row(column.name, column.type, "yes" if column.nullable else "")
        speak().print(table)


def _list_tables() -> dict[str, type[Struct]]:
    return {**moving.TABLES, **{name: row for name, (row, _) in list_beside().items()}}


async def _find(read: Read, house: House, who: str) -> UUID:
    try:
        named = read_member(who)
    except ValueError as error:
        raise MemberUnnamed("Name a member by an id, or a kind and a value such as card:123.") from error
    return named if isinstance(named, UUID) else await members.lookup(read, house.keyring, named)


async def _write_tables(read: Read, house: House, folder: Path, form: Form) -> Manifest:
    """Write all tables page by page; none is ever in memory as a whole."""
    shapes = moving.describe_tables(_list_tables())
    suffix = "csv" if form == "csv" else "ndjson"
    paths = {shape.name: folder / f"{shape.name}.{suffix}" for shape in shapes}
    counts = dict.fromkeys(paths, 0)
    files = {name: _open_private(path) for name, path in paths.items()}
    try:
        if form == "csv":
            for shape in shapes:
                files[shape.name].write(moving.write_head(shape).encode())
        async for page in moving.read_pages(read, house.keyring, beside=list_beside()):
            for shape in shapes:
                rows = [moving.flatten(row, shape) for row in page[shape.name]]
                counts[shape.name] += len(rows)
                files[shape.name].write(_encode(rows, form))
    finally:
        for file in files.values():
            file.close()
    if form == "parquet":
        for shape in shapes:
            kinds = {column.name: column.type for column in shape.columns}
            paths[shape.name] = turn_into_parquet(paths[shape.name], kinds)
    paths["programmes"] = folder / PROGRAMMES
    counts["programmes"] = await _write_programmes(read, house, paths["programmes"])
    return Manifest(
        format="regulars-export-1",
        as_of=await clock.now(read),
        tables=shapes,
        files=tuple(Written(file=path.name, rows=counts[name], sha256=_digest(path)) for name, path in paths.items()),
    )


def _encode(rows: Sequence[Mapping[str, moving.Value]], form: Form) -> bytes:
    if form == "csv":
        return moving.write_csv(row.values() for row in rows).encode()
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


async def _write_programmes(read: Read, house: House, path: Path) -> int:
    releases = await house.versions.read(read)
    found = [
        Released(
            hash=each.hash,
            kind=each.kind,
            live_from=each.live_from,
            by=each.by,
            document=releases.plans[each.hash].document,
        )
        for each in releases.all
    ]
    _write_private(path, write_json(found))
    return len(found)


def _open_private(path: Path) -> IO[bytes]:
    path.touch(mode=PRIVATE)
    return path.open("wb")


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=PRIVATE)
    path.write_bytes(data)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

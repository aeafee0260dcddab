"""`regulars program`: the deal, as a file and as versions that are drafted, reviewed, tried, live, and taken back."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import typer

from regulars.base import clock
from regulars.base.db import Database, Read, Tx
from regulars.interfaces.cli.changes import tell_changes
from regulars.interfaces.cli.console import print_json, say, speak
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.interfaces.cli.reading import ProgramFileUnreadable, read_program, read_text
from regulars.interfaces.cli.simulate import simulate
from regulars.kernel import program, spine
from regulars.kernel.nouns import Scalar

__all__ = ["app"]

T = TypeVar("T")

app = typer.Typer(
    name="program",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="The programme: check a file, compare, draft, review, try, publish, roll back, export; its schema.",
)

SHOWN: Final = 12
"""Letters of a hash that people are shown."""
FILES: Final = (".yaml", ".yml", ".json")
FORMATS: Final = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]

File = Annotated[Path, typer.Argument(help="The programme, in YAML (or JSON).", show_default=False)]
What = Annotated[
    str,
    typer.Argument(help="A file, the first letters of a version's hash (six or more), or `live`.", show_default=False),
]
Version = Annotated[
    str, typer.Argument(help="The first letters of its hash (six or more), its file, or `live`.", show_default=False)
]
By = Annotated[str, typer.Option(help="Who does it; kept with the version.")]
Person = Annotated[str, typer.Option(help="Who you are; kept with the version.", show_default=False)]
Note = Annotated[str, typer.Option(help="Why; kept with the version.")]
Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
Start = Annotated[
    datetime | None,
    typer.Option(
        "--from",
        formats=FORMATS,
        help="From when it decides, with its zone, such as 2026-03-01T00:00+08:00. Without it: from now on.",
    ),
]


def _is_file(what: str) -> bool:
    return what != program.LIVE and (what.endswith(FILES) or Path(what).is_file())


# --- files -----------------------------------------------------------------------------------------------------------


app.command()(simulate)


@app.command()
def validate(file: File) -> None:
    """Check a programme without touching a database: every problem, with its line and column.

    Conditions and formulas are also tried on the largest basket that there may be.

    Example:  `regulars program validate programs/grocer.yaml`
    """
    document = program.vet(read_text(file))
    speak().print(
        f"{file.name} is a valid programme: {len(document.offers)} offers, {len(document.currencies)} currencies,"
        f" version {program.content_hash(document)[:SHOWN]}."
    )


@app.command()
def diff(
    context: typer.Context,
    what: What,
    other: Annotated[str | None, typer.Argument(help="What it became, named likewise.", show_default=False)] = None,
    *,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="The language of the words.")] = "en",
    json: Json = False,
) -> None:
    """Compare two programmes by what they mean: offers, currencies, budgets, setting by setting.

    With one name, the live version is compared with it. Order, layout and comments are no difference.

    Example:  `regulars program diff live programs/grocer.yaml`
    """
    names = (program.LIVE, what) if other is None else (what, other)

    async def read(read: Read) -> list[program.Document]:
        at = await clock.now(read)
        return [await _open_document(read, name, at) for name in names]

    if all(_is_file(name) for name in names):
        before, after = (read_program(Path(name)) for name in names)
    else:
        before, after = _look(context, read)
    changes = program.compare(before, after)
    if json:
        print_json(changes)
        return
    for line in tell_changes(changes, lang=lang):
        speak().print(line, soft_wrap=True)


@app.command()
def schema(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it; without: to stdout.", show_default=False)
    ] = None,
) -> None:
    """Write the JSON Schema of a programme, for editors that complete and check while one types.

    Example:  `regulars program schema program.schema.json`
    """
    import msgspec

    from regulars.kernel.program.schema import schema as describe

    if file is None:
        print_json(describe())
        return
    _write(file, msgspec.json.format(msgspec.json.encode(describe()), indent=2).decode() + "\n")


@app.command()
def terms(
    file: File,
    *,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="The language of the terms.")] = "en",
    html: Annotated[
        Path | None, typer.Option(help="Write a page to this file; without: Markdown to stdout.", show_default=False)
    ] = None,
) -> None:
    """Write a programme's terms for its members: all of it generated from the document.

    Example:  `regulars program terms programs/grocer.yaml --lang zh --html terms.html`
    """
    from regulars.kernel.program.terms import draw_terms, write_html, write_markdown

    drawn = draw_terms(program.compile_plan(read_program(file)), lang)
    if html is None:
        # As it is, not wrapped: it is Markdown.
        typer.echo(write_markdown(drawn), nl=False)
    else:
        _write(html, write_html(drawn))
        say().print(f"Terms written to {html}.", soft_wrap=True)


@app.command()
def export(
    context: typer.Context,
    version: Version,
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it; without: to stdout.", show_default=False)
    ] = None,
    *,
    plain: Annotated[bool, typer.Option("--plain", help="Only the content, without the author's comments.")] = False,
) -> None:
    """Write a version as YAML: the text of its author, comments and all. Publishing it again changes nothing.

    Example:  `regulars program export live grocer.yaml`
    """

    async def read(read: Read) -> str:
        hash_ = await _find(read, version, await clock.now(read))
        text = None if plain else await program.read_source(read, hash_)
        return program.dump(await program.read_document(read, hash_)) if text is None else text

    text = _look(context, read)
    if file is None:
        # As it is, not wrapped: it is YAML.
        typer.echo(text, nl=False)
    else:
        _write(file, text)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProgramFileUnreadable(f"{file} cannot be written: {error.strerror}.", file=str(file)) from error


# --- steps -----------------------------------------------------------------------------------------------------------


@app.command()
def draft(context: typer.Context, file: File, *, by: Person, note: Note = "") -> None:
    """Keep a programme as a draft that others may simulate and review. It decides nothing yet.

    Example:  `regulars program draft spring.yaml --by lin --note "double points on tea"`
    """
    text = read_text(file)
    document = program.parse(text)

    async def write(tx: Tx) -> program.Life:
        at = await clock.now(tx)
        return await program.draft(tx, document, by=by, at=at, text=text, note=note)

    life = _change(context, write)
    say().print(f"Version {life.hash[:SHOWN]} of {document.program} is a {life.state}, by {life.drafted.by}.")


@app.command()
def review(context: typer.Context, version: Version, *, by: Person, note: Note = "") -> None:
    """Say that you have looked at a version and want it. Its author cannot.

    Example:  `regulars program review 3f9c2a --by chen --note "checked against the contract"`
    """

    async def write(tx: Tx) -> program.Life:
        at = await clock.now(tx)
        return await program.review(tx, await _find(tx, version, at), by=by, at=at, note=note)

    life = _change(context, write)
    say().print(f"Version {life.hash[:SHOWN]} is {life.state}, by {by}.")


@app.command()
def pilot(
    context: typer.Context,
    version: Version,
    *,
    store: Annotated[list[str] | None, typer.Option(help="Try it in this store; may be given several times.")] = None,
    permille: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Try it on so many of a thousand members.")
    ] = None,
    trait: Annotated[
        list[str] | None,
        typer.Option(help="Try it on members with this trait, as tier=gold; may be given several times."),
    ] = None,
    live_from: Start = None,
    by: By = "regulars program pilot",
    note: Note = "",
) -> None:
    """Let a version decide for some, beside the live one that decides for all the others.

    Whatever fits all that is said is in: store, share and trait. It ends with the next `publish` or `rollback`.

    Example:  `regulars program pilot 3f9c2a --store s1 --store s2 --permille 100`
    """
    name, values = _read_traits(trait or [])
    chosen = program.Pilot(stores=tuple(store or ()), permille=permille, trait=name, values=values)

    async def write(tx: Tx) -> program.Published:
        at = await clock.now(tx)
        hash_ = await _find(tx, version, at)
        return await spine.start_pilot(tx, hash_, chosen, live_from=live_from or at, by=by, at=at, note=note)

    started = _change(context, write)
    if started.is_new:
        say().print(f"Version {started.hash[:SHOWN]} is tried from {_tell_time(started.release.live_from)} UTC on.")
    else:
        say().print(f"Nothing changed: version {started.hash[:SHOWN]} is already tried so.")


def _read_traits(written: Sequence[str]) -> tuple[str | None, tuple[Scalar, ...]]:
    """Read `tier=gold`, `tier=silver`: one trait, and the values that fit."""
    names = list(dict.fromkeys(each.partition("=")[0] for each in written))
    if len(names) > 1 or any("=" not in each for each in written):
        raise typer.BadParameter("write one trait with its values: --trait tier=gold --trait tier=silver")
    return (names[0] if names else None), tuple(_read_scalar(each.partition("=")[2]) for each in written)


def _read_scalar(text: str) -> Scalar:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() else text


@app.command()
def publish(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            help="The programme, in YAML (or JSON); or a version, by the first letters of its hash.",
            show_default=False,
        ),
    ],
    *,
    live_from: Start = None,
    by: By = "regulars program publish",
    note: Note = "",
) -> None:
    """Let a programme decide from a moment on. A version never changes: publishing an edited file makes a new one.

    A file goes live in this one step, reviewed by nobody, unless `regulars program policy` wants more. A trial that
    is running ends.

    Example:  `regulars program publish programs/grocer.yaml --from 2026-03-01T00:00+08:00`
    """
    text = read_text(Path(file)) if _is_file(file) else ""
    written = program.parse(text) if _is_file(file) else None

    async def write(tx: Tx) -> tuple[program.Published, datetime, str]:
        at = await clock.now(tx)
        start = live_from or at
        document = written or await _open_document(tx, file, at)
        published = await spine.publish(tx, document, live_from=start, by=by, at=at, text=text, note=note)
        return published, start, document.program

    published, start, name = _change(context, write)
    version = published.hash[:SHOWN]
    if published.is_new:
        say().print(f"Version {version} of {name} decides from {_tell_time(start)} UTC on.")
    else:
        say().print(f"Nothing changed: version {version} of {name} already decides.")


@app.command()
def rollback(
    context: typer.Context,
    *,
    leave: Annotated[
        str | None,
        typer.Option(
            help="The version to get rid of: where it no longer decides, nothing is done.", show_default=False
        ),
    ] = None,
    by: By = "regulars program rollback",
    note: Note = "",
) -> None:
    """Take back the last step, from now on: end a trial, or let the version before the live one decide again.

    What was decided meanwhile stays as it was decided.

    Example:  `regulars program rollback --note "too dear"`
    """

    async def write(tx: Tx) -> program.Release:
        at = await clock.now(tx)
        name = None if leave is None else await _find(tx, leave, at)
        return await spine.roll_back(tx, by=by, at=at, leave=name, note=note)

    release = _change(context, write)
    name = release.hash[:SHOWN]
    said = f"The trial of version {name} has ended." if release.kind == "end" else f"Version {name} decides again."
    say().print(said)


@app.command()
def retire(context: typer.Context, version: Version, *, by: By = "regulars program retire", note: Note = "") -> None:
    """See that a version never decides again, unless it is drafted anew. A trial of it ends now.

    Example:  `regulars program retire 3f9c2a --note "superseded"`
    """

    async def write(tx: Tx) -> program.Life:
        at = await clock.now(tx)
        return await spine.retire(tx, await _find(tx, version, at), by=by, at=at, note=note)

    life = _change(context, write)
    say().print(f"Version {life.hash[:SHOWN]} is retired.")


@app.command()
def policy(
    context: typer.Context,
    *,
    review: Annotated[
        bool | None, typer.Option("--review/--no-review", help="Whether a second person reviews what is to decide.")
    ] = None,
    simulation: Annotated[
        bool | None, typer.Option("--simulation/--no-simulation", help="Whether it is simulated before that.")
    ] = None,
    by: By = "regulars program policy",
    json: Json = False,
) -> None:
    """Say what a version needs before it may decide, whoever publishes it; or, without options, show it.

    Example:  `regulars program policy --review --by owner`
    """

    async def write(tx: Tx) -> program.Policy:
        kept = await program.read_policy(tx)
        if review is None and simulation is None:
            return kept
        wanted = program.Policy(
            review=kept.review if review is None else review,
            simulation=kept.simulation if simulation is None else simulation,
        )
        await program.set_policy(tx, wanted, by=by, at=await clock.now(tx))
        return wanted

    found = _change(context, write)
    if json:
        print_json(found)
        return
    needs = [word for word, needed in (("simulated", found.simulation), ("reviewed", found.review)) if needed]
    speak().print(
        f"A version is {' and '.join(needs)} before it decides." if needs else "A version needs nothing else."
    )


# --- looking ---------------------------------------------------------------------------------------------------------


@app.command("list")
def list_all(
    context: typer.Context,
    *,
    most: Annotated[int, typer.Option(min=1, max=1000, help="How many at most, the newest first.")] = 20,
    json: Json = False,
) -> None:
    """List the versions, the newest first, with where each stands.

    Example:  `regulars program list`
    """

    async def read(read: Read) -> list[program.Life]:
        return (await program.list_lives(read, at=await clock.now(read)))[:most]

    found = _look(context, read)
    if json:
        print_json(found)
        return
    from rich.table import Table

    table = Table("Version", "State", "From (UTC)", "Author", "Reviewed by", "Note")
    for life in found:
        start = "" if life.live_from is None else _tell_time(life.live_from)
        by = "nobody" if life.reviewed is None else life.reviewed.by
        table.add_row(life.hash[:SHOWN], life.state, start, life.drafted.by, by, life.drafted.note)
    speak().print(table)


@app.command()
def show(context: typer.Context, version: Version, *, json: Json = False) -> None:
    """Show where a version stands, and everything that was done with it.

    Example:  `regulars program show live`
    """

    async def read(read: Read) -> tuple[program.Life, program.Story, program.Document]:
        at = await clock.now(read)
        hash_ = await _find(read, version, at)
        story = await program.read_story(read)
        return await program.read_life(read, hash_, at=at), story, await program.read_document(read, hash_)

    life, story, document = _look(context, read)
    marks = [mark for mark in story.marks if mark.hash == life.hash]
    releases = [release for release in story.releases if release.hash == life.hash]
    if json:
        print_json({"life": life, "marks": marks, "releases": releases})
        return
    speak().print(
        f"Version {life.hash} of {document.program} is {life.state}: {len(document.offers)} offers,"
        f" {len(document.currencies)} currencies.",
        soft_wrap=True,
    )
    done: list[tuple[datetime, str]] = [
        (mark.at, f"{mark.kind} by {mark.by}{_tell_note(mark.note)}") for mark in marks
    ] + [
        (each.at, f"{RELEASED[each.kind]} {_tell_time(each.live_from)} by {each.by}{_tell_note(each.note)}")
        for each in releases
    ]
    for at, said in sorted(done, key=lambda it: it[0]):
        speak().print(f"{_tell_time(at)}  {said}", soft_wrap=True)
    if life.reviewed is None:
        speak().print("Reviewed by nobody.")


RELEASED: Final = {
    "publish": "published from",
    "back": "gone back to from",
    "pilot": "tried on some from",
    "end": "trial ended from",
}


def _tell_note(note: str) -> str:
    return f": {note}" if note else ""


def _tell_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


# --- the database ----------------------------------------------------------------------------------------------------


async def _find(read: Read, what: str, at: datetime) -> str:
    """Find the hash of what is named: a version, or the content of a file."""
    if _is_file(what):
        hash_ = program.content_hash(read_program(Path(what)))
        # Says so where nobody has drafted it.
        await program.read_life(read, hash_, at=at)
        return hash_
    return await program.find_version(read, what, at=at)


async def _open_document(read: Read, what: str, at: datetime) -> program.Document:
    if _is_file(what):
        return read_program(Path(what))
    return await program.read_document(read, await program.find_version(read, what, at=at))


def _look(context: typer.Context, read: Callable[[Read], Awaitable[T]]) -> T:
    """Read in one snapshot."""

    async def work(database: Database) -> T:
        async with database.snapshot() as snapshot:
            return await read(snapshot)

    return _open(context, work)


def _change(context: typer.Context, write: Callable[[Tx], Awaitable[T]]) -> T:
    """Change in one transaction."""
    return _open(context, lambda database: database.run(write))


def _open(context: typer.Context, work: Callable[[Database], Awaitable[T]]) -> T:
    settings = read_settings(context)

    async def opened() -> T:
        async with open_house(settings) as (database, _):
            return await work(database)

    return run(opened())

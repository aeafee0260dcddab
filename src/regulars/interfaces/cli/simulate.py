"""`regulars program simulate`: what drafts would have done over what is stored."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from msgspec import Struct
from rich.table import Column
from rich.table import Table as Grid

from regulars.base import clock
from regulars.base.db import Database, Read, Tx
from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import format_count, format_duration, print_json, say, speak, watch
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.interfaces.cli.reading import ProgramFileUnreadable, read_program
from regulars.kernel import program

if TYPE_CHECKING:
    from regulars.intelligence.simulation.model import Draft, Simulated
    from regulars.intelligence.simulation.report import Table

__all__ = [
    "DRAFTS_MAX",
    "LANES",
    "SimulationNotPossible",
    "choose_time",
    "credit",
    "list_documents",
    "note_simulated",
    "simulate",
]

LANES: Final = 2
DRAFTS_MAX: Final = 6
FORMATS: Final = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]
FILES: Final = (".yaml", ".yml", ".json")
SHOWN: Final = 12
"""Letters of a hash that people are shown."""


class SimulationNotPossible(Refusal):
    """What is asked cannot be simulated."""

    code, kind = "simulation_not_possible", "invalid"


class Figures(Struct, frozen=True, kw_only=True):
    """One version, for machines. Points by offer and currency; money in millionths of a minor unit."""

    facts: int
    members: int
    points: dict[str, dict[str, int]]
    worth_micro: dict[str, int]
    owed_micro_by_month: dict[str, int]
    levels: dict[str, dict[str, int]]
    refused: dict[str, int]
    left_out: dict[str, int]


class Answer(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    since: datetime
    until: datetime
    seconds: float
    passes: int
    versions: dict[str, Figures]
    report: str
    """SHA-256 of the page, as it is kept with the versions below."""
    marked: list[str]
    """Versions in the database that are written down as simulated now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of it, the page that says so, and the versions for which that is written down."""

    done: "Simulated"
    tables: "Sequence[Table]"
    page: bytes
    marked: list[str]

    @property
    def report(self) -> str:
        """Name the page: its SHA-256."""
        return hashlib.sha256(self.page).hexdigest()


def simulate(
    context: typer.Context,
    drafts: Annotated[
        list[str],
        typer.Argument(
            help="One draft or several: files in YAML, or versions by the first letters of their hashes.",
            show_default=False,
        ),
    ],
    *,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=FORMATS, help="From when the drafts decide. Without: from the first activity."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=FORMATS, help="Until when. Without: until now.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with tables and a chart to this file.", show_default=False)
    ] = None,
    by: Annotated[
        str, typer.Option(help="Who simulates; kept with the versions that are in the database.")
    ] = "regulars program simulate",
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
    lang: Annotated[str, typer.Option(envvar=["LC_ALL", "LANG"], help="Language of the report: en or zh.")] = "en",
) -> None:
    """Let drafts decide over what is stored, beside what really decided: cost, levels, who gains and who loses.

    The rules run as they do at the till, for every activity of every member, and nobody's points change. A draft that
    is kept in the database is written down as simulated, with the SHA-256 of the page.

    Example:  `regulars program simulate draft.yaml --from 2026-01-01T00:00+08:00 --html report.html`
    """
    settings = read_settings(context)
    if since is not None and until is not None and since >= until:
        raise SimulationNotPossible("--from is not before --to: there is nothing between them. Exchange the two.")
    if html is not None and not html.absolute().parent.is_dir():
        raise SimulationNotPossible(f"There is no folder {html.absolute().parent} for the page. Make it first.")
    read = {each: _read_file(each) for each in drafts if _is_file(each)}
    language: Literal["en", "zh"] = "zh" if lang.lower().startswith("zh") else "en"

    async def work() -> Told:
        from regulars.intelligence.simulation.page import write_page
        from regulars.intelligence.simulation.report import list_tables
        from regulars.intelligence.simulation.run import simulate as rehearse
        from regulars.kernel import members

        async with open_house(settings) as (database, _):
            async with database.snapshot() as snapshot:
                cast = await _choose_drafts(snapshot, drafts, read)
                begins, ends = await choose_time(snapshot, since, until)
                documents = await list_documents(snapshot, cast, ends)
                total = await members.count(snapshot)
            with watch("Simulating", total, "members") as advance:
                done = await rehearse(
                    settings, cast, since=begins, until=ends, lanes=LANES, advance=lambda count: advance(count, count)
                )
            page = write_page(done, cast, documents, lang=language, credit=credit(done, language)).encode()
            marked = await note_simulated(database, cast, report=hashlib.sha256(page).hexdigest(), by=by)
        return Told(done=done, tables=list_tables(done, documents, lang=language), page=page, marked=marked)

    told = run(work())
    if html is not None:
        _write(html, told.page)
    for hash_ in told.marked:
        say().print(f"Version {hash_[:SHOWN]} is written down as simulated.")
    if json:
        print_json(_summarise(told))
    else:
        _show(told, credit(told.done, language))


def _is_file(what: str) -> bool:
    return what.endswith(FILES) or Path(what).is_file()


def _read_file(name: str) -> program.Document:
    """Read a draft, and say which one it is that cannot be used."""
    try:
        document = read_program(Path(name))
        program.compile_plan(document)
    except program.ProgramInvalid as invalid:
        raise SimulationNotPossible(f"{name}: {invalid.detail}", **invalid.context) from invalid
    return document


async def _choose_drafts(read: Read, names: Sequence[str], files: dict[str, program.Document]) -> "list[Draft]":
    from regulars.intelligence.simulation.model import LIVE, Draft

    at = await clock.now(read)
    drafts: list[Draft] = []
    for name in names:
        if name in files:
            drafts.append(Draft(name=Path(name).stem, document=files[name]))
        elif name != LIVE:
            hash_ = await program.find_version(read, name, at=at)
            drafts.append(Draft(name=hash_[:SHOWN], document=await program.read_document(read, hash_)))
    if len({draft.name for draft in drafts} - {LIVE}) < len(names) or len(names) > DRAFTS_MAX:
        raise SimulationNotPossible(
            f"Name at most {DRAFTS_MAX} drafts, each by a name of its own. What is live stands beside them anyway:"
            f" no draft is called {LIVE}."
        )
    return drafts


async def choose_time(read: Read, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Choose what is said, or all that is stored. Raises SimulationNotPossible."""
    from regulars.kernel import activity as journal

    first, now = await journal.begins(read), await clock.now(read)
    if first is None:
        raise SimulationNotPossible("Nothing is stored yet. Replay or record activities first.")
    begins, ends = since or first, until or now
    if begins >= ends:
        raise SimulationNotPossible(
            f"There is no history between {begins.isoformat()} and {ends.isoformat()}: what is stored begins at"
            f" {first.isoformat()}, and it is {now.isoformat()} now."
        )
    return begins, ends


async def list_documents(read: Read, drafts: "Sequence[Draft]", at: datetime) -> list[program.Document]:
    """List what names offers and levels: the drafts, and what is live then. All must count in the same money."""
    moment = (await program.Versions().read(read)).moment_at(at)
    live = () if moment is None or moment.main is None else (moment.main.hash,)
    documents = [draft.document for draft in drafts] + [await program.read_document(read, hash_) for hash_ in live]
    if len(kinds := sorted({document.money for document in documents})) > 1:
        raise SimulationNotPossible(f"These count in different money ({', '.join(kinds)}), and cannot be compared.")
    return documents


def credit(done: "Simulated", lang: Literal["en", "zh"]) -> str:
    """Say where the data comes from, when it is the demo's."""
    from regulars.interfaces.cli.journey import CREDIT, SOURCE

    return CREDIT[lang] if any(tally.sources[SOURCE] for tally in done.tallies.values()) else ""


async def note_simulated(database: Database, drafts: "Sequence[Draft]", *, report: str, by: str) -> list[str]:
    """Write down which versions were simulated: those that somebody drafted. The same page again says nothing new."""

    async def write(tx: Tx) -> list[str]:
        at = await clock.now(tx)
        kept = set((await program.read_story(tx)).names())
        wanted = sorted({program.content_hash(draft.document) for draft in drafts} & kept)
        marked: list[str] = []
        for hash_ in wanted:
            before = (await program.read_life(tx, hash_, at=at)).simulated
            if before is None or before.report != report:
                await program.mark_simulated(tx, hash_, report=report, by=by, at=at)
                marked.append(hash_)
        return marked

    return await database.run(write)


def _write(file: Path, page: bytes) -> None:
    try:
        file.write_bytes(page)
    except OSError as error:
        raise ProgramFileUnreadable(f"{file} cannot be written: {error.strerror}.", file=str(file)) from error
    say().print(f"Report written to {file}.", soft_wrap=True)


def _show(told: Told, credit: str) -> None:
    console = speak()
    if credit:
        console.print(credit)
    for table in told.tables:
        grid = Grid(Column(""), *(Column(name, justify="right") for name in table.columns), title=table.title)
        for label, cells in table.rows:
            grid.add_row(label, *cells)
        console.print(grid)
        if table.note:
            console.print(table.note)
    facts = format_count(sum(tally.facts for tally in told.done.tallies.values()))
    console.print(f"{facts} activities rehearsed in {format_duration(told.done.seconds)}.")


def _summarise(told: Told) -> Answer:
    from regulars.intelligence.simulation.report import owed_by_month

    done = told.done
    versions: dict[str, Figures] = {}
    for name, tally in done.tallies.items():
        points: dict[str, dict[str, int]] = {}
        for (offer, currency), count in tally.points.items():
            points.setdefault(offer, {})[currency] = count
        worth: dict[str, int] = {}
        for (offer, _), micro in tally.worth.items():
            worth[offer] = worth.get(offer, 0) + micro
        levels: dict[str, dict[str, int]] = {}
        for (trait, level), count in tally.levels.items():
            levels.setdefault(trait, {})[level] = count
        versions[name] = Figures(
            facts=tally.facts,
            members=tally.members,
            points=points,
            worth_micro=worth,
            owed_micro_by_month=owed_by_month(tally),
            levels=levels,
            refused=dict(tally.refused),
            left_out=dict(tally.left_out),
        )
    return Answer(
        since=done.since,
        until=done.until,
        seconds=round(done.seconds, 3),
        passes=done.passes,
        versions=versions,
        report=told.report,
        marked=told.marked,
    )

"""Simulate drafts over what is stored, as `regulars program simulate` does, and keep the report."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.features.tasks import Bench, File, Work
from regulars.intelligence.simulation.model import Draft, Simulated
from regulars.intelligence.simulation.page import write_page
from regulars.intelligence.simulation.report import Table, list_tables, owed_by_month
from regulars.intelligence.simulation.run import simulate
from regulars.interfaces.cli.simulate import LANES, choose_time, credit, list_documents, note_simulated
from regulars.kernel import members, program

__all__ = [
    "KIND",
    "LANGUAGES",
    "WORK",
    "SimulatedTables",
    "SimulatedVersion",
    "SimulationAsked",
    "SimulationResult",
    "name_report",
]

KIND: Final = "simulation"
LANGUAGES: Final = ("en", "zh")
SHOWN: Final = 12
"""Letters of a hash that people are shown."""
Language = Literal["en", "zh"]


class DraftAsked(Struct, frozen=True, kw_only=True):
    """One draft: a version by its hash, or a document that is not kept."""

    name: str
    version: str = ""
    document: dict[str, Any] | None = None


class SimulationAsked(Struct, frozen=True, kw_only=True):
    """What a simulation was asked."""

    drafts: tuple[DraftAsked, ...]
    since: datetime | None = None
    until: datetime | None = None


class SimulatedVersion(Struct, frozen=True, kw_only=True):
    """What one version came to. Points by offer and currency; money in millionths of a minor unit."""

    facts: int
    members: int
    points: dict[str, dict[str, int]]
    """By offer and currency: points given, less what returns took back."""
    times: dict[str, int]
    """By offer: how often it gave."""
    worth_micro: dict[str, int]
    """By offer: what these points are worth."""
    moved_by_month: dict[str, dict[str, dict[str, int]]]
    """By month, currency and kind of entry: points, as members see them. Of all time."""
    owed_micro_by_month: dict[str, int]
    """What all points still there are worth at the end of each month."""
    levels: dict[str, dict[str, int]]
    """By trait and level: members at the end."""
    refused: dict[str, int]
    left_out: dict[str, int]


class SimulatedGroup(Struct, frozen=True, kw_only=True):
    """Members of one level, and how a draft differs for them."""

    trait: str
    level: str
    members: int
    gain: int
    lose: int
    difference_micro: int
    """What the draft gives all of them together, less what they really got."""


class SimulatedTable(Struct, frozen=True, kw_only=True):
    """Some figures of each version, written for people."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """A label, and one cell for each column."""


class SimulatedTables(Struct, frozen=True, kw_only=True):
    """All tables of a report, in one language."""

    tables: tuple[SimulatedTable, ...]
    credit: str
    """Where the data comes from, where that has to be said."""


class SimulationResult(Struct, frozen=True, kw_only=True):
    """What drafts would have done over what is stored, beside what really decided (`live`)."""

    since: datetime
    until: datetime
    seconds: Annotated[float, Meta(description="How long it took.")]
    passes: int
    money: str
    """The currency of all sums."""
    versions: dict[str, SimulatedVersion]
    """By name; what really decided is `live`."""
    groups: dict[str, tuple[SimulatedGroup, ...]]
    """By draft: who gains and who loses."""
    told: dict[str, SimulatedTables]
    """By language, `en` and `zh`."""
    report: str
    """SHA-256 of the page, as it is kept with the versions below."""
    marked: tuple[str, ...]
    """Versions that are written down as simulated now."""


def name_report(lang: str) -> str:
    """Name the file of the page in one language."""
    return f"report.{lang}.html"


async def run(bench: Bench) -> SimulationResult:
    """Rehearse every activity of every member under each draft. Raises what the simulation refuses."""
    asked = msgspec.json.decode(bench.task.asked, type=SimulationAsked)
    async with bench.database.snapshot() as read:
        drafts = [await _open(read, each) for each in asked.drafts]
        since, until = await choose_time(read, asked.since, asked.until)
        documents = await list_documents(read, drafts, until)
        total = await members.count(read)
    bench.tell(0, total)
    done = await simulate(
        bench.settings,
        drafts,
        since=since,
        until=until,
        lanes=LANES,
        advance=lambda count: bench.tell(min(count, total), total),
    )
    pages = {
        lang: write_page(done, drafts, documents, lang=lang, credit=credit(done, lang)).encode() for lang in LANGUAGES
    }
    for lang, page in pages.items():
        await bench.keep_file(File(name=name_report(lang), content=page))
    report = hashlib.sha256(pages["en"]).hexdigest()
    marked = await note_simulated(bench.database, drafts, report=report, by=bench.task.by)
    return _summarise(done, documents, report=report, marked=marked)


async def _open(read: Read, asked: DraftAsked) -> Draft:
    if asked.document is not None:
        return Draft(name=asked.name, document=msgspec.convert(asked.document, program.Document))
    hash_ = await program.find_version(read, asked.version, at=await clock.now(read))
    return Draft(name=asked.name, document=await program.read_document(read, hash_))


def _summarise(
    done: Simulated, documents: Sequence[program.Document], *, report: str, marked: Sequence[str]
) -> SimulationResult:
    told = {
        lang: SimulatedTables(
            tables=tuple(_tell(table) for table in list_tables(done, documents, lang=lang)),
            credit=credit(done, lang),
        )
        for lang in LANGUAGES
    }
    groups = {
        name: tuple(
            SimulatedGroup(
                trait=it.trait,
                level=it.level,
                members=it.members,
                gain=it.gain,
                lose=it.lose,
                difference_micro=it.difference_micro,
            )
            for it in found
        )
        for name, found in done.groups.items()
    }
    return SimulationResult(
        since=done.since,
        until=done.until,
        seconds=round(done.seconds, 3),
        passes=done.passes,
        money=documents[0].money,
        versions=_list_versions(done),
        groups=groups,
        told=told,
        report=report,
        marked=tuple(marked),
    )


def _list_versions(done: Simulated) -> dict[str, SimulatedVersion]:
    found: dict[str, SimulatedVersion] = {}
    for name, tally in done.tallies.items():
        moved: dict[str, dict[str, dict[str, int]]] = {}
        for (month, currency, kind), points in sorted(tally.moved.items()):
            moved.setdefault(month, {}).setdefault(currency, {})[kind] = points
        found[name] = SimulatedVersion(
            facts=tally.facts,
            members=tally.members,
            points=_nest(tally.points),
            times=_sum_first(tally.times),
            worth_micro=_sum_first(tally.worth),
            moved_by_month=moved,
            owed_micro_by_month=owed_by_month(tally),
            levels=_nest(tally.levels),
            refused=dict(tally.refused),
            left_out=dict(tally.left_out),
        )
    return found


def _nest(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (first, second), count in counts.items():
        nested.setdefault(first, {})[second] = count
    return nested


def _sum_first(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for (first, _), count in counts.items():
        summed[first] = summed.get(first, 0) + count
    return summed


def _tell(table: Table) -> SimulatedTable:
    return SimulatedTable(
        title=table.title,
        note=table.note,
        columns=tuple(table.columns),
        rows=tuple((label, tuple(cells)) for label, cells in table.rows),
    )


WORK: Final = Work(kind=KIND, run=run)

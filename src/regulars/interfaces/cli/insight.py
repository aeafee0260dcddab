"""`regulars insight`: what the history says of members, and how well it says it."""

import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import format_count, format_duration, print_json, say, speak, watch
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.kernel.spine import House

if TYPE_CHECKING:
    from collections.abc import Generator

    from regulars.intelligence.evaluation import Outcome, Progress
    from regulars.intelligence.history import History
    from regulars.intelligence.reporting import Counted, Kept

__all__ = ["app"]

app = typer.Typer(
    name="insight",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Know members: who they are, what they will be worth, who is about to leave; and how sure that is.",
)

NEEDED: Final = ("polars", "numpy", "scipy", "sklearn", "lightgbm")
DAY: Final = ["%Y-%m-%d"]
SEGMENT: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
MINOR: Final = 100
SIGNED: Final = "insight-model"
"""What the digests of models are made for, so that no other keyed digest passes for one."""


class InsightMissing(Refusal):
    """What reckons is not installed."""

    code, kind = "insight_not_installed", "unavailable"


class NothingSold(Refusal):
    """There is no history at all."""

    code, kind = "insight_history_empty", "conflict"


class SegmentUnnamed(Refusal):
    """What was written is no name with a condition."""

    code, kind = "insight_segment_unnamed", "invalid"


class Data(StrEnum):
    """Whose history is looked at."""

    SHOP = "shop"
    JOURNEY = "journey"


Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
Lang = Annotated[str, typer.Option(envvar=["LC_ALL", "LANG"], help="Language of the page: en or zh.")]
Source = Annotated[
    Data,
    typer.Option(
        "--data",
        help="`shop`: what this database has recorded. `journey`: The Complete Journey, a year of a grocer for trying.",
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=DAY, help="Look back: at what is dated before this day, and tell rules nothing."),
]
Page = Annotated[Path | None, typer.Option(help="Write the page to this file.", show_default=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """What a run did."""

    kept: "Kept"
    counted: "Counted | None"
    is_new: bool


@app.command("run")
def run_all(
    context: typer.Context,
    *,
    data: Source = Data.SHOP,
    as_of: AsOf = None,
    html: Page = None,
    again: Annotated[bool, typer.Option("--again", help="Reckon even where nothing has changed since.")] = False,
    json: Json = False,
    lang: Lang = "en",
) -> None:
    """Find out everything about members, and tell it as dated traits that offers may read.

    Only traits that the programme has in its catalogue are told. A run over the same history does nothing; one over
    more of it uses what was learned within four weeks, unless members have changed too much since.

    Example:  `regulars insight run --html insight.html`
    """
    check_installed()
    settings = read_settings(context)

    async def work() -> Did:
        async with open_house(settings) as (database, house):
            return await _find_out(database, house, settings.data_dir, data, as_of=as_of, again=again)

    did = run(work())
    if html is not None:
        _write(html, did.kept, lang)
    if json:
        print_json(did.kept)
        return
    _show(did)


@app.command()
def report(
    context: typer.Context,
    *,
    html: Annotated[Path, typer.Option(help="Write the page to this file.")] = Path("insight.html"),
    data: Source = Data.SHOP,
    lang: Lang = "en",
) -> None:
    """Write what the last run found out as one page that a manager reads. It needs nothing from elsewhere.

    Example:  `regulars insight report --html insight.html --lang zh`
    """
    check_installed()
    from regulars.intelligence.reporting import read_latest

    kept = read_latest(read_settings(context).data_dir, data.value)
    _write(html, kept, lang)


@app.command()
def segment(
    context: typer.Context,
    conditions: Annotated[
        list[str],
        typer.Argument(help="Name and condition: weekly=member.visits_28 >= 4", show_default=False),
    ],
    *,
    data: Source = Data.SHOP,
    json: Json = False,
) -> None:
    """Try segments: how many members each has, what they spent and will spend, and how many are in two of them.

    A condition may name what `regulars insight run` tells and measures of each member.

    Example:  `regulars insight segment 'leaving=member.stage == "at_risk" && member.value_decile >= 8'`
    """
    check_installed()
    from regulars.intelligence.reporting.segments import try_segments

    named: dict[str, str] = {}
    for each in conditions:
        name, found, text = each.partition("=")
        if not found or not SEGMENT.fullmatch(name.strip()) or name.strip() in named:
            raise SegmentUnnamed(
                f"Give each segment a name of its own, as in weekly=member.visits_28 >= 4, not: {each}"
            )
        named[name.strip()] = text.strip()
    history = _read(context, data)
    with _tell_progress() as progress:
        built = try_segments(history, history.last + timedelta(days=1), named, progress)
    if json:
        overlaps = [{"one": one, "other": other, "members": count} for (one, other), count in built.overlaps.items()]
        print_json({"segments": built.segments, "overlaps": overlaps})
        return
    table = Table("Segment", "Members", "Share", "Spent", "Expected in 26 weeks")
    for it in built.segments:
        spent, value = format_count(it.paid_minor // MINOR), format_count(it.value_minor // MINOR)
        table.add_row(it.name, format_count(it.size), f"{it.share_permille / 10:.1f} %", spent, value)
    speak().print(table)
    for (one, other), count in built.overlaps.items():
        speak().print(f"{one} and {other}: {format_count(count)} members.")


@app.command("eval")
def evaluate_task(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="What is foretold, such as lapse or value; `list` names all.")],
    *,
    cutoff: Annotated[
        datetime | None,
        typer.Option(formats=DAY, help="Models see only what is dated before; they are judged by what came after."),
    ] = None,
    data: Source = Data.JOURNEY,
    json: Json = False,
) -> None:
    """Say how well something would have been foretold on a day, beside a strong baseline on the same cases.

    Example:  `regulars insight eval lapse --cutoff 2017-10-02 --json`
    """
    check_installed()
    from regulars.intelligence.evaluation import evaluate, find_task, find_tasks

    if task == "list":
        for name in sorted(find_tasks()):
            speak().print(name)
        return
    find_task(task)
    history = _read(context, data)
    # Without a day: eight weeks before the end, so that every task has something to be judged by.
    day = history.last - timedelta(weeks=8) if cutoff is None else cutoff.date()
    with _tell_progress() as progress:
        outcome = evaluate(task, history, day, progress)
    if json:
        print_json(outcome)
    else:
        _show_outcome(outcome)


def check_installed() -> None:
    """Raise InsightMissing, with what to install, where something is not there."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InsightMissing(f"{', '.join(missing)} is not installed. Run: pip install 'regulars[insight]'")


async def _find_out(
    database: Database, house: House, data_dir: Path, data: Data, *, as_of: datetime | None, again: bool
) -> Did:
    from regulars.intelligence.boosting import Shelf
    from regulars.intelligence.evaluation import find_steps
    from regulars.intelligence.history import read_journey, read_shop
    from regulars.intelligence.reporting import Kept, digest_history, read_latest, run_steps, tell_members, write_run
    from regulars.intelligence.reporting.keep import NothingFound

    history = await read_shop(database) if data is Data.SHOP else read_journey()
    _check_history(history)
    day = history.last + timedelta(days=1) if as_of is None else as_of.date()
    steps = find_steps()
    digest = digest_history(history, day, steps)
    if not again:
        try:
            kept = read_latest(data_dir, data.value)
        except NothingFound:
            kept = None
        if kept is not None and kept.digest == digest:
            return Did(kept=kept, counted=None, is_new=False)
    # Whoever looks back must not see what was learned later; and what is learned then is of no use today.
    shelf = None
    if as_of is None:
        folder = data_dir / "insight" / f"models-{data.value}"
        if again:
            shutil.rmtree(folder, ignore_errors=True)
        shelf = Shelf(folder=folder, sign=lambda text: [it.value for it in house.keyring.blinds(SIGNED, text)])
    with _tell_progress() as progress:
        found = run_steps(history, day, steps, progress, shelf=shelf)
    counted = None
    # Whoever looks back wants to see what would have been said; rules are told only what is so now.
    if data is Data.SHOP and as_of is None:
        async with database.snapshot() as read:
            now = await clock.now(read)
        with watch("Telling traits", found.traits.height, "members") as advance:
            counted = await tell_members(database, house, found, at=now, advance=advance)
    kept = Kept(
        day=day,
        digest=digest,
        data=data.value,
        currency=history.currency,
        steps=found.steps,
        told={} if counted is None else counted.told,
        left_out=history.left_out,
    )
    write_run(data_dir, kept)
    return Did(kept=kept, counted=counted, is_new=True)


def _read(context: typer.Context, data: Data) -> "History":
    from regulars.intelligence.history import read_journey, read_shop

    if data is Data.JOURNEY:
        history = read_journey()
    else:
        settings = read_settings(context)

        async def work() -> "History":
            async with open_house(settings) as (database, _):
                return await read_shop(database)

        history = run(work())
    _check_history(history)
    return history


def _check_history(history: "History") -> None:
    if not history.lines.height:
        raise NothingSold("Nothing was sold yet. Record or replay purchases first, or try --data journey.")


@contextmanager
def _tell_progress() -> "Generator[Progress]":
    """Say on stderr what is being done: each thing once."""
    told: set[str] = set()

    def progress(what: str, _done: int, _total: int) -> None:
        if what not in told:
            told.add(what)
            say().print(f"insight: {what} …" if what != "done" else "insight: done")

    yield progress


def _write(html: Path, kept: "Kept", lang: str) -> None:
    from regulars.intelligence.reporting import write_page

    html.write_text(write_page(kept, lang="zh" if lang.lower().startswith("zh") else "en"), encoding="utf-8")
    say().print(f"The page is in {html}.")


def _show(did: Did) -> None:
    if not did.is_new:
        say().print(f"Nothing has changed since the run as of {did.kept.day}. With --again it is reckoned anew.")
    table = Table("Step", "What it says", "Time")
    for made in did.kept.steps:
        said = [*made.section.tells, *made.section.left_out]
        table.add_row(made.name, said[0]["en"] if said else "", format_duration(made.seconds))
    speak().print(table)
    if did.counted is None:
        return
    for name, count in sorted(did.counted.told.items()):
        say().print(f"{name}: told of {format_count(count)} members.")
    if did.counted.unknown:
        say().print(
            f"Not told, for the programme has no such trait in its catalogue: {', '.join(did.counted.unknown)}."
        )
    for code, count in sorted(did.counted.refused.items()):
        say().print(f"{format_count(count)} members could not be told anything: {code}.")


def _show_outcome(outcome: "Outcome") -> None:
    table = Table(f"{outcome.task}, {outcome.cutoff}", "Ours", "Baseline", "Better by", "± (standard error)")
    for name, value in outcome.metrics.items():
        paired = outcome.paired.get(name)
        table.add_row(
            name,
            f"{value:.4f}",
            f"{outcome.baseline[name]:.4f}" if name in outcome.baseline else "",
            "" if paired is None else f"{paired.difference:+.4f}",
            "" if paired is None else f"{paired.standard_error:.4f}",
        )
    speak().print(table)
    counts = ", ".join(f"{name} {format_count(count)}" for name, count in outcome.counts.items())
    speak().print(f"{counts}. {format_duration(outcome.seconds)}, {format_count(outcome.peak_mebibytes)} MiB.")
    for note in outcome.notes:
        speak().print(note, soft_wrap=True)

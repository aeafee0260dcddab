"""`regulars program simulate`: what drafts would have done over what is stored."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from msgspec import Struct
from rich.table import Column, Table

from regulars.base import clock
from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import format_count, format_duration, print_json, say, speak, watch
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.interfaces.cli.reading import read_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.intelligence.simulation.model import Simulated
    from regulars.intelligence.simulation.report import Table as Rows

__all__ = ["simulate"]

LANES: Final = 2
DRAFTS_MAX: Final = 6
FORMATS: Final = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]


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


def simulate(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="One draft or several, in YAML.", show_default=False)],
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
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
    lang: Annotated[str, typer.Option(envvar=["LC_ALL", "LANG"], help="Language of the report: en or zh.")] = "en",
) -> None:
    """Let drafts decide over what is stored, beside what really decided: cost, levels, who gains and who loses.

    Nothing is written to the database. The rules run as they do at the till, for every activity of every member.

    Example:  `regulars program simulate draft.yaml --from 2026-01-01T00:00+08:00 --html report.html`
    """
    from regulars.intelligence.simulation.model import Draft
    from regulars.intelligence.simulation.report import list_tables, write_page
    from regulars.intelligence.simulation.run import simulate as work

    settings = read_settings(context)
    drafts = [Draft(name=path.stem, document=read_program(path)) for path in files]
    if len({draft.name for draft in drafts} - {"live"}) < len(drafts) or len(drafts) > DRAFTS_MAX:
        message = f"Name at most {DRAFTS_MAX} files, each by a name of its own, and none 'live.yaml'."
        raise SimulationNotPossible(message)
    language: Literal["en", "zh"] = "zh" if lang.lower().startswith("zh") else "en"

    async def look() -> "Simulated":
        from regulars.kernel import activity as journal
        from regulars.kernel import members

        async with open_house(settings) as (database, _):
            async with database.snapshot() as read:
                begins = since or await journal.begins(read)
                ends, total = until or await clock.now(read), await members.count(read)
            if begins is None:
                raise SimulationNotPossible("Nothing is stored yet. Replay or record activities first.")
            with watch("Simulating", total, "members") as advance:
                return await work(
                    settings,
                    drafts,
                    since=begins,
                    until=ends,
                    lanes=LANES,
                    advance=lambda done: advance(done, done),
                )

    done = run(look())
    if html is not None:
        html.write_text(write_page(done, drafts[0].document, lang=language), encoding="utf-8")
        say().print(f"Report written to {html}.", soft_wrap=True)
    if json:
        print_json(_summarise(done))
    else:
        _show(done, list_tables(done, drafts[0].document, lang=language))


def _show(done: "Simulated", tables: "Sequence[Rows]") -> None:
    console = speak()
    for title, rows in tables:
        if rows:
            table = Table(Column(""), *(Column(name, justify="right") for name in done.tallies), title=title)
            for label, cells in rows:
                table.add_row(label, *cells)
            console.print(table)
    facts = format_count(sum(tally.facts for tally in done.tallies.values()))
    console.print(f"{facts} activities rehearsed in {format_duration(done.seconds)}.")


def _summarise(done: "Simulated") -> Answer:
    from regulars.intelligence.simulation.report import owed_by_month

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
        since=done.since, until=done.until, seconds=round(done.seconds, 3), passes=done.passes, versions=versions
    )

"""`regulars import`: members, points, levels, coupons and purchases of another system, from its files."""  # noqa: N999 - a command is the file of its name

import csv
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Column, Table

from regulars.features import moving
from regulars.interfaces.beside import join_rooms
from regulars.interfaces.cli.bringing import count_lanes, open_sheets, spread_over
from regulars.interfaces.cli.console import format_count, format_duration, print_json, say, speak, watch
from regulars.interfaces.cli.opening import open_house, read_settings, run

__all__ = ["app"]

SHOWN_MAX: Final = 20
"""Problems that are printed."""
FORMATS: Final = ["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]

app = typer.Typer(name="import", add_completion=False, rich_markup_mode="markdown")


@app.command("import")
def bring(  # noqa: PLR0913 - each is a word of the command
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(help="The folder of the other system's files.", show_default=False)
    ] = Path(),
    *,
    mapping: Annotated[str, typer.Option(help="A mapping file, or the name of a ready one.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at every line, and write nothing.")] = False,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="Bring the lines that can be taken, although others cannot.")
    ] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=FORMATS, help="When everything changes hands, such as 2026-03-01T00:00+08:00. Without it: now."
        ),
    ] = None,
    problems: Annotated[Path | None, typer.Option(help="Write every problem into this CSV file.")] = None,
    lanes: Annotated[
        int | None,
        typer.Option(min=1, max=32, help="Processes that bring it at once. Without it: by the cores of the machine."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the mapping, to copy it, and do nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report for machines.")] = False,
) -> None:
    """Bring along what another system knows: members, lots with their ends, levels, coupons, purchases.

    Every line is looked at before anything is written. What cannot be taken is told with its line and the cure, and
    then nothing is written, unless `--keep-good` asks for the rest. At the end the books are laid beside the files:
    points and lots by currency, with the difference.

    Cut short, run it again: it goes on where it was. Run twice, it changes nothing.

    Example:  `regulars import exports/ --mapping odoo --dry-run`
    """
    text = _find_mapping(mapping)
    if show:
        speak().print(text, markup=False, highlight=False, soft_wrap=True, end="")
        return
    settings = read_settings(context)
    mapped = moving.read_mapping(text, name=mapping)
    sheets = open_sheets(folder, mapped)

    async def work() -> moving.Report:
        async with open_house(settings) as (database, house):
            lines = sum(sheet.count() for sheet in sheets.values())
            with _note_into(problems) as tell, watch(mapped.source, max(1, lines), "lines") as advance:

                def notice(done: int) -> None:
                    advance(done, done)

                spread = spread_over(settings, folder, mapped, lanes=lanes or count_lanes(lines), notice=notice)
                return await moving.move_in(
                    database,
                    house,
                    mapped,
                    sheets,
                    options=moving.Options(as_of=as_of, dry_run=dry_run, keep_good=keep_good, spread=spread),
                    joins=join_rooms(house),
                    tell=tell,
                    notice=notice,
                )

    report = run(work())
    if json:
        print_json(report)
    else:
        _show(report)
    _judge(report, keep_good=keep_good)


def _find_mapping(name: str) -> str:
    path = Path(name)
    if name and path.is_file():
        return path.read_text(encoding="utf-8-sig")
    text = moving.find_ready(name)
    if text is None:
        ready = ", ".join(moving.list_ready())
        raise moving.MappingInvalid(f"There is no mapping {name!r}. Give a file with `--mapping`, or one of {ready}.")
    return text


@contextmanager
def _note_into(path: Path | None) -> Generator[Callable[[moving.Problem], None]]:
    """Write problems into a file as they are found; nowhere where none is named."""
    if path is None:
        yield lambda _problem: None
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["file", "line", "column", "code", "what", "cure"])

        def tell(each: moving.Problem) -> None:
            out.writerow([each.file, each.line, each.column, each.code, each.what, each.cure])

        yield tell


def _judge(report: moving.Report, *, keep_good: bool) -> None:
    """End with an error where something is left. Raises ImportFaulty."""
    if report.problems_found:
        rest = "Nothing was written." if report.dry_run else "The other lines were brought."
        cure = "Mend them and run this again" + ("" if keep_good else ", or bring the rest with --keep-good")
        raise moving.ImportFaulty(f"{format_count(report.problems_found)} problems. {rest} {cure}.")
    if not report.is_balanced:
        raise moving.ImportFaulty("Source and books differ, and nothing explains it. Run `regulars check`.")


def _show(report: moving.Report) -> None:
    console = say()
    for problem in report.problems[:SHOWN_MAX]:
        console.print(f"  {problem} [{problem.code}]", soft_wrap=True, markup=False)
    if report.problems_found > SHOWN_MAX:
        more = format_count(report.problems_found - SHOWN_MAX)
        console.print(f"  ... and {more} more (`--problems FILE` writes all of them).")
    for notice in report.notices:
        console.print(f"Note: {notice}", soft_wrap=True, markup=False)
    right = [
        Column(name, justify="right")
        for name in ("Lines", "To bring" if report.dry_run else "Brought", "There", "Refused", "Empty", "Ended")
    ]
    table = Table("Part", "File", *right)
    for part in report.parts:
        counts = (part.lines, part.brought, part.there, part.refused, part.empty, part.ended)
        table.add_row(part.part, part.file, *map(format_count, counts))
    speak().print(table)
    if report.currencies:
        names = ("Source", "Books", "Ended", "Refused", "Difference")
        sums = Table("Currency", "", *(Column(name, justify="right") for name in names))
        for each in report.currencies:
            points = (each.source_points, each.books_points, each.ended_points, each.refused_points)
            lots = (each.source_lots, each.books_lots, each.ended_lots, each.refused_lots)
            sums.add_row(each.currency, "points", *map(format_count, (*points, each.difference_points)))
            sums.add_row("", "lots", *map(format_count, (*lots, each.difference_lots)))
        speak().print(sums)
    done = "Looked at" if report.dry_run else "Brought"
    console.print(f"{done} as of {_tell(report.as_of)}, {format_duration(report.seconds)}.")


def _tell(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"

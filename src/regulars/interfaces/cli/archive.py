"""`regulars archive`: closed months of the journal as files, held against the books."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from regulars.base.open import open_database
from regulars.features.moving import archive as months
from regulars.interfaces.cli.console import format_count, print_json, say
from regulars.interfaces.cli.frames import read_parquet, turn_into_parquet
from regulars.interfaces.cli.opening import read_settings, run

__all__ = ["app"]

app = typer.Typer(name="archive", add_completion=False, rich_markup_mode="markdown")


class ArchiveDone(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    archived: int
    verified: int
    dropped: int
    files: list[months.Archived]


@app.command("archive")
def archive_journal(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(help="Where the files lie. Keep it, with a copy elsewhere.", show_default=False)
    ],
    *,
    before: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m"], help="Write the months before this one, such as 2026-01.")
    ] = None,
    drop: Annotated[
        bool, typer.Option("--drop", help="Take notices out of the journal that lie in whole files for long.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a machine's version.")] = False,
) -> None:
    """Write closed months of the journal into Parquet, read every file back, and hold it against the books.

    Without `--before` nothing is written: what was archived is read and held against its seals. What members were told
    about themselves is in no file. Killed or run again, it goes on where it was.

    Example:  `regulars archive /mnt/archive --before 2026-01`
    """
    settings = read_settings(context)
    files: list[months.Archived] = []

    async def work() -> ArchiveDone:
        async with open_database(settings) as database:
            shelf = months.Shelf(
                database=database,
                folder=folder,
                frames=months.Frames(write=turn_into_parquet, read=read_parquet),
                now=datetime.now(UTC),
                tell=files.append,
            )
            archived = 0 if before is None else await months.archive(shelf, before.date())
            dropped = await months.drop_archived(shelf) if drop else 0
            verified = 0 if before is not None or drop else await months.verify_archive(shelf)
            return ArchiveDone(archived=archived, verified=verified, dropped=dropped, files=files)

    done = run(work())
    if json:
        print_json(done)
        return
    console = say()
    for each in files:
        what = (
            f"{format_count(each.dropped)} dropped" if each.dropped else f"{format_count(each.activities)} activities"
        )
        console.print(f"  {each.file}: {what}", soft_wrap=True)
    if before is not None:
        console.print(f"{format_count(done.archived)} activities archived.")
    elif not drop:
        console.print(f"{format_count(done.verified)} activities are as they were sealed.")
    if drop:
        console.print(f"{format_count(done.dropped)} notices dropped; their names and seals stay.")

"""An import by several processes at once, each with members of its own: reading and reckoning take a whole core."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from regulars.base.apart import Tell, WorkBroken, run_apart
from regulars.base.errors import Refusal
from regulars.base.settings import Settings
from regulars.features import moving
from regulars.interfaces.beside import join_rooms
from regulars.interfaces.cli.frames import open_parquet
from regulars.interfaces.cli.opening import open_house, run

__all__ = ["ImportCut", "count_lanes", "open_sheets", "spread_over"]

PARQUET: Final = ".parquet"
LANES_MAX: Final = 4
"""By itself: PostgreSQL wants cores as well."""
WORTHWHILE_LINES: Final = 50_000
"""Fewer are brought before other processes have started."""


class ImportCut(Refusal):
    """One of the processes that bring a house in has died. What was brought is there; run it again for the rest."""

    code, kind, retryable = "import_cut_short", "unavailable", True


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a lane is asked to do, as it goes to a process of its own."""

    settings: Settings
    folder: Path
    mapped: moving.Mapped
    order: moving.Order


def count_lanes(lines: int) -> int:
    """Say how many bring so many lines at once, where nobody says otherwise: the same on one machine each time."""
    return min(LANES_MAX, os.cpu_count() or 1) if lines >= WORTHWHILE_LINES else 1


def open_sheets(folder: Path, mapped: moving.Mapped) -> dict[moving.PartName, moving.Sheet]:
    """Open the files that a mapping names. Raises SheetUnreadable, FramesMissing, MappingInvalid."""
    found: dict[moving.PartName, moving.Sheet] = {}
    for name, part in mapped.list_parts():
        path = folder / part.file
        if not path.resolve().is_relative_to(folder.resolve()):
            raise moving.MappingInvalid(f"{part.file}: the mapping names a file outside the folder.")
        parquet = path.with_suffix(PARQUET)
        if path.suffix == PARQUET or (not path.is_file() and parquet.is_file()):
            found[name] = open_parquet(parquet)
        else:
            found[name] = moving.open_csv(path, encoding=mapped.encoding, delimiter=mapped.delimiter)
    return found


def spread_over(
    settings: Settings, folder: Path, mapped: moving.Mapped, *, lanes: int, notice: Callable[[int], None]
) -> moving.Spread | None:
    """Bring what is in a folder in so many processes at once; None where one is enough, and is here already.

    A process that dies ends all: run again, each goes on where it was. Raises what one of them raises, or ImportCut.
    """
    if lanes == 1:
        return None

    async def spread(order: moving.Order) -> Sequence[moving.Carried]:
        def hear(told: Sequence[Any]) -> None:
            notice(sum(each for each in told if isinstance(each, int)))

        works = [
            Work(
                settings=settings,
                folder=folder,
                mapped=mapped,
                order=replace(order, lane=moving.Lane(number=number, count=lanes)),
            )
            for number in range(lanes)
        ]
        try:
            return await run_apart([partial(_bring, work) for work in works], hear)
        except WorkBroken as error:
            message = "One of the processes ended early: somebody stopped it, or what it printed says why. Run the same"
            raise ImportCut(f"{message} command again: each goes on where it was.") from error

    return spread


def _bring(work: Work, tell: Tell) -> moving.Carried:
    """Bring one lane, in a process of its own."""

    async def bring() -> moving.Carried:
        async with open_house(work.settings) as (database, house):
            return await moving.bring_lane(
                database,
                house,
                work.mapped,
                open_sheets(work.folder, work.mapped),
                order=work.order,
                joins=join_rooms(house),
                notice=tell,
            )

    return run(bring())

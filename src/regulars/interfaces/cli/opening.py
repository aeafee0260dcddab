"""What commands need before they begin: the settings, the database, and the house."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import typer

from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.kernel.program import Versions
from regulars.kernel.spine import House

__all__ = ["CHECKOUT_FOLDER", "make_house", "open_house", "read_settings", "run"]

T = TypeVar("T")

CHECKOUT_FOLDER: Final = ".regulars"
"""Where the demo keeps its data: below the current folder, so that a try-out never meets real data."""


def read_settings(context: typer.Context, *, demo: bool = False) -> Settings:
    """Read the settings, with the data folder that was given by `--data-dir` or REGULARS_DATA_DIR.

    With neither, a folder `.regulars` below the current one is used where there is one (the demo makes it), and
    else the person's own data folder. Raises SettingsInvalid.
    """
    settings = Settings.read()
    data_dir: Path | None = context.find_root().params.get("data_dir")
    if data_dir is not None:
        return replace(settings, data_dir=data_dir.expanduser().absolute())
    here = Path.cwd() / CHECKOUT_FOLDER
    return replace(settings, data_dir=here) if demo or here.is_dir() else settings


def make_house(settings: Settings) -> House:
    """Build what the one path needs. Raises SettingsInvalid when the secret cannot be read."""
    return House(
        keyring=settings.load_secret().derive(),
        versions=Versions(),
        new_id=new_id,
        auto_enrol=settings.auto_enrol,
        late_days_max=settings.late_days_max,
    )


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncGenerator[tuple[Database, House]]:
    """Open the database that the settings name, and build the house over it."""
    async with open_database(settings) as database:
        yield database, make_house(settings)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end, on the fast loop."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)

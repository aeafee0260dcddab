"""`regulars worker`: what time makes due."""

from typing import Annotated

import typer

from regulars.interfaces.cli.console import say
from regulars.interfaces.cli.opening import make_house, read_settings, run

__all__ = ["worker"]


def worker(
    context: typer.Context,
    every: Annotated[float, typer.Option(min=0.05, max=3600, help="Seconds between two looks.")] = 1.0,
) -> None:
    """Bring what is due: points that end, levels that are reviewed. Runs until told to stop.

    It may run in several copies, late, or not for a while: no balance is wrong meanwhile, for whatever is due is also
    done when a member is next served.

    Example:  `regulars worker --every 5`
    """
    from regulars.interfaces.worker import work

    settings = read_settings(context)
    run(work(settings, make_house(settings), every_seconds=every, tell=lambda line: say().print(line, soft_wrap=True)))

"""`regulars serve`: the HTTP door."""

from typing import Annotated, Final

import typer

from regulars.interfaces.cli.console import say
from regulars.interfaces.cli.opening import read_settings

__all__ = ["serve"]


WORKERS_MAX: Final = 64


def serve(
    context: typer.Context,
    workers: Annotated[int, typer.Option(min=1, max=WORKERS_MAX, help="Processes that answer: one for each core.")] = 1,
) -> None:
    """Serve over HTTP until told to stop (Ctrl-C or SIGTERM).

    Where nobody owns the installation yet, it prints the one-time link for the owner.
    Where it listens is REGULARS_HOST and REGULARS_PORT. What time makes due is done by `regulars worker`, beside it.

    With `--workers` several processes answer at the one address, and one that dies is replaced. They share the pool of
    connections, and each lets a key through at its share of the rate.

    Example:  `REGULARS_PORT=9000 regulars serve --workers 2`
    """
    from regulars.interfaces import http
    from regulars.interfaces.cli.staff import greet

    settings = read_settings(context)

    def tell(address: str) -> None:
        say().print(f"Listening on {address}, docs on {address}/docs")

    if workers == 1:
        http.serve(settings, tell=tell, greet=greet)
    else:
        http.serve_together(settings, workers=workers, tell=tell, greet=greet)

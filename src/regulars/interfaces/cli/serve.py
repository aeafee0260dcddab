"""`regulars serve`: the HTTP door."""

import typer

from regulars.interfaces.cli.console import say
from regulars.interfaces.cli.opening import read_settings

__all__ = ["serve"]


def serve(context: typer.Context) -> None:
    """Serve over HTTP until told to stop (Ctrl-C or SIGTERM).

    Where it listens is REGULARS_HOST and REGULARS_PORT. What time makes due is done by `regulars worker`, beside it.

    Example:  `REGULARS_PORT=9000 regulars serve`
    """
    from regulars.interfaces import http

    http.serve(
        read_settings(context), tell=lambda address: say().print(f"Listening on {address}, docs on {address}/docs")
    )

"""`regulars`: the entry point. A command is the file of its name, which is only loaded when it is asked for."""

from importlib import import_module
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from regulars.base.errors import Refusal
from regulars.interfaces.cli.console import say, speak

__all__ = ["app"]

REFUSED: Final = 1
"""The status of a call that was refused; a call that was not understood ends with 2."""
NAMES: Final = (
    "demo",
    "serve",
    "worker",
    "replay",
    "import",
    "export",
    "statement",
    "tiers",
    "check",
    "books",
    "reconcile",
    "differences",
    "program",
    "staff",
    "keys",
    "stores",
    "tills",
    "burning",
    "webhooks",
    "messages",
    "audit",
    "fraud",
    "insight",
    "privacy",
    "archive",
    "secret",
    "db",
)
"""In the order in which a newcomer meets them."""


class Commands(TyperGroup):
    """Commands that are loaded when they are named, and answer a refusal with its sentence and nothing else."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - the framework's
        """Name what there is."""
        return [*NAMES, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - the framework's
        """Load a command: its file holds an `app` of several, or a function of its name."""
        if cmd_name not in NAMES:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"regulars.interfaces.cli.{cmd_name}")
        found: typer.Typer | None = getattr(module, "app", None)
        if found is None:
            found = typer.Typer(add_completion=False, rich_markup_mode="markdown")
            found.command(cmd_name)(getattr(module, cmd_name))
        return get_command(found)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the framework's
        """Run a command; a refusal goes to stderr, and ends with status 1."""
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            say().print(f"regulars: {refusal.detail}", soft_wrap=True)
            raise typer.Exit(REFUSED) from refusal


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    # A traceback is for what we did not foresee, and then with nothing of ours hidden and no values shown.
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
    help=(
        "Regulars: points kept like money, a programme that a marketer writes, a checkout that is never blocked.\n\n"
        "To see it at work:  `regulars demo`\n\n"
        "To run a shop:  `regulars program publish programs/grocer.yaml`,  `regulars keys new till --scope"
        " activities:write`,  `regulars serve`,  and beside it  `regulars worker`.\n\n"
        "Settings are read from the environment, as REGULARS_*: with no REGULARS_DATABASE_URL, a PostgreSQL of its own"
        " is started in the data folder."
    ),
)


@app.callback()
def settle(
    data_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="REGULARS_DATA_DIR",
            help="Folder of the database and the secret. Without it: `.regulars` here if there is one, else your own.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Take what all commands share; they find it in the root context."""
    del data_dir


@app.command()
def version() -> None:
    """Print the version."""
    speak().print(version_of("regulars"))

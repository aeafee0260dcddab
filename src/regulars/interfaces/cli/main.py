"""`regulars`: the entry point. Commands are found here; each does its work in a file of its own."""

from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from regulars.base.errors import Refusal
from regulars.interfaces.cli import check, db, demo, keys, program, replay, serve, statement, worker
from regulars.interfaces.cli.console import say, speak

__all__ = ["app"]

REFUSED = 1


class Commands(TyperGroup):
    """Commands that answer a refusal with its sentence, and nothing else."""

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


for command in (serve.serve, worker.worker, demo.demo, replay.replay, statement.statement, check.check):
    app.command()(command)
app.add_typer(db.app)
app.add_typer(program.app)
app.add_typer(keys.app)

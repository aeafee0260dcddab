"""`regulars books`: what points are worth in the books of the house."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.open import open_database
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.opening import read_settings, run
from regulars.kernel.program import Versions

__all__ = ["app"]

app = typer.Typer(
    name="books", no_args_is_help=True, help="Points as money: what is set aside, roll-forward, estimates, postings."
)

Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
Month = Annotated[str | None, typer.Option(help="Last month, such as 2026-03; without it, the present one so far.")]
Own = Annotated[
    list[str] | None,
    typer.Option(
        "--own", help="A funder whose points are a part of our own price; may be given again. [default: house]"
    ),
]


@app.command()
def rollforward(context: typer.Context, *, month: Month = None, own: Own = None, json: Json = False) -> None:
    """Show month by month what was owed, what moved it, and what is owed now, in points and in money.

    Tied to the lots, the holds and the accounts, or refused. What is set aside for points is written down the first
    time and stays; asked again for a month that is over, the answer is the same.

    Example:  `regulars books rollforward --month 2026-03`
    """
    books = _take(context, month, own)
    if json:
        print_json({"money": books.money, "until": books.until, "is_over": books.is_over, "months": books.forwards})
        return
    _show(books)


@app.command()
def estimate(
    context: typer.Context,
    currency: Annotated[str, typer.Argument(help="Whose points.")],
    *,
    rate: Annotated[int, typer.Option(min=0, max=1000, help="How many of a thousand points will be used.")],
    by: Annotated[str, typer.Option(help="Who says so.")],
    note: Annotated[str, typer.Option(help="Why.")],
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC) on which it holds. [default: now]"),
    ] = None,
) -> None:
    """Say how many points will be used, from a day on. What was set aside before stays as it is.

    Example:  `regulars books estimate points --rate 850 --by "Ann Li" --note "audit 2026, page 4"`
    """
    from regulars.features.money import Estimate, make_estimate

    async def work(database: Database, at: datetime) -> Estimate:
        async with database.transaction() as tx:
            return await make_estimate(
                tx,
                currency=currency,
                rate_permille=rate,
                effective_from=at if since is None else since.replace(tzinfo=UTC),
                by=by,
                at=at,
                note=note,
            )

    made: Estimate = _work(context, work)
    say().print(
        f"Estimate {made.number} of {made.currency}: {made.rate_permille} of 1000 will be used,"
        f" from {made.effective_from.isoformat()} on.",
        soft_wrap=True,
    )


@app.command()
def propose(
    context: typer.Context, currency: Annotated[str, typer.Argument(help="Whose points.")], *, json: Json = False
) -> None:
    """Show what became of earlier points, and the rate that this suggests. Nothing is stored.

    Example:  `regulars books propose points`
    """
    from regulars.features import money

    async def work(database: Database, at: datetime) -> money.Proposal | None:
        flows = await money.read_history(database, Versions(), at=at)
        # The month that is not over yet would count as one in which little was used.
        return money.propose(flows.sums, currency, last=flows.months.last - 1)

    found: money.Proposal | None = _work(context, work)
    if json:
        print_json(found)
    elif found is None:
        say().print(f"No {currency} were issued in a month that is over.")
    else:
        table = Table("Months after issue", "Cohorts", "Issued", "Used", "Used so far, of 1000", title=currency)
        for age in found.ages:
            table.add_row(
                *(format_count(n) for n in (age.months, age.cohorts, age.issued, age.used, age.share_permille))
            )
        speak().print(table)
        speak().print(f"Suggested: --rate {found.rate_permille}")


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write; .csv or .beancount says how.", dir_okay=False)],
    *,
    month: Month = None,
    own: Own = None,
) -> None:
    """Write the postings of all months for the finance system. Each transaction comes to nothing.

    Example:  `regulars books export loyalty.beancount --month 2026-03`
    """
    from regulars.features import money

    writers = {".csv": money.write_csv, ".beancount": money.write_beancount}
    if file.suffix not in writers:
        raise typer.BadParameter("The file's name ends in .csv or .beancount.", param_hint="FILE")
    books = _take(context, month, own)
    transactions = money.post(books.forwards, money=books.money)
    file.write_text(writers[file.suffix](transactions), encoding="utf-8", newline="")
    say().print(f"{format_count(len(transactions))} transactions up to {books.last} written to {file}.", soft_wrap=True)


def _take(context: typer.Context, month: str | None, own: list[str] | None) -> Any:  # noqa: ANN401 - imported late
    from regulars.features import money

    index = None if month is None else money.read_month(month)
    funders = frozenset(own) if own else money.OWN

    async def work(database: Database, at: datetime) -> money.Books:
        return await money.take_books(database, Versions(), at=at, month=index, own=funders)

    return _work(context, work)


def _work(context: typer.Context, work: Callable[[Database, datetime], Any]) -> Any:  # noqa: ANN401 - what the work gives
    settings = read_settings(context)

    async def begin() -> Any:  # noqa: ANN401
        async with open_database(settings) as database:
            async with database.snapshot() as read:
                at = await clock.now(read)
            return await work(database, at)

    return run(begin())


def _show(books: Any) -> None:  # noqa: ANN401 - imported late
    from regulars.features.money import format_minor

    def worth(micro: int) -> str:
        return format_minor(micro // 10**6, books.money)

    console = speak()
    for forward in books.forwards:
        title = f"{forward.month}, {forward.currency} funded by {forward.funder}"
        table = Table(title, "Points", f"Fair value, {books.money}", f"Set aside, {books.money}")
        opening, closing = forward.opening, forward.closing
        table.add_row(
            "opening", format_count(opening.points), worth(opening.value_micro), worth(opening.liability_micro)
        )
        for moved in forward.movements:
            if moved.parts or moved.deferred_micro:
                cells = (format_count(moved.points), worth(moved.value_micro), worth(moved.deferred_micro))
                table.add_row(moved.category, *cells)
        table.add_row("breakage ahead", "", "", worth(-forward.ahead_micro))
        table.add_row(f"estimate {forward.estimate}", "", "", worth(-forward.restated_micro))
        table.add_row(
            "closing", format_count(closing.points), worth(closing.value_micro), worth(closing.liability_micro)
        )
        console.print(table)
    for currency, points in books.owed_points.items():
        console.print(f"Members owe {format_count(points)} {currency}, which are no part of this.")
    if not books.is_over:
        console.print(f"{books.last} is not over: told until {books.until.isoformat()}.")

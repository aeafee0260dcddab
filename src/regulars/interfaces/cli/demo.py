"""`regulars demo`: a grocer's year through the programme."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
import typer

from regulars.base import clock, embedded
from regulars.base.db import Database, Tx
from regulars.base.errors import Refusal
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.features import access
from regulars.interfaces.cli.check import check_books, show_report
from regulars.interfaces.cli.console import format_count, say, speak, watch
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.interfaces.cli.reading import read_program
from regulars.kernel import activity as journal
from regulars.kernel import spine
from regulars.kernel.program import Document, content_hash

if TYPE_CHECKING:
    from regulars.interfaces.cli.journey import Journey, Outline
    from regulars.interfaces.cli.lanes import Load
    from regulars.interfaces.cli.memory import PostgresMemory
    from regulars.interfaces.cli.recording import Tally
    from regulars.interfaces.cli.report import Figures
    from regulars.interfaces.cli.sign_ins import SignIn
    from regulars.kernel.spine.check import Report

__all__ = ["DemoNotPossible", "demo"]

PROGRAM: Final = Path("programs") / "grocer.yaml"
YEAR: Final = 2017
SAMPLE_EVERY: Final = 10
SAMPLE_FOLDER: Final = "fast"
LANES: Final = 2
"""Processes that share the year. A household has one card, so no two of them meet over a member."""
KEY_NAME: Final = "demo"
KEY_DAYS: Final = 30


class DemoNotPossible(Refusal):
    """The demo cannot be given as asked."""

    code, kind = "demo_not_possible", "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the replay left to show."""

    figures: "Figures"
    check: "Report | None"
    """None where nothing is new since the last proof, and somebody waits for the server."""
    at: datetime
    """Ledger time afterwards."""
    token: str
    """Of the key for the curl that is printed; empty when nothing will be served."""
    people: "Sequence[SignIn]"
    """Who can sign in to the console; nobody when nothing will be served."""


def demo(
    context: typer.Context,
    *,
    fast: Annotated[bool, typer.Option("--fast", help="One household in ten, in a database of its own.")] = False,
    serve: Annotated[bool, typer.Option(help="Serve HTTP afterwards, until Ctrl-C.")] = True,
    report: Annotated[
        Path | None, typer.Option(help="Write the figures to this file, as JSON.", show_default=False)
    ] = None,
    program: Annotated[
        Path | None, typer.Option(help="Another programme than programs/grocer.yaml.", show_default=False)
    ] = None,
    codes: Annotated[
        bool, typer.Option("--codes", help="Only show what the phones of the demo's people show now, to sign in.")
    ] = False,
    lang: Annotated[str, typer.Option(envvar=["LC_ALL", "LANG"], help="Language of the report: en or zh.")] = "en",
) -> None:
    """Replay a grocer's year, print what came of it, prove the books, and serve.

    155,848 baskets of 2,469 households: The Complete Journey by 84.51°, simulated from real shopping patterns and
    published for education. Each is sent through the rules, line by line; nothing is prepared. The letters with coupons
    that the data tells of are sent too, and the coupons that were used are shown. The data is kept in `.regulars` below
    this folder, so a second run is ready in seconds.

    Examples:  `regulars demo --fast`,  `regulars demo --no-serve --report figures.json`
    """
    settings = _choose_settings(context, fast=fast)
    if codes:
        _print_codes(settings)
        return
    document = read_program(_find_program(program))
    if report is not None and not report.absolute().parent.is_dir():
        raise DemoNotPossible(f"There is no folder {report.absolute().parent} for the report. Make it first.")
    if serve:
        _refuse_port_in_use(settings)
    with _keeping_database(settings):
        every = SAMPLE_EVERY if fast else 1
        shown = run(_give(settings, document, every=every, with_key=serve, prove=not serve or report is not None))
        _print(shown, document, lang="zh" if lang.lower().startswith("zh") else "en")
        if report is not None:
            report.write_bytes(msgspec.json.format(msgspec.json.encode(shown.figures), indent=2) + b"\n")
            say().print(f"Figures written to {report}.", soft_wrap=True)
        if shown.check is not None and shown.check.faults:
            raise DemoNotPossible("The books are not right; the faults are listed above. Please tell us about them.")
        if serve:
            _serve(settings, shown)


def _print_codes(settings: Settings) -> None:
    from regulars.interfaces.cli.sign_ins import read_sign_ins

    people = read_sign_ins(settings)
    if not people:
        raise DemoNotPossible(
            "Nobody can sign in yet: `make demo` serves, and draws the sign-ins. With --fast, add it."
        )
    for each in people:
        speak().print(f"{each.role:<14}{each.email:<24}password {each.password}  code {each.code}", soft_wrap=True)


def _choose_settings(context: typer.Context, *, fast: bool) -> Settings:
    settings = read_settings(context, demo=True)
    if not fast:
        return settings
    if settings.database_url is not None:
        raise DemoNotPossible(
            "--fast keeps its sample in an embedded database of its own, so that a full run is not confused."
            " Unset REGULARS_DATABASE_URL, or leave --fast out."
        )
    return replace(settings, data_dir=settings.data_dir / SAMPLE_FOLDER)


def _find_program(given: Path | None) -> Path:
    if given is not None or PROGRAM.exists():
        return given or PROGRAM
    # In a checkout, wherever the command is called from.
    return Path(__file__).resolve().parents[4] / PROGRAM


def _refuse_port_in_use(settings: Settings) -> None:
    """Say so now, and not after the replay."""
    from regulars.interfaces.http.serve import open_socket

    open_socket(settings.host, settings.port).close()


@contextmanager
def _keeping_database(settings: Settings) -> Generator[None]:
    """Keep the embedded database up from the replay to the end of serving."""
    if settings.database_url is not None:
        yield
        return
    with embedded.using(settings.data_dir, bindir=settings.pg_bindir, port=settings.pg_port):
        yield


async def _give(settings: Settings, document: Document, *, every: int, with_key: bool, prove: bool) -> Shown:
    from regulars.interfaces.cli.campaigns import MAILING
    from regulars.interfaces.cli.journey import Outline
    from regulars.interfaces.cli.memory import PostgresMemory, read_peak_mb
    from regulars.interfaces.cli.postgres import gather_statistics
    from regulars.interfaces.cli.recording import Tally
    from regulars.interfaces.cli.report import read_year, summarise
    from regulars.interfaces.cli.sign_ins import prepare_member, prepare_sign_ins

    memory = PostgresMemory(settings.data_dir) if settings.database_url is None else None
    zone = ZoneInfo(document.time_zone)
    async with open_house(settings) as (database, house):
        say().print("Reading the data.")
        campaigns = any(MAILING in offer.on for offer in document.offers)
        outline, tally = Outline.load(every=every, campaigns=campaigns), Tally()
        start = min(datetime(YEAR, 1, 1, tzinfo=zone), outline.first)
        end = max(datetime(YEAR + 1, 1, 1, tzinfo=zone), outline.last + timedelta(seconds=1))
        await _begin(database, start)
        await _publish(database, house, document, start)
        async with database.snapshot() as read:
            letters_before = (await journal.count_by_kind(read)).get(MAILING, 0)
        load = partial(_load_lane, every, campaigns)
        lanes_mb = await _replay(database, settings, outline, tally, memory, load=load)
        await spine.bring_due(database, house, at=end)
        if tally.recorded:
            await asyncio.to_thread(gather_statistics, settings)
        at = await _turn_clock(database, end)
        report = await check_books(database) if prove or tally.recorded else None
        if memory is not None:
            memory.look()
        async with database.snapshot() as read:
            year = await read_year(read, document, outline, at=end)
            letters = (await journal.count_by_kind(read)).get(MAILING, 0) - letters_before
        figures = summarise(
            year,
            tally,
            report,
            outline,
            letters_recorded=letters,
            rss_mb=read_peak_mb() + sum(lanes_mb),
            lanes_rss_mb=lanes_mb,
            postgres_rss_mb=None if memory is None else memory.peak_mb,
        )
        token = await database.run(_issue_key) if with_key else ""
        people = await prepare_sign_ins(settings, database, house.keyring) if with_key else ()
        if with_key:
            await prepare_member(database, house.keyring)
    return Shown(figures=figures, check=report, at=at, token=token, people=people)


async def _begin(database: Database, start: datetime) -> None:
    """Let time begin with the year in a database where nothing has happened; leave alone one where a shop is run."""

    async def begin(tx: Tx) -> None:
        if await clock.is_sandbox(tx):
            return
        if await journal.count_by_kind(tx):
            message = (
                "This database holds activities of its own, and the demo's year would be mixed with them."
                " Give it a database of its own: unset REGULARS_DATABASE_URL, or name another REGULARS_DATA_DIR."
            )
            raise DemoNotPossible(message)
        await clock.begin_sandbox(tx, start)

    await database.run(begin)


async def _publish(database: Database, house: spine.House, document: Document, start: datetime) -> None:
    """Let the programme decide from the year's first day on, unless it does already."""
    async with database.snapshot() as read:
        release = (await house.versions.read(read)).release_at(start)
    if release is not None and release.hash == content_hash(document):
        return

    async def write(tx: Tx) -> None:
        await spine.publish(tx, document, live_from=start, by="regulars demo", at=await clock.now(tx))

    await database.run(write)


async def _replay(
    database: Database,
    settings: Settings,
    outline: "Outline",
    tally: "Tally",
    memory: "PostgresMemory | None",
    *,
    load: "Load",
) -> Sequence[int]:
    """Replay the year, unless it is there; gives the most memory that each process took, in MB."""
    from regulars.interfaces.cli.lanes import replay_in_lanes
    from regulars.interfaces.cli.replay import RowsRefused, show_tally

    async with database.snapshot() as read:
        there = (await journal.count_by_kind(read)).get("purchase", 0)
        if there >= outline.total and await outline.ends_in(read):
            tally.repeated = outline.total
            return ()
    say().print(f"Replaying {format_count(outline.total)} baskets with {format_count(outline.line_count)} lines.")
    with watch("Replaying the year", outline.total, "baskets") as advance:

        def note(read: int, made: int) -> None:
            advance(read, made)
            if memory is not None:
                memory.look()

        taken = await replay_in_lanes(settings, load, tally, note, lanes=LANES)
    if tally.refused:
        show_tally(tally)
        raise RowsRefused("Some baskets were refused, so the year is not whole. The reasons are listed above.")
    return taken


def _load_lane(every: int, campaigns: bool, lane: int, lanes: int) -> "Journey":  # noqa: FBT001 - a lane numbers itself
    """Read one lane's households, in the lane's own process."""
    from regulars.interfaces.cli.journey import Journey

    return Journey.load(every=every, part=(lane, lanes), campaigns=campaigns)


async def _turn_clock(database: Database, end: datetime) -> datetime:
    """Move the ledger's clock to the end of the data, where it goes on from; give the time it then shows."""

    async def write(tx: Tx) -> datetime:
        now = await clock.now(tx)
        if now < end:
            await clock.set_now(tx, end)
        return max(now, end)

    return await database.run(write)


async def _issue_key(tx: Tx) -> str:
    """Issue a key that may do everything, and revoke the one of the last run."""
    from regulars.interfaces.http import list_scopes

    at = datetime.now(UTC)
    for key in await access.list_keys(tx):
        if key.name == KEY_NAME and key.is_live(at):
            await access.revoke_key(tx, key.prefix, at=at)
    ends = at + timedelta(days=KEY_DAYS)
    issued = await access.issue_key(tx, id=new_id(), name=KEY_NAME, scopes=list_scopes(), at=at, expires_at=ends)
    return issued.token


def _print(shown: Shown, document: Document, *, lang: Literal["en", "zh"]) -> None:
    from regulars.interfaces.cli.report import show

    show(speak(), shown.figures, document, lang=lang)
    if shown.check is None:
        speak().print("Nothing is new, so the books were not proved again. To prove them: regulars check")
    else:
        show_report(shown.check)


def _serve(settings: Settings, shown: Shown) -> None:
    from regulars.interfaces import http
    from regulars.interfaces.cli.sign_ins import MEMBER
    from regulars.interfaces.http.pages import is_built

    def tell(address: str) -> None:
        # Ledger time may be years from the world's: a purchase of "now" is one of then.
        purchase = {
            # Named by its moment: another run asks for another purchase.
            "id": f"hello-{shown.at:%Y%m%d%H%M%S}",
            "source": "till",
            "kind": "purchase",
            "occurred_at": shown.at.astimezone(UTC).replace(microsecond=0).isoformat(),
            "member": {"identifier": {"kind": "card", "value": "2463"}},
            "lines": [{"sku": "bananas", "amount_minor": 450, "categories": ["PRODUCE"]}],
        }
        console = speak()
        lines = (
            "",
            f"Serving on {address}",
            *(f"  {name:<10}{address}/{name}/" for name in ("console", "member", "register") if is_built()),
            f"  docs      {address}/docs",
            f"  API key   {shown.token}",
            "",
            "To sign in to the console (drawn for this demo; `regulars demo --codes` shows what the phones show now):",
            *(f"  {each.role:<14}{each.email:<24}password {each.password}  code {each.code}" for each in shown.people),
            f"To the member app: {MEMBER}, who is a household of the year, or any address of a newcomer.",
            "",
            "Buy something:",
            f"  curl -s {address}/v1/activities -H 'Authorization: Bearer {shown.token}' \\",
            f"    -H 'Content-Type: application/json' -d '{msgspec.json.encode(purchase).decode()}'",
            "",
            "Ctrl-C ends it; the data stays.",
        )
        for line in lines:
            console.print(line, soft_wrap=True)

    # Nobody of the year's households has a mailbox: whoever tries the member app is shown the code.
    is_sent = settings.smtp_url is not None or settings.sms_url is not None
    http.serve(settings if is_sent else replace(settings, show_codes=True), tell=tell)

"""`regulars privacy`: forget members, keep some from being forgotten, and clear away what was kept long enough."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import msgspec
import typer
from rich.table import Table

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.base.errors import Refusal
from regulars.features import privacy
from regulars.features.privacy.model import AskedBy
from regulars.interfaces.cli.console import format_count, print_json, say, speak
from regulars.interfaces.cli.files import read_member
from regulars.interfaces.cli.opening import open_house, read_settings, run
from regulars.kernel import members
from regulars.kernel.spine import House

__all__ = ["PrivacyInputUnreadable", "app"]

app = typer.Typer(
    name="privacy",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Forgetting: erasure, legal holds, how long things are kept, and checklists of laws.",
)

BY: Final = "regulars privacy"
END: Final = datetime(9999, 1, 1, tzinfo=UTC)
LAST: Final = UUID(int=2**128 - 1)
ALL: Final = 1_000_000
ROUNDS: Final = 30
Json = Annotated[bool, typer.Option("--json", help="Print a machine's version.")]
Who = Annotated[str, typer.Argument(help="By id, or by an identifier such as card:123.")]


class PrivacyInputUnreadable(Refusal):
    """What was given to `regulars privacy` cannot be read."""

    code, kind = "privacy_input_unreadable", "invalid"


@app.command()
def show(context: typer.Context, member: Who, *, json: Json = False) -> None:
    """Show what a member would lose by being forgotten, and the word that confirms it. Nothing is changed.

    Example:  `regulars privacy show card:123`
    """
    settings = read_settings(context)

    async def look() -> privacy.LostByErasure:
        async with open_house(settings) as (database, house), database.snapshot() as read:
            return await privacy.preview(read, house, await _find(read, house, member), await clock.now(read))

    lost = run(look())
    if json:
        print_json(lost)
        return
    table = Table("What", "Points", "Owed", "Worth")
    for each in lost.currencies:
        minor = each.worth_minor
        worth = "" if minor is None else f"{minor // 100}.{minor % 100:02} {lost.money}"
        table.add_row(each.currency, format_count(each.points), format_count(each.owed), worth)
    for loss in lost.others:
        table.add_row(f"{loss.what} {loss.name}", format_count(loss.count), "", "")
    speak().print(table)
    if lost.under_legal_hold:
        say().print("A legal hold keeps this member from being forgotten.")
    say().print(
        f"To forget this member:  regulars privacy erase {lost.member} --confirm {lost.confirm}", soft_wrap=True
    )


@app.command()
def erase(
    context: typer.Context,
    member: Who,
    *,
    confirm: Annotated[str, typer.Option(help="What `regulars privacy show` printed, within half an hour.")],
    json: Json = False,
) -> None:
    """Forget a member, for ever. Points are written off, and whoever it was cannot be told any more.

    Example:  `regulars privacy erase card:123 --confirm 1767225600.0011…`
    """
    settings = read_settings(context)

    async def work() -> privacy.Erasure:
        async with open_house(settings) as (database, house):

            async def forget(tx: Tx) -> privacy.Erasure:
                found, at = await _find(tx, house, member), await clock.now(tx)
                return await privacy.erase(tx, house, found, confirm, asked_by="desk", done_by=BY, at=at)

            return await database.run(forget)

    done = run(work())
    if json:
        print_json(done)
        return
    lost = ", ".join(f"{format_count(each.points)} {each.currency}" for each in done.written_off) or "nothing"
    say().print(f"The member {done.member} is forgotten. Written off: {lost}.")
    if not done.is_whole:
        say().print("The owner of the database has yet to run:  regulars privacy finish")


@app.command()
def erasures(context: typer.Context, *, json: Json = False) -> None:
    """List who was forgotten. Keep the machine's version outside of backups: `again` reads it after a restore.

    Example:  `regulars privacy erasures --json > erased.json`
    """
    settings = read_settings(context)

    async def look() -> list[privacy.Erasure]:
        async with open_house(settings) as (database, _), database.snapshot() as read:
            return await privacy.list_erasures(read, before=(END, LAST), most=ALL)

    found = run(look())
    if json:
        print_json(found)
        return
    table = Table("Member", "When (UTC)", "Asked by", "Done by", "Whole")
    for each in found:
        whole = "yes" if each.is_whole else "no"
        table.add_row(str(each.member), f"{each.erased_at:%Y-%m-%d %H:%M}", each.asked_by, each.done_by, whole)
    speak().print(table)


@app.command()
def again(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `erasures --json` printed.")],
) -> None:
    """Forget once more whom a restored backup brought back. Whoever is forgotten already, or unknown, is left out.

    Example:  `regulars privacy again erased.json`
    """
    settings, listed = read_settings(context), _read_list(file)

    async def work() -> int:
        async with open_house(settings) as (database, house):
            done = 0
            for member in listed:
                done += await database.run(lambda tx, member=member: _forget_again(tx, house, member))
            return done

    done = run(work())
    say().print(f"{format_count(done)} of {format_count(len(listed))} members were forgotten once more.")


@app.command()
def finish(context: typer.Context) -> None:
    """Take told traits of erased members out of the journal: for the owner of the tables, where roles are in use.

    Example:  `REGULARS_DATABASE_URL=postgresql://owner@/regulars regulars privacy finish`
    """
    settings = read_settings(context)

    async def work() -> int:
        async with open_house(settings) as (database, _):
            return await privacy.finish(database)

    say().print(f"{format_count(run(work()))} erasures are whole now.")


@app.command()
def hold(
    context: typer.Context,
    member: Who,
    *,
    matter: Annotated[str, typer.Option(help="The number of the matter elsewhere, and no story.")],
    json: Json = False,
) -> None:
    """Keep a member from being forgotten, and what there is of them from being cleared away.

    Example:  `regulars privacy hold card:123 --matter 2026-114`
    """
    settings = read_settings(context)

    async def work() -> privacy.LegalHold:
        async with open_house(settings) as (database, house):

            async def place(tx: Tx) -> privacy.LegalHold:
                found, at = await _find(tx, house, member), await clock.now(tx)
                return await privacy.place_hold(tx, found, matter=matter, by=BY, at=at, new_id=house.new_id)

            return await database.run(place)

    held = run(work())
    if json:
        print_json(held)
        return
    say().print(f"Held for {held.matter}. To lift it:  regulars privacy lift {held.id}", soft_wrap=True)


@app.command()
def lift(context: typer.Context, hold: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """Lift a legal hold: the matter is over.

    Example:  `regulars privacy lift 0198c7e2-…`
    """
    settings = read_settings(context)

    async def work() -> privacy.LegalHold:
        async with open_house(settings) as (database, _):

            async def end(tx: Tx) -> privacy.LegalHold:
                return await privacy.end_hold(tx, hold, by=BY, at=await clock.now(tx))

            return await database.run(end)

    say().print(f"The hold for {run(work()).matter} is lifted.")


@app.command()
def holds(context: typer.Context, *, json: Json = False) -> None:
    """List legal holds.

    Example:  `regulars privacy holds`
    """
    settings = read_settings(context)

    async def look() -> list[privacy.LegalHold]:
        async with open_house(settings) as (database, _), database.snapshot() as read:
            return await privacy.list_holds(read, most=ALL)

    found = run(look())
    if json:
        print_json(found)
        return
    table = Table("Id", "Member", "Matter", "Since (UTC)", "By")
    for each in found:
        table.add_row(str(each.id), str(each.member), each.matter, f"{each.placed_at:%Y-%m-%d}", each.placed_by)
    speak().print(table)


@app.command()
def keep(
    context: typer.Context,
    *,
    days: Annotated[
        list[str] | None, typer.Option("--days", help="name=days, or name= for what the room says.")
    ] = None,
    pack: Annotated[str, typer.Option(help="Take all periods of a pack: gdpr, pipl or ccpa.")] = "",
    json: Json = False,
) -> None:
    """Show how long things are kept; with `--days` or `--pack`, say so first.

    Example:  `regulars privacy keep --pack pipl --days privacy.inactive_member=730`
    """
    settings = read_settings(context)
    wanted: dict[str, int | None] = dict(privacy.find_pack(pack).days) if pack else {}
    wanted.update(_read_days(each) for each in days or ())

    async def work() -> list[privacy.Period]:
        async with open_house(settings) as (database, _):

            async def put(tx: Tx) -> None:
                await privacy.set_period_days(tx, wanted, by=BY, at=await clock.now(tx))

            if wanted:
                await database.run(put)
            async with database.snapshot() as read:
                return await privacy.list_periods(read)

    found = run(work())
    if json:
        print_json(found)
        return
    table = Table("Name", "Days", "Said by", "What")
    for each in found:
        said = "the room, always" if each.is_fixed else "you" if each.is_set else "the room"
        table.add_row(each.name, format_count(each.days) if each.days else "for ever", said, each.what)
    speak().print(table)


@app.command()
def clear(context: typer.Context, *, json: Json = False) -> None:
    """Clear away now what was kept long enough; the worker does it once a day.

    Example:  `regulars privacy clear`
    """
    settings = read_settings(context)

    async def work() -> privacy.Round | None:
        async with open_house(settings) as (database, house):
            return await privacy.clear(database, house)

    done = run(work())
    assert done is not None, "without a pause there is always a round"
    _show_rounds([done], json=json)


@app.command()
def rounds(context: typer.Context, *, json: Json = False) -> None:
    """List what the last rounds of clearing did.

    Example:  `regulars privacy rounds`
    """
    settings = read_settings(context)

    async def look() -> list[privacy.Round]:
        async with open_house(settings) as (database, _), database.snapshot() as read:
            return [done for _, done in await privacy.list_rounds(read, before=2**63 - 1, most=ROUNDS)]

    _show_rounds(run(look()), json=json)


@app.command()
def tables(context: typer.Context, *, json: Json = False) -> None:
    """List every table that knows of members, with what becomes of it when one is forgotten.

    Example:  `regulars privacy tables`
    """
    read_settings(context)
    decided = privacy.list_decided()
    if json:
        print_json(dict(decided))
        return
    table = Table("Table", "When a member is forgotten")
    for name, said in decided.items():
        table.add_row(name, said)
    speak().print(table)


@app.command()
def checklist(
    context: typer.Context,
    *,
    pack: Annotated[str, typer.Option(help="gdpr, pipl or ccpa.")],
    zh: Annotated[bool, typer.Option("--zh", help="In Chinese.")] = False,
    json: Json = False,
) -> None:
    """Fill the checklist of a law from what is true of this installation.

    Example:  `regulars privacy checklist --pack pipl --zh`
    """
    settings = read_settings(context)

    async def look() -> privacy.Checklist:
        async with open_house(settings) as (database, _), database.snapshot() as read:
            return await privacy.fill_checklist(read, settings, pack, at=await clock.now(read))

    found = run(look())
    if json:
        print_json(found)
        return
    lang = "zh-CN" if zh else "en"
    said = {"yes": "是", "no": "否", "people": "人工"} if zh else {"yes": "yes", "no": "NO", "people": "people"}
    table = Table(*(("条款", "问题", "结论", "依据与建议") if zh else ("Law", "Question", "Answer", "Why")))
    for line in found.lines:
        table.add_row(line.law, line.question[lang], said[line.answer], line.why[lang])
    speak().print(table)
    if found.settings_differ:
        say().print(
            f"Kept longer than this pack: {', '.join(found.settings_differ)}. Take it with: privacy keep --pack"
        )


async def _find(read: Read, house: House, named: str) -> UUID:
    try:
        ref = read_member(named)
    except ValueError as error:
        raise PrivacyInputUnreadable(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    return ref if isinstance(ref, UUID) else await members.lookup(read, house.keyring, ref)


async def _forget_again(tx: Tx, house: House, member: UUID) -> bool:
    known = (await members.lock_many(tx, [member])).get(member)
    if known is None or known.state in {"erased", "merged"}:
        return False
    asked: AskedBy = "restore"
    await privacy.erase_known(tx, house, member, asked_by=asked, done_by=BY, at=await clock.now(tx))
    return True


def _read_list(file: Path) -> list[UUID]:
    try:
        return [each.member for each in msgspec.json.decode(file.read_bytes(), type=list[privacy.Erasure])]
    except msgspec.DecodeError as error:
        message = f"{file} is not what `regulars privacy erasures --json` prints: {error}."
        raise PrivacyInputUnreadable(message) from error


def _read_days(text: str) -> tuple[str, int | None]:
    name, equals, days = text.partition("=")
    if not equals or not (days == "" or (days.isascii() and days.isdigit() and len(days) < len("1000000"))):
        message = f"{text!r} does not say how long: write a name and days, such as audit.entry=1095."
        raise PrivacyInputUnreadable(message)
    return name, int(days) if days else None


def _show_rounds(found: list[privacy.Round], *, json: bool) -> None:
    if json:
        print_json(found)
        return
    table = Table("When (UTC)", "Cleared", "Told", "Came back", "Forgotten", "Spared", "Left to the owner")
    for each in found:
        cleared = ", ".join(f"{format_count(it.cleared)} {it.name}" for it in each.lines if it.cleared)
        left = ", ".join(it.name for it in each.lines if it.outcome == "needs_owner")
        numbers = (each.warned, each.returned, each.erased, each.spared)
        table.add_row(f"{each.at:%Y-%m-%d %H:%M}", cleared, *(format_count(it) for it in numbers), left)
    speak().print(table)

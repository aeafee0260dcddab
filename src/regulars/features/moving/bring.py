"""An import, from the first look to the report: files in, activities through the one path, books laid beside them."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from regulars.base import clock
from regulars.base.db import Database, Tx
from regulars.base.errors import Refusal
from regulars.features.moving.deal import describe_deal
from regulars.features.moving.facts import count_lot, name_lot, open_lot, tell_level, tell_purchase, tell_traits
from regulars.features.moving.model import Mapped, MappingInvalid, MoveBound, Part, PartName, Problem
from regulars.features.moving.rows import (
    ALONE,
    ConsentRow,
    CouponRow,
    Faulty,
    Lane,
    LotRow,
    MemberRow,
    PurchaseRow,
    Row,
    Setting,
    Skipped,
    TierRow,
    read_rows,
)
from regulars.features.moving.screen import (
    Complaints,
    count_skipped,
    explain_member,
    explain_stranger,
    greet,
    screen_part,
)
from regulars.features.moving.sheets import Sheet
from regulars.features.moving.store import Place, begin_move, end_move, find_move, find_place, put_place
from regulars.features.moving.tally import Report, Tally, add_up, balance, merge_sums, sum_into
from regulars.kernel import spine
from regulars.kernel.ledger.moving import sum_opened
from regulars.kernel.members.moving import bring_members, find_owners
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.spine import House

__all__ = [
    "BATCH_SIZE",
    "Carried",
    "IssueCodes",
    "Joins",
    "Options",
    "Order",
    "Spread",
    "TellConsents",
    "bring_lane",
    "move_in",
]

BATCH_SIZE: Final = 1_500
"""Rows in one transaction."""

IssueCodes = Callable[[Tx, Sequence[tuple[CouponRow, UUID | None]], str], Awaitable[int]]
"""(transaction, codes and whose they are, source): adds codes of coupons; gives how many of them were new."""
TellConsents = Callable[[Tx, Sequence[tuple[ConsentRow, UUID]], str, datetime], Awaitable[int]]
"""(transaction, what members agreed to, source, as of): writes it down; gives how many of them were new."""
Notice = Callable[[int], None]
"""How many lines, of all files, are done."""
R = TypeVar("R", CouponRow, ConsentRow)
W = TypeVar("W")


@dataclass(frozen=True, slots=True, kw_only=True)
class Joins:
    """What other rooms do with what is brought. A part that nobody takes is refused before anything is written."""

    issue_codes: IssueCodes | None = None
    tell_consents: TellConsents | None = None
    purposes: frozenset[str] = frozenset()
    """Of consents: what may be allowed."""
    channels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was settled before anything is written: the same for everybody who brings a part of it."""

    as_of: datetime
    faulty: frozenset[int] = frozenset()
    """Lines of members that cannot be taken."""
    lane: Lane = ALONE
    size: int = BATCH_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What one lane came to."""

    tallies: Sequence[Tally]
    problems: Sequence[tuple[PartName, Problem]]


Spread = Callable[[Order], Awaitable[Sequence[Carried]]]
"""Brings everything in several lanes at once, each by `bring_lane`; gives what each came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to go about it."""

    as_of: datetime | None = None
    """When everything changes hands; None: now, or as it was begun."""
    dry_run: bool = False
    keep_good: bool = False
    """Bring the lines that can be taken, although others cannot."""
    size: int = BATCH_SIZE
    spread: Spread | None = None
    """Who brings it, several at once; None: it is brought here."""


@dataclass(slots=True, kw_only=True)
class _Move:
    """An import at work."""

    database: Database
    house: House
    mapped: Mapped
    as_of: datetime
    joins: Joins
    complaints: Complaints
    notice: Notice
    size: int
    lane: Lane
    counted: dict[int, int] = field(default_factory=dict[int, int])
    done: int = 0


async def move_in(
    database: Database,
    house: House,
    mapped: Mapped,
    sheets: Mapping[PartName, Sheet],
    *,
    options: Options,
    joins: Joins,
    tell: Callable[[Problem], None],
    notice: Notice,
) -> Report:
    """Bring along what the files hold, or (dry) only say what would come of it.

    Every line is looked at first: where some cannot be taken, nothing is written unless the good ones are asked for.
    Cut short, it goes on where it was; run again, it changes nothing.
    Raises MappingInvalid, MoveBound, NoProgram, SheetUnreadable, and what a lane raises.
    """
    began = time.perf_counter()
    async with database.snapshot() as read:
        now = await clock.now(read)
        before = await find_move(read, mapped.source)
        as_of = _settle_moment(mapped, options.as_of, before.as_of if before else None, now)
        deal = describe_deal(await house.versions.read(read), as_of)
    complaints = Complaints(tell=tell)
    _check_joins(mapped, joins)
    setting = Setting(mapped=mapped, deal=deal, as_of=as_of, purposes=joins.purposes, channels=joins.channels)
    places: list[tuple[PartName, Part, Sheet]] = [(name, part, sheets[name]) for name, part in mapped.list_parts()]
    tallies = [await screen_part(database, house, setting, place, complaints) for place in places]
    lost = any(problem.code.startswith("column_") for problem in complaints.kept)
    written = not options.dry_run and not lost and (not complaints.count or options.keep_good)
    if written:
        # What was remembered of the first look is much, of a million members, and has been told.
        setting.seen.clear()
        await database.run(lambda tx: begin_move(tx, source=mapped.source, mapping=mapped.mapping, as_of=as_of, at=now))
        faulty = frozenset(line for part, line in complaints.lines if part == "members")
        order = Order(as_of=as_of, faulty=faulty, size=options.size)
        if options.spread is None:
            carried = [await bring_lane(database, house, mapped, sheets, order=order, joins=joins, notice=notice)]
        else:
            carried = list(await options.spread(order))
        for lane in carried:
            for name, problem in lane.problems:
                complaints.note(name, problem.line, [problem])
        tallies = [add_up(each) for each in zip(*(lane.tallies for lane in carried), strict=True)]
        await database.run(lambda tx: end_move(tx, mapped.source, at=now))
    return Report(
        source=mapped.source,
        mapping=mapped.mapping,
        as_of=as_of,
        dry_run=not written,
        parts=tuple(tallies),
        currencies=balance(tallies) if written else (),
        problems=tuple(complaints.kept),
        problems_found=complaints.count,
        notices=tuple(_list_notices(mapped)),
        seconds=round(time.perf_counter() - began, 3),
    )


async def bring_lane(
    database: Database,
    house: House,
    mapped: Mapped,
    sheets: Mapping[PartName, Sheet],
    *,
    order: Order,
    joins: Joins,
    notice: Notice,
) -> Carried:
    """Bring what the files hold of a lane's members, part by part. Raises NoProgram, SheetUnreadable."""
    async with database.snapshot() as read:
        deal = describe_deal(await house.versions.read(read), order.as_of)
    told: list[tuple[PartName, Problem]] = []
    tallies: list[Tally] = []
    for name, part in mapped.list_parts():
        move = _Move(
            database=database,
            house=house,
            mapped=mapped,
            as_of=order.as_of,
            joins=joins,
            complaints=Complaints(tell=lambda problem, name=name: told.append((name, problem))),
            notice=notice,
            size=order.size,
            lane=order.lane,
            done=sum(tally.lines for tally in tallies),
        )
        setting = Setting(
            mapped=mapped,
            deal=deal,
            as_of=order.as_of,
            purposes=joins.purposes,
            channels=joins.channels,
            lane=order.lane,
            faulty=order.faulty,
        )
        tallies.append(await _bring_part(move, setting, (name, part, sheets[name])))
    return Carried(tallies=tallies, problems=told)


def _settle_moment(mapped: Mapped, asked: datetime | None, before: datetime | None, now: datetime) -> datetime:
    """Everything of a source is brought as of one moment: else the same file would be other activities."""
    if before is not None and asked is not None and asked != before:
        message = (
            f"{mapped.source} was begun as of {before.isoformat()}. Leave the moment out to go on with it, or give the"
            " mapping another `source`."
        )
        raise MoveBound(message, source=mapped.source, as_of=before.isoformat())
    found = before or asked or now
    if found > now:
        raise MappingInvalid(f"{found.isoformat()} is still to come; bring it as of a moment that has been.")
    # One spelling: the moment is part of what activities say, and is read back from the database in UTC.
    return found.astimezone(UTC)


def _check_joins(mapped: Mapped, joins: Joins) -> None:
    for name, there in (("coupons", joins.issue_codes), ("consents", joins.tell_consents)):
        if getattr(mapped, name) is not None and there is None:
            raise MappingInvalid(f"The mapping has a part `{name}`, and nothing here takes it. Leave the part out.")


def _list_notices(mapped: Mapped) -> Iterator[str]:
    if mapped.tiers is not None and mapped.tiers.until is None:
        yield "Levels come without an end (`until`): each holds until somebody takes it back, whatever is counted."
    if mapped.members is None:
        yield "The mapping has no members: whoever is named must be here already."


async def _bring_part(move: _Move, setting: Setting, place: tuple[PartName, Part, Sheet]) -> Tally:
    """Bring one part, batch by batch; each is written, then how far it came."""
    name, part, sheet = place
    digest, key = _digest(move, part, sheet), _name_place(name, move.lane)
    async with move.database.snapshot() as read:
        known = await find_place(read, move.mapped.source, key, digest)
    tally = known.tally if known is not None else Tally(part=name, file=sheet.name)
    done = known.line if known is not None else 0
    rows = read_rows(setting, name, part, sheet)
    while batch := list(islice(rows, move.size)):
        # Counted from the start, so that a lot has the name that it had when this began.
        numbers = [count_lot(row, move.counted) if isinstance(row, LotRow) else 0 for row in batch]
        fresh = [(row, number) for row, number in zip(batch, numbers, strict=True) if row.line > done]
        if not fresh:
            continue
        for row, _ in fresh:
            if isinstance(row, Skipped | Faulty):
                count_skipped(tally, row)
        good = [(row, number) for row, number in fresh if not isinstance(row, Skipped | Faulty)]
        await _bring(move, setting, tally, good)
        done = batch[-1].line
        await _keep_place(move, key, digest, Place(line=done, tally=tally))
        move.done += len(fresh)
        move.notice(move.done)
    return tally


def _name_place(name: PartName, lane: Lane) -> str:
    """Name how far a part has come, by lane: with another number of them all begin anew, and find everything there."""
    return name if lane.count == 1 else f"{name} {lane.number + 1}/{lane.count}"


async def _keep_place(move: _Move, key: str, digest: bytes, place: Place) -> None:
    async def keep(tx: Tx) -> None:
        await put_place(tx, move.mapped.source, key, digest, place, at=await clock.now(tx))

    await move.database.run(keep)


def _digest(move: _Move, part: Part, sheet: Sheet) -> bytes:
    """Digest the file and how it is read."""
    how = msgspec.json.encode([part, move.mapped.key, move.mapped.dates, move.mapped.time_zone, move.as_of])
    return hashlib.sha256(sheet.digest() + how).digest()


async def _bring(move: _Move, setting: Setting, tally: Tally, rows: Sequence[tuple[Row, int]]) -> None:
    tally.lines += len(rows)
    for row, _ in rows:
        if isinstance(row, LotRow):
            sum_into(tally.source, row.currency, row.points)
    if tally.part == "members":
        await _bring_members(move, setting, tally, [row for row, _ in rows if isinstance(row, MemberRow)])
        return
    named = sorted({row.member for row, _ in rows if row.member is not None}, key=lambda each: each.value)
    async with move.database.snapshot() as read:
        owners = await find_owners(read, move.house.keyring, named)
    there: list[tuple[Row, int]] = []
    for row, number in rows:
        if row.member is None or row.member in owners:
            there.append((row, number))
        else:
            assert not isinstance(row, MemberRow)
            _refuse(move, tally, row, explain_stranger(tally.file, row, move.mapped.key))
    if tally.part == "coupons":
        await _bring_coupons(move, tally, [row for row, _ in there if isinstance(row, CouponRow)], owners)
    elif tally.part == "consents":
        await _bring_consents(move, tally, [row for row, _ in there if isinstance(row, ConsentRow)], owners)
    else:
        await _bring_facts(move, tally, there, owners)


async def _bring_members(move: _Move, setting: Setting, tally: Tally, rows: Sequence[MemberRow]) -> None:
    arriving = [greet(row, move.house, setting) for row in rows]
    source = move.mapped.source

    brought = await move.database.run(
        lambda tx: bring_members(tx, move.house.keyring, arriving, at=move.as_of, source=source)
    )
    told: list[tuple[Row, Activity]] = []
    for row, to in zip(rows, brought, strict=True):
        problem = explain_member(tally.file, row, to)
        if problem is not None:
            _refuse(move, tally, row, problem)
            continue
        tally.there += to.what == "there"
        tally.brought += to.what != "there"
        if row.traits:
            told.append((row, tell_traits(row, to.member, source=source, as_of=move.as_of)))
    if told:
        outcomes = await spine.record(move.database, move.house, [fact for _, fact in told], replay=True)
        for (row, _), outcome in zip(told, outcomes, strict=True):
            if outcome.refusal is not None:
                move.complaints.note(tally.part, row.line, [_explain(tally.file, row, outcome.refusal)])


async def _bring_facts(
    move: _Move, tally: Tally, rows: Sequence[tuple[Row, int]], owners: Mapping[Identifier, UUID]
) -> None:
    facts = [(row, _make_fact(move, row, number, owners)) for row, number in rows]
    if tally.part == "lots":
        # Of lots that end together, the older is used first: it is the one that comes first.
        facts.sort(key=lambda each: _age(each[0], move.as_of))
    if not facts:
        return
    outcomes = await spine.record(move.database, move.house, [fact for _, fact in facts], replay=True)
    entries: list[tuple[UUID, str, int]] = []
    for (row, _), outcome in zip(facts, outcomes, strict=True):
        if outcome.refusal is not None:
            _refuse(move, tally, row, _explain(tally.file, row, outcome.refusal))
            continue
        tally.there += outcome.repeated
        tally.brought += not outcome.repeated
        assert outcome.receipt is not None
        entries += [
            (outcome.receipt.member, posted.currency, posted.version)
            for posted in outcome.receipt.postings
            if posted.kind == "opening"
        ]
    if entries:
        async with move.database.snapshot() as read:
            merge_sums(tally.books, await sum_opened(read, entries))


def _age(row: Row, as_of: datetime) -> datetime:
    assert isinstance(row, LotRow)
    return row.issued_at or as_of


def _make_fact(move: _Move, row: Row, number: int, owners: Mapping[Identifier, UUID]) -> Activity:
    assert row.member is not None
    member, source = owners[row.member], move.mapped.source
    if isinstance(row, LotRow):
        return open_lot(row, name_lot(row, member, number), member, source=source, as_of=move.as_of)
    if isinstance(row, TierRow):
        return tell_level(row, member, source=source, as_of=move.as_of)
    assert isinstance(row, PurchaseRow)
    return tell_purchase(row, member, source=source)


async def _bring_coupons(
    move: _Move, tally: Tally, rows: Sequence[CouponRow], owners: Mapping[Identifier, UUID]
) -> None:
    issue = move.joins.issue_codes
    assert issue is not None, "checked before anything was read"
    told = [(row, None if row.member is None else owners[row.member]) for row in rows]
    await _bring_sets(move, tally, told, lambda tx, some: issue(tx, some, move.mapped.source))


async def _bring_consents(
    move: _Move, tally: Tally, rows: Sequence[ConsentRow], owners: Mapping[Identifier, UUID]
) -> None:
    write = move.joins.tell_consents
    assert write is not None, "checked before anything was read"
    told = [(row, owners[row.member]) for row in rows]
    await _bring_sets(move, tally, told, lambda tx, some: write(tx, some, move.mapped.source, move.as_of))


async def _bring_sets(
    move: _Move,
    tally: Tally,
    rows: Sequence[tuple[R, W]],
    write: Callable[[Tx, Sequence[tuple[R, W]]], Awaitable[int]],
) -> None:
    """Write rows together; where one is refused, each half alone, down to the one at fault."""
    if not rows:
        return
    try:
        new = await move.database.run(lambda tx: write(tx, rows))
    except Refusal as refusal:
        if len(rows) == 1:
            _refuse(move, tally, rows[0][0], _explain(tally.file, rows[0][0], refusal))
            return
        half = len(rows) // 2
        await _bring_sets(move, tally, rows[:half], write)
        await _bring_sets(move, tally, rows[half:], write)
    else:
        tally.brought += new
        tally.there += len(rows) - new


def _refuse(move: _Move, tally: Tally, row: Row, problem: Problem) -> None:
    tally.refused += 1
    if isinstance(row, LotRow):
        sum_into(tally.lost, row.currency, row.points)
    move.complaints.note(tally.part, row.line, [problem])


def _explain(file: str, row: Row, refusal: Refusal) -> Problem:
    cure = "Mend it in the source and run the import again: what is there stays as it is."
    if refusal.code == "key_reused":
        cure = "It was brought before with other content; correct it by hand, or give the mapping another `source`."
    return Problem(file=file, line=row.line, code=refusal.code, what=refusal.detail, cure=cure)

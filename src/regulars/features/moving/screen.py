"""The first look at everything, before anything is written: every line is read, and members are looked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from regulars.base.db import Database
from regulars.features.moving.lines import find_columns
from regulars.features.moving.model import Part, PartName, Problem
from regulars.features.moving.rows import (
    ConsentRow,
    CouponRow,
    Faulty,
    LotRow,
    MemberRow,
    PurchaseRow,
    Row,
    Setting,
    Skipped,
    TierRow,
    read_rows,
)
from regulars.features.moving.sheets import Sheet
from regulars.features.moving.tally import Tally, sum_into
from regulars.kernel.members.moving import Brought, Newcoming, find_owners, look_at_members
from regulars.kernel.nouns import Identifier
from regulars.kernel.spine import House

__all__ = ["LOOK_ROWS", "Complaints", "count_skipped", "explain_member", "explain_stranger", "greet", "screen_part"]

LOOK_ROWS: Final = 1_000
"""Rows whose members are looked for at once."""
PROBLEMS_KEPT_MAX: Final = 1_000


@dataclass(slots=True, kw_only=True)
class Complaints:
    """The problems of an import: all are counted and told, the first are kept."""

    tell: Callable[[Problem], None]
    count: int = 0
    kept: list[Problem] = field(default_factory=list[Problem])
    lines: set[tuple[PartName, int]] = field(default_factory=set[tuple[PartName, int]])
    """Where they are: a line complains once."""

    def note(self, part: PartName, line: int, problems: Sequence[Problem]) -> None:
        """Note what is wrong with a line, unless it was noted before."""
        if (part, line) in self.lines:
            return
        self.lines.add((part, line))
        for problem in problems:
            self.count += 1
            self.tell(problem)
            if len(self.kept) < PROBLEMS_KEPT_MAX:
                self.kept.append(problem)


@dataclass(slots=True, kw_only=True)
class _Look:
    """A first look at one part."""

    house: House
    setting: Setting
    complaints: Complaints
    tally: Tally


async def screen_part(
    database: Database, house: House, setting: Setting, place: tuple[PartName, Part, Sheet], complaints: Complaints
) -> Tally:
    """Read every line of a part, and look for its members; gives what would be brought. Nothing is written."""
    name, part, sheet = place
    tally = Tally(part=name, file=sheet.name)
    faults = find_columns(setting.mapped, part, sheet)
    complaints.note(name, 1, faults)
    if any(fault.code == "column_missing" for fault in faults):
        return tally
    look = _Look(house=house, setting=setting, complaints=complaints, tally=tally)
    waiting: list[Row] = []
    for row in read_rows(setting, name, part, sheet):
        if isinstance(row, Faulty):
            complaints.note(name, row.line, row.problems)
        if isinstance(row, Faulty | Skipped):
            count_skipped(tally, row)
            continue
        tally.lines += 1
        if isinstance(row, LotRow):
            sum_into(tally.source, row.currency, row.points)
        waiting.append(row)
        if len(waiting) >= LOOK_ROWS:
            await _look(database, look, waiting)
            waiting.clear()
    if waiting:
        await _look(database, look, waiting)
    return tally


def count_skipped(tally: Tally, row: Skipped | Faulty) -> None:
    """Count a line of which nothing is brought."""
    tally.lines += 1
    why = row.why if isinstance(row, Skipped) else "refused"
    if why == "left_out":
        # What the mapping leaves out is no part of what is brought.
        tally.lines -= 1
        tally.left_out += 1
    elif why == "empty":
        tally.empty += 1
    elif why == "ended":
        tally.ended += 1
    else:
        tally.refused += 1
    if row.points and row.currency:
        sum_into(tally.source, row.currency, row.points)
        sum_into(tally.over if why == "ended" else tally.lost, row.currency, row.points)


async def _look(database: Database, look: _Look, rows: Sequence[Row]) -> None:
    """Look for the members of some rows."""
    setting, tally, keyring = look.setting, look.tally, look.house.keyring
    arriving = [greet(row, look.house, setting) for row in rows if isinstance(row, MemberRow)]
    strangers = {
        row.member
        for row in rows
        if not isinstance(row, MemberRow) and row.member is not None and not _is_seen(setting, row.member)
    }
    async with database.snapshot() as read:
        seen = await look_at_members(read, keyring, arriving)
        found = await find_owners(read, keyring, sorted(strangers, key=lambda each: each.value))
    known = {one.key: to for one, to in zip(arriving, seen, strict=True)}
    for row in rows:
        problem: Problem | None = None
        if isinstance(row, MemberRow):
            problem = explain_member(tally.file, row, known[row.member])
            tally.there += known[row.member].what == "there"
            tally.brought += known[row.member].what in {"enrolled", "completed"}
        elif row.member in strangers and row.member not in found:
            problem = explain_stranger(tally.file, row, setting.mapped.key)
        else:
            tally.brought += 1
        if problem is not None:
            tally.refused += 1
            if isinstance(row, LotRow):
                sum_into(tally.lost, row.currency, row.points)
            look.complaints.note(tally.part, row.line, [problem])


def _is_seen(setting: Setting, member: Identifier) -> bool:
    return hash((member.kind, member.value)) in setting.seen


def greet(row: MemberRow, house: House, setting: Setting) -> Newcoming:
    """Make a row a member to be."""
    return Newcoming(
        id=house.new_id(),
        key=row.member,
        others=row.others,
        joined_at=row.joined_at or setting.as_of,
        region=row.region,
    )


def explain_member(file: str, row: MemberRow, to: Brought) -> Problem | None:
    """Say why a member cannot be brought; None where they can."""
    if to.what == "taken":
        return Problem(
            file=file,
            line=row.line,
            column=", ".join(to.taken),
            code="identifier_taken",
            what=f"Another member already has this {' and this '.join(to.taken)}.",
            cure="Find out whose it is: merge the two members, or take it from one of them.",
        )
    if to.what == "erased":
        return Problem(
            file=file,
            line=row.line,
            code="member_erased",
            what="This member was erased, and must not come back by a file.",
            cure="Leave the line out.",
        )
    return None


def explain_stranger(file: str, row: LotRow | TierRow | PurchaseRow | CouponRow | ConsentRow, key: str) -> Problem:
    """Say that a line speaks of nobody."""
    return Problem(
        file=file,
        line=row.line,
        column="member",
        code="member_unknown",
        what=f"No member has this {key}, neither here nor in the file of members.",
        cure="Bring the member with it, or leave the line out.",
    )

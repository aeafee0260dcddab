"""Clearing away what was kept long enough, and members who never came back: round by round, each with its report."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Database, Read, Tx
from regulars.base.errors import Refusal
from regulars.base.roles import read_power
from regulars.features.privacy.erase import erase_known, finish
from regulars.features.privacy.model import ClassUnknown, ErasureHeld, Period, PeriodRefused, Round, RoundLine
from regulars.features.privacy.rooms import list_kept
from regulars.features.privacy.store import (
    Warned,
    add_round,
    add_warnings,
    drop_warnings,
    list_all_held,
    list_due_warnings,
    list_held,
    list_rounds,
    list_warned,
    read_periods,
    set_periods,
)
from regulars.kernel import activity as journal
from regulars.kernel.activity.erasing import last_seen
from regulars.kernel.members.erasing import list_dormant
from regulars.kernel.nouns import Body, Receipt
from regulars.kernel.spine import House
from regulars.kernel.spine.batch import CLOCK, EXPIRE, write_body
from regulars.kernel.spine.forgetting import ERASED
from regulars.kernel.spine.keeping import Kept
from regulars.kernel.spine.model import HouseholdBound
from regulars.kernel.spine.notices import ENDING, USABLE

__all__ = ["INACTIVE", "MEMBERSHIP_ENDING", "WARNED", "clear", "list_periods", "set_period_days"]

INACTIVE: Final = "privacy.inactive_member"
"""For how long a member may have done nothing; 0: for ever."""
WARNED: Final = "privacy.warned_member"
"""For how long they may come back once they were told."""
MEMBERSHIP_ENDING: Final = "membership.ending"
"""The kind of the notice that tells them."""
NOT_SEEN: Final = (EXPIRE, ENDING, USABLE, ERASED, MEMBERSHIP_ENDING)
"""Kinds that are nothing that a member did."""
PURGED_MAX: Final = 5_000
PAGE: Final = 500
DAYS_MAX: Final = 36_500
OWN: Final = (
    Kept(
        name=INACTIVE,
        what="Members who did nothing for so long are told, and then forgotten. 0: never.",
        days=0,
        days_min=0,
    ),
    Kept(name=WARNED, what="How long they have to come back once they were told.", days=30),
)


class _Tally(Struct, kw_only=True):
    warned: int = 0
    returned: int = 0
    erased: int = 0
    spared: int = 0


async def list_periods(read: Read) -> list[Period]:
    """List what is kept, and for how long, by name."""
    told = await read_periods(read)
    return [_show(each, told) for each in _kept().values()]


async def set_period_days(tx: Tx, days: Mapping[str, int | None], *, by: str, at: datetime) -> None:
    """Say how long things are kept from now on, by name; None: as their room says. All or none.

    Raises ClassUnknown, and PeriodRefused for what cannot be set, or not so.
    """
    known = _kept()
    for name, wanted in days.items():
        kept = known.get(name)
        if kept is None:
            message = f"Nothing is kept under the name {name!r}. There are: {', '.join(known)}."
            raise ClassUnknown(message, name=name[:100])
        if kept.purge is None and kept not in OWN:
            message = f"How long {name} is kept is its room's own affair: {kept.days} days."
            raise PeriodRefused(message, name=name)
        if wanted is not None and not kept.days_min <= wanted <= DAYS_MAX:
            message = f"{name} can be kept from {kept.days_min} to {DAYS_MAX} days, not {wanted}."
            raise PeriodRefused(message, name=name, least=kept.days_min, most=DAYS_MAX)
    await set_periods(tx, days, by=by, at=at)


async def clear(database: Database, house: House, *, every: timedelta = timedelta(0)) -> Round | None:
    """Clear away what was kept long enough, and write what was done; None where the last round is newer than `every`.

    Nothing of a member under a legal hold is touched. What only the owner of the tables may clear is left to them.
    """
    async with database.snapshot() as read:
        at = await clock.now(read)
        last = await list_rounds(read, before=2**63 - 1, most=1)
        if every and last and at - last[0][1].at < every:
            return None
        told = {period.name: period.days for period in await list_periods(read)}
        is_owner = await read_power(read) != "app"
    lines = [await _purge(database, kept, told[kept.name], at, is_owner=is_owner) for kept in _kept().values()]
    tally = _Tally()
    if told[INACTIVE]:
        await _forget_warned(database, house, at, tally)
        await _warn(database, house, at, told, tally)
    if is_owner:
        await finish(database)
    done = Round(
        at=at,
        lines=tuple(lines),
        warned=tally.warned,
        returned=tally.returned,
        erased=tally.erased,
        spared=tally.spared,
    )
    await database.run(lambda tx: add_round(tx, done))
    return done


def _kept() -> dict[str, Kept]:
    return dict(sorted({**list_kept(), **{each.name: each for each in OWN}}.items()))


def _show(kept: Kept, told: Mapping[str, int]) -> Period:
    return Period(
        name=kept.name,
        what=kept.what,
        days=told.get(kept.name, kept.days),
        is_set=kept.name in told,
        is_fixed=kept.purge is None and kept not in OWN,
        needs_owner=kept.needs_owner,
    )


async def _purge(database: Database, kept: Kept, days: int, at: datetime, *, is_owner: bool) -> RoundLine:
    purge = kept.purge
    if purge is None or not days:
        return RoundLine(name=kept.name, days=days, cleared=0, outcome="kept")
    if kept.needs_owner and not is_owner:
        return RoundLine(name=kept.name, days=days, cleared=0, outcome="needs_owner")
    before, cleared = at - timedelta(days=days), 0
    while True:

        async def work(tx: Tx) -> int:
            return await purge(tx, before, await list_all_held(tx), PURGED_MAX)

        gone = await database.run(work)
        cleared += gone
        if gone < PURGED_MAX:
            return RoundLine(name=kept.name, days=days, cleared=cleared, outcome="cleared")


async def _warn(database: Database, house: House, at: datetime, told: Mapping[str, int], tally: _Tally) -> None:
    """Tell those who did nothing for long, once, that they will be forgotten."""
    before, erase_at, after = at - timedelta(days=told[INACTIVE]), at + timedelta(days=told[WARNED]), UUID(int=0)
    while True:
        async with database.snapshot() as read:
            found = await list_dormant(read, before=before, after=after, most=PAGE)
            seen = await last_seen(read, found, but=NOT_SEEN)
            spared = {*await list_held(read, found), *await list_warned(read, found)}
        quiet = [each for each in found if each not in spared and seen.get(each, before) <= before]
        if quiet:

            async def work(tx: Tx, quiet: Sequence[UUID] = quiet) -> None:
                await _tell(tx, house, quiet, at=at, erase_at=erase_at)

            await database.run(work)
        tally.warned += len(quiet)
        if len(found) < PAGE:
            return
        after = found[-1]


async def _tell(tx: Tx, house: House, members: Sequence[UUID], *, at: datetime, erase_at: datetime) -> None:
    await add_warnings(tx, members, at=at, erase_at=erase_at)
    # In the journal, so that whoever sends messages reads it, and webhooks tell it.
    names = [f"{MEMBERSHIP_ENDING}:{member}:{at.isoformat()}" for member in members]
    data = {"at": erase_at.isoformat()}
    bodies = [Body(id=name, source=CLOCK, kind=MEMBERSHIP_ENDING, occurred_at=at, data=data) for name in names]
    rows = [
        journal.record(
            body,
            write_body(body),
            Receipt(
                activity=house.new_id(),
                member=member,
                source=body.source,
                id=body.id,
                kind=body.kind,
                occurred_at=at,
                recorded_at=at,
                program="",
            ),
        )
        for body, member in zip(bodies, members, strict=True)
    ]
    await journal.append(tx, rows)


async def _forget_warned(database: Database, house: House, at: datetime, tally: _Tally) -> None:
    """Forget those who were told and did not come back."""
    passed: set[UUID] = set()
    while True:
        async with database.snapshot() as read:
            found = [each for each in await list_due_warnings(read, at=at, most=PAGE) if each.member not in passed]
            seen = await last_seen(read, [each.member for each in found], but=NOT_SEEN)
        if not found:
            return
        back = [each.member for each in found if seen.get(each.member, each.warned_at) > each.warned_at]
        await database.run(lambda tx, back=back: drop_warnings(tx, back))
        tally.returned += len(back)
        for warned in found:
            passed.add(warned.member)
            if warned.member not in back:
                await _forget_one(database, house, warned, at, tally)


async def _forget_one(database: Database, house: House, warned: Warned, at: datetime, tally: _Tally) -> None:
    async def work(tx: Tx) -> None:
        await erase_known(tx, house, warned.member, asked_by="retention", done_by="privacy.clear", at=at)

    try:
        await database.run(work)
        tally.erased += 1
    except (ErasureHeld, HouseholdBound):
        # Asked again in the next round.
        tally.spared += 1
    except Refusal as refusal:
        if refusal.kind not in {"conflict", "not_found"}:
            raise
        # Merged into another or forgotten meanwhile: nobody is left who was told.
        await database.run(lambda tx: drop_warnings(tx, [warned.member]))

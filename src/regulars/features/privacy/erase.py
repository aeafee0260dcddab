"""Forgetting a member: first it is shown what that costs them, then it is done, once and for ever."""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from regulars.base.crypto import Keyring
from regulars.base.db import Database, Read, Tx
from regulars.features.privacy.model import (
    AskedBy,
    ConfirmationStale,
    CurrencyLost,
    Erasure,
    LostByErasure,
)
from regulars.features.privacy.rooms import forget_in_rooms, list_losses
from regulars.features.privacy.store import (
    add_erasure,
    drop_warnings,
    finish_erasures,
    list_held,
    refuse_held,
    take_unfinished,
)
from regulars.kernel import ledger, members, program
from regulars.kernel.spine import House
from regulars.kernel.spine.forgetting import Loss, WrittenOff, forget_member, forget_words, sum_written_off

__all__ = ["CONFIRM", "erase", "erase_known", "finish", "preview"]

CONFIRM: Final = timedelta(minutes=30)
"""How long somebody may think about what they were shown."""
KIND: Final = "erasure"
MAC_CHARACTERS: Final = 40
AT_ONCE: Final = 50


async def preview(read: Read, house: House, member: UUID, at: datetime) -> LostByErasure:
    """Say what a member would lose, with the token that confirms it. Raises MemberUnknown, MemberMerged, MemberErased.

    Nothing is written. `at` is ledger time.
    """
    who = await members.get(read, member)
    if who.merged_into is not None:
        message = "This member is part of another, who is to be forgotten in their place."
        raise members.MemberMerged(message, member=str(member), kept=str(who.merged_into))
    if who.state == "erased":
        raise members.MemberErased("This member was erased before.", member=str(member))
    ids = [member, *await members.list_merged(read, [member])]
    held = [each for one in ids for each in await ledger.standing(read, one, at=at)]
    worth = await _read_worth(read, house, at)
    sums: dict[str, tuple[int, int]] = {}
    for each in held:
        points, owed = sums.get(each.currency, (0, 0))
        sums[each.currency] = (points + each.shown + each.owed, owed + each.owed)
    lost = [WrittenOff(currency=name, points=points, owed=owed) for name, (points, owed) in sorted(sums.items())]
    others = await list_losses(read, house, member, at)
    until = (at + CONFIRM).replace(microsecond=0)
    return LostByErasure(
        member=member,
        money=worth[0],
        currencies=tuple(_show(each, worth[1]) for each in lost if each.points or each.owed),
        others=others,
        under_legal_hold=bool(await list_held(read, ids)),
        confirm=_sign(house.keyring, member, lost, others, until)[0],
        confirm_until=until,
    )


async def erase(
    tx: Tx, house: House, member: UUID, confirm: str, *, asked_by: AskedBy, done_by: str, at: datetime
) -> Erasure:
    """Forget a member whose losses somebody has confirmed.

    Raises ConfirmationStale where they are others by now, ErasureHeld, MemberUnknown, MemberMerged, MemberErased,
    and HouseholdBound while another has points of theirs set aside. After a refusal the transaction is given up.
    """
    await members.get(tx, member)
    until = _read_until(confirm)
    if until is None or at > until:
        message = "This confirmation cannot be read, or is too old. Look at what would be lost, and confirm that."
        raise ConfirmationStale(message)
    return await _erase(tx, house, member, asked_by=asked_by, done_by=done_by, at=at, confirmed=(confirm, until))


async def erase_known(tx: Tx, house: House, member: UUID, *, asked_by: AskedBy, done_by: str, at: datetime) -> Erasure:
    """Forget a member without being asked by them: by the rule for those who never came back, or after a restore.

    Raises what `erase` does, but for the confirmation.
    """
    return await _erase(tx, house, member, asked_by=asked_by, done_by=done_by, at=at, confirmed=None)


async def finish(database: Database) -> int:
    """Take out of the journal what erasures by whoever serves had to leave there; gives how many members' words.

    Only for the owner of the tables.
    """
    done = 0
    while True:

        async def work(tx: Tx) -> int:
            found = await take_unfinished(tx, most=AT_ONCE)
            await forget_words(tx, [each for ids in found for each in ids])
            await finish_erasures(tx, [ids[0] for ids in found])
            return len(found)

        if not (finished := await database.run(work)):
            return done
        done += finished


async def _erase(
    tx: Tx,
    house: House,
    member: UUID,
    *,
    asked_by: AskedBy,
    done_by: str,
    at: datetime,
    confirmed: tuple[str, datetime] | None,
) -> Erasure:
    # All who are concerned, in one order: whoever is using points of theirs is done before what they have is read.
    concerned = {member, *await members.list_merged(tx, [member])}
    concerned |= await ledger.partners(tx, sorted(concerned), [])
    await members.lock_many(tx, concerned)
    others = () if confirmed is None else await list_losses(tx, house, member, at)
    done = await forget_member(tx, house, member, at=at, reason=asked_by)
    await refuse_held(tx, done.members)
    lost = sum_written_off(done.receipt)
    if confirmed is not None:
        _check(house.keyring, member, lost, others, confirmed)
    erasure = Erasure(
        member=member,
        activity=done.receipt.activity,
        erased_at=at,
        asked_by=asked_by,
        done_by=done_by,
        written_off=tuple(lost),
        forgotten={"members": done.identifiers, **await forget_in_rooms(tx, done.members)},
        absorbed=tuple(each for each in done.members if each != member),
        is_whole=done.is_whole,
    )
    await add_erasure(tx, erasure)
    await drop_warnings(tx, done.members)
    return erasure


async def _read_worth(read: Read, house: House, at: datetime) -> tuple[str, dict[str, tuple[int, int]]]:
    """Read the programme's money, and by currency what how many points are worth in it."""
    try:
        plan = (await house.versions.read(read)).plan_at(at)
    except program.NoProgram:
        return "", {}
    values = {name: coin.settings.value for name, coin in plan.currencies.items()}
    worth = {name: (value.minor, value.per_points) for name, value in values.items() if value is not None}
    return plan.document.money, worth


def _show(lost: WrittenOff, worth: dict[str, tuple[int, int]]) -> CurrencyLost:
    value = worth.get(lost.currency)
    return CurrencyLost(
        currency=lost.currency,
        points=lost.points,
        owed=lost.owed,
        worth_minor=None if value is None else lost.points * value[0] // value[1],
    )


def _sign(
    keyring: Keyring, member: UUID, lost: Sequence[WrittenOff], others: Sequence[Loss], until: datetime
) -> list[str]:
    """Write what confirms these figures, with every key that is known, the current one first."""
    seconds = int(until.timestamp())
    figures = [(each.currency, each.points, each.owed) for each in lost if each.points or each.owed]
    named = [(each.what, each.name, each.count) for each in others]
    told = msgspec.json.encode([str(member), seconds, figures, named]).decode()
    return [f"{seconds}.{digest.value.hex()[:MAC_CHARACTERS]}" for digest in keyring.blinds(KIND, told)]


def _check(
    keyring: Keyring,
    member: UUID,
    lost: Sequence[WrittenOff],
    others: Sequence[Loss],
    confirmed: tuple[str, datetime],
) -> None:
    token, until = confirmed
    good = _sign(keyring, member, lost, others, until)
    # Each is looked at: how long it takes tells nothing.
    matching = [hmac.compare_digest(token.encode(), each.encode()) for each in good]
    if not any(matching):
        message = "What this member would lose has changed since it was shown. Look at it again, and confirm that."
        raise ConfirmationStale(message)


def _read_until(confirm: str) -> datetime | None:
    seconds, dot, _ = confirm.partition(".")
    if not dot or not seconds.isascii() or not seconds.isdigit() or len(seconds) > len("9999999999"):
        return None
    return datetime.fromtimestamp(int(seconds), tz=UTC)

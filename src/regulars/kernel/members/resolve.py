"""From what a customer shows to the member that is kept."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Tx
from regulars.base.errors import Refusal
from regulars.kernel.members.identifiers import normalise
from regulars.kernel.members.model import IdentifierInvalid, MemberUnknown
from regulars.kernel.members.store import (
    Newcomer,
    find_identifiers,
    find_members,
    insert_identifiers,
    insert_members,
    make_newcomer,
    unknown,
)
from regulars.kernel.nouns import Identifier

__all__ = ["lookup", "resolve_many"]

MERGES_MAX: Final = 16
"""Merges that are followed one after the other."""


async def lookup(read: Read, keyring: Keyring, identifier: Identifier) -> UUID:
    """Answer the member that an identifier belongs to. Raises IdentifierInvalid or MemberUnknown."""
    sought = normalise(identifier)
    found = await find_identifiers(read, {sought: keyring.blinds(sought.kind, sought.value)})
    answer = _answer(sought, found, await _follow(read, found.values()))
    if isinstance(answer, Refusal):
        raise answer
    return answer


async def resolve_many(
    read: Read,
    keyring: Keyring,
    refs: Sequence[UUID | Identifier],
    *,
    auto_enrol: bool,
    new_ids: Sequence[UUID],
    at: datetime,
    source: str,
    times: Sequence[datetime] = (),
) -> list[UUID | Refusal]:
    """Answer, in order, the member that each reference means, or the refusal of that reference.

    With `auto_enrol`, which needs a Tx, an unknown identifier becomes a member, whose id is the one of `new_ids` in its
    place; the other ids are left unused. They joined at the first of `times` that is theirs, or without these `at`:
    who else is in the transaction must not tell. Members that were merged are followed to the one kept. The number of
    statements does not depend on the number of references.
    """
    assert not auto_enrol or len(new_ids) == len(refs), "one new id for each reference"
    parsed = [ref if isinstance(ref, UUID) else _parse(ref) for ref in refs]
    distinct = dict.fromkeys(ref for ref in parsed if isinstance(ref, Identifier))
    sought = {ref: keyring.blinds(ref.kind, ref.value) for ref in distinct}
    found = await find_identifiers(read, sought)
    if auto_enrol and len(found) < len(sought):
        assert isinstance(read, Tx), "only a transaction can enrol"
        missing: dict[Identifier, UUID] = {}
        for ref, new_id in zip(parsed, new_ids, strict=True):
            if isinstance(ref, Identifier) and ref not in found:
                missing.setdefault(ref, new_id)
        newcomers = {ref: make_newcomer(keyring, new_id) for ref, new_id in missing.items()}
        joined: dict[Identifier, datetime] = {}
        for ref, time in zip(parsed, times or [at] * len(parsed), strict=True):
            if isinstance(ref, Identifier) and ref in missing:
                joined[ref] = min(time, joined.get(ref, time))
        found |= await _enrol_missing(read, keyring, newcomers, joined, at=at, source=source)
        # Another transaction was first with these: it has ended by now, and its rows can be seen.
        lost = {ref: sought[ref] for ref in missing if ref not in found}
        found |= await find_identifiers(read, lost)
    kept = await _follow(read, [*found.values(), *(ref for ref in parsed if isinstance(ref, UUID))])
    return [_answer(ref, found, kept) for ref in parsed]


async def _enrol_missing(
    tx: Tx,
    keyring: Keyring,
    newcomers: Mapping[Identifier, Newcomer],
    joined: Mapping[Identifier, datetime],
    *,
    at: datetime,
    source: str,
) -> dict[Identifier, UUID]:
    """Write identifiers first, and members only for those that were free: nobody is left without a card."""
    owned = [(ref, newcomer.id, newcomer.key) for ref, newcomer in newcomers.items()]
    won = await insert_identifiers(tx, keyring, owned, at=at)
    await insert_members(tx, {newcomers[ref]: joined[ref] for ref in won}, source=source, region="")
    return {ref: newcomers[ref].id for ref in won}


async def _follow(read: Read, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Answer, for each member that exists, the one kept: one statement, and one more for each merge in a row."""
    wanted = set(ids)
    into = await find_members(read, wanted)
    for _ in range(MERGES_MAX):
        further = {kept for kept in into.values() if kept is not None} - into.keys()
        if not further:
            break
        into |= await find_members(read, further)
    return {member: _end(into, member) for member in wanted if member in into}


def _end(into: Mapping[UUID, UUID | None], member: UUID) -> UUID:
    end = member
    for _ in range(MERGES_MAX):
        kept = into[end]
        if kept is None:
            return end
        end = kept
    raise RuntimeError(f"member {member} is merged in more than {MERGES_MAX} steps, or in a circle")


def _parse(ref: Identifier) -> Identifier | Refusal:
    try:
        return normalise(ref)
    except IdentifierInvalid as refusal:
        return refusal


def _answer(
    ref: UUID | Identifier | Refusal, found: Mapping[Identifier, UUID], kept: Mapping[UUID, UUID]
) -> UUID | Refusal:
    if isinstance(ref, Refusal):
        return ref
    if isinstance(ref, UUID):
        return kept[ref] if ref in kept else unknown(ref)
    # An identifier that was found and is gone again was taken away in this very moment: it is nobody's.
    if ref in found and found[ref] in kept:
        return kept[found[ref]]
    return MemberUnknown(f"No member has this {ref.kind}.", kind=ref.kind)

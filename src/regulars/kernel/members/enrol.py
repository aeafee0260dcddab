"""A new member, or a new way to find one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.kernel.members.identifiers import normalise
from regulars.kernel.members.model import (
    IDENTIFIERS_MAX,
    IdentifiersExceeded,
    IdentifierTaken,
    MemberMerged,
)
from regulars.kernel.members.store import (
    count_identifiers,
    find_identifiers,
    get_key,
    insert_identifiers,
    insert_members,
    lock_many,
    make_newcomer,
    unknown,
)
from regulars.kernel.nouns import Identifier

__all__ = ["add_identifier", "enrol"]


async def enrol(
    tx: Tx,
    keyring: Keyring,
    identifiers: Sequence[Identifier],
    *,
    id: UUID,  # noqa: A002 - the glossary's word for it
    at: datetime,
    source: str,
    region: str = "",
) -> UUID:
    """Enrol a member with these identifiers (none for an anonymous one) and answer its id.

    Raises IdentifierInvalid, IdentifiersExceeded, or IdentifierTaken; after a refusal the transaction is given up.
    """
    wanted = list(dict.fromkeys(normalise(identifier) for identifier in identifiers))
    if len(wanted) > IDENTIFIERS_MAX:
        raise _exceeded(id)
    found = await find_identifiers(tx, {each: keyring.blinds(each.kind, each.value) for each in wanted})
    if found:
        raise _taken([each.kind for each in wanted if each in found])
    newcomer = make_newcomer(keyring, id)
    owned = [(each, newcomer.id, newcomer.key) for each in wanted]
    free = await insert_identifiers(tx, keyring, owned, at=at)
    if len(free) < len(wanted):
        raise _taken([each.kind for each in wanted if each not in free])
    await insert_members(tx, {newcomer: at}, source=source, region=region)
    return newcomer.id


async def add_identifier(tx: Tx, keyring: Keyring, member: UUID, identifier: Identifier, *, at: datetime) -> None:
    """Let a member be found by one more identifier. One that the member already has changes nothing.

    Locks the member. Raises IdentifierInvalid, MemberUnknown, MemberMerged, MemberErased, IdentifiersExceeded,
    or IdentifierTaken.
    """
    wanted = normalise(identifier)
    locked = (await lock_many(tx, [member])).get(member)
    if locked is None:
        raise unknown(member)
    if locked.merged_into is not None:
        raise MemberMerged(
            "This member was merged into another one; add the identifier there.",
            member=str(member),
            kept=str(locked.merged_into),
        )
    key = await get_key(tx, keyring, member)
    sought = {wanted: keyring.blinds(wanted.kind, wanted.value)}
    owner = (await find_identifiers(tx, sought)).get(wanted)
    if owner == member:
        return
    if owner is not None:
        raise _taken([wanted.kind])
    if await count_identifiers(tx, member) >= IDENTIFIERS_MAX:
        raise _exceeded(member)
    if not await insert_identifiers(tx, keyring, [(wanted, member, key)], at=at):
        raise _taken([wanted.kind])


def _taken(kinds: Sequence[str]) -> IdentifierTaken:
    return IdentifierTaken(f"Another member already has this {' and this '.join(kinds)}.", kinds=list(kinds))


def _exceeded(member: UUID) -> IdentifiersExceeded:
    return IdentifiersExceeded(
        f"A member has at most {IDENTIFIERS_MAX} identifiers; take one away first.", member=str(member)
    )

"""The only SQL of contacts."""

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring, open_sealed
from regulars.base.db import Read, Tx
from regulars.base.sql import parse
from regulars.kernel.members.enrol import add_identifier
from regulars.kernel.members.identifiers import normalise
from regulars.kernel.members.model import IdentifierUnknown, MemberMerged
from regulars.kernel.members.store import get_key, lock_many, name_identifier, place_of, unknown
from regulars.kernel.nouns import Identifier

__all__ = ["read_contacts", "remove_identifier", "replace_contact"]

ROOM: Final = "regulars.kernel.members"
FILE_NAME: Final = "contacts.sql"
PROVABLE: Final = ("email", "phone")
"""Where a code may be sent that proves who somebody is."""

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


async def read_contacts(
    read: Read, keyring: Keyring, member: UUID, *, kinds: Sequence[str] = PROVABLE
) -> list[Identifier]:
    """Read a member's addresses and numbers as they are, the last added first. Raises MemberUnknown or MemberErased.

    For sending to them; what people see is masked.
    """
    key = await get_key(read, keyring, member)
    return [
        Identifier(kind=row["kind"], value=open_sealed(key, row["cipher"], place_of(member, row["kind"])).decode())
        for row in await QUERIES.rows(read, "list_contacts", member_id=member, kinds=list(kinds))
    ]


async def replace_contact(
    tx: Tx, keyring: Keyring, member: UUID, *, old: Identifier, new: Identifier, at: datetime
) -> None:
    """Let a member be found by another address or number in place of one. Locks the member.

    Raises what `add_identifier` raises; an old one that is gone already is no matter.
    """
    await add_identifier(tx, keyring, member, new, at=at)
    gone = normalise(old)
    if gone != normalise(new):
        blinds = [digest.value for digest in keyring.blinds(gone.kind, gone.value)]
        await QUERIES.run(tx, "drop_identifier", member_id=member, kind=gone.kind, blinds=blinds)


async def remove_identifier(tx: Tx, member: UUID, named: UUID) -> str:
    """Let a member be found no more by one of their identifiers; gives its kind. Locks the member.

    Raises MemberUnknown, MemberMerged or IdentifierUnknown.
    """
    locked = (await lock_many(tx, [member])).get(member)
    if locked is None:
        raise unknown(member)
    if locked.merged_into is not None:
        raise MemberMerged(
            "This member was merged into another one; take the identifier away there.",
            member=str(member),
            kept=str(locked.merged_into),
        )
    for row in await QUERIES.rows(tx, "named", member_id=member):
        if name_identifier(member, row["blind"]) == named:
            await QUERIES.run(tx, "drop_identifier", member_id=member, kind=row["kind"], blinds=[row["blind"]])
            return str(row["kind"])
    raise IdentifierUnknown("This member has no identifier of this id.", member=str(member), identifier=str(named))

"""What the stories of members share: a keyring, a moment, and short words for identifiers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.base.ids import new_id
from regulars.kernel.members import resolve_many
from regulars.kernel.nouns import Identifier

KEYRING = Keyring.derive({1: b"one master key of thirty-two byte"}, current=1)
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def card(number: int | str) -> Identifier:
    """Name a card."""
    return Identifier(kind="card", value=str(number))


def phone(number: str) -> Identifier:
    """Name a phone."""
    return Identifier(kind="phone", value=number)


async def resolve(
    tx: Tx, refs: Sequence[UUID | Identifier], *, auto_enrol: bool = True, keyring: Keyring = KEYRING
) -> list[UUID | Refusal]:
    """Resolve as the spine does, with new ids at hand."""
    new_ids = [new_id() for _ in refs]
    return await resolve_many(tx, keyring, refs, auto_enrol=auto_enrol, new_ids=new_ids, at=AT, source="till")


async def resolve_one(tx: Tx, ref: UUID | Identifier, *, auto_enrol: bool = True, keyring: Keyring = KEYRING) -> UUID:
    """Resolve one that is expected to be somebody."""
    (answer,) = await resolve(tx, [ref], auto_enrol=auto_enrol, keyring=keyring)
    assert isinstance(answer, UUID)
    return answer


async def merge(tx: Tx, gone: UUID, kept: UUID) -> None:
    """Leave behind what a merge leaves."""
    await tx.run("UPDATE members.member SET state = 'merged', merged_into = $2 WHERE id = $1", gone, kept)

"""What the stories of scarce things share: a moment, members, and one verb in one transaction."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from regulars.base.db import Database, Read, Tx
from regulars.base.ids import new_id
from regulars.kernel import limits
from regulars.kernel.limits import Ceiling, Ceilings, ClaimName, ClaimRow
from regulars.kernel.limits.proofs import PROOFS

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANN = UUID("01900000-0000-7000-8000-000000000001")
BOB = UUID("01900000-0000-7000-8000-000000000002")
LAMP = "stock:lamp"

T = TypeVar("T")


def later(minutes: int) -> datetime:
    """So many minutes after the story begins."""
    return AT + timedelta(minutes=minutes)


def shelf(amount: int, *stored: ClaimRow, id_: str = LAMP, ensured: Mapping[str, int] | None = None) -> Ceilings:
    """One locked ceiling with the claims that were stored under it."""
    ceiling = Ceiling(
        id=id_,
        amount=amount,
        taken=sum(claim.held for claim in stored if claim.state == "taken"),
        reserved=sum(claim.held for claim in stored if claim.state == "reserved"),
    )
    return Ceilings({id_: ceiling}, stored=stored, ensured=ensured or {})


def take(ceilings: Ceilings, amount: int, *, at: datetime = AT, member: UUID = ANN, id_: str = LAMP) -> ClaimName:
    """Take under a new activity."""
    return ceilings.take(id_, amount, activity=new_id(), member=member, at=at)


def reserve(
    ceilings: Ceilings,
    amount: int,
    *,
    at: datetime = AT,
    until: datetime | None = None,
    member: UUID = ANN,
    id_: str = LAMP,
) -> ClaimName:
    """Reserve under a new activity: for ten minutes where nothing is said."""
    end = at + timedelta(minutes=10) if until is None else until
    return ceilings.reserve(id_, amount, activity=new_id(), member=member, at=at, until=end)


async def set_up(database: Database, amounts: Mapping[str, int] = MappingProxyType({LAMP: 10})) -> None:
    """Create ceilings."""
    async with database.transaction() as tx:
        await limits.set_ceilings(tx, amounts)


async def change(
    database: Database,
    verb: Callable[[Ceilings], T],
    *,
    ids: Collection[str] = (LAMP,),
    claims: Collection[ClaimName] = (),
    at: datetime = AT,
    ensure: Mapping[str, int] = MappingProxyType({}),
) -> T:
    """Lock, do one thing, write: a transaction. A refusal rolls it back."""

    async def work(tx: Tx) -> T:
        ceilings = await limits.lock(tx, ids, at=at, claims=claims, ensure=ensure)
        result = verb(ceilings)
        await limits.write(tx, ceilings)
        return result

    return await database.run(work)


async def find_faults(read: Read) -> list[str]:
    """Say what the proofs of the room have against its rows."""
    return [fault.sentence for fault in await PROOFS.find_faults(read, most=10)]


async def read_claims(database: Database) -> dict[ClaimName, tuple[str, int]]:
    """Read every claim: its state, and how much it uses up."""
    async with database.snapshot() as read:
        rows = await read.rows("SELECT ceiling_id, activity_id, state, amount - returned AS held FROM limits.claim")
    return {(row["ceiling_id"], row["activity_id"]): (row["state"], row["held"]) for row in rows}


async def read_ceiling(database: Database, id_: str = LAMP) -> tuple[int, int, int]:
    """Read one ceiling: amount, taken, reserved. Sees that all is sound, too."""
    async with database.snapshot() as read:
        assert await find_faults(read) == []
        (found,) = [ceiling for ceiling in await limits.ceilings(read) if ceiling.id == id_]
    return (found.amount, found.taken, found.reserved)

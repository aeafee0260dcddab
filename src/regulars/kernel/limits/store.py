"""The rows of limits: lock ceilings, and write what was claimed. The room's only SQL."""

from collections.abc import Iterable, Mapping

from regulars.base.db import ConstraintBroken, Read, Record, Tx
from regulars.base.errors import Refusal
from regulars.base.sql import load
from regulars.kernel.limits.model import Ceiling, Ceilings

__all__ = ["CeilingTooLow", "ceilings", "lock", "set_ceilings", "write"]

SQL = load("regulars.kernel.limits")


class CeilingTooLow(Refusal):
    """A ceiling is to be set below what was already promised under it."""

    code, kind = "ceiling_too_low", "conflict"


async def lock(tx: Tx, ids: Iterable[str]) -> Ceilings:
    """Lock ceilings, by id, after the members. One statement; none for none."""
    wanted = sorted(set(ids))
    rows = await SQL.rows(tx, "lock", ids=wanted) if wanted else []
    return Ceilings({row["id"]: _ceiling(row) for row in rows})


async def write(tx: Tx, ceilings: Ceilings) -> None:
    """Write the claims made under locked ceilings. Two statements; none when nothing was claimed."""
    claims = ceilings.claims
    if not claims:
        return
    await SQL.run(
        tx,
        "add_claims",
        ceilings=[claim.ceiling for claim in claims],
        activities=[claim.activity for claim in claims],
        members=[claim.member for claim in claims],
        amounts=[claim.amount for claim in claims],
        states=[claim.state for claim in claims],
        ats=[claim.at for claim in claims],
        untils=[claim.until for claim in claims],
    )
    moved = ceilings.moved()
    status = await SQL.run(
        tx,
        "move_ceilings",
        ids=[ceiling.id for ceiling in moved],
        takens=[ceiling.taken for ceiling in moved],
        reserveds=[ceiling.reserved for ceiling in moved],
    )
    if status != f"UPDATE {len(moved)}":
        message = f"{len(moved)} ceilings were to move, but the database says {status}"
        raise ConstraintBroken(message, constraint="ceiling_exists", table="ceiling", sqlstate="")


async def set_ceilings(tx: Tx, amounts: Mapping[str, int]) -> None:
    """Create ceilings or change their amounts. Raises CeilingTooLow below what is already promised."""
    if not amounts:
        return
    for ceiling in (await lock(tx, amounts)).all():
        if amounts[ceiling.id] < ceiling.taken + ceiling.reserved:
            message = (
                f"{ceiling.id} cannot be set to {amounts[ceiling.id]}:"
                f" {ceiling.taken + ceiling.reserved} are already promised."
            )
            raise CeilingTooLow(message, ceiling=ceiling.id, promised=ceiling.taken + ceiling.reserved)
    await SQL.run(tx, "set_ceilings", ids=list(amounts), amounts=list(amounts.values()))


async def ceilings(read: Read) -> list[Ceiling]:
    """List every ceiling with what is taken and reserved."""
    return [_ceiling(row) for row in await SQL.rows(read, "ceilings")]


def _ceiling(row: Record) -> Ceiling:
    return Ceiling(id=row["id"], amount=row["amount"], taken=row["taken"], reserved=row["reserved"])

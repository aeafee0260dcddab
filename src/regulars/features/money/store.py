"""The only SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.money.model import Deferral, Estimate
from regulars.kernel.ledger.money import LotKey

__all__ = [
    "add_deferrals",
    "add_estimate",
    "lock_book",
    "move_book",
    "read_deferrals",
    "read_deferrals_of",
    "read_estimates",
]

queries: Final = sql.load(__package__ or __name__)


async def lock_book(tx: Tx) -> datetime | None:
    """Wait for one's turn; tell until when lots have been taken into the books, None when none were."""
    return await queries.value(tx, "lock_book")


async def move_book(tx: Tx, *, until: datetime) -> None:
    """Note that lots issued before `until` are being taken into the books."""
    await queries.run(tx, "move_book", until=until)


async def read_estimates(read: Read) -> dict[str, list[Estimate]]:
    """Read every estimate, by currency, in the order of their numbers."""
    found: dict[str, list[Estimate]] = {}
    for row in await queries.rows(read, "estimates"):
        found.setdefault(row["currency"], []).append(
            Estimate(
                number=row["number"],
                currency=row["currency"],
                rate_permille=row["rate_permille"],
                effective_from=row["effective_from"],
                made_by=row["made_by"],
                at=row["at"],
                note=row["note"],
            )
        )
    return found


async def add_estimate(tx: Tx, estimate: Estimate) -> None:
    """Write an estimate."""
    await queries.run(
        tx,
        "add_estimate",
        currency=estimate.currency,
        number=estimate.number,
        rate_permille=estimate.rate_permille,
        effective_from=estimate.effective_from,
        made_by=estimate.made_by,
        at=estimate.at,
        note=estimate.note,
    )


async def read_deferrals(read: Read, members: Collection[UUID]) -> dict[LotKey, Deferral]:
    """Read what was set aside for the lots of these members."""
    rows = await queries.rows(read, "deferrals", members=list(members))
    return {(row["member_id"], row["currency"], row["lot"]): _deferral(row) for row in rows}


async def read_deferrals_of(read: Read, lots: Sequence[LotKey]) -> dict[LotKey, Deferral]:
    """Read what was set aside for these lots."""
    rows = await queries.rows(
        read,
        "deferrals_of",
        members=[key[0] for key in lots],
        currencies=[key[1] for key in lots],
        lots=[key[2] for key in lots],
    )
    return {(row["member_id"], row["currency"], row["lot"]): _deferral(row) for row in rows}


async def add_deferrals(tx: Tx, deferrals: Sequence[Deferral]) -> None:
    """Write what is set aside. What is there already stays as it is."""
    if not deferrals:
        return
    await queries.run(
        tx,
        "add_deferrals",
        members=[each.member for each in deferrals],
        currencies=[each.currency for each in deferrals],
        lots=[each.lot for each in deferrals],
        bases=[each.basis for each in deferrals],
        sales=[each.sale_minor for each in deferrals],
        ssps=[each.ssp_micro for each in deferrals],
        deferreds=[each.deferred_micro for each in deferrals],
        estimates=[each.estimate for each in deferrals],
    )


def _deferral(row: Record) -> Deferral:
    return Deferral(
        member=row["member_id"],
        currency=row["currency"],
        lot=row["lot"],
        basis=row["basis"],
        sale_minor=row["sale_minor"],
        ssp_micro=int(row["ssp_micro"]),
        deferred_micro=int(row["deferred_micro"]),
        estimate=row["estimate"],
    )

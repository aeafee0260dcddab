"""A new estimate of how many points will be used. It speaks of what is to come, never of what is in the books."""

from datetime import datetime

from regulars.base.db import Tx
from regulars.features.money.model import PERMILLE, Estimate, EstimateInvalid, EstimateTooEarly
from regulars.features.money.store import add_estimate, lock_book, read_estimates

__all__ = ["make_estimate"]

NOTE_MAX = 1_000


async def make_estimate(
    tx: Tx, *, currency: str, rate_permille: int, effective_from: datetime, by: str, at: datetime, note: str
) -> Estimate:
    """Write down how many of a thousand points will be used, from a moment on, in whose judgement and why.

    The first of a currency speaks for all points so far too. Raises EstimateInvalid, and EstimateTooEarly for a
    moment that is in the books already: a new judgement changes the revenue to come, not what was set aside before.
    """
    _refuse_invalid(rate_permille, effective_from, by, note)
    taken_until = await lock_book(tx)
    made = (await read_estimates(tx)).get(currency, [])
    if made and taken_until is not None and effective_from < taken_until:
        raise EstimateTooEarly(
            f"The books are taken until {taken_until.isoformat()}. A new estimate can begin then at the earliest.",
            taken_until=taken_until.isoformat(),
        )
    estimate = Estimate(
        number=len(made) + 1,
        currency=currency,
        rate_permille=rate_permille,
        effective_from=effective_from,
        made_by=by,
        at=at,
        note=note,
    )
    await add_estimate(tx, estimate)
    return estimate


def _refuse_invalid(rate_permille: int, effective_from: datetime, by: str, note: str) -> None:
    if not 0 <= rate_permille <= PERMILLE:
        raise EstimateInvalid(f"A rate is a share of {PERMILLE} points, 0 to {PERMILLE}, not {rate_permille}.")
    if effective_from.tzinfo is None:
        raise EstimateInvalid("The moment from which an estimate holds names its time zone.")
    if not by.strip() or not note.strip():
        raise EstimateInvalid("An estimate says who made it, and why: an auditor will ask.")
    if len(by) > NOTE_MAX or len(note) > NOTE_MAX:
        raise EstimateInvalid(f"Name and note have at most {NOTE_MAX} characters.")

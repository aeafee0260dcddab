"""Codes that customers are given: made at random, kept as digests, counted and ended by the list they came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Final
from uuid import UUID, uuid4

from regulars.base import clock
from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.features.coupons.own import seal_own
from regulars.features.coupons.wallet import CouponUnknown, find_coupon
from regulars.kernel import limits, members, spine
from regulars.kernel.limits import CEILINGS_ADDED_MAX

__all__ = [
    "CODES_MAX",
    "LENGTH_MAX",
    "NAME_MAX",
    "BatchExists",
    "CodesInvalid",
    "CouponUnknown",
    "Terms",
    "add_codes",
    "check_codes",
    "end_list",
    "issue_codes",
    "make_code",
    "name_batch",
    "name_code",
]

CODES_MAX: Final = CEILINGS_ADDED_MAX
"""Codes added in one call. More come in several calls, each whole or not at all."""
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter is taken for a digit."""
BYTES: Final = 10
"""80 random bits: nobody guesses one in a life of trying."""
LETTER_BITS: Final = 5
GROUP: Final = 4
LENGTH_MIN: Final = 4
LENGTH_MAX: Final = 64
NAME_MAX: Final = 64
"""Letters of a name that is told back."""


class CodesInvalid(Refusal):
    """A list of codes that cannot be taken: too long, or with one that is too short, too long, or twice there."""

    code, kind = "codes_invalid", "invalid"


class BatchExists(Refusal):
    """The coupon has a list of this name already: its codes were added before."""

    code, kind = "batch_exists", "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for all codes of a list."""

    coupon: str
    batch: str
    """The list's name, by which it is counted and ended."""
    uses: int = 1
    """How often each of them can be used."""
    member: UUID | None = None
    """The only one who may use them."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """They are valid before this moment."""


def make_code() -> str:
    """Make a code of 80 random bits, in four groups of four, such as 7KQF-M2WX-0ZTB-9HRD."""
    number = int.from_bytes(token_bytes(BYTES))
    letters = "".join(LETTERS[(number >> shift) % len(LETTERS)] for shift in range(0, BYTES * 8, LETTER_BITS))
    return "-".join(letters[place : place + GROUP] for place in range(0, len(letters), GROUP))


def name_batch(coupon: str, batch: str) -> str:
    """Give the name under which the codes of a list are kept: lists of two coupons may have one name."""
    return f"{coupon}:{batch}"


def name_code(coupon: str) -> str:
    """Make the name by which a code is told: it is no secret."""
    return f"code:{coupon}:{uuid4().hex}"


def check_codes(codes: Sequence[str], terms: Terms) -> None:
    """Refuse codes that cannot be taken. Raises CodesInvalid."""
    if not 0 < len(codes) <= CODES_MAX:
        message = f"{len(codes)} codes: from 1 to {CODES_MAX} are added at once. Send longer lists in parts."
        raise CodesInvalid(message, codes=len(codes), codes_max=CODES_MAX)
    for place, code in enumerate(codes, start=1):
        if not LENGTH_MIN <= len(code) <= LENGTH_MAX or not code.isprintable():
            message = f"The code at place {place} is not {LENGTH_MIN} to {LENGTH_MAX} visible characters."
            raise CodesInvalid(message, place=place)
    if terms.valid_from is not None and terms.valid_until is not None and terms.valid_until <= terms.valid_from:
        message = "The codes would end before they begin."
        raise CodesInvalid(message)


async def issue_codes(tx: Tx, house: spine.House, codes: Sequence[str], terms: Terms) -> None:
    """Add codes to a coupon of the programme that is live now. All of them, or none.

    Raises CouponUnknown, MemberUnknown, NoProgram, CodesInvalid also where the coupon is a partner's, and what
    `add_codes` raises.
    """
    now = await clock.now(tx)
    if (await find_coupon(tx, house.versions, terms.coupon, now)).partner:
        message = f"The codes of {terms.coupon} are a partner's: add them to `partner-codes`."
        raise CodesInvalid(message, coupon=terms.coupon)
    if terms.member is not None:
        await members.get(tx, terms.member)
    await add_codes(tx, house.keyring, codes, terms, at=now)


async def end_list(tx: Tx, coupon: str, batch: str) -> int:
    """End a list of codes from now on; gives how many had not ended. Raises CouponUnknown."""
    name = name_batch(coupon, batch)
    if not await limits.has_codes(tx, name):
        raise CouponUnknown("There is no such list of codes.", coupon=coupon[:NAME_MAX], batch=batch[:NAME_MAX])
    return await limits.end_codes(tx, name, at=await clock.now(tx))


async def add_codes(tx: Tx, keyring: Keyring, codes: Sequence[str], terms: Terms, *, at: datetime) -> None:
    """Add codes to a coupon. All of them, or none.

    Raises CodesInvalid, BatchExists, and CodeExists where one is there already.
    """
    batch = name_batch(terms.coupon, terms.batch)
    if await limits.has_codes(tx, batch):
        message = f"The coupon {terms.coupon} has the list {terms.batch} already. Choose another name for more codes."
        raise BatchExists(message, coupon=terms.coupon, batch=terms.batch)
    check_codes(codes, terms)
    meant = [
        limits.Code(
            name=name_code(terms.coupon),
            member=terms.member,
            valid_from=terms.valid_from,
            valid_until=terms.valid_until,
        )
        for _ in codes
    ]
    # One that was added before the master key was changed is there, too.
    digests = [spine.digest_code_each(keyring, code) for code in codes]
    await limits.add_codes(
        tx,
        [each[0] for each in digests],
        meant,
        batch=batch,
        amount=terms.uses,
        at=at,
        others=[older for each in digests for older in each[1:]],
        sealed=[seal_own(keyring, code, terms.member, each[0]) for code, each in zip(codes, digests, strict=True)],
    )

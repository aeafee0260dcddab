"""What the year's coupons and challenges came to, as the books say it: a part of the demo's report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read
from regulars.interfaces.cli.campaigns import SOURCE, TYPES
from regulars.kernel import activity as journal
from regulars.kernel import program
from regulars.kernel.nouns import Receipt

T = TypeVar("T")

__all__ = ["Challenge", "Coupons", "read_challenges", "read_coupons"]

AT_ONCE: Final = 500
"""Receipts, or members, that are read at once: the report needs no more memory for a longer year."""
COUPON: Final = "coupon"
USED: Final = "coupon_used"
CHALLENGES: Final = "challenges"


class Coupons(Struct, frozen=True, kw_only=True):
    """The coupons of one sort of letters."""

    type: str
    letters: int
    given: int
    shown: int
    """With a purchase, as the data says."""
    used: int
    """Of these, those of which something came; the others are one too many for the letter, or for one purchase."""
    taken_off_minor: int
    points: int


class Challenge(Struct, frozen=True, kw_only=True):
    """What one challenge came to."""

    offer: str
    members: int
    """Of whom something was counted."""
    times: int
    """How often it gave points."""
    points: int


async def read_coupons(read: Read, letters: Sequence[str], shown: Mapping[int, Sequence[str]]) -> tuple[Coupons, ...]:
    """Read what came of these letters, and of the coupons that these baskets showed, from their receipts."""
    counts: dict[str, Counter[str]] = {type_: Counter() for type_ in TYPES}
    for names in _cut(letters):
        for receipt in await _read_receipts(read, names):
            for grant in receipt.grants:
                if grant.kind == COUPON and (count := counts.get(_sort_of(grant.what))) is not None:
                    count.update(letters=1, given=grant.count)
    for baskets in _cut(list(shown)):
        for basket in baskets:
            for name in shown[basket]:
                counts[_sort_of_held(name)]["shown"] += 1
        for receipt in await _read_receipts(read, list(map(str, baskets))):
            _count_used(receipt, counts)
    return tuple(
        Coupons(
            type=type_,
            letters=count["letters"],
            given=count["given"],
            shown=count["shown"],
            used=count["used"],
            taken_off_minor=count["taken_off_minor"],
            points=count["points"],
        )
        for type_, count in counts.items()
        if count["letters"] or count["shown"]
    )


async def read_challenges(
    read: Read, document: program.Document, members: Sequence[UUID], issued: Mapping[str, tuple[int, int]]
) -> tuple[Challenge, ...]:
    """Read what came of the programme's challenges. `issued` is by offer: points, and how often."""
    began: Counter[str] = Counter()
    for some in _cut(members):
        began.update(offer for _, offer in await program.memories(read, some))
    return tuple(
        Challenge(
            offer=offer.id,
            members=began[offer.id],
            points=issued.get(offer.id, (0, 0))[0],
            times=issued.get(offer.id, (0, 0))[1],
        )
        for offer in document.offers
        if offer.mechanic == CHALLENGES
    )


async def _read_receipts(read: Read, names: Sequence[str]) -> list[Receipt]:
    found = await journal.find_keys(read, [(SOURCE, name) for name in names])
    return [known.receipt for known in found.values()]


def _count_used(receipt: Receipt, counts: Mapping[str, Counter[str]]) -> None:
    """Count what the coupons of a purchase brought, by the offers that say so."""
    offers: dict[str, str] = {}
    for reason in receipt.reasons:
        held = reason.values.get(COUPON)
        if reason.code == USED and isinstance(held, str) and (type_ := _sort_of_held(held)) in counts:
            offers[reason.offer] = type_
            counts[type_]["used"] += 1
    for offer, discount in receipt.discounts:
        if offer in offers:
            counts[offers[offer]]["taken_off_minor"] += discount.amount_minor
    for posted in receipt.postings:
        if posted.offer in offers:
            counts[offers[posted.offer]]["points"] += posted.points


def _sort_of_held(name: str) -> str:
    """The sort of letter that a held coupon is of, by its name (`held:mail-a:...`)."""
    return _sort_of(name.partition(":")[2].partition(":")[0])


def _sort_of(coupon: str) -> str:
    return coupon.removeprefix("mail-").upper()


def _cut(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]

"""What is sold: baskets of the Complete Journey year."""

from random import Random
from typing import Any

from regulars.interfaces.cli.journey import Journey
from regulars.kernel.nouns import Activity, Identifier

__all__ = ["read_baskets"]

HOUSEHOLDS = 40
"""Every so manieth household: together they bought more than any drill sells."""
GUEST_OF = 10
"""One of so many baskets is sold to nobody in particular."""
LINES_MAX = 200


def read_baskets(count: int, die: Random) -> list[dict[str, Any]]:
    """Draw so many baskets, in the order of the year, as tasks of tills. Raises DataMissing."""
    facts = [fact for batch in Journey.load(every=HOUSEHOLDS).batches(1_000) for fact in batch.facts]
    drawn = sorted(die.sample(range(len(facts)), count))
    return [_write(facts[place], die) for place in drawn]


def _write(fact: Activity, die: Random) -> dict[str, Any]:
    assert isinstance(fact.member, Identifier)
    return {
        "card": fact.member.value if die.randrange(GUEST_OF) else None,
        "quoted": die.random() < 0.5,  # noqa: PLR2004 - every second
        "lines": [
            {
                "sku": line.sku,
                "amount_minor": line.amount_minor,
                "quantity_milli": line.quantity_milli,
                "categories": list(line.categories),
                "brand": line.brand,
                "shelf_discount_minor": line.shelf_discount_minor,
                "coupon_discount_minor": line.coupon_discount_minor,
            }
            for line in fact.lines[:LINES_MAX]
        ],
    }

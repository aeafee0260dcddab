"""A simulation of what really happened comes to what really happened; a draft differs where it says something else."""

from collections import Counter

import pytest

from regulars.intelligence.simulation import Draft, simulate
from regulars.kernel import ledger, limits
from tests.simulation.conftest import BUDGET, YEAR, Grocer, edit

pytestmark = pytest.mark.slow
SUMMER = "offer:produce-summer:points"


async def test_what_was_live_comes_to_the_books_themselves(grocer: Grocer) -> None:
    same = Draft(name="same", document=edit())
    richer = Draft(name="richer", document=edit(**{"points: 3, per_minor: 200": "points: 5, per_minor: 200"}))
    done = await simulate(grocer.settings, [same, richer], since=YEAR[0], until=YEAR[1])
    async with grocer.database.snapshot() as read:
        issued = {(row["offer"], row["currency"]): row["points"] for row in await ledger.issued_by_offer(read, most=99)}
        moved = {(row["currency"], row["kind"]): row["points"] for row in await ledger.moved(read)}
        summer = next(each for each in await limits.ceilings(read) if each.id == SUMMER)
    assert summer.taken == BUDGET
    assert done.passes >= 1
    for name in ("live", "same"):
        tally = done.tallies[name]
        assert {key: points for key, points in tally.points.items() if points} == issued
        sums: Counter[tuple[str, str]] = Counter()
        for (_, currency, kind), points in tally.moved.items():
            sums[currency, kind] += points
        assert {key: points for key, points in sums.items() if points} == moved
    assert all(group.gain == group.lose == group.difference_micro == 0 for group in done.groups["same"])

    more = done.tallies["richer"]
    assert more.points["base", "points"] > issued["base", "points"]
    assert more.points["produce-summer", "points"] == BUDGET
    assert sum(group.gain for group in done.groups["richer"]) > 0 == sum(group.lose for group in done.groups["richer"])
    assert sum(group.difference_micro for group in done.groups["richer"]) == (
        sum(more.worth.values()) - sum(done.tallies["live"].worth.values())
    )

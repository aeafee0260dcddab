"""A simulation of what really happened comes to what really happened; a draft differs where it says something else."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from regulars.intelligence.simulation import Draft, Simulated, simulate
from regulars.intelligence.simulation.presuming import presume_ends
from regulars.intelligence.simulation.rehearsing import Job
from regulars.intelligence.simulation.run import settle
from regulars.intelligence.simulation.telling import find_told
from regulars.kernel import activity, ledger, limits, members
from tests.simulation.conftest import BUDGET, YEAR, Grocer, edit

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
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


async def test_the_books_tell_what_a_fold_would(grocer: Grocer) -> None:
    same = Draft(name="same", document=edit())
    middle = datetime(2017, 7, 1, 4, tzinfo=UTC)
    async with grocer.database.snapshot() as read:
        seq = await activity.end(read)
        active = await members.page(read, after=UUID(int=0), most=1_000)
        known = await presume_ends(read, [same], until=YEAR[1])
    for since, until in ((YEAR[0], YEAR[1]), (middle, YEAR[1]), (YEAR[0], middle)):
        # Nobody writes meanwhile; a snapshot that waits while others fold is cut off by the database after a minute.
        async with grocer.database.snapshot() as read:
            told = await find_told(read, active, seq=seq, until=until)
            assert len(told) > len(active) // 2
            assert not await find_told(read, active, seq=seq - 1, until=until) >= told, "somebody did more since"
        job = Job(settings=grocer.settings, drafts=[same], since=since, until=until, seq=seq, ends=known)
        by_books, by_fold = await settle(job, lanes=1), await settle(replace(job, by_books=False), lanes=1)
        assert by_books.tallies == by_fold.tallies
        assert by_books.groups == by_fold.groups


async def test_a_time_is_what_lies_between_its_ends(grocer: Grocer) -> None:
    same = Draft(name="same", document=edit())
    middle = datetime(2017, 7, 1, 4, tzinfo=UTC)
    spans = ((YEAR[0], YEAR[1]), (YEAR[0], middle), (middle, YEAR[1]))
    whole, first, second = [await simulate(grocer.settings, [same], since=a, until=b, lanes=1) for a, b in spans]
    for name in ("live", "same"):
        full, *halves = (each.tallies[name] for each in (whole, first, second))
        for what in ("points", "worth", "times", "sources"):
            # Nothing is returned in this year, so that its halves add up.
            assert getattr(full, what) == getattr(halves[0], what) + getattr(halves[1], what)
        assert full.facts == sum(half.facts for half in halves) > 1_000
        assert min(half.facts for half in halves) > 100
        # The months that were over are as they were; the second half knows of them too.
        assert halves[1].owed == full.owed
        assert halves[0].owed == Counter({month: owed for month, owed in full.owed.items() if month < "2017-07"})
    # Whoever rose before begins as what they were.
    assert {start for _, start, _ in second.tallies["live"].moves} >= {"", "green"}


async def test_what_is_presumed_of_budgets_changes_no_figure(grocer: Grocer) -> None:
    drafts = [
        Draft(name="same", document=edit()),
        Draft(name="double", document=edit(**{"points: 2, per_minor: 100": "points: 4, per_minor: 100"})),
        Draft(name="half", document=edit(**{"150000": str(BUDGET // 2)})),
        Draft(name="more", document=edit(**{"150000": str(BUDGET * 2)})),
    ]
    async with grocer.database.snapshot() as read:
        seq = await activity.end(read)
        known = await presume_ends(read, drafts, until=YEAR[1])
    # Of an offer that is another nothing is known; of a budget that never went, no end.
    assert set(known) == {"live", "same", "half"}
    assert known["half"][SUMMER] < known["live"][SUMMER] == known["same"][SUMMER]

    # What is the same as the live one comes to the same, and costs as much again.
    tried = [draft for draft in drafts if draft.name in {"half", "more"}]

    async def rehearse(ends: dict[str, dict[str, datetime]]) -> Simulated:
        return await settle(
            Job(settings=grocer.settings, drafts=tried, since=YEAR[0], until=YEAR[1], seq=seq, ends=ends), lanes=1
        )

    names = ("live", *(draft.name for draft in tried))
    plain = await rehearse({})
    summer = {name: plain.tallies[name].points["produce-summer", "points"] for name in names}
    assert summer["half"] == BUDGET // 2 < summer["live"] == BUDGET
    assert BUDGET < summer["more"] <= BUDGET * 2
    early = datetime(2017, 6, 3, tzinfo=UTC)
    for ends in (known, {name: {SUMMER: early} for name in names}):
        found = await rehearse(ends)
        assert found.tallies == plain.tallies
        assert found.groups == plain.groups

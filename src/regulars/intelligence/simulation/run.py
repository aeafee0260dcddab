"""The simulation's course: lanes of members, and again for those whom a shared budget did not reach."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Final
from uuid import UUID

from regulars.base.apart import run_apart
from regulars.base.errors import Refusal
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.intelligence.simulation.budgets import Asks, Dealt, Shorts, deal, find_changed, find_relieved
from regulars.intelligence.simulation.model import LIVE, Draft, Group, Simulated, Tally
from regulars.intelligence.simulation.presuming import presume_ends
from regulars.intelligence.simulation.rehearsing import Again, Job, Part, rehearse_lane
from regulars.kernel import activity as journal
from regulars.kernel.program import compile_plan

__all__ = ["BudgetsUnsettled", "NothingToSimulate", "settle", "simulate"]

PASSES_MAX: Final = 50
"""Each pass settles at least one more fact of each budget for good, and in practice all of them in two or three."""

Advance = Callable[[int], None]
"""Told how many members this pass has looked at."""


class NothingToSimulate(Refusal):
    """There is no history in that time."""

    code, kind = "nothing_to_simulate", "conflict"


class BudgetsUnsettled(Refusal):
    """What is asked of shared budgets kept changing with what they gave."""

    code, kind = "budgets_unsettled", "conflict"


async def simulate(
    settings: Settings,
    drafts: Sequence[Draft],
    *,
    since: datetime,
    until: datetime,
    lanes: int = 2,
    advance: Advance = lambda _done: None,
) -> Simulated:
    """Let each draft decide from `since` to `until` over what is stored, beside what really decided.

    What came before `since` is decided as it was, so levels, lots and memories are there when it begins. Facts are
    taken at the ledger time at which they really were. Activities that speak of other members or of holds are left
    out, and counted. Redemptions happen as they did, where a member then has the points.

    A budget is given in the order in which the journal has the facts: members are rehearsed as if there were no end
    to it (or as if it ended when it really did, where the draft has the same offer), the budget is dealt out over what
    they ask for, and those who got something else are rehearsed again, until nothing changes.

    Raises NothingToSimulate, ProgramInvalid, BudgetsUnsettled.
    """
    assert drafts, "what is live decided already"
    assert since < until, "a time that ends before it begins is nobody's history"
    for draft in drafts:
        compile_plan(draft.document)
    # Kept open while the lanes work, so that an embedded server stays up for them.
    async with open_database(settings) as database:
        async with database.snapshot() as read:
            seq = await journal.end(read)
            ends = await presume_ends(read, drafts, until=until)
        job = Job(settings=settings, drafts=drafts, since=since, until=until, seq=seq, ends=ends)
        return await settle(job, lanes=lanes, advance=advance)


async def settle(job: Job, *, lanes: int = 2, advance: Advance = lambda _done: None) -> Simulated:
    """Do the first pass, and then those that budgets want. What is presumed of them changes no figure.

    The database must be up. Raises NothingToSimulate, BudgetsUnsettled.
    """
    began = time.perf_counter()
    names = (LIVE, *(draft.name for draft in job.drafts))
    tallies = {name: Tally() for name in names}
    asked = {name: _Asked() for name in names}
    _gather(tallies, asked, await _pass(job, lanes, advance))
    dealt: dict[str, Mapping[str, Dealt] | None] = dict.fromkeys(names, None)
    passes = 0
    while again := _find_again(asked, dealt):
        passes += 1
        if passes > PASSES_MAX:
            raise BudgetsUnsettled("What is asked of the budgets depends on what they give. Simulate fewer at once.")
        _gather(tallies, asked, await _pass(replace(job, again=again), lanes, advance))
        dealt |= {name: each.after for name, each in again.items()}
    if not tallies[LIVE].facts:
        raise NothingToSimulate(
            f"Nothing was recorded from {job.since.isoformat()} until {job.until.isoformat()}. Choose another time,"
            " or record or replay activities first.",
            since=job.since.isoformat(),
            until=job.until.isoformat(),
        )
    return Simulated(
        since=job.since,
        until=job.until,
        tallies=tallies,
        groups={draft.name: _compare(tallies[LIVE], tallies[draft.name]) for draft in job.drafts},
        passes=passes,
        seconds=time.perf_counter() - began,
    )


@dataclass(slots=True, kw_only=True)
class _Asked:
    """What is known so far of what was asked under one name."""

    asks: Asks = field(default_factory=Asks)
    shorts: Shorts = field(default_factory=Shorts)
    told: set[UUID] = field(default_factory=set[UUID])
    """Who got what they got, whatever is dealt out."""


async def _pass(job: Job, lanes: int, advance: Advance) -> Sequence[Part]:
    works = [partial(rehearse_lane, replace(job, lane=lane, lanes=lanes)) for lane in range(lanes)]

    def notice(told: Sequence[Any]) -> None:
        advance(min(each or 0 for each in told))

    return await run_apart(works, notice)


def _gather(tallies: Mapping[str, Tally], asked: Mapping[str, _Asked], parts: Sequence[Part]) -> None:
    """Add what the lanes found. A fact that could have asked again, and has not, asks no longer."""
    for part in parts:
        for name, tally in part.tallies.items():
            tallies[name].add(tally)
            known = asked[name]
            for key in part.seen[name]:
                known.asks.pop(key, None)
            known.asks.update({(ask.ceiling, ask.seq): ask for ask in part.asks[name]})
            for ask in part.cut[name]:
                known.asks.setdefault((ask.ceiling, ask.seq), ask)
            known.shorts.update(part.shorts[name])
        asked[LIVE].told |= part.told


def _find_again(asked: Mapping[str, _Asked], dealt: Mapping[str, Mapping[str, Dealt] | None]) -> dict[str, Again]:
    found: dict[str, Again] = {}
    for name, known in asked.items():
        before, after = dealt[name], deal(known.asks.values())
        changed = find_changed(known.asks.values(), before, after)
        changed |= find_relieved(chain.from_iterable(known.shorts.values()), after)
        if changed := changed - known.told:
            found[name] = Again(members=changed, before=before, after=after)
    return found


def _compare(real: Tally, draft: Tally) -> list[Group]:
    """Say by level, as it really is at the end, who gains and who loses."""
    members: Counter[tuple[str, str]] = Counter()
    gain: Counter[tuple[str, str]] = Counter()
    lose: Counter[tuple[str, str]] = Counter()
    difference: Counter[tuple[str, str]] = Counter()
    for member, group in real.group_of.items():
        by = draft.values[member] - real.values[member]
        members[group] += 1
        gain[group] += by > 0
        lose[group] += by < 0
        difference[group] += by
    return [
        Group(
            trait=trait,
            level=level,
            members=count,
            gain=gain[trait, level],
            lose=lose[trait, level],
            difference_micro=difference[trait, level],
        )
        for (trait, level), count in sorted(members.items(), key=lambda it: -it[1])
    ]

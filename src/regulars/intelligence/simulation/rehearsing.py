"""One lane of a simulation, in a process of its own: its members' history, folded under each name."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from regulars.base.apart import Tell
from regulars.base.crypto import Keyring
from regulars.base.db import Read
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.intelligence.simulation.budgets import Dealt
from regulars.intelligence.simulation.counting import count_up, find_asks
from regulars.intelligence.simulation.model import LIVE, Ask, Draft, Scene, Tally
from regulars.kernel import activity as journal
from regulars.kernel import members, spine
from regulars.kernel.members import Member
from regulars.kernel.nouns import TraitChange
from regulars.kernel.program import Release, Releases, Versions, compile_plan, list_set_traits

__all__ = ["Again", "Job", "Part", "rehearse_lane"]

PAGE: Final = 50
"""Members whose history is read at once."""
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
CLOCK: Final = "clock"
BOUNDLESS: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Whom to rehearse again under a name, and how its budgets went before and go now."""

    members: frozenset[UUID]
    before: Mapping[str, Dealt] | None
    after: Mapping[str, Dealt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One lane's part of a pass. It crosses to another process."""

    settings: Settings
    drafts: Sequence[Draft]
    since: datetime
    until: datetime
    seq: int
    """The last number of the journal that is history: all lanes see the same."""
    lane: int = 0
    lanes: int = 1
    again: Mapping[str, Again] = field(default_factory=dict[str, Again])
    """By name. Empty: all members under every name, with budgets without an end."""


@dataclass(slots=True, kw_only=True)
class Part:
    """What a lane found: by name the tallies, what was asked of budgets, and which of these asks replace others."""

    tallies: dict[str, Tally]
    asks: dict[str, list[Ask]]
    seen: dict[str, set[tuple[str, int]]]
    """By name: (ceiling, number) of facts rehearsed again that had more left than they took: `asks` says how much."""
    cut: dict[str, list[Ask]]
    """By name: what facts took who got all that was left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A member with all that happened to them from outside."""

    member: Member
    history: Sequence[spine.Past]
    traits: Sequence[TraitChange]
    left_out: Counter[str]


def rehearse_lane(job: Job, tell: Tell) -> Part:
    """Do one lane's part of a pass; tells how many members are done."""
    return asyncio.run(_rehearse(job, tell))


async def _rehearse(job: Job, tell: Tell) -> Part:
    house = spine.House(
        keyring=Keyring.derive({1: bytes(32)}, current=1),
        versions=Versions(),
        # Ids of a rehearsal are its own.
        new_id=UUID,
        late_days_max=job.settings.late_days_max,
    )
    async with open_database(job.settings) as database, database.snapshot() as read:
        scenes = await _set_scenes(read, house, job)
        names = [scene.name for scene in scenes]
        part = Part(
            tallies={name: Tally() for name in names},
            asks={name: [] for name in names},
            seen={name: set() for name in names},
            cut={name: [] for name in names},
        )
        lane = _Lane(house=house, job=job, part=part, levels=_find_levels(scenes))
        wanted = frozenset[UUID]().union(*(again.members for again in job.again.values())) if job.again else None
        done, after = 0, UUID(int=0)
        while page := await members.page(read, after=after, most=PAGE * job.lanes):
            after = page[-1].id
            mine = [it for it in page if it.id.int % job.lanes == job.lane and (wanted is None or it.id in wanted)]
            for cast in await _read_casts(read, mine, lane.levels, job.seq):
                for scene in scenes:
                    lane.play(scene, cast)
            done += len(page)
            tell(done)
    return part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lane:
    """What a lane needs to rehearse its members one after another."""

    house: spine.House
    job: Job
    part: Part
    levels: Sequence[str]

    def play(self, scene: Scene, cast: Cast) -> None:
        """Rehearse one member under one name, and count what came of it."""
        part, member, again = self.part, cast.member, self.job.again.get(scene.name)
        if not self.job.again:
            done = self.fold(scene, cast, None)
            tally = count_up(scene, member, done, self.levels)
            tally.left_out.update(cast.left_out)
            part.tallies[scene.name].add(tally)
            part.asks[scene.name] += find_asks(scene, member, cast.history, done)
        elif again is not None and member.id in again.members:
            before, after = (self.fold(scene, cast, dealt) for dealt in (again.before, again.after))
            part.tallies[scene.name].add(count_up(scene, member, before, self.levels), -1)
            part.tallies[scene.name].add(count_up(scene, member, after, self.levels))
            self.note(scene, cast, again, find_asks(scene, member, cast.history, after))

    def note(self, scene: Scene, cast: Cast, again: Again, asks: Sequence[Ask]) -> None:
        """Keep what was asked. Whoever took all that was left may have wanted more: that is known from before."""
        taken = {(ask.ceiling, ask.seq): ask for ask in asks}
        for past in cast.history:
            for ceiling, left in _left(scene, cast.member, past, again.after).items():
                ask = taken.get((ceiling, past.seq))
                if left > (0 if ask is None else ask.taken):
                    self.part.seen[scene.name].add((ceiling, past.seq))
        for key, ask in taken.items():
            part = self.part.asks if key in self.part.seen[scene.name] else self.part.cut
            part[scene.name].append(ask)

    def fold(self, scene: Scene, cast: Cast, dealt: Mapping[str, Dealt] | None) -> spine.Rehearsed:
        """Fold a member's history as if budgets had no end, or as they were dealt out."""
        return spine.rehearse(
            self.house,
            scene.releases,
            cast.member,
            cast.history,
            traits=cast.traits,
            left=lambda past: _left(scene, cast.member, past, dealt),
            until=scene.until,
        )


def _left(scene: Scene, member: Member, past: spine.Past, dealt: Mapping[str, Dealt] | None) -> Mapping[str, int]:
    """What each ceiling has left for a fact: as it was dealt out, or without an end."""
    amounts = spine.find_scarce(scene.releases, member, past.fact)
    if dealt is None:
        return dict.fromkeys(amounts, BOUNDLESS)
    return {
        ceiling: amount - (dealt[ceiling].taken_before(past.seq) if ceiling in dealt else 0)
        for ceiling, amount in amounts.items()
    }


async def _set_scenes(read: Read, house: spine.House, job: Job) -> list[Scene]:
    """What really decided, and each draft in its place from `since` on."""
    real = await house.versions.read(read)
    scenes = [Scene(name=LIVE, releases=real, since=job.since, until=job.until)]
    for draft in job.drafts:
        plan = compile_plan(draft.document)
        number = 1 + max((release.number for release in real.all), default=0)
        release = Release(number=number, hash=plan.hash, live_from=job.since, by="simulation", at=job.since)
        kept = tuple(it for it in real.all if it.live_from < job.since)
        releases = Releases(all=(*kept, release), plans={**real.plans, plan.hash: plan})
        scenes.append(Scene(name=draft.name, releases=releases, since=job.since, until=job.until))
    return scenes


def _find_levels(scenes: Sequence[Scene]) -> list[str]:
    """The traits of levels under any name."""
    plans = {plan.hash: plan for scene in scenes for plan in scene.releases.plans.values()}
    return sorted(set[str]().union(*(list_set_traits(plan.document) for plan in plans.values())))


async def _read_casts(read: Read, mine: Sequence[Member], own: Collection[str], seq: int) -> Iterator[Cast]:
    ids = [member.id for member in mine]
    traits = await members.traits_many(read, ids, since=EARLIEST)
    told: dict[UUID, list[journal.Told]] = {}
    for row in await journal.history(read, ids, until=seq) if ids else ():
        told.setdefault(row.member, []).append(row)
    return (_cast(member, told.get(member.id, ()), traits, own) for member in mine)


def _cast(member: Member, told: Sequence[journal.Told], traits: members.TraitHistory, own: Collection[str]) -> Cast:
    history = spine.list_past(told)
    there = {past.seq for past in history}
    left_out = Counter(row.body.kind for row in told if row.seq not in there and row.body.source != CLOCK)
    given = [change for change in traits.changes_of(member.id) if change.name not in own]
    return Cast(member=member, history=history, traits=given, left_out=left_out)

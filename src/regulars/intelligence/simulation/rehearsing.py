"""One lane of a simulation, in a process of its own: its members' history, folded under each name."""

import asyncio
import gc
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.base.apart import Tell
from regulars.base.crypto import Keyring
from regulars.base.db import Read
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.intelligence.simulation.budgets import Dealt, Shorts
from regulars.intelligence.simulation.counting import count_up, find_asks
from regulars.intelligence.simulation.model import LIVE, Ask, Draft, Scene, Tally
from regulars.intelligence.simulation.telling import Told, find_told, tell
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
END: Final = datetime.max.replace(tzinfo=UTC)
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
    ends: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict[str, Mapping[str, datetime]])
    """By name and ceiling: when it is presumably gone. What is not named here is presumed to have no end."""
    again: Mapping[str, Again] = field(default_factory=dict[str, Again])
    """By name. Empty: all members under every name, with budgets as presumed."""
    by_books: bool = True
    """What really decided is told by the books where they are the whole story. Else it is folded too, to the same."""


@dataclass(slots=True, kw_only=True)
class Part:
    """What a lane found: by name the tallies, what was asked of budgets, and which of these asks replace others."""

    tallies: dict[str, Tally]
    asks: dict[str, list[Ask]]
    seen: dict[str, set[tuple[str, int]]]
    """By name: (ceiling, number) of facts rehearsed again that had more left than they took: `asks` says how much."""
    cut: dict[str, list[Ask]]
    """By name: what facts took who got all that was left."""
    shorts: dict[str, Shorts]
    """By name: of each member rehearsed, the facts that may have wanted more than was left."""
    told: set[UUID]
    """Of whom the books told what really decided: they got what they got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A member with all that happened to them from outside."""

    member: Member
    history: Sequence[spine.Past]
    traits: Sequence[TraitChange]
    left_out: Counter[str]


def rehearse_lane(job: Job, tell: Tell) -> Part:
    """Do one lane's part of a pass; tells how many members are done."""
    # Looking for garbage cycles among facts that are all alive took a quarter of the time.
    gc.disable()
    return asyncio.run(_rehearse(job, tell))


async def _rehearse(job: Job, tell: Tell) -> Part:
    house = spine.House(
        keyring=Keyring.derive({1: bytes(32)}, current=1),
        versions=Versions(),
        # Ids of a rehearsal are its own.
        new_id=UUID,
        late_days_max=job.settings.late_days_max,
    )
    async with open_database(job.settings) as database:
        async with database.snapshot() as read:
            scenes = await _set_scenes(read, house, job)
        names = [scene.name for scene in scenes]
        part = Part(
            tallies={name: Tally() for name in names},
            asks={name: [] for name in names},
            seen={name: set() for name in names},
            cut={name: [] for name in names},
            shorts={name: {} for name in names},
            told=set(),
        )
        lane = _Lane(house=house, job=job, part=part, levels=_find_levels(scenes))
        wanted = frozenset[UUID]().union(*(again.members for again in job.again.values())) if job.again else None
        done, after = 0, UUID(int=0)
        while True:
            # No longer than the reading takes: the server ends transactions that wait for somebody who thinks.
            async with database.snapshot() as read:
                page = await members.page(read, after=after, most=PAGE * job.lanes)
                mine = [it for it in page if it.id.int % job.lanes == job.lane and (wanted is None or it.id in wanted)]
                traits = await members.traits_many(read, [it.id for it in mine], since=EARLIEST)
                casts = list(await _read_casts(read, mine, traits, lane.levels, job))
                told = (
                    await _tell(read, scenes[0], casts, traits, lane) if job.by_books and not job.again else set[UUID]()
                )
            if not page:
                break
            for cast in casts:
                for scene in scenes:
                    if scene.name != LIVE or cast.member.id not in told:
                        lane.play(scene, cast)
            # The young only: those of the page that is done.
            gc.collect(0)
            done, after = done + len(page), page[-1].id
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
            self.note(scene, cast, None, find_asks(scene, member, cast.history, done))
        elif again is not None and member.id in again.members:
            before, after = (self.fold(scene, cast, dealt) for dealt in (again.before, again.after))
            part.tallies[scene.name].add(count_up(scene, member, before, self.levels), -1)
            part.tallies[scene.name].add(count_up(scene, member, after, self.levels))
            self.note(scene, cast, again.after, find_asks(scene, member, cast.history, after))

    def note(self, scene: Scene, cast: Cast, dealt: Mapping[str, Dealt] | None, asks: Sequence[Ask]) -> None:
        """Keep what was asked. Whoever took all that was left may have wanted more: that is known, or it is short."""
        part, presumed = self.part, self.job.ends.get(scene.name, {})
        seen = part.seen[scene.name]
        taken = {(ask.ceiling, ask.seq): ask.taken for ask in asks}
        shorts: list[Ask] = []
        gone: set[str] = set()
        # Before the first presumed end there was more than anybody could take.
        first = EARLIEST if dealt is not None else min(presumed.values(), default=END)
        for past in cast.history:
            if past.at < first:
                continue
            for ceiling, (left, amount) in self.left(scene, cast.member, past, dealt).items():
                took = taken.get((ceiling, past.seq), 0)
                if left > took:
                    seen.add((ceiling, past.seq))
                # Of those that found nothing the first is enough: while it finds nothing, later ones do not either.
                elif took or (ceiling in presumed and ceiling not in gone):
                    gone |= set() if took else {ceiling}
                    shorts.append(Ask(ceiling=ceiling, seq=past.seq, member=cast.member.id, taken=took, amount=amount))
        part.shorts[scene.name][cast.member.id] = shorts
        if dealt is None:
            # Nothing is known yet that these could be different from.
            seen.clear()
            part.asks[scene.name] += asks
        for ask in asks if dealt is not None else ():
            (part.asks if (ask.ceiling, ask.seq) in seen else part.cut)[scene.name].append(ask)

    def fold(self, scene: Scene, cast: Cast, dealt: Mapping[str, Dealt] | None) -> spine.Rehearsed:
        """Fold a member's history with budgets as presumed, or as they were dealt out."""
        return spine.rehearse(
            self.house,
            scene.releases,
            cast.member,
            cast.history,
            traits=cast.traits,
            left=lambda past: {name: it[0] for name, it in self.left(scene, cast.member, past, dealt).items()},
            until=scene.until,
        )

    def left(
        self, scene: Scene, member: Member, past: spine.Past, dealt: Mapping[str, Dealt] | None
    ) -> dict[str, tuple[int, int]]:
        """Tell what each ceiling has left for a fact, and how much it was: as it was dealt out, or as presumed."""
        amounts = spine.find_scarce(scene.releases, member, past.body)
        if dealt is None:
            ends = self.job.ends.get(scene.name, {})
            return {
                ceiling: (0 if ceiling in ends and past.at >= ends[ceiling] else BOUNDLESS, amount)
                for ceiling, amount in amounts.items()
            }
        return {
            ceiling: (amount - (dealt[ceiling].taken_before(past.seq) if ceiling in dealt else 0), amount)
            for ceiling, amount in amounts.items()
        }


async def _set_scenes(read: Read, house: spine.House, job: Job) -> list[Scene]:
    """What really decided, and each draft in its place from `since` on."""
    real = await house.versions.read(read)
    plans = {draft.name: compile_plan(draft.document) for draft in job.drafts}
    zone = ZoneInfo(job.drafts[0].document.time_zone)
    scenes = [Scene(name=LIVE, releases=real, since=job.since, until=job.until, zone=zone)]
    for name, plan in plans.items():
        number = 1 + max((release.number for release in real.all), default=0)
        release = Release(number=number, hash=plan.hash, live_from=job.since, by="simulation", at=job.since)
        kept = tuple(it for it in real.all if it.live_from < job.since)
        releases = Releases(all=(*kept, release), plans={**real.plans, plan.hash: plan})
        scenes.append(Scene(name=name, releases=releases, since=job.since, until=job.until, zone=zone))
    return scenes


def _find_levels(scenes: Sequence[Scene]) -> list[str]:
    """The traits of levels under any name."""
    plans = {plan.hash: plan for scene in scenes for plan in scene.releases.plans.values()}
    return sorted(set[str]().union(*(list_set_traits(plan.document) for plan in plans.values())))


async def _tell(
    read: Read, scene: Scene, casts: Sequence[Cast], traits: members.TraitHistory, lane: "_Lane"
) -> set[UUID]:
    """Count what really decided by the books, for those of whom they tell all; gives whom."""
    job, part = lane.job, lane.part
    found = await find_told(read, [it.member for it in casts if not it.left_out], seq=job.seq, until=job.until)
    told = [Told(member=it.member, history=it.history) for it in casts if it.member.id in found]
    tally, asks = await tell(read, scene, told, traits, lane.levels, seq=job.seq)
    part.tallies[LIVE].add(tally)
    part.asks[LIVE] += asks
    part.told |= found
    return found


async def _read_casts(
    read: Read, mine: Sequence[Member], traits: members.TraitHistory, own: Collection[str], job: Job
) -> Iterator[Cast]:
    ids = [member.id for member in mine]
    told: dict[UUID, list[journal.Told]] = {}
    for row in await journal.history(read, ids, until=job.seq) if ids else ():
        if row.at < job.until:
            told.setdefault(row.member, []).append(row)
    there = [member for member in mine if member.id in told or member.joined_at < job.until]
    return (_cast(member, told.get(member.id, ()), traits, own) for member in there)


def _cast(member: Member, told: Sequence[journal.Told], traits: members.TraitHistory, own: Collection[str]) -> Cast:
    history = spine.list_past(told)
    there = {past.seq for past in history}
    left_out = Counter(row.body.kind for row in told if row.seq not in there and row.body.source != CLOCK)
    given = [change for change in traits.changes_of(member.id) if change.name not in own]
    return Cast(member=member, history=history, traits=given, left_out=left_out)

"""Proof that the books are right: every room proves its own rows, and what two rooms say of one fact is laid together.

All of it on one snapshot (or several of one moment, side by side), so that it is true of a database that goes on
working meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from regulars.base import clock
from regulars.base.db import Read
from regulars.base.faults import Fault, Fingerprint, Fingerprints, Proofs
from regulars.kernel.activity.proofs import KEY_CODE, SEAL_CODE, find_doubtful, list_programs
from regulars.kernel.activity.proofs import PROOFS as ACTIVITY
from regulars.kernel.ledger.proofs import PROOFS as LEDGER
from regulars.kernel.ledger.proofs import list_terms
from regulars.kernel.limits.proofs import PROOFS as LIMITS
from regulars.kernel.limits.proofs import read_amounts
from regulars.kernel.members.proofs import PROOFS as MEMBERS
from regulars.kernel.program import Document, Plan, ProgramInvalid, compile_plan
from regulars.kernel.program.proofs import PROOFS as PROGRAM
from regulars.kernel.program.proofs import read_budgets, read_versions

__all__ = ["ROOMS", "Progress", "Proof", "Report", "check"]

SETTINGS: Final = {
    # For each sort and hash of a proof. Enough for a million rows; beyond that PostgreSQL uses its disk.
    "work_mem": "128MB",
    # A proof reads whole tables and hopes to find nothing. A planner that expects the first rows to come soon, or has
    # never counted the rows, joins by trying many pairs, which takes hours where hashing takes a second.
    "enable_nestloop": "off",
    "enable_mergejoin": "off",
    # The words of the journal are read by two at once. Hash tables stay with each: where shared memory is small, as in
    # containers, a shared one would not fit.
    "max_parallel_workers_per_gather": "1",
    "parallel_tuple_cost": "0.001",
    "enable_parallel_hash": "off",
    # Of several that look side by side one is done first, and keeps its view of the moment.
    "idle_in_transaction_session_timeout": "0",
}
"""Of PostgreSQL, for this one transaction."""
MOST: Final = 20
ROOMS: Final = (LEDGER, ACTIVITY, LIMITS, MEMBERS, PROGRAM)

Progress = Callable[[str, float], None]
"""Called when a step begins: what is looked at, and the share of all steps that is done, from 0 to 1."""


class Report(Struct, frozen=True, kw_only=True):
    """What a check looked at and what it found. No fault: the books are right."""

    faults: tuple[Fault, ...]
    seconds: Mapping[str, float]
    """By step, in order. Steps go on side by side: `elapsed` is less than their sum."""
    rows: Mapping[str, int]
    """By table."""
    elapsed: float
    """Seconds."""
    left_out: tuple[str, ...] = ()
    """What could not be told, because what it rests on is itself damaged (and named among the faults)."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


class Proof(Protocol):
    """What a room outside the kernel proves of itself."""

    def __call__(self, read: Read, *, most: int) -> Awaitable[tuple[Sequence[Fault], int]]:
        """Give what is wrong, at most so many faults, and how many rows were looked at."""
        ...


@dataclass(slots=True, kw_only=True)
class _Examination:
    """A check under way."""

    read: Read
    most: int
    unsealed: Sequence[UUID] = ()
    """Activities whose words are not what was sealed."""
    distrusted: set[UUID] = field(default_factory=set[UUID])
    """Their members: what their receipts said in all is not known."""
    versions: Mapping[str, Document] = field(default_factory=dict[str, Document])
    decided: set[str] = field(default_factory=set[str])
    """Versions that activities name."""
    faults: list[Fault] = field(default_factory=list[Fault])
    rows: dict[str, int] = field(default_factory=dict[str, int])
    left_out: list[str] = field(default_factory=list[str])
    told: dict[str, Fingerprints] = field(default_factory=dict[str, Fingerprints])

    def add(self, code: str, rule: str, sentence: str) -> None:
        """Keep a fault that no single row tells."""
        self.faults.append(Fault(code=code, rule=rule, sentence=sentence))

    async def count(self) -> None:
        """Count what there is."""
        for room in ROOMS:
            self.rows.update(await room.count_rows(self.read))

    async def unseal(self) -> None:
        """Find what can no longer be read; everything after this leaves it out."""
        faults, unsealed = await find_doubtful(self.read)
        self.unsealed = list(unsealed)
        self.distrusted = set(unsealed.values())
        for code in (SEAL_CODE, KEY_CODE):
            self.faults += [fault for fault in faults if fault.code == code][: self.most]

    async def prove(self, room: Proofs, code: str) -> None:
        """Run one proof of one room."""
        self.faults += await room.find(self.read, code, most=self.most, unsealed=self.unsealed)

    async def prove_more(self, room: str, prove: Proof) -> None:
        """Let a room outside the kernel prove itself."""
        faults, self.rows[room] = await prove(self.read, most=self.most)
        self.faults += faults

    async def hear(self, receipts: str) -> Fingerprints:
        """Sum up what receipts say of some facts; once, for it takes long."""
        if receipts not in self.told:
            self.told[receipts] = await ACTIVITY.fingerprints(self.read, receipts, unsealed=self.unsealed)
        return self.told[receipts]

    async def find_misplaced(self) -> None:
        """See that the numbers of the journal are in the order of the effects."""
        misplaced = (await self.hear("postings")).get("misplaced", {})
        for member in sorted(misplaced)[: self.most]:
            sentence = f"Activity number {misplaced[member].mark} of member {member} was done before an earlier one."
            self.add("activity_i8_order", "I8", sentence)

    async def lay(self, fact: str, ours: tuple[Proofs, str], receipts: str, rule: str) -> None:
        """Lay what a room keeps beside what the receipts say, member by member."""
        room, name = ours
        said = (await self.hear(receipts)).get(fact, {})
        kept = (await room.fingerprints(self.read, name)).get(fact, {})
        differing = sorted((said.keys() | kept.keys()) - self.distrusted)
        differing = [member for member in differing if said.get(member) != kept.get(member)]
        for member in differing[: self.most]:
            words = _words(fact, said.get(member), kept.get(member))
            self.add(f"{room.room}_{rule.lower()}_{fact}", rule, f"Member {member}: {words}")

    async def find_owners(self) -> None:
        """See that whoever has a row anywhere is a member."""
        known = await MEMBERS.list_owners(self.read)
        for room in ROOMS:
            if room is not MEMBERS:
                for member in sorted(await room.list_owners(self.read) - known)[: self.most]:
                    sentence = f"Rows of {room.room} are of {member}, who is no member."
                    self.add(f"{room.room}_i12_owner", "I12", sentence)

    async def read_programs(self) -> None:
        """See that versions are what their names say, and that what they decided names one of them."""
        versions, damaged = await read_versions(self.read)
        self.versions = versions
        self.faults += list(damaged.values())[: self.most]
        # Points end, and are then told so, also where no programme is live: that names no version.
        self.decided = await list_programs(self.read)
        missing = self.decided - versions.keys() - damaged.keys() - {""}
        for name in sorted(missing)[: self.most]:
            self.add("activity_i12_program", "I12", f"Activities name the programme version {name}: there is none.")

    async def compare_terms(self) -> None:
        """See that lots were issued on the terms of their programme, and that budgets are what it says."""
        plans = self._compile()
        for term in await list_terms(self.read):
            plan = plans.get(term["program"])
            if plan is None:
                continue
            expected = _terms_of(plan, term["offer"], term["currency"])
            actual = (term["priority"], term["funder"], term["value_micro"])
            if expected is not None and expected != actual:
                sentence = (
                    f"Lots of offer {term['offer']} in {term['currency']} by the programme version {plan.hash} say"
                    f" priority, funder, value {actual}; the programme says {expected}."
                )
                self.add("ledger_i10_terms", "I10", sentence)
        released, budgets = await read_budgets(self.read, plans)
        for name in sorted(self.decided & self.versions.keys() - released)[: self.most]:
            sentence = f"Activities name the programme version {name}, which was never released."
            self.add("activity_i12_release", "I12", sentence)
        amounts = await read_amounts(self.read)
        for ceiling, allowed in budgets.items():
            if amounts.get(ceiling) not in allowed:
                said = " or ".join(str(each) for each in sorted(allowed))
                sentence = f"Ceiling {ceiling} is {amounts.get(ceiling)}; the programme's budget is {said}."
                self.add("limits_i13_budget", "I13", sentence)

    def _compile(self) -> dict[str, Plan]:
        plans: dict[str, Plan] = {}
        for name, document in self.versions.items():
            try:
                plans[name] = compile_plan(document)
            except ProgramInvalid:
                # An old version may speak of a mechanic that is gone since.
                self.left_out.append(f"terms and budgets of the programme version {name}")
        return plans


def _terms_of(plan: Plan, offer: str, currency: str) -> tuple[int, str, int] | None:
    """Tell on which terms (priority, funder, value) an offer issues a currency; None where the plan does not say."""
    coin = plan.currencies.get(currency)
    bound = plan.offers.get(offer)
    # What is given by hand is named by a sign and has the currency's own terms.
    if coin is None or (bound is None and not offer.startswith("#")):
        return None
    funder = bound.offer.funder if bound is not None else None
    return (coin.settings.priority, funder or coin.settings.funder, coin.value_micro)


def _words(fact: str, said: Fingerprint | None, kept: Fingerprint | None) -> str:
    told, found = said.count if said else 0, kept.count if kept else 0
    if told == found:
        return f"the {fact} kept are not the {found} that the receipts tell of."
    return f"{found} {fact} are kept, and the receipts tell of {told}."


Step = tuple[str, Callable[[_Examination], Awaitable[None]]]


def _list_steps(more: Mapping[str, Proof]) -> tuple[list[Step], list[list[Step]]]:
    """List what is done first, for what comes later leaves out what it distrusts; then what may go on side by side.

    A list among those is done by one, in its order. The long ones come first.
    """

    def proof(room: Proofs, code: str) -> Step:
        return code, lambda view: view.prove(room, code)

    def lay(fact: str, room: Proofs, receipts: str, rule: str) -> Step:
        code = f"{room.room}_{rule.lower()}_{fact}"
        return code, lambda view: view.lay(fact, (room, fact), receipts, rule)

    def further(room: str, prove: Proof) -> Step:
        return room, lambda view: view.prove_more(room, prove)

    first: list[Step] = [("counts", _Examination.count), (SEAL_CODE, _Examination.unseal)]
    postings: list[Step] = [
        lay("entries", LEDGER, "postings", "I11"),
        lay("lots", LEDGER, "postings", "I11"),
        ("activity_i8_order", _Examination.find_misplaced),
    ]
    programs: list[Step] = [
        ("program_i12_version", _Examination.read_programs),
        ("ledger_i10_terms", _Examination.compare_terms),
    ]
    alone: list[Step] = [
        lay("memories", PROGRAM, "memories", "I12"),
        lay("traits", MEMBERS, "traits", "I12"),
        *(proof(room, code) for room in ROOMS for code in room.names),
        lay("holds", LEDGER, "holds", "I11"),
        lay("claims", LIMITS, "claims", "I11"),
        ("owners", _Examination.find_owners),
        *(further(room, prove) for room, prove in more.items()),
    ]
    return first, [postings, programs, *([step] for step in alone)]


@dataclass(slots=True, kw_only=True)
class _Course:
    """The steps, as they are taken: by several who look at one moment."""

    steps: int
    progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    faults: dict[str, Sequence[Fault]] = field(default_factory=dict[str, Sequence[Fault]])

    async def take(self, view: _Examination, steps: Sequence[Step]) -> None:
        """Take steps one after another, and keep what each found and how long it took."""
        for name, work in steps:
            if self.progress is not None:
                self.progress(name, len(self.seconds) / self.steps)
            began, view.faults = await clock.now(view.read), []
            await work(view)
            self.seconds[name] = (await clock.now(view.read) - began).total_seconds()
            self.faults[name] = view.faults

    async def take_all(self, view: _Examination, waiting: deque[list[Step]]) -> None:
        """Take what nobody else has taken, until nothing is left."""
        while waiting:
            await self.take(view, waiting.popleft())


async def check(
    read: Read,
    *,
    most: int = MOST,
    progress: Progress | None = None,
    more: Mapping[str, Proof] = MappingProxyType({}),
    beside: Sequence[Read] = (),
) -> Report:
    """Look at every row of the kernel and say what is wrong: at most `most` faults of each code.

    `more` are, by room, what others prove of themselves. `read` is a snapshot, and `beside` are more of the same
    moment, for as many proofs side by side; nothing is changed. Raises DatabaseTimeout where one proof takes longer
    than a statement may in these snapshots.
    """
    for each in (read, *beside):
        for name, value in SETTINGS.items():
            await each.value("SELECT set_config($1, $2, TRUE)", name, value)
    began = await clock.now(read)
    first, rest = _list_steps(more)
    names = [name for name, _ in chain(first, *rest)]
    course = _Course(steps=len(names), progress=progress)
    view = _Examination(read=read, most=most)
    await course.take(view, first)
    waiting = deque(rest)
    try:
        async with asyncio.TaskGroup() as group:
            for each in (read, *beside):
                # What is known so far, and what is found out for all, they share.
                group.create_task(course.take_all(replace(view, read=each), waiting))
    except BaseExceptionGroup as failed:
        # One failure ends the others, and is told as it is.
        raise failed.exceptions[0] from None
    if progress is not None:
        progress("", 1.0)
    return Report(
        faults=tuple(chain.from_iterable(course.faults[name] for name in names)),
        seconds={name: course.seconds[name] for name in names},
        rows=view.rows,
        elapsed=(await clock.now(read) - began).total_seconds(),
        left_out=tuple(view.left_out),
    )

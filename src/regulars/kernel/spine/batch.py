"""One batch between its reads and its writes: facts are taken one by one, and each sees what those before it did.

No SQL here. What the rooms read goes in; what is to be written comes out. A refused fact leaves no trace.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from regulars.base.errors import Refusal
from regulars.kernel import activity as journal
from regulars.kernel import ledger, limits, members, program
from regulars.kernel.members.burning import Stops
from regulars.kernel.nouns import (
    Activity,
    Body,
    Original,
    Other,
    Posted,
    Reason,
    Receipt,
    Ruling,
    Scalar,
    Step,
    TraitChange,
)
from regulars.kernel.spine.admission import CLOCK, ENDED, FACTS, RETURN, admit, is_heard
from regulars.kernel.spine.bodies import body_of, with_ruling, write_body
from regulars.kernel.spine.commands import COMMANDS, activate, keep_alive
from regulars.kernel.spine.effects import book_ruling, check_data, is_paid_to_offer, list_refused, say_why_not
from regulars.kernel.spine.house import House
from regulars.kernel.spine.merging import CLAIM, MERGE, UNMERGE, hand_back, join, refold, run_out
from regulars.kernel.spine.model import ActivityDiffers, KindUnknown, Outcome, PurchaseUnknown
from regulars.kernel.spine.paying import pay, refund
from regulars.kernel.spine.quotes import (
    PURCHASE,
    QUOTE,
    Quoted,
    check_due,
    choose_version,
    count_usable,
    find_held,
    find_quote,
    honour,
    let_go,
    promise,
    remind,
    reserve,
)
from regulars.kernel.spine.returns import earlier_of, expand, fact_of, is_priced, original_of
from regulars.kernel.spine.scene import Cast, Doing, Scene
from regulars.kernel.spine.waiting import Waits

__all__ = ["CLOCK", "EXPIRE", "FACTS", "RETURN", "REVERSE", "Batch", "write_body"]

EXPIRE: Final = "expire"
REVERSE: Final = "reverse"
JOINS: Final = frozenset({MERGE, CLAIM, UNMERGE})
"""After one of these, the other member is no longer who they were."""
UNANSWERED: Final = Reason(offer="", code="unanswered")
DEPTH_MAX: Final = 10_000
"""Activities that one may leave behind, each the next, by one moment: more would be offers that call each other."""

NameOf = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Batch:
    """What was read under the locks, and what the facts taken so far made of it."""

    house: House
    releases: program.Releases
    locked: Mapping[UUID, members.Member]
    keys: Mapping[NameOf, journal.Known]
    kept: Mapping[UUID, UUID]
    """Members of earlier activities that are not the ones named now, and who they are today."""
    originals: Mapping[NameOf, journal.Past]
    answers: dict[UUID, list[Receipt]]
    book: ledger.Book
    memories: dict[UUID, dict[str, bytes]]
    traits: members.TraitHistory
    waits: Waits
    ceilings: limits.Ceilings
    households: Mapping[UUID, Sequence[UUID]]
    """By member who asks for it: those with whom points may come to be used together in this batch."""
    guests: frozenset[UUID]
    histories: Mapping[NameOf, Sequence[journal.Past]]
    """What happened to a member since a merge that is to be undone, by the name of the merge."""
    stops: Stops
    codes: Mapping[str, limits.Code] = field(default_factory=dict[str, limits.Code])
    """By name: the codes that activities show."""
    absorbed: dict[UUID, set[UUID]] = field(default_factory=dict[UUID, set[UUID]])
    """By member: those who are part of them by now, as far as they are here."""
    homes: members.Homes = field(default_factory=members.Homes)
    """Who is in which household."""
    gone: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    """Members merged in this batch, and who they are now."""
    parted: dict[UUID, None] = field(default_factory=dict[UUID, None])
    """Members that are one of their own again."""
    recorded: dict[NameOf, journal.Recorded] = field(default_factory=dict[NameOf, journal.Recorded])
    changed_memories: dict[tuple[UUID, str], None] = field(default_factory=dict[tuple[UUID, str], None])
    changed_traits: list[tuple[UUID, TraitChange, UUID]] = field(default_factory=list[tuple[UUID, TraitChange, UUID]])
    depths: dict[UUID, int] = field(default_factory=dict[UUID, int])
    """Of activities that the clock brought in this batch: how many lie between them and what began it."""
    stuck: list[tuple[UUID, Refusal]] = field(default_factory=list[tuple[UUID, Refusal]])
    """What the clock brought and was refused: (member, why). It goes on waiting."""

    strangers: frozenset[UUID] = frozenset()
    """Members of this batch only, until something is recorded for them."""
    verdicts: dict[NameOf, Sequence[program.Verdict]] | None = None
    """What each offer came to, by the name of the activity, where somebody wants to know."""

    def take(self, fact: Activity, member: UUID | Refusal, to: UUID | Refusal | None, at: datetime) -> Outcome:
        """Take one fact at ledger time `at`: its receipt, the stored one when it came before, or why not."""
        for found in (member, to):
            if isinstance(found, Refusal):
                return Outcome(refusal=found)
        assert isinstance(member, UUID)
        assert not isinstance(to, Refusal)
        body = body_of(fact)
        return self.take_body(body, write_body(body), member, to, at)

    def take_body(self, body: Body, text: bytes, member: UUID, to: UUID | None, at: datetime) -> Outcome:
        """Take a fact of which the body is known already, and how it is written."""
        member, to = self.gone.get(member, member), to and self.gone.get(to, to)
        digest = hashlib.sha256(text).digest()
        try:
            if (stored := self._stored(body, digest, member, to)) is not None:
                return Outcome(receipt=stored, repeated=True)
            admit(body, self.house, self.locked[member], at)
            self._check_other(body, to)
            party = {member, *self._pool(member), *(() if to is None else (to,))}
            # What comes back to one who is gone is handed on, at one moment for both.
            party |= self._list_merged(self.absorbed if body.kind in COMMANDS else party)
            at = self._bring_all(sorted(party), at)
            return Outcome(receipt=self._record(body, member, at, to=to, text=text, digest=digest))
        except Refusal as refusal:
            return Outcome(refusal=refusal)

    def _stored(self, body: Body, digest: bytes, member: UUID, to: UUID | None) -> Receipt | None:
        name = (body.source, body.id)
        known = self.keys.get(name)
        if known is not None:
            before, same = known.receipt, known.digest == digest
        elif (recorded := self.recorded.get(name)) is not None:
            before, same = recorded.receipt, recorded.digest == digest
        else:
            return None
        # After a merge the stored receipt still names the member that is gone.
        other = None if before.other is None else self._today(before.other)
        named = other is not None and body.kind not in JOINS
        if not same or member != self._today(before.member) or (named and to != other):
            message = f"The id {body.id!r} of {body.source!r} was already used for another activity."
            raise ActivityDiffers(message, source=body.source, id=body.id)
        return before

    def _check_other(self, body: Body, to: UUID | None) -> None:
        """Refuse to speak of somebody who is nobody: only commands make members of those whom they name."""
        is_named = to in self.strangers and body.kind not in COMMANDS
        if is_named and all(row.receipt.member != to for row in self.recorded.values()):
            raise members.MemberUnknown("Nobody is known by what stands in `to`.")

    # -- what the clock brings ---------------------------------------------------------------------------------

    def _bring_all(self, party: Sequence[UUID], at: datetime) -> datetime:
        """Bring the clock of everybody concerned to one moment, the latest of their ledger times; gives it."""
        for each in party:
            at = self.book.time(each, at)
        for each in party:
            self.bring_clock(each, at)
        return at

    def bring_clock(self, member: UUID, at: datetime) -> int:
        """Do for one member what time has made due by `at`, so that nothing later depends on when a sweeper ran."""
        at = self.book.time(member, at)
        if (kept := self._heir(member)) is not None:
            self.waits.hand_on(member, kept)
        brought = 0
        if self.book.due_at(member) <= at:
            for held in self._list_run_out(member, at):
                self._end_hold(held, at)
                brought += 1
            brought += self._expire(member, at)
        refused: list[journal.Waiting] = []
        while (waiting := self.waits.take_next(member, at, refused)) is not None:
            depth = self.depths.get(waiting.parent, 0) + 1
            assert depth <= DEPTH_MAX, "each leaves another behind that is due at once"
            body = Body(
                id=f"{waiting.parent}:{waiting.name}",
                source=CLOCK,
                kind=waiting.kind,
                occurred_at=waiting.at,
                data=waiting.data,
            )
            try:
                brought_now = self._record(body, member, at, parent=waiting.parent)
            except Refusal as refusal:
                refused.append(waiting)
                self.waits.put_back(waiting)
                self.stuck.append((member, refusal))
            else:
                brought += 1
                self.depths[brought_now.activity] = depth
                self.waits.end(waiting, "done")
        return brought

    def _heir(self, member: UUID) -> UUID | None:
        """The member that another is part of at this point of the batch."""
        if member in self.gone:
            return self.gone[member]
        if member in self.parted:
            return None
        if member in self.locked:
            return self.locked[member].merged_into
        # Not touched, and so only known as who they are today.
        today = self.kept.get(member, member)
        return None if today == member else today

    def _list_merged(self, kept: Iterable[UUID]) -> set[UUID]:
        """List these members, those who have become part of them, and whom they went through."""
        found = [(each, self.absorbed[each]) for each in kept if each in self.absorbed]
        return {one for each, gone in found for one in (each, *gone)}

    def _list_run_out(self, member: UUID, at: datetime) -> list[ledger.Hold]:
        # What comes back to those who are gone pays what is owed, lot by lot: all in the order in which it came back.
        members = {member, *self._list_merged(self.absorbed)}
        found = {held.id: held for each in members for held in ledger.find_run_out(self.book, each, at=at)}
        return sorted(found.values(), key=lambda held: (held.settle_until, held.held_at, held.id))

    def _end_hold(self, held: ledger.Hold, at: datetime) -> None:
        # In the journal of whoever made it, also where it is an owner of its points who was touched first: nobody is
        # told of another's hold, and what the books say must not depend on who came by.
        for each in (held.member, *sorted(self._list_merged(self.absorbed))):
            at = self.book.time(each, at)
        body = Body(id=f"{EXPIRE}:{held.id}", source=CLOCK, kind=EXPIRE, occurred_at=at)
        self.act(body, held.member, at, lambda cast: run_out(cast, held))

    def act(self, body: Body, member: UUID, at: datetime, do: Callable[[Cast], list[Posted]]) -> Receipt:
        """Record what the house itself does to what a member holds. No offer is asked."""
        doing = Doing(body=body, member=member, id=self.house.new_id(), at=at, program=self._program_at(at))
        cast = Cast(book=self.book, doing=doing, locked=self.locked, begin=self._begin, heir=self._heir)
        receipt = replace(self._receipt(doing, do(cast)), traits=tuple(cast.list_traits(member)))
        self._apply(Ruling(traits=receipt.traits), receipt)
        self._keep(doing, receipt)
        self._keep_others(cast)
        return receipt

    def _expire(self, member: UUID, at: datetime) -> int:
        # At one moment more may end, when a hold gives back what has ended meanwhile: entries tell the two apart.
        name = f"{EXPIRE}:{member}:{at.isoformat()}:{self.book.moves(member)}"
        body = Body(id=name, source=CLOCK, kind=EXPIRE, occurred_at=at)
        doing = Doing(body=body, member=member, id=self.house.new_id(), at=at, program=self._program_at(at))
        ended = [self.book.expire(member, currency, by=doing.stamp) for currency in self.book.currencies(member)]
        postings = [posted for posted in ended if posted is not None]
        if not postings:
            return 0
        self._keep(doing, self._receipt(doing, postings))
        return 1

    def _program_at(self, at: datetime) -> str:
        try:
            return self.releases.plan_at(at).hash
        except program.NoProgram:
            # Points end whether or not a programme is live.
            return ""

    # -- the fold ----------------------------------------------------------------------------------------------

    def _record(
        self,
        body: Body,
        member: UUID,
        at: datetime,
        *,
        to: UUID | None = None,
        text: bytes | None = None,
        digest: bytes | None = None,
        parent: UUID | None = None,
    ) -> Receipt:
        fact, past, original = self._with_original(body, member)
        at = self.book.time(member, at)
        quoted, why = self._find_quote(body, member, past)
        plan = self._plan(body, member, quoted, at)
        command = COMMANDS.get(body.kind)
        heard = command is not None or is_heard(plan, body)
        # What was left behind for an offer that is gone by then ends, and its receipt says so: nobody waits for ever.
        if not heard and body.source != CLOCK:
            message = f"No offer of the programme answers to {body.kind!r}, and it is no command."
            raise KindUnknown(message, kind=body.kind)
        check_data(plan.document, body)
        doing = Doing(
            body=body,
            member=member,
            id=self.house.new_id(),
            at=at,
            program=plan.hash,
            past=past,
            original=original,
            parent=parent,
        )
        # Most facts ask for nothing and speak of nothing earlier.
        scene = self._scene(plan, doing, fact, to) if command is not None or past is not None else None
        self.ceilings.end_due(doing.at)
        marks = self.book.mark(), self.ceilings.mark()
        try:
            postings = self._command(plan, doing, scene)
            memories = self.memories.get(member, {}) if scene is None else self._memories(scene)
            told = [] if scene is None else scene.list_traits(member)
            if quoted is not None:
                let_go(quoted, self.ceilings, at=at)
            held = find_held(quoted, self.book, member)
            step = self._step(plan, doing, fact, told, to=to, held=held)
            ruling = self._rule(plan, memories, remind(quoted, step))
            if told:
                ruling = replace(ruling, traits=(*ruling.traits, *told))
            ruling, booked, reasons = self._book(doing, ruling, scene, quoted, held)
            reasons += [] if scene is None else scene.reasons
        except Refusal:
            self.book.undo(marks[0])
            self.ceilings.undo(marks[1])
            raise
        reasons += [*why, *list_refused(fact, ruling), *([] if heard else [UNANSWERED])]
        receipt = with_ruling(self._receipt(doing, [*postings, *booked]), ruling, reasons, fact)
        if scene is not None and (scene.joined is not None or scene.parted is not None):
            receipt = self._rejoin(scene, receipt, {**memories, **ruling.memories})
        elif scene is not None and to in scene.others:
            receipt = replace(receipt, other=to)
        self._apply(ruling, receipt)
        self._keep(doing, receipt, text=text, digest=digest)
        if scene is not None:
            self._keep_others(scene)
        return receipt

    def _find_quote(self, body: Body, member: UUID, past: journal.Past | None) -> tuple[Quoted | None, list[Reason]]:
        answers = () if past is None else self.answers.get(past.activity, ())
        return find_quote(body, past, answers, is_own=past is not None and self._today(past.member) == member)

    def _plan(self, body: Body, member: UUID, quoted: Quoted | None, at: datetime) -> program.Plan:
        """The version that decides, as it applies in the store. Raises NoProgram, QuoteOutdated."""
        plan = self.releases.plan_for(member, body.store, lambda at: self.traits.as_of(member, at), body.occurred_at)
        if quoted is not None:
            plan = self.releases.plans[choose_version(quoted, plan.hash, at)]
        return plan.in_store(body.store)

    def _command(self, plan: program.Plan, doing: Doing, scene: Scene | None) -> list[Posted]:
        """Do what a command asks, and what an activity does to points whatever the offers say."""
        command = COMMANDS.get(doing.body.kind)
        postings: list[Posted] = []
        if scene is not None:
            postings += command(scene) if command is not None else []
            postings += activate(scene)
            # To look for whom something came back costs each command as much as there are members in the batch.
            if (self.gone or self.absorbed) and scene.joined is None and scene.parted is None:
                postings += hand_back(scene)
        if command is None and doing.body.kind in plan.lively and doing.body.source != CLOCK:
            postings += keep_alive(plan, self.book, doing)
        return postings

    def _book(
        self, doing: Doing, ruling: Ruling, scene: Scene | None, quoted: Quoted | None, held: ledger.Hold | None
    ) -> tuple[Ruling, list[Posted], list[Reason]]:
        """Do what the programme decided; or only set it aside, for a quote."""
        if doing.body.kind == QUOTE:
            return promise(ruling), reserve(self.book, self.ceilings, doing, ruling), []
        ruling = honour(quoted, doing.body, ruling)
        check_due(doing.body, ruling)
        paid = pay(self.book, doing, ruling, self.locked[doing.member], held, stops=self.stops)
        booked, reasons = book_ruling(self.book, self.ceilings, doing, ruling)
        if ruling.refunds and scene is not None:
            booked += [*refund(scene, ruling), *hand_back(scene)]
        return ruling, [*paid, *booked], reasons

    def _rule(self, plan: program.Plan, memories: Mapping[str, bytes], step: Step) -> Ruling:
        if self.locked[step.member].state in ENDED:
            return Ruling(reasons=(Reason(offer="", code="membership_ended"),))
        if self.verdicts is None:
            ruling = program.rule(plan, memories, step)
        else:
            explained = program.explain(plan, memories, step)
            self.verdicts[step.activity.source, step.activity.id] = explained.verdicts
            ruling = explained.ruling
        if step.activity.kind in plan.asks and not ruling.answered:
            raise say_why_not(plan, memories, step)
        return ruling

    def _keep_others(self, cast: Cast) -> None:
        """Write what happened to others into journals of their own; who joins a household is told by a trait."""
        for move in cast.moves:
            self.homes.apply(move)
        for owner, (other, told) in cast.others.items():
            traits = tuple(cast.list_traits(owner))
            receipt = replace(self._receipt(other, told), traits=traits)
            self._apply(Ruling(traits=traits), receipt)
            self._keep(other, receipt)

    def _scene(self, plan: program.Plan, doing: Doing, fact: Activity, to: UUID | None) -> Scene:
        return Scene(
            house=self.house,
            plan=plan,
            book=self.book,
            doing=doing,
            fact=fact,
            locked=self.locked,
            owners=(doing.member, *self.stops.leave_out(self._pool(doing.member), doing.at)),
            to=to,
            begin=self._begin,
            heir=self._heir,
            guests=self.guests,
            history=self._list_since(doing.past) if doing.past is not None and doing.body.kind == UNMERGE else None,
            homes=self.homes,
            stops=self.stops,
            traits=self.traits.as_of(doing.member, fact.occurred_at),
        )

    def _list_since(self, past: journal.Past) -> list[journal.Past] | None:
        """List what a member did since a merge, also in this batch; None where that is more than can be undone."""
        name = (past.body.source, past.body.id)
        if name not in self.recorded and name not in self.histories:
            return None
        rows = list(self.recorded.values())
        if name in self.recorded:
            rows = rows[list(self.recorded).index(name) + 1 :]
        return [
            *self.histories.get(name, ()),
            *(
                journal.Past(member=past.member, activity=row.receipt.activity, body=row.body, receipt=row.receipt)
                for row in rows
                if row.receipt.member == past.member
            ),
        ]

    def _pool(self, member: UUID) -> list[UUID]:
        """The others whose points a member may use now; nobody, for whoever never asks for it in this batch."""
        return self.homes.pool(member, self.households.get(member, ()))

    def _memories(self, scene: Scene) -> Mapping[str, bytes]:
        """The member's memories as the fold must see them: after a merge or its undoing, already so."""
        mine = self.memories.get(scene.member, {})
        if scene.joined is not None:
            return {**mine, **join(scene.plan, mine, self.memories.get(scene.joined, {}))}
        if scene.parted is not None:
            past = scene.doing.past
            assert past is not None
            before = {offer: text.encode() for offer, text in past.receipt.before.items()}
            assert scene.history is not None

            def traits(at: datetime) -> Mapping[str, Scalar]:
                return self.traits.as_of(scene.member, max(at, self.traits.since))

            joined_at = self.locked[scene.member].joined_at
            return refold(self.releases, before, scene.history, self.originals, traits, joined_at=joined_at)
        return mine

    def _rejoin(self, scene: Scene, receipt: Receipt, memories: Mapping[str, bytes]) -> Receipt:
        """Let two members be one, or two again, in everything but their points."""
        member = scene.member
        before = {offer: memory.decode() for offer, memory in self.memories.get(member, {}).items()}
        changed = {offer: memory for offer, memory in memories.items() if before.get(offer) != memory.decode()}
        self.memories.setdefault(member, {}).update(changed)
        self.changed_memories.update(dict.fromkeys((member, offer) for offer in changed))
        digests = {offer: hashlib.sha256(memory).hexdigest() for offer, memory in changed.items()}
        if scene.joined is not None:
            self.gone[scene.joined] = member
            self.absorbed.setdefault(member, set()).update({scene.joined}, self.absorbed.pop(scene.joined, ()))
            self.parted.pop(scene.joined, None)
            self.waits.hand_on(scene.joined, member, receipt.activity)
            return replace(receipt, memories=digests, before=before, other=scene.joined)
        assert scene.parted is not None
        self.parted[scene.parted] = None
        self.gone.pop(scene.parted, None)
        for each in [each for each in self.absorbed[member] if scene.today(each) != member]:
            self.absorbed[member].remove(each)
            self.absorbed.setdefault(scene.today(each), set()).add(each)
        return replace(receipt, memories=digests, other=scene.parted)

    def _step(
        self,
        plan: program.Plan,
        doing: Doing,
        fact: Activity,
        told: Sequence[TraitChange],
        *,
        to: UUID | None,
        held: ledger.Hold | None,
    ) -> Step:
        member = self.locked[doing.member]
        return Step(
            member=doing.member,
            # A quote is asked what the purchase would come to.
            activity=replace(fact, kind=PURCHASE) if fact.kind == QUOTE else fact,
            at=doing.at,
            day=plan.day_of(fact.occurred_at),
            traits=self.traits.add(doing.member, told).as_of(doing.member, fact.occurred_at),
            balances=self.book.balances(doing.member),
            left=self.ceilings.left,
            original=doing.original,
            joined_at=member.joined_at,
            household=member.household_id,
            other=None if to is None else self._other(to, fact.occurred_at),
            void=limits.find_void(self.codes, fact.coupons, doing.member, fact.occurred_at),
            priced=is_priced(fact),
            usable=count_usable(self.book, member, fact, held, at=doing.at, stops=self.stops),
        )

    def _other(self, member: UUID, at: datetime) -> Other:
        household = self.locked[member].household_id
        return Other(member=member, traits=self.traits.as_of(member, at), household=household)

    def _begin(self, owner: UUID, kind: str, parent: Doing) -> Doing:
        body = Body(id=f"{parent.id}:{owner}", source=CLOCK, kind=kind, occurred_at=parent.body.occurred_at)
        return Doing(
            body=body,
            member=owner,
            id=self.house.new_id(),
            at=self.book.time(owner, parent.at),
            program=parent.program,
            parent=parent.id,
        )

    def _with_original(self, body: Body, member: UUID) -> tuple[Activity, journal.Past | None, Original | None]:
        fact = fact_of(body, member)
        if body.kind == RETURN:
            past = self._find_past((body.source, body.origin))
            # A purchase of a member who became part of this one is this one's now.
            owner = past.member if self._today(past.member) == member else member
            original = original_of(owner, past, self.answers.get(past.activity, ()))
            return replace(fact, returned=expand(fact, original)), past, original
        name = (body.source, body.origin)
        if body.kind == PURCHASE and name not in self.recorded and name not in self.originals:
            # No sale is refused because its quote never arrived.
            return fact, None, None
        if body.origin or body.kind in {REVERSE, UNMERGE}:
            past = self._find_past((body.source, body.origin))
            if body.kind == REVERSE and is_paid_to_offer(past.receipt):
                return fact, past, earlier_of(past.member, past, self.answers.get(past.activity, ()))
            return fact, past, None
        return fact, None, None

    def _today(self, member: UUID) -> UUID:
        """Who a member of an earlier activity is today."""
        return self.gone.get(member) or self.kept.get(member, member)

    def _find_past(self, name: NameOf) -> journal.Past:
        recorded = self.recorded.get(name)
        if recorded is not None:
            receipt = recorded.receipt
            return journal.Past(member=receipt.member, activity=receipt.activity, body=recorded.body, receipt=receipt)
        past = self.originals.get(name)
        if past is None:
            message = f"No purchase {name[1]!r} of {name[0]!r} was recorded. Send the purchase first."
            raise PurchaseUnknown(message, source=name[0], origin=name[1])
        return past

    # -- keeping what it did -----------------------------------------------------------------------------------

    def _apply(self, ruling: Ruling, receipt: Receipt) -> None:
        member, activity = receipt.member, receipt.activity
        if ruling.memories:
            self.memories.setdefault(member, {}).update(ruling.memories)
            for offer in ruling.memories:
                self.changed_memories[member, offer] = None
        if ruling.traits:
            self.traits = self.traits.add(member, ruling.traits)
            self.changed_traits += [(member, change, activity) for change in ruling.traits]
        self.waits.leave(ruling.later, member, activity, here=self.locked)

    def _receipt(self, doing: Doing, postings: list[Posted]) -> Receipt:
        body, member = doing.body, doing.member
        return Receipt(
            activity=doing.id,
            member=member,
            source=body.source,
            id=body.id,
            kind=body.kind,
            occurred_at=body.occurred_at,
            recorded_at=doing.at,
            program=doing.program,
            postings=tuple(postings),
            balances={
                posted.currency: self.book.shown(member, posted.currency) for posted in postings if not posted.owner
            },
        )

    def _keep(self, doing: Doing, receipt: Receipt, *, text: bytes | None = None, digest: bytes | None = None) -> None:
        body, past = doing.body, doing.past
        self.recorded[body.source, body.id] = journal.record(
            body,
            text if text is not None else write_body(body),
            receipt,
            digest=digest,
            origin=past.activity if past is not None else None,
            parent=doing.parent,
        )
        if past is not None:
            self.answers.setdefault(past.activity, []).append(receipt)

"""Judge a history: what clients say they were told, beside what the database says has happened.

Of every member the journal's sequence is the order of its writes, known and not guessed. Together with what each read
saw and with what ended before something else began, that gives an order of all transactions, or a circle, which no
order explains. Nothing here uses the product's own code, but for its proof of the books at the end.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from regulars.base.db import Database
from regulars.kernel.spine.check import check
from tests.invariants.history import CURRENCY, Answer, Call, Standing

FAULTS_SHOWN_MAX: Final = 12
KNOWN: Final = frozenset({"recorded", "repeated"})
NAMED: Final = (
    "SELECT key.source || '/' || key.id AS name, key.member_id::text AS member, key.activity_id::text AS id"
    " FROM activity.key AS key"
)
WRITTEN: Final = (
    "SELECT journal.seq, journal.xid::text AS xid, journal.member_id::text AS member, journal.id::text AS id,"
    " journal.receipt::text AS receipt FROM activity.journal AS journal ORDER BY journal.seq"
)
BOOKED: Final = (
    "SELECT entry.member_id::text AS member, entry.account, entry.version, entry.activity_id::text AS activity,"
    " entry.amount, entry.balance FROM ledger.entry AS entry WHERE entry.currency = $1"
    " ORDER BY entry.member_id, entry.account, entry.version"
)


class Posting(Struct, frozen=True):
    """What is needed of a posting."""

    points: int
    kind: str = "issue"
    hold: str | None = None

    @property
    def held(self) -> int:
        """By how much it changed what is held. A capture takes points out of a hold, and a hold takes them in."""
        if self.hold is None:
            return 0
        return self.points if self.kind == "redeem" else -self.points


class Receipt(Struct, frozen=True):
    """What is needed of a receipt."""

    source: str
    id: str
    postings: tuple[Posting, ...] = ()
    balances: Mapping[str, int] = {}


class Written(NamedTuple):
    """An activity as it stands in the journal."""

    seq: int
    xid: str
    member: str
    id: str
    text: str
    receipt: Receipt


class Booked(NamedTuple):
    """An entry."""

    member: str
    account: str
    version: int
    activity: str
    amount: int
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What the database holds in the end."""

    keys: Sequence[tuple[str, str, str]]
    """(source/id, member, activity)"""
    written: Sequence[Written]
    booked: Sequence[Booked]
    proof: Sequence[str]
    """What the product's own check finds."""

    @classmethod
    async def read(cls, database: Database) -> "Rows":
        """Read everything of one moment."""
        decoder = msgspec.json.Decoder(Receipt)
        async with database.snapshot() as read:
            keys = [tuple(row.values()) for row in await read.rows(NAMED)]
            written = [
                Written(*row.values(), receipt=decoder.decode(row["receipt"])) for row in await read.rows(WRITTEN)
            ]
            booked = [Booked(*row.values()) for row in await read.rows(BOOKED, CURRENCY)]
        async with database.snapshot() as read:
            report = await check(read)
        proof = [f"{fault.code}: {fault.sentence}" for fault in report.faults]
        return cls(keys=keys, written=written, booked=booked, proof=proof)


class State(NamedTuple):
    """What a member held after some of their activities."""

    points: int = 0
    arrears: int = 0
    held: int = 0
    version: int = 0

    def agrees(self, seen: Standing) -> bool:
        """Whether this is what a read saw."""
        return (seen.shown, seen.available, seen.held) == (
            self.points + self.arrears,
            self.points - self.held,
            self.held,
        ) and seen.version in {None, self.version}


class Step(NamedTuple):
    """A point in what happened to a member: an activity, its transaction, and what the member held then."""

    activity: str
    xid: str
    state: State


START: Final = Step("", "", State())


@dataclass(slots=True, kw_only=True)
class Sent:
    """All that clients know of one activity."""

    began: int
    """When it was first sent."""
    done: int | None = None
    """When it was first heard to be recorded."""
    heard: list[Answer] = field(default_factory=list[Answer])
    asked: int = 0


@dataclass(slots=True, kw_only=True)
class Seen:
    """One read, or one refusal that tells how much there was."""

    began: int
    done: int
    what: str
    standings: Mapping[str, Standing] = field(default_factory=dict[str, Standing])
    member: str = ""
    available: int = 0

    def views(self) -> Iterator[tuple[str, Standing | int]]:
        """By member: what was seen."""
        yield from self.standings.items()
        if self.member:
            yield self.member, self.available


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What was found, and how much was looked at."""

    faults: list[str] = field(default_factory=list[str])
    counts: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))

    def note(self, fault: str) -> None:
        """Keep a fault."""
        self.faults.append(fault)

    def show(self) -> str:
        """The first faults, and how many there are."""
        shown = "\n".join(self.faults[:FAULTS_SHOWN_MAX])
        return f"{len(self.faults)} faults:\n{shown}" if self.faults else f"sound: {dict(self.counts)}"


def judge(calls: Sequence[Call], rows: Rows) -> Verdict:
    """Lay what clients heard beside what is there."""
    verdict = Verdict()
    sent, seen = _collect(calls, rows, verdict)
    _judge_promises(sent, rows, verdict)
    _judge_books(rows, verdict)
    states = _rebuild(rows, verdict)
    _judge_order(sent, seen, states, rows, verdict)
    verdict.faults += [f"check: {fault}" for fault in rows.proof]
    return verdict


def _collect(calls: Sequence[Call], rows: Rows, verdict: Verdict) -> tuple[dict[str, Sent], list[Seen]]:
    """Put each answer to its call: what is known of every activity, and what was read."""
    members = {row.receipt.id: row.member for row in rows.written}
    cards = {name.removeprefix("opening-"): member for name, member in members.items() if name.startswith("opening-")}
    sent: dict[str, Sent] = {}
    seen: list[Seen] = []
    open_: dict[tuple[int, int], Call] = {}
    for call in calls:
        if call.facts is not None:
            open_[call.client, call.number] = call
            for fact in call.facts:
                known = sent.setdefault(f"{fact.source}/{fact.id}", Sent(began=call.at))
                known.asked += 1
            continue
        asked = open_.pop((call.client, call.number))
        if call.answers is None:
            verdict.counts["reads"] += 1
            if call.total:
                verdict.note(f"a read found that all accounts together are {call.total}, not nothing")
            seen.append(Seen(began=asked.at, done=call.at, what="a read", standings=call.standings))
            continue
        for fact, answer in zip(asked.facts or (), call.answers, strict=True):
            verdict.counts[answer.result] += 1
            known = sent[f"{fact.source}/{fact.id}"]
            known.heard.append(answer)
            if answer.result == "broken":
                verdict.note(f"{fact.id} was answered with a bug: {answer.code}")
            elif answer.result in KNOWN:
                known.done = min(known.done or call.at, call.at)
            elif answer.available is not None and len(call.answers) == 1:
                card = msgspec.to_builtins(fact.member)["value"]
                what = f"the refusal of {fact.id}"
                seen.append(
                    Seen(began=asked.at, done=call.at, what=what, member=cards[card], available=answer.available)
                )
    verdict.counts["sent"] = len(sent)
    return sent, seen


def _judge_promises(sent: Mapping[str, Sent], rows: Rows, verdict: Verdict) -> None:
    """Acknowledged: exactly once. Refused: never. Unknown: at most once. And one answer, for ever."""
    held: dict[str, list[str]] = defaultdict(list)
    for name, _, activity in rows.keys:
        held[name].append(activity)
    texts: dict[str, list[str]] = defaultdict(list)
    for row in rows.written:
        texts[f"{row.receipt.source}/{row.receipt.id}"].append(row.text)
    for name in texts.keys() | held.keys():
        if not len(texts[name]) == len(held[name]) == 1:
            verdict.note(f"{name} was recorded {len(texts[name])} times under {len(held[name])} keys")
    for name, known in sent.items():
        told = [bytes(answer.receipt) for answer in known.heard if answer.result in KNOWN]
        results = {answer.result for answer in known.heard}
        if told and name not in held:
            verdict.note(f"{name} was acknowledged and is not there")
        if len(set(told)) > 1:
            verdict.note(f"{name} was answered in {len(set(told))} ways: {sorted(set(told))}")
        if told and name in texts and not _tells_the_same(told[0], texts[name][0]):
            verdict.note(f"{name} was answered with what is not stored: {told[0]!r}")
        if name in held and not told and "unknown" not in results and len(known.heard) == known.asked:
            verdict.note(f"{name} was refused every time ({results}) and is there")
    invented = {name for name in held if not name.startswith(("clock/", "opening/"))} - sent.keys()
    verdict.faults += [f"{name} was recorded and nobody sent it" for name in sorted(invented)]


def _tells_the_same(told: bytes, stored: str) -> bool:
    """Whether an answer is the stored receipt, or the public part of it."""
    said, kept = msgspec.json.decode(told), msgspec.json.decode(stored)
    shared = said.keys() & kept.keys() - {"reasons", "traits", "discounts", "balances"}
    return {"activity", "id"} <= shared and all(said[name] == kept[name] for name in shared)


def _judge_books(rows: Rows, verdict: Verdict) -> None:
    """Versions without a gap, balances that add up, nothing below zero, nothing lost between accounts."""
    total = 0
    last: dict[tuple[str, str], Booked] = {}
    order = {row.id: row.seq for row in rows.written}
    for entry in rows.booked:
        before = last.get((entry.member, entry.account))
        version, balance = (before.version, before.balance) if before else (0, 0)
        if (entry.version, entry.balance) != (version + 1, balance + entry.amount):
            verdict.note(f"{entry} follows version {version} with a balance of {balance}")
        if entry.account == "points" and entry.balance < 0:
            verdict.note(f"{entry} leaves less than nothing")
        if before is not None and order.get(entry.activity, 0) < order.get(before.activity, 0):
            verdict.note(f"{entry} follows {before}, whose activity came later")
        last[entry.member, entry.account] = entry
        total += entry.amount
    if total:
        verdict.note(f"all entries together are {total}, not nothing")
    verdict.counts["entries"] = len(rows.booked)


def _rebuild(rows: Rows, verdict: Verdict) -> dict[str, list[Step]]:
    """Say what each member held after each of their activities, in the order of writing."""
    moved: dict[str, list[Booked]] = defaultdict(list)
    for entry in rows.booked:
        if entry.account in {"points", "arrears"}:
            moved[entry.activity].append(entry)
    states: dict[str, list[Step]] = defaultdict(lambda: [START])
    for row in rows.written:
        points, arrears, held, version = states[row.member][-1].state
        for entry in moved[row.id]:
            if entry.account == "points":
                points, version = points + entry.amount, version + 1
            else:
                arrears += entry.amount
        held += sum(posting.held for posting in row.receipt.postings)
        state = State(points, arrears, held, version)
        told = row.receipt.balances.get(CURRENCY, points + arrears)
        if told != points + arrears:
            verdict.note(f"{row.receipt.id} told a balance of {told}; it was {points + arrears}")
        states[row.member].append(Step(row.id, row.xid, state))
    return states


def _judge_order(
    sent: Mapping[str, Sent],
    seen: Sequence[Seen],
    states: Mapping[str, Sequence[Step]],
    rows: Rows,
    verdict: Verdict,
) -> None:
    """Look for a circle in who must come before whom.

    A transaction is where it begins, its activities, and where it ends. It lies as a whole before or after another, and
    before or after a read; a refusal may be decided in the middle of one, between two activities of its member.
    """
    after: dict[str, set[str]] = defaultdict(set)
    for row in rows.written:
        after[_begin(row.xid)].add(row.id)
        after[row.id].add(_end(row.xid))
    for chain in states.values():
        for first, second in pairwise(chain[1:]):
            if first.xid == second.xid:
                after[first.activity].add(second.activity)
            else:
                after[_end(first.xid)].add(_begin(second.xid))
    spans: list[Span] = []
    spans += _span_writes(sent, rows)
    for number, view in enumerate(seen):
        node = f"{view.what} ({number})"
        spans.append(Span(view.began, view.done, node, node))
        for member, what in view.views():
            verdict.counts["looks"] += 1
            if not _place(node, what, states.get(member, [START]), after):
                verdict.note(f"{node} saw {what} of {member}, who never held that")
    _add_real_time(spans, after)
    verdict.counts["transactions"] = len({row.xid for row in rows.written})
    circle = find_circle(after)
    if circle:
        names = {row.id: row.receipt.id for row in rows.written}
        names |= {_begin(row.xid): f"begin of {row.receipt.id}" for row in rows.written}
        names |= {_end(row.xid): f"end of {row.receipt.id}" for row in rows.written}
        shown = [names.get(each, each) for each in circle if not each.startswith("@")]
        verdict.note(f"no order explains this circle: {' → '.join(shown)}")


def _begin(xid: str) -> str:
    return f"{xid}<"


def _end(xid: str) -> str:
    return f"{xid}>"


class Span(NamedTuple):
    """Between which moments something took place, and the nodes with which it begins and ends."""

    began: int
    done: int | None
    first: str
    last: str


def _span_writes(sent: Mapping[str, Sent], rows: Rows) -> Iterator[Span]:
    """Between which moments each transaction took place, as far as clients know."""
    spans: dict[str, tuple[int, int | None]] = {}
    for row in rows.written:
        known = sent.get(f"{row.receipt.source}/{row.receipt.id}")
        if known is not None:
            began, done = spans.get(row.xid, (0, None))
            ends = [each for each in (done, known.done) if each is not None]
            spans[row.xid] = (max(began, known.began), min(ends, default=None))
    for xid, (began, done) in spans.items():
        yield Span(began, done, _begin(xid), _end(xid))


def _place(node: str, what: Standing | int, chain: Sequence[Step], after: dict[str, set[str]]) -> bool:
    """Put a look at a member behind the first write that it may have seen and before the first that it has not.

    False where there is no such place. A read (a standing) sees what is committed; a refusal (a number) is decided
    among the activities.
    """
    places = [
        place
        for place, step in enumerate(chain)
        if (step.state.points - step.state.held == what if isinstance(what, int) else step.state.agrees(what))
    ]
    if not places:
        return False
    if places[0]:
        seen = chain[places[0]]
        after[seen.activity if isinstance(what, int) else _end(seen.xid)].add(node)
    if places[-1] + 1 < len(chain):
        unseen = chain[places[-1] + 1]
        after[node].add(unseen.activity if isinstance(what, int) else _begin(unseen.xid))
    return True


def _add_real_time(spans: Iterable[Span], after: dict[str, set[str]]) -> None:
    """Whatever had ended before something began came first. Moments are nodes in a row, so that edges stay few."""
    moments: list[tuple[int, int, str]] = []
    for span in spans:
        moments.append((span.began, 1, span.first))
        if span.done is not None:
            moments.append((span.done, 0, span.last))
    moment = "@0"
    for number, (_, begins, node) in enumerate(sorted(moments), start=1):
        if begins:
            after[moment].add(node)
        else:
            later = f"@{number}"
            after[moment].add(later)
            after[node].add(later)
            moment = later


def find_circle(after: Mapping[str, set[str]]) -> list[str]:
    """Find nodes that each come before the next, and the last before the first; none when an order exists."""
    waiting: dict[str, int] = defaultdict(int)
    for followers in after.values():
        for node in followers:
            waiting[node] += 1
    free = [node for node in after if not waiting[node]]
    while free:
        for node in after.get(free.pop(), ()):
            waiting[node] -= 1
            if not waiting[node]:
                free.append(node)
    # What is left waits for a circle, or is in one: going backwards from there must come round.
    left = {node for node, count in waiting.items() if count}
    if not left:
        return []
    before = {node: first for first in left for node in after.get(first, ()) if node in left}
    path: dict[str, int] = {}
    node = next(iter(before))
    while node not in path:
        path[node] = len(path)
        node = before[node]
    return [each for each, place in path.items() if place >= path[node]][::-1]


async def judge_all(calls: Sequence[Call], database: Database) -> Verdict:
    """Judge a history against a database that has come to rest."""
    return judge(calls, await Rows.read(database))


def describe(verdict: Verdict, **figures: Any) -> str:  # noqa: ANN401 - figures of any kind
    """A line for people."""
    said = ", ".join(f"{name} {value}" for name, value in {**verdict.counts, **figures}.items())
    return f"history: {said}, faults {len(verdict.faults)}"

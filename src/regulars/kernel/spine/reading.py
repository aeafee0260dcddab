"""Everything that a batch needs, locked and read once: the members whose points may move, and all that they hold."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read, Tx
from regulars.base.errors import DatabaseContention, Refusal
from regulars.kernel import activity as journal
from regulars.kernel import ledger, limits, members, program
from regulars.kernel.members.burning import Stops, read_stops
from regulars.kernel.nouns import Activity
from regulars.kernel.spine.batch import RETURN, REVERSE, Batch
from regulars.kernel.spine.commands import COMMANDS, hold_of
from regulars.kernel.spine.house import House
from regulars.kernel.spine.households import HOUSEHOLD_JOIN, HOUSEHOLD_LEAVE
from regulars.kernel.spine.merging import CLAIM, HISTORY_MAX, MERGE, UNMERGE, list_moved
from regulars.kernel.spine.quotes import PURCHASE, QUOTE, RELEASE
from regulars.kernel.spine.waiting import Waits

__all__ = ["Asked", "read_batch"]

HOMING: Final = frozenset({HOUSEHOLD_JOIN, HOUSEHOLD_LEAVE, MERGE, CLAIM, UNMERGE})
"""Kinds by which households change."""

Happening = tuple[UUID, str, datetime, str]
"""(member, kind, when, store) of an activity that is asked for or due."""


class Asked(Struct, frozen=True, kw_only=True):
    """A fact with the members that it names, and the ledger time at which it is taken."""

    fact: Activity
    member: UUID | Refusal
    to: UUID | Refusal | None
    at: datetime


async def read_batch(
    read: Read,
    house: House,
    asked: Sequence[Asked],
    *,
    also: Mapping[UUID, datetime] = MappingProxyType({}),
    strangers: Mapping[UUID, members.Member] = MappingProxyType({}),
    codes: Mapping[str, limits.Code] = MappingProxyType({}),
    early: bool = True,
) -> Batch:
    """Lock the members, and read all that their facts may need. `also`: members whose clock is to run until then.

    In a snapshot nothing can be locked, nor written afterwards: then the batch only shows what would come of it, also
    for `strangers`, who would become members. `codes` are those that facts show, by name. Not `early`: what is scarce
    is locked when it is written.
    """
    latest = dict(also)
    for each in asked:
        for member in (each.member, each.to):
            if isinstance(member, UUID):
                latest[member] = max(each.at, latest.get(member, each.at))
    # What never changes may be read before the locks, to learn whom else to lock.
    named = sorted({(each.fact.source, each.fact.origin) for each in asked if each.fact.origin})
    originals = await journal.originals(read, named)
    households, concerned = await _others(read, asked, originals, latest)
    ids = sorted(latest)
    locked = {**await _lock(read, ids, asked), **strangers}
    keys = await journal.find_keys(read, [(each.fact.source, each.fact.id) for each in asked])
    releases = await house.versions.read(read)
    concerned |= _list_lively(asked, releases) | _list_asking(asked, releases)
    book = await ledger.read_accounts(read, ids)
    dues = await journal.open_dues(read, ids)
    happening = _list_happening(asked, dues, originals)
    # The facts' own times too: all of them may be about nobody.
    times = [*(it[2] for it in happening), *latest.values(), *(each.at for each in asked)]
    traits = await members.traits_many(read, ids, since=min(times))
    before = [who for known in keys.values() for who in (known.member, known.receipt.other or known.member)]
    kept = await _follow(read, house, asked, before + [past.member for past in originals.values()])
    answers = await journal.answers_to(read, sorted({past.activity for past in originals.values()}))
    await _open(read, book, asked, originals, latest, concerned=concerned)
    budgets, limited = _ceilings(releases, happening, locked)
    ceilings = await limits.lock(
        read,
        budgets.union(codes),
        ensure=limited,
        claims=_list_claims(asked, originals),
        at=max([*latest.values(), *(it.at for it in asked)]),
        early=early,
    )
    return Batch(
        house=house,
        releases=releases,
        locked=locked,
        keys=keys,
        kept=kept,
        guests=await members.guests(read, _list_claimed(asked)),
        histories=await _histories(read, book, asked, originals),
        absorbed=_list_absorbed(locked),
        originals=originals,
        answers=answers,
        book=book,
        memories=await _read_memories(read, ids),
        traits=traits,
        waits=Waits(found=dues),
        stops=await _read_stops(read, asked, releases, latest),
        ceilings=ceilings,
        codes=codes,
        households=households,
        homes=await members.read_homes(read, locked, _homing(asked, originals)),
    )


async def _lock(read: Read, ids: Sequence[UUID], asked: Sequence[Asked]) -> dict[UUID, members.Member]:
    """Lock members, or look at them. Raises DatabaseContention where one was merged at this moment."""
    locked = dict(await (members.lock_many(read, ids) if isinstance(read, Tx) else members.look_many(read, ids)))
    named = {member for each in asked for member in (each.member, each.to)}
    merged = [member for member in locked.values() if member.merged_into is not None]
    if any(member.id in named or member.merged_into not in locked for member in merged):
        # Merged between the look-up and the lock. Next time the look-up follows.
        message = "A member was merged at this very moment. Try again."
        raise DatabaseContention(message)
    return locked


async def _read_memories(read: Read, ids: Sequence[UUID]) -> dict[UUID, dict[str, bytes]]:
    memories: dict[UUID, dict[str, bytes]] = {}
    for (member, offer), memory in (await program.memories(read, ids)).items():
        memories.setdefault(member, {})[offer] = memory
    return memories


async def _open(
    read: Read,
    book: ledger.Book,
    asked: Sequence[Asked],
    originals: Mapping[tuple[str, str], journal.Past],
    latest: Mapping[UUID, datetime],
    *,
    concerned: Collection[UUID],
) -> None:
    """Read lots and holds of those whose points may be taken, moved or end. Whoever only earns needs none."""
    lots = await ledger.read_taken(read, book, _redemptions(asked, originals))
    lots += [
        (past.member, posted.currency, posted.lot)
        for past in originals.values()
        for posted in past.receipt.postings
        if posted.lot and not posted.owner
    ]
    earning = {each.member for each in asked}
    earning -= {each.member for each in asked if each.fact.origin or each.fact.kind in COMMANDS}
    earning -= {each.member for each in asked if each.fact.pay or each.fact.to_price}
    earning -= set(concerned)
    opening = {member for member in latest if member not in earning or book.due_at(member) <= latest[member]}
    await ledger.open_members(read, book, opening, lots=lots, holds=_holds(asked))
    bound = {part.owner for held in book.holds.values() for part in held.parts} - book.opened
    if bound - latest.keys():
        # Made between the look and the lock. Next time its owners are among those who are locked.
        message = "A household's points were set aside at this very moment. Try again."
        raise DatabaseContention(message)
    await ledger.open_members(read, book, bound)


async def _others(
    read: Read,
    asked: Sequence[Asked],
    originals: Mapping[tuple[str, str], journal.Past],
    latest: dict[UUID, datetime],
) -> tuple[dict[UUID, list[UUID]], set[UUID]]:
    """Add to `latest` the other members whose points may move.

    Gives the households of those who ask to pool, and everybody who is concerned by what another asks.
    """
    when = max(latest.values(), default=None)
    if when is None:
        return {}, set()
    members_asked = [each.member for each in asked if isinstance(each.member, UUID)]
    households = await _pool(read, asked, originals)
    concerned = {*households}.union(*households.values())
    concerned |= {each.to for each in asked if isinstance(each.to, UUID)}
    concerned |= {p.owner for past in originals.values() for p in past.receipt.postings if p.owner is not None}
    concerned |= {past.receipt.other for past in originals.values() if past.receipt.other is not None}
    concerned |= {originals[name].member for name in _list_reversed(asked) if name in originals}
    named = _holds(asked)
    # What those who have become part of a member had set aside is that member's to use, and to have back.
    concerned |= set(await members.list_merged(read, sorted({*latest, *concerned})))
    # Whoever was named was followed to who they are today when they were looked up.
    followed = {*members_asked, *(each.to for each in asked if isinstance(each.to, UUID))}
    latest.update({other: when for other in concerned if other not in latest})
    # Whoever has points in a hold of theirs, or a hold on points of theirs, or gets what comes back to one who is part
    # of them by now: until there is nobody new.
    new = sorted(latest)
    while new:
        found = await ledger.partners(read, new, named)
        strangers = sorted((found | set(new)) - followed)
        if strangers:
            into = await members.find_members(read, strangers)
            found |= {kept for kept in into.values() if kept is not None}
            followed.update(strangers)
        concerned |= found
        new, named = sorted(found - latest.keys()), []
        latest.update(dict.fromkeys(new, when))
    return households, concerned


def _list_lively(asked: Sequence[Asked], releases: program.Releases) -> set[UUID]:
    """List the members who let points of theirs live on that end by inactivity. Nobody, in most programmes."""
    lively = {kind for plan in releases.plans.values() for kind in plan.lively}
    return {
        each.member
        for each in asked
        if each.fact.kind in lively
        and isinstance(each.member, UUID)
        and any(each.fact.kind in plan.lively for plan in releases.plans_at(each.fact.occurred_at))
    }


def _list_asking(asked: Sequence[Asked], releases: program.Releases) -> set[UUID]:
    """List the members who ask for something that offers may take points for."""
    asks = {kind for plan in releases.plans.values() for kind in plan.asks}
    return {
        each.member
        for each in asked
        if each.fact.kind in asks
        and isinstance(each.member, UUID)
        and any(each.fact.kind in plan.asks for plan in releases.plans_at(each.fact.occurred_at))
    }


async def _read_stops(
    read: Read, asked: Sequence[Asked], releases: program.Releases, latest: Mapping[UUID, datetime]
) -> Stops:
    """Read who may not use points now. No statement where nobody asks to: whoever only earns is not kept waiting."""
    return await read_stops(read, latest, at=max(latest.values())) if _may_burn(asked, releases) else Stops()


def _may_burn(asked: Sequence[Asked], releases: program.Releases) -> bool:
    """Whether somebody asks for what takes points."""
    kinds = {each.fact.kind for each in asked if isinstance(each.member, UUID)}
    if any(kind in COMMANDS and COMMANDS[kind].burns for kind in kinds) or _list_asking(asked, releases):
        return True
    return any(isinstance(each.member, UUID) and (each.fact.pay or each.fact.to_price) for each in asked)


def _list_claims(asked: Sequence[Asked], originals: Mapping[tuple[str, str], journal.Past]) -> list[tuple[str, UUID]]:
    """List what earlier activities claimed that may be let go of again: what mechanics took, and all of a quote.

    What budgets gave stays given.
    """
    return [
        (claim.ceiling, past.activity)
        for each in asked
        if each.fact.kind in {RETURN, REVERSE, PURCHASE, RELEASE}
        and (past := originals.get((each.fact.source, each.fact.origin))) is not None
        for claim in past.receipt.claims
        if past.body.kind == QUOTE or not program.is_of_envelope(claim.ceiling)
    ]


def _list_absorbed(locked: Mapping[UUID, members.Member]) -> dict[UUID, set[UUID]]:
    """List by member who has become part of them."""
    absorbed: dict[UUID, set[UUID]] = {}
    for member in [member for member in locked.values() if member.merged_into is not None]:
        kept = member
        while kept.merged_into is not None:
            kept = locked[kept.merged_into]
        absorbed.setdefault(kept.id, set()).add(member.id)
    return absorbed


async def _pool(
    read: Read, asked: Sequence[Asked], originals: Mapping[tuple[str, str], journal.Past]
) -> dict[UUID, list[UUID]]:
    """Find the households of those who ask to use all their points. Others may join one in this very batch."""
    asking = {each.member for each in asked if each.fact.ask.get("pool") is True and isinstance(each.member, UUID)}
    if not asking:
        return {}
    joining = set(_homing(asked, originals))
    found = await members.households_of(read, asking | joining)
    joined = joining.union(*(found.get(member, ()) for member in joining))
    return {member: sorted({*found.get(member, ()), *joined} - {member}) for member in asking}


def _homing(asked: Sequence[Asked], originals: Mapping[tuple[str, str], journal.Past]) -> list[UUID]:
    """List the members whose household may change: whoever joins or leaves one, and whoever is merged or parted."""
    found = [(each, originals.get((each.fact.source, each.fact.origin))) for each in asked if each.fact.kind in HOMING]
    return [
        member
        for each, past in found
        for member in (each.member, each.to, None if past is None else past.receipt.other)
        if isinstance(member, UUID)
    ]


def _holds(asked: Sequence[Asked]) -> list[UUID]:
    """List the holds that commands name."""
    return [hold for each in asked if (hold := hold_of(each.fact.ask)) is not None]


def _list_claimed(asked: Sequence[Asked]) -> list[UUID]:
    """List the members whose points somebody claims."""
    return [each.to for each in asked if each.fact.kind == CLAIM and isinstance(each.to, UUID)]


def _list_reversed(asked: Sequence[Asked]) -> set[tuple[str, str]]:
    """List the activities that reversals speak of, and returns: a purchase may have been paid with points."""
    return {(each.fact.source, each.fact.origin) for each in asked if each.fact.kind in {REVERSE, RETURN}}


def _redemptions(
    asked: Sequence[Asked], originals: Mapping[tuple[str, str], journal.Past]
) -> list[tuple[UUID, str, int]]:
    """List the entries (member, currency, version) that reversals speak of."""
    names = _list_reversed(asked)
    return [
        (posted.owner or past.member, posted.currency, posted.version)
        for name, past in originals.items()
        if name in names
        for posted in past.receipt.postings
        if posted.kind == "redeem"
    ]


async def _follow(read: Read, house: House, asked: Sequence[Asked], others: Sequence[UUID]) -> dict[UUID, UUID]:
    """Find who members of earlier activities are today, where they are not the ones named now. Usually none."""
    named = {each.member for each in asked}
    gone = sorted(set(others) - named)
    if not gone:
        return {}
    now = await members.resolve_many(read, house.keyring, gone, auto_enrol=False, new_ids=(), at=asked[0].at, source="")
    return {old: new for old, new in zip(gone, now, strict=True) if not isinstance(new, Refusal)}


async def _histories(
    read: Read, book: ledger.Book, asked: Sequence[Asked], originals: dict[tuple[str, str], journal.Past]
) -> dict[tuple[str, str], list[journal.Past]]:
    """Read what happened to members since merges that are to be undone, and the purchases and lots it speaks of."""
    histories: dict[tuple[str, str], list[journal.Past]] = {}
    moved: set[tuple[UUID, str, int]] = set()
    for each in asked:
        past = originals.get((each.fact.source, each.fact.origin))
        if each.fact.kind != UNMERGE or past is None:
            continue
        since = await journal.since(read, past.member, past.activity, most=HISTORY_MAX + 1)
        if len(since) <= HISTORY_MAX:
            histories[each.fact.source, each.fact.origin] = since
            moved.update(*map(list_moved, (past, *since)))
            bought = [(it.body.source, it.body.origin) for it in since if it.body.origin]
            originals.update(await journal.originals(read, sorted(set(bought) - originals.keys())))
    await ledger.read_lineage(read, book, moved)
    return histories


def _list_quoted(fact: Activity, originals: Mapping[tuple[str, str], journal.Past]) -> list[datetime]:
    past = originals.get((fact.source, fact.origin))
    return [past.body.occurred_at] if fact.kind == PURCHASE and past is not None else []


def _list_happening(
    asked: Sequence[Asked],
    dues: Mapping[UUID, Sequence[journal.Waiting]],
    originals: Mapping[tuple[str, str], journal.Past],
) -> list[Happening]:
    """List what may draw on something scarce: the facts, and what is due."""
    facts = [(each.member, each.fact) for each in asked if isinstance(each.member, UUID)]
    happening: list[Happening] = [
        (member, PURCHASE if fact.kind == QUOTE else fact.kind, at, fact.store)
        for member, fact in facts
        # The version that a quote was made with may still decide.
        for at in (fact.occurred_at, *_list_quoted(fact, originals))
    ]
    happening += [(member, due.kind, due.at, "") for member, waiting in dues.items() for due in waiting]
    # Whoever is merged within the batch goes on as the other.
    others = {
        each.to: member
        for each in asked
        if each.fact.kind in {MERGE, CLAIM} and isinstance(member := each.member, UUID)
    }
    return happening + [(others[it[0]], *it[1:]) for it in happening if it[0] in others]


def _ceilings(
    releases: program.Releases, happening: Sequence[Happening], locked: Mapping[UUID, members.Member]
) -> tuple[set[str], dict[str, int]]:
    """List the budgets that activities may draw on; and the limits, with how much there is under each."""
    budgets: set[str] = set()
    limited: dict[str, int] = {}
    for member, kind, at, store in happening:
        owner = locked[member].household_id or member
        # None where no programme is live: each fact is told so when its turn comes.
        for plan in releases.plans_at(at):
            if kind not in plan.drawing:
                continue
            more, parts = plan.scarce(kind, plan.day_of(at), owner, store)
            budgets |= more
            for name, most in parts.items():
                # Of two versions that disagree the stricter holds.
                limited[name] = min(most, limited.get(name, most))
    return budgets, limited

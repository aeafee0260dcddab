"""Writing down what members allow, and reading what holds."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from regulars.base.db import Read, Tx
from regulars.features.consent.model import (
    PURPOSES,
    SIGNALLED,
    Choice,
    ConsentDiffers,
    ConsentEntry,
    ConsentNotice,
    ConsentStanding,
    NoticeUnknown,
    Purpose,
    check_choice,
    choose,
    list_standings,
)
from regulars.features.consent.store import (
    add,
    add_notice,
    ask_telling,
    find_notices,
    find_references,
    read_entries,
    read_in_force,
)
from regulars.kernel import members

__all__ = ["find_allowed", "heed_signal", "list_entries", "publish_notice", "read_standings", "record"]


async def publish_notice(tx: Tx, purpose: Purpose, *, en: str, zh: str, by: str, at: datetime) -> ConsentNotice:
    """Publish new words for a purpose, in both languages. What was shown before is kept as it was."""
    return await add_notice(tx, purpose, en=en, zh=zh, by=by, at=at)


async def record(tx: Tx, choices: Sequence[Choice], *, new_id: Callable[[], UUID], at: datetime) -> int:
    """Write down choices, all or none; gives how many are new. One with a known reference is the same, or refused.

    Raises ConsentInvalid, ConsentInFuture, ConsentProofMissing, NoticeUnknown, ConsentDiffers or MemberUnknown.
    """
    for choice in choices:
        check_choice(choice, at=at)
    shown = {(str(each.purpose), each.version) for each in choices if each.version}
    missing = sorted(shown - await find_notices(tx, shown)) if shown else []
    if missing:
        purpose, version = missing[0]
        raise NoticeUnknown(f"The words for {purpose!r} have no version {version}.", purpose=purpose, version=version)
    # Locked, so that whoever erases the member is done before, or begins after.
    known = await members.lock_many(tx, {each.member for each in choices})
    for choice in choices:
        if choice.member not in known:
            raise members.MemberUnknown("No member has this id.", member=str(choice.member))
    added = await add(tx, choices, new_id=new_id, at=at)
    if len(added) < len(choices):
        _compare(choices, await find_references(tx, choices))
    changed = {member for member, purpose in added if purpose == "personalisation"}
    if changed:
        await ask_telling(tx, changed)
    return len(added)


async def heed_signal(tx: Tx, member: UUID, *, new_id: Callable[[], UUID], at: datetime) -> int:
    """Take a browser's Global Privacy Control for the member's opt-out of sale, sharing and profiling, once.

    What the member chooses after that stands, also while the browser goes on sending it. Gives how many are new.
    """
    choices = [
        Choice(member=member, purpose=each, is_given=False, door="gpc", reference=f"gpc:{each}", occurred_at=at)
        for each in SIGNALLED
    ]
    known = {each.reference for each in await find_references(tx, choices)}
    fresh = [each for each in choices if each.reference not in known]
    return await record(tx, fresh, new_id=new_id, at=at) if fresh else 0


async def find_allowed(read: Read, asked: Collection[tuple[UUID, str, str]]) -> set[tuple[UUID, str, str]]:
    """Find for which of (member, purpose, channel) may be sent now. What a member chose before a merge counts too."""
    roots = await _find_roots(read, {member for member, _, _ in asked})
    entries: dict[UUID, list[ConsentEntry]] = defaultdict(list)
    for entry in await read_in_force(read, roots, {purpose for _, purpose, _ in asked}):
        entries[roots[entry.member]].append(entry)
    return {
        (member, purpose, channel)
        for member, purpose, channel in asked
        # A purpose that nobody knows was never allowed.
        if purpose in PURPOSES and choose(entries[member], purpose, channel).is_allowed  # pyright: ignore[reportArgumentType] - any channel
    }


async def read_standings(read: Read, member: UUID) -> tuple[ConsentStanding, ...]:
    """Read what holds for a member: every purpose on each of its channels."""
    entries: dict[Purpose, tuple[ConsentEntry, ...]] = {}
    for entry in await read_in_force(read, await _find_roots(read, [member]), PURPOSES):
        entries[entry.purpose] = (*entries.get(entry.purpose, ()), entry)
    return list_standings(entries)


async def list_entries(read: Read, member: UUID) -> list[ConsentEntry]:
    """List everything that a member ever chose, in the order in which it holds; before a merge too."""
    return await read_entries(read, await _find_roots(read, [member]))


def _compare(choices: Iterable[Choice], written: Iterable[ConsentEntry]) -> None:
    found = {(each.member, each.door, each.reference): each for each in written}
    for choice in choices:
        entry = found.get((choice.member, choice.door, choice.reference))
        if entry is not None and _facts(entry) != _facts(choice):
            message = f"The reference {choice.reference!r} was used for another choice of this member."
            raise ConsentDiffers(message, member=str(choice.member), reference=choice.reference)


def _facts(choice: Choice) -> tuple[object, ...]:
    return choice.purpose, choice.channel, choice.is_given, choice.version, choice.occurred_at


async def _find_roots(read: Read, ids: Iterable[UUID]) -> Mapping[UUID, UUID]:
    """Who these members are and who became part of them, each with whose they are now."""
    wanted = set(ids)
    parts = await members.list_merged(read, wanted)
    into = await members.find_members(read, parts) if parts else {}
    roots = {member: member for member in wanted}
    for part in parts:
        root: UUID | None = part
        while root is not None and root not in wanted:
            root = into.get(root)
        if root is not None:
            roots[part] = root
    return roots

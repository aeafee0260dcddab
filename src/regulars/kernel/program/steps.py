"""The steps of a version's life, each one command. Who may take which when is said by `life`; this writes it down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from regulars.base.db import Read, Tx
from regulars.kernel.program.envelope import SEGMENT
from regulars.kernel.program.life import (
    Life,
    StepOutOfOrder,
    VersionAmbiguous,
    VersionUnknown,
    check_pilot,
    check_ready,
    check_retirable,
    check_reviewable,
    find_previous,
    tell_life,
)
from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document, NoProgram
from regulars.kernel.program.plan import compile_plan
from regulars.kernel.program.releases import Pilot, Release, ReleaseKind, in_force, lay_out
from regulars.kernel.program.store import (
    NAME_LETTERS_MIN,
    Story,
    add_mark,
    add_release,
    add_source,
    add_version,
    find_named,
    lock,
    read_documents,
    read_policy,
    read_story,
    refuse_taken_ids,
)

__all__ = [
    "LIVE",
    "Published",
    "draft",
    "find_version",
    "list_lives",
    "mark_simulated",
    "publish",
    "read_document",
    "read_life",
    "retire",
    "review",
    "roll_back",
    "start_pilot",
]

LIVE: Final = "live"
"""Names whatever version decides for everybody now."""
HASH_LETTERS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What publishing came to. `is_new` is False where that version already decided from then on: nothing changed."""

    hash: str
    is_new: bool
    release: Release


async def find_version(read: Read, name: str, *, at: datetime) -> str:
    """Find the hash of a version by its first letters (six or more), or of the one that is `live` at a moment.

    Raises VersionUnknown, VersionAmbiguous, NoProgram.
    """
    if name == LIVE:
        main, _ = in_force((await read_story(read)).releases, at)
        if main is None:
            raise NoProgram("No version of the programme is live.", occurred_at=at)
        return main.hash
    if not NAME_LETTERS_MIN <= len(name) <= HASH_LETTERS or not name.isalnum():
        raise VersionUnknown(
            f"{name[:HASH_LETTERS]!r} is no version: name one by the first letters of its hash"
            f" ({NAME_LETTERS_MIN} or more), or say {LIVE}. `regulars program list` shows them.",
            version=name[:HASH_LETTERS],
        )
    found = await find_named(read, name, most=2)
    if not found:
        raise VersionUnknown(f"There is no version {name}. `regulars program list` shows them.", version=name)
    if len(found) > 1:
        raise VersionAmbiguous(f"Several versions begin with {name}: give more letters.", version=name)
    return found[0]


async def read_document(read: Read, hash_: str) -> Document:
    """Read a version by its whole hash. Raises VersionUnknown."""
    found = await read_documents(read, [hash_])
    if hash_ not in found:
        raise VersionUnknown(f"There is no version {hash_}.", version=hash_)
    return found[hash_]


async def list_lives(read: Read, *, at: datetime) -> list[Life]:
    """Tell where every version stands at a moment, the newest draft first."""
    story = await read_story(read)
    return [tell_life(name, story.marks, story.releases, at) for name in reversed(story.names())]


async def read_life(read: Read, hash_: str, *, at: datetime) -> Life:
    """Tell where a version stands at a moment. Raises VersionUnknown."""
    return _tell(await read_story(read), hash_, at)


async def draft(tx: Tx, document: Document, *, by: str, at: datetime, text: str = "", note: str = "") -> Life:
    """Keep a document as a draft, with the `text` that it was written in. One that is there stays its first author's.

    Raises ProgramInvalid when it cannot be compiled, or gives an offer's id to another mechanic than it once had.
    """
    story, at = await _begin(tx, at)
    hash_ = await _add(tx, document, story, by=by, at=at, text=text, note=note, anew=True)
    return await read_life(tx, hash_, at=at)


async def mark_simulated(tx: Tx, hash_: str, *, report: str, by: str, at: datetime, note: str = "") -> Life:
    """Write down that a version was simulated. `report` is the SHA-256 of the report, in hexadecimal.

    Raises VersionUnknown.
    """
    story, at = await _begin(tx, at)
    _tell(story, hash_, at)
    await add_mark(tx, hash_, "simulated", by=by, at=at, note=note, report=report)
    return await read_life(tx, hash_, at=at)


async def review(tx: Tx, hash_: str, *, by: str, at: datetime, note: str = "") -> Life:
    """Write down that somebody other than its author looked at a version and wants it. Twice is once.

    Raises VersionUnknown, VersionRetired, StepOutOfOrder, ReviewerIsAuthor, SimulationMissing.
    """
    story, at = await _begin(tx, at)
    life = _tell(story, hash_, at)
    check_reviewable(life, await read_policy(tx), by=by)
    if life.reviewed is not None and life.reviewed.by == by:
        return life
    await add_mark(tx, hash_, "reviewed", by=by, at=at, note=note)
    return await read_life(tx, hash_, at=at)


async def publish(
    tx: Tx, document: Document, *, live_from: datetime, by: str, at: datetime, text: str = "", note: str = ""
) -> Published:
    """Let a document decide from `live_from` on. What already decides from then on is left as it is, and says so.

    A document that is new is drafted by whoever publishes it. Raises ProgramInvalid as `draft` does, and what
    `check_ready` raises.
    """
    assert live_from.tzinfo is not None, "a time without a zone is not a time"
    story, at = await _begin(tx, at)
    hash_ = await _add(tx, document, story, by=by, at=at, text=text, note=note, anew=False)
    main, pilot = in_force(story.releases, live_from)
    is_last = all(it.live_from <= live_from for it in story.releases)
    if main is not None and main.hash == hash_ and pilot is None and is_last:
        return Published(hash=hash_, is_new=False, release=main)
    check_ready(await read_life(tx, hash_, at=at), await read_policy(tx))
    release = await add_release(tx, hash_, kind="publish", live_from=live_from, by=by, at=at, note=note)
    return Published(hash=hash_, is_new=True, release=release)


async def start_pilot(
    tx: Tx, hash_: str, pilot: Pilot, *, live_from: datetime, by: str, at: datetime, note: str = ""
) -> Published:
    """Let a version decide for some from `live_from` on, beside the one that decides for everybody.

    It goes on until anything else is released. Raises VersionUnknown, PilotInvalid, NoProgram where nothing is live
    then, StepOutOfOrder where the version itself is, and what `check_ready` raises.
    """
    story, at = await _begin(tx, at)
    life = _tell(story, hash_, at)
    check_ready(life, await read_policy(tx))
    document = await read_document(tx, hash_)
    check_pilot(pilot, document, _list_traits(document))
    await refuse_taken_ids(tx, document)
    main, running = in_force(story.releases, live_from)
    if main is None:
        raise NoProgram("Nothing is live then: a pilot is tried beside a version that decides for all the others.")
    if main.hash == hash_:
        raise StepOutOfOrder(f"{hash_[:12]} decides for everybody then.", version=hash_, state=LIVE)
    is_last = all(it.live_from <= live_from for it in story.releases)
    if running is not None and (running.hash, running.pilot) == (hash_, pilot) and is_last:
        return Published(hash=hash_, is_new=False, release=running)
    release = await add_release(tx, hash_, kind="pilot", live_from=live_from, by=by, at=at, note=note, pilot=pilot)
    return Published(hash=hash_, is_new=True, release=release)


async def roll_back(tx: Tx, *, by: str, at: datetime, leave: str | None = None, note: str = "") -> Release:
    """Take back the last step, from now on: end a pilot, or let the version before the live one decide again.

    `leave` names the version that the caller means to get rid of: asked twice, it is not done twice. Raises
    NothingToRollBack, StepOutOfOrder where `leave` no longer decides.
    """
    story, at = await _begin(tx, at)
    main, pilot = in_force(story.releases, at)
    now = pilot or main
    if now is None:
        # Says it in its own words.
        find_previous(story.releases, at)
    assert now is not None
    if leave is not None and leave != now.hash:
        raise StepOutOfOrder(f"{leave[:12]} does not decide now: {now.hash[:12]} does.", version=leave, now=now.hash)
    if pilot is not None:
        return await add_release(tx, pilot.hash, kind="end", live_from=at, by=by, at=at, note=note)
    before = find_previous(story.releases, at, retired=story.retired())
    return await add_release(tx, before, kind="back", live_from=at, by=by, at=at, note=note)


async def retire(tx: Tx, hash_: str, *, by: str, at: datetime, note: str = "") -> tuple[Life, list[Release]]:
    """See that a version never decides again, unless it is drafted anew; gives the releases that this took.

    A pilot of it ends now, and what it was to do later is taken back. Raises VersionUnknown, VersionRetired,
    StepOutOfOrder where everybody lives by it.
    """
    story, at = await _begin(tx, at)
    check_retirable(_tell(story, hash_, at))
    made: list[Release] = []
    _, pilot = in_force(story.releases, at)
    if pilot is not None and pilot.hash == hash_:
        made.append(await add_release(tx, hash_, kind="end", live_from=at, by=by, at=at, note=note))
    for coming in _list_coming(story.releases, hash_, at):
        kind, after = _take_back(story.releases, coming)
        made.append(await add_release(tx, after, kind=kind, live_from=coming.live_from, by=by, at=at, note=note))
    await add_mark(tx, hash_, "retired", by=by, at=at, note=note)
    return await read_life(tx, hash_, at=at), made


def _list_coming(releases: Sequence[Release], hash_: str, at: datetime) -> list[Release]:
    """List the releases by which a version would begin to decide after a moment, soonest first."""
    # Of those that start together only the last comes into force.
    last = {moment.live_from: moment for moment in lay_out(releases) if moment.live_from > at}
    return [
        release
        for start, moment in last.items()
        for release in (moment.main, moment.pilot)
        if release is not None and release.hash == hash_ and release.live_from == start
    ]


def _take_back(releases: Sequence[Release], coming: Release) -> tuple[ReleaseKind, str]:
    """Find what takes a release back that has not come into force yet: its kind, and the version that it names."""
    if coming.kind == "pilot":
        return "end", coming.hash
    main, _ = in_force([it for it in releases if it.live_from < coming.live_from], coming.live_from)
    if main is None:
        raise StepOutOfOrder(
            f"{coming.hash[:12]} is the first that will be live: without it nothing would be. Publish another first.",
            version=coming.hash,
        )
    return "back", main.hash


async def _begin(tx: Tx, at: datetime) -> tuple[Story, datetime]:
    """Wait for whoever else takes a step; then give what was done so far, and a time that is not before it."""
    await lock(tx)
    story = await read_story(tx)
    return story, max([at, *(each.at for each in (*story.marks[-1:], *story.releases[-1:]))])


async def _add(
    tx: Tx, document: Document, story: Story, *, by: str, at: datetime, text: str, note: str, anew: bool
) -> str:
    """Keep a document and its text, and draft it where nobody has (or, `anew`, where it was retired since)."""
    compile_plan(document)
    await refuse_taken_ids(tx, document)
    hash_ = await add_version(tx, document, at=at)
    if hash_ not in story.names() or (anew and hash_ in story.retired()):
        await add_mark(tx, hash_, "drafted", by=by, at=at, note=note)
    await add_source(tx, hash_, text, at=at)
    return hash_


def _tell(story: Story, hash_: str, at: datetime) -> Life:
    if hash_ not in story.names():
        raise VersionUnknown(f"There is no version {hash_}.", version=hash_)
    return tell_life(hash_, story.marks, story.releases, at)


def _list_traits(document: Document) -> set[str]:
    """List the traits that a document knows: those and the segments of its catalogue, and those that its offers set."""
    mechanics = find_mechanics()
    found = {*document.catalog.traits, *(SEGMENT + segment for segment in document.catalog.segments)}
    for offer in document.offers:
        mechanic = mechanics[offer.mechanic]
        found |= mechanic.sets(msgspec.convert(offer.settings, mechanic.settings)).keys()
    return found

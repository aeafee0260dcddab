"""A version's life, from a draft to retirement, told from what was written down; and what may be done next. Pure.

drafted → simulated → reviewed (by a second person) → tried by some → live for all → retired. A shop that wants less
publishes in one step; the house's policy says what a version needs before it may decide.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from regulars.base.errors import Refusal
from regulars.kernel.program.model import Document, Problem
from regulars.kernel.program.releases import Pilot, Release, lay_out

__all__ = [
    "Budgets",
    "Life",
    "LotsStranded",
    "Mark",
    "MarkKind",
    "NothingToRollBack",
    "PilotInvalid",
    "Policy",
    "ReviewMissing",
    "ReviewerIsAuthor",
    "SimulationMissing",
    "State",
    "StepOutOfOrder",
    "VersionAmbiguous",
    "VersionRetired",
    "VersionUnknown",
    "add_budgets",
    "check_pilot",
    "check_ready",
    "check_retirable",
    "check_reviewable",
    "check_stranded",
    "find_previous",
    "tell_life",
]

MarkKind = Literal["drafted", "simulated", "reviewed", "retired"]
State = Literal["draft", "simulated", "reviewed", "scheduled", "pilot", "live", "retired"]
Budgets = dict[str, frozenset[int]]
"""By ceiling: the amounts that it may have now."""

DECIDING: Final[frozenset[State]] = frozenset({"scheduled", "pilot", "live"})
SHOWN: Final = 12
"""Letters of a hash that people are shown."""


class VersionUnknown(Refusal):
    """No version of the programme has this name."""

    code, kind = "version_unknown", "not_found"


class VersionAmbiguous(Refusal):
    """Several versions of the programme have names that begin like this."""

    code, kind = "version_ambiguous", "invalid"


class VersionRetired(Refusal):
    """The version was retired: it may not decide again unless it is drafted anew."""

    code, kind = "version_retired", "conflict"


class StepOutOfOrder(Refusal):
    """The version is not at the point of its life where this step can be taken."""

    code, kind = "step_out_of_order", "conflict"


class SimulationMissing(Refusal):
    """The house's policy wants the version simulated first."""

    code, kind = "simulation_missing", "conflict"


class ReviewMissing(Refusal):
    """The house's policy wants the version reviewed first, by somebody who is not its author."""

    code, kind = "review_missing", "conflict"


class ReviewerIsAuthor(Refusal):
    """A version is reviewed by somebody other than its author."""

    code, kind = "reviewer_is_author", "forbidden"


class PilotInvalid(Refusal):
    """Nobody would be in this pilot, or it speaks of what the programme does not have."""

    code, kind = "pilot_invalid", "invalid"


class NothingToRollBack(Refusal):
    """No version was live before this one."""

    code, kind = "nothing_to_roll_back", "conflict"


class LotsStranded(Refusal):
    """Members hold points that nobody could use any more under this version."""

    code, kind = "lots_stranded", "conflict"


class Mark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was done with a version, by whom and when."""

    number: int
    hash: str
    kind: MarkKind
    by: str
    at: datetime
    note: str = ""
    report: str = ""
    """Of a simulation: SHA-256 of its report."""


class Policy(Struct, frozen=True, kw_only=True):
    """What a version needs before it may decide. At first, nothing: a small shop publishes in one step."""

    review: bool = False
    """A second person has looked at it."""
    simulation: bool = False
    """It was run over what happened before."""


class Life(Struct, frozen=True, kw_only=True):
    """Where a version stands, and how it came there."""

    hash: str
    state: State
    drafted: Mark
    """By its author."""
    simulated: Mark | None
    reviewed: Mark | None
    """None also where it was published without: reviewed by nobody."""
    retired: Mark | None
    """Set by hand. A version that another took the place of is retired without, and may be rolled back to."""
    live_from: datetime | None
    """From when it decides or will decide, for all or for some; of a version that is retired: from when it last did."""
    pilot: Pilot | None
    """On whom it is tried, or will be."""
    released: bool
    """Whether it ever decided, or will: then receipts may name it."""


def tell_life(hash_: str, marks: Iterable[Mark], releases: Sequence[Release], at: datetime) -> Life:
    """Tell where a version stands at a moment, out of all marks and releases, in the order of their numbers."""
    found: dict[MarkKind, Mark] = {}
    for mark in marks:
        if mark.hash != hash_:
            continue
        if mark.kind == "drafted" and "retired" not in found and "drafted" in found:
            continue  # Drafted again by whoever: it stays its first author's.
        if mark.kind == "drafted":
            found = {}
        found[mark.kind] = mark
    state, release = _find_state(hash_, found, releases, at)
    return Life(
        hash=hash_,
        state=state,
        drafted=found["drafted"],
        simulated=found.get("simulated"),
        reviewed=found.get("reviewed"),
        retired=found.get("retired"),
        live_from=None if release is None else release.live_from,
        pilot=None if release is None or state == "retired" else release.pilot,
        released=any(it.hash == hash_ for it in releases),
    )


def _find_state(
    hash_: str, found: Mapping[MarkKind, Mark], releases: Sequence[Release], at: datetime
) -> tuple[State, Release | None]:
    """Tell the state, and the release that it rests on."""
    moments = lay_out(releases)
    past = [moment for moment in moments if moment.live_from <= at]
    now = past[-1] if past else None
    if now is not None and now.main is not None and now.main.hash == hash_:
        return "live", now.main
    if now is not None and now.pilot is not None and now.pilot.hash == hash_:
        return "pilot", now.pilot
    # Of those that start together only the last comes into force.
    coming = {moment.live_from: moment for moment in moments if moment.live_from > at}
    for moment in coming.values():
        for release in (moment.main, moment.pilot):
            if release is not None and release.hash == hash_ and release.live_from > at:
                return "scheduled", release
    before = [moment.main for moment in past if moment.main is not None and moment.main.hash == hash_]
    if "retired" in found or (before and found["drafted"].at <= before[-1].at):
        return "retired", before[-1] if before else None
    if "reviewed" in found:
        return "reviewed", None
    return ("simulated" if "simulated" in found else "draft"), None


def find_previous(releases: Sequence[Release], at: datetime, *, retired: Collection[str] = ()) -> str:
    """Find the version that decided for everybody before the one that does. Raises NothingToRollBack.

    Going back twice goes back two versions, not there and back: a rollback takes away what it left. Versions that were
    retired by hand are passed over.
    """
    stack: list[str] = []
    for moment in lay_out(releases):
        main = moment.main
        if main is None or moment.live_from > at or main.live_from != moment.live_from:
            continue
        if main.kind == "back" and main.hash in stack:
            del stack[len(stack) - stack[::-1].index(main.hash) :]
        elif not stack or stack[-1] != main.hash:
            stack.append(main.hash)
    before = [hash_ for hash_ in stack[:-1] if hash_ not in retired]
    if not before:
        raise NothingToRollBack("No version was live before this one. Publish the one that you want.")
    return before[-1]


def check_ready(life: Life, policy: Policy) -> None:
    """See that a version may decide. Raises VersionRetired, SimulationMissing, ReviewMissing."""
    _check_open(life)
    name = life.hash[:SHOWN]
    if policy.simulation and life.simulated is None:
        raise SimulationMissing(
            f"The policy of this house wants a version simulated before it decides; {name} was not."
            " Draft it, simulate it, then go on.",
            version=life.hash,
        )
    if policy.review and life.reviewed is None:
        raise ReviewMissing(
            f"The policy of this house wants a second person to review a version before it decides; nobody has reviewed"
            f" {name}. Draft it, let somebody other than {life.drafted.by} review it, then go on.",
            version=life.hash,
            author=life.drafted.by,
        )


def check_reviewable(life: Life, policy: Policy, *, by: str) -> None:
    """See that somebody may review a version now.

    Raises VersionRetired, StepOutOfOrder (it decides already), ReviewerIsAuthor, SimulationMissing.
    """
    _check_open(life)
    if life.state in DECIDING:
        raise StepOutOfOrder(
            f"{life.hash[:SHOWN]} is {life.state} already: a review comes before.", version=life.hash, state=life.state
        )
    if _same_person(by, life.drafted.by):
        raise ReviewerIsAuthor(
            f"{life.drafted.by} wrote {life.hash[:SHOWN]}; let somebody else review it.", author=life.drafted.by
        )
    if policy.simulation and life.simulated is None:
        raise SimulationMissing(
            f"The policy of this house wants a version simulated before it is reviewed; {life.hash[:SHOWN]} was not.",
            version=life.hash,
        )


def check_retirable(life: Life) -> None:
    """See that a version may be retired. Raises VersionRetired, StepOutOfOrder (everybody lives by it)."""
    _check_open(life)
    if life.state == "live":
        raise StepOutOfOrder(
            f"{life.hash[:SHOWN]} is live, and without a programme no purchase could be judged."
            " Publish another, or roll back.",
            version=life.hash,
            state=life.state,
        )


def check_pilot(pilot: Pilot, document: Document, traits: Iterable[str]) -> None:
    """See that somebody may be in a pilot. `traits` are those that the programme knows. Raises PilotInvalid."""
    stores = document.catalog.stores
    unknown = [store for store in pilot.stores if stores is not None and store not in stores]
    known = sorted(traits)
    if not pilot.stores and pilot.permille is None and pilot.trait is None:
        raise PilotInvalid("Say on whom it is tried: stores, a share of the members, or a trait with its values.")
    if unknown:
        raise PilotInvalid(f"The store {unknown[0]!r} is not among catalog.stores.", store=unknown[0])
    if pilot.trait is not None and pilot.trait not in known:
        listed = ", ".join(known) or "none"
        raise PilotInvalid(f"The programme knows no trait {pilot.trait!r}. Known: {listed}.", trait=pilot.trait)
    if (pilot.trait is None) != (not pilot.values):
        raise PilotInvalid("A trait and its values are given together: such as tier and gold.")
    if pilot.salt and pilot.permille is None:
        raise PilotInvalid("A salt chooses a share of the members: say how many of a thousand.")


def check_stranded(document: Document, before: Sequence[Document], held: Iterable[str]) -> None:
    """See that every currency of which members hold points lives on as it was.

    `before` are the versions that gave them, the last one last. Qualifying points are only counted: they may go. Raises
    LotsStranded, naming each place.
    """
    problems: list[Problem] = []
    for name in sorted(held):
        known = [it.currencies[name] for it in before if name in it.currencies]
        now = document.currencies.get(name)
        if not known or known[-1].kind != "spendable":
            continue
        if now is None:
            message = f"members hold {name}: keep the currency (without offers that give it, if need be)"
            problems.append(Problem(path="currencies", message=message))
        elif now.kind != "spendable":
            message = f"members hold {name} and could not use them any more"
            problems.append(Problem(path=f"currencies.{name}.kind", message=message))
        elif now.scale != known[-1].scale:
            message = f"members hold {name}, and would be shown another amount: the scale stays {known[-1].scale}"
            problems.append(Problem(path=f"currencies.{name}.scale", message=message))
    if problems:
        raise LotsStranded(
            "Points would be stranded. " + "; ".join(f"{it.path}: {it.message}" for it in problems) + ".",
            problems=[{"path": it.path, "message": it.message} for it in problems],
        )


def add_budgets(known: Budgets, release: Release, main: Mapping[str, int], own: Mapping[str, int]) -> Budgets:
    """Tell how much each ceiling may be after a release: the amounts that its documents name.

    Releases are told in the order in which they were made; `own` are the budgets of the release's own version, `main`
    those of the version that decides for everybody once it is in force. A pilot never lessens what the others have; and
    going back leaves a ceiling as it is where more was promised meanwhile than the older budget holds.
    """
    if release.kind == "publish":
        return {**known, **{name: frozenset({amount}) for name, amount in own.items()}}
    told = dict(known)
    if release.kind == "pilot":
        for name, amount in own.items():
            told[name] = frozenset(max(amount, other) for other in known.get(name, {amount}))
        return told
    for name, amount in main.items():
        told[name] = known.get(name, frozenset[int]()) | {amount}
    return told


def _check_open(life: Life) -> None:
    if life.retired is not None:
        raise VersionRetired(
            f"{life.hash[:SHOWN]} was retired by {life.retired.by}. Draft it again to begin anew.", version=life.hash
        )


def _same_person(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()

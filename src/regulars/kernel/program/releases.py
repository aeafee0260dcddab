"""Which version decides what: releases in the order in which they come into force, and pilots beside them. Pure.

A replay must choose as the day itself did: the choice depends on nothing but when something happened, whose it is,
where it was, and the traits of that moment.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from regulars.kernel.nouns import Scalar
from regulars.kernel.program.audience import number_of
from regulars.kernel.program.model import NoProgram
from regulars.kernel.program.plan import Plan

__all__ = ["MAIN", "Moment", "Pilot", "Release", "ReleaseKind", "Releases", "in_force", "lay_out"]

ReleaseKind = Literal["publish", "back", "pilot", "end"]
MAIN: Final[frozenset[ReleaseKind]] = frozenset({"publish", "back"})
"""Kinds of releases that decide for everybody."""
PERMILLE: Final = 1000
STORES_MAX: Final = 1000
VALUES_MAX: Final = 100


class Pilot(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """On whom a version is tried: whatever fits everything that is said here."""

    stores: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        Meta(max_length=STORES_MAX, description="What happens in these stores. Empty: anywhere."),
    ] = ()
    permille: Annotated[int, Meta(ge=1, le=PERMILLE, description="So many of a thousand members.")] | None = None
    salt: Annotated[
        str, Meta(max_length=64, description="Another text chooses other members. Empty: the hash of the version.")
    ] = ""
    trait: (
        Annotated[
            str,
            Meta(
                max_length=64,
                pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)",
                description="Members with this trait (a tier, a segment) when it happens.",
            ),
        ]
        | None
    ) = None
    values: Annotated[
        tuple[Scalar, ...], Meta(max_length=VALUES_MAX, description="Values of that trait that fit.")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """From `live_from` on this version decides: for everybody until the next, or (a pilot) for some."""

    number: int
    hash: str
    live_from: datetime
    by: str
    at: datetime
    kind: ReleaseKind = "publish"
    pilot: Pilot | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is in force from a moment on."""

    live_from: datetime
    main: Release | None
    """Decides for everybody; None where only an end of something stands before."""
    pilot: Release | None
    """Decides for some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """Every release, in the order in which they come into force, and the plans of their versions."""

    all: tuple[Release, ...]
    plans: dict[str, Plan]
    moments: tuple[Moment, ...] = field(init=False, repr=False, compare=False)
    starts: tuple[datetime, ...] = field(init=False, repr=False, compare=False)
    """When each moment begins: this is asked of every activity, several times."""

    def __post_init__(self) -> None:
        """Work out once what is in force when."""
        moments = lay_out(self.all)
        object.__setattr__(self, "moments", moments)
        object.__setattr__(self, "starts", tuple(moment.live_from for moment in moments))

    def moment_at(self, occurred_at: datetime) -> Moment | None:
        """What is in force at a time; of two releases that start together, the one made later counts."""
        count = bisect_right(self.starts, occurred_at)
        return self.moments[count - 1] if count else None

    def release_at(self, occurred_at: datetime) -> Release | None:
        """The release that decides for everybody at a time, but for those on whom another is tried."""
        moment = self.moment_at(occurred_at)
        return None if moment is None else moment.main

    def plan_at(self, occurred_at: datetime) -> Plan:
        """The plan that decides for everybody at a time. Raises NoProgram."""
        release = self.release_at(occurred_at)
        if release is None:
            raise self._refuse(occurred_at)
        return self.plans[release.hash]

    def plan_for(
        self,
        member: UUID,
        store: str,
        traits: Callable[[datetime], Mapping[str, Scalar]],
        occurred_at: datetime,
    ) -> Plan:
        """The plan that decides for a member and a store at a time; `traits` tells the member's of that time.

        Raises NoProgram.
        """
        moment = self.moment_at(occurred_at)
        if moment is None or moment.main is None:
            raise self._refuse(occurred_at)
        tried = moment.pilot
        if tried is not None and _is_in(tried, member, store, traits, occurred_at):
            return self.plans[tried.hash]
        return self.plans[moment.main.hash]

    def plans_at(self, occurred_at: datetime) -> tuple[Plan, ...]:
        """The plans that may decide at a time: one, two while another is tried, none where none is live."""
        moment = self.moment_at(occurred_at)
        found = () if moment is None else (moment.main, moment.pilot)
        return tuple(self.plans[release.hash] for release in found if release is not None)

    def _refuse(self, occurred_at: datetime) -> NoProgram:
        first = next((moment.live_from for moment in self.moments if moment.main is not None), None)
        starts = "" if first is None else f" The first starts at {first.isoformat()}."
        return NoProgram(
            f"No programme was live at {occurred_at.isoformat()}.{starts} Publish one with an earlier start.",
            occurred_at=occurred_at,
        )


def lay_out(releases: Sequence[Release]) -> tuple[Moment, ...]:
    """Work out what is in force from each release on. Whatever else is released ends a pilot."""
    moments: list[Moment] = []
    main: Release | None = None
    for release in sorted(releases, key=lambda it: (it.live_from, it.number)):
        if release.kind in MAIN:
            main = release
        pilot = release if release.kind == "pilot" else None
        moments.append(Moment(live_from=release.live_from, main=main, pilot=pilot))
    return tuple(moments)


def in_force(releases: Sequence[Release], at: datetime) -> tuple[Release | None, Release | None]:
    """Tell which releases decide at a moment: (for everybody, for some)."""
    past = [moment for moment in lay_out(releases) if moment.live_from <= at]
    return (past[-1].main, past[-1].pilot) if past else (None, None)


def _is_in(
    release: Release,
    member: UUID,
    store: str,
    traits: Callable[[datetime], Mapping[str, Scalar]],
    occurred_at: datetime,
) -> bool:
    pilot = release.pilot
    assert pilot is not None, "a pilot says on whom"
    if pilot.stores and store not in pilot.stores:
        return False
    if pilot.trait is not None:
        value = traits(occurred_at).get(pilot.trait)
        # True is 1 in Python, and nowhere else.
        if not any(type(value) is type(each) and value == each for each in pilot.values):
            return False
    return pilot.permille is None or number_of(member, pilot.salt or release.hash) < pilot.permille

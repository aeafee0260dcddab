"""Households: members who use their points together. Who owns a point stays as it was, so leaving takes one's own.

A member who becomes part of another hands on the place in a household, and gets it back when the two are two again.
"""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from regulars.kernel import activity as journal
from regulars.kernel import ledger, members
from regulars.kernel.nouns import Posted
from regulars.kernel.spine.model import HouseholdBound, HouseholdRefused
from regulars.kernel.spine.scene import Scene

__all__ = [
    "HOUSEHOLD_JOIN",
    "HOUSEHOLD_LEAVE",
    "Join",
    "Leave",
    "give_back_place",
    "hand_on_place",
    "join",
    "leave",
]

HOUSEHOLD_JOIN: Final = "household_join"
HOUSEHOLD_JOINED: Final = "household_joined"
"""In the journal of the other: somebody joined them."""
HOUSEHOLD_LEAVE: Final = "household_leave"
ASKED: Final = frozenset({HOUSEHOLD_JOIN, HOUSEHOLD_JOINED, HOUSEHOLD_LEAVE})
"""Where a household that is told is the member's own doing, and no merge's."""

Note = Annotated[str, Meta(max_length=200)]


class Join(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Join the household of the member in `to`; where they have none, one of both begins."""

    by: Note = ""
    """Who recorded it, where it was not the members themselves."""


class Leave(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Leave the household, with one's own points."""

    by: Note = ""


def join(scene: Scene, _ask: Join) -> list[Posted]:
    """Let the member use points together with the household of the one in `to`. Moves none."""
    homes, member, to = scene.homes, scene.member, scene.to
    if to is None or to == member:
        message = "Joining a household needs another member in `to`: one who is in it, or with whom it begins."
        raise HouseholdRefused(message)
    for each in (member, to):
        if (state := scene.locked[each].state) != "active":
            message = f"A member who is {state} neither joins a household nor takes anybody into one."
            raise HouseholdRefused(message, member=str(each), state=state)
    if (home := homes.of(member)) is not None:
        message = "This member is in a household already. Leave it first."
        raise HouseholdRefused(message, household=str(home))
    household = homes.of(to)
    if household is None:
        household = scene.by.activity
        scene.moves.append(members.Move(member=to, household=household, at=homes.moment(to, scene.by.at)))
    elif homes.size(household) >= members.HOUSEHOLD_MAX:
        message = f"The household has {homes.size(household)} members; at most {members.HOUSEHOLD_MAX} fit."
        raise HouseholdRefused(message, household=str(household))
    scene.stamp_of(to, HOUSEHOLD_JOINED)
    scene.moves.append(members.Move(member=member, household=household, at=homes.moment(member, scene.by.at)))
    return []


def leave(scene: Scene, _ask: Leave) -> list[Posted]:
    """Let the member be on their own again. Refused while points are set aside between them and the others."""
    member = scene.member
    household = scene.homes.of(member)
    if household is None:
        message = "This member is in no household."
        raise HouseholdRefused(message)
    bound = [
        held.id
        for currency in scene.book.currencies(member)
        for held in scene.book.holds_on(member, currency)
        if held.state == "open" and _is_shared(held)
    ]
    if bound:
        message = "Points of this member and of others are set aside together. Capture or release those holds first."
        raise HouseholdBound(message, holds=[str(each) for each in bound])
    scene.moves.append(members.Move(member=member, household=None, at=scene.homes.moment(member, scene.by.at)))
    return []


def hand_on_place(scene: Scene, gone: UUID) -> None:
    """Let whoever is kept have the place of the one who goes in a household; one who is in one stays there.

    The merge says in which one they are from now on, wherever the other had a place: so its undoing knows that.
    """
    homes, kept = scene.homes, scene.member
    household = homes.of(gone)
    if household is None:
        return
    at = scene.by.at
    goes_on = homes.of(kept) or household
    scene.moves.append(members.Move(member=gone, household=None, at=homes.moment(gone, at)))
    scene.moves.append(members.Move(member=kept, household=goes_on, at=homes.moment(kept, at)))


def give_back_place(scene: Scene, gone: UUID, past: journal.Past, history: Sequence[journal.Past]) -> None:
    """Let a member who was part of another have their place back, unless the household has become full meanwhile.

    Whoever was kept leaves it where they were there by the merge only.
    """
    homes, kept = scene.homes, scene.member
    told = [change.since for change in past.receipt.traits if change.name == members.HOUSEHOLD_TRAIT]
    if not told:
        return
    at, household = scene.by.at, homes.left[gone]
    was_handed_on = told[-1] in homes.joins.get(kept, ())
    if was_handed_on and homes.of(kept) == household and not any(_is_asked(each) for each in history):
        scene.moves.append(members.Move(member=kept, household=None, at=homes.moment(kept, at)))
    elif homes.size(household) >= members.HOUSEHOLD_MAX:
        return
    scene.moves.append(members.Move(member=gone, household=household, at=homes.moment(gone, at)))


def _is_asked(past: journal.Past) -> bool:
    """Whether a member's household changed by this because somebody asked for it."""
    return past.body.kind in ASKED and any(it.name == members.HOUSEHOLD_TRAIT for it in past.receipt.traits)


def _is_shared(held: ledger.Hold) -> bool:
    """Whether a hold names points of others than the one who made it."""
    return any(part.owner != held.member and part.open for part in held.parts)

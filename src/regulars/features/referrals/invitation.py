"""What a member hands to a friend, so that the friend can say who sent them; and where either of them stands."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base.crypto import Keyring
from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.features.referrals.mechanic import Prepared
from regulars.features.referrals.model import Memory
from regulars.kernel import program, spine

__all__ = ["InvitationUnknown", "Inviting", "make_invitation", "read_invitation", "read_inviting"]

LABEL: Final = "referrals invitation"
MAC_BYTES: Final = 8
"""Nobody gains by guessing whom they could have been sent by: enough that nobody makes a code up."""
ID_BYTES: Final = 16


class InvitationUnknown(Refusal):
    """This is no invitation of ours, or some of it is missing."""

    code, kind = "invitation_unknown", "invalid"


class Inviting(Struct, frozen=True, kw_only=True):
    """What inviting comes to for a member."""

    running: bool
    """Whether the programme has something for those who send others, for this member now."""
    invited: int
    """How many newcomers said that this member sent them."""
    has_referrer: bool
    """Whether the member has said who sent them."""


def make_invitation(keyring: Keyring, member: UUID) -> str:
    """Make the member's code: 32 characters, the same each time, that no other can make up."""
    return keyring.sign_token(LABEL, member.bytes, mac_bytes=MAC_BYTES)


def read_invitation(keyring: Keyring, code: str) -> UUID:
    """Tell whose code it is, made under whichever key. Raises InvitationUnknown."""
    told = keyring.read_token(LABEL, code, mac_bytes=MAC_BYTES)
    if told is None or len(told) != ID_BYTES:
        raise _refuse()
    return UUID(bytes=told)


async def read_inviting(read: Read, versions: program.Versions, member: UUID, at: datetime) -> Inviting:
    """Read what inviting comes to for a member. Raises MemberUnknown, and NoProgram where none is live."""
    plan = await spine.find_plan(read, versions, member, at)
    stored = await program.memories_of(read, member)
    running, memories, today = False, list[Memory](), plan.day_of(at)
    for bound in plan.offers.values():
        if isinstance(bound.settings, Prepared):
            running = running or bound.first_day <= today <= bound.last_day
            memory = bound.read_memory(stored)
            assert isinstance(memory, Memory), "a referral programme remembers"
            memories.append(memory)
    return Inviting(
        running=running,
        invited=sum(each.sent for each in memories),
        has_referrer=any(each.referral is not None for each in memories),
    )


def _refuse() -> InvitationUnknown:
    return InvitationUnknown("This is no invitation of ours, or some of it is missing. Ask your friend for it again.")
